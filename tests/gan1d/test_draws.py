"""Random numbers: no two streams share theirs, and dropout keeps what it says."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from gan1d.config import Config, structure
from gan1d.draws import draw_d, draw_g, keep_factors, numbers

BASE = Config.from_dict({"data": {"means": [-2, 3], "stds": [1, 0.5]}, "training": {"batch": 8}})


def test_streams_are_independent() -> None:
    """No two purposes, iterations or updates share their noise."""
    s, n = structure(BASE), numbers(BASE)
    seen = [
        np.asarray(draw.noise)
        for iteration in (1, 2)
        for update in (0, 1)
        for draw in (f(s, n, jnp.int32(iteration), jnp.int32(update)) for f in (draw_d, draw_g))
    ]
    assert len({tuple(noise) for noise in seen}) == len(seen)


def test_dropout_keeps_its_share_and_the_mean() -> None:
    config = BASE.replace(**{"discriminator.dropout": 0.3, "discriminator.hidden": [64, 64], "training.batch": 256})
    s, n = structure(config), numbers(config)
    factors = np.concatenate(keep_factors(s, n, draw_d(s, n, jnp.int32(1), jnp.int32(0)).keep, 2 * 256), axis=1)
    assert factors.shape == (2 * 256, 2 * 64)
    kept = 1 - round(0.3 * 256) / 256
    assert set(np.unique(factors)) == {np.float32(0), np.float32(1 / kept)}
    spread = np.sqrt(kept * (1 - kept) / factors.size)
    assert (factors > 0).mean() == pytest.approx(kept, abs=5 * spread)  # five standard errors of a Bernoulli share
