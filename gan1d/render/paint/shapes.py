"""Shapes of a panel: curves, areas, hatching, bars, triangles and arrows, all in pixels; many alike are one path."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from matplotlib.artist import Artist
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.transforms import Bbox

from gan1d.render.paint.boxes import Box, Look
from gan1d.render.palette import Colour, Line

Drawn = TypeVar("Drawn", bound=Artist)
NOTHING = Path(np.zeros((0, 2)))
FAR = 4.0
"""How far beyond the plotting area a curve is followed, in the area's height: a spike may be a thousand times as high."""


def curve(line: Line, look: Look, clip: Box | None) -> Line2D:
    """A curve without points yet."""
    drawn = Line2D(
        [], [], color=line.colour, linewidth=line.width * look.thick, solid_joinstyle="round", dash_joinstyle="round"
    )
    drawn.set_solid_capstyle("round")
    drawn.set_dash_capstyle("butt")
    if line.dash:
        drawn.set_linestyle((0, tuple(length / line.width for length in line.dash)))
    return clipped(drawn, clip)


def area(colour: Colour, clip: Box | None) -> PathPatch:
    """A filled area without an edge, without points yet."""
    return clipped(PathPatch(NOTHING, facecolor=colour, edgecolor="none", linewidth=0), clip)


def strokes(colour: Colour, width: float, clip: Box | None) -> PathPatch:
    """Lines that are not filled, without points yet."""
    return clipped(PathPatch(NOTHING, facecolor="none", edgecolor=colour, linewidth=width, capstyle="butt"), clip)


def clipped(artist: Drawn, clip: Box | None) -> Drawn:
    """The artist, drawn within a box only."""
    if clip is not None:
        artist.set_clip_box(Bbox.from_bounds(*clip))
    return artist


def reach(y: np.ndarray, box: Box) -> np.ndarray:
    """Heights that a painter of pixels can follow."""
    return np.clip(y, box.bottom - FAR * box.height, box.top + FAR * box.height)


def under(x: np.ndarray, y: np.ndarray, floor: float) -> Path:
    """The area from a curve down to a level."""
    points = np.empty((len(x) + 3, 2))
    points[1:-2, 0], points[1:-2, 1] = x, y
    points[0] = points[-1] = x[0], floor
    points[-2] = x[-1], floor
    codes = np.full(len(points), Path.LINETO, np.uint8)
    codes[0], codes[-1] = Path.MOVETO, Path.CLOSEPOLY
    return Path(points, codes)


def between(x: np.ndarray, upper: np.ndarray, lower: np.ndarray) -> Path:
    """What lies between two curves, wherever both are."""
    both = np.isfinite(upper) & np.isfinite(lower)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], both, [False]]).astype(np.int8)))
    pieces = []
    for first, end in edges.reshape(-1, 2):
        if end - first > 1:
            s = slice(first, end)
            outline = np.concatenate([np.stack([x[s], upper[s]], 1), np.stack([x[s], lower[s]], 1)[::-1]])
            pieces.append(Path(np.vstack([outline, outline[:1]]), closed=True))
    return Path.make_compound_path(*pieces) if pieces else NOTHING


def many(shapes: np.ndarray, closed: bool) -> Path:
    """N shapes of P points each (N,P,2) as one path."""
    n, p = shapes.shape[:2]
    if not n:
        return NOTHING
    if closed:
        shapes = np.concatenate([shapes, shapes[:, :1]], 1)
        p += 1
    codes = np.full((n, p), Path.LINETO, np.uint8)
    codes[:, 0] = Path.MOVETO
    if closed:
        codes[:, -1] = Path.CLOSEPOLY
    return Path(shapes.reshape(-1, 2), codes.ravel())


def bars(x: np.ndarray, low: float, high: float) -> Path:
    """Upright strokes."""
    shapes = np.empty((len(x), 2, 2))
    shapes[:, :, 0] = x[:, None]
    shapes[:, 0, 1], shapes[:, 1, 1] = low, high
    return many(shapes, closed=False)


def triangles(x: np.ndarray, y: np.ndarray, size: float) -> Path:
    """Triangles that stand on their sides, around their places."""
    corners = np.array([[-1, -1], [1, -1], [0, 1.2]]) * size
    return many(np.stack([x, y], 1)[:, None, :] + corners, closed=True)


def arrows(start: np.ndarray, end: np.ndarray, head: float, wide: float = 0.6) -> tuple[Path, Path]:
    """(shafts, heads) of arrows from (N,2) to (N,2); a head is no longer than its arrow, and the shaft ends where it begins."""
    way = end - start
    length = np.hypot(way[:, 0], way[:, 1])
    unit = way / np.where(length > 0, length, 1.0)[:, None]
    back = np.minimum(head, length)[:, None]
    across = np.stack([-unit[:, 1], unit[:, 0]], 1) * wide * head
    root = end - back * unit
    return (
        many(np.stack([start, root], 1), closed=False),
        many(np.stack([root + across, end, root - across], 1), closed=True),
    )


def open_heads(start: np.ndarray, end: np.ndarray, head: float, wide: float = 0.6) -> Path:
    """Arrows whose heads are two strokes."""
    way = end - start
    length = np.hypot(way[:, 0], way[:, 1])
    unit = way / np.where(length > 0, length, 1.0)[:, None]
    back = np.minimum(head, length)[:, None]
    across = np.stack([-unit[:, 1], unit[:, 0]], 1) * wide * head
    root = end - back * unit
    shafts = many(np.stack([start, end], 1), closed=False)
    heads = many(np.stack([root + across, end, root - across], 1), closed=False)
    return Path.make_compound_path(shafts, heads) if len(start) else NOTHING
