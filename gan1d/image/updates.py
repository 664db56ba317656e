"""One update of the critic and one of the generator, as pure functions of the state, the real images and the step they are for.

Every random number is keyed by seed, purpose, absolute step and update, never by where a loop happens to be: a run that goes on from a
checkpoint repeats, bit for bit, the one that never stopped.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from gan1d.image import networks, spectral
from gan1d.image.config import ImageConfig
from gan1d.losses import LOSSES
from gan1d.regularizers import REGULARIZERS, steepness

Tree = Any
Scalars = dict[str, Any]
Spread = Callable[[jax.Array], jax.Array]
"""Lays the first axis of an array over the devices."""

STREAMS = (
    "init_g",
    "init_d",
    "init_u",
    "noise_d",
    "noise_g",
    "mix",
    "blur_d",
    "blur_g",
    "samples",
    "statistics",
    "evaluation",
)
"""A random stream for each purpose. Append only: a stream's key is its place."""
NUMBERS = ("lr_d", "lr_g", "beta1", "beta2", "penalty_weight", "ema", "drift", "label_smoothing", "instance_noise")
MEASURED = ("loss_d", "loss_g", "penalty", "slope", "score_real", "score_fake", "grad_norm_d", "grad_norm_g")
"""What is recorded of each step, means over its critic updates: objectives without penalty or drift, in nats or score units; the penalty
without its weight, and D's mean slope where it looks (per unit of pixel value; NaN without one); D's mean logit or score on the real and
on the generated; norms of both players' gradients."""


class Net(NamedTuple):
    """A network: parameters, running batch statistics, and Adam's memory."""

    params: Tree
    stats: Tree
    opt: Tree


class State(NamedTuple):
    """Everything that training carries.

    ema: averaged parameters of G. vectors: the power iterations of D's spectral norm, none without it. tally: sums of `MEASURED` since
    the last recorded step. step (): generator updates done.
    """

    g: Net
    d: Net
    ema: Tree
    vectors: spectral.Vectors
    tally: dict[str, Any]
    step: Any


class Seen(NamedTuple):
    """What D said in the step's last critic update.

    real, fake (B,): logits or scores. slopes (B,): |dl/dx| where the penalty looks; empty without one.
    """

    real: jax.Array
    fake: jax.Array
    slopes: jax.Array


def numbers(config: ImageConfig) -> Scalars:
    """The traced part of a config: what changes without compiling."""
    floats = {name: np.float32(getattr(config, name)) for name in NUMBERS}
    return floats | {name: np.int32(getattr(config, name)) for name in ("seed", "record_every")}


def key_of(n: Scalars, purpose: str, step: Any = 0, update: Any = 0) -> jax.Array:
    """The key () of a purpose at an absolute step and update."""
    key = jax.random.key(n["seed"])
    for part in (STREAMS.index(purpose), step, update):
        key = jax.random.fold_in(key, part)
    return key


def latents(s: ImageConfig, key: jax.Array, count: int) -> jax.Array:
    """Noise z (count, latent): N(0, 1), U(-1, 1), or mixed.

    Mixed: the first half of z is -1 or 1, the rest N(0, 1). Between the modes of data like digits lies nothing, but a continuous G of
    continuous noise must cross over there, and draws what is neither one digit nor the other; what hangs on a sign can jump.
    Source: Chen et al. 2016, arXiv:1606.03657, section 7 (categories beside continuous noise); Brock et al. 2019, arXiv:1809.11096,
    appendix E (Bernoulli noise).
    """
    shape = (count, s.latent)
    if s.latent_kind == "uniform":
        return jax.random.uniform(key, shape, minval=-1.0)
    z = jax.random.normal(key, shape)
    return z if s.latent_kind == "normal" else jnp.where(jnp.arange(s.latent) < s.latent // 2, jnp.sign(z), z)


@cache
def skeletons(s: ImageConfig) -> tuple[Any, Any]:
    """The modules without their numbers: G's and D's graph definitions."""
    g = nnx.eval_shape(lambda: networks.generator(s, None))
    d = nnx.eval_shape(lambda: networks.critic(s, None))
    return nnx.split(g)[0], nnx.split(d)[0]


def generate(s: ImageConfig, params: Tree, stats: Tree, z: jax.Array, training: bool) -> tuple[jax.Array, Tree]:
    """z (B, latent) -> images (B, H, W, C) from -1 to 1, and G's batch statistics after them."""
    module = nnx.merge(skeletons(s)[0], params, stats, copy=True)
    images = module(z, training)
    return images, nnx.state(module, nnx.BatchStat)


def criticise(s: ImageConfig, params: Tree, stats: Tree, x: jax.Array) -> tuple[jax.Array, Tree]:
    """Images (B, H, W, C) -> logits (B,), and D's batch statistics after them."""
    module = nnx.merge(skeletons(s)[1], params, stats, copy=True)
    logits = module(x, True)
    return logits, nnx.state(module, nnx.BatchStat)


def adam(n: Scalars) -> optax.GradientTransformation:
    """Adam's direction, before the learning rate. Source: Kingma and Ba 2015, arXiv:1412.6980, algorithm 1."""
    return optax.scale_by_adam(b1=n["beta1"], b2=n["beta2"], eps=1e-8)


def begin(s: ImageConfig, n: Scalars) -> State:
    """The state before any update, on the host: NumPy arrays."""

    def random(purpose: str) -> np.random.Generator:
        return np.random.default_rng([int(n["seed"]), STREAMS.index(purpose)])

    def net(make: Any, purpose: str) -> Net:
        params, stats = jax.tree.map(np.asarray, nnx.state(make(s, random(purpose)), nnx.Param, nnx.BatchStat))
        memory = jax.eval_shape(adam(n).init, params)
        return Net(params, stats, jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), memory))

    g, d = net(networks.generator, "init_g"), net(networks.critic, "init_d")
    vectors = spectral.vectors(d.params, random("init_u")) if s.spectral_norm else {}
    return State(g, d, g.params, vectors, {name: np.float32(0) for name in MEASURED}, np.int32(0))


def pixels(images: jax.Array) -> jax.Array:
    """uint8 images as numbers from -1 to 1."""
    return images.astype(jnp.float32) / 127.5 - 1


def moved(net: Net, grads: Tree, n: Scalars, rate: str) -> Net:
    """A network after one step of Adam."""
    direction, opt = adam(n).update(grads, net.opt, net.params)
    return net._replace(params=jax.tree.map(lambda p, u: p - n[rate] * u, net.params, direction), opt=opt)


def update_d(
    s: ImageConfig, n: Scalars, state: State, real: jax.Array, update: Any, spread: Spread
) -> tuple[State, Seen]:
    """One critic update. real (B, H, W, C) uint8; update: its place among the step's critic updates."""
    loss, chosen = LOSSES[s.loss], REGULARIZERS[s.penalty]
    labels = REGULARIZERS["label_smoothing"].labels
    assert labels
    at = state.step, update
    z = spread(latents(s, key_of(n, "noise_d", *at), s.batch))
    fake = generate(s, state.g.params, state.g.stats, z, True)[0]
    real, fake = blurred(s, n, pixels(real), fake, "blur_d", at, spread)
    mix = spread(jax.random.uniform(key_of(n, "mix", *at), (s.batch,))) if chosen.needs_mix else None
    vectors = spectral.iterate(state.d.params, state.vectors) if s.spectral_norm else state.vectors

    def objective(params: Tree) -> tuple[jax.Array, Any]:
        used = spectral.normalised(params, vectors)
        on_real, on_fake, stats = scores(s, used, state.d.stats, real, fake)
        batch = jnp.mean(labels(loss.real, loss.fake, n["label_smoothing"])(on_real)) + jnp.mean(loss.fake(on_fake))
        total = batch + (n["drift"] * jnp.mean(on_real**2) if s.drift else 0.0)
        slopes, cost = jnp.zeros(0), jnp.float32(0)
        if chosen.points and chosen.cost:
            slopes = steepness(lambda x: criticise(s, used, state.d.stats, x)[0], chosen.points(real, fake, mix))
            cost = chosen.cost(slopes)
            total += n["penalty_weight"] * (jax.lax.stop_gradient(cost) if s.frozen_penalty else cost)
        return total, (batch, cost, Seen(on_real, on_fake, slopes), stats)

    grads, (batch, cost, seen, stats) = jax.grad(objective, has_aux=True)(state.d.params)
    d = moved(state.d, grads, n, "lr_d")
    if chosen.project:
        d = d._replace(params=chosen.project(d.params, n["penalty_weight"]))
    measured = {
        "loss_d": batch,
        "penalty": cost,
        "slope": jnp.mean(seen.slopes),
        "score_real": jnp.mean(seen.real),
        "score_fake": jnp.mean(seen.fake),
        "grad_norm_d": optax.tree.norm(grads),
    }
    is_first = (state.step % n["record_every"] == 0) & (update == 0)
    tally = {name: jnp.where(is_first, 0.0, total) for name, total in state.tally.items()}
    tally |= {name: tally[name] + value / s.n_critic for name, value in measured.items()}
    return state._replace(d=d._replace(stats=stats), vectors=vectors, tally=tally), seen


def scores(
    s: ImageConfig, params: Tree, stats: Tree, real: jax.Array, fake: jax.Array
) -> tuple[jax.Array, jax.Array, Tree]:
    """D of the real (B,) and of the generated (B,), and its batch statistics: one by one where batch norm would mix them."""
    if s.norm_d == "batch":
        on_real, stats = criticise(s, params, stats, real)
        on_fake, stats = criticise(s, params, stats, fake)
        return on_real, on_fake, stats
    both, stats = criticise(s, params, stats, jnp.concatenate([real, fake]))
    return both[: len(real)], both[len(real) :], stats


def update_g(s: ImageConfig, n: Scalars, state: State, spread: Spread) -> State:
    """The generator's update, and with it the end of a step."""
    z = spread(latents(s, key_of(n, "noise_g", state.step), s.batch))
    used = spectral.normalised(state.d.params, state.vectors)

    def objective(params: Tree) -> tuple[jax.Array, Tree]:
        fake, stats = generate(s, params, state.g.stats, z, True)
        if s.instance_noise:
            fake = noisy(n, fake, key_of(n, "blur_g", state.step), spread)
        logits = criticise(s, used, state.d.stats, fake)[0]
        return jnp.mean(LOSSES[s.loss].generator(logits)), stats

    (loss, stats), grads = jax.value_and_grad(objective, has_aux=True)(state.g.params)
    g = moved(state.g, grads, n, "lr_g")._replace(stats=stats)
    step = state.step + 1
    decay = jnp.minimum(n["ema"], step / (9.0 + step))  # else the first weights would be remembered for long
    ema = jax.tree.map(lambda a, p: decay * a + (1 - decay) * p, state.ema, g.params)
    tally = dict(state.tally)
    tally["loss_g"] += loss
    tally["grad_norm_g"] += optax.tree.norm(grads)
    return state._replace(g=g, ema=ema, tally=tally, step=step)


def blurred(
    s: ImageConfig, n: Scalars, real: jax.Array, fake: jax.Array, purpose: str, at: tuple[Any, Any], spread: Spread
) -> tuple[jax.Array, jax.Array]:
    """What D sees of real and generated images: with instance noise, where there is any."""
    if not s.instance_noise:
        return real, fake
    one, other = jax.random.split(key_of(n, purpose, *at))
    return noisy(n, real, one, spread), noisy(n, fake, other, spread)


def noisy(n: Scalars, x: jax.Array, key: jax.Array, spread: Spread) -> jax.Array:
    """Images (B, H, W, C) with instance noise."""
    inputs = REGULARIZERS["instance_noise"].inputs
    assert inputs
    return inputs(x, spread(jax.random.normal(key, x.shape)), n["instance_noise"])
