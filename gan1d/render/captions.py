"""One sentence for each stretch of a run: what is happening in the picture."""

from __future__ import annotations

import json
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np

from gan1d.data import target
from gan1d.diagnosis import EXCESS, between
from gan1d.metrics import modes_covered
from gan1d.trajectory import Trajectory

SHORTEST = 0.05
"""Share of the run that a sentence must last: shorter ones cannot be read, and go with the one before."""
START = 0.03
"""Share of the run for the opening sentence."""
CLOSE = 0.02
"""JSD in nats below which the two densities look the same on a screen."""
APART = 0.45
"""JSD in nats (of 0.69) above which they hardly overlap."""


@cache
def text() -> dict[str, str]:
    """The sentences."""
    return json.loads((Path(__file__).parents[1] / "text" / "captions.en.json").read_text("utf-8"))


def captions(run: Trajectory) -> list[tuple[int, str]]:
    """[(first state, sentence), …] in order; the first starts at 0."""
    kinds = _kinds(run)
    segments: list[tuple[int, str]] = [(0, str(kinds[0]))]
    changes = [i for i in range(1, len(kinds)) if kinds[i] != kinds[i - 1]] + [len(kinds)]
    for begin, end in pairwise(changes):
        long = end - begin >= SHORTEST * len(kinds) or kinds[begin] == "diverged"
        if long and kinds[begin] != segments[-1][1]:
            segments.append((begin, str(kinds[begin])))
    at = run.summary["diverged_at"]
    return [(first, text()[kind].format(at=at)) for first, kind in segments]


def _kinds(run: Trajectory) -> np.ndarray:
    """A word for each recorded state (F,), keys of `text`."""
    data = target(run.config.data)
    several = len(data.centres) > 1
    covered = modes_covered(run.mode_mass, data.weights)
    kinds = np.full(len(run), "overlapping", dtype=object)
    kinds[run.jsd > APART] = "apart"
    if several:
        kinds[(covered == 1) & (run.mode_mass.max(axis=1) > 0.5)] = "one_mode"
        kinds[(covered == len(data.weights)) & (between(run, data) > EXCESS)] = "averaged"
    kinds[run.jsd < CLOSE] = "close"
    kinds[: max(1, int(START * len(run)))] = "start"
    if (at := run.summary["diverged_at"]) is not None:
        kinds[run.iteration >= at] = "diverged"
    return kinds
