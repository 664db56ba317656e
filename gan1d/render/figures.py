"""A run as a Plotly figure for a notebook: densities and D, with a slider and a play button over its states."""

from __future__ import annotations

from typing import Any

import numpy as np

from gan1d import player
from gan1d.fields import number
from gan1d.render.axes import d_range, drawn_d, optimum, reading, said
from gan1d.render.curves import text
from gan1d.render.frames import DURATION, density_top
from gan1d.render.palette import PALETTES, Colour
from gan1d.trajectory import Trajectory

STATES, MOST = 100, 600
"""States that a figure has, and may have: each is a copy of its curves, which Plotly keeps as text."""
NEUTRAL = "#808080"
"""Of D and the letters: the same distance from a white page as from a black one."""
GRID = "rgba(128, 128, 128, 0.2)"
HEIGHT = 460
"""Pixels."""


def figure(run: Trajectory, states: int = STATES) -> Any:
    """A `plotly.graph_objects.Figure`: real density, generated density (per data unit) and D over x (data units).

    It has about `states` recorded states, evenly spaced, the first and the last among them.

    Raises:
      ConfigError: `states` out of range.
    """
    from plotly.graph_objects import Figure  # type: ignore[import-untyped]  # it takes a while to load

    count = number("states", states, 2, MOST, integer=True)
    shown = np.unique(np.linspace(0, len(run) - 1, min(count, len(run))).round().astype(int)).tolist()
    drawn = [_traces(run, state) for state in shown]
    names = [str(int(run.iteration[state])) for state in shown]
    moves = [1, 2] if len(run.parts) < 2 else [0, 1, 2]  # the data changes only where a run goes on with other data
    frames = [
        {"name": name, "traces": moves, "data": [{"y": traces[i]["y"]} for i in moves]}
        for name, traces in zip(names, drawn, strict=True)
    ]
    return Figure({"data": drawn[0], "frames": frames, "layout": _layout(run, names)}, skip_invalid=False)


def _traces(run: Trajectory, state: int) -> list[dict[str, Any]]:
    words, colours = player.text(), PALETTES["light"]
    part = next((part for first, part in reversed(run.parts) if first <= state), run)
    real, generated = colours.real, colours.generated
    return [
        _line(run.x, part.p_data, words["real"], _rgb(real.colour), real.width) | _filled(colours.real_fill),
        _line(run.x, run.p_gen[state], words["generated"], _rgb(generated.colour), generated.width)
        | _filled(colours.generated_fill),
        _line(run.x, drawn_d(run)[state], text()["d_name"][reading(run)], NEUTRAL, colours.d.width, "dash")
        | {"yaxis": "y2"},
    ]


def _line(x: np.ndarray, y: np.ndarray, name: str, colour: str, width: float, dash: str = "solid") -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x.astype(np.float32),
        "y": y.astype(np.float32),
        "name": name,
        "line": {"color": colour, "width": width, "dash": dash, "simplify": False},
    }


def _filled(colour: Colour) -> dict[str, str]:
    return {"fill": "tozeroy", "fillcolor": _rgb(colour)}


def _rgb(colour: Colour) -> str:
    red, green, blue = (round(255 * part) for part in colour[:3])
    return f"rgba({red}, {green}, {blue}, {colour[3]:g})"


def _layout(run: Trajectory, names: list[str]) -> dict[str, Any]:
    words = player.text()
    best = optimum(run)["d"]
    axis = {"gridcolor": GRID, "zeroline": False, "linecolor": NEUTRAL}
    now = {"mode": "immediate", "fromcurrent": True, "transition": {"duration": 0}}
    pace = {"frame": {"duration": 1000 * DURATION / len(names), "redraw": False}}
    still = {"frame": {"duration": 0, "redraw": False}}
    return {
        "height": HEIGHT,
        "margin": {"l": 8, "r": 8, "t": 40, "b": 8},
        "template": "none",
        "paper_bgcolor": "rgba(0, 0, 0, 0)",
        "plot_bgcolor": "rgba(0, 0, 0, 0)",
        "font": {"color": NEUTRAL, "size": 14},
        "hovermode": "x unified",
        "hoverlabel": {"bgcolor": "#ffffff", "font": {"color": "#24292f"}},
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "xaxis": axis | {"title": {"text": words["x_axis"]}, "showgrid": False, "automargin": True},
        "yaxis": axis | {"title": {"text": words["density_axis"]}, "range": [0, density_top(run)], "automargin": True},
        "yaxis2": axis
        | {
            "title": {"text": text()["d_axis"][reading(run)]},
            "range": list(d_range(run)),
            "overlaying": "y",
            "side": "right",
            "showgrid": False,
            "automargin": True,
            **_ticks(run),
        },
        "shapes": []
        if best is None
        else [
            {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "yref": "y2", "y0": best, "y1": best}
            | {"line": {"color": NEUTRAL, "width": 1, "dash": "dot"}, "name": said(best)}
        ],
        "updatemenus": [
            {
                "type": "buttons",
                "direction": "left",
                "x": 0,
                "y": 0,
                "xanchor": "left",
                "yanchor": "top",
                "pad": {"t": 62},
                "showactive": False,
                "buttons": [
                    {"label": words["play"], "method": "animate", "args": [None, pace | now]},
                    {"label": words["pause"], "method": "animate", "args": [[None], still | now]},
                ],
            }
        ],
        "sliders": [
            {
                "x": 0.16,
                "len": 0.84,
                "pad": {"t": 48},
                "currentvalue": {"prefix": words["iteration_of"].partition("{")[0], "font": {"size": 16}},
                "steps": [{"label": name, "method": "animate", "args": [[name], still | now]} for name in names],
            }
        ],
    }


def _ticks(run: Trajectory) -> dict[str, Any]:
    """D's own: of a probability the three that mean something."""
    if run.summary["output"] != "probability":
        return {"tickmode": "auto"}
    return {"tickmode": "array", "tickvals": [0, 0.5, 1], "ticktext": ["0", said(0.5), "1"]}
