"""Random numbers by counting: Threefry-2x32, whose words are a function of a key and a counter, and so of what they are for.

Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", SC '11. It is what `jax.random` has by default; written out it
is one pass over the numbers instead of a loop of many small steps, and its counter is ours: no key has to be made for each update.
"""

from __future__ import annotations

from collections.abc import Callable
from math import erf, sqrt
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

Words = Any
"""uint32, of JAX or of NumPy."""
Operation = Callable[[Words, Words], Words]

ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
ROUNDS = 20
"""Those of `jax.random`."""
FEWER_ROUNDS = 13
"""The fewest with which the generator passes BigCrush (table 2 of the source)."""
DIGITS = 23
"""Binary digits of a uniform number, after the point; one more says that it is in the middle of what they leave."""


class Operations(NamedTuple):
    """Elementwise, of uint32."""

    add: Operation
    xor: Operation
    either: Operation
    left: Operation
    right: Operation


IN_PROGRAM = Operations(lax.add, lax.bitwise_xor, lax.bitwise_or, lax.shift_left, lax.shift_right_logical)
"""Those of jax.numpy, and operators, take many times as long to trace."""
ON_HOST = Operations(np.add, np.bitwise_xor, np.bitwise_or, np.left_shift, np.right_shift)


def threefry(
    key: Words, high: Words, low: Words, rounds: int = ROUNDS, by: Operations = IN_PROGRAM
) -> tuple[Words, Words]:
    """Two random words for each counter; key (2, …), high and low of one shape, all uint32 -> two of that shape."""
    keys = (key[0], key[1], by.xor(by.xor(key[0], key[1]), np.uint32(0x1BD11BDA)))
    a, b = by.add(high, keys[0]), by.add(low, keys[1])
    for i in range(rounds):
        turn = ROTATIONS[i // 4 % 2][i % 4]
        a = by.add(a, b)
        b = by.xor(a, by.either(by.left(b, np.uint32(turn)), by.right(b, np.uint32(32 - turn))))
        if i % 4 == 3:
            group = i // 4 + 1
            a, b = by.add(a, keys[group % 3]), by.add(by.add(b, keys[(group + 1) % 3]), np.uint32(group))
    return a, b


def root_keys(seed: int, count: int) -> np.ndarray:
    """The keys (P,2) of a seed's first P streams, `jax.random.fold_in` of 0, 1, …: on the host, for a program would be as long as they."""
    low = np.arange(count, dtype=np.uint32)
    key = np.array([0, seed], np.uint32)[:, None].repeat(count, 1)
    return np.stack(threefry(key, np.zeros_like(low), low, by=ON_HOST), axis=1)


def random_words(key: jax.Array, high: jax.Array, low: jax.Array) -> jax.Array:
    """Random words of 32 bits, uint32, for counters of which the halves' shapes together are that of the words; key (2,), all uint32.

    One of each counter's two: XLA would work out everything a second time for the other, and then move both to be side by side.
    """
    high, low = jnp.broadcast_arrays(high, low)
    return threefry(key, high, low, FEWER_ROUNDS)[0]


def uniform(words: jax.Array) -> jax.Array:
    """Uniform numbers between 0 and 1, and never either, float32, of words of any shape: multiples of 2^-23, and half of that.

    The upper bits of a word are the fraction of a float between 1 and 2. All of it is exact.
    """
    fraction = lax.shift_right_logical(words, np.uint32(32 - DIGITS))
    return lax.bitcast_convert_type(fraction | np.uint32(0x3F800000), jnp.float32) - np.float32(1 - 0.5 ** (DIGITS + 1))


def centred(u: jax.Array) -> jax.Array:
    """2u - 1, any shape, between -1 and 1: exact too."""
    return 2 * u - 1


def normal(u: jax.Array) -> jax.Array:
    """The standard normal's quantiles of uniform numbers, any shape: normal numbers, at most 5.3 from 0."""
    return np.float32(sqrt(2)) * lax.erf_inv(centred(u))


def truncated_normal(u: jax.Array) -> jax.Array:
    """The same, any shape, of a standard normal cut off at two standard deviations on each side."""
    return np.float32(sqrt(2)) * lax.erf_inv(np.float32(erf(sqrt(2))) * centred(u))
