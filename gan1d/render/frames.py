"""A trajectory as plain numbers for a player: metadata and flat float32 arrays, nothing drawn."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from gan1d import player
from gan1d.data import target
from gan1d.render.captions import captions
from gan1d.trajectory import Trajectory

FORMAT = 1
DURATION = 6.0
"""Seconds of a run at normal speed: 350 states then pass at 58 a second, as many as a screen shows."""
HEADROOM, TALLEST = 1.25, 2.5
"""The density axis reaches this many times the data's highest point, and at most so many for the generator's sake."""


@cache
def text() -> dict[str, Any]:
    """Titles, units and meanings of the curves."""
    return json.loads((Path(__file__).parents[1] / "text" / "curves.en.json").read_text("utf-8"))


def frames(run: Trajectory) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """(meta, arrays) of the player's data contract: F states, X grid points.

    arrays, all 1-D float32: x (X), p_data (X), p_gen (F*X), d (F*X), iteration (F), mass_outside (F*2), and the curves' series (F).
    meta: JSON; names, ranges, captions and every string that the player shows.
    """
    curves = curve_panels(run)
    keys = [
        "x",
        "p_data",
        "p_gen",
        "d",
        "iteration",
        "mass_outside",
        *(s["key"] for c in curves for s in c["series"]),
    ]
    arrays = {key: np.ascontiguousarray(np.asarray(getattr(run, key), np.float32).ravel()) for key in keys}
    meta = {
        "format": FORMAT,
        "run": fingerprint(run),
        "frames": len(run),
        "grid": len(run.x),
        "output": run.summary["output"],
        "duration": DURATION,
        "density_max": density_top(run),
        "status": run.summary["status"],
        "diverged_at": run.summary["diverged_at"],
        "captions": captions(run),
        "optimum_d": run.summary["optimum"]["d"],
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
    """The small charts under the picture: series, optimum lines, ranges; F points each."""
    data = target(run.config.data)
    optimum = run.summary["optimum"]
    panels: list[tuple[str, list[tuple[str, str]], list[tuple[float, str]], list[float] | None]] = [
        (
            "d_says",
            [("p_real_on_real", "real"), ("p_real_on_fake", "generated")],
            [(0.5, "half")],
            [0.0, 1.0],
        ),
        ("mean", [("mean", "generated")], [(data.mean, "real")], None),
        ("std", [("std", "generated")], [(data.std, "real")], None),
        (
            "losses",
            [("loss_d", "d"), ("loss_g", "generated")],
            [(optimum["loss_d"], "loss_d"), (optimum["loss_g"], "loss_g")],
            None,
        ),
        ("jsd", [("jsd", "neutral")], [(0.0, "equal")], [0.0, float(np.log(2))]),
        ("w1", [("w1", "neutral")], [(0.0, "equal")], None),
    ]
    words = text()
    return [
        {
            "id": name,
            "title": words[name]["title"],
            "unit": words[name]["unit"],
            "help": words[name]["help"],
            "range": limits or span(run, series, references),
            "series": [{"key": key, "label": words[name]["series"][key], "role": role} for key, role in series],
            "references": [{"value": value, "label": words[name]["references"][label]} for value, label in references],
        }
        for name, series, references, limits in panels
    ]


def span(run: Trajectory, series: list[tuple[str, str]], references: list[tuple[float, str]]) -> list[float]:
    """A fixed range for a chart: its references and all but the wildest states, so that one spike does not flatten the rest."""
    values = np.concatenate([getattr(run, key) for key, _ in series])
    values = values[np.isfinite(values)]
    marks = [value for value, _ in references]
    low, high = np.quantile(values, [0.005, 0.995]) if len(values) else (0.0, 0.0)
    low, high = min(low, *marks), max(high, *marks)
    margin = 0.08 * (high - low) or 0.5
    return [float(low - margin), float(high + margin)]
