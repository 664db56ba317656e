"""Letters of a picture: how wide words are, where lines break, and words that are painted once and then copied."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any, NamedTuple

import numpy as np
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font
from matplotlib.patheffects import Stroke
from matplotlib.text import Text
from matplotlib.textpath import TextToPath

from gan1d.render.palette import Colour

FAMILY = "DejaVu Sans"
"""It comes with matplotlib, so that a picture is the same on every machine."""
OTHERS = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans CJK KR",
    "WenQuanYi Zen Hei",
    "PingFang SC",
    "Hiragino Sans",
    "Apple SD Gothic Neo",
    "Microsoft YaHei",
    "Yu Gothic",
    "Malgun Gothic",
    "Noto Sans",
    "Segoe UI Symbol",
)
"""For words of one's own in letters that it lacks, where they are installed."""
ASCENT, DESCENT = 0.78, 0.24
"""Of the letters' size, above and below the line that they stand on: what capitals, brackets and descenders need."""
HALO = 0.12
"""Width of the halo around a name on the curves, in the letters' size."""
RESOLUTION = 72.0
"""Points an inch, and pixels an inch of our figures: lengths are pixels everywhere."""
KEPT = 400
"""Words whose picture is kept."""
_drawer = TextToPath()
_painter = RendererAgg(1, 1, RESOLUTION)


@lru_cache(maxsize=256)
def font(size: float, bold: bool = False, foreign: bool = False) -> FontProperties:
    """The picture's letters, `size` in pixels; `foreign`: with others beside them for letters that they lack."""
    weight = "bold" if bold else "normal"
    if foreign:
        return FontProperties(family=[FAMILY, *_others()], size=size, weight=weight)
    # With their file named they need not be looked for each time.
    return FontProperties(family=FAMILY, size=size, weight=weight, fname=_file(FAMILY, weight))


@cache
def _file(family: str, weight: str = "normal") -> str:
    return findfont(FontProperties(family=family, weight=weight))


@cache
def _letters(family: str) -> frozenset[int]:
    """The letters that a font has."""
    return frozenset(get_font(_file(family)).get_charmap())


@cache
def _others() -> tuple[str, ...]:
    installed = set(fontManager.get_font_names())
    return tuple(name for name in OTHERS if name in installed)


@lru_cache(maxsize=2000)
def is_foreign(words: str) -> bool:
    """Whether the picture's own letters lack some of these."""
    return any(ord(letter) not in _letters(FAMILY) for letter in words)


def unknown(words: str) -> str:
    """The first letter that no font here has; "" where there is none."""
    own = (letter for letter in words if ord(letter) not in _letters(FAMILY))
    return next((letter for letter in own if not any(ord(letter) in _letters(name) for name in _others())), "")


def legible(words: str) -> str:
    """The words with a box in place of each letter that no font here has."""
    return "".join("□" if unknown(letter) else letter for letter in words)


@lru_cache(maxsize=20000)
def width(words: str, size: float, bold: bool = False) -> float:
    """How wide words are in pixels, painted as pixels, where letters stand on whole ones, or drawn as curves: the wider of the two."""
    if not words:
        return 0.0
    other = is_foreign(words)
    painted = _painter.get_text_width_height_descent(words, font(size, bold, other), False)[0]
    drawn = float(_drawer.get_text_width_height_descent(words, font(100.0, bold, other), False)[0]) * size / 100.0
    return max(painted, drawn)


def wrapped(words: str, size: float, room: float, bold: bool = False) -> list[str]:
    """Lines no wider than the room, broken between words, or within one that is wider alone."""
    lines: list[str] = []
    line = ""
    for word in words.split():
        longer = f"{line} {word}".strip()
        if width(longer, size, bold) <= room:
            line = longer
            continue
        lines += [line] if line else []
        while width(word, size, bold) > room and len(word) > 1:
            fits = next((n for n in range(len(word) - 1, 1, -1) if width(word[:n], size, bold) <= room), 1)
            lines.append(word[:fits])
            word = word[fits:]
        line = word
    return [*lines, line] if line else lines


def shortened(words: str, size: float, room: float, bold: bool = False) -> str:
    """The words, or as many letters of them as there is room for, and an ellipsis."""
    if width(words, size, bold) <= room:
        return words
    for n in range(len(words) - 1, 0, -1):
        if width(short := words[:n].rstrip(" ,.") + "…", size, bold) <= room:
            return short
    return ""


class Painted(NamedTuple):
    """Words as pixels."""

    pixels: np.ndarray
    """(H,W,4), the lowest row first."""
    margin: int
    """Pixels at either side of the words."""
    below: int
    """Pixels below the line that the words stand on."""


class Words(Text):
    """Words that stand on a point of the picture, in pixels. Where pixels are painted, each is painted once and then copied."""

    def __init__(
        self,
        size: float,
        colour: Colour,
        *,
        bold: bool = False,
        align: str = "left",
        halo: Colour | None = None,
        spelled: bool = False,
    ):
        """`spelled`: copied letter by letter, for numbers, of which there are many."""
        super().__init__(
            0,
            0,
            "",
            color=colour,
            fontproperties=font(size, bold),
            ha=align,
            va="baseline",
            parse_math=False,
            usetex=False,
        )
        self.size, self.bold, self.halo, self.ink, self.spelled = size, bold, halo, colour, spelled
        self._kept: dict[tuple[str, Colour, bool], Painted] = {}

    def put(self, words: str | None, x: float = 0.0, y: float = 0.0) -> None:
        """Says something at a place; None hides it."""
        self.set_visible(bool(words))
        if is_foreign(words or "") != is_foreign(self.get_text()):
            self.set_fontproperties(font(self.size, self.bold, is_foreign(words or "")))
        self.set_text(words or "")
        self.set_position((x, y))

    def restyle(self, colour: Colour, bold: bool) -> None:
        """Other letters of the same size."""
        if (colour, bold) != (self.ink, self.bold):
            self.ink, self.bold = colour, bold
            self.set_color(colour)
            self.set_fontproperties(font(self.size, bold))

    def draw(self, renderer: Any) -> None:
        """Paints it, its halo first."""
        if not self.get_visible():
            return
        if isinstance(renderer, RendererAgg):
            self._copy(renderer)
            return
        if self.halo is not None:
            self._outline(renderer)
        super().draw(renderer)

    def _outline(self, renderer: Any) -> None:
        self.set_path_effects([Stroke(linewidth=2 * HALO * self.size, foreground=self.halo, joinstyle="round")])
        super().draw(renderer)
        self.set_path_effects([])

    def _copy(self, renderer: RendererAgg) -> None:
        words, (x, y) = self.get_text(), self.get_position()
        place = x - {"left": 0.0, "center": 0.5, "right": 1.0}[str(self.get_horizontalalignment())] * self._width(words)
        context = renderer.new_gc()
        for piece in words if self.spelled else [words]:
            key = (piece, self.ink, self.bold)
            if key not in self._kept:
                if len(self._kept) >= KEPT:
                    self._kept.clear()
                self._kept[key] = self._painted(piece)
            pixels, margin, below = self._kept[key]
            renderer.draw_image(context, round(place) - margin, round(y) - below, pixels)
            place += self._width(piece) if self.spelled else 0.0

    def _width(self, words: str) -> float:
        return width(words, self.size, self.bold)

    def _painted(self, words: str) -> Painted:
        margin = int(np.ceil((2 * HALO if self.halo else 0.1) * self.size)) + 1
        below = margin + int(np.ceil(DESCENT * self.size))
        wide, high = int(np.ceil(self._width(words))) + 2 * margin, below + int(np.ceil(self.size)) + margin
        inner = RendererAgg(wide, high, RESOLUTION)
        before = self.get_text(), self.get_position(), self.get_horizontalalignment()
        self.set_horizontalalignment("left")
        self.put(words, margin, below)
        # Straight, not multiplied, opacity: what is painted in part keeps the letters' colour only if they lie on nothing of another.
        np.asarray(inner.buffer_rgba())[:, :, :3] = np.round(255 * np.array((self.halo or self.ink)[:3]))
        if self.halo is not None:
            self._outline(inner)
        super().draw(inner)
        said, place, align = before
        self.put(said, *place)
        self.set_horizontalalignment(align)
        return Painted(np.ascontiguousarray(np.asarray(inner.buffer_rgba())[::-1]), margin, below)
