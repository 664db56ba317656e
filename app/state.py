"""What a session is looking at: a plan of parts, the scenario it started from, and settings that were refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from app import link
from app.history import Plan, Stretch
from app.runner import Shown
from app.stepping import Stepping
from gan1d.catalogue import DISCRIMINATORS, Scenario, scenarios
from gan1d.config import MAX_MODES, Config, ConfigError, Mixture
from gan1d.data import target

FARTHEST = 30.0
"""Where the sliders of the means end, both ways, in data units."""
STEP = 0.5
"""Step of the sliders that stand for a place, in data units; also the least width that they leave a bounded density."""


class Range(NamedTuple):
    """What a slider of the data reaches."""

    low: float
    high: float
    step: float

    def nearest(self, value: float) -> float:
        """The slider's value nearest to another."""
        return min(max(round(value / self.step) * self.step, self.low), self.high)


RANGES = {
    "means": Range(-FARTHEST, FARTHEST, STEP),
    "stds": Range(0.5, 10.0, 0.25),
    "loc": Range(-FARTHEST, FARTHEST, STEP),
    "scale": Range(0.25, 10.0, 0.25),
    "low": Range(-50.0, 50.0 - STEP, STEP),
    "mode": Range(-50.0, 50.0, STEP),
    "high": Range(-50.0 + STEP, 50.0, STEP),
}
"""Field of the data -> its slider. A bounded density as wide as the widest normal, with its centre at the farthest, all but fits."""
TAILS = 4.0
"""Degrees of freedom that a Student's t starts with: its kurtosis is infinite, and a sample's std still settles."""
PENALTY_WEIGHTS = {"none": 1.0, "weight_clipping": 0.1, "gradient_penalty": 1.0, "r1": 1.0}
"""The weight that a penalty starts with; each means another thing by it.

With 0.1 a clipped critic of two layers of 64 has slopes of about 1; with the published 0.01 next to none. The published 10 of the
gradient penalty is for images: on the line W1 ends five to ten times as large with it as with 1. R1 is mild: 0.1, 1 and 10 end alike.
"""


NOTICES = ("data", "going")
"""Names under which is said what was refused of what has no control of its own: handles, drawings, files; going on."""


class Refusal(NamedTuple):
    """What stands in a field, to be mended, and what is wrong with it."""

    typed: Any
    why: str


@dataclass
class Session:
    """One browser tab. `config` is the last part's, which the controls change; `past` the parts before it; `held`: G stands still in it.

    shown: the plan of the run on screen, to fall back on when a run is given up. view: how a link had the run looked at. opened: a run
    of a file, and the plan as which it is shown. said: what came of the last file or drawing; problems: of the link.
    """

    scenario: Scenario
    config: Config
    past: tuple[Stretch, ...] = ()
    held: bool = False
    shown: Plan | None = None
    refused: dict[str, Refusal] = field(default_factory=dict)
    greeted: bool = False
    view: dict[str, Any] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    opened: tuple[Plan, Shown] | None = None
    said: str = ""
    uploads: int = 0
    stepping: Stepping = field(default_factory=Stepping)

    @classmethod
    def from_link(cls, query: str) -> Session:
        """A session as a link has it; the first scenario where it says nothing."""
        found = link.decode(query)
        held, past = found.plan.held, found.plan.past
        return cls(found.scenario, found.config, past, held, view=found.view, problems=found.problems)

    @property
    def plan(self) -> Plan:
        """What is to be trained."""
        return Plan(self.config, self.past, self.held)

    def take(self, plan: Plan) -> None:
        """Goes over to another plan; what was refused is forgotten."""
        self.config, self.past, self.held = plan
        self.refused.clear()

    def open(self, name: str) -> None:
        """Starts over from a scenario."""
        self.scenario = scenarios[name]
        self.take(Plan(self.scenario.config))
        self.said = ""

    def change(self, name: str, value: Any, typed: Any = None) -> None:
        """Takes a setting by its dotted name, or keeps what was and remembers what was typed and why it was refused."""
        if self.attempt(name, lambda: self.plan.changed(changed(self.config, name, value)), typed):
            self.said = ""

    def attempt(self, name: str, plan: Callable[[], Plan], typed: Any = None) -> bool:
        """Goes over to a plan, unless making it is refused: that is then said beside the control of this name."""
        try:
            self.config, self.past, self.held = plan()
        except ConfigError as e:
            self.refuse(name, e, typed)
            return False
        for said in (name, *NOTICES):
            self.refused.pop(said, None)
        return True

    def refuse(self, name: str, error: Exception, typed: Any = None) -> None:
        """Says beside a control why something was not taken."""
        why = f"{error.value!r} is not allowed; {error.allowed}" if isinstance(error, ConfigError) else str(error)
        self.refused[name] = Refusal(typed, why)

    def give_up(self) -> None:
        """Back to the run on screen."""
        if self.shown:
            self.take(self.shown)

    @property
    def seen(self) -> Scenario | None:
        """The scenario that the settings are: the one it started from, with any of the four discriminators; None after other changes."""
        same = (self.scenario.with_discriminator(kind) for kind in (self.scenario.discriminator, *DISCRIMINATORS))
        return None if self.past else next((scenario for scenario in same if scenario.config == self.config), None)

    @property
    def is_changed(self) -> bool:
        """Whether a control stands elsewhere than the scenario has it."""
        return self.plan != Plan(self.scenario.config) or bool(self.refused)


def session(address: str = "") -> Session:
    """This tab's session; a new one is as a link in the address has it."""
    if "session" not in st.session_state:
        st.session_state["session"] = Session.from_link(address)
    found: Session = st.session_state["session"]
    return found


def query() -> str:
    """The address's query as the browser last sent it, with the names that `st.query_params` hides."""
    context = get_script_run_ctx()
    return context.query_string if context else ""


def changed(config: Config, name: str, value: Any) -> Config:
    """A config with one setting changed. Beside dotted fields: `data.means[1]`, `data.modes`, `discriminator.kind`.

    Some settings take others along: the kind of the data keeps their place and spread, a bound pushes its neighbours before it, and a
    penalty comes with its own weight.
    """
    if name == "data.kind":
        return with_kind(config, value)
    if name == "data.modes":
        return with_modes(config, int(value))
    if name in ("data.low", "data.mode", "data.high"):
        return config.replace(**bounds(config, name, value))
    if name == "data.means" and len(value) != len(mixture(config).means):
        return with_modes(config, len(value)).replace(**{name: value})
    if name == "discriminator.kind":
        return config.replace(**DISCRIMINATORS[value])
    if name == "training.penalty":
        return config.replace(**{name: value, "training.penalty_weight": PENALTY_WEIGHTS[value]})
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
        return len(mixture(config).means)
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


def mixture(config: Config) -> Mixture:
    """The data, which must be a mixture."""
    assert isinstance(config.data, Mixture)
    return config.data


def with_kind(config: Config, kind: str) -> Config:
    """Data of another kind, with the same mean and standard deviation as nearly as the sliders of that kind can be set."""
    if kind == config.data.kind:
        return config
    data = target(config.data)
    fields = KINDS[kind](data.mean, data.std)
    return config.replace(**{"data.kind": kind, **{f"data.{name}": value for name, value in fields.items()}})


def _around(loc: float, scale: float) -> dict[str, float]:
    return {"loc": RANGES["loc"].nearest(loc), "scale": RANGES["scale"].nearest(scale)}


def _ends(mean: float, half: float) -> dict[str, float]:
    """The ends of a density that reaches `half` to both sides."""
    low = RANGES["low"].nearest(mean - half)
    return {"low": low, "high": max(RANGES["high"].nearest(mean + half), low + STEP)}


def _triangle(mean: float, std: float) -> dict[str, float]:
    ends = _ends(mean, std * 6**0.5)
    return ends | {"mode": min(max(RANGES["mode"].nearest(mean), ends["low"]), ends["high"])}


KINDS: dict[str, Callable[[float, float], dict[str, Any]]] = {
    "mixture": lambda mean, std: {"means": [RANGES["means"].nearest(mean)], "stds": [RANGES["stds"].nearest(std)]},
    "uniform": lambda mean, std: _ends(mean, std * 3**0.5),
    "laplace": lambda mean, std: _around(mean, std / 2**0.5),
    "student_t": lambda mean, std: {"df": TAILS} | _around(mean, std * (1 - 2 / TAILS) ** 0.5),
    "triangular": _triangle,
}
"""Kind of data -> (mean, standard deviation) -> its fields. Quantiles come from outside, and are not made here."""


def bounds(config: Config, name: str, value: float) -> dict[str, float]:
    """The fields of a bounded density with one of them moved; its neighbours go along where they would be in the way."""
    moved = {f"data.{key}": config.get(f"data.{key}") for key in type(config.data).specs()} | {name: value}
    if name != "data.high":
        moved["data.high"] = max(moved["data.high"], value + (STEP if name == "data.low" else 0))
    if name != "data.low":
        moved["data.low"] = min(moved["data.low"], value - (STEP if name == "data.high" else 0))
    if "data.mode" in moved:
        moved["data.mode"] = min(max(moved["data.mode"], moved["data.low"]), moved["data.high"])
    return moved


def with_modes(config: Config, count: int) -> Config:
    """More modes, each where there is room, or fewer; the shares are made equal."""
    if not 1 <= count <= MAX_MODES:
        raise ConfigError("data.modes", count, f"it must be a whole number from 1 to {MAX_MODES}")
    data = mixture(config)
    means, stds = list(data.means[:count]), list(data.stds[:count])
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
    weights = mixture(config).weights
    rest = sum(w for k, w in enumerate(weights) if k != mode)
    scaled = [share if k == mode else (1 - share) * w / rest for k, w in enumerate(weights)]
    return config.replace(**{"data.weights": scaled})
