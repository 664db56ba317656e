"""What the generator's density is at every recorded state, and how far it is from the data's: exactly, on the host, in float64.

Rows do not know of each other: measured in blocks, while training goes on on another core, they are bit for bit what they are at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gan1d import metrics, pushforward
from gan1d.config import Config, Generator
from gan1d.data import Target
from gan1d.noise import NOISES, Cells, cells

QUANTILES = 256
"""Noise quantiles recorded with each state."""
LEVELS = (np.arange(QUANTILES) + 0.5) / QUANTILES
"""Levels of those quantiles."""
BLOCK = 64
"""States that are measured at once: their arrays stay in the processor's cache, which is twice as quick as all of them at once."""


class Measuring:
    """The measurements of a run's recorded states, in the order in which they come."""

    def __init__(self, config: Config, data: Target, where: pushforward.Grid):
        self._about = config.generator, data, where
        self._blocks: list[dict[str, np.ndarray]] = []

    def add(self, g: np.ndarray) -> None:
        """Measures the states that come next; g (R,…), as `recording.observe` records it."""
        for i in range(0, len(g), BLOCK):
            self._blocks.append(generated(np.asarray(g[i : i + BLOCK], float), *self._about))

    def rows(self, frames: int) -> dict[str, np.ndarray]:
        """All of them, (F, …) each; the last one stands for those that a run which ended early does not have."""
        return joined(self._blocks, frames)


def joined(blocks: Sequence[dict[str, np.ndarray]], frames: int) -> dict[str, np.ndarray]:
    """Rows (F, …) of the blocks, one after the other; the last row stands for those that are not there."""
    whole = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
    missing = frames - len(next(iter(whole.values())))
    if missing:
        whole = {name: np.concatenate([values, np.repeat(values[-1:], missing, 0)]) for name, values in whole.items()}
    return whole


def generated(g: np.ndarray, by: Generator, data: Target, where: pushforward.Grid) -> dict[str, np.ndarray]:
    """Density and metrics of the generator at every recorded state, (F, …) each; g (F, …) as `recording.observe` records it."""
    if by.kind != "linear":
        return mapped_density(g, by, data, where)
    noise = cells(by.noise)
    if by.noise != "normal":
        return mapped_density(g[:, :1] + g[:, 1:] * noise.edges, by, data, where)
    return linear_density(g, noise, NOISES[by.noise].ppf(LEVELS), data, where)


def linear_density(
    g: np.ndarray, noise: Cells, z: np.ndarray, data: Target, where: pushforward.Grid
) -> dict[str, np.ndarray]:
    """Density and metrics of a linear generator of normal noise, in closed form; g (F,2) its mean and standard deviation."""
    mean, std = g[:, 0], g[:, 1]
    p_gen, outside = pushforward.density(pushforward.linear_cdf(where.edges, mean, std), where)
    forward, backward = metrics.linear_kl(mean, std, data)
    return {
        "p_gen": p_gen,
        "mass_outside": outside,
        "g": mean[:, None] + std[:, None] * z,
        "mean": mean,
        "std": std,
        "jsd": metrics.linear_jsd(mean, std, np.union1d(where.edges, data.landmarks), data.cdf),
        "kl_data_gen": forward,
        "kl_gen_data": backward,
        "w1": metrics.w1(mean[:, None] + std[:, None] * noise.nodes, noise.masses, data.quantiles, in_order=True),
        "mode_mass": metrics.mode_masses(lambda at: pushforward.linear_cdf(at, mean, std), data.centres, data.stds),
    }


def mapped_density(g: np.ndarray, by: Generator, data: Target, where: pushforward.Grid) -> dict[str, np.ndarray]:
    """Density and metrics of any other generator, by its images of the noise cells; g (F, N+1) at their edges."""
    noise, z = cells(by.noise), NOISES[by.noise].ppf(LEVELS)
    masses, bounded = noise.masses, by.kind == "mlp" and by.activation == "tanh"
    p_gen, outside = pushforward.density(pushforward.cells_cdf(g, masses, where), where)
    cuts, inside, levels = pushforward.cells_masses(g, masses, where, data.landmarks, data.cdf)
    p, q = metrics.with_outside(levels), np.pad(inside, ((0, 0), (1, 1)))
    atoms = np.where(g[:, 1:] == g[:, :-1], masses, 0.0).sum(axis=1)
    mean, std = pushforward.cells_moments(g, masses)
    i = np.searchsorted(noise.edges, z) - 1
    share = (z - noise.edges[i]) / (noise.edges[i + 1] - noise.edges[i])
    return {
        "p_gen": p_gen,
        "mass_outside": outside,
        "g": g[:, i] * (1 - share) + g[:, i + 1] * share,
        "mean": mean,
        "std": std,
        "jsd": metrics.jsd_of_masses(p, q),
        "kl_data_gen": metrics.mapped_kl_data_gen(g, by.noise, data, bounded),
        "kl_gen_data": metrics.mapped_kl(cuts, inside, atoms, pushforward.ATOM * where.width, data),
        "w1": metrics.w1(0.5 * (g[:, 1:] + g[:, :-1]), masses, data.quantiles),
        "mode_mass": metrics.mode_masses(lambda at: pushforward.cells_cdf_at(g, masses, at), data.centres, data.stds),
    }
