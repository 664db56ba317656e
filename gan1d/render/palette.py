"""Colours, dashes and weights of drawn pictures: on light and dark the player's own, and for print without colours."""

from __future__ import annotations

from typing import NamedTuple

Colour = tuple[float, float, float, float]
"""Red, green, blue and opacity, 0 to 1."""
Dash = tuple[float, ...]
"""Lengths on and off in turn, in units of the picture's thickness; () is a line without gaps."""
MUTED, GRID = 0.68, 0.09
"""How much of the text's colour is left in what stands back, and how opaque a grid is."""
D_DASH, STAR_DASH, OPTIMUM_DASH = (7.0, 5.0), (9.0, 3.0, 2.0, 3.0), (1.5, 3.5)
RUN_DASHES: tuple[Dash, ...] = ((), (8.0, 4.0), (2.0, 3.0), (10.0, 3.0, 2.0, 3.0))
"""The runs' of a comparison, in order."""


class Line(NamedTuple):
    """How a curve is drawn."""

    colour: Colour
    width: float
    """In units of the picture's thickness, as the dashes are."""
    dash: Dash = ()


class Palette(NamedTuple):
    """A theme."""

    text: Colour
    background: Colour
    muted: Colour
    grid: Colour
    alarm: Colour
    real: Line
    real_fill: Colour
    generated: Line
    generated_fill: Colour
    d: Line
    d_star: Line
    optimum: Line
    runs: tuple[Colour, ...]
    """The runs' of a comparison, in order."""


def colour(words: str, opacity: float = 1.0) -> Colour:
    """#rrggbb as a colour."""
    red, green, blue = (int(words[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue, opacity


def mixed(first: Colour, second: Colour, share: float) -> Colour:
    """As much of the first, the rest of the second."""
    red, green, blue, opacity = (share * a + (1 - share) * b for a, b in zip(first, second, strict=True))
    return red, green, blue, opacity


def _screen(
    text: str, background: str, real: str, generated: str, best: str, alarm: str, fills: tuple[float, float], runs: str
) -> Palette:
    ink, paper = colour(text), colour(background)
    muted = mixed(ink, paper, MUTED)
    return Palette(
        text=ink,
        background=paper,
        muted=muted,
        grid=(*ink[:3], GRID),
        alarm=colour(alarm),
        real=Line(colour(real), 2.0),
        real_fill=colour(real, fills[0]),
        generated=Line(colour(generated), 3.5),
        generated_fill=colour(generated, fills[1]),
        d=Line(ink, 2.0, D_DASH),
        d_star=Line(colour(best), 1.5, STAR_DASH),
        optimum=Line(muted, 1.0, OPTIMUM_DASH),
        runs=tuple(map(colour, runs.split())),
    )


PALETTES: dict[str, Palette] = {
    "light": _screen(
        text="#24292f",
        background="#ffffff",
        real="#0072b2",
        generated="#d55e00",
        best="#00785a",
        alarm="#b3261e",
        fills=(0.14, 0.12),
        runs="#24292f #00795a #a8477f #9a6500",
    ),
    "dark": _screen(
        text="#e8eaed",
        background="#14171c",
        real="#56b4e9",
        generated="#ff8c42",
        best="#3fd0a6",
        alarm="#ff8a80",
        fills=(0.2, 0.16),
        runs="#f2f4f7 #35c99c #e79bc5 #f0b429",
    ),
    # The data are an area with a thin edge, what is generated a heavy black line; all else is told apart by its dashes.
    "print": Palette(
        text=colour("#000000"),
        background=colour("#ffffff"),
        muted=colour("#454545"),
        grid=colour("#000000", 0.12),
        alarm=colour("#000000"),
        real=Line(colour("#5a5a5a"), 1.5),
        real_fill=colour("#000000", 0.16),
        generated=Line(colour("#000000"), 3.5),
        generated_fill=colour("#000000", 0.0),
        d=Line(colour("#000000"), 1.75, D_DASH),
        d_star=Line(colour("#454545"), 1.5, STAR_DASH),
        optimum=Line(colour("#454545"), 1.0, OPTIMUM_DASH),
        runs=(colour("#000000"),) * 4,
    ),
}
"""Name of a theme -> its colours. Light and dark are those of the player's style sheets, on its own background."""
