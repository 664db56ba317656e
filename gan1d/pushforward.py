"""The generator's density and distribution function, from G itself: nothing is sampled and nothing is smoothed.

The noise axis is cut into cells of known mass. A linear generator needs no cells, its samples are normal. For any other generator each
cell [z_i, z_i+1] is sent to the interval between G(z_i) and G(z_i+1), its mass spread evenly over it; folds add up, and where G is
constant the interval is a point: an atom. Mass is conserved to rounding. NumPy float64 on the host.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

GRID = 256
"""Cells of the picture's x axis."""
ATOM = 1e-6
"""An image narrower than this share of a grid cell is a point."""


class Grid(NamedTuple):
    """Equal cells on the x axis. edges (X+1,), centres x (X,), width, all in data units."""

    edges: np.ndarray
    x: np.ndarray
    width: float


def grid(low: float, high: float, cells: int = GRID) -> Grid:
    """Cuts [low, high] into equal cells."""
    edges = np.linspace(low, high, cells + 1)
    return Grid(edges, 0.5 * (edges[1:] + edges[:-1]), (high - low) / cells)


def linear_cdf(at: np.ndarray, mean: np.ndarray, std: np.ndarray) -> np.ndarray:
    """P(G(z) <= x) for G(z) = s z + m. at (X,) or (F,X), mean and std (F,) -> (F,X). With s = 0, a step."""
    mean, std = np.asarray(mean, float)[:, None], np.asarray(std, float)[:, None]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        steps = (np.atleast_2d(at) - mean) / std
    return np.where(std > 0, ndtr(steps), (at >= mean).astype(float))


def cells_cdf(g: np.ndarray, masses: np.ndarray, where: Grid) -> np.ndarray:
    r"""P(G(z) <= e) at the grid's edges e, from the images of the noise cells' edges.

    Each cell of mass w, image [a, b], adds w clip((e - a)/(b - a), 0, 1): the difference of two ramps. A ramp's second difference
    on the grid has two entries, so all cells are added up with one histogram and two running sums, in O(N + X) a frame.

    Args:
      g: (F, N+1) G at the noise cells' edges. masses: (N,). where: the grid.
    Returns: (F, X+1) in [0, 1], increasing along each row.
    """
    frames, bins = len(g), len(where.edges)
    far = 1e6 * bins  # beyond it, only the side matters
    u = np.clip((g - where.edges[0]) / where.width, -far, far)
    a, b = np.minimum(u[:, :-1], u[:, 1:]), np.maximum(u[:, :-1], u[:, 1:])
    atom = b - a < ATOM
    second = np.zeros((frames, bins + 2))
    rows = np.arange(frames)[:, None] * (bins + 2)

    def add(first: np.ndarray, position: np.ndarray, weight: np.ndarray) -> None:
        """A ramp that starts at `position` (grid units), or with `first` given, the first value that it takes."""
        k = np.clip(np.ceil(position), 0, bins)
        at = (rows + k).astype(np.int64)
        for offset, value in ((0, first), (1, weight - first)):
            flat = np.bincount((at + offset).ravel(), value.ravel(), frames * (bins + 2))
            np.add(second, flat.reshape(frames, -1), out=second)

    slope = np.where(atom, 0.0, masses / np.where(atom, 1.0, b - a))
    for position, sign in ((a, 1.0), (b, -1.0)):
        start = np.clip(np.ceil(position), 0, bins) - position
        add(sign * slope * start, position, sign * slope)
    middle = 0.5 * (a + b)
    add(np.where(atom, masses, 0.0), middle, np.zeros_like(middle))
    cdf = np.cumsum(np.cumsum(second, axis=1), axis=1)[:, :bins]
    return np.maximum.accumulate(np.clip(cdf, 0.0, 1.0), axis=1)


def cells_masses(
    g: np.ndarray, masses: np.ndarray, where: Grid, landmarks: np.ndarray, cdf: Callable[[np.ndarray], np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The generated mass on every stretch where the density is constant, so that no peak is averaged with its surroundings.

    The stretches lie between cuts: the grid's edges, the landmarks (P,) and the images of the noise cells' edges. An atom is spread
    over `ATOM` of a grid cell.

    Args:
      g: (F, N+1) G at the noise cells' edges. masses: (N,). where: the grid. landmarks: where else to cut, data units.
      cdf: any distribution function of points (…,), data units.
    Returns: cuts (F,M), increasing, within the grid and beyond it as far as the images reach; the mass between them (F,M-1); and `cdf` at
      the cuts (F,M), of an atom's two at its place, which is asked once for an edge that two images share, and once for all states.
    """
    cells = len(where.edges) - 1
    u = np.clip((g - where.edges[0]) / where.width, -1e4 * cells, 1e4 * cells)  # beyond, only the side matters
    a, b = np.minimum(u[:, :-1], u[:, 1:]), np.maximum(u[:, :-1], u[:, 1:])
    atom, middle = b - a < ATOM, 0.5 * (a + b)
    a, b = (
        np.where(atom, middle - ATOM, a),
        np.where(atom, middle, b),
    )  # up to its place, as a distribution function counts it
    fixed = np.append(np.arange(cells + 1.0), (landmarks - where.edges[0]) / where.width)
    edges = np.broadcast_to(fixed, (len(g), len(fixed)))
    cuts = np.concatenate([edges, a, b], axis=1)
    order = order_of(cuts)
    cuts = arranged(cuts, order)
    known, at_ends = (cdf(where.edges[0] + where.width * at) for at in (fixed, u))
    low, high = np.minimum(at_ends[:, :-1], at_ends[:, 1:]), np.maximum(at_ends[:, :-1], at_ends[:, 1:])
    levels = arranged(np.concatenate([np.broadcast_to(known, edges.shape), low, high], axis=1), order)

    def at_cuts(start: np.ndarray, stop: np.ndarray) -> np.ndarray:
        """What images have at their two ends, in the order of the cuts that begin a stretch (F,M-1)."""
        return arranged(np.concatenate([np.zeros(edges.shape, start.dtype), start, stop], axis=1), order)[:, :-1]

    spread, nothing = (~atom).astype(np.int16), np.zeros_like(a)
    rise = spread * masses / (b - a)
    # counted, so that rounding leaves no dust where nothing is
    covered = np.cumsum(at_cuts(spread, -spread), axis=1, dtype=np.int16) > 0
    rate = np.where(covered, np.maximum(np.cumsum(at_cuts(rise, -rise), axis=1), 0.0), 0.0)
    mass = rate * np.diff(cuts, axis=1) + at_cuts(np.where(atom, masses, 0.0), nothing)
    return where.edges[0] + where.width * cuts, mass, levels


def order_of(values: np.ndarray) -> np.ndarray:
    """Places (F,N) of each row's values in increasing order; an eighth of the usual time where a row is a few increasing stretches."""
    return np.argsort(values, axis=1, kind="stable")


def arranged(values: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Each row of values (F,N) in its order (F,M), places in the row: `np.take_along_axis` in half the time."""
    return np.take(values.ravel(), order + values.shape[1] * np.arange(len(values))[:, None])


def cells_moments(g: np.ndarray, masses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation (F,) of the spread-out images of the noise cells; g (F, N+1), masses (N,)."""
    a, b = g[:, :-1], g[:, 1:]
    # sums, not products with a matrix: a product's last bit depends on how many states there are, and a run that goes on must repeat
    mean = np.sum(0.5 * (a + b) * masses, axis=1)
    a, b = a - mean[:, None], b - mean[:, None]
    return mean, np.sqrt(np.sum((a * a + a * b + b * b) / 3 * masses, axis=1))


def density(cdf: np.ndarray, where: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Mass of each grid cell over its width (F,X), per data unit, and the mass left and right of the grid (F,2)."""
    return np.diff(cdf, axis=1) / where.width, np.stack([cdf[:, 0], 1.0 - cdf[:, -1]], axis=1)


def cells_cdf_at(g: np.ndarray, masses: np.ndarray, points: np.ndarray) -> np.ndarray:
    """P(G(z) <= x) at a few points (P,), cell by cell; g (F, N+1), masses (N,) -> (F,P)."""
    a, b = np.minimum(g[:, :-1], g[:, 1:]), np.maximum(g[:, :-1], g[:, 1:])
    width = b - a
    safe = np.where(width > 0, width, 1.0)
    columns = [np.sum(np.where(width > 0, np.clip((x - a) / safe, 0.0, 1.0), a <= x) * masses, axis=1) for x in points]
    return np.stack(columns, axis=1)
