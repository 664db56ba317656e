"""Figures of a run's numbers, as plain lists and dicts: nothing of Plotly is needed to make them. One run, or two over one another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from app.images.meaning import SLOPE, counted
from app.images.runs import Run, read_scores
from app.words import words

REAL, FAKE, THIRD = "#2F8FD0", "#DD6A1F", "#8A8F98"
"""Okabe and Ito's blue and vermillion, of a lightness that stands out from a light and a dark page alike; and a grey."""
COLOURS = (REAL, FAKE)
"""Of two runs."""
BINS = 40
"""Of the histograms."""
CLIPPED = 0.5
"""Per cent of the scores, at each end, that a histogram's axis leaves out where they lie far away."""
MOST = 600
"""Points of a curve that are drawn: more than there are pixels."""
WIDE = 20.0
"""Ratio of a metric's largest to its least value above which its axis goes by powers of ten."""
HEIGHT = 260
"""Pixels."""
Named = Sequence[tuple[str, Run]]
"""(what a run is called, the run)."""


def losses(runs: Named, at: int | None = None) -> dict[str, Any]:
    """Both players' losses and the penalty. Two runs: colours tell the runs apart, dashes the players."""
    text = words("images")["charts"]["losses"]
    shown: list[tuple[str, str, str]] = [("loss_d", REAL, "solid"), ("loss_g", FAKE, "dash"), ("penalty", THIRD, "dot")]
    if len(runs) > 1:
        shown = [(name, "", dash) for name, _, dash in shown[:2]]
    traces = []
    for k, (label, run) in enumerate(runs):
        for name, colour, dash in shown:
            if len(values := run.curves.get(name, np.zeros(0))) and np.nanmax(np.abs(np.nan_to_num(values))) > 0:
                series = text["series"][name]
                title = f"{label}: {series}" if len(runs) > 1 else series
                line = {"color": colour or COLOURS[k], "dash": dash, "width": 2}
                traces.append(_curve(run.curves["step"], values, title, line, text["hover"]))
    return _figure(traces, text, at)


def scores(run: Run, at: int | None = None) -> dict[str, Any] | None:
    """What D says of the real and of the generated, at a step; None where nothing is known. Probabilities where D gives some."""
    found = run.scores_at(at)
    if found is None:
        return None
    step, known = found
    text = words("images")["charts"]["scores" if run.is_score else "probabilities"]
    real, fake = (_shown(values, run.is_score) for values in (known.real, known.fake))
    both = np.concatenate([real, fake])
    if not len(both):
        return None
    low, high = (0.0, 1.0) if not run.is_score else np.percentile(both, [CLIPPED, 100 - CLIPPED])
    edges = np.linspace(low, high if high > low else low + 1, BINS + 1)
    traces = []
    for values, name, colour in ((real, "real", REAL), (fake, "fake", FAKE)):
        counts = np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0]
        traces.append(
            {
                "type": "bar",
                "x": _rounded((edges[1:] + edges[:-1]) / 2),
                "y": _rounded(counts / max(len(values), 1) * 100),
                "width": float(edges[1] - edges[0]),
                "name": text["series"][name],
                "marker": {"color": colour, "opacity": 0.6, "line": {"width": 0}},
                "hovertemplate": text["hover"],
            }
        )
    layout: dict[str, Any] = {
        "barmode": "overlay",
        "xaxis": _axis(text["x"].format(step=step)),
        "yaxis": _axis(text["y"]),
    }
    if not run.is_score:
        layout |= {"shapes": [_line("x", 0.5)]}
    return _laid(traces, layout)


def _shown(values: np.ndarray, is_score: bool) -> np.ndarray:
    return values if is_score else np.asarray(1 / (1 + np.exp(-np.clip(values, -60, 60))))


def slopes(runs: Named, at: int | None = None) -> dict[str, Any] | None:
    """The norms of the critic's gradient at the interpolates: mean, and between which most lie; None where there are none."""
    text = words("images")["charts"]["slopes"]
    traces: list[dict[str, Any]] = []
    for k, (label, run) in enumerate(runs):
        kept = [(step, found.slopes) for step, path in run.scores.items() if (found := read_scores(path))]
        kept = [(step, norms) for step, norms in kept if len(norms)]
        traces += _spread(kept, COLOURS[k], text)
        x, values = run.curves["step"], run.curves.get("slope", np.zeros(0))
        if not np.isfinite(values).any():  # without a penalty it is measured with the samples alone
            x, values = np.array([step for step, _ in kept]), np.array([norms.mean() for _, norms in kept])
        if len(values):
            title = label if len(runs) > 1 else text["series"]["mean"]
            traces.append(_curve(x, values, title, {"color": COLOURS[k], "width": 2}, text["hover"]))
    if not traces:
        return None
    figure = _figure(traces, text, at)
    band = {"type": "rect", "xref": "paper", "x0": 0, "x1": 1, "y0": 1 - SLOPE, "y1": 1 + SLOPE, "line": {"width": 0}}
    figure["layout"]["shapes"] += [band | {"fillcolor": "rgba(0,158,115,0.14)", "layer": "below"}, _line("y", 1.0)]
    return figure


def _spread(kept: Sequence[tuple[int, np.ndarray]], colour: str, text: dict[str, Any]) -> list[dict[str, Any]]:
    """The tenth to the ninetieth percentile of the norms that were kept: (step, norms)."""
    if len(kept) < 2:
        return []
    x = [step for step, _ in kept]
    ends = np.array([np.percentile(norms, [10, 90]) for _, norms in kept])
    edge = {"type": "scatter", "mode": "lines", "x": x, "line": {"width": 0, "color": colour}, "showlegend": False}
    fill = {"fill": "tonexty", "fillcolor": _pale(colour)}
    return [
        edge | {"y": _rounded(ends[:, 0]), "hoverinfo": "skip"},
        edge | {"y": _rounded(ends[:, 1]), "name": text["series"]["most"], "hoverinfo": "skip", **fill},
    ]


def metric_names(runs: Named) -> list[str]:
    """The metrics that any of the runs has."""
    return list(dict.fromkeys(name for _, run in runs for e in run.evaluations for name in e.metrics))


def metric(runs: Named, name: str, at: int | None = None) -> dict[str, Any] | None:
    """One metric over the training, and beside it what real images reach against real ones: its noise floor."""
    text = words("images")["charts"]["metric"]
    said = words("images")["metrics"].get(name, {"unit": ""})
    traces: list[dict[str, Any]] = []
    floors: list[dict[str, Any]] = []
    for k, (label, run) in enumerate(runs):
        known = [(e.step, e.metrics[name], e) for e in run.evaluations if name in e.metrics]
        if not known:
            continue
        last = known[-1][2]
        hover = text["hover"].format(unit=said["unit"], extractor=last.extractor or "–", samples=last.samples)
        title = label if len(runs) > 1 else text["series"]["value"]
        x, y = np.array([step for step, *_ in known]), np.array([m.value for _, m, _ in known])
        traces.append(_curve(x, y, title, {"color": COLOURS[k], "width": 2}, hover) | {"mode": "lines+markers"})
        base = [(step, m.baseline) for step, m, _ in known if m.baseline is not None]
        if base and not floors:
            floors.append(
                _curve(
                    np.array([step for step, _ in base]),
                    np.array([b for _, b in base]),
                    text["series"]["baseline"],
                    {"color": THIRD, "width": 2, "dash": "dot"},
                    text["hover_baseline"],
                )
            )
    if not traces:
        return None
    figure = _figure([*traces, *floors], text | {"y": said["unit"]}, at)
    values = [v for trace in (*traces, *floors) for v in trace["y"] if v is not None]
    if min(values, default=0) > 0 and max(values) > WIDE * min(values):
        figure["layout"]["yaxis"]["type"] = "log"
    return figure


def modes(runs: Named, at: int | None = None) -> dict[str, Any] | None:
    """How many of the data's kinds the samples hold; None where they are not counted."""
    text = words("images")["charts"]["modes"]
    traces, most = [], 0
    for k, (label, run) in enumerate(runs):
        known = [e for e in run.evaluations if e.covered is not None]
        if not known or (last := counted(run)) is None:
            continue
        most = max(most, last.modes or 0)
        title = label if len(runs) > 1 else text["series"]
        x, y = np.array([e.step for e in known]), np.array([e.covered or 0 for e in known])
        hover = text["hover"].format(modes=most, samples=last.samples)
        traces.append(_curve(x, y, title, {"color": COLOURS[k], "width": 2, "shape": "hv"}, hover))
        traces[-1]["mode"] = "lines+markers"
    if not traces:
        return None
    figure = _figure(traces, text, at)
    figure["layout"]["shapes"].append(_line("y", float(most)))
    figure["layout"]["yaxis"] |= {"range": [0, most * 1.06]}
    return figure


# ---- the pieces


def _curve(x: Any, y: Any, name: str, line: dict[str, Any], hover: str) -> dict[str, Any]:
    x, y = np.asarray(x), np.asarray(y, float)
    kept = np.unique(np.linspace(0, len(x) - 1, min(len(x), MOST)).astype(int)) if len(x) else np.zeros(0, int)
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [int(v) for v in x[kept]],
        "y": _rounded(y[kept]),
        "name": name,
        "line": line,
        "hovertemplate": hover,
    }


def _rounded(values: Any) -> list[float | None]:
    """Numbers of five digits; None where there is none."""
    return [float(f"{v:.5g}") if np.isfinite(v) else None for v in np.asarray(values, float)]


def _figure(traces: list[dict[str, Any]], text: dict[str, Any], at: int | None) -> dict[str, Any]:
    """Curves over the steps, with a line at the step that is looked at."""
    layout = {
        "xaxis": _axis(words("images")["charts"]["step"]),
        "yaxis": _axis(text["y"]),
        "hovermode": "x unified",
        "shapes": [] if at is None else [_line("x", at)],
    }
    return _laid(traces, layout)


def _laid(traces: list[dict[str, Any]], layout: dict[str, Any]) -> dict[str, Any]:
    common = {
        "height": HEIGHT,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": {"size": 14}},
        "showlegend": sum(trace.get("showlegend", True) for trace in traces) > 1,
        "uirevision": "kept",  # a zoom stays when more of the run arrives
        "font": {"size": 14},
    }
    return {"data": traces, "layout": common | layout}


def _axis(title: str) -> dict[str, Any]:
    return {
        "title": {"text": title, "font": {"size": 14}},
        "tickfont": {"size": 14},
        "automargin": True,
        "fixedrange": False,
    }


def _line(across: str, value: float) -> dict[str, Any]:
    """A thin line across the figure, at a value of an axis."""
    other = "y" if across == "x" else "x"
    return {
        "type": "line",
        f"{across}0": value,
        f"{across}1": value,
        f"{other}ref": "paper",
        f"{other}0": 0,
        f"{other}1": 1,
        "line": {"color": THIRD, "width": 1.5, "dash": "dash"},
    }


def _pale(colour: str) -> str:
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.2)"
