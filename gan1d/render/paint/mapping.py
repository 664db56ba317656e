"""The generator as arrows, from the noise axis at the foot up to the data axis of the plot above."""

from __future__ import annotations

import numpy as np
from matplotlib.artist import Artist

from gan1d.render.paint import numbers, shapes
from gan1d.render.paint.boxes import Box, Look, Scale, scale
from gan1d.render.paint.letters import Words
from gan1d.render.paint.moments import Moment, Run

MANY, FEW, NARROW = 32, 16, 26.0
"""Arrows, evenly spaced in probability; fewer where the plot is narrower than so many letters."""
AIR = 0.04
"""Of the noise axis, beyond its outermost values."""
HEAD, LINE = 6.0, 1.25


class Mapping:
    """Arrows z -> x = G(z) in a box right below a plot, as wide as it."""

    def __init__(self, run: Run, box: Box, look: Look, to_x: Scale):
        """The box has the letters of the noise axis inside."""
        size, palette, z = look.letters, look.palette, run.z
        self.look, self.to_x = look, to_x
        self.box = box.within(bottom=1.45 * size)
        air = AIR * float(z[-1] - z[0])
        to_z = scale(float(z[0]) - air, float(z[-1]) + air, self.box.left, self.box.right)
        count = min(len(z), FEW if box.width < NARROW * size else MANY)
        self.chosen = np.floor((np.arange(count) + 0.5) * len(z) / count).astype(int)
        self.start = np.stack([to_z(z[self.chosen]), np.full(count, self.box.bottom)], 1)
        base = shapes.strokes(palette.muted, max(0.8, 0.8 * look.thick), None)
        ends = np.array([[[self.box.left, y], [self.box.right, y]] for y in (self.box.bottom, self.box.top)])
        base.set_path(shapes.many(ends, closed=False))
        self.still: list[Artist] = [base]
        low, high = (float(to_z.back(end)) for end in (self.box.left, self.box.right))
        for t in numbers.ticks(low, high, box.width / (6 * size)):
            words = Words(size, palette.muted, align="center")
            words.put(numbers.tick(t), float(to_z(t)), self.box.bottom - 1.2 * size)
            self.still.append(words)
        self.shafts = shapes.strokes(palette.generated.colour, LINE * look.thick, self.box)
        self.heads = shapes.area(palette.generated.colour, self.box)
        self.moving: list[Artist] = [self.shafts, self.heads]

    def show(self, moment: Moment) -> None:
        """Moves the arrows."""
        x = self.to_x(moment.g[self.chosen])
        there = np.isfinite(x)
        far = 2 * self.box.width
        end = np.stack([np.clip(x, self.box.left - far, self.box.right + far), np.full(len(x), self.box.top)], 1)
        shafts, heads = shapes.arrows(self.start[there], end[there], HEAD * self.look.thick, 0.5)
        self.shafts.set_path(shafts)
        self.heads.set_path(heads)
