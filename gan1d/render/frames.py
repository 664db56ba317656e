"""A trajectory as plain numbers for a player: metadata and flat float32 arrays, nothing drawn."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from gan1d import player
from gan1d.data import target
from gan1d.render.axes import d_range, drawn_d, optimum, reading
from gan1d.render.captions import captions
from gan1d.render.curves import curve_panels, curve_series, text
from gan1d.render.equations import equations
from gan1d.render.events import events
from gan1d.render.layers import layers, steps
from gan1d.render.packing import pack
from gan1d.trajectory import SAMPLED, Trajectory

FORMAT = 2
DURATION = 6.0
"""Seconds of a run at normal speed: 350 states then pass at 58 a second, as many as a screen shows."""
HEADROOM, TALLEST = 1.25, 2.5
"""The density axis reaches this many times the data's highest point, and at most so many for the generator's sake."""
NOISE_POINTS = 64
"""Noise quantiles of G that the player draws."""


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
    values = {key: getattr(run, key) for key in ("x", "iteration", "mass_outside")} | curve_series(run, curves)
    values |= {"p_data": [part.p_data for _, part in parts], "z": run.z[seen], "z_cdf": levels}
    values["ideal"] = [found.ppf(levels) for found in data]
    arrays = {key: np.ascontiguousarray(np.asarray(value, np.float32).ravel()) for key, value in values.items()}
    rows = {"p_gen": run.p_gen, "d": drawn_d(run), "g": run.g[:, seen]}
    rows |= {name: found for name in SAMPLED if (found := getattr(run, name)) is not None} | steps(run)
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
        "layers": layers(run),
        "events": events(run),
        "equations": equations(run),
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
    """Top of the density axis: all parts' data, and the generated density in nine states of ten unless the data would lie flat."""
    highest = max(float(np.max(part.p_data)) for _, part in run.parts or ((0, run),))
    usual = float(np.quantile(np.max(run.p_gen, axis=1), 0.9)) * 1.1
    return max(HEADROOM * highest, min(usual, TALLEST * highest))
