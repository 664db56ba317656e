"""What came out of a run, by inequalities on its arrays alone: the labels that scenarios and the diagnosis are judged by.

`diagnosis.py` has no say in them: they were written before its thresholds were tuned. A run for which none holds has no label.
mu, sigma are the data's mean and standard deviation; m, s the generated ones; "the end" is the last quarter of the recorded states.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

import numpy as np

from gan1d.data import target
from gan1d.diagnosis import swings
from gan1d.metrics import mode_masses
from gan1d.trajectory import Trajectory

Holds = Callable[[Trajectory], bool]

END = 0.25
"""Share of the recorded states that is the end of a run."""
NEAR = 2.5
"""Standard deviations within which mass counts as on a mode."""
SWING = 0.5
"""Least height of a swing of m or s, in sigma."""
SWINGS = 4
"""Least number of such swings, up and down in turn, in the second half of a run: two whole periods."""
STILL = 0.05
"""Most that m and s move over the end, in sigma, of a generator that stands still."""
SURE = 0.02
"""Most that D gives generated points on average, and least that it keeps from the real ones, when it is sure of both."""
DISJOINT = 0.5
"""Least JSD in nats (of 0.69) of densities that hardly overlap."""
DRIFT = 0.25
"""Least that m or s has moved from the beginning of the end to its last state, in sigma, of a generator on its way."""


def within(run: Trajectory, reach: float = NEAR) -> np.ndarray:
    """Generated mass within `reach` standard deviations of each mode (K,), from the last state's p_gen."""
    data = target(run.config.data)
    width = run.x[1] - run.x[0]
    edges = np.append(run.x - width / 2, run.x[-1] + width / 2)
    cdf = run.mass_outside[-1, 0] + np.append(0.0, np.cumsum(run.p_gen[-1].astype(float) * width))
    return mode_masses(lambda at: np.interp(at, edges, cdf)[None], data.centres, data.stds, reach)[0]


def _matches(run: Trajectory, mean: float, std: float) -> bool:
    data = target(run.config.data)
    return bool(abs(run.mean[-1] - data.mean) < mean * data.std and abs(run.std[-1] / data.std - 1) < std)


def is_converged(run: Trajectory) -> bool:
    """|m - mu| < 0.1 sigma and |s/sigma - 1| < 0.15."""
    return _matches(run, 0.1, 0.15)


def is_averaged(run: Trajectory) -> bool:
    """|m - mu| < 0.35 sigma and |s/sigma - 1| < 0.25."""
    return _matches(run, 0.35, 0.25)


def is_collapsed(run: Trajectory) -> bool:
    """One mode's mass within 2.5 std > 0.8, and every other's < 0.05."""
    mass = np.sort(within(run))
    return bool(mass[-1] > 0.8 and (mass[:-1] < 0.05).all())


def has_all_modes(run: Trajectory) -> bool:
    """Each mode's mass within 2.5 std > 0.25 (of two; half its share in general)."""
    return bool((within(run) > 0.5 * target(run.config.data).weights).all())


def is_diverged(run: Trajectory) -> bool:
    """A number was no longer finite, or a parameter ran away."""
    return bool(run.summary["status"] == "diverged")


def is_oscillating(run: Trajectory) -> bool:
    """In the second half of the run m or s goes up and down in turn, at least four times by at least 0.5 sigma each."""
    sigma = target(run.config.data).std
    half = slice(len(run) // 2, None)
    return any(swings(curve[half] / sigma, SWING) >= SWINGS for curve in (run.mean, run.std))


def is_vanished(run: Trajectory) -> bool:
    """At the end JSD > 0.5, D gives generated points < 0.02 and real ones > 0.98 on average, and m and s move by < 0.05 sigma."""
    end, sigma = _end(run), target(run.config.data).std
    moved = max(np.ptp(run.mean[end]), np.ptp(run.std[end])) / sigma
    sure = np.mean(run.p_real_on_fake[end]) < SURE and np.mean(run.p_real_on_real[end]) > 1 - SURE
    return bool(sure and moved < STILL and np.min(run.jsd[end]) > DISJOINT)


def is_on_its_way(run: Trajectory) -> bool:
    """Over the end m or s has moved by > 0.25 sigma, and goes on in one direction: not one swing back by 0.05 sigma."""
    end, sigma = _end(run), target(run.config.data).std
    curves = [curve[end] / sigma for curve in (run.mean, run.std)]
    return any(abs(c[-1] - c[0]) > DRIFT and swings(c, STILL) <= 1 for c in curves)


def _end(run: Trajectory) -> slice:
    return slice(-max(2, round(END * len(run))), None)


def _modes(run: Trajectory) -> int:
    return len(target(run.config.data).weights)


def _bends(run: Trajectory) -> bool:
    return run.config.generator.kind != "linear"


LABELS: MappingProxyType[str, Holds] = MappingProxyType(
    {
        "diverged": is_diverged,
        "mode collapse": lambda run: _modes(run) > 1 and is_collapsed(run),
        "oscillating": is_oscillating,
        "vanishing gradient": is_vanished,
        "mode averaging": lambda run: _modes(run) > 1 and not _bends(run) and is_averaged(run),
        "converged": lambda run: is_converged(run) if _modes(run) == 1 else _bends(run) and has_all_modes(run),
        "still moving": is_on_its_way,
    }
)
"""The diagnosis' words, in its order of rank, each with its inequality. One normal can neither bend to several modes nor find them."""


def label(run: Trajectory) -> str | None:
    """The first of `LABELS` that holds; None where none does."""
    return next((word for word, holds in LABELS.items() if holds(run)), None)
