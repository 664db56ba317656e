"""A small picture of a run's last state, drawn by the page itself: the two densities and D(x) in the colours of the page's theme."""

from __future__ import annotations

from html import escape

import numpy as np

from gan1d.render.axes import d_range, drawn_d, steady
from gan1d.render.frames import density_top
from gan1d.trajectory import Trajectory

WIDTH, HEIGHT = 320, 150
"""Of the picture's own units."""
FOOT = 6
"""Below the densities, so that their lines are not cut."""
POINTS = 128
"""Of each curve."""


def sketch(run: Trajectory, said: str) -> str:
    """The picture as SVG, to stand in HTML. said: what is seen, for who does not see it."""
    last = _last_shown(run)
    top, (low, high) = density_top(run), d_range(run)
    real = _path(run.parts[-1][1].p_data if run.parts else run.p_data, 0, top, highest=True)
    generated = _path(run.p_gen[last], 0, top, highest=True)
    d = _path(drawn_d(run)[last], low, high)
    return (
        f'<svg class="s-sketch" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(said)}" preserveAspectRatio="none">'
        f'<path class="real s-fill" d="{_closed(real)}"/><path class="generated s-fill" d="{_closed(generated)}"/>'
        f'<path class="real" d="{real}"/><path class="d" d="{d}"/><path class="generated" d="{generated}"/></svg>'
    )


def _last_shown(run: Trajectory) -> int:
    """The last state; of a run that diverges one on the way there, when there is still something to be seen."""
    shown = range(len(run))[steady(run)]
    return shown[-1]


def _path(values: np.ndarray, low: float, high: float, highest: bool = False) -> str:
    """A curve over the whole width. highest: of points that fall together the highest is kept, so that a spike stays."""
    groups = np.array_split(np.asarray(values, float), min(POINTS, len(values)))
    y = np.array([group.max() if highest else group[len(group) // 2] for group in groups])
    share = np.clip((y - low) / (high - low), -0.1, 1.1)
    x = np.linspace(0, WIDTH, len(y))
    points = [f"{_short(a)} {_short(b)}" for a, b in zip(x, (HEIGHT - FOOT) * (1 - share), strict=True)]
    return "M" + "L".join(points)


def _closed(path: str) -> str:
    return f"{path}L{WIDTH} {HEIGHT - FOOT}L0 {HEIGHT - FOOT}Z"


def _short(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")
