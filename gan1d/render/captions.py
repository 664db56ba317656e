"""One sentence for each stretch of a run: what is happening in the picture."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import numpy as np

from gan1d.data import target
from gan1d.diagnosis import EXCESS, SWING, between
from gan1d.metrics import modes_covered
from gan1d.render.axes import DATA_IS, TAUGHT, d_range, drawn_d, optimum, reading, said, spread, where_data_is
from gan1d.trajectory import Trajectory
from gan1d.wording import wording

SHORTEST = 0.03
"""Share of the run that a sentence must last: shorter ones cannot be read, and go with the one before."""
CLOSE = 0.004
"""JSD in nats below which the two densities look the same on a screen: two normals a fifth of a std apart have 0.005."""
MOST = 0.6
"""Share of the generated mass on one mode by which the generator sits on it."""
NARROW = 0.6
"""Generated std, in the data's, below which a density between the modes is not yet an average of them."""
TOLD, TOLD_APART = 0.03, 0.2
"""D on the real data above D on generated points, in `told_apart`'s measure, by which D tells them apart: where the densities overlap,
and where they hardly do."""
MISTAKEN = -0.1
"""The same below which D is plainly wrong: the generator has moved on, and D has not caught up."""
NEAR = 0.15
"""How far from its optimum D may be, where the data is, and still be called near it, in the distance between what it is taught."""
FLAT = 0.1
"""Rise of a line, as a share of D's axis, that looks flat."""
APART = 0.45
"""JSD in nats (of 0.69) above which they hardly overlap."""
TO_AND_FRO = 0.3
"""Share of the run within which three turns of the generated mean or std are seen as swinging to and fro."""
STILL = 0.02
"""Movement of the generated mean and std since `SHORTEST` ago, in standard deviations of the data, that looks like none."""


text = partial(wording, "captions")
"""The sentences."""


def captions(run: Trajectory) -> list[tuple[int, str]]:
    """[(first state, sentence), …] in order; the first starts at 0. Each part of a run is judged by its own data and its own D."""
    if run.parts:
        return _of_parts(run)
    kinds = _kinds(run)
    if run.iteration[0] == 0:
        kinds[0] = "start"
    segments = [(i, str(kind)) for i, kind in enumerate(kinds[:2]) if i == 0 or kind != kinds[0]]
    changes = [i for i in range(2, len(kinds)) if kinds[i] != kinds[i - 1]] + [len(kinds)]
    for begin, end in pairwise(changes):
        long = end - begin >= SHORTEST * len(kinds) or kinds[begin] == "diverged"
        if long and kinds[begin] != segments[-1][1]:
            segments.append((begin, str(kinds[begin])))
    d, at = optimum(run)["d"], run.summary["diverged_at"]
    return [(first, _sentence(run, kind).format(at=at, d=None if d is None else said(d))) for first, kind in segments]


def _of_parts(run: Trajectory) -> list[tuple[int, str]]:
    """The parts' sentences one after another; while the generator is held, one that says so."""
    ends = [*(first for first, _ in run.parts[1:]), len(run)]
    found: list[tuple[int, str]] = []
    for (first, part), end, told in zip(run.parts, ends, run.summary["parts"], strict=True):
        own = [(0, text()["held"])] if told["hold_g"] else captions(part)
        found += [(first + i, sentence) for i, sentence in own if first + i < end]
    return [now for before, now in zip([(0, ""), *found], found, strict=False) if now[1] != before[1]]


def _sentence(run: Trajectory, kind: str) -> str:
    """The sentence of a kind, in the words for scores where D is one and there are such."""
    return text().get(f"{kind}_{run.summary['output']}", text()[kind])


def _kinds(run: Trajectory) -> np.ndarray:
    """A word for each recorded state (F,), keys of `text`."""
    data = target(run.config.data)
    told, apart = told_apart(run), run.jsd > APART
    kinds = np.where(told > TOLD, "overlapping", "overlapping_blind").astype(object)
    kinds[apart] = np.where(told > TOLD_APART, "apart", "apart_blind")[apart]
    if reading(run) != "wasserstein":  # a critic is never sure: its slope is what the generator gets
        kinds[apart & (told > TOLD_APART) & _flat_and_still(run, data.std)] = "stuck"
    kinds[told < MISTAKEN] = "mistaken"
    kinds[_swinging(run, data.std)] = "swinging"
    if len(data.centres) > 1:
        covered = modes_covered(run.mode_mass, data.weights)
        kinds[(covered == 1) & (run.mode_mass.max(axis=1) > MOST)] = "one_mode"
        astray = between(run, data) > EXCESS
        g = run.config.generator
        kinds[astray & (covered == len(data.weights))] = f"averaged_{g.noise if g.kind == 'linear' else g.kind}"
        kinds[astray & (run.std < NARROW * data.std)] = "between"
    match = run.jsd < CLOSE
    d = drawn_d(run)[:, where_data_is(run)]
    best = optimum(run)["d"]
    if best is None:
        sloped = np.ptp(d, axis=1) > FLAT * _height(run)
        kinds[match] = np.where(sloped, "close_sloped", "close_flat")[match]
    else:
        kinds[match & (np.max(np.abs(d - best), axis=1) < NEAR * _taught(run))] = "close"
    if (at := run.summary["diverged_at"]) is not None:
        kinds[run.iteration >= at] = "diverged"
    return kinds


def told_apart(run: Trajectory) -> np.ndarray:
    """E[D(x)] - E[D(G(z))] (F,): 1 where D says of both what it is taught; of a critic, taught no numbers, the height of its line."""
    if run.score_real is None or run.score_fake is None:
        return run.p_real_on_real - run.p_real_on_fake
    difference = run.score_real - run.score_fake
    if reading(run) in TAUGHT:
        return difference / _taught(run)
    low, high = spread(run, drawn_d(run))
    return difference / np.maximum(high - low, FLAT * _height(run))


def _taught(run: Trajectory) -> float:
    low, high = TAUGHT.get(reading(run), (0.0, 1.0))
    return high - low


def _height(run: Trajectory) -> float:
    low, high = d_range(run)
    return high - low


def _flat_and_still(run: Trajectory, std: float) -> np.ndarray:
    """Whether D looks flat where the generated points are, and they have not moved for a while (F,)."""
    there = run.p_gen > DATA_IS * np.maximum(run.p_gen.max(axis=1, keepdims=True), np.finfo(np.float32).tiny)
    d = drawn_d(run)
    rise = np.where(there, d, -np.inf).max(axis=1) - np.where(there, d, np.inf).min(axis=1)
    back = np.maximum(np.arange(len(run)) - max(1, round(SHORTEST * len(run))), 0)
    moved = np.maximum(np.abs(run.mean - run.mean[back]), np.abs(run.std - run.std[back]))
    return (rise < FLAT * _height(run)) & (moved < STILL * std)


def _swinging(run: Trajectory, std: float) -> np.ndarray:
    """Whether the generated mean or std goes to and fro around each state (F,)."""
    found = np.zeros(len(run), bool)
    for curve in (run.mean, run.std):
        turns = _turns(curve / std, SWING)[1:]  # the first is where the run sets out
        for first, last in zip(turns, turns[2:], strict=False):
            if last - first <= TO_AND_FRO * len(run):
                found[first : last + 1] = True
    return found


def _turns(values: np.ndarray, least: float) -> list[int]:
    """Where a curve (F,) turns, in order: its extremes between swings of at least `least` each."""
    turns: list[int] = []
    low = high = direction = 0
    for i, value in enumerate(values):
        low, high = (i if value < values[low] else low), (i if value > values[high] else high)
        if direction >= 0 and values[high] - value >= least:
            turns, direction, low = [*turns, high], -1, i
        elif direction <= 0 and value - values[low] >= least:
            turns, direction, high = [*turns, low], 1, i
    return turns
