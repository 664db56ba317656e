"""Every random number of training: keyed by seed, purpose, absolute iteration and update, never by where a loop happens to be.

So a run that goes on from a recorded state repeats, bit for bit, the one that never stopped.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from gan1d.config import Structure
from gan1d.data import DISTRIBUTIONS
from gan1d.noise import NOISES
from gan1d.regularizers import REGULARIZERS

Scalars = dict[str, Any]

STREAMS = ("init_d", "init_g", "real", "noise_d", "noise_g", "dropout_d", "dropout_g", "mix", "blur_d", "blur_g")
"""A random stream for each purpose. Append only: a stream's key is its place."""


class DrawsD(NamedTuple):
    """Random numbers of one discriminator update.

    real and noise (B,); keep (2B, H) uint8 or None, H the hidden units of D; mix (B,) in [0, 1) or None, where between real and
    generated a penalty looks; blur (2B,), what instance noise adds, before its standard deviation; zeros while that is 0.
    """

    real: jax.Array
    noise: jax.Array
    keep: jax.Array | None
    mix: jax.Array | None
    blur: jax.Array


class DrawsG(NamedTuple):
    """Random numbers of one generator update: noise (B,), keep (B, H) uint8 or None, blur (B,)."""

    noise: jax.Array
    keep: jax.Array | None
    blur: jax.Array


def stream(n: Scalars, purpose: str) -> jax.Array:
    """The root key () of one purpose."""
    return jax.random.fold_in(jax.random.key(n["seed"]), STREAMS.index(purpose))


def key_of(n: Scalars, purpose: str, iteration: jax.Array, update: jax.Array) -> jax.Array:
    """The key () of one update, out of seed, purpose, absolute iteration and the update's place in the iteration."""
    return jax.random.fold_in(jax.random.fold_in(stream(n, purpose), iteration), update)


def dropout_bits(s: Structure, key: jax.Array, rows: int) -> jax.Array | None:
    """A random byte for each sample and hidden unit (rows, H); four come out of each random word."""
    hidden, _, dropout = s.discriminator
    if not dropout:
        return None
    count = rows * sum(hidden)
    words = jax.random.bits(key, (-(-count // 4),), jnp.uint32)
    return jax.lax.bitcast_convert_type(words, jnp.uint8).reshape(-1)[:count].reshape(rows, sum(hidden))


def blur(n: Scalars, key: jax.Array, rows: int) -> jax.Array:
    """Standard normal numbers (rows,) for instance noise; not drawn while its standard deviation is 0."""
    return jax.lax.cond(n["instance_noise"] > 0, lambda: jax.random.normal(key, (rows,)), lambda: jnp.zeros(rows))


def draw_d(s: Structure, n: Scalars, iteration: jax.Array, update: jax.Array) -> DrawsD:
    """The random numbers of a discriminator update: a fresh batch of data (B,) and of noise (B,), and what else `DrawsD` has."""
    mixed = REGULARIZERS[s.penalty].needs_mix
    return DrawsD(
        real=DISTRIBUTIONS[s.data].sample(key_of(n, "real", iteration, update), n["data"], s.batch),
        noise=NOISES[s.generator[3]].sample(key_of(n, "noise_d", iteration, update), s.batch),
        keep=dropout_bits(s, key_of(n, "dropout_d", iteration, update), 2 * s.batch),
        mix=jax.random.uniform(key_of(n, "mix", iteration, update), (s.batch,)) if mixed else None,
        blur=blur(n, key_of(n, "blur_d", iteration, update), 2 * s.batch),
    )


def draw_g(s: Structure, n: Scalars, iteration: jax.Array, update: jax.Array) -> DrawsG:
    """The random numbers of a generator update: a fresh batch of noise (B,), and what else `DrawsG` has."""
    return DrawsG(
        noise=NOISES[s.generator[3]].sample(key_of(n, "noise_g", iteration, update), s.batch),
        keep=dropout_bits(s, key_of(n, "dropout_g", iteration, update), s.batch),
        blur=blur(n, key_of(n, "blur_g", iteration, update), s.batch),
    )


def keep_factors(s: Structure, n: Scalars, masks: jax.Array | None) -> list[jax.Array] | None:
    """Dropout's factors out of random bytes (rows, H), a layer at a time: 0, or one over the keep probability.

    The rate is rounded to 1/256.
    Source: Srivastava et al. 2014, JMLR 15, scaled in training instead of in use.
    """
    if masks is None:
        return None
    threshold = jnp.round(n["dropout"] * 256)
    factor, threshold = 256 / (256 - threshold), threshold.astype(jnp.uint8)
    layers = jnp.split(masks, np.cumsum(s.discriminator[0])[:-1], axis=1)
    return [jnp.where(layer >= threshold, factor, 0.0) for layer in layers]  # as bytes: cheaper than as floats
