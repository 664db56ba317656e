"""The curves of a lesson's figure: E|grad C| of a critic under WGAN-GP's penalty, and under one that no gradient flows through.

`python -m tools.penalty` trains both on digits, several seeds each, in some minutes, and writes what ships.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from gan1d.image.config import ImageConfig
from gan1d.image.data import load
from gan1d.image.dataset import Dataset
from gan1d.image.presets import preset
from gan1d.image.run import train
from gan1d.lessons import IMAGES
from gan1d.writing import Writing

PATH = IMAGES / "penalty.json"
UPDATES = 2000
"""Of the critic."""
SEEDS = range(5)
CRITIC = 2
"""Critic updates for one of the generator."""
NEVER = 10**6
"""Steps between two things that are not wanted here."""
BASE = preset(
    "digits-16-wgan-gp",
    width=8,
    batch=32,
    n_critic=CRITIC,
    steps=UPDATES // CRITIC,
    record_every=10,
    sample_every=NEVER,
    checkpoint_every=NEVER,
    evaluate_every=NEVER,
)
"""The shipped run's game in small: digits of 16x16, a quarter of its width, half of its batch. A record: the mean of 20 critic updates."""
KINDS = {"right": False, "frozen": True}
"""A curve's name -> whether the penalty is frozen."""


def config(kind: str, seed: int, steps: int = BASE.steps) -> ImageConfig:
    """What a curve is of."""
    return BASE.replace(frozen_penalty=KINDS[kind], seed=seed, steps=steps)


@cache
def _digits() -> Dataset:
    return load(BASE.data, BASE.size, BASE.channels)


def curve(of: ImageConfig) -> list[float]:
    """E|grad C| at the interpolates, per unit of pixel value, a mean for each record."""
    return [float(line["slope"]) for line in train(of, _digits(), device="cpu").lines]


def write(path: Path = PATH) -> None:
    """Trains all and writes them, whole or not at all."""
    every = BASE.record_every * CRITIC
    found: dict[str, object] = {
        "config": BASE.to_dict(),
        "seeds": list(SEEDS),
        "updates": list(range(every, UPDATES + 1, every)),
    }
    for kind in KINDS:
        found[kind] = [[float(f"{v:.4g}") for v in curve(config(kind, seed))] for seed in SEEDS]
    with Writing(path) as beside:
        beside.write_text(json.dumps(found) + "\n", "utf-8")


if __name__ == "__main__":
    write()
