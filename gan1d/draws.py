"""Every random number of training: keyed by seed, purpose, absolute iteration and update, never by where a loop happens to be.

So a run that goes on from a recorded state repeats, bit for bit, the one that never stopped.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from gan1d.config import Config, Structure
from gan1d.data import DISTRIBUTIONS
from gan1d.noise import NOISES
from gan1d.regularizers import REGULARIZERS
from gan1d.threefry import THREEFRY

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


def numbers(config: Config) -> Scalars:
    """The traced part of a config, as float32 and int32 arrays: the argument that a slider moves."""
    d, t = config.discriminator, config.training
    family = DISTRIBUTIONS[config.data.kind]
    floats = {
        "g_mean": config.generator.mean,
        "g_std": config.generator.std,
        "dropout": d.dropout,
        "l2": d.l2,
        "penalty_weight": t.penalty_weight,
        "lr_d": t.lr_d,
        "lr_g": t.lr_g,
        "beta1": t.beta1,
        "beta2": t.beta2,
        "instance_noise": t.instance_noise,
        "label_smoothing": t.label_smoothing,
    }
    whole = {"k_d": t.k_d, "k_g": t.k_g, "seed": t.seed}
    return {
        "data": {k: np.asarray(v, np.float32) for k, v in family.numbers(config.data).items()},
        **{k: np.float32(v) for k, v in floats.items()},
        **{k: np.int32(v) for k, v in whole.items()},
    }


def streams(n: Scalars) -> jax.Array:
    """The root keys of all purposes (P,), in the order of `STREAMS`."""
    root = jax.random.key(n["seed"], impl=THREEFRY)
    return jax.vmap(jax.random.fold_in, (None, 0))(root, jnp.arange(len(STREAMS)))


def keys_of(n: Scalars, iteration: jax.Array, update: jax.Array) -> dict[str, jax.Array]:
    """Purpose -> the key () of one update, out of seed, purpose, absolute iteration and the update's place in the iteration."""
    fold_in = jax.vmap(jax.random.fold_in, (0, None))
    return dict(zip(STREAMS, fold_in(fold_in(streams(n), iteration), update), strict=True))


def dropout_bits(s: Structure, key: jax.Array, rows: int) -> jax.Array | None:
    """A random byte for each sample and hidden unit (rows, H)."""
    hidden, _, dropout = s.discriminator
    return jax.random.bits(key, (rows, sum(hidden)), jnp.uint8) if dropout else None


def blur(n: Scalars, keys: jax.Array, rows: int) -> jax.Array:
    """Standard normal numbers (…, rows) for instance noise, keys (…); not drawn while its standard deviation is 0."""
    normal = jnp.vectorize(lambda key: jax.random.normal(key, (rows,)), signature="()->(r)")
    return jax.lax.cond(n["instance_noise"] > 0, normal, lambda keys: jnp.zeros((*keys.shape, rows)), keys)


def draw_d(s: Structure, n: Scalars, iteration: jax.Array, update: jax.Array) -> DrawsD:
    """The random numbers of a discriminator update: a fresh batch of data (B,) and of noise (B,), and what else `DrawsD` has."""
    keys = keys_of(n, iteration, update)
    noise = NOISES[s.generator[3]].sample(keys["noise_d"], s.batch)
    return _for_d(s, n, keys, noise, blur(n, keys["blur_d"], 2 * s.batch))


def draw_g(s: Structure, n: Scalars, iteration: jax.Array, update: jax.Array) -> DrawsG:
    """The random numbers of a generator update: a fresh batch of noise (B,), and what else `DrawsG` has."""
    keys = keys_of(n, iteration, update)
    noise = NOISES[s.generator[3]].sample(keys["noise_g"], s.batch)
    return _for_g(s, keys, noise, blur(n, keys["blur_g"], s.batch))


def draw_both(s: Structure, n: Scalars, done: jax.Array, count: int) -> tuple[DrawsD, DrawsG]:
    """`draw_d` and `draw_g` (N, …) of the N updates of each player that follow iteration `done`: what both draw is drawn at once, for
    each piece of a program that draws takes long to compile."""
    slots, k = jnp.tile(jnp.arange(count), 2), jnp.repeat(jnp.stack([n["k_d"], n["k_g"]]), count)
    keys = jax.vmap(partial(keys_of, n))(done + 1 + slots // k, slots % k)
    d, g = ({name: key[part] for name, key in keys.items()} for part in (slice(count), slice(count, None)))
    noise = jax.vmap(lambda key: NOISES[s.generator[3]].sample(key, s.batch))(
        jnp.concatenate([d["noise_d"], g["noise_g"]])
    )
    blurs = blur(n, jnp.concatenate([d["blur_d"], g["blur_g"]]), 2 * s.batch)
    return (
        jax.vmap(partial(_for_d, s, n))(d, noise[:count], blurs[:count]),
        jax.vmap(partial(_for_g, s))(g, noise[count:], blurs[count:, : s.batch]),
    )


def _for_d(s: Structure, n: Scalars, keys: dict[str, jax.Array], noise: jax.Array, blur: jax.Array) -> DrawsD:
    return DrawsD(
        real=DISTRIBUTIONS[s.data].sample(keys["real"], n["data"], s.batch),
        noise=noise,
        keep=dropout_bits(s, keys["dropout_d"], 2 * s.batch),
        mix=jax.random.uniform(keys["mix"], (s.batch,)) if REGULARIZERS[s.penalty].needs_mix else None,
        blur=blur,
    )


def _for_g(s: Structure, keys: dict[str, jax.Array], noise: jax.Array, blur: jax.Array) -> DrawsG:
    return DrawsG(noise=noise, keep=dropout_bits(s, keys["dropout_g"], s.batch), blur=blur)


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
