"""What an exported file is called: the scenario that its run is nearest to, the settings that differ from it, and the seed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Any

from gan1d.carried import Carried, of
from gan1d.catalogue import DISCRIMINATORS, Scenario, scenarios
from gan1d.config import SECTIONS, Config
from gan1d.trajectory import Trajectory

LONGEST = 100
"""Letters of a name, its ending among them: some systems allow few more."""
FAR = 6
"""Settings beyond which a run is not called after a scenario."""
LONG = 24
"""Letters of a value; of a longer one a few that tell it from others stand there."""
SEED = "training.seed"
UNSAID = (SEED, "training.frames")
"""The seed stands at the end; how many states were recorded changes nothing that happens."""
SHORT = {"generator": "g-", "discriminator": "d-"}
"""Before the names of settings of the networks: both have layers."""
PLAIN = {"discriminator.l2": "l2", "discriminator.dropout": "dropout", "data.kind": "data"}


def file_name(runs: Sequence[Trajectory | Carried], ending: str) -> str:
    """A name such as ``far-modes-linear_dropout_lr-g-0.05_seed-3.mp4``: lower-case letters, digits, "-", "_" and "." alone.

    Of several runs what differs is said as ``lr-g-0.01-vs-0.05``.
    """
    told = [run if isinstance(run, Carried) else of(run) for run in runs]
    first = [run.parts[0].config for run in told]
    homes = [home(config) for config in first]
    names = dict.fromkeys(name for name, _, _ in homes)
    kinds = dict.fromkeys(kind for _, kind, _ in homes)
    words = ["-vs-".join(names), *(["-vs-".join(kind or "as-it-is" for kind in kinds)] if any(kinds) else [])]
    fields = dict.fromkeys(field for _, _, own in homes for field in own if field not in UNSAID)
    words += [_setting(field, [_value(config, field) for config in first]) for field in fields]
    if len(told) == 1:
        words += _parts(told[0])
    return _joined(words, _setting(SEED, [config.training.seed for config in first]), "." + _safe(ending.lstrip(".")))


def home(config: Config) -> tuple[str, str, dict[str, Any]]:
    """(name, discriminator, differences) of the scenario, with any of the four discriminators, that differs in the fewest settings.

    Of several the one whose numbers are nearest; "run" where all differ in many. discriminator: "" where it is the scenario's own.
    """
    found: tuple[str, str, dict[str, Any]] = ("run", "", {})
    nearest = (FAR + 1, 0.0)
    for scenario in scenarios.values():
        for kind in (scenario.discriminator, *DISCRIMINATORS):
            base = _with(scenario, kind)
            own = difference(base, config)
            told = [field for field in own if field not in UNSAID]
            distance = len(told), sum(_apart(_value(base, field), _value(config, field)) for field in told)
            if distance < nearest:
                nearest, found = distance, (scenario.name, kind if kind != scenario.discriminator else "", own)
    return found


def _apart(old: Any, new: Any) -> float:
    """How far a value is from another, from 0 to 1: of numbers their distance in their size; of other things 1."""
    old, new = (value if isinstance(value, tuple) else (value,) for value in (old, new))
    numbers = all(isinstance(value, (int, float)) for value in (*old, *new))
    if not numbers or len(old) != len(new):
        return float(old != new)
    size = sum(map(abs, (*old, *new)))
    return sum(abs(a - b) for a, b in zip(old, new, strict=True)) / size if size else 0.0


def difference(base: Config, config: Config) -> dict[str, Any]:
    """Dotted name -> value of every setting that differs from a base; of data of another kind all."""
    raw, new = base.to_dict(), config.to_dict()
    if raw["data"]["kind"] != new["data"]["kind"]:
        raw["data"] = {}
    return {
        f"{part}.{name}": value
        for part in SECTIONS
        for name, value in new[part].items()
        if name not in raw[part] or raw[part][name] != value
    }


def _with(scenario: Scenario, kind: str) -> Config:
    return scenario.config if kind == scenario.discriminator else scenario.with_discriminator(kind).config


def _parts(run: Carried) -> list[str]:
    """Where a run goes on under other settings, and which."""
    words, before = [], run.parts[0]
    for part in run.parts[1:]:
        fields = [f for f in difference(before.config, part.config) if f not in (*UNSAID, "training.iterations")]
        changes = [_setting(field, [_value(part.config, field)]) for field in fields] + ["hold"] * part.hold_g
        words.append("-".join(["then", str(before.until), *changes]))
        before = part
    return words


def _value(config: Config, field: str) -> Any:
    section, _, name = field.partition(".")
    return getattr(getattr(config, section), name, None)


def _setting(field: str, values: Sequence[Any]) -> str:
    section, _, name = field.partition(".")
    said = list(dict.fromkeys(map(_text, values)))
    return _safe("-".join([PLAIN.get(field) or SHORT.get(section, "") + name, "-vs-".join(said)]))


def _text(value: Any) -> str:
    if value is None:
        return "none"
    items = value if isinstance(value, (list, tuple)) else [value]
    text = "-".join(f"{item:.6g}" if isinstance(item, float) else str(item) for item in items)
    return text if len(text) <= LONG else hashlib.sha256(repr(value).encode()).hexdigest()[:6]


def _safe(text: str) -> str:
    """Without anything that a system, a shell or a web address reads otherwise."""
    return re.sub(r"[^a-z0-9.-]+", "-", text.lower().replace("e+", "e"))


def _joined(words: Sequence[str], seed: str, ending: str) -> str:
    """As many of the words as there is room for."""
    words = [*words, seed]
    while len("_".join(words)) + len(ending) > LONGEST:
        if len(words) < 3:
            words[0] = words[0][: LONGEST - len("_".join(words[1:])) - len(ending) - 1]
            break
        words[-3:] = ["more", seed] if words[-2] == "more" else [words[-3], "more", seed]
    return "_".join(words) + ending
