"""The figures of the lessons as HTML, in the colours of the page's theme: drawn once, for the app and for the site alike.

Whoever shows one gives the page `styles`, and says where the browser finds a picture's file. What is in a figure is data that ship: the
curves of `tools.penalty`, and the runs on images.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from html import escape
from math import ceil, floor, log10
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gan1d.image.recorder import SAMPLES, read_lines
from gan1d.lessons import IMAGES, figure_texts
from gan1d.render.markup import marked_up

Address = Callable[[Path], str]
"""Where the browser finds a picture that ships."""
Words = Mapping[str, str]
"""A figure's, of `figure_texts`."""
Values = dict[str, str]
"""Numbers that a caption names, as they are read."""
PENALTY = IMAGES / "penalty.json"
DIGITS = ("digits-dcgan", "digits-wgan-gp")
"""The runs that stand side by side."""
HELD = 0.2
"""How far from 1 the mean slope may be, where the penalty holds it."""
WIDTH, HEIGHT = 420, 300
"""Of a chart, in its own units: a letter is 14 of them, and it is shown about as large."""
LEFT, RIGHT, TOP, FOOT = 44, 18, 30, 44
"""Around what is plotted."""
LOWEST, ABOVE = 0.5, 0.3
"""Where the axis of slopes begins at the latest, and how many decades it goes on above the highest."""


def figure(name: str, address: Address) -> str:
    """A figure of `figure_texts` as HTML: the picture, and its caption."""
    words = figure_texts()[name]
    picture, values = DRAWN[name](words, address)
    caption = marked_up(words["caption"].format(**values))
    return f'<figure class="taught {name}">{picture}<figcaption>{caption}</figcaption></figure>'


@cache
def styles() -> str:
    """The figures' style sheet."""
    return (Path(__file__).parent / "site" / "assets" / "figures.css").read_text("utf-8")


class Slopes(NamedTuple):
    """E|grad C| where the penalty looks, over a training: updates (K,) of the critic, and what it was (S,K) in each of S runs."""

    updates: np.ndarray
    right: np.ndarray
    frozen: np.ndarray


@cache
def slopes() -> Slopes:
    """The curves that ship."""
    found = json.loads(PENALTY.read_text("utf-8"))
    return Slopes(*(np.asarray(found[name], float) for name in Slopes._fields))


class _Chart(NamedTuple):
    """Places of a chart whose x axis begins at 0 and whose y axis counts decades."""

    end: float
    low: float
    high: float

    def x(self, value: float) -> float:
        """Across, in the picture's units."""
        return LEFT + (WIDTH - LEFT - RIGHT) * value / self.end

    def y(self, value: float) -> float:
        """Down, in the picture's units."""
        return TOP + (HEIGHT - TOP - FOOT) * (self.high - log10(value)) / (self.high - self.low)

    def axes(self, across: str, up: str) -> str:
        """Both axes with their marks and titles, the y axis' above it."""
        floor_ = HEIGHT - FOOT
        decades = "".join(
            f'<path class="grid" d="M{LEFT} {self.y(10**k):.1f}H{WIDTH - RIGHT}"/>'
            f'<text class="up" x="{LEFT - 6}" y="{self.y(10**k):.1f}">{_power(k)}</text>'
            for k in range(ceil(self.low), floor(self.high) + 1)
        )
        quarters = "".join(
            f'<path class="grid" d="M{self.x(at):.1f} {floor_}v5"/><text x="{self.x(at):.1f}" y="{floor_ + 19}">{at:.0f}</text>'
            for at in np.linspace(0, self.end, 5).tolist()
        )
        return (
            f'{decades}{quarters}<path class="axis" d="M{LEFT} {floor_}H{WIDTH - RIGHT}"/>'
            f'<text class="first" x="{LEFT}" y="14">{escape(up)}</text>'
            f'<text class="last" x="{WIDTH - RIGHT}" y="{HEIGHT - 6}">{escape(across)}</text>'
        )

    def band(self, low: float, high: float) -> str:
        """A band over the whole width."""
        top, bottom = self.y(high), self.y(low)
        return (
            f'<rect class="held" x="{LEFT}" y="{top:.1f}" width="{WIDTH - LEFT - RIGHT}" height="{bottom - top:.1f}"/>'
        )

    def runs(self, kind: str, x: np.ndarray, curves: np.ndarray, said: str) -> str:
        """Median and range of curves (S,K), named above the last third of them."""
        middle, most, least = (
            [f"{self.x(a):.1f} {self.y(b):.1f}" for a, b in zip(x, row, strict=True)]
            for row in (np.median(curves, 0), curves.max(0), curves.min(0))
        )
        above = max(1 + HELD, float(np.max(curves[:, -len(x) // 3 :])))
        return (
            f'<path class="{kind} range" d="M{"L".join(most + least[::-1])}Z"/><path class="{kind}" d="M{"L".join(middle)}"/>'
            f'<text class="last {kind}" x="{WIDTH - RIGHT - 4}" y="{self.y(above) - 8:.1f}">{escape(said)}</text>'
        )


def _penalty(words: Words, address: Address) -> tuple[str, Values]:
    """The slopes on a logarithmic axis, under the right penalty and the frozen one."""
    found = slopes()
    both = {"frozen": found.frozen, "right": found.right}
    lowest, highest = (float(end(list(map(end, both.values())))) for end in (np.min, np.max))
    chart = _Chart(float(found.updates[-1]), log10(min(LOWEST, lowest)), log10(highest) + ABOVE)
    drawn = chart.axes(words["x"], words["y"]) + chart.band(1 - HELD, 1 + HELD)
    drawn += "".join(chart.runs(kind, found.updates, curves, words[kind]) for kind, curves in both.items())
    values = {kind: f"{float(np.median(curves[:, -1])):.3g}" for kind, curves in both.items()}
    values |= {"runs": str(len(found.right)), "updates": f"{chart.end:,.0f}"}
    alt = escape(words["alt"].format(**values))
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{alt}">{drawn}</svg>', values


def _power(k: int) -> str:
    """10 to the k as it is read."""
    return f"{10**k:,}".replace(",", "\u2009") if k >= 0 else f"{10.0**k:g}"


def _digits(words: Words, address: Address) -> tuple[str, Values]:
    """The last samples of both runs, and what was measured of them then."""
    panes = []
    for name in DIGITS:
        folder = IMAGES / f"run-{name}"
        last = sorted((folder / SAMPLES).glob("step-*.png"))[-1]
        measured = next(line for line in reversed(read_lines(folder)) if "metrics" in line)
        metrics = measured["metrics"]
        said = words["measured"].format(
            covered=round(metrics["modes_covered"]),
            modes=round(metrics["modes"]),
            distance=f"{metrics['frechet_distance']:.1f}",
            baseline=f"{metrics['frechet_distance_baseline']:.1f}",
        )
        alt = words["alt"].format(model=words[name], said=said)
        panes.append(
            f'<div><strong>{escape(words[name])}</strong><img src="{escape(address(last))}" alt="{escape(alt)}" width="128" height="128">'
            f"<span>{escape(said)}</span></div>"
        )
    return f'<div class="pair">{"".join(panes)}</div>', {}


DRAWN: dict[str, Callable[[Words, Address], tuple[str, Values]]] = {
    "penalty": _penalty,
    "digits": _digits,
}
"""Name -> what draws it, of its words: the picture, and the numbers that its caption names."""
