"""JAX's own random number generator, Threefry-2x32, written out: one pass over the numbers instead of a loop of many small steps.

Keys, splits and words of 32 bits are those of `jax.random` with its default generator; on a CPU they cost half as much, and compile
in a fraction of the time. `quick_words` are this module's own, with fewer rounds: dropout needs millions.
Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", SC '11.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend.random import define_prng_impl

Shape = tuple[int, ...]
Words = Any
"""uint32, of JAX or of NumPy."""
Operation = Callable[[Words, Words], Words]

ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
ROUNDS = 20
"""Those of `jax.random`."""
FEWER_ROUNDS = 13
"""The fewest with which the generator passes BigCrush (table 2 of the source)."""


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


def folded(keys: jax.Array, data: jax.Array) -> jax.Array:
    """What `jax.random.fold_in` makes of keys (2, …) and whole numbers of the shape that follows, or one with axes after it: (2, …)."""
    low = data.astype(jnp.uint32)
    keys = jnp.broadcast_to(keys.reshape(*keys.shape, *(1,) * (low.ndim + 1 - keys.ndim)), (2, *low.shape))
    return jnp.stack(threefry(keys, jnp.zeros_like(low), low))


def _fold_in(key: jax.Array, data: Any) -> jax.Array:
    return folded(key, jnp.asarray(data))


def _counters(count: int) -> tuple[jax.Array, jax.Array]:
    low = jnp.arange(count, dtype=jnp.uint32)
    return jnp.zeros_like(low), low


def _split(key: jax.Array, shape: Shape) -> jax.Array:
    return jnp.stack(threefry(key, *_counters(prod(shape))), axis=-1).reshape(*shape, 2)


def _bits(key: jax.Array, bit_width: int, shape: Shape) -> jax.Array:
    count = prod(shape)
    a, b = threefry(key, *_counters(count))
    if bit_width == 64:
        return ((a.astype(jnp.uint64) << jnp.uint64(32)) | b).reshape(shape)
    return (a ^ b).astype({8: jnp.uint8, 16: jnp.uint16, 32: jnp.uint32}[bit_width]).reshape(shape)


def quick_words(key: jax.Array, rows: int, columns: int) -> jax.Array:
    """Random words of 32 bits, (rows, columns) uint32; key () of `THREEFRY`.

    One of each counter's two: XLA would work out everything a second time for the other, and then move both to be side by side.
    """
    place = jnp.indices((rows, columns), dtype=jnp.uint32)
    return threefry(jax.random.key_data(key), place[0], place[1], FEWER_ROUNDS)[0]


def _seed(seed: jax.Array) -> jax.Array:
    low = jnp.asarray(seed).astype(jnp.uint32)
    return jnp.stack([jnp.zeros_like(low), low])


THREEFRY = define_prng_impl(
    key_shape=(2,), seed=_seed, split=_split, random_bits=_bits, fold_in=_fold_in, name="gan1d_threefry", tag="gth"
)
"""For `jax.random.key(seed, impl=THREEFRY)`."""
