"""Compiled programs: a number never makes one, a choice does, and what was compiled is found again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

import gan1d
from gan1d import programs
from gan1d.config import Config

SMALL = Config.from_dict(
    {
        "data": {"means": [-2, 3], "stds": [1, 0.5]},
        "generator": {"kind": "mlp", "hidden": [4]},
        "discriminator": {"hidden": [4], "dropout": 0.5},
        "training": {"batch": 4, "iterations": 20, "frames": 5, "penalty": "r1", "penalty_weight": 1.0},
    }
)
CHANGES = 100
BOTH = {"training.iterations": (1, 60), "training.frames": (1, 600), "training.seed": (0, 2**31 - 1)}


def changed(rng: np.random.Generator) -> dict[str, Any]:
    """One to four numbers of any section, anywhere in their ranges; lists of one to eight modes."""
    modes = int(rng.integers(1, 9))
    known: dict[str, Any] = {
        "data.means": rng.uniform(-20, 20, modes).tolist(),
        "data.stds": rng.uniform(0.1, 5, modes).tolist(),
        "data.weights": rng.uniform(0.1, 1, modes).tolist(),
    }
    found: dict[str, Any] = {}
    for section in (SMALL.generator, SMALL.discriminator, SMALL.training):
        for name, spec in type(section).specs().items():
            field = f"{section.section}.{name}"
            if spec.kind == "traced":
                low, high = BOTH.get(field, (spec.low, spec.high))
                value = rng.uniform(low, high)
                found[field] = round(value) if isinstance(SMALL.get(field), int) else value
    found["discriminator.dropout"] = rng.uniform(0.1, 0.9)  # on or off is a choice
    chosen = rng.choice(list(found), size=rng.integers(1, 5), replace=False)
    return {name: found[name] for name in chosen} | (known if rng.random() < 0.5 else {})


def test_a_hundred_random_changes_of_numbers_compile_nothing() -> None:
    """Recompilations: 0."""
    gan1d.train(SMALL)
    before = programs.compile_log()[0]
    rng = np.random.default_rng(0)
    for _ in range(CHANGES):
        change = changed(rng)
        run = gan1d.train(SMALL.replace(**change))
        assert run.compilations == 0, change
    assert programs.compile_log()[0] == before


def test_the_folder_of_programs_is_that_of_jax(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = jax.config.values["jax_compilation_cache_dir"]
    assert programs.folder() == (Path(kept) if kept else None)
