"""The compiled programs of training on images: begin, step, sample.

On a CPU a step is a call for each update, for XLA's convolutions are 10 to 20 times slower there inside a loop; on a GPU a chunk of steps
is one call. The state is donated: it goes on in its own memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh

from gan1d.image import spectral, updates
from gan1d.image.config import ImageConfig, structure
from gan1d.image.devices import brought_home, deliver, everywhere, mesh, put, shared_out
from gan1d.image.networks import MOMENTUM
from gan1d.image.updates import Scalars, Seen, State, Tree, key_of, latents, numbers
from gan1d.programs import compile_log as compile_log  # programs are kept between processes
from gan1d.regularizers import steepness

LIMIT = 1e6
"""A parameter beyond this has run away."""
STATISTICS = 512
"""Generated images that batch statistics for sampling are taken over."""
DRAWN = 128
"""Most images that are drawn at once."""


def init(config: ImageConfig, on: Mesh | None = None) -> State:
    """The state before any update, whole on every device of the mesh; all devices, where none is given."""
    return put(updates.begin(structure(config), numbers(config)), on or mesh(config.batch))


class Step(NamedTuple):
    """A step, or a chunk of them: (state, real) -> (state, seen). The state that is given is gone afterwards.

    real: uint8 (n_critic, B, H, W, C), or with chunk > 0 (chunk, n_critic, B, H, W, C), NumPy; seen: of the last critic update.
    """

    config: ImageConfig
    on: Mesh
    chunk: int

    def __call__(self, state: State, real: np.ndarray) -> tuple[State, Seen]:
        """One step; `chunk` of them where that is more than 0."""
        n, images = numbers(self.config), deliver(self.on, real, 2 if self.chunk else 1)
        return self.go(n, state, images)

    def go(self, n: Scalars, state: State, images: jax.Array) -> tuple[State, Seen]:
        """The same, of numbers and images that are on the devices already."""
        s = structure(self.config)
        if self.chunk:
            return _chunk(s, self.on)(n, state, images)
        critic, generator = _programs(s, self.on)
        for j in range(self.config.n_critic):
            state, seen = critic(n, state, images, np.int32(j))
        return generator(n, state), seen

    @contextmanager
    def compiled_beside(self) -> Iterator[None]:
        """While the first step compiles the critic's program, a second thread compiles the generator's. Not for several processes."""
        if self.chunk or jax.process_count() > 1:
            yield
            return
        with ThreadPoolExecutor(1) as second:
            generator = _programs(structure(self.config), self.on)[1]
            other = second.submit(lambda: generator(numbers(self.config), init(self.config, self.on)))
            yield
            other.result()


def make_step(config: ImageConfig, on: Mesh | None = None, chunk: int = 0) -> Step:
    """The step of a config on a mesh; all devices, where none is given. chunk: steps that are one call, for a GPU; 0: a call an update."""
    return Step(config, on or mesh(config.batch), chunk)


def _spread(on: Mesh) -> updates.Spread:
    return lambda x: jax.lax.with_sharding_constraint(x, shared_out(on, 0))


@cache
def _programs(s: ImageConfig, on: Mesh) -> tuple[Any, Any]:
    whole, spread = everywhere(on), _spread(on)

    @partial(jax.jit, donate_argnums=1, out_shardings=whole)
    def critic(n: Scalars, state: State, images: jax.Array, j: jax.Array) -> tuple[State, Seen]:
        return updates.update_d(s, n, state, images[j], j, spread)

    @partial(jax.jit, donate_argnums=1, out_shardings=whole)
    def generator(n: Scalars, state: State) -> State:
        return updates.update_g(s, n, state, spread)

    return critic, generator


@cache
def _chunk(s: ImageConfig, on: Mesh) -> Any:
    spread = _spread(on)

    def critic(n: Scalars, state: State, given: tuple[jax.Array, jax.Array]) -> tuple[State, Seen]:
        images, j = given
        return updates.update_d(s, n, state, images, j, spread)

    def step(n: Scalars, state: State, images: jax.Array) -> tuple[State, Seen]:
        state, seen = jax.lax.scan(partial(critic, n), state, (images, jnp.arange(s.n_critic)))
        return updates.update_g(s, n, state, spread), jax.tree.map(lambda a: a[-1], seen)

    @partial(jax.jit, donate_argnums=1, out_shardings=everywhere(on))
    def steps(n: Scalars, state: State, images: jax.Array) -> tuple[State, Seen]:
        state, seen = jax.lax.scan(partial(step, n), state, images)
        return state, jax.tree.map(lambda a: a[-1], seen)

    return steps


@partial(jax.jit, static_argnums=0)
def slopes(s: ImageConfig, n: Scalars, state: State, real: jax.Array) -> jax.Array:
    """|dl/dx| (B,) at random points between real images (B, H, W, C), uint8, and generated ones: what a gradient penalty would see.

    Where D has batch norm it is that of the sum of the batch's logits: the images of a batch are mixed.
    """
    at = state.step, s.n_critic
    z = latents(s, key_of(n, "noise_d", *at), len(real))
    fake = updates.generate(s, state.g.params, state.g.stats, z, True)[0]
    mix = jax.random.uniform(key_of(n, "mix", *at), (len(real), 1, 1, 1))
    used = spectral.normalised(state.d.params, state.vectors)
    return steepness(
        lambda x: updates.criticise(s, used, state.d.stats, x)[0], mix * updates.pixels(real) + (1 - mix) * fake
    )


@jax.jit
def is_fine(state: State) -> jax.Array:
    """Whether training can go on: what was measured is finite, and no parameter has run away -> bool ()."""
    fine = jnp.isfinite(sum((v for k, v in state.tally.items() if k != "slope"), start=jnp.zeros(())))
    for leaf in jax.tree.leaves((state.g.params, state.d.params)):
        fine &= jnp.max(jnp.abs(leaf)) < LIMIT  # false for NaN too
    return fine


# ---- sampling


class Weights(NamedTuple):
    """What samples are drawn from: G's parameters, averaged or not, and batch statistics that belong to them."""

    params: Tree
    stats: Tree


def weights(config: ImageConfig, state: State, ema: bool = True) -> Weights:
    """The generator of a state for sampling. ema: the averaged one; its batch statistics are taken anew over `STATISTICS` images."""
    s, n = structure(config), numbers(config)
    params, stats = brought_home((state.ema if ema else state.g.params, state.g.stats))
    if config.norm_g == "batch":
        passes = -(-STATISTICS // DRAWN)
        for i in range(passes):
            stats = _restated(s, n, params, stats, np.int32(i))
    return Weights(params, stats)


@partial(jax.jit, static_argnums=0)
def _restated(s: ImageConfig, n: Scalars, params: Tree, stats: Tree, i: jax.Array) -> Tree:
    """Mean of i + 1 batches' statistics, out of that of i."""
    z = latents(s, key_of(n, "statistics", i), DRAWN)
    after = updates.generate(s, params, stats, z, True)[1]
    # what a running mean that keeps MOMENTUM has become, solved for this batch's own statistics
    return jax.tree.map(lambda old, new: old + (new - old) / ((1 - MOMENTUM) * (i + 1)), stats, after)


@partial(jax.jit, static_argnums=0)
def _drawn(s: ImageConfig, params: Tree, stats: Tree, z: jax.Array) -> jax.Array:
    return updates.generate(s, params, stats, z, False)[0]


def draw(config: ImageConfig, found: Weights, z: np.ndarray) -> np.ndarray:
    """Latents z (N, latent) -> images (N, H, W, C) from -1 to 1, float32; at most `DRAWN` at once, padded to a power of two."""
    s, z = structure(config), np.asarray(z, np.float32)
    parts = []
    for first in range(0, len(z), DRAWN):
        part = z[first : first + DRAWN]
        padded = np.zeros((min(DRAWN, 1 << (len(part) - 1).bit_length()), config.latent), np.float32)
        padded[: len(part)] = part
        parts.append(np.asarray(_drawn(s, found.params, found.stats, padded))[: len(part)])
    return np.concatenate(parts) if parts else np.zeros((0, *config.shape), np.float32)


def sample(config: ImageConfig, state: State, z: np.ndarray, ema: bool = True) -> np.ndarray:
    """Images (N, H, W, C) from -1 to 1, float32, of latents z (N, latent); of the averaged generator, unless `ema` is false."""
    return draw(config, weights(config, state, ema), z)


def noise(config: ImageConfig, purpose: str, count: int, place: int = 0) -> np.ndarray:
    """Latents (count, latent) of a config's seed for a purpose of `updates.STREAMS`: the same ones each time."""
    return np.asarray(latents(config, key_of(numbers(config), purpose, place), count))


def as_bytes(images: np.ndarray) -> np.ndarray:
    """Images from -1 to 1 as uint8."""
    return np.clip(np.rint((np.asarray(images) + 1) * 127.5), 0, 255).astype(np.uint8)
