"""Made-up runs for the player's tests: a Gaussian that slides onto another one."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np

from gan1d import player
from gan1d.render.layers import described, other_step
from gan1d.render.packing import pack

Arrays = dict[str, np.ndarray]


def gaussian(x: np.ndarray, mean: np.ndarray | float, std: np.ndarray | float) -> np.ndarray:
    z = (x - mean) / std
    return np.exp(-0.5 * z * z) / (std * np.sqrt(2 * np.pi))


def run(
    name: str = "one",
    *,
    frames: int = 351,
    grid: int = 256,
    iterations: int = 2100,
    start: float = -4.0,
    means: tuple[float, ...] = (2.0,),
    end: float | None = None,
    spread: float = 1.0,
    low: float = -8.0,
    high: float = 8.0,
    density_max: float = 0.5,
    duration: float = 6.0,
    output: str = "probability",
    diverged_at: int | None = None,
) -> tuple[dict[str, Any], Arrays]:
    """``meta`` and ``arrays`` as the player takes them. ``end`` is where the generator stops; the data's mean unless told."""
    x = np.linspace(low, high, grid)
    time = np.linspace(0, 1, frames)
    p_data = np.mean([gaussian(x, mean, 1.0) for mean in means], axis=0)
    goal = float(np.mean(means)) if end is None else end
    mean = goal + (start - goal) * np.exp(-4 * time) * np.cos(5 * time)
    std = spread + 0.5 * np.sin(6 * time) * (1 - time)
    p_gen = gaussian(x[None], mean[:, None], std[:, None])
    ratio = (p_data + 1e-4) / (p_data + p_gen + 2e-4)
    d = ratio if output == "probability" else 6 * (ratio - 0.5)
    cell = (high - low) / (grid - 1)
    levels = (np.arange(64) + 0.5) / 64
    noise = np.array([NormalDist().inv_cdf(level) for level in levels])
    batch = np.random.default_rng(0).normal(size=(frames, 32))
    fake = mean[:, None] + std[:, None] * batch
    rows = {
        "p_gen": p_gen,
        "d": d,
        "g": mean[:, None] + std[:, None] * noise,
        "sample_real": np.mean(means) + np.random.default_rng(1).normal(size=(frames, 32)),
        "sample_fake": fake,
        "sample_logit": goal - fake,
        "sample_step": 0.2 * (goal - fake),
    }
    if output == "probability":
        rows["sample_other"] = other_step("non_saturating", rows["sample_step"], rows["sample_logit"])
    left = np.array(
        [gaussian(np.linspace(low - 12, low, 400), m, s).sum() * 12 / 399 for m, s in zip(mean, std, strict=True)]
    )
    right = np.array(
        [gaussian(np.linspace(high, high + 12, 400), m, s).sum() * 12 / 399 for m, s in zip(mean, std, strict=True)]
    )
    on_real = (p_data * d).sum(axis=1) * cell
    on_fake = (p_gen * d).sum(axis=1) * cell
    mixed = (p_data + p_gen) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = (np.nan_to_num(p * np.log(p / mixed)) for p in (np.broadcast_to(p_data, p_gen.shape), p_gen))
        jsd = sum(part.sum(axis=1) for part in parts) * cell / 2
    wobble = np.sin(60 * time) * 0.03
    arrays = {
        "x": x,
        "p_data": p_data,
        "z": noise,
        "z_cdf": levels,
        "ideal": np.mean(means) + noise,
        "iteration": np.round(np.linspace(0, iterations, frames)),
        "mass_outside": np.clip(np.stack([left, right], axis=1), 0, 1).ravel(),
        "p_real_on_real": on_real,
        "p_real_on_fake": on_fake,
        "mean": mean,
        "std": std,
        "loss_d": -np.log(np.abs(on_real) + 1e-3) - np.log(np.abs(1 - on_fake) + 1e-3) + wobble,
        "loss_g": -np.log(np.abs(on_fake) + 1e-3) + wobble,
        "jsd": jsd,
        "w1": np.abs(mean - np.mean(means)) + np.abs(std - 1) / 2,
    }
    arrays["w1"][10:14] = np.nan
    if diverged_at is not None:
        stop = int(np.searchsorted(arrays["iteration"], diverged_at))
        for key in ("loss_d", "loss_g"):
            arrays[key][stop:] = np.nan
    flat = {key: values.astype(np.float32) for key, values in arrays.items()}
    for key, values in rows.items():
        flat[key], flat[f"{key}_ends"] = pack(values)
    meta = {
        "format": 2,
        "run": name,
        "packed": list(rows),
        "parts": [0],
        "loss": "non_saturating" if output == "probability" else "hinge",
        "frames": frames,
        "grid": grid,
        "noise_points": 64,
        "samples": 32,
        "output": output,
        "duration": duration,
        "density_max": density_max,
        "d_range": [0, 1.04] if output == "probability" else [-3.5, 3.5],
        "d_axis": "D(x), probability of real" if output == "probability" else "D(x), score",
        "d_name": "D(x)",
        "status": "ok" if diverged_at is None else "diverged",
        "diverged_at": diverged_at,
        "captions": [
            [
                0,
                "The generator starts far from the data, and D tells the two apart almost everywhere.",
            ],
            [frames // 3, "The generator moves to where D says “real”."],
            [
                2 * frames // 3,
                "The two densities agree: D can no longer tell them apart, and says ½.",
            ],
        ],
        "events": [] if diverged_at is None else [[stop, "diverged", "Diverged: the numbers run away."]],
        "outcome": {"kind": "converged", "evidence": "The generated mean is 2.00, the real one 2.00."},
        "optimum_d": 0.5 if output == "probability" else None,
        "layers": described(
            "non_saturating" if output == "probability" else "hinge",
            best=[{"rule": "ratio" if output == "probability" else "sign", "weight": 1}],
            data=[{"mean": float(np.mean(means)), "std": float(np.sqrt(1 + np.var(means)))}],
            step_scale=1.0,
            optimum=0.5 if output == "probability" else None,
        ),
        "curves": curves(float(np.mean(means))),
        "text": player.text(),
    }
    return meta, flat


def band(name: str, value: float) -> list[float] | None:
    return [value - 0.2, value + 0.2] if name in ("mean", "std") else None


def curves(mean: float) -> list[dict[str, Any]]:
    def panel(
        name: str,
        title: str,
        unit: str,
        series: list[tuple[str, str, str]],
        references: list[tuple[float, str]],
        span: list[float] | None,
    ) -> dict[str, Any]:
        return {
            "id": name,
            "title": title,
            "unit": unit,
            "help": f"{title}: what it is, in one sentence that is long enough to need a second line.",
            "range": span,
            "series": [{"key": key, "label": label, "role": role} for key, label, role in series],
            "references": [
                {"value": value, "label": label, "help": f"What {label} is.", "band": band(name, value)}
                for value, label in references
            ],
        }

    return [
        panel(
            "p_real",
            "What D says",
            "probability",
            [
                ("p_real_on_real", "P(real | real)", "real"),
                ("p_real_on_fake", "P(real | fake)", "generated"),
            ],
            [(0.5, "½")],
            [0, 1],
        ),
        panel(
            "mean",
            "Mean",
            "data units",
            [("mean", "generated", "generated")],
            [(mean, "data")],
            None,
        ),
        panel(
            "std",
            "Standard deviation",
            "data units",
            [("std", "generated", "generated")],
            [(1.0, "data")],
            None,
        ),
        panel(
            "loss",
            "Losses",
            "nats",
            [("loss_d", "D", "d"), ("loss_g", "G", "generated")],
            [(2 * np.log(2), "2 log 2"), (np.log(2), "log 2")],
            None,
        ),
        panel(
            "jsd",
            "Jensen–Shannon divergence",
            "nats",
            [("jsd", "JSD", "neutral")],
            [],
            [0, float(np.log(2))],
        ),
        panel("w1", "Wasserstein distance", "data units", [("w1", "W₁", "neutral")], [], None),
    ]
