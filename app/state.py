"""What a session is looking at: a config, the scenario it started from, and settings that were refused."""

from __future__ import annotations

from dataclasses import dataclass, field
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
            self.refused[name] = Refusal(typed, str(e))

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
    """More modes, each six standard deviations right of the last, or fewer; the shares are made equal."""
    if not 1 <= count <= MAX_MODES:
        raise ConfigError("data.modes", count, f"it must be a whole number from 1 to {MAX_MODES}")
    means, stds = list(config.data.means[:count]), list(config.data.stds[:count])
    while len(means) < count:
        means.append(min(means[-1] + 6 * stds[-1], FARTHEST))
        stds.append(stds[-1])
    return config.replace(**{"data.means": means, "data.stds": stds, "data.weights": [1.0] * count})


FARTHEST = 30.0
"""Where the sliders of the means end, both ways, in data units."""
