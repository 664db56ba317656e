"""The Plotly figure of a map, as plain lists and dicts: nothing of Plotly is needed to make it.

Heat maps tell no clicks to Streamlit, so that squares which are not seen lie over the cells: they carry what is said under the
pointer, and which cell it is. Colours are those of Okabe and Ito, told apart with any colour vision; symbols say the same again.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gan1d.diagnosis import KINDS
from gan1d.render.maps.cells import NONE, STATES, TIE, Cells, Metric, Side, measured, number, summary, text, told

COLOURS = {
    "diverged": "#CC79A7",
    "mode collapse": "#D55E00",
    "oscillating": "#E69F00",
    "vanishing gradient": "#F0E442",
    "mode averaging": "#56B4E9",
    "converged": "#009E73",
    "still moving": "#767676",
    TIE: "#D9D9D9",
    NONE: "rgba(128, 128, 128, 0.12)",
}
"""Okabe and Ito's but for a darker grey, for a light and a dark page alike; all bright enough for dark symbols on them."""
INK = "#14181D"
"""Of the symbols in the cells."""
PALEST = 0.7
"""How far the colour of an outcome goes to white where next to no seed ends so."""
WIDE = 30.0
"""Ratio of a metric's largest to its least value above which its colours go by powers of ten."""
LARGEST, SMALLEST = 20, 9
"""Size of the symbols, in pixels: of maps of few cells and of many."""
HEIGHT, BAR = 500, 60
"""Pixels: of a map, and of the scale above one of a metric."""
LETTERS = 16
"""Size of the axes' letters, in pixels: read from the back of a room."""


def figure(
    sides: tuple[Side, Side],
    titles: tuple[str, str],
    found: Cells,
    metric: Metric | None = None,
    floors: np.ndarray | None = None,
) -> dict[str, Any]:
    """The map of the outcomes, or of a metric: first axis to the right, second upwards.

    titles: of the axes, with units. floors: what a batch of data is off by alone in that metric, (X, Y).
    """
    traces = _outcomes(found) if metric is None else _metric(found, metric)
    x, y = sides
    for trace in traces:
        trace |= {"x": x.edges.tolist(), "y": y.edges.tolist(), "hoverinfo": "skip", "xgap": 1, "ygap": 1}
    axes = {f"{name}axis": _axis(of, title) for name, of, title in (("x", x, titles[0]), ("y", y, titles[1]))}
    layout = axes | {
        "height": HEIGHT if metric is None else HEIGHT + BAR,
        "margin": {"l": 8, "r": 12, "t": 12 if metric is None else 12 + BAR, "b": 8},
        "showlegend": False,
        "hovermode": "closest",
        "hoverdistance": -1,
        "hoverlabel": {"font": {"size": LETTERS - 1}, "align": "left"},
        "dragmode": False,
    }
    return {"data": [*traces, _squares(sides, titles, found, metric, floors)], "layout": layout}


def colour(state: str) -> str:
    """The colour of what a cell can be."""
    return COLOURS[state]


def paler(colour_: str, share: float) -> str:
    """A colour on its way to white: itself where all seeds end alike."""
    parts = np.array([int(colour_[i : i + 2], 16) for i in (1, 3, 5)])
    mixed = parts + (255 - parts) * PALEST * (1 - share)
    return "#" + "".join(f"{round(c):02X}" for c in mixed)


def _outcomes(found: Cells) -> list[dict[str, Any]]:
    """A layer for everything that a cell can be, paler where fewer seeds end so."""
    size = _size(found)
    layers = []
    for state in summary(found):
        here = found.state == STATES.index(state)
        shares = np.where(here, found.share if state in KINDS else 1.0, np.nan)
        pale = paler(COLOURS[state], 0.0) if state in KINDS else COLOURS[state]
        layers.append(_layer(shares, [[0, pale], [1, COLOURS[state]]], 0.0, 1.0) | _symbols(here, state, size))
    return layers


def _metric(found: Cells, metric: Metric) -> list[dict[str, Any]]:
    """The medians in colours; cells that mostly diverged, and those without a number, stand out of the scale."""
    words = text()["metrics"][metric.name]
    diverged = found.state == STATES.index("diverged")
    none = ~np.isfinite(metric.median) & ~diverged
    values = np.where(diverged | none, np.nan, metric.median)
    low, high = _ends(metric.name, values)
    is_log = low > 0 and high / low > WIDE and metric.name != "modes_covered"
    z = np.log10(values) if is_log else values
    bottom, top = (float(np.log10(low)), float(np.log10(high))) if is_log else (low, high)
    title = text()["colour" if words["unit"] else "colour_bare"].format(**words)
    bar: dict[str, Any] = {
        "title": {"text": title, "side": "top", "font": {"size": LETTERS}},
        "tickfont": {"size": LETTERS - 2},
        "orientation": "h",
        "x": 0,
        "xanchor": "left",
        "y": 1.01,
        "yanchor": "bottom",
        "thickness": 14,
        "len": 1,
        "outlinewidth": 0,
    }
    if is_log:
        marks = [float(f"{m}e{e}") for e in range(int(np.floor(bottom)), int(np.ceil(top)) + 1) for m in (1, 2, 5)]
        marks = [v for v in marks if low <= v <= high]
        bar |= {"tickvals": np.log10(marks).tolist(), "ticktext": [number(v) for v in marks]}
    layers = [_layer(z, "Viridis", bottom, top) | {"showscale": True, "colorbar": bar}]
    for state, here in (("diverged", diverged), (NONE, none)):
        if here.any():
            flat = _layer(np.where(here, 1.0, np.nan), [[0, COLOURS[state]], [1, COLOURS[state]]], 0.0, 1.0)
            layers.append(flat | _symbols(here, state, _size(found)))
    return layers


def _ends(name: str, values: np.ndarray) -> tuple[float, float]:
    """Ends of a metric's scale."""
    known = values[np.isfinite(values)]
    if name == "jsd":
        return 0.0, float(np.log(2))
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    if name == "modes_covered":
        return 0.0, max(high, 1.0)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _layer(z: np.ndarray, scale: Any, low: float, high: float) -> dict[str, Any]:
    return {
        "type": "heatmap",
        "z": _rows(z),
        "colorscale": scale,
        "zmin": low,
        "zmax": high,
        "showscale": False,
        "hoverongaps": False,
    }


def _rows(values: np.ndarray) -> list[list[float | None]]:
    """Rows from the bottom to the top, as Plotly wants them; None where there is nothing."""
    return [[float(f"{v:.5g}") if np.isfinite(v) else None for v in row] for row in values.T]


def _symbols(here: np.ndarray, state: str, size: int) -> dict[str, Any]:
    symbol = text()["symbols"][state]
    texts = np.where(here, symbol, "").T.tolist()
    return {"text": texts, "texttemplate": "%{text}", "textfont": {"size": size, "color": INK}} if symbol else {}


def _size(found: Cells) -> int:
    return int(np.clip(230 / max(found.state.shape), SMALLEST, LARGEST))


def _axis(of: Side, title: str) -> dict[str, Any]:
    ends = np.log10(of.edges[[0, -1]]) if of.kind == "log" else of.edges[[0, -1]]
    axis: dict[str, Any] = {
        "title": {"text": title, "font": {"size": LETTERS + 2}},
        "tickfont": {"size": LETTERS},
        "type": "log" if of.kind == "log" else "linear",
        "range": ends.tolist(),
        "fixedrange": True,
        "showgrid": False,
        "zeroline": False,
        "ticks": "outside",
        "automargin": True,
    }
    if of.marks:
        axis |= {
            "tickvals": [at for at, _ in of.marks],
            "ticktext": [label.replace(" (", "<br>(") for _, label in of.marks],
        }
    return axis


def _squares(
    sides: tuple[Side, Side],
    titles: tuple[str, str],
    found: Cells,
    metric: Metric | None,
    floors: np.ndarray | None,
) -> dict[str, Any]:
    """What is not seen: one point a cell, with its place and what is said of it."""
    x, y = sides
    places = [(i, j) for j in range(len(y.at)) for i in range(len(x.at))]
    said = []
    for i, j in places:
        lines = told(found, i, j).replace(": ", ":, ").split(", ")  # a line each: it must fit a phone
        if metric is not None:
            lines.append(measured(metric, i, j, None if floors is None else float(floors[i, j])))
        said.append([i, j, x.labels[i], y.labels[j], "<br>".join(lines)])
    heads = [f"{title}: <b>%{{customdata[{k}]}}</b>" for k, title in ((2, titles[0]), (3, titles[1]))]
    unseen = {"marker": {"opacity": 0}}
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [float(x.at[i]) for i, _ in places],
        "y": [float(y.at[j]) for _, j in places],
        "customdata": said,
        "marker": {"symbol": "square", "size": 12, "opacity": 0, "color": "#888888"},
        "selected": unseen,
        "unselected": unseen,
        "hovertemplate": "<br>".join([*heads, "%{customdata[4]}", f"<i>{text()['click']}</i>", "<extra></extra>"]),
    }
