"""Room in a picture, in pixels from its lower left corner, and how it is shared out."""

from __future__ import annotations

import math
from typing import NamedTuple, Self

import numpy as np

from gan1d.render.palette import Colour, Palette


class Box(NamedTuple):
    """A rectangle."""

    left: float
    bottom: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right end."""
        return self.left + self.width

    @property
    def top(self) -> float:
        """Its upper end."""
        return self.bottom + self.height

    def within(self, left: float = 0, right: float = 0, top: float = 0, bottom: float = 0) -> Self:
        """What is left when so much is taken off at the sides."""
        width, height = max(1.0, self.width - left - right), max(1.0, self.height - top - bottom)
        return type(self)(self.left + left, self.bottom + bottom, width, height)


class Look(NamedTuple):
    """What a part of a picture is drawn with."""

    palette: Palette
    letters: float
    """Size of an axis' letters, pixels."""
    thick: float
    """Pixels of a line of width 1."""
    halo: Colour | None
    """Behind names that stand on curves; None on a transparent background."""


class Scale(NamedTuple):
    """From values to pixels: start + unit value."""

    start: float
    unit: float

    def __call__(self, values: np.ndarray | float, /) -> np.ndarray:
        """Pixels."""
        return self.start + self.unit * np.asarray(values, float)

    def back(self, pixels: np.ndarray | float) -> np.ndarray:
        """Values."""
        return (np.asarray(pixels, float) - self.start) / self.unit


def scale(low: float, high: float, start: float, end: float) -> Scale:
    """The scale on which low and high lie at these pixels."""
    unit = (end - start) / (high - low)
    return Scale(start - unit * low, unit)


WIDE, EMPTY = 1.6, 1.0
"""How wide a panel is best, in its height, and what an empty one costs."""


def grid(count: int, width: float, height: float, wide: float = WIDE) -> tuple[int, int]:
    """(rows, columns) of equal panels: those that come nearest to `wide`, with few empty ones."""

    def cost(columns: int) -> float:
        rows = -(-count // columns)
        off = abs(math.log((width / columns) / (height / rows) / wide))
        return off + EMPTY * (rows * columns - count)

    columns = min(range(1, count + 1), key=cost)
    return -(-count // columns), columns


def cells(area: Box, rows: int, columns: int, gap: float) -> list[Box]:
    """The panels' boxes, row by row from the top."""
    width = (area.width - (columns - 1) * gap) / columns
    height = (area.height - (rows - 1) * gap) / rows
    return [
        Box(area.left + c * (width + gap), area.top - (r + 1) * height - r * gap, width, height)
        for r in range(rows)
        for c in range(columns)
    ]
