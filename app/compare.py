"""The runs that are compared: which they are, what each has of its own, and how a link holds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from app.controls import Control, plain_number
from app.link import decode, encode
from app.runner import Shown
from app.state import Refusal, Session, discriminator_kind
from app.words import words
from gan1d import player
from gan1d.catalogue import DISCRIMINATORS, Scenario, scenarios
from gan1d.config import Config, field_names
from gan1d.render.compare import NAMES, together

KEY = "comparison"
MOST = len(NAMES)
LEAST = 2
TOLD = 3
"""Differences that a run's name tells; where there are more it is called by its scenario."""
APART = 5.0
"""Two learning rates differ by this factor: the article's 0.02 and 0.1 do."""
KIND = "discriminator.kind"
REGULARISED = ("discriminator.l2", "discriminator.dropout")
text = words("compare")
_mount = st.components.v2.component("gan1d_comparison", html=player.html(), css=player.css(), js=player.js())


# ---- which runs


@dataclass
class Comparison:
    """What a browser tab compares. `picked` is the run that the controls change; None is all of them."""

    slots: list[Session]
    picked: int | None = 0
    refused: dict[str, Refusal] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)

    @property
    def configs(self) -> list[Config]:
        """The runs' settings."""
        return [slot.config for slot in self.slots]

    @property
    def state(self) -> Session:
        """What the controls change."""
        if self.picked is not None:
            return self.slots[self.picked]
        first = self.slots[0]
        return Together(first.scenario, first.config, refused=self.refused, members=self.slots)

    def has(self, control: Control) -> bool:
        """Whether a control means something for all that it would change."""
        if self.picked is not None:
            return True
        alike = {(c.data.kind, len(getattr(c.data, "means", ()))) for c in self.configs}
        return all(map(control.when, self.configs)) and (len(alike) == 1 or not control.name.startswith("data."))

    def add(self) -> None:
        """One more run: a copy of the picked one with the next seed."""
        config = self.slots[self.picked or 0].config
        seed = max(c.training.seed for c in self.configs) + 1
        self.slots.append(slot(config.replace(**{"training.seed": seed})))
        self.picked = len(self.slots) - 1

    def remove(self) -> None:
        """Without the picked run."""
        if self.picked is not None and len(self.slots) > LEAST:
            del self.slots[self.picked]
            self.picked = min(self.picked, len(self.slots) - 1)

    def vary(self, how: str) -> None:
        """The first run beside variations of it."""
        self.slots = [slot(config) for config in VARIATIONS[how](self.slots[0].config)]
        self.picked = 0


@dataclass
class Together(Session):
    """Several runs as one: a change is made to each that can take it. It looks like the first."""

    members: list[Session] = field(default_factory=list)

    def open(self, name: str) -> None:
        """Starts all of them over from a scenario."""
        for member in self.members:
            member.open(name)

    def change(self, name: str, value: Any, typed: Any = None) -> None:
        """Changes all of them; what one refuses is said, and then none is changed."""
        before = [member.config for member in self.members]
        for member in self.members:
            member.change(name, value, typed)
        refused = [member.refused.pop(name) for member in self.members if name in member.refused]
        self.refused.pop(name, None)
        if refused:
            self.refused[name] = refused[0]
            for member, config in zip(self.members, before, strict=True):
                member.config = config


def slot(config: Config) -> Session:
    """A run to compare, under the scenario that it is or comes nearest to."""
    return Session(home(config), config)


def home(config: Config) -> Scenario:
    """The scenario that has these settings, with any of the four discriminators; else one of the same data, else the first."""
    same = [s for s in scenarios.values() if is_of(s, config)]
    like = [s for s in scenarios.values() if s.config.data == config.data and s.config.generator == config.generator]
    return next(iter([*same, *like, *scenarios.values()]))


def is_of(scenario: Scenario, config: Config) -> bool:
    """Whether these are a scenario's settings, with any of the four discriminators and any seed."""
    seedless = {"training.seed": scenario.config.training.seed}
    kinds = (scenario.config, *(scenario.with_discriminator(kind).config for kind in DISCRIMINATORS))
    return config.replace(**seedless) in kinds


def _two_losses(config: Config) -> list[Config]:
    loss = config.training.loss
    other = "minimax" if loss == "non_saturating" else "non_saturating"
    return [config, config.replace(**{"training.loss": other})]


def _two_rates(config: Config) -> list[Config]:
    rate = config.training.lr_g
    other = rate * APART if rate * APART <= 0.1 + 1e-9 else rate / APART
    return [config, config.replace(**{"training.lr_g": float(f"{other:.6g}")})]


VARIATIONS = {
    "discriminators": lambda config: [config.replace(**changes) for changes in DISCRIMINATORS.values()],
    "losses": _two_losses,
    "rates": _two_rates,
}
"""Name -> (config) -> the configs to compare; the article's comparisons."""


# ---- what differs


def facts(config: Config) -> dict[str, Any]:
    """What decides a run, by dotted name: every field that means something with the others."""
    found = {name: config.get(name) for name in field_names() if _has(config, name)}
    return found | {"data.kind": config.data.kind, KIND: discriminator_kind(config)}


def _has(config: Config, name: str) -> bool:
    section, _, key = name.partition(".")
    g, t = config.generator, config.training
    means = {
        "generator.mean": g.kind == "linear",
        "generator.std": g.kind == "linear",
        "generator.hidden": g.kind == "mlp",
        "generator.activation": g.kind == "mlp",
        "training.penalty_weight": t.penalty != "none",
        "training.beta1": t.optimizer == "adam",
        "training.beta2": t.optimizer in ("adam", "rmsprop"),
    }
    return hasattr(getattr(config, section), key) and means.get(name, True)


def differing(configs: Sequence[Config]) -> list[str]:
    """Names of what differs, each difference once: another kind of data is not also other ends, and another of the four
    discriminators is not also another L2."""
    all_facts = [facts(config) for config in configs]
    names = dict.fromkeys(name for known in all_facts for name in known)
    found = [name for name in names if any(known.get(name) != all_facts[0].get(name) for known in all_facts)]
    if "data.kind" in found:
        found = [name for name in found if name == "data.kind" or not name.startswith("data.")]
    if KIND in found and all(_is_one_of_the_four(config) for config in configs):
        found = [name for name in found if name not in REGULARISED]
    elif KIND in found:
        found.remove(KIND)
    for choice, parts in (
        ("data.means", ("data.weights",) if len({len(k.get("data.means", ())) for k in all_facts}) > 1 else ()),
        ("training.penalty", ("training.penalty_weight",)),
        ("training.optimizer", ("training.beta1", "training.beta2")),
        ("generator.kind", ("generator.mean", "generator.std", "generator.hidden", "generator.activation")),
    ):
        if choice in found:
            found = [name for name in found if name not in parts]
    return sorted(found, key=list(text["fields"]).index)


def _is_one_of_the_four(config: Config) -> bool:
    return any(config.replace(**changes) == config for changes in DISCRIMINATORS.values())


def said(value: Any) -> str:
    """A setting's value as a person writes it."""
    if isinstance(value, tuple):
        return ", ".join(said(v) for v in value)
    if isinstance(value, bool | str):
        return str(words("lab")["choices"].get(str(value), value))
    return (f"{value:,}" if isinstance(value, int) else plain_number(value)).replace("-", "−").replace(",", "\u202f")


def name_of(field_name: str) -> str:
    """A setting's short name."""
    return str(text["fields"][field_name][0])


def label(config: Config, names: Sequence[str]) -> str:
    """What a run has of its own: the settings in which the runs differ, or, where these are many, the scenario that it is."""
    known = facts(config)
    told = [text["fields"][name][1].format(value=said(known[name])) for name in names if name in known]
    if len(told) <= TOLD:
        return ", ".join(told)
    scenario = home(config)
    if is_of(scenario, config):
        return scenario.title
    return ", ".join([*told[:TOLD], text["rest"]])


def headline(names: Sequence[str]) -> str:
    """What differs, in a sentence."""
    if not names:
        return str(text["alike"])
    if len(names) > TOLD + 1:
        return str(text["many"]).format(count=len(names))
    *before, last = map(name_of, names)
    if not before:
        return str(text["only"]).format(name=last)
    sentence = str(text["few"]).format(names=", ".join(before), last=last)
    return sentence[0].upper() + sentence[1:] if not sentence.startswith("lr_") else sentence


def rows(configs: Sequence[Config], names: Sequence[str]) -> list[list[str]]:
    """Setting by setting, what each run has."""
    known = [facts(config) for config in configs]
    return [[name_of(name), *(said(k[name]) if name in k else "–" for k in known)] for name in names]


# ---- the link


def to_link(configs: Sequence[Config]) -> list[str]:
    """The runs as the values of a URL's `run`."""
    return [encode(config) for config in configs]


def from_link(values: Sequence[str]) -> tuple[list[Config], list[str]]:
    """(the runs that a link holds, or the nearest to them; what could not be read)."""
    links = [decode(value) for value in values[:MOST]]
    problems = [f"{NAMES[i]}: {problem}" for i, link in enumerate(links) for problem in link.problems]
    return [link.config for link in links], problems


def beside(configs: Sequence[Config]) -> list[Config]:
    """At least two runs: one alone gets another beside it."""
    return list(configs) if len(configs) >= LEAST else VARIATIONS["rates"](configs[0])


# ---- the picture


def show(runs: Sequence[Shown], configs: Sequence[Config]) -> None:
    """Mounts the comparison, or gives the mounted one other runs: it keeps its position, speed and play state."""
    names = differing(configs)
    labels = [label(config, names) for config in configs]
    meta, tables = together([(shown.meta, shown.tables) for shown in runs], labels, headline(names))
    _mount(key=KEY, data={"meta": meta, **tables})
