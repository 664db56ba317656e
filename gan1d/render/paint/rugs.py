"""The batch under the curves: real points as bars, generated ones as triangles, and where the loss wants these to move."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from matplotlib.artist import Artist

from gan1d.render.paint import shapes
from gan1d.render.paint.boxes import Box, Look, Scale
from gan1d.render.paint.moments import Moment

LANES = 8
"""Heights over which the generated points are spread, so that their arrows do not lie on each other."""
MOST = 0.6
"""Of a plot's height, that the rows take; where it is low, there are none."""
SHORTEST = 0.5
"""Pixels below which an arrow is not drawn."""
SHIFT = 0.24
"""Of a lane, by which the arrows of the two losses lie apart."""


class Rugs:
    """Two rows at the foot of a plot; `real` and `fake` are their heights in pixels, 0 for one that is not there."""

    def __init__(self, look: Look, layers: Collection[str], room: float, there: bool):
        row = 1.2 * look.letters + 2
        steps = max(3 * row, min(6 * row, 0.2 * room))
        samples, self.steps = there and "samples" in layers, there and "arrows" in layers and steps <= MOST * room
        self.look = look
        self.real = row if samples and (steps if self.steps else row) + row <= MOST * room else 0.0
        self.fake = steps if self.steps else self.real
        self.total = self.real + self.fake + 4 if self.real or self.fake else 0.0

    def artists(self, box: Box) -> list[Artist]:
        """In the order of painting."""
        palette, thick = self.look.palette, self.look.thick
        self.bars = shapes.strokes(palette.real.colour, 1.75 * thick, box)
        self.other = shapes.strokes(palette.d_star.colour, 1.25 * thick, box)
        self.shafts = shapes.strokes(palette.generated.colour, 1.5 * thick, box)
        self.heads = shapes.area(palette.generated.colour, box)
        self.points = shapes.area(palette.generated.colour, box)
        return [self.bars, self.other, self.shafts, self.heads, self.points]

    def show(self, moment: Moment, scales: Mapping[str, Any], to_px: Scale, box: Box) -> None:
        """Moves them to the batch of a moment."""
        thick = self.look.thick
        inside = lambda px: (px >= box.left) & (px <= box.right)  # noqa: E731
        if self.real:
            real = to_px(moment.samples["real"])
            middle = box.bottom + self.fake + self.real / 2
            self.bars.set_path(shapes.bars(real[inside(real)], middle - 0.36 * self.real, middle + 0.36 * self.real))
        fake = to_px(moment.samples["fake"])
        lanes = LANES if self.steps else 1
        lane = (self.fake - 4) / lanes
        y = box.bottom + 2 + (lanes - np.arange(len(fake)) % lanes - 0.5) * lane
        here = inside(fake)
        if self.steps:
            unit = float(to_px(1.0)) - float(to_px(0.0))
            other = moment.samples.get("other")
            apart = 0.0 if other is None else SHIFT * lane

            def arrows(steps: np.ndarray, shift: float) -> tuple[np.ndarray, np.ndarray]:
                most = scales["step_cap"] * box.width
                far = np.clip(np.nan_to_num(scales["step_scale"] * steps * unit), -most, most)
                seen = here & np.isfinite(steps) & (np.abs(far) > SHORTEST)
                start = np.stack([fake, y + shift], 1)[seen]
                return start, start + np.stack([far, np.zeros_like(far)], 1)[seen]

            head = 3.2 * thick
            if other is not None:
                self.other.set_path(shapes.open_heads(*arrows(other, -apart), head))
            shafts, heads = shapes.arrows(*arrows(moment.samples["step"], apart), head)
            self.shafts.set_path(shafts)
            self.heads.set_path(heads)
        self.points.set_path(shapes.triangles(fake[here], y[here], (2.6 if self.steps else 3.6) * thick))
