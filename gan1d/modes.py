"""The modes of a density that is known only by its quantiles: the stretches between its deep valleys."""

from __future__ import annotations

import numpy as np
from scipy.special import betainc

from gan1d.config import MAX_MODES

DEPTH = 0.5
"""A valley is at most this share as high as the lower of the two peaks beside it."""
LEAST = 0.05
"""Share of the mass that a peak is judged by, and so the least share of a mode."""
FEWEST = 3
"""Spacings that a peak is judged by, at least: one or two near one another are nothing in a sample."""
FINEST = 100.0
"""Most of a sample's spacings that one of the quantiles' is taken to stand for."""


def modes_of(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centres, standard deviations and weights (K,) of the modes of n quantiles (n,), K at most `MAX_MODES`.

    A mode is all of the piecewise constant density between two valleys, and its moments are exact. Data units; the weights sum to 1.
    """
    cuts = 0.5 * (values[1:] + values[:-1])[valleys(values)]
    at = np.union1d(values, cuts)
    mass = np.diff(np.interp(at, values, np.linspace(0.0, 1.0, len(values))))
    middle, width = 0.5 * (at[1:] + at[:-1]), np.diff(at)
    starts = np.searchsorted(at, np.append(values[0], cuts))
    weights = np.add.reduceat(mass, starts)
    centres = np.add.reduceat(mass * middle, starts) / weights
    off = middle - np.repeat(centres, np.diff(np.append(starts, len(mass))))
    return centres, np.sqrt(np.add.reduceat(mass * (off**2 + width**2 / 12.0), starts) / weights), weights


def valleys(values: np.ndarray) -> np.ndarray:
    r"""Which spacings of n quantiles (n,) hold the bottoms of valleys, in increasing order; the deepest `MAX_MODES` - 1 of them.

    Where the density is flat, the spacings of a sample are independent and exponential, so that the mean of any j of them over the mean
    of any other k follows Fisher's F with 2j and 2k degrees of freedom; with 2jm and 2km where a spacing of quantiles stands for m of
    the sample. A run of j spacings is a valley when that ratio is at least 1 / `DEPTH` to some run of k on either side, and when F would
    be so large with a probability of less than 1 / n^2: in a sample from one peak that is rare (tests/gan1d/test_modes.py).
    Source: Pyke 1965, Spacings, J. R. Stat. Soc. B 27(3).
    """
    gaps = np.diff(values)
    least, each = max(FEWEST, int(np.ceil(LEAST * len(gaps)))), fineness(gaps)
    stretches = [(0, len(gaps), *deepest(gaps, least, each))]
    found: list[int] = []
    while len(stretches) < MAX_MODES:
        first, last, chance, at = min(stretches, key=lambda s: s[2])
        if chance * len(values) ** 2 >= 1:
            break
        stretches.remove((first, last, chance, at))
        found.append(first + at)
        for a, b in ((first, first + at), (first + at + 1, last)):
            stretches.append((a, b, *deepest(gaps[a:b], least, each)))
    return np.sort(np.array(found, int))


def fineness(gaps: np.ndarray) -> float:
    """How many of the sample's spacings each of these (n,) stands for, from 1 to `FINEST`, by how unlike its neighbours it is.

    The logarithm of the ratio of two sums of m exponentials has a variance near 2/m; it is judged by its median, and with caution.
    """
    if len(gaps) < 2:
        return 1.0
    rough = np.median(np.abs(np.diff(np.log(gaps)))) * (1 + 2 / np.sqrt(len(gaps)))
    return float(np.clip(2 * (0.6745 / max(rough, 1e-3)) ** 2, 1.0, FINEST))


def deepest(gaps: np.ndarray, least: int, each: float) -> tuple[float, int]:
    """The deepest valley among spacings (n,): how probable it would be were there none, and its widest spacing; (1, 0) without any.

    Runs of 1, 2, 4, … spacings, each of which stands for `each` of a sample's, are held against runs of `least`, of twice, four times …
    """
    total = np.append(0.0, np.cumsum(gaps))
    best, k = (1.0, 0), least
    while 2 * k < len(gaps):
        runs = total[k:] - total[:-k]
        left, right = np.minimum.accumulate(runs) / k, np.minimum.accumulate(runs[::-1])[::-1] / k
        j = 1
        while 2 * k + j <= len(gaps):
            start = np.arange(k, len(gaps) - k - j + 1)
            ratio = (total[start + j] - total[start]) / j / np.maximum(left[start - k], right[start + j])
            chance = np.where(
                ratio >= 1 / DEPTH, betainc(k * each, j * each, k / (k + j * ratio)), 1.0
            )  # F's upper tail
            i = int(np.argmin(chance))
            if chance[i] < best[0]:
                best = float(chance[i]), int(start[i] + np.argmax(gaps[start[i] : start[i] + j]))
            j *= 2
        k *= 2
    return best
