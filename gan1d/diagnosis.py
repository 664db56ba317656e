"""What happened in a run, in one of a few words, with the evidence. Reads a run's arrays and nothing else."""

from __future__ import annotations

import json
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gan1d.data import target
from gan1d.metrics import COVERED

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
"""Share of the recorded states, at the end, on which a run is judged: long enough to see several swings of an oscillation."""
LOST = 0.05
"""A mode is lost when it holds less than this share of all mass."""
BETWEEN = 1.5
"""The valley between two modes starts this many standard deviations from each."""
EXCESS = 0.15
"""Mass in the valleys, above the data's own, that makes an average of the modes rather than a rough copy."""
CLOSE = 0.12
"""W1, in standard deviations of the data, below which the densities look the same: the spread of a batch of 32's mean is 0.18 of them."""
CLOSE_JSD = 0.1
"""JSD in nats below which they look the same: a seventh of its maximum."""
SWING = 0.5
"""Peak-to-peak swing of the generated mean or std in the tail, in standard deviations of the data, that the eye sees as oscillation."""
TURNS = 3
"""Crossings of the tail's own middle that make a swing an oscillation and not a drift."""
SURE = 0.02
"""D is sure of the fakes when it gives them less than this probability on average."""
STILL = 0.05
"""Movement of the generated mean over the tail, in standard deviations of the data, below which the generator stands still."""


class Diagnosis(NamedTuple):
    """kind: one of `KINDS`; also: others that hold too; evidence: a sentence with the figures it rests on."""

    kind: str
    also: tuple[str, ...]
    evidence: str


@cache
def text() -> dict[str, Any]:
    """The sentences, with places for the figures."""
    return json.loads((Path(__file__).parent / "text" / "diagnosis.en.json").read_text("utf-8"))


def diagnose(run: Any) -> Diagnosis:
    """Judges a run by its last quarter; see the constants above for each threshold's reason."""
    data = target(run.config.data)
    tail = slice(-max(2, int(len(run.iteration) * TAIL)), None)
    last = run.mode_mass[-1]
    covered = last >= COVERED * data.weights
    swings = [(*_swing(getattr(run, name)[tail]), name) for name in ("mean", "std")]
    swing, turns, what = max(swings, key=lambda found: (found[1] >= TURNS, found[0]))
    excess = float(between(run, data)[-1])
    fooled = float(np.mean(run.p_real_on_fake[tail]))
    drift = float(np.ptp(run.mean[tail])) / data.std
    w1 = float(np.mean(run.w1[tail]))
    found = {
        "diverged": run.summary["status"] == "diverged",
        "mode collapse": bool(covered.any() and (last[~covered] < LOST).any()),
        "oscillating": swing > SWING * data.std and turns >= TURNS,
        "vanishing gradient": fooled < SURE and drift < STILL,
        "mode averaging": bool(covered.all() and excess > EXCESS),
        "converged": bool(w1 < CLOSE * data.std and run.jsd[-1] < CLOSE_JSD),
    }
    kinds = [kind for kind in KINDS if found.get(kind)] or ["still moving"]
    figures = {
        "at": run.summary["diverged_at"],
        "taken": ", ".join(f"{c:g}" for c in data.centres[covered]),
        "taken_mass": float(last[covered].sum()),
        "lost": ", ".join(f"{c:g}" for c in data.centres[~covered]),
        "lost_mass": float(last[~covered].sum()),
        "swing": swing,
        "what": what,
        "fooled": fooled,
        "mean": float(run.mean[-1]),
        "std": float(run.std[-1]),
        "data_mean": data.mean,
        "data_std": data.std,
        "w1": float(run.w1[-1]),
        "jsd": float(run.jsd[-1]),
        "excess": excess,
    }
    return Diagnosis(kinds[0], tuple(kinds[1:]), text()[kinds[0]].format(**figures))


def _swing(values: np.ndarray) -> tuple[float, int]:
    """Peak-to-peak swing of a curve, and how often it crosses its own middle."""
    low, high = float(np.min(values)), float(np.max(values))
    side = np.sign(values - 0.5 * (low + high))
    side = side[side != 0]
    return high - low, int(np.sum(side[1:] != side[:-1]))


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
