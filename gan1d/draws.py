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
from gan1d.threefry import THREEFRY, folded, quick_words, root_keys

Scalars = dict[str, Any]

STREAMS = ("init_d", "init_g", "real", "noise_d", "noise_g", "dropout_d", "dropout_g", "mix", "blur_d", "blur_g")
"""A random stream for each purpose. Append only: a stream's key is its place."""
BYTES = 4
"""Random bytes in a word."""


class DrawsD(NamedTuple):
    """Random numbers of one discriminator update.

    real and noise (B,); keep, `dropout_words` of 2B rows, or None; mix (B,) in [0, 1) or None, where between real and
    generated a penalty looks; blur (2B,), what instance noise adds, before its standard deviation; zeros while that is 0.
    """

    real: jax.Array
    noise: jax.Array
    keep: jax.Array | None
    mix: jax.Array | None
    blur: jax.Array


class DrawsG(NamedTuple):
    """Random numbers of one generator update: noise (B,), keep, `dropout_words` of B rows, or None, blur (B,)."""

    noise: jax.Array
    keep: jax.Array | None
    blur: jax.Array


def numbers(config: Config) -> Scalars:
    """The traced part of a config, as float32 and int32 arrays, and of the seed a root key for each of `STREAMS` (P,2) uint32: the argument
    that a slider moves."""
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
    whole = {"k_d": t.k_d, "k_g": t.k_g}
    return {
        "data": {k: np.asarray(v, np.float32) for k, v in family.numbers(config.data).items()},
        **{k: np.float32(v) for k, v in floats.items()},
        **{k: np.int32(v) for k, v in whole.items()},
        "streams": root_keys(t.seed, len(STREAMS)),
    }


def root_key(n: Scalars, purpose: str) -> jax.Array:
    """The key () of a purpose, one of `STREAMS`."""
    return jax.random.wrap_key_data(n["streams"][STREAMS.index(purpose)], impl=THREEFRY)


def keys_of(s: Structure, n: Scalars, who: str, iteration: jax.Array, update: jax.Array) -> dict[str, jax.Array]:
    """Purpose -> the keys of updates of a player, "d" or "g", out of seed, purpose, absolute iteration and the update's place in the
    iteration, both () or (N,); of the purposes that the structure has, all at once, for each piece of a program that draws takes long to
    compile."""
    purposes = [f"noise_{who}", f"blur_{who}"] + ["real"] * (who == "d") + [f"dropout_{who}"] * s.discriminator[2]
    purposes += ["mix"] * (who == "d" and REGULARIZERS[s.penalty].needs_mix)
    words = jnp.stack([n["streams"][STREAMS.index(purpose)] for purpose in purposes], axis=1)
    for number in (iteration, update):
        words = folded(words, jnp.broadcast_to(number, (len(purposes), *jnp.shape(number))))
    return dict(zip(purposes, jax.random.wrap_key_data(jnp.moveaxis(words, 0, -1), impl=THREEFRY), strict=True))


def draw_d(s: Structure, n: Scalars, iteration: jax.Array, update: jax.Array) -> DrawsD:
    """The random numbers of a discriminator update: a fresh batch of data (B,) and of noise (B,), and what else `DrawsD` has."""
    keys = keys_of(s, n, "d", iteration, update)
    noise = NOISES[s.generator[3]].sample(keys["noise_d"], s.batch)
    return _for_d(s, n, keys, noise, blur(n, keys["blur_d"], 2 * s.batch))


def draw_g(s: Structure, n: Scalars, iteration: jax.Array, update: jax.Array) -> DrawsG:
    """The random numbers of a generator update: a fresh batch of noise (B,), and what else `DrawsG` has."""
    keys = keys_of(s, n, "g", iteration, update)
    noise = NOISES[s.generator[3]].sample(keys["noise_g"], s.batch)
    return _for_g(s, keys, noise, blur(n, keys["blur_g"], s.batch))


def draw_both(s: Structure, n: Scalars, done: jax.Array, count: int) -> tuple[DrawsD, DrawsG]:
    """`draw_d` and `draw_g` (N, …) of the N updates of each player that follow iteration `done`: what both draw is drawn at once."""
    slots = np.arange(count)
    d, g = (keys_of(s, n, who, done + 1 + slots // k, slots % k) for who, k in (("d", n["k_d"]), ("g", n["k_g"])))
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
        keep=dropout_words(s, keys.get("dropout_d"), 2 * s.batch),
        mix=jax.random.uniform(keys["mix"], (s.batch,)) if "mix" in keys else None,
        blur=blur,
    )


def _for_g(s: Structure, keys: dict[str, jax.Array], noise: jax.Array, blur: jax.Array) -> DrawsG:
    return DrawsG(noise=noise, keep=dropout_words(s, keys.get("dropout_g"), s.batch), blur=blur)


def blur(n: Scalars, keys: jax.Array, rows: int) -> jax.Array:
    """Standard normal numbers (…, rows) for instance noise, keys (…); not drawn while its standard deviation is 0."""
    normal = jnp.vectorize(lambda key: jax.random.normal(key, (rows,)), signature="()->(r)")
    return jax.lax.cond(n["instance_noise"] > 0, normal, lambda keys: jnp.zeros((*keys.shape, rows)), keys)


def dropout_words(s: Structure, key: jax.Array | None, rows: int) -> jax.Array | None:
    """A random byte for each sample and hidden unit: `BYTES` rows in one of words (W,H) uint32, W = ceil(rows / `BYTES`)."""
    return None if key is None else quick_words(key, -(-rows // BYTES), sum(s.discriminator[0]))


def keep_factors(s: Structure, n: Scalars, words: jax.Array | None, rows: int) -> list[jax.Array] | None:
    """Dropout's factors (rows, H), a layer at a time, out of `dropout_words`: 0, or one over the keep probability.

    The rate is rounded to 1/256.
    Source: Srivastava et al. 2014, JMLR 15, scaled in training instead of in use.
    """
    if words is None:
        return None
    threshold = jnp.round(n["dropout"] * 256)
    factor, threshold = 256 / (256 - threshold), threshold.astype(jnp.uint32)
    shifts = 8 * jnp.arange(BYTES, dtype=jnp.uint32)[:, None]

    def factors(words: jax.Array) -> jax.Array:
        kept = (words[:, None] >> shifts) & 255 >= threshold  # where it is used, instead of bytes that are made before
        return jnp.where(kept, factor, 0.0).reshape(-1, words.shape[-1])[:rows]

    return [factors(layer) for layer in jnp.split(words, np.cumsum(s.discriminator[0])[:-1], axis=1)]
