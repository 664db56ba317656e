"""What happened in a run, in one of a few words, with the evidence. Reads a run's arrays and nothing else."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from gan1d.data import target
from gan1d.metrics import COVERED
from gan1d.wording import wording

KINDS = (
    "diverged",
    "mode collapse",
    "oscillating",
    "vanishing gradient",
    "mode averaging",
    "converged",
    "still moving",
)
"""In order of rank: the first that holds is the kind, the others stand in `also`."""

TAIL = 0.25
"""Share of the recorded states, at the end, in which a run must stand still to stand still."""
LATE = 0.5
"""Share of the recorded states, at the end, in which it must oscillate: room for two whole periods, past the first approach."""
LOST = 0.05
"""A mode is lost when it holds less than this share of all mass."""
TAKEN = 0.8
"""The modes that are not lost hold at least this share of all mass, or the generator is elsewhere."""
BETWEEN = 1.5
"""The valley between two modes starts this many standard deviations from each."""
EXCESS = 0.15
"""Mass in the valleys, above the data's own, that makes an average of the modes: one normal over two modes has twice as much, a
network that bends has none to speak of (at most 0.06 in the runs that this was tuned on)."""
CLOSE = 0.15
"""W1, in standard deviations of the data, below which one bump looks like the other: a batch of 32 is itself off by 0.2 of them."""
CLOSE_MODES = 0.3
"""The same for several modes, each of which must hold at least `HALF` of its share: no single normal comes below it."""
HALF = 0.5
"""Least share of a mode's own weight, for a mode that has been found and not just touched."""
SWING = 0.5
"""Height of a swing of the generated mean or std, in standard deviations of the data, that the eye sees as oscillation."""
SWINGS = 4
"""Swings, up and down in turn, that make an oscillation and not a detour: two whole periods."""
SURE = 0.02
"""D is sure of the fakes when it gives them less than this probability on average."""
APART = 0.5
"""JSD in nats (of 0.69) above which the densities hardly overlap."""
STILL = 0.05
"""Movement of the generated mean and std over the tail, in standard deviations of the data, below which the generator stands still."""
FAINT = 0.1
"""The generator's gradient over the tail, in its largest, below which it has faded: with a learning rate of 0 it stands still too."""


class Diagnosis(NamedTuple):
    """kind: one of `KINDS`; also: others that hold too; evidence: a sentence with the figures it rests on."""

    kind: str
    also: tuple[str, ...]
    evidence: str


text = partial(wording, "diagnosis")
"""The sentences, with places for the figures."""


def diagnose(run: Any) -> Diagnosis:
    """Judges a run by how it ends; see the constants above for each threshold's reason."""
    data = target(run.config.data)
    tail, late = (slice(-max(2, int(len(run.iteration) * share)), None) for share in (TAIL, LATE))
    last = run.mode_mass[-1]
    lost = last < LOST
    covered = last >= COVERED * data.weights
    height, turns, what = max((*_oscillation(getattr(run, name)[late] / data.std), name) for name in ("mean", "std"))
    excess = float(between(run, data)[-1])
    moved = max(float(np.ptp(getattr(run, name)[tail])) for name in ("mean", "std"))
    blind = run.summary["output"] == "score" or float(np.mean(run.p_real_on_fake[tail])) < SURE
    faded = _faded(run.grad_norm_g, tail)
    one = len(data.weights) == 1
    found = {
        "diverged": run.summary["status"] == "diverged",
        "mode collapse": bool(lost.any() and covered.any() and last[~lost].sum() > TAKEN),
        "oscillating": turns >= SWINGS,
        "vanishing gradient": bool(
            blind and faded < FAINT and moved < STILL * data.std and run.jsd[tail].min() > APART
        ),
        "mode averaging": bool(not one and covered.all() and excess > EXCESS),
        "converged": bool(
            (last >= HALF * data.weights).all()
            and excess < EXCESS
            and run.w1[-1] < (CLOSE if one else CLOSE_MODES) * data.std
        ),
    }
    kinds = [kind for kind in KINDS if found.get(kind)] or ["still moving"]
    figures = {
        "at": run.summary["diverged_at"],
        "taken": _list(data.centres[~lost]),
        "taken_mass": float(last[~lost].sum()),
        "lost": _list(data.centres[lost]),
        "lost_mass": float(last[lost].sum()),
        "swing": height * data.std,
        "what": text()["curves"][what],
        "gradient": faded,
        "mean": float(run.mean[-1]),
        "std": float(run.std[-1]),
        "data_mean": data.mean,
        "data_std": data.std,
        "w1": float(run.w1[-1]),
        "jsd": float(run.jsd[-1]),
        "excess": excess,
    }
    sentence = "at rest elsewhere" if kinds[0] == "still moving" and moved < STILL * data.std else kinds[0]
    return Diagnosis(kinds[0], tuple(kinds[1:]), text()[sentence].format(**figures))


def _list(centres: np.ndarray) -> str:
    return ", ".join(f"{c:.3g}" for c in centres)


def _oscillation(curve: np.ndarray) -> tuple[float, int]:
    """Height of a curve's highest swing where it oscillates (else 0), and its number of swings."""
    count = swings(curve, SWING)
    return (float(np.ptp(curve)) if count >= SWINGS else 0.0), count


def _faded(gradient: np.ndarray, tail: slice) -> float:
    """Mean gradient norm over the tail, in the largest of the run; 0 where there never was any."""
    seen = np.nan_to_num(gradient[1:], nan=0.0, posinf=0.0)
    largest = float(seen.max(initial=0.0))
    return float(np.mean(seen[tail])) / largest if largest > 0 else 0.0


def swings(values: np.ndarray, least: float) -> int:
    """How many times a curve (F,) goes up or down by at least `least`, each time in the other direction than before."""
    count, direction = 0, 0
    low = high = values[0]
    for value in values:
        low, high = min(low, value), max(high, value)
        if direction <= 0 and value - low >= least:
            count, direction, high = count + 1, 1, value
        elif direction >= 0 and high - value >= least:
            count, direction, low = count + 1, -1, value
    return count


def between(run: Any, data: Any) -> np.ndarray:
    """Generated mass in the valleys between neighbouring modes, above the data's own (F,)."""
    order = np.argsort(data.centres)
    width = run.x[1] - run.x[0]
    excess = np.zeros(len(run.p_gen))
    for left, right in pairwise(order):
        low = data.centres[left] + BETWEEN * data.stds[left]
        high = data.centres[right] - BETWEEN * data.stds[right]
        inside = (run.x > low) & (run.x < high)
        excess += np.sum(run.p_gen[:, inside] - run.p_data[inside], axis=1) * width
    return excess
