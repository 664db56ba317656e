"""The generator's noise z, mean 0 and standard deviation 1, and its axis cut into cells of known mass.

Edges, masses and quantiles are NumPy in float64; sampling is JAX.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

from gan1d.config import NOISES as NAMES

if TYPE_CHECKING:
    import jax

Function = Callable[[np.ndarray], np.ndarray]

CELLS = 512
"""Noise cells between the tails. Doubling it moves an MLP generator's JSD by less than 1e-3 nats (tests/gan1d/test_pushforward.py)."""
STRETCH = 1.5
"""The cells are quantiles of a normal this much wider than the noise: coarser in the middle, finer in the tails, where G's slope shows."""
REACH = 8.0
"""|z| up to which the cells are fine; the mass beyond is 1e-15."""
FARTHEST = 38.0
"""|z| up to which there are cells at all, of width 1: the last normal density that float64 can hold. Only KL divergences see them."""


STEEP = 5.0
"""Uniform noise has cells down to the mass of a normal beyond this: 3e-7."""


class Noise(NamedTuple):
    """A distribution of z.

    sample(u, z) -> float32 of their shape, in JAX, of numbers u uniform between 0 and 1 and their standard normal quantiles z.
    ppf(u): quantiles, NumPy float64.
    edges(cells) -> increasing edges (N+1,); masses(edges) -> (N,), summing to 1; nodes(edges) -> (N,) means of z within each cell:
      expectations of a linear G over them are exact.
    """

    sample: Callable[[jax.Array, jax.Array], jax.Array]
    ppf: Function
    edges: Callable[[int], np.ndarray]
    masses: Function
    nodes: Function


class Cells(NamedTuple):
    """The noise axis in cells: edges (N+1,), masses (N,), nodes (N,)."""

    edges: np.ndarray
    masses: np.ndarray
    nodes: np.ndarray


NOISES: dict[str, Noise] = {}


def register_noise(name: str) -> Callable[[Callable[[], Noise]], Callable[[], Noise]]:
    """Adds a noise under the name that `generator.noise` uses."""
    if name not in NAMES:
        raise ValueError(f"{name} is not in config.NOISES")

    def add(make: Callable[[], Noise]) -> Callable[[], Noise]:
        NOISES[name] = make()
        return make

    return add


@cache
def cells(name: str, count: int = CELLS) -> Cells:
    """The cells of a noise, about `count` of them; read-only."""
    noise = NOISES[name]
    edges = noise.edges(count)
    found = Cells(edges, noise.masses(edges), noise.nodes(edges))
    for array in found:
        array.setflags(write=False)
    return found


def noise_edges(count: int = CELLS) -> np.ndarray:
    """Edges of a standard normal's cells (N+1,), increasing from -REACH to REACH."""
    middle = STRETCH * ndtri(np.arange(1, count) / count)
    tail = np.arange(np.ceil(4 * middle[-1]) / 4, REACH + 0.01, 0.25)
    return np.concatenate([-tail[::-1], middle, tail])


@register_noise("normal")
def normal() -> Noise:
    r"""z ~ N(0, 1), density exp(-z^2/2) / sqrt(2 pi). Source: Goodfellow et al. 2014, arXiv:1406.2661, leave it open; most use this."""

    def sample(u: jax.Array, z: jax.Array) -> jax.Array:
        return z

    def edges(count: int) -> np.ndarray:
        far = np.arange(REACH + 1, FARTHEST + 0.5)
        return np.concatenate([-far[::-1], noise_edges(count), far])

    def masses(edges: np.ndarray) -> np.ndarray:
        a, b = edges[:-1], edges[1:]
        upper = a >= 0  # there 1 - ndtr would be rounded away
        within = np.where(upper, ndtr(-a) - ndtr(-b), ndtr(b) - ndtr(a))
        within[0] += ndtr(edges[0])
        within[-1] += ndtr(-edges[-1])
        return within

    def nodes(edges: np.ndarray) -> np.ndarray:
        density = np.exp(-0.5 * edges**2) / np.sqrt(2 * np.pi)
        density[0] = density[-1] = 0.0
        found = -np.diff(density) / masses(edges)
        return np.clip(found, edges[:-1], edges[1:])  # far out, the quotient of two tiny numbers

    return Noise(sample, ndtri, edges, masses, nodes)


@register_noise("uniform")
def uniform() -> Noise:
    r"""z ~ U(-sqrt 3, sqrt 3), standard deviation 1, so that |s| is the standard deviation of a linear G's samples here too.

    Source: uniform noise as in Radford et al. 2016, arXiv:1511.06434, scaled.
    """
    end = float(np.sqrt(3.0))

    def sample(u: jax.Array, z: jax.Array) -> jax.Array:
        return end * (2 * u - 1)

    def ppf(u: np.ndarray) -> np.ndarray:
        return end * (2 * np.asarray(u, float) - 1)

    def edges(count: int) -> np.ndarray:
        inner = noise_edges(count)
        levels = ndtr(
            inner[np.abs(inner) < STEEP]
        )  # as fine near the ends as a normal's cells: heavy tails are sent there
        return np.concatenate([[-end], ppf(levels), [end]])

    def masses(edges: np.ndarray) -> np.ndarray:
        return np.diff(edges) / (2 * end)

    def nodes(edges: np.ndarray) -> np.ndarray:
        return 0.5 * (edges[1:] + edges[:-1])

    return Noise(sample, ppf, edges, masses, nodes)
