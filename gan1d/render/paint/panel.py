"""A panel: one run at one state, with what is written over and under its plot."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from matplotlib.artist import Artist

from gan1d.render.options import MAP, text
from gan1d.render.paint import shapes
from gan1d.render.paint.boxes import Box, Look
from gan1d.render.paint.frame import SWATCH, UNSAID, Head, Heading, State
from gan1d.render.paint.letters import Words, width, wrapped
from gan1d.render.paint.mapping import Mapping
from gan1d.render.paint.moments import Moment, Run
from gan1d.render.paint.names import Names
from gan1d.render.paint.plot import ON_D, Plot
from gan1d.render.palette import Colour, Line

LEAST_PLOT = 0.42
"""Share of a panel that its plot has; what is written gives way."""
MAP_HIGH = 0.3
"""Share of the map of what it has together with the plot."""
LEADING = 1.3
"""Height of a line, in its letters."""
CAPTION = 1.0
"""Size in the panel's letters."""


class Panel:
    """Everything of one run in a box. `captions` are all that can be said under it; () leaves no room for any."""

    def __init__(
        self,
        run: Run,
        box: Box,
        look: Look,
        layers: Collection[str],
        *,
        gliding: bool,
        head: Head | None = None,
        captions: Sequence[str] = (),
    ):
        self.run, self.look, self.box = run, look, box
        self.still: list[Artist] = []
        self.moving: list[Artist] = []
        size = look.letters
        with_map = MAP in layers
        self.caption_lines: list[Words] = []
        self.heading = Heading(head, box, look) if head else None
        rest = box.within(top=self.heading.height) if self.heading else box
        lines = max((len(wrapped(words, CAPTION * size, box.width)) for words in captions), default=0)
        wishes = {
            "caption": (lines * LEADING * CAPTION + 0.5) * size if lines else 0.0,
            "axes": LEADING * size,
            "x": LEADING * size if not with_map or box.height > 25 * size else 0.0,
        }
        least = LEAST_PLOT * box.height + (2 * LEADING * size)
        for name in ("x", "axes", "caption"):
            if rest.height - sum(wishes.values()) < least:
                wishes[name] = 0.0
        if wishes["caption"]:
            rest = self._caption(rest, wishes["caption"], lines)
        under = rest.within(top=wishes["axes"], bottom=wishes["x"])
        high = MAP_HIGH * under.height if with_map else 0.0
        self.plot = Plot(run, under.within(bottom=high), look, layers)
        self.map = None
        if with_map:
            area = Box(self.plot.box.left, under.bottom, self.plot.box.width, high)
            self.map = Mapping(run, area, look, self.plot.x)
        if wishes["axes"]:
            self._axes(rest, layers)
        if wishes["x"]:
            self._x_name(rest.bottom, with_map)
        self.names = Names(self.plot, gliding)
        heading = self.heading.artists if self.heading else []
        self.still = [*self.still, *self.plot.still, *(self.map.still if self.map else [])]
        self.moving = [
            *heading,
            *self.moving,
            *self.plot.moving,
            *(self.map.moving if self.map else []),
            *self.names.artists,
        ]

    def _words(
        self, said: str, x: float, y: float, size: float, colour: Colour, *, bold: bool = False, align: str = "left"
    ) -> Words:
        words = Words(size, colour, bold=bold, align=align)
        words.put(said, x, y)
        self.still.append(words)
        return words

    def _line(self, line: Line, x: float, y: float, length: float) -> None:
        drawn = shapes.curve(line, self.look, None)
        drawn.set_data([x, x + length], [y, y])
        self.still.append(drawn)

    def _caption(self, box: Box, room: float, lines: int) -> Box:
        size = CAPTION * self.look.letters
        for k in range(lines):
            words = Words(size, self.look.palette.text)
            words.put("", box.left, box.bottom + room - (0.5 + 0.9 + LEADING * k) * size)
            self.caption_lines.append(words)
        self.moving += self.caption_lines
        return box.within(bottom=room)

    def _axes(self, box: Box, layers: Collection[str]) -> None:
        """The names of the two upright axes, in short where there is no room."""
        size, palette, words = self.look.letters, self.look.palette, text()["picture"]
        y = box.top - 0.85 * size
        has_d = any(name in layers for name in ON_D)
        swatch = (SWATCH + 0.4) * size if "d" in layers else 0.0
        for left, right in (
            (words["density"], self.run.meta["d_axis"]),
            (words["density_short"], self.run.meta["d_axis"]),
            (words["density_short"], words["d_short"]),
        ):
            room = width(left, size) + (width(right, size) + swatch + 1.5 * size if has_d else 0.0)
            if room <= box.width:
                break
        self._words(left, box.left, y, size, palette.muted)
        if has_d:
            self._words(right, box.right, y, size, palette.text, align="right")
            if "d" in layers:
                start = box.right - width(right, size) - swatch
                self._line(palette.d, start, y + 0.36 * size, SWATCH * size)

    def _x_name(self, bottom: float, with_map: bool) -> None:
        size, box = self.look.letters, self.plot.box
        said = text()["picture"]["z"] if with_map else self.run.meta["text"]["x_axis"]
        self._words(
            said, (box.left + box.right) / 2, bottom + 0.3 * size, size, self.look.palette.muted, align="center"
        )

    def show(self, moment: Moment, caption: str = "", now: State = UNSAID) -> None:
        """Moves everything to a moment; `now` is said at the right of the head."""
        self.plot.show(moment)
        if self.map:
            self.map.show(moment)
        lines = wrapped(caption, CAPTION * self.look.letters, self.box.width) if self.caption_lines else []
        for k, words in enumerate(self.caption_lines):
            words.put(lines[k] if k < len(lines) else None, *words.get_position())
        if self.heading:
            self.heading.say(now)
        self.names.show(moment)
