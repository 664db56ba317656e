"""A trajectory as plain numbers for a player: metadata and flat float32 arrays, nothing drawn."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gan1d import player
from gan1d.data import target
from gan1d.floors import floors
from gan1d.render.axes import d_range, drawn_d, optimum, reading, said, steady, with_margin
from gan1d.render.captions import captions
from gan1d.render.packing import pack
from gan1d.trajectory import SAMPLED, Trajectory

FORMAT = 2
DURATION = 6.0
"""Seconds of a run at normal speed: 350 states then pass at 58 a second, as many as a screen shows."""
HEADROOM, TALLEST = 1.25, 2.5
"""The density axis reaches this many times the data's highest point, and at most so many for the generator's sake."""
TOGETHER, CLEAR = 0.04, 0.12
"""Distance of two lines, as a share of a chart's height, below which they are one; and that of two names above one another."""
LEAST = 1e-3
"""Best JSD in nats, and best W1 in standard deviations of the data, below which the best is as good as 0."""


NOISE_POINTS = 64
"""Noise quantiles of G that the player draws."""


class Line(NamedTuple):
    """A reference line of a small chart: value, the name of its words, half the width of the band around it, and the distance that it keeps
    from lines that tell more, as a share of the chart's height."""

    value: float
    name: str
    band: float = 0.0
    apart: float = TOGETHER


class Panel(NamedTuple):
    """A small chart: the name of its words, series as (key, role), lines with the most telling one first, and its range where fixed."""

    name: str
    series: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...]
    range: tuple[float, float] | None = None


@cache
def text() -> dict[str, Any]:
    """Titles, units and meanings of the curves, and of D's axis."""
    return json.loads((Path(__file__).parents[1] / "text" / "curves.en.json").read_text("utf-8"))


def frames(run: Trajectory) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """(meta, arrays) of the player's data contract: F states, X grid points.

    arrays, all 1-D: x (X), p_data (P*X), iteration (F), mass_outside (F*2), z (Z), z_cdf (Z), ideal (P*Z), and the curves' series (F),
    float32; p_gen and d (F*X), g (F*Z) and the samples (F*S) as 16-bit codes, each with the ends of its rows (F*2), as `packing` has it.
    meta: JSON; names, ranges, captions and every string that the player shows.
    """
    curves = curve_panels(run)
    parts = run.parts or ((0, run),)
    seen = slice(None, None, -(-len(run.z) // NOISE_POINTS))
    data = [target(part.config.data) for _, part in parts]
    levels = ((np.arange(len(run.z)) + 0.5) / len(run.z))[seen]
    keys = ["x", "iteration", "mass_outside", *(s["key"] for c in curves for s in c["series"])]
    values = {key: getattr(run, key) for key in keys}
    values |= {"p_data": [part.p_data for _, part in parts], "z": run.z[seen], "z_cdf": levels}
    values["ideal"] = [found.ppf(levels) for found in data]
    arrays = {key: np.ascontiguousarray(np.asarray(value, np.float32).ravel()) for key, value in values.items()}
    rows = {"p_gen": run.p_gen, "d": drawn_d(run), "g": run.g[:, seen]}
    rows |= {name: found for name in SAMPLED if (found := getattr(run, name)) is not None}
    for name, found in rows.items():
        arrays[name], arrays[f"{name}_ends"] = pack(found)
    diagnosis = run.diagnosis
    meta = {
        "format": FORMAT,
        "run": fingerprint(run),
        "packed": list(rows),
        "parts": [first for first, _ in parts],
        "loss": run.config.training.loss,
        "frames": len(run),
        "grid": len(run.x),
        "noise_points": len(levels),
        "samples": 0 if run.sample_fake is None else run.sample_fake.shape[1],
        "output": run.summary["output"],
        "duration": DURATION,
        "density_max": density_top(run),
        "d_range": d_range(run),
        "d_axis": text()["d_axis"][reading(run)],
        "d_name": text()["d_name"][reading(run)],
        "status": run.summary["status"],
        "diverged_at": run.summary["diverged_at"],
        "captions": captions(run),
        "outcome": {"kind": diagnosis.kind, "evidence": diagnosis.evidence},
        "optimum_d": optimum(run)["d"],
        "curves": curves,
        "text": player.text(),
    }
    return meta, arrays


def fingerprint(run: Trajectory) -> str:
    """A short name for what is drawn: equal for equal runs."""
    digest = hashlib.sha256(run.config.to_json().encode())
    for array in (run.iteration, run.p_gen, run.d):
        digest.update(array.tobytes())
    return digest.hexdigest()[:16]


def density_top(run: Trajectory) -> float:
    """Top of the density axis: all of the data, and the generated density in nine states of ten unless the data would lie flat."""
    highest = float(np.max(run.p_data))
    usual = float(np.quantile(np.max(run.p_gen, axis=1), 0.9)) * 1.1
    return max(HEADROOM * highest, min(usual, TALLEST * highest))


def curve_panels(run: Trajectory) -> list[dict[str, Any]]:
    """The small charts under the picture: series, reference lines, ranges; F points each."""
    return [_drawn(run, panel) for panel in _panels(run)]


def _panels(run: Trajectory) -> tuple[Panel, ...]:
    data, low = target(run.config.data), floors(run.config)
    best = optimum(run)
    d = () if best["d"] is None else (Line(best["d"], "d"),)
    losses = tuple(Line(value, name) for name in ("loss_d", "loss_g") if (value := best[name]) is not None)
    if run.score_real is None:
        says = Panel("d_says", (("p_real_on_real", "real"), ("p_real_on_fake", "generated")), d, (0.0, 1.0))
    elif run.config.training.loss == "wasserstein":  # L_D is the mean score of generated points, from that of the data
        says = Panel("d_says", (("loss_d", "generated"),), (Line(0.0, "real"),))
    else:
        says = Panel("d_says", (("score_real", "real"), ("score_fake", "generated")), d)
    jsd, w1 = (
        (Line(low.best[name], "best"),) if LEAST * unit < low.best[name] < np.inf else ()
        for name, unit in (("jsd", 1.0), ("w1", data.std))
    )
    equal = Line(0.0, "equal", apart=CLEAR)
    return (
        says,
        Panel("mean", (("mean", "generated"),), (Line(data.mean, "real", low.noise["mean"]),)),
        Panel("std", (("std", "generated"),), (Line(data.std, "real", low.noise["std"]),)),
        Panel("losses", (("loss_d", "d"), ("loss_g", "generated")), losses),
        Panel("jsd", (("jsd", "neutral"),), (*jsd, equal), (0.0, float(np.log(2)))),
        Panel("w1", (("w1", "neutral"),), (*w1, Line(low.noise["w1"], "noise"), equal)),
    )


def _drawn(run: Trajectory, panel: Panel) -> dict[str, Any]:
    """A panel in the words and numbers of the player's contract."""
    words = text()["panels"].get(f"{panel.name}.{reading(run)}") or text()["panels"][panel.name]
    best, noise = optimum(run)["d"], run.config.generator.noise
    known = {"batch": run.config.training.batch, "d": None if best is None else said(best)}
    limits = list(panel.range or span(run, panel))

    def fill(sentence: str, line: Line) -> str:
        numbers = {"value": f"{line.value:.3g}", "noise": f"{line.band:.3g}", "family": text()["families"][noise]}
        return sentence.format(**known, **numbers)

    references: list[dict[str, Any]] = []
    for line in panel.lines:
        named = {name: fill(sentence, line) for name, sentence in words["references"][line.name].items()}
        beside = [r for r in references if abs(r["value"] - line.value) < line.apart * (limits[1] - limits[0])]
        if beside:
            beside[0]["help"] = f"{beside[0]['help']} {named['help']}".strip()
            continue
        band = [line.value - line.band, line.value + line.band] if line.band > 0 else None
        references.append({"value": line.value, **named, "band": band})
    return {
        "id": panel.name,
        "title": words["title"],
        "unit": words["unit"],
        "help": words["help"].format(**known),
        "range": limits,
        "series": [{"key": key, "label": words["series"][key], "role": role} for key, role in panel.series],
        "references": references,
    }


def span(run: Trajectory, panel: Panel) -> tuple[float, float]:
    """A fixed range for a chart: its lines and all but the wildest states, so that one spike does not flatten the rest."""
    values = np.concatenate([getattr(run, key)[steady(run)] for key, _ in panel.series])
    values = values[np.isfinite(values)]
    marks = [line.value + side * line.band for line in panel.lines for side in (-1, 1)]
    low, high = np.quantile(values, [0.005, 0.995]) if len(values) else (0.0, 0.0)
    return with_margin(min(low, *marks, high), max(high, *marks, low))
