"""The plot of a panel: its axes, and the curves of one run at one state."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from matplotlib.artist import Artist
from matplotlib.patches import PathPatch

from gan1d.render.paint import numbers, shapes
from gan1d.render.paint.boxes import Box, Look, scale
from gan1d.render.paint.letters import Words, width
from gan1d.render.paint.moments import Moment, Run
from gan1d.render.paint.rugs import Rugs

TICK = 1.0
"""Size of the ticks' letters, in the panel's."""
APART, UPWARDS = 4.5, 2.6
"""Least room of a tick along x, and of one upwards, in letters."""
HATCH, HATCH_WIDTH = 6.0, 1.0
"""Distance and width of the strokes between D and D*, in the picture's thickness."""
ON_D = ("d", "d_star", "gap", "optimum")
"""The layers that stand on D's axis."""


class Plot:
    """Axes and curves in a box; `still` are the artists that stay, `moving` those that `show` changes, both in the order of painting."""

    def __init__(self, run: Run, box: Box, look: Look, layers: Collection[str]):
        """The box has the ticks' letters inside."""
        self.run, self.look, self.layers = run, look, layers
        meta = run.meta
        size = look.letters * TICK
        top = 0.8 * size
        below = 1.45 * size
        self.rugs = Rugs(look, layers, box.height - top - below, meta["samples"] > 0)
        share = min(0.6, self.rugs.total / max(1.0, box.height - top - below))
        room = box.height - top - below
        left = 0.45 * size + max(width(said, size) for said, _ in self._density_ticks(room * (1 - share)))
        has_d = any(name in layers for name in ON_D)
        right = (
            0.45 * size + max((width(said, size) for said, _ in self._d_ticks(room * (1 - share))), default=0.0)
            if has_d
            else 0.5 * size
        )
        self.box = box.within(left=left, right=right, top=top, bottom=below)
        x = run.x
        floor = self.box.bottom + share * self.box.height
        self.floor = floor
        self.x = scale(float(x[0]), float(x[-1]), self.box.left, self.box.right)
        self.density = scale(0.0, meta["density_max"], floor, self.box.top)
        low, high = meta["d_range"]
        self.d = scale(low, high, floor, self.box.top)
        self.px = self.x(x)
        self.still: list[Artist] = []
        self.moving: list[Artist] = []
        self._axes(size, has_d)
        self._curves()
        if self.rugs.total:
            self.moving += self.rugs.artists(self.box)

    def _density_ticks(self, room: float) -> list[tuple[str, float]]:
        top = self.run.meta["density_max"]
        found = numbers.ticks(0.0, top, max(1.0, min(5.0, room / (UPWARDS * self.look.letters))))
        most = 1.2 * self.look.letters / max(room, 1.0) * top
        return [(numbers.tick(t), t) for t in found if t == 0 or t >= most]

    def _d_ticks(self, room: float) -> list[tuple[str, float]]:
        low, high = self.run.meta["d_range"]
        if self.run.meta["output"] == "probability":
            all_three = [("0", 0.0), ("½", 0.5), ("1", 1.0)]
            return (
                all_three
                if room >= 2.4 * self.look.letters
                else all_three[::2]
                if room > 1.2 * self.look.letters
                else []
            )
        found = numbers.ticks(low, high, max(1.0, min(5.0, room / (UPWARDS * self.look.letters))))
        return [(numbers.tick(t), t) for t in found]

    def _words(self, size: float, said: str, x: float, y: float, align: str, strong: bool = False) -> None:
        palette = self.look.palette
        words = Words(size, palette.text if strong else palette.muted, align=align)
        words.put(said, x, y)
        self.still.append(words)

    def _axes(self, size: float, has_d: bool) -> None:
        box, palette, thick = self.box, self.look.palette, self.look.thick
        room = box.top - self.floor
        densities = self._density_ticks(room)
        grid = shapes.strokes(palette.grid, max(0.8, 0.8 * thick), None)
        levels = np.array([float(self.density(t)) for _, t in densities])
        ends = np.array([[[box.left, level], [box.right, level]] for level in levels])
        grid.set_path(shapes.many(ends, closed=False))
        base = shapes.strokes(palette.muted, max(0.8, 0.8 * thick), None)
        base.set_path(shapes.many(np.array([[[box.left, box.bottom], [box.right, box.bottom]]]), closed=False))
        self.still += [grid, base]
        gap = 0.45 * size
        for said, t in densities:
            self._words(size, said, box.left - gap, float(self.density(t)) - 0.36 * size, "right")
        if has_d:
            for said, t in self._d_ticks(room):
                self._words(size, said, box.right + gap, float(self.d(t)) - 0.36 * size, "left", strong=True)
        along = numbers.ticks(float(self.run.x[0]), float(self.run.x[-1]), box.width / (APART * size))
        for t in along:
            said = numbers.tick(t)
            half = width(said, size) / 2
            place = min(max(float(self.x(t)), box.left - gap + half), box.right + gap - half)
            if abs(place - float(self.x(t))) < half:
                self._words(size, said, place, box.bottom - 1.2 * size, "center")

    def _curves(self) -> None:
        look, palette, on = self.look, self.look.palette, self.layers
        box = self.box
        self.hatch = shapes.strokes((*palette.d_star.colour[:3], 0.7), HATCH_WIDTH * look.thick, box)
        self.real_area, self.real = shapes.area(palette.real_fill, box), shapes.curve(palette.real, look, box)
        self.generated_area = shapes.area(palette.generated_fill, box)
        self.generated = shapes.curve(palette.generated, look, box)
        self.d_line, self.star = shapes.curve(palette.d, look, box), shapes.curve(palette.d_star, look, box)
        self.curves = {"real": self.real, "generated": self.generated, "d": self.d_line, "d_star": self.star}
        optimum = self.run.meta["optimum_d"]
        if "optimum" in on and optimum is not None:
            line = shapes.curve(palette.optimum, look, box)
            line.set_data([box.left, box.right], [float(self.d(optimum))] * 2)
            self.still.append(line)
        if "gap" in on:
            self.moving.append(self.hatch)
        if "real" in on:
            alone = len(self.run.p_data) == 1  # else the data change where another part of the run begins
            (self.still if alone else self.moving).extend([self.real_area, self.real])
        if "d" in on:
            self.moving.append(self.d_line)
        if "generated" in on:
            self.moving += [self.generated_area, self.generated]
        if "d_star" in on:
            self.moving.append(self.star)
        self._part = -1

    def show(self, moment: Moment) -> None:
        """Moves the curves."""
        px, box, on = self.px, self.box, self.layers
        if moment.part != self._part and "real" in on:
            self._part = moment.part
            self._density(self.real_area, self.real, moment.p_data)
        if "generated" in on:
            self._density(self.generated_area, self.generated, moment.p_gen)
        d = shapes.reach(self.d(moment.d), box)
        if "d" in on:
            self.d_line.set_data(px, d)
        if "d_star" in on:
            self.star.set_data(px, self.d(moment.d_star))
        if "gap" in on:
            self._hatched(d, self.d(moment.d_star))
        if self.rugs.total:
            self.rugs.show(moment, self.run.meta["layers"], self.x, self.box)

    def _density(self, area: PathPatch, line: object, density: np.ndarray) -> None:
        y = shapes.reach(self.density(density), self.box)
        area.set_path(shapes.under(self.px, y, self.floor))
        line.set_data(self.px, y)  # type: ignore[attr-defined]

    def _hatched(self, d: np.ndarray, star: np.ndarray) -> None:
        step = HATCH * self.look.thick
        places = np.arange(self.box.left + step / 2, self.box.right, step)
        one, other = np.interp(places, self.px, d), np.interp(places, self.px, star)
        there = np.isfinite(one) & np.isfinite(other)
        ends = np.stack([np.stack([places, one], 1), np.stack([places, other], 1)], 1)[there]
        self.hatch.set_path(shapes.many(ends, closed=False))
