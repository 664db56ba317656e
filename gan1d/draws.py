"""Every random number of training: a function of seed, purpose, absolute iteration and update, never of where a loop happens to be.

So a run that goes on from a recorded state repeats, bit for bit, the one that never stopped.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from gan1d.config import MAX_UPDATES, Config, Structure
from gan1d.data import DISTRIBUTIONS
from gan1d.noise import NOISES
from gan1d.regularizers import REGULARIZERS
from gan1d.threefry import normal, random_words, root_keys, uniform

Scalars = dict[str, Any]
Drawn = dict[str, tuple[jax.Array, jax.Array]]
"""Purpose -> K batches for each update, of uniform numbers (K,…,B) and of their normal quantiles."""

STREAMS = ("init_d", "init_g", "real", "noise_d", "noise_g", "dropout_d", "dropout_g", "mix", "blur_d", "blur_g")
"""A random stream for each purpose. Append only: a stream's key is its place."""
BYTES = 4
"""Random bytes in a word."""
BLURS = {"d": ["blur_d", "blur_d"], "g": ["blur_g"]}
"""What an update of each player draws by the batch for instance noise, a purpose for each batch."""


class DrawsD(NamedTuple):
    """Random numbers of one discriminator update.

    real and noise (B,); keep, `dropout_words` of 2B rows, or None; mix (B,) in (0, 1) or None, where between real and
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


def stream(n: Scalars, purpose: str) -> jax.Array:
    """The key (2,) uint32 of a purpose, one of `STREAMS`."""
    key: jax.Array = n["streams"][STREAMS.index(purpose)]
    return key


def draw_d(s: Structure, n: Scalars, iteration: jax.Array, update: Any) -> DrawsD:
    """The random numbers of discriminator updates (…): fresh batches of data (…,B) and of noise (…,B), and what else `DrawsD` has.

    iteration: absolute; update: its place in the iteration; whole numbers, together of shape (…), as a rule () or (N,).
    """
    count = _count(iteration, update)
    return _for_d(s, n, count, _batches(s, n, {"d": count}))


def draw_g(s: Structure, n: Scalars, iteration: jax.Array, update: Any) -> DrawsG:
    """The random numbers of generator updates (…): fresh batches of noise (…,B), and what else `DrawsG` has."""
    count = _count(iteration, update)
    return _for_g(s, n, count, _batches(s, n, {"g": count}))


def draw_both(s: Structure, n: Scalars, done: jax.Array, count: int) -> tuple[DrawsD, DrawsG]:
    """`draw_d` and `draw_g` (N, …) of the N updates of each player that follow iteration `done`: what both draw is drawn at once."""
    slots = np.arange(count)
    d, g = (_count(done + 1 + slots // k, slots % k) for k in (n["k_d"], n["k_g"]))
    drawn = _batches(s, n, {"d": d, "g": g})
    return _for_d(s, n, d, drawn), _for_g(s, n, g, drawn)


def _count(iteration: Any, update: Any) -> jax.Array:
    """What stands for an update in the counter of its random numbers: iteration x `MAX_UPDATES` + update, uint32 (…)."""
    return jnp.asarray(iteration * MAX_UPDATES + update, jnp.uint32)


def _batches(s: Structure, n: Scalars, counts: dict[str, jax.Array]) -> Drawn:
    """What updates draw by the batch, zeros for instance noise while that is 0; counts (…) of players, "d" or "g".

    One batch of all updates is drawn after the other, by one kernel: each kernel that draws takes long to compile.
    """
    always = [(who, purpose) for who in counts for purpose in _always(s)[who]]
    rows = always + [(who, purpose) for who in counts for purpose in BLURS[who]]
    keys = jnp.asarray(n["streams"])[np.array([STREAMS.index(purpose) for _, purpose in rows])]
    high = jnp.stack([counts[who] for who, _ in rows])
    first = jnp.array([rows[:i].count(row) * s.batch for i, row in enumerate(rows)], jnp.uint32)

    def draw(i: jax.Array, drawn: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        low = first[i] + jnp.arange(s.batch, dtype=jnp.uint32)
        u = uniform(random_words(keys[i], high[i][..., None], low))
        return drawn[0].at[i].set(u), drawn[1].at[i].set(normal(u))

    nothing = jnp.zeros((*high.shape, s.batch))
    count = jnp.where(n["instance_noise"] > 0, len(rows), len(always))
    u, z = jax.lax.fori_loop(0, count, draw, (nothing, nothing))
    own = {row: slice(rows.index(row), rows.index(row) + rows.count(row)) for row in rows}
    return {purpose: (u[i], z[i]) for (_, purpose), i in own.items()}


def _always(s: Structure) -> dict[str, list[str]]:
    """What an update of each player draws by the batch in any case, a purpose for each batch."""
    real = ["real"] * DISTRIBUTIONS[s.data].uniforms
    return {"d": ["noise_d", *real] + ["mix"] * REGULARIZERS[s.penalty].needs_mix, "g": ["noise_g"]}


def _for_d(s: Structure, n: Scalars, count: jax.Array, drawn: Drawn) -> DrawsD:
    return DrawsD(
        real=DISTRIBUTIONS[s.data].sample(*drawn["real"], n["data"]),
        noise=_noise(s, drawn["noise_d"]),
        keep=dropout_words(s, n, "dropout_d", count, 2 * s.batch),
        mix=drawn["mix"][0][0] if "mix" in drawn else None,
        blur=jnp.concatenate(list(drawn["blur_d"][1]), axis=-1),
    )


def _for_g(s: Structure, n: Scalars, count: jax.Array, drawn: Drawn) -> DrawsG:
    return DrawsG(
        noise=_noise(s, drawn["noise_g"]),
        keep=dropout_words(s, n, "dropout_g", count, s.batch),
        blur=drawn["blur_g"][1][0],
    )


def _noise(s: Structure, drawn: tuple[jax.Array, jax.Array]) -> jax.Array:
    u, z = drawn
    return NOISES[s.generator[3]].sample(u[0], z[0])


def dropout_words(s: Structure, n: Scalars, purpose: str, count: jax.Array, rows: int) -> jax.Array | None:
    """A random byte for each sample and hidden unit: `BYTES` rows in one of words (…,W,H) uint32, W = ceil(rows / `BYTES`); count (…)."""
    if not s.discriminator[2]:
        return None
    shape = (-(-rows // BYTES), sum(s.discriminator[0]))
    row, column = (jax.lax.broadcasted_iota(jnp.uint32, shape, axis) for axis in (0, 1))
    return random_words(stream(n, purpose), count[..., None, None], row * np.uint32(shape[1]) + column)


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
