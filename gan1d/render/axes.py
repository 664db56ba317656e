"""What the picture and the small charts show of a run's numbers: D as it is drawn, where its optimum lies, and how far the axes reach."""

from __future__ import annotations

import math

import numpy as np

from gan1d.trajectory import Trajectory

DATA_IS = 0.05
"""Share of a density's highest point above which a point counts as where that density is."""
WILD = 0.02
"""Share of the states on either side that D's axis need not hold: the first ones of a run may be wild."""
MARGIN = 0.08
"""Room above and below what an axis holds, in shares of it."""
TAUGHT: dict[str, tuple[float, ...]] = {"least_squares": (0.0, 1.0), "hinge": (-1.0, 1.0)}
"""The scores that D is taught for generated and for real samples, where a loss has such."""


def reading(run: Trajectory) -> str:
    """How D is read: "probability", or the name of a loss whose D is a score."""
    return "probability" if run.summary["output"] == "probability" else str(run.config.training.loss)


def drawn_d(run: Trajectory) -> np.ndarray:
    """D (F,X) as the picture shows it. A critic known only up to a constant is shown from its mean on the data, or it would drift."""
    if run.summary["optimum"]["d"] is not None or run.score_real is None:
        return run.d
    mean = np.nan_to_num(run.score_real)  # of a part whose D was a probability there is none: its logit is the score
    return run.d - mean[:, None].astype(np.float32)


def optimum(run: Trajectory) -> dict[str, float | None]:
    """{"loss_d", "loss_g", "d"} where the densities are equal and D is optimal; None for what is not determined.

    Label smoothing of a moves it: D counts a share a of the real data as generated, so that it ends at (1 - a)/2, and for hinge, where
    (1 - a)(1 - s) + (1 + a)(1 + s) rises from -1 to 1, at -1. The objectives, which are recorded without it, then have no optimum there.
    """
    found: dict[str, float | None] = run.summary["optimum"]
    a, d = run.config.training.label_smoothing, found["d"]
    if a == 0 or d is None:
        return found if a == 0 else dict.fromkeys(found)
    return {"loss_d": None, "loss_g": None, "d": -1.0 if run.config.training.loss == "hinge" else (1 - a) * d}


def steady(run: Trajectory) -> slice:
    """The states that axes are made for: all, or of a run that diverges the first half of the way there. The rest may leave the picture."""
    if (at := run.summary["diverged_at"]) is None:
        return slice(None)
    return slice(0, max(1, math.ceil(np.sum(run.iteration < at) / 2)))


def d_range(run: Trajectory) -> tuple[float, float]:
    """Ends of D's axis: 0 and 1 for a probability, with a little room above; else all usual scores where either density is."""
    if run.summary["output"] == "probability":
        return 0.0, 1.04
    states = steady(run)
    low, high = spread(run, drawn_d(run))
    taught = TAUGHT.get(run.config.training.loss, ())
    bottom = min(float(np.quantile(low[states], WILD)), *taught, 0.0)
    top = max(float(np.quantile(high[states], 1 - WILD)), *taught, 0.0)
    return with_margin(bottom, top)


def spread(run: Trajectory, d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest D (F,) where the data or the generated points are."""
    there = where_data_is(run) | (run.p_gen > DATA_IS * run.p_gen.max(axis=1, keepdims=True))
    d = np.where(np.isfinite(d), d, 0.0)
    return np.where(there, d, np.inf).min(axis=1), np.where(there, d, -np.inf).max(axis=1)


def where_data_is(run: Trajectory) -> np.ndarray:
    """Whether the data are at each point of the grid (X,)."""
    return np.asarray(run.p_data > DATA_IS * run.p_data.max())


def with_margin(low: float, high: float) -> tuple[float, float]:
    """An axis with room beyond what it holds."""
    margin = MARGIN * (high - low) or 0.5
    return float(low - margin), float(high + margin)


def said(value: float) -> str:
    """A number as it is said of D: ½, 0.4, −1."""
    return "½" if value == 0.5 else f"{value:.3g}".replace("-", "−")
