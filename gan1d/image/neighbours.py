"""Nearest neighbours among features, by all distances in blocks: exact, and quick up to some ten thousand points."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gan1d.fields import ConfigError

ROWS = 1024
"""Points compared at once with all others."""


def blocks(count: int) -> Iterator[slice]:
    """Slices that cover 0 to count."""
    return (slice(start, min(start + ROWS, count)) for start in range(0, count, ROWS))


def squared_distances(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """|x - y|^2 of points x (A,D), y (B,D): (A,B), as |x|^2 + |y|^2 - 2 x·y, not below 0."""
    d = x @ y.T
    d *= -2
    d += np.sum(x * x, axis=1)[:, None]
    d += np.sum(y * y, axis=1)
    return np.maximum(d, 0.0, out=d)


def radii(points: np.ndarray, k: int) -> np.ndarray:
    """Squared distance (N,) of each point (N,D) to its k-th nearest other point.

    Raises:
      ConfigError: no k other points.
    """
    if not 1 <= k < len(points):
        raise ConfigError("k", k, f"it must be from 1 to {len(points) - 1}, one less than there are points")
    found = np.empty(len(points))
    for part in blocks(len(points)):
        d = _without_self(squared_distances(points[part], points), part)
        found[part] = np.partition(d, k - 1, axis=1)[:, k - 1]
    return found


def nearest(queries: np.ndarray, points: np.ndarray, k: int = 1, same: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest points (N,D) of each query (Q,D): distances (Q,k), nearest first, and which points (Q,k).

    same: the queries are the first of the points, in order, and no point is its own neighbour.

    Raises:
      ConfigError: fewer than k points.
    """
    most = len(points) - same
    if not 1 <= k <= most:
        raise ConfigError("k", k, f"it must be from 1 to {most}, the number of points")
    queries, points = np.asarray(queries, np.float64), np.asarray(points, np.float64)
    distances, which = np.empty((len(queries), k)), np.empty((len(queries), k), np.int64)
    for part in blocks(len(queries)):
        d = squared_distances(queries[part], points)
        if same:
            d = _without_self(d, part)
        some = np.argpartition(d, k - 1, axis=1)[:, :k]
        order = np.argsort(np.take_along_axis(d, some, axis=1), axis=1, kind="stable")
        which[part] = np.take_along_axis(some, order, axis=1)
        distances[part] = np.sqrt(np.take_along_axis(d, which[part], axis=1))
    return distances, which


def _without_self(d: np.ndarray, part: slice) -> np.ndarray:
    d[np.arange(part.stop - part.start), np.arange(part.start, part.stop)] = np.inf
    return d
