"""What a session is looking at: a config, the scenario it started from, and settings that were refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

import streamlit as st

from gan1d.catalogue import DISCRIMINATORS, Scenario, scenarios
from gan1d.config import MAX_MODES, Config, ConfigError


class Refusal(NamedTuple):
    """What stands in a field, to be mended, and what is wrong with it."""

    typed: Any
    why: str


@dataclass
class Session:
    """One browser tab. `shown` is the config of the run on screen, to fall back on when a run is given up."""

    scenario: Scenario
    config: Config
    shown: Config
    refused: dict[str, Refusal] = field(default_factory=dict)
    greeted: bool = False

    def open(self, name: str) -> None:
        """Starts over from a scenario."""
        self.scenario = scenarios[name]
        self.config = self.scenario.config
        self.refused.clear()

    def change(self, name: str, value: Any, typed: Any = None) -> None:
        """Takes a setting by its dotted name, or keeps what was and remembers what was typed and why it was refused."""
        try:
            self.config = changed(self.config, name, value)
            self.refused.pop(name, None)
        except ConfigError as e:
            self.refused[name] = Refusal(typed, f"{e.value!r} is not allowed; {e.allowed}")

    def give_up(self) -> None:
        """Back to the run on screen."""
        self.config = self.shown

    @property
    def is_changed(self) -> bool:
        """Whether a control stands elsewhere than the scenario has it."""
        return self.config != self.scenario.config or bool(self.refused)


def session() -> Session:
    """This tab's session."""
    if "session" not in st.session_state:
        first = next(iter(scenarios.values()))
        st.session_state["session"] = Session(first, first.config, first.config)
    found: Session = st.session_state["session"]
    return found


def changed(config: Config, name: str, value: Any) -> Config:
    """A config with one setting changed. Beside dotted fields: `data.means[1]`, `data.modes`, `discriminator.kind`."""
    if name == "data.modes":
        return with_modes(config, int(value))
    if name == "discriminator.kind":
        return config.replace(**DISCRIMINATORS[value])
    field_name, _, index = name.removesuffix("]").partition("[")
    if field_name == "data.weights":
        return with_share(config, int(index), value)
    if index:
        values = list(config.get(field_name))
        values[int(index)] = value
        value = values
    return config.replace(**{field_name: value})


def current(config: Config, name: str) -> Any:
    """The value of a setting, by the names that `changed` takes."""
    if name == "data.modes":
        return len(config.data.means)
    if name == "discriminator.kind":
        return discriminator_kind(config)
    field_name, _, index = name.removesuffix("]").partition("[")
    value = config.get(field_name)
    return value[int(index)] if index else value


def discriminator_kind(config: Config) -> str:
    """Which of the four discriminators this is."""
    d = config.discriminator
    parts = [name for name, on in (("l2", d.l2 > 0), ("dropout", d.dropout > 0)) if on]
    return "-".join(parts) or "plain"


def with_modes(config: Config, count: int) -> Config:
    """More modes, each where there is room, or fewer; the shares are made equal."""
    if not 1 <= count <= MAX_MODES:
        raise ConfigError("data.modes", count, f"it must be a whole number from 1 to {MAX_MODES}")
    means, stds = list(config.data.means[:count]), list(config.data.stds[:count])
    while len(means) < count:
        means.append(room(means, 6 * stds[-1]))
        stds.append(stds[-1])
    return config.replace(**{"data.means": means, "data.stds": stds, "data.weights": [1.0] * count})


def room(means: list[float], apart: float) -> float:
    """Where a further mode stands: `apart` right of the others, else left of them, else amid the widest gap on the sliders' axis."""
    if max(means) + apart <= FARTHEST:
        return max(means) + apart
    if min(means) - apart >= -FARTHEST:
        return min(means) - apart
    inside = sorted(m for m in means if -FARTHEST < m < FARTHEST)
    _, left, right = max((b - a, a, b) for a, b in pairwise([-FARTHEST, *inside, FARTHEST]))
    return round((left + right) / 2 * 2) / 2  # the sliders' step


def with_share(config: Config, mode: int, share: float) -> Config:
    """One mode's share as given; the others keep their proportions."""
    weights = config.data.weights
    rest = sum(w for k, w in enumerate(weights) if k != mode)
    scaled = [share if k == mode else (1 - share) * w / rest for k, w in enumerate(weights)]
    return config.replace(**{"data.weights": scaled})


FARTHEST = 30.0
"""Where the sliders of the means end, both ways, in data units."""
