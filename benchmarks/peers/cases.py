"""The six trainings that are compared, and how much quicker than PyTorch eager each is meant to be."""

from __future__ import annotations

from typing import NamedTuple

from gan1d.catalogue import DISCRIMINATORS, NEAR_MODES, scenarios
from gan1d.config import Config

ITERATIONS = 2000
FRAMES = 334
"""Recorded states after the first: every sixth iteration, the widest stride that gives at least 300 of 2 000."""
LIKE_ALL = {"training.batch": 32, "training.iterations": ITERATIONS, "training.frames": FRAMES}


class Case(NamedTuple):
    """A training to compare. target: how many times quicker than PyTorch eager, recording and exact metrics included."""

    name: str
    config: Config
    target: float


def _cases() -> dict[str, Case]:
    linear, published = scenarios["gaussian-linear"], scenarios["gaussian-linear-as-published"]
    targets = {"plain": 20.0, "l2": 20.0, "dropout": 16.0, "l2-dropout": 16.0}
    found = [Case(f"linear, {name}", linear.with_discriminator(name).config, targets[name]) for name in DISCRIMINATORS]
    mlp = Config.from_dict({"data": NEAR_MODES}).replace(
        **{"generator.kind": "mlp", "training.lr_d": 1e-3, "training.lr_g": 1e-3}, **DISCRIMINATORS["l2-dropout"]
    )
    found.append(Case("MLP, l2-dropout", mlp, 12.0))
    found.append(Case("as published, l2-dropout", published.with_discriminator("l2-dropout").config, 28.0))
    return {case.name: case._replace(config=case.config.replace(**LIKE_ALL)) for case in found}


CASES: dict[str, Case] = _cases()
"""Linear generator and D 64-64 on N(15, 7), with the four discriminators; MLP 64-64 against D 64-64 on two near modes; and the
published D of one layer of 256 on N(15, 7)."""
