"""The maps that ship: what they vary, and what computes them. A test holds what `maps.en.json` says of each to the numbers."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import numpy as np

from gan1d.axes import Axis, Sweep
from gan1d.catalogue import scenarios
from gan1d.results import NUMBERS, SETTINGS
from gan1d.sweep import run

SEEDS = 8


def _ratios(low: float, high: float, count: int) -> tuple[float, ...]:
    return tuple(float(f"{v:.3g}") for v in np.geomspace(low, high, count))


def sweeps() -> dict[str, Sweep]:
    """Name -> map."""
    critic = scenarios["oscillation"].config.replace(
        **{"training.optimizer": "sgd", "training.penalty": "r1", "training.penalty_weight": 1.0}
    )
    apart = scenarios["near-modes-linear"].config.replace(**{"data.means": [0, 6]})
    sure = scenarios["strong-discriminator"].config.replace(**{"training.lr_d": 0.03})
    losses = ("minimax", "non_saturating", "least_squares", "hinge")
    return {
        "learning-rates": Sweep(
            critic,
            (Axis("training.lr_d", _ratios(0.003, 1, 12)), Axis("training.lr_g", _ratios(0.003, 1, 12))),
            SEEDS,
        ),
        "averaging-or-collapse": Sweep(
            apart,
            (Axis("data.means[1]", tuple(range(1, 13))), Axis("generator.std", tuple(k / 2 for k in range(1, 13)))),
            SEEDS,
        ),
        "vanishing": Sweep(sure, (Axis("training.k_d", tuple(range(1, 11))), Axis("training.loss", losses)), SEEDS),
    }


def write(folder: Path) -> None:
    """Computes all of them and puts each into a folder of its name."""
    for name, sweep in sweeps().items():
        with tempfile.TemporaryDirectory() as beside:
            run(sweep, beside, resume=True, device="cpu")  # with a GPU or without one, the same numbers
            (folder / name).mkdir(parents=True, exist_ok=True)
            for file in (SETTINGS, NUMBERS):
                shutil.copyfile(Path(beside) / file, folder / name / file)
