"""A scene as pixels, one state after another: what stands still is painted once, and only what moves is painted again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import IdentityTransform

from gan1d.fields import ConfigError
from gan1d.render.options import MAP, Options
from gan1d.render.paint import numbers
from gan1d.render.paint.boxes import WIDE, Box, Look, cells, grid
from gan1d.render.paint.frame import (
    CAPTION,
    CAPTION_LINES,
    COUNTER,
    LEADING,
    MOST_LINES,
    TITLE,
    TITLE_LINES,
    Counter,
    Head,
    Heading,
    Lines,
    State,
    fitted,
)
from gan1d.render.paint.letters import RESOLUTION, unknown
from gan1d.render.paint.moments import Run
from gan1d.render.paint.panel import Panel
from gan1d.render.palette import PALETTES, RUN_DASHES, Colour
from gan1d.render.scene import Scene

OF_HEIGHT, OF_WIDTH, LEAST = 36.0, 40.0, 8.0
"""An axis' letters are the picture's height, or its width, over these; at least so many pixels. Read from the back of a room."""
OF_PANEL, IN_PANEL = 22.0, 0.85
"""Of several panels the letters are a panel's width over this, and at most such a share of the whole picture's."""
THIN = 12.5
"""Letters of this size go with lines as thick as the player's."""
ROOMY, OF_CAPTION = 22.0, 0.3
"""A picture so many letters high has room for two lines of title; and what its caption may take of what is left."""
MARGIN, GAP = 0.9, 1.4
"""Around the picture and between panels, in its letters."""
LEAST_PANEL = 3.5
"""Letters, of a panel's width and height: in a smaller one nothing can be seen."""
STRIP_WIDE = 0.8
"""How wide a film strip's panel is best, in its height."""


class Painter:
    """Paints the states of a scene: one at a time for a movie, or those of a still picture.

    `strip`: the ticks that a still picture shows, each in a panel of its own; None is a movie. One painter belongs to one thread at a time.
    `figure` holds the artists, in pixels from the lower left corner; `panels` have the scales by which their curves were drawn.
    """

    def __init__(self, scene: Scene, options: Options, strip: Sequence[int] | None = None, unit: float = 1.0):
        """`unit`: how long a pixel is in the figure, in points; only PDF has another than 1.

        Raises:
          ConfigError: a picture too small for so many panels, or letters that no font has.
        """
        for flag, words in (
            ("--title", options.title),
            ("--caption", options.under),
            *(("--label", label) for label in scene.labels),
        ):
            if letter := unknown(words):
                raise ConfigError(flag, words, f"no font here has the letter {letter!r}")
        self.scene, self.options = scene, options
        self.strip = tuple(strip) if strip is not None else None
        self.palette = PALETTES[options.theme]
        self.width, self.height = options.width * unit, options.height * unit
        self.figure = Figure(figsize=(self.width / RESOLUTION, self.height / RESOLUTION), dpi=RESOLUTION)
        self.canvas = FigureCanvasAgg(self.figure)
        self.least = LEAST * unit
        self.letters = max(self.least, min(self.height / OF_HEIGHT, self.width / OF_WIDTH))
        self.runs = [Run(meta, arrays) for meta, arrays in zip(scene.metas, scene.arrays, strict=True)]
        self.still: list[Artist] = []
        self.moving: list[Artist] = []
        self.counter: Counter | None = None
        self.caption: Lines | None = None
        self.panels = self._panels(self._below(self._above(self._page())))
        for k, panel in enumerate(self.panels):
            self.still += panel.still
            self.moving += panel.moving
            for name, curve in panel.plot.curves.items():
                curve.set_gid(f"{name}-{k}")  # an SVG's curves can be found by name
        for order, artist in enumerate((*self.still, *self.moving)):
            artist.set_transform(IdentityTransform())
            artist.set_zorder(order)
            self.figure.add_artist(artist)
        self._background: np.ndarray | None = None
        self.show(self.strip[-1] if self.strip else 0)

    @property
    def layers(self) -> frozenset[str]:
        """The layers that are drawn, where a run has them."""
        if self.options.layers is not None:
            return frozenset(self.options.layers)
        on = {layer["id"] for meta in self.scene.metas for layer in meta["layers"]["all"] if layer["on"]}
        return frozenset(on | ({MAP} if self.is_strip else set()))

    @property
    def is_strip(self) -> bool:
        """Whether it shows several states at once."""
        return self.strip is not None and len(self.strip) > 1

    def draw(self, i: int) -> np.ndarray:
        """The picture (H,W,4) of tick i of the scene: red, green, blue and opacity, 0 to 255. A film strip is the same at any tick."""
        self.show(i)
        renderer: Any = self.canvas.get_renderer()
        pixels = np.asarray(renderer.buffer_rgba())
        if self._background is None:
            pixels[:] = np.round(np.multiply(self.paper, 255)).astype(np.uint8)
            for artist in self.still:
                artist.draw(renderer)
            self._background = pixels.copy()
        np.copyto(pixels, self._background)
        for artist in self.moving:
            artist.draw(renderer)
        return pixels.copy()

    @property
    def paper(self) -> Colour:
        """What the picture lies on."""
        red, green, blue, _ = self.palette.background
        return red, green, blue, 0.0 if self.options.transparent else 1.0

    def show(self, i: int) -> None:
        """Moves everything to tick i, without painting. Raises IndexError where there is none."""
        if not 0 <= i < len(self.scene.iteration):
            raise IndexError(f"tick {i} of {len(self.scene.iteration)}")
        for panel, (run, tick) in zip(self.panels, self._members(i), strict=True):
            self._show(panel, run, tick)
        now = int(self.scene.iteration[i])
        if self.counter is not None:
            alone = len(self.runs) == 1
            state = self._state(0, i) if alone else State(self.scene.headline, self.scene.headline)
            colour = self.palette.alarm if state.alarm else self.palette.text if alone else self.palette.muted
            self.counter.say(numbers.integer(now), state, colour)
        if self.caption is not None:
            self.caption.say(self.options.under or self._sentence(0, i))

    def _members(self, i: int) -> list[tuple[int, int]]:
        """(run, tick) of each panel."""
        ticks = self.strip if self.strip is not None and self.is_strip else (i,)
        return [(run, tick) for run in range(len(self.runs)) for tick in ticks]

    def _show(self, panel: Panel, run: int, tick: int) -> None:
        moment = self.runs[run].moment(int(self.scene.states[run, tick]))
        if self.is_strip:
            panel.show(moment, self._sentence(run, tick))
        elif len(self.runs) > 1:
            panel.show(moment, self._sentence(run, tick), self._state(run, tick))
        else:
            panel.show(moment)

    def _state(self, run: int, tick: int) -> State:
        """What has become of a run by a tick."""
        meta, own = self.runs[run].meta, self.runs[run].iteration
        now, at = int(self.scene.iteration[tick]), meta["diverged_at"]
        if at is not None and now >= at:
            words = meta["text"]["diverged"].format(n=numbers.integer(at))
            return State(words, words, alarm=True)
        if now >= own[-1]:
            return State(f"{meta['text']['outcome']} {meta['outcome']['kind']}", meta["outcome"]["kind"])
        return State()

    def _sides(self) -> list[str]:
        """All that can be said beside the counter."""
        if len(self.runs) > 1:
            return [self.scene.headline]
        return list({self._state(0, tick).words for tick in range(len(self.scene.iteration))})

    def _sentence(self, run: int, tick: int) -> str:
        """What is happening in a run."""
        meta, state = self.runs[run].meta, int(self.scene.states[run, tick])
        end = int(self.runs[run].iteration[-1])
        if self.scene.iteration[tick] > end:
            return str(meta["text"]["compare"]["rests"]).format(n=numbers.integer(end))
        return next((str(words) for first, words in reversed(meta["captions"]) if first <= state), "")

    def _sentences(self, run: int) -> list[str]:
        """All that can be said of a run in what is shown."""
        if not self.options.caption or self.options.under:
            return []
        first, last = self.scene.shown(self.options)
        ticks = self.strip if self.strip is not None else range(first, last + 1)
        return list(dict.fromkeys(self._sentence(run, tick) for tick in ticks))

    # Room, from the whole page inwards.

    def _look(self, letters: float) -> Look:
        halo = None if self.options.transparent else self.palette.background
        return Look(self.palette, letters, max(0.8 * self.least / LEAST, letters / THIN), halo)

    def _page(self) -> Box:
        margin = MARGIN * self.letters
        return Box(0, 0, self.width, self.height).within(margin, margin, 0.8 * margin, 0.7 * margin)

    def _above(self, page: Box) -> Box:
        """Title and counter; what is left of the page."""
        if self.options.title:
            lines = TITLE_LINES if page.height > ROOMY * self.letters else 1
            fit = fitted([self.options.title], TITLE * self.letters, page.width, lines, bold=True)
            title = Lines(page, fit, self.palette.text, lines, bold=True)
            title.say(self.options.title)
            self.still += title.words
            page = page.within(top=title.height + 0.15 * self.letters)
        if self.is_strip:
            return page
        sides = self._sides()
        meta = self.runs[0].meta
        total = numbers.integer(int(self.scene.iteration[-1]))
        smaller = 0.8 if self.options.title else 1.0
        self.counter = Counter(
            self._look(self.letters), page, meta["text"]["iteration_of"], total, sides, COUNTER * smaller
        )
        self.moving += self.counter.artists
        return page.within(top=self.counter.height + 0.55 * self.letters)

    def _below(self, page: Box) -> Box:
        """The sentence under all panels; what is left of the page."""
        own = [self.options.under] if self.options.under else []
        alone = len(self.runs) == 1 and not self.is_strip
        if not self.options.caption or not (own or alone):
            return page
        fit = fitted(own or self._sentences(0), CAPTION * self.letters, page.width, CAPTION_LINES)
        room = int(OF_CAPTION * page.height / (LEADING * fit.size))
        lines = min(fit.lines, MOST_LINES, max(1, room))
        height = lines * LEADING * fit.size
        box = Box(page.left, page.bottom, page.width, height)
        self.caption = Lines(box, fit, self.palette.text, lines)
        self.moving += self.caption.words
        return page.within(bottom=height + 0.35 * self.letters)

    def _panels(self, page: Box) -> list[Panel]:
        members = self._members(0)
        alone = len(members) == 1
        rows, columns = 1, 1
        in_rows = self.is_strip and len(self.runs) > 1
        if in_rows:
            rows, columns = len(self.runs), len(members) // len(self.runs)
        elif not alone:
            rows, columns = grid(len(members), page.width, page.height, STRIP_WIDE if self.is_strip else WIDE)
        boxes = cells(page, rows, columns, GAP * self.letters)
        letters = self.letters
        if not alone:
            letters = max(self.least, min(IN_PANEL * letters, boxes[0].width / OF_PANEL))
        look, panels = self._look(letters), []
        if in_rows:
            rowwise = [boxes[row * columns : (row + 1) * columns] for row in range(rows)]
            boxes = [box for run, row in enumerate(rowwise) for box in self._row(run, row, look)]
        if min(boxes[0].height / look.letters, boxes[0].width / look.letters) < LEAST_PANEL:
            size = f"{self.options.width}x{self.options.height}"
            raise ConfigError("--size", size, f"it is too small for {len(members)} panels")
        for (run, tick), box in zip(members, boxes, strict=False):
            own, has = self.runs[run], {layer["id"] for layer in self.runs[run].meta["layers"]["all"]}
            head = None if alone else self._head(run, tick if self.is_strip else None)
            captions = [] if alone else self._sentences(run)
            layers = self.layers & (has | {MAP})
            panels.append(Panel(own, box, look, layers, gliding=self.strip is None, head=head, captions=captions))
        return panels

    def _row(self, run: int, boxes: Sequence[Box], look: Look) -> list[Box]:
        """A run's name over its row of states; what is left of their boxes."""
        row = boxes[0]._replace(width=boxes[-1].right - boxes[0].left)
        heading = Heading(self._head(run), row, look)
        self.still += heading.artists
        return [box.within(top=heading.height) for box in boxes]

    def _head(self, run: int, tick: int | None = None) -> Head:
        """The name of a run, or of a state in a film strip."""
        if tick is None:
            return Head(self.scene.names[run], self.scene.labels[run], self.palette.runs[run], RUN_DASHES[run])
        number = numbers.integer(int(self.scene.iteration[tick]))
        before = self.runs[run].meta["text"]["iteration_of"].partition("{n}")[0]
        return Head(before + number, "", self.palette.text, None, number)
