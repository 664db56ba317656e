"""The layers that a player's picture can show of a run: which there are, what each means, and the numbers that only the run knows."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from gan1d.data import target
from gan1d.render.axes import optimum, reading, said
from gan1d.trajectory import Trajectory
from gan1d.wording import wording

PLAIN = ("real", "generated", "d", "optimum", "outside")
"""Layers that are on unless somebody says otherwise: a calm first picture."""
LONG, CAP = 0.06, 0.1
"""Shares of the x axis: how long an arrow is that all but a twentieth of the run's are shorter than, and the most that one is drawn."""
USUAL = 0.95
RULES = {"minimax": "ratio", "non_saturating": "ratio", "least_squares": "ratio", "hinge": "sign"}
"""How D* follows from the densities p and q: weight p/(p + q), or sign(weight p - q)."""
OTHER = {"non_saturating": "saturating", "minimax": "non_saturating"}
"""The other of the two GAN losses, as the words call it."""
FAINT = 80.0
"""|logit| beyond which float32 keeps nothing of the weaker of the two GAN losses' steps."""


text = partial(wording, "layers")
"""Names and meanings of the layers, and what is written about them."""


def layers(run: Trajectory) -> dict[str, Any]:
    """``meta["layers"]`` of the player's contract."""
    parts = [part for _, part in run.parts] or [run]
    data = [target(part.config.data) for part in parts]
    return described(
        run.config.training.loss,
        best=[best(part, run) for part in parts],
        data=[{"mean": d.mean, "std": d.std} for d in data],
        step_scale=step_scale(run),
        optimum=optimum(run)["d"],
        noisy=run.config.training.instance_noise > 0,
    )


def described(
    loss: str,
    *,
    best: list[dict[str, Any] | None],
    data: list[dict[str, float]],
    step_scale: float | None,
    optimum: float | None,
    noisy: bool = False,
) -> dict[str, Any]:
    """What a player needs to know of the layers of a run with this loss. `best` and `data` of each part; `step_scale` None: no samples."""
    last = best[-1]
    d = {"wasserstein": "d.wasserstein", "hinge": "d.score", "least_squares": "d.score"}.get(loss, "d")
    chosen = {"real": "real", "generated": "generated", "d": d}
    if last:
        smooth = last["weight"] != 1
        chosen["d_star"] = "d_star.sign" if last["rule"] == "sign" else "d_star.smooth" if smooth else "d_star"
        chosen["gap"] = "gap"
    if optimum is not None:
        chosen["optimum"] = "optimum"
    chosen["outside"] = "outside"
    if step_scale is not None:
        chosen["samples"] = "samples"
        chosen["arrows"] = f"arrows.{OTHER[loss]}" if loss in OTHER else "arrows"
    values = {
        "weight": f"{last['weight']:.3g}" if last else "",
        "d": "" if optimum is None else said(optimum),
        "cap": f"{CAP:.0%}".replace("%", " %"),
    }
    found = []
    for name, words in chosen.items():
        told = text()["layers"][words]
        meaning = told["help"].format(**values)
        if noisy and name in ("d_star", "gap"):
            meaning = f"{meaning} {text()['noisy']}"
        found.append({"id": name, "label": told["label"], "help": meaning, "on": name in PLAIN})
    words = text()["words"]
    return {
        "all": found,
        "best": best,
        "data": data,
        "step_scale": step_scale,
        "step_cap": CAP,
        "other_loss": words[OTHER[loss]] if loss in OTHER else None,
        "words": words,
    }


def best(part: Trajectory, run: Trajectory) -> dict[str, Any] | None:
    """{"rule", "weight"} of D* in a part of a run; None where the loss has none, or D is drawn as another loss reads it.

    With a share a of the real data called generated D gains from (1 - a) p against q + a p, so that the ratio has the weight 1 - a;
    hinge's best score is sign((1 - 2a) p - q).
    """
    loss, a = part.config.training.loss, part.config.training.label_smoothing
    if loss not in RULES or reading(part) != reading(run):
        return None
    return {"rule": RULES[loss], "weight": 1 - a if RULES[loss] == "ratio" else 1 - 2 * a}


def other_step(loss: str, step: np.ndarray, logit: np.ndarray) -> np.ndarray | None:
    """The step -dL_G/dx (F,S) under the other of the two GAN losses; None for the rest, which have no such pair.

    Both point along dl/dx, l D's logit: sigmoid(l) times it where saturating, sigmoid(-l) times it where not; their ratio is exp(l).
    NaN where nothing is left to tell it from.
    """
    if loss not in OTHER:
        return None
    sign = 1.0 if loss == "non_saturating" else -1.0
    power = sign * np.asarray(logit, float)
    found = np.asarray(step, float) * np.exp(np.clip(power, -FAINT, FAINT))
    return np.where(power > FAINT, np.nan, found).astype(np.float32)


def steps(run: Trajectory) -> dict[str, np.ndarray]:
    """The array of the player's contract that the samples' own do not have: sample_other (F,S), where there is one.

    NaN in parts under another loss than the last, whose words the picture has.
    """
    if run.sample_step is None or run.sample_logit is None:
        return {}
    loss = run.config.training.loss
    other = other_step(loss, run.sample_step, run.sample_logit)
    if other is None:
        return {}
    ends = [first for first, _ in run.parts[1:]] + [len(run)]
    for (first, part), end in zip(run.parts, ends, strict=False):
        if part.config.training.loss != loss:
            other[first:end] = np.nan
    return {"sample_other": other}


def step_scale(run: Trajectory) -> float | None:
    """Data units of arrow per unit of step: one for the whole run, made for the longer of the two kinds. None without samples."""
    if run.sample_step is None:
        return None
    lengths = np.abs(np.concatenate([run.sample_step, *steps(run).values()], axis=None))
    lengths = lengths[np.isfinite(lengths)]
    usual = float(np.quantile(lengths, USUAL)) if len(lengths) else 0.0
    return LONG * float(run.x[-1] - run.x[0]) / usual if usual > 0 else 0.0
