"""JAX's own random number generator, Threefry-2x32, written out: one pass over the numbers instead of a loop of many small steps.

Keys, splits and words of 32 bits are those of `jax.random` with its default generator; on a CPU they cost half as much, and compile
in a fraction of the time. `quick_words` are this module's own, with fewer rounds: dropout needs millions.
Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", SC '11.
"""

from __future__ import annotations

from math import prod
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.random import define_prng_impl

Shape = tuple[int, ...]

ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
ROUNDS = 20
"""Those of `jax.random`."""
FEWER_ROUNDS = 13
"""The fewest with which the generator passes BigCrush (table 2 of the source)."""


def threefry(key: jax.Array, high: jax.Array, low: jax.Array, rounds: int = ROUNDS) -> tuple[jax.Array, jax.Array]:
    """Two random words for each counter; key (2,), high and low of one shape, all uint32 -> two of that shape."""
    keys = (key[0], key[1], key[0] ^ key[1] ^ jnp.uint32(0x1BD11BDA))
    a, b = high + keys[0], low + keys[1]
    for i in range(rounds):
        turn = ROTATIONS[i // 4 % 2][i % 4]
        a = a + b
        b = a ^ ((b << jnp.uint32(turn)) | (b >> jnp.uint32(32 - turn)))
        if i % 4 == 3:
            group = i // 4 + 1
            a, b = a + keys[group % 3], b + keys[(group + 1) % 3] + jnp.uint32(group)
    return a, b


@jax.jit
def _fold_in(key: jax.Array, data: Any) -> jax.Array:
    low = jnp.asarray(data).astype(jnp.uint32)
    return jnp.stack(threefry(key, jnp.zeros_like(low), low))


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
