"""The generator of random numbers: that of JAX, and of the paper's own known answers."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from gan1d.threefry import FEWER_ROUNDS, ROUNDS, THREEFRY, threefry

ONES = 0xFFFFFFFF


@pytest.mark.parametrize(
    ("rounds", "word", "expected"),
    [
        (FEWER_ROUNDS, 0, (0x9D1C5EC6, 0x8BD50731)),
        (FEWER_ROUNDS, ONES, (0xFD36D048, 0x2D17272C)),
        (ROUNDS, 0, (0x6B200159, 0x99BA4EFE)),
        (ROUNDS, ONES, (0x1CB996FC, 0xBB002BE7)),
    ],
)
def test_known_answers(rounds: int, word: int, expected: tuple[int, int]) -> None:
    """Random123's kat_vectors: key and counter of zeros, and of ones."""
    key = jnp.full(2, word, jnp.uint32)
    assert tuple(int(w) for w in threefry(key, key[0], key[1], rounds)) == expected


@pytest.mark.parametrize("seed", [0, 7, 2**31 - 1])
def test_keys_and_numbers_are_those_of_jax(seed: int) -> None:
    """Folded keys, splits, and numbers of several distributions."""
    ours, theirs = (
        jax.random.fold_in(jax.random.fold_in(k, 3), 11)
        for k in (jax.random.key(seed, impl=THREEFRY), jax.random.key(seed))
    )
    for key, other in ((ours, theirs), *zip(jax.random.split(ours, 3), jax.random.split(theirs, 3), strict=True)):
        np.testing.assert_array_equal(jax.random.key_data(key), jax.random.key_data(other))
    for draw in (jax.random.bits, jax.random.uniform, jax.random.normal, jax.random.laplace):
        np.testing.assert_array_equal(draw(ours, (5, 7)), draw(theirs, (5, 7)))
    np.testing.assert_array_equal(jax.random.t(ours, 3.0, (9,)), jax.random.t(theirs, 3.0, (9,)))


@pytest.mark.parametrize("shape", [(64, 256), (3, 5), (1,)])
def test_bytes_fill_any_shape(shape: tuple[int, ...]) -> None:
    """As many as are asked for, of the type that is asked for."""
    drawn = jax.random.bits(jax.random.key(1, impl=THREEFRY), shape, jnp.uint8)
    assert drawn.shape == shape and drawn.dtype == jnp.uint8


def test_bytes_are_uniform_and_neighbours_independent() -> None:
    """Chi-squared of all values, and of pairs of neighbours' upper four bits: within the middle 99.8 % of chance."""
    drawn = np.asarray(jax.random.bits(jax.random.key(5, impl=THREEFRY), (2**20,), jnp.uint8)).astype(int)
    pairs = 16 * (drawn[::2] >> 4) + (drawn[1::2] >> 4)
    halves = 16 * (drawn[: 2**19] >> 4) + (drawn[2**19 :] >> 4)  # the two words of a counter
    for values in (drawn, pairs, halves):
        assert 1e-3 < stats.chisquare(np.bincount(values, minlength=256)).pvalue < 1 - 1e-3
