"""The generator of random numbers: that of JAX, and of the paper's own known answers."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from gan1d.threefry import FEWER_ROUNDS, ROUNDS, THREEFRY, quick_words, root_keys, threefry

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
def test_root_keys_are_those_of_jax(seed: int) -> None:
    expected = [jax.random.key_data(jax.random.fold_in(jax.random.key(seed), i)) for i in range(5)]
    np.testing.assert_array_equal(root_keys(seed, 5), expected)


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


def test_quick_words_are_the_generators() -> None:
    """The first word of each counter, which is the word's row and column."""
    key = jnp.array([7, 11], jnp.uint32)
    drawn = quick_words(jax.random.wrap_key_data(key, impl=THREEFRY), 3, 5)
    assert drawn.shape == (3, 5) and drawn.dtype == jnp.uint32
    for row, column in np.ndindex(3, 5):
        assert drawn[row, column] == threefry(key, jnp.uint32(row), jnp.uint32(column), FEWER_ROUNDS)[0]


def test_quick_bytes_are_uniform_and_neighbours_independent() -> None:
    """Chi-squared of all values, and of pairs of neighbours' upper four bits: within the middle 99.8 % of chance."""
    words = np.asarray(quick_words(jax.random.key(5, impl=THREEFRY), 512, 512))
    drawn = words.view(np.uint8).astype(int)
    beside = 16 * (drawn[:, ::2] >> 4) + (drawn[:, 1::2] >> 4)
    below = 16 * (drawn[::2] >> 4) + (drawn[1::2] >> 4)
    for values in (drawn.ravel(), beside.ravel(), below.ravel()):
        assert 1e-3 < stats.chisquare(np.bincount(values, minlength=256)).pvalue < 1 - 1e-3
