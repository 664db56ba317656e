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

SHORTEST = 0.03
"""Share of the run that a sentence must last: shorter ones cannot be read, and go with the one before."""
CLOSE = 0.004
"""JSD in nats below which the two densities look the same on a screen: two normals a fifth of a std apart have 0.005."""
MOST = 0.6
"""Share of the generated mass on one mode by which the generator sits on it."""
NARROW = 0.6
"""Generated std, in the data's, below which a density between the modes is not yet an average of them."""
TOLD, TOLD_APART = 0.03, 0.2
"""P(real | real) above P(real | fake) by which D tells them apart, where they overlap and where they hardly do."""
NEAR_HALF = 0.15
"""How far from its optimum D may be, where the data is, and still be called near it."""
DATA_IS = 0.05
"""Share of the data's highest density above which a point counts as where the data is."""
APART = 0.45
"""JSD in nats (of 0.69) above which they hardly overlap."""


@cache
def text() -> dict[str, str]:
    """The sentences."""
    return json.loads((Path(__file__).parents[1] / "text" / "captions.en.json").read_text("utf-8"))


def captions(run: Trajectory) -> list[tuple[int, str]]:
    """[(first state, sentence), …] in order; the first starts at 0."""
    kinds = ["start", *_kinds(run)[1:]]
    segments = [(i, str(kind)) for i, kind in enumerate(kinds[:2])]
    changes = [i for i in range(2, len(kinds)) if kinds[i] != kinds[i - 1]] + [len(kinds)]
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
    told = run.p_real_on_real - run.p_real_on_fake
    kinds = np.where(told > TOLD, "overlapping", "overlapping_blind").astype(object)
    kinds[run.jsd > APART] = "apart"
    kinds[(run.jsd > APART) & ~(told > TOLD_APART)] = "apart_blind"
    if several:
        kinds[(covered == 1) & (run.mode_mass.max(axis=1) > MOST)] = "one_mode"
        astray = between(run, data) > EXCESS
        kinds[astray & (covered == len(data.weights))] = f"averaged_{run.config.generator.kind}"
        kinds[astray & (run.std < NARROW * data.std)] = "between"
    there = run.p_data > DATA_IS * run.p_data.max()
    off = np.max(np.abs(run.d[:, there] - run.summary["optimum"]["d"]), axis=1)
    kinds[(run.jsd < CLOSE) & (off < NEAR_HALF)] = "close"
    if (at := run.summary["diverged_at"]) is not None:
        kinds[run.iteration >= at] = "diverged"
    return kinds
