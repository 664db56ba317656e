"""The maps that ship, drawn once and for all: colours and symbols as the app has them, what a cell holds said under the pointer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

import numpy as np

from gan1d.catalogue import HERE
from gan1d.diagnosis import KINDS
from gan1d.render.maps.cells import STATES, Cells, Side, cells, side, summary, told
from gan1d.render.maps.cells import text as drawn_words
from gan1d.render.maps.figure import COLOURS, INK, paler
from gan1d.render.site.words import text
from gan1d.results import Results, read

FOLDER = HERE / "assets" / "maps"
WIDTH = 420
"""Of all cells, in the picture's own units."""
FOOT, EDGE, BESIDE = 52, 8, 36
"""Below the cells, around them, and beside the labels of the axis that goes up."""
LOW = 26
"""Height of a cell of a map that has few rows."""
LETTER = 8.5
"""Width of a letter of the axes, about."""


class Drawn(NamedTuple):
    """A map: its picture as SVG with the legend as HTML, and what it teaches."""

    name: str
    title: str
    sentence: str
    setting: str
    picture: str


def maps() -> list[Drawn]:
    """The maps that ship, in the order of the text."""
    return [
        Drawn(name, said["title"], said["sentence"], said["setting"], picture(name, read(FOLDER / name)))
        for name, said in drawn_words()["shipped"].items()
    ]


def picture(name: str, results: Results) -> str:
    """A map of the outcomes. The lower left corner of its cells is the origin."""
    words, axes = text()["maps"], results.sweep.axes
    titles = words[name]
    x, y = (_side(axis.values, titles.get("values", {})) for axis in axes)
    found = cells(results.outcome, results.outcomes)
    across, up = found.state.shape
    wide = WIDTH / across
    high = wide if up > across / 2 else max(LOW, wide)
    left, height = LETTER * max(len(said) for said in _said(y)) + BESIDE, high * up
    squares = "".join(
        _cell(found, i, j, (wide, high), f"{titles['x']} {x.labels[i]}, {titles['y']} {y.labels[j]}")
        for i in range(across)
        for j in range(up)
    )
    counts = ", ".join(f"{count} {drawn_words().get(state, state)}" for state, count in summary(found).items())
    alt = escape(words["alt"].format(x=titles["x"], y=titles["y"], summary=counts))
    legend = "".join(
        f'<span><i style="background:{COLOURS[state]};color:{INK}">{drawn_words()["symbols"][state]}</i>'
        f"{escape(drawn_words().get(state, state))}</span>"
        for state in summary(found)
    )
    size = escape(words["of"].format(cells=across * up, seeds=found.seeds))
    box = f"{-left:.0f} {-height - EDGE:.0f} {left + WIDTH + EDGE:.0f} {height + EDGE + FOOT:.0f}"
    return (
        f'<svg class="s-map" viewBox="{box}" role="img" aria-label="{alt}">{squares}{_axes(x, y, titles, height, left)}</svg>'
        f'<p class="s-legend">{legend}</p><p class="s-note">{size}</p>'
    )


def _side(values: Sequence[Any], names: Mapping[str, str]) -> Side:
    return side(values, [names.get(value, value) for value in values] if isinstance(values[0], str) else None)


def _said(of: Side) -> list[str]:
    """What stands at the marks of an axis."""
    return [said for _, said in of.marks]


def _cell(found: Cells, i: int, j: int, size: tuple[float, float], where: str) -> str:
    """A square in the colour of how most seeds ended, with its symbol, and everything said under the pointer."""
    state = STATES[found.state[i, j]]
    share = float(np.nan_to_num(found.share[i, j]))
    colour = paler(COLOURS[state], share) if state in KINDS else COLOURS[state]
    (wide, high), symbol = size, drawn_words()["symbols"][state]
    return (
        f"<g><title>{escape(where)}: {escape(told(found, i, j))}</title>"
        f'<rect x="{i * wide:.1f}" y="{-(j + 1) * high:.1f}" width="{wide - 1:.1f}" height="{high - 1:.1f}" fill="{colour}"/>'
        f'<text x="{(i + 0.5) * wide:.1f}" y="{-(j + 0.5) * high:.1f}" class="s-cell">{symbol}</text></g>'
    )


def _axes(x: Side, y: Side, titles: Mapping[str, str], height: float, left: float) -> str:
    marks = [
        f'<text class="s-mark" x="{WIDTH * _share(x, at):.1f}" y="18">{escape(said)}</text>' for at, said in x.marks
    ]
    marks += [
        f'<text class="s-mark y" x="-6" y="{-height * _share(y, at):.1f}">{escape(said)}</text>' for at, said in y.marks
    ]
    return (
        "".join(marks) + f'<text class="s-axis" x="{WIDTH / 2}" y="42">{escape(titles["x"])}</text>'
        f'<text class="s-axis" transform="translate({14 - left:.0f} {-height / 2:.1f}) rotate(-90)">{escape(titles["y"])}</text>'
    )


def _share(of: Side, at: float) -> float:
    """How far along an axis a value lies, 0 to 1."""
    ends = np.array([of.edges[0], at, of.edges[-1]], float)
    low, here, high = np.log(ends) if of.kind == "log" else ends
    return float((here - low) / (high - low))
