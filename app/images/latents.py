"""Noise to play with: drawn, cut short, led from one place to another, added and taken away. NumPy alone; (…, Z), Z the latent size."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri


def drawn(kind: str, count: int, size: int, seed: int, truncation: float | None = None) -> np.ndarray:
    """(count, size) numbers of N(0, 1), of U(-1, 1), or mixed, as `gan1d.image.updates.latents` has them; the same for the same seed.

    truncation: none is beyond it, signs apart; of normal ones, those that would be are drawn again from within (by the distribution's
    inverse), which trades variety for samples that look typical. Source: Brock et al. 2019, arXiv:1809.11096, section 3.1.
    """
    level = np.random.default_rng(seed).random((count, size))
    if kind == "uniform":
        return (2 * level - 1) * min(truncation or 1.0, 1.0)
    low = 0.0 if truncation is None else float(ndtr(-truncation))
    z = np.asarray(ndtri(np.clip(low + level * (1 - 2 * low), 1e-12, 1 - 1e-12)))
    if kind == "mixed":
        z[:, : size // 2] = np.where(level[:, : size // 2] < 0.5, -1.0, 1.0)
    return z


def between(a: np.ndarray, b: np.ndarray, count: int, kind: str) -> np.ndarray:
    """(count, Z) places from a to b, both included: on the straight line for uniform noise, else on the arc.

    A straight line between two normal draws leads through lengths that hardly any draw has. Source: White 2016, arXiv:1609.04468.
    """
    t = np.linspace(0, 1, count)[:, None]
    lengths = np.linalg.norm(a), np.linalg.norm(b)
    if kind == "uniform" or min(lengths) == 0:
        return (1 - t) * a + t * b
    angle = np.arccos(np.clip(a @ b / (lengths[0] * lengths[1]), -1, 1))
    if np.sin(angle) < 1e-6:
        return (1 - t) * a + t * b
    return (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)


def arithmetic(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """(Z,) mean(a) − mean(b) + mean(c), each (N, Z) the noise of picked samples.

    Means of several are steadier than single ones. Source: Radford et al. 2016, arXiv:1511.06434, section 6.3.2.
    """
    return np.asarray(a.mean(0) - b.mean(0) + c.mean(0))


def moved(z: np.ndarray, places: dict[int, float]) -> np.ndarray:
    """z with some of its numbers set otherwise."""
    found = z.copy()
    for place, value in places.items():
        found[place] = value
    return found


def reach(kind: str) -> float:
    """How far a single number is worth moving: nearly all of a normal one, all of a uniform one."""
    return 1.0 if kind == "uniform" else 3.0
