"""The generator of random numbers: the paper's own known answers, JAX's keys, and numbers that follow their distributions."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special, stats

from gan1d.threefry import FEWER_ROUNDS, ROUNDS, normal, random_words, root_keys, threefry, truncated_normal, uniform

ONES = 0xFFFFFFFF
KEY = np.array([7, 11], np.uint32)
LEAST, MOST = np.uint32(0), np.uint32(ONES)
FALSE_ALARM = 1e-3


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


def test_words_are_the_generators() -> None:
    """The first word of each counter, whose halves say which update it is of, and which place in it."""
    high, low = np.arange(3, dtype=np.uint32), np.arange(5, dtype=np.uint32)
    drawn = random_words(KEY, high[:, None], low)
    assert drawn.shape == (3, 5) and drawn.dtype == jnp.uint32
    for row, column in np.ndindex(3, 5):
        assert drawn[row, column] == threefry(KEY, high[row], low[column], FEWER_ROUNDS)[0]


def grid() -> np.ndarray:
    """512 counters high and 512 low."""
    place = np.arange(512, dtype=np.uint32)
    return np.asarray(random_words(KEY, place[:, None], place))


def test_bytes_are_uniform_and_neighbours_independent() -> None:
    """Chi-squared of all values, and of pairs of neighbours' upper four bits: within the middle 99.8 % of chance."""
    drawn = grid().view(np.uint8).astype(int)
    beside = 16 * (drawn[:, ::2] >> 4) + (drawn[:, 1::2] >> 4)
    below = 16 * (drawn[::2] >> 4) + (drawn[1::2] >> 4)
    for values in (drawn.ravel(), beside.ravel(), below.ravel()):
        assert FALSE_ALARM < stats.chisquare(np.bincount(values, minlength=256)).pvalue < 1 - FALSE_ALARM


def test_a_uniform_number_is_the_words_share_and_never_an_end() -> None:
    """The middle of the 2^-23 that the upper bits leave: exactly."""
    of = np.array([LEAST, 1 << 9, 0x80000000, MOST], np.uint32)
    np.testing.assert_array_equal(np.asarray(uniform(of), float), (np.floor(of / 2.0**9) + 0.5) / 2**23)
    drawn = grid()
    np.testing.assert_array_equal(np.asarray(uniform(drawn), float), (np.floor(drawn / 2.0**9) + 0.5) / 2**23)


@pytest.mark.parametrize(
    ("of", "law"),
    [(lambda u: u, stats.uniform()), (normal, stats.norm()), (truncated_normal, stats.truncnorm(-2, 2))],
    ids=["uniform", "normal", "truncated"],
)
def test_numbers_are_the_laws_quantiles(of, law) -> None:
    """SciPy's, to float32's rounding; drawn ones follow it, and their ends are as far out on both sides."""
    u = uniform(np.linspace(0, ONES, 10_001).astype(np.uint32))
    np.testing.assert_allclose(of(u), law.ppf(np.asarray(u, float)), rtol=2e-5, atol=2e-6)
    drawn = of(uniform(grid()))
    assert drawn.dtype == jnp.float32 and np.isfinite(drawn).all()
    assert stats.kstest(np.ravel(drawn).astype(float), law.cdf).pvalue > FALSE_ALARM
    least, most = (float(of(uniform(jnp.uint32(word)))) for word in (LEAST, MOST))
    assert least + most == pytest.approx(2 * law.mean(), abs=1e-6)


def test_a_normal_reaches_as_far_as_its_digits() -> None:
    assert float(normal(uniform(jnp.uint32(MOST)))) == pytest.approx(-special.ndtri(2.0**-24), rel=1e-4)
    assert abs(float(truncated_normal(uniform(jnp.uint32(LEAST))))) <= 2
