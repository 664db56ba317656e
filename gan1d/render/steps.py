"""A few iterations of a run in half-steps, as the player takes them: after D's turn, after G's turn, and so on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit, logit

from gan1d.render.layers import other_step
from gan1d.render.packing import pack
from gan1d.trajectory import SAMPLED, Trajectory

if TYPE_CHECKING:
    from gan1d.history import HalfSteps

PACKED = ("p_gen", "d", "g", *SAMPLED, "sample_other")
PLAIN = ("loss_d", "loss_g", "mass_outside")
TINY = float(np.finfo(np.float32).tiny)


def steps(
    run: Trajectory, part: Trajectory, half: HalfSteps, points: int
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """(meta, arrays) of N states in half-steps of one part of a run, no farther than the part itself goes; `points` noise points of G.

    arrays: steps_iteration, steps_loss_d, steps_loss_g (N), steps_mass_outside (N*2) float32, and, packed as the run's own,
    steps_p_gen, steps_d (N*X), steps_g (N*points), steps_sample_… (N*S) with their ends.
    meta: part, its number; states N; packed, the names of the packed ones; ends: whether the run ends with the last of them; k_d, k_g:
    updates in a turn.
    """
    end, diverged = _end(run, part), part.summary["diverged_at"]
    if diverged is not None:
        end = min(end, diverged - 1)  # a run that diverges stays at its last state before
    fits = half.iteration <= end
    rows = {name: values[fits] for name, values in half.arrays.items()}
    rows["d"] = _drawn(run, part, rows)
    rows["g"] = rows["g"][:, :: -(-rows["g"].shape[1] // points)]
    if part.config.training.loss == run.config.training.loss and "sample_step" in rows:
        other = other_step(part.config.training.loss, rows["sample_step"], rows["sample_logit"])
        rows |= {} if other is None else {"sample_other": other}
    arrays = {"steps_iteration": half.iteration[fits].astype(np.float32)}
    arrays |= {f"steps_{name}": np.asarray(rows[name], np.float32).ravel() for name in PLAIN}
    packed = [f"steps_{name}" for name in PACKED if name in rows]
    for name in packed:
        arrays[name], arrays[f"{name}_ends"] = pack(rows[name.removeprefix("steps_")])
    last = int(half.iteration[fits][-1])
    meta = {
        "part": next((i for i, (_, each) in enumerate(run.parts) if each is part), 0),
        "states": int(fits.sum()),
        "packed": packed,
        "ends": last >= int(run.iteration[-1]) or (diverged is not None and last >= diverged - 1),
        "k_d": part.config.training.k_d,
        "k_g": part.config.training.k_g,
    }
    return meta, arrays


def _end(run: Trajectory, part: Trajectory) -> int:
    """The last iteration of a part: where the next one begins."""
    seams = [int(each.iteration[0]) for _, each in run.parts] + [int(run.iteration[-1])]
    return next((seam for seam in seams if seam > int(part.iteration[0])), seams[-1])


def _drawn(run: Trajectory, part: Trajectory, rows: dict[str, np.ndarray]) -> np.ndarray:
    """D (N,X) as the run's picture shows it: read as the run reads it, and a critic from its mean on the data."""
    d = rows["d"].astype(float)
    if part.summary["output"] != run.summary["output"]:
        d = expit(d) if part.summary["output"] == "score" else logit(np.clip(d, TINY, 1 - np.finfo(np.float32).epsneg))
    if run.summary["optimum"]["d"] is None and part.summary["output"] == "score":
        d = d - rows["score_real"][:, None]
    return np.asarray(d, np.float32)
