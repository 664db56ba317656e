"""The runs that a site shows: each once, shipped or trained, whichever pages it stands on."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gan1d.catalogue import HERE, Scenario
from gan1d.config import Config
from gan1d.lessons import Lesson
from gan1d.trajectory import Trajectory, load

AVERAGED = ("batch_loss_d", "batch_loss_g", "grad_norm_d", "grad_norm_g")
"""Arrays that hold the mean over all iterations since the state before."""


class Run(NamedTuple):
    """A run of the site. name: of its data file; shipped: where it lies in the package, None where it must be trained."""

    name: str
    title: str
    config: Config
    shipped: Path | None

    def get(self, progress: Callable[[int, int], None]) -> Trajectory:
        """Loads or trains it."""
        if self.shipped is not None:
            return load(self.shipped)
        from gan1d.training import train

        return train(self.config, progress=progress)


def plan(scenarios: Iterable[Scenario], lessons: Iterable[Lesson]) -> dict[Config, Run]:
    """Every run that these pages need, by its config; a lesson's that is a scenario's is that one."""
    found: dict[Config, Run] = {}
    for scenario in scenarios:
        path = HERE / "assets" / f"{scenario.name}.npz"
        shipped = path if path.exists() and load(path).config == scenario.config else None
        found[scenario.config] = Run(scenario.name, scenario.title, scenario.config, shipped)
    for lesson in lessons:
        for ending, scene in (("", lesson.scene), ("-try", lesson.trial)):
            run = Run(f"lesson-{lesson.name}{ending}", lesson.title, scene.config, None)
            found.setdefault(scene.config, run)
    return found


def thinned(run: Trajectory, every: int) -> Trajectory:
    """The run with only some of its recorded states: what training it with so many fewer would record, and its settings say so.

    `every` must divide the recording as training would: see `sparser`.
    """
    last = len(run) - 1
    kept = np.unique(np.append(np.arange(0, last + 1, every), last))
    arrays: dict[str, Any] = {
        name: values[kept] if len(values) == len(run) and name not in ("x", "p_data", "z") else values
        for name, values in run.arrays.items()
    }
    steps = np.diff(run.iteration, prepend=run.iteration[0])
    for name in AVERAGED:
        sums = np.cumsum(np.where(steps > 0, np.asarray(getattr(run, name), float), 0.0) * steps)[kept]
        with np.errstate(invalid="ignore", divide="ignore"):
            means = np.diff(sums, prepend=0.0) / np.diff(run.iteration[kept], prepend=run.iteration[0])
        arrays[name] = means.astype(run.arrays[name].dtype)
    states = math.ceil(run.config.training.iterations / _stride(run.config, every))
    config = run.config.replace(**{"training.frames": states})
    return dataclasses.replace(run, config=config, **arrays)


def sparser(config: Config, least: int) -> int:
    """The smallest number, `least` or more, such that a run that keeps each so-manieth state is what training with fewer states gives."""
    iterations = config.training.iterations
    for every in range(least, max(least, iterations) + 1):
        stride = _stride(config, every)
        if math.ceil(iterations / math.ceil(iterations / stride)) == stride:
            return every
    return least


def _stride(config: Config, every: int) -> int:
    """Iterations between two states that are kept."""
    return every * math.ceil(config.training.iterations / config.training.frames)
