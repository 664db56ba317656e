"""What a picture shows of a run at one state, read from the arrays that the player reads too (``run.js``, ``state.js``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from gan1d.render.packing import CODES, unpack

FEW_CODES = 50
"""Steps of a packed density below which its share in a sum of densities is not known."""
LEAST = 1e-12


class Moment(NamedTuple):
    """One state."""

    state: int
    part: int
    p_data: np.ndarray
    """(X,)"""
    p_gen: np.ndarray
    """(X,)"""
    d: np.ndarray
    """(X,)"""
    d_star: np.ndarray
    """(X,) NaN where it is not known, or where the loss has none."""
    g: np.ndarray
    """(Z,)"""
    outside: tuple[float, float]
    """Mass left and right of the grid."""
    samples: dict[str, np.ndarray]
    """real, fake, step and other (S,), those that there are."""


class Run:
    """A run's arrays, unpacked once."""

    def __init__(self, meta: Mapping[str, Any], arrays: Mapping[str, np.ndarray]):
        self.meta = meta
        self.x = np.asarray(arrays["x"], float)
        self.z = np.asarray(arrays["z"], float)
        self.iteration = arrays["iteration"].astype(int)
        self.p_data = arrays["p_data"].reshape(-1, len(self.x)).astype(float)
        self.outside = arrays["mass_outside"].reshape(-1, 2)
        self.rows = {name: unpack(arrays[name], arrays[f"{name}_ends"]).astype(float) for name in meta["packed"]}
        self._stars: dict[int, np.ndarray] = {}

    def part(self, state: int) -> int:
        """Which part of the run a state belongs to."""
        return int(np.searchsorted(self.meta["parts"], state, side="right")) - 1

    def moment(self, state: int) -> Moment:
        """What there is to show of a state."""
        part = self.part(state)
        p, q = self.p_data[part], self.rows["p_gen"][state]
        named = {"real": "sample_real", "fake": "sample_fake", "step": "sample_step", "other": "sample_other"}
        samples = {short: self.rows[name][state] for short, name in named.items() if name in self.rows}
        star = best_d(self.meta["layers"]["best"][part], p, q)
        outside = (float(self.outside[state, 0]), float(self.outside[state, 1]))
        return Moment(state, part, p, q, self.rows["d"][state], star, self.rows["g"][state], outside, samples)


def best_d(best: Mapping[str, Any] | None, p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """The best D (X,) against two densities; NaN where neither is more than what packing leaves of it, or where `best` is None."""
    if best is None:
        return np.full_like(p, np.nan)
    known = p + q > max(FEW_CODES / (2 * CODES) * float(q.max()), LEAST)
    weighed = best["weight"] * p
    found = np.sign(weighed - q) if best["rule"] == "sign" else weighed / np.where(known, p + q, 1.0)
    return np.where(known, found, np.nan)
