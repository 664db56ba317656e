"""Measuring in blocks, while training goes on, is measuring at once."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import gan1d
from gan1d import measuring, training
from gan1d.config import Config
from gan1d.data import target
from gan1d.measuring import Measuring, generated

LINEAR = Config.from_dict({"data": {"means": [-2, 3], "stds": [1, 0.5]}})
MLP = LINEAR.replace(
    **{"generator.kind": "mlp", "generator.hidden": [4], "discriminator.hidden": [4], "training.batch": 4}
)


def states(config: Config, count: int) -> np.ndarray:
    """What `recording.observe` would record of a generator on its way: (F, 2), or (F, N+1)."""
    way = np.linspace(0, 1, count)[:, None]
    if config.generator.kind == "linear":
        return np.concatenate([3 * way, 1 + way], axis=1)
    edges = measuring.cells(config.generator.noise).edges
    return np.tanh(edges) * (1 + 2 * way) + way


@pytest.mark.parametrize("config", [LINEAR, MLP], ids=["linear", "mlp"])
def test_blocks_are_bit_for_bit_the_whole(config: Config) -> None:
    data, where = target(config.data), training.grid_of(config)
    g = states(config, 2 * measuring.BLOCK + 9)
    whole, parts = generated(g, config.generator, data, where), Measuring(config, data, where)
    for begin, end in pairwise((0, 0, 1, 50, 50, len(g))):
        parts.add(g[begin:end])
    for name, values in parts.rows(len(g)).items():
        np.testing.assert_array_equal(values, whole[name], err_msg=name)


def test_the_last_state_of_a_run_that_ended_early_is_held() -> None:
    data, where = target(LINEAR.data), training.grid_of(LINEAR)
    measured = Measuring(LINEAR, data, where)
    measured.add(states(LINEAR, 5))
    mean = measured.rows(8)["mean"]
    assert len(mean) == 8 and (mean[4:] == mean[4]).all() and mean[3] != mean[4]


@pytest.mark.parametrize("config", [LINEAR, MLP], ids=["linear", "mlp"])
def test_a_watched_run_has_the_numbers_of_one_that_is_not(config: Config) -> None:
    """Its pieces are others."""
    short = config.replace(**{"training.iterations": 120, "training.frames": 60})
    alone, watched = gan1d.train(short), gan1d.train(short, progress=lambda *_: None)
    for name in ("p_gen", "jsd", "w1", "kl_data_gen", "mode_mass", "d", "batch_loss_d"):
        np.testing.assert_array_equal(getattr(alone, name), getattr(watched, name), err_msg=name)
