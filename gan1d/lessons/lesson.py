"""What a lesson is: its runs and how they are shown, its claims, its question."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gan1d.config import Config
from gan1d.data import target
from gan1d.outcomes import LABELS
from gan1d.trajectory import Trajectory


class LessonError(ValueError):
    """A lesson's file that cannot be read; the message names the file, the field, the value and what is allowed."""

    def __init__(self, file: str, field: str, value: object, allowed: str):
        self.file, self.field, self.value, self.allowed = file, field, value, allowed
        super().__init__(f"{file}: {field}: {value!r} is not allowed; {allowed}")


def distance_to_best(run: Trajectory) -> float:
    """Mean distance of D from the best D at the end, over real and generated points in equal number; NaN where there is no best."""
    if run.d_star is None:
        return float("nan")
    where = run.p_data + run.p_gen[-1]
    return float(np.sum(where * np.abs(run.d[-1] - run.d_star[-1])) / np.sum(where))


METRICS: dict[str, Callable[[Trajectory], float]] = {
    name: (lambda run, name=name: float(getattr(run, name)[-1]))
    for name in ("w1", "mean", "std", "jsd", "loss_d", "loss_g")
} | {"d_gap": distance_to_best}
"""What a claim can compare, on the last recorded state."""
IN_DATA_UNITS = ("w1", "mean", "std")
"""Those that may be compared in standard deviations of the data."""
VIEW: dict[str, type | tuple[type, ...]] = {
    "layers": list,
    "iteration": int,
    "curves": dict,
    "heat": bool,
    "map": bool,
    "steps": bool,
    "equations": bool,
    "speed": (int, float),
}
"""What of the player's view a lesson may set, and of which type it is."""
BLOCKS = ("caption", "outcome")
"""Parts of the player that can be marked beside layers and charts."""


class Comparison(NamedTuple):
    """low < metric - near < high; low and high in standard deviations of the data where `sigma`."""

    metric: str
    near: float
    low: float
    high: float
    sigma: bool

    def holds(self, run: Trajectory) -> bool:
        """Whether it is true of a run; of what is not a number nothing is."""
        value = METRICS[self.metric](run)
        unit = target(run.config.data).std if self.sigma else 1.0
        return bool(self.low * unit < value - self.near < self.high * unit)


class Claim(NamedTuple):
    """What must come out: an outcome by the inequality of `gan1d.outcomes`, and comparisons; in at least a share of all seeds."""

    outcome: str | None
    comparisons: tuple[Comparison, ...]
    at_least: float

    def holds(self, run: Trajectory) -> bool:
        """Whether it is true of a run."""
        right = self.outcome is None or LABELS[self.outcome](run)
        return right and all(comparison.holds(run) for comparison in self.comparisons)


class Figure(NamedTuple):
    """A place in a text where a figure stands."""

    name: str


class Scene(NamedTuple):
    """A run and how it is shown. view: what the player starts from; highlight: names of layers, charts and blocks that are marked."""

    config: Config
    claim: Claim
    view: dict[str, Any]
    highlight: tuple[str, ...]


class Choice(NamedTuple):
    """An answer that can be given to a question, and what is replied."""

    text: str
    reply: str
    is_right: bool


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """One lesson; the texts are Markdown, but for their figures: see `pieces`. images: shipped runs on images that it leads to."""

    name: str
    title: str
    order: int
    setting: str
    scene: Scene
    trial: Scene
    intro: str
    question: str
    choices: tuple[Choice, ...]
    run: str
    explanation: str
    look: str
    trial_text: str
    images: tuple[str, ...] = ()

    @property
    def right(self) -> int:
        """Index of the right choice."""
        return next(i for i, choice in enumerate(self.choices) if choice.is_right)

    @property
    def texts(self) -> tuple[str, ...]:
        """Those that figures may stand in."""
        return self.intro, self.run, self.explanation, self.look, self.trial_text
