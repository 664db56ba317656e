"""Random numbers: a function of what they are for, no two purposes share theirs, and dropout keeps what it says."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from gan1d.config import MAX_UPDATES, Config, structure
from gan1d.draws import draw_both, draw_d, draw_g, keep_factors, numbers

BASE = Config.from_dict({"data": {"means": [-2, 3], "stds": [1, 0.5]}, "training": {"batch": 8}})
TAILED = Config.from_dict({"data": {"kind": "student_t", "df": 4, "loc": 1, "scale": 1}, "training": {"batch": 8}})
EVERYTHING = {
    "discriminator.dropout": 0.3,
    "training.instance_noise": 0.5,
    "training.penalty": "gradient_penalty",
    "training.loss": "wasserstein",
}


def test_streams_are_independent() -> None:
    """No two purposes, iterations or updates share a number."""
    config = BASE.replace(**EVERYTHING)
    s, n = structure(config), numbers(config)
    seen: list[float] = []
    for iteration in (1, 2):
        for update in (0, MAX_UPDATES - 1):
            d, g = (f(s, n, jnp.int32(iteration), jnp.int32(update)) for f in (draw_d, draw_g))
            seen += [float(x) for batch in (d.noise, d.blur, g.noise, g.blur) for x in batch]
            seen += [*map(float, d.real), *map(float, d.mix), *np.ravel(d.keep), *np.ravel(g.keep)]
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize(
    ("base", "changes"), [(BASE, {}), (BASE, EVERYTHING), (TAILED, {"generator.noise": "uniform"})], ids=range(3)
)
def test_drawn_in_bulk_or_one_by_one_they_are_the_same(base: Config, changes: dict) -> None:
    """Whatever the chunk begins with, and however often each player is updated in an iteration."""
    config = base.replace(**changes, **{"training.k_d": 3, "training.k_g": 2})
    s, n = structure(config), numbers(config)
    bulk = jax.jit(lambda n, done: draw_both(s, n, done, 7))(n, jnp.int32(40))
    for drawn, draw, k in zip(bulk, (draw_d, draw_g), (3, 2), strict=True):
        one = jax.jit(lambda n, iteration, update, draw=draw: draw(s, n, iteration, update))
        for i in range(7):
            alone = one(n, jnp.int32(41 + i // k), jnp.int32(i % k))
            jax.tree.map(lambda a, b, i=i: np.testing.assert_allclose(a[i], b, rtol=1e-6), drawn, alone)


def test_batches_follow_their_distributions() -> None:
    """Real, noise, where a penalty looks and instance noise, over many updates, and none of them correlated with another."""
    config = BASE.replace(**EVERYTHING)
    s, n = structure(config), numbers(config)
    d, g = draw_both(s, n, jnp.int32(0), 4000)
    real, noise, mix, blur = (np.asarray(a, float) for a in (d.real, d.noise, d.mix, d.blur))
    assert real.shape == noise.shape == mix.shape == (4000, 8) and blur.shape == (4000, 16)
    mixture = lambda x: 0.5 * (stats.norm(-2, 1).cdf(x) + stats.norm(3, 0.5).cdf(x))  # noqa: E731
    laws = ((real, mixture), (noise, stats.norm.cdf), (mix, stats.uniform.cdf), (blur, stats.norm.cdf))
    for drawn, cdf in (
        *laws,
        (np.asarray(g.noise, float), stats.norm.cdf),
        (np.asarray(g.blur, float), stats.norm.cdf),
    ):
        assert stats.kstest(drawn.ravel(), cdf).pvalue > 1e-4
    columns = np.concatenate([real, noise, mix, blur, g.noise, g.blur], axis=1)
    between = np.corrcoef(columns, rowvar=False)[~np.eye(columns.shape[1], dtype=bool)]
    assert np.abs(between).max() < 5 / np.sqrt(4000)  # five standard errors, of some 1 600 pairs


def test_no_instance_noise_is_drawn_while_there_is_none() -> None:
    s, n = structure(BASE), numbers(BASE)
    d, g = draw_both(s, n, jnp.int32(0), 3)
    assert not d.blur.any() and not g.blur.any() and d.noise.all()


def test_dropout_keeps_its_share_and_the_mean() -> None:
    config = BASE.replace(**{"discriminator.dropout": 0.3, "discriminator.hidden": [64, 64], "training.batch": 256})
    s, n = structure(config), numbers(config)
    factors = np.concatenate(keep_factors(s, n, draw_d(s, n, jnp.int32(1), jnp.int32(0)).keep, 2 * 256), axis=1)
    assert factors.shape == (2 * 256, 2 * 64)
    kept = 1 - round(0.3 * 256) / 256
    assert set(np.unique(factors)) == {np.float32(0), np.float32(1 / kept)}
    spread = np.sqrt(kept * (1 - kept) / factors.size)
    assert (factors > 0).mean() == pytest.approx(kept, abs=5 * spread)  # five standard errors of a Bernoulli share
