"""The generator and the critic of one family: 4x4 pixels, then doubled n times, and the mirror image of that; size = 4 * 2^n.

Widths are those of `widths`: the layer next to the image has `config.width` channels, each one away from it twice as many. A layer
has a bias where no normalisation follows (which has its own shift). Source: Radford et al. 2016, arXiv:1511.06434, section 3.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from gan1d.image.config import ImageConfig
from gan1d.image.convolutions import down, up

STEM = 4
"""Side of the smallest map of features, in pixels."""
LEAK = 0.2
"""Slope of the critic's LeakyReLU below 0."""
SPREAD = 0.02
"""Standard deviation of DCGAN's initial weights."""
MOMENTUM = 0.9
"""Share of the running batch statistics that an update keeps."""
EPSILON = 1e-5
"""Added to a variance under a root."""

Random = np.random.Generator | None
"""Where initial weights come from. NumPy: a compiled program that draws them takes longer to compile than all of this. None: zeros."""
Init = Callable[[np.random.Generator, tuple[int, ...], int], np.ndarray]
"""(random numbers, shape, numbers that one output is a sum over) -> weights."""


def normal(random: np.random.Generator, shape: tuple[int, ...], fan_in: int) -> np.ndarray:
    """N(0, 0.02^2). Source: Radford et al. 2016, arXiv:1511.06434, section 4."""
    return np.float32(SPREAD) * random.standard_normal(shape, np.float32)


def he_uniform(random: np.random.Generator, shape: tuple[int, ...], fan_in: int) -> np.ndarray:
    """U(-a, a), a = sqrt(6 / fan_in): standard deviation sqrt(2 / fan_in). Source: He et al. 2015, arXiv:1502.01852, equation 10."""
    return np.float32((6 / fan_in) ** 0.5) * (2 * random.random(shape, np.float32) - 1)


INITS: dict[str, Init] = {"normal": normal, "he_uniform": he_uniform}


def initial(config: ImageConfig, random: Random, shape: tuple[int, ...], fan_in: int) -> nnx.Param:
    """A kernel with its initial weights."""
    return nnx.Param(INITS[config.init](random, shape, fan_in) if random else jnp.zeros(shape))


def shift(outputs: int, wanted: bool) -> Any:
    """A bias (O,), 0 at the start, or none."""
    return nnx.Param(np.zeros(outputs, np.float32)) if wanted else nnx.data(None)


def widths(config: ImageConfig) -> tuple[int, ...]:
    """Channels of the generator's n maps of features, smallest map first."""
    return tuple(config.width * 2**i for i in reversed(range(config.levels)))


class Dense(nnx.Module):
    """x (B, I) -> (B, O)."""

    def __init__(self, config: ImageConfig, inputs: int, outputs: int, bias: bool, random: Random):
        self.kernel = initial(config, random, (inputs, outputs), inputs)
        self.bias = shift(outputs, bias)

    def __call__(self, x: jax.Array) -> jax.Array:
        """x (B, I) -> (B, O)."""
        return biased(x @ self.kernel[...], self.bias)


class Down(nnx.Module):
    """Convolution with stride 2, x (B, 2H, 2W, I) -> (B, H, W, O)."""

    def __init__(self, config: ImageConfig, inputs: int, outputs: int, bias: bool, random: Random):
        k = config.kernel_d
        self.kernel = initial(config, random, (k, k, inputs, outputs), k * k * inputs)
        self.bias = shift(outputs, bias)

    def __call__(self, x: jax.Array) -> jax.Array:
        """x (B, 2H, 2W, I) -> (B, H, W, O)."""
        return biased(down(x, self.kernel[...]), self.bias)


class Up(nnx.Module):
    """Transposed convolution with stride 2, x (B, H, W, I) -> (B, 2H, 2W, O)."""

    def __init__(self, config: ImageConfig, inputs: int, outputs: int, bias: bool, random: Random):
        k = config.kernel_g
        fan_in = max(k * k * inputs // 4, 1)  # a quarter of the taps meet at one pixel
        self.kernel = initial(config, random, (k, k, outputs, inputs), fan_in)
        self.bias = shift(outputs, bias)

    def __call__(self, x: jax.Array) -> jax.Array:
        """x (B, H, W, I) -> (B, 2H, 2W, O)."""
        return biased(up(x, self.kernel[...]), self.bias)


def biased(x: jax.Array, bias: Any) -> jax.Array:
    """x + bias, where there is one; any shape, channels last."""
    return x if bias is None else x + bias[...]


class Norm(nnx.Module):
    """Normalisation of x (B, H, W, C): over the batch and the pixels ("batch"), or over each image's H, W and C ("layer"); then a scale and
    a shift for each channel.

    Source: Ioffe and Szegedy 2015, arXiv:1502.03167; Ba et al. 2016, arXiv:1607.06450, over (H, W, C) as in WGAN-GP.
    """

    def __init__(self, kind: str, config: ImageConfig, channels: int, random: Random):
        self.kind = kind
        if kind == "batch":
            inner = nnx.BatchNorm(channels, momentum=MOMENTUM, epsilon=EPSILON, rngs=nnx.Rngs(0))
            if config.init == "normal" and random:
                inner.scale = nnx.Param(jnp.asarray(1 + normal(random, (channels,), 0)))
            self.inner: Any = inner
        elif kind == "layer":
            self.inner = nnx.LayerNorm(
                channels, epsilon=EPSILON, reduction_axes=(1, 2, 3), feature_axes=-1, rngs=nnx.Rngs(0)
            )
        else:
            self.inner = nnx.data(None)

    def __call__(self, x: jax.Array, training: bool) -> jax.Array:
        """x (B, H, W, C) -> the same shape. training: with this batch's statistics, else with the running ones."""
        if self.kind == "batch":
            return self.inner(x, use_running_average=not training)
        return x if self.kind == "none" else self.inner(x)


class Generator(nnx.Module):
    """z (B, latent) -> images (B, size, size, channels) from -1 to 1: ReLU, and tanh at the end."""

    def __init__(self, config: ImageConfig, random: Random):
        sizes, plain = widths(config), config.norm_g == "none"
        self.stem = Dense(config, config.latent, STEM * STEM * sizes[0], plain, random)
        self.norms = nnx.List([Norm(config.norm_g, config, size, random) for size in sizes])
        outputs = (*sizes[1:], config.channels)
        self.layers = nnx.List(
            [Up(config, sizes[i], outputs[i], plain or i == config.levels - 1, random) for i in range(config.levels)]
        )

    def __call__(self, z: jax.Array, training: bool) -> jax.Array:
        """z (B, latent) -> images (B, size, size, channels)."""
        h = self.stem(z).reshape(len(z), STEM, STEM, -1)
        for norm, layer in zip(self.norms, self.layers, strict=True):
            h = layer(jax.nn.relu(norm(h, training)))
        return jnp.tanh(h)


class Critic(nnx.Module):
    """Images (B, size, size, channels) -> logits or scores (B,): LeakyReLU 0.2, no normalisation in the first layer nor the head."""

    def __init__(self, config: ImageConfig, random: Random):
        sizes = (config.channels, *reversed(widths(config)))
        kinds = ["none", *[config.norm_d] * (config.levels - 1)]
        pairs = list(zip(sizes[:-1], sizes[1:], kinds, strict=True))
        self.layers = nnx.List([Down(config, i, o, kind == "none", random) for i, o, kind in pairs])
        self.norms = nnx.List([Norm(kind, config, o, random) for _, o, kind in pairs])
        self.head = Dense(config, STEM * STEM * sizes[-1], 1, True, random)

    def __call__(self, x: jax.Array, training: bool) -> jax.Array:
        """x (B, size, size, channels) -> (B,)."""
        for layer, norm in zip(self.layers, self.norms, strict=True):
            x = jax.nn.leaky_relu(norm(layer(x), training), LEAK)
        return self.head(x.reshape(len(x), -1))[:, 0]


def generator(config: ImageConfig, random: Random) -> Generator:
    """A generator with its initial weights: noise (B, latent) to images (B, size, size, channels) from -1 to 1."""
    return Generator(config, random)


def critic(config: ImageConfig, random: Random) -> Critic:
    """A critic with its initial weights: images (B, size, size, channels) from -1 to 1 to logits (B,)."""
    return Critic(config, random)


def parameters(module: Any) -> int:
    """How many numbers training moves in a module: batch statistics left out."""
    return sum(leaf.size for leaf in jax.tree.leaves(nnx.state(module, nnx.Param)))
