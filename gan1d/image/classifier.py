"""A small network that learns to name what an image shows: its last layer but one is what images are compared by.

3x3 convolutions with stride 2 halve the image until it is 4x4, then a layer of `FEATURES` numbers, then one head for each factor of the
labels: all heads share the rest. Images without labels are turned by a quarter, a half, three quarters or not at all, and the network
learns to say which. Source of that: Gidaris et al. 2018, arXiv:1803.07728.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from gan1d.image.dataset import Dataset, Factor

FEATURES = 64
"""Numbers that an image is compared by."""
SMALLEST = 4
"""Side of the last map of features."""
WIDTHS = {4: 64, 8: 64, 16: 32, 32: 16, 64: 8, 128: 8}
"""Side of a map of features -> its channels: the large maps cost the most."""
BATCH = 64
STEPS = (500, 1000)
"""Fewest and most updates."""
EPOCHS = 24
RATE = 2e-3
"""Adam's learning rate at its highest: it rises for a tenth of the updates, then falls to 0 along a cosine."""
DECAY = 1e-3
"""Weight decay."""
HELD_OUT = 8
"""One image of so many is held out, to say how often the network is right."""
SHIFT = 16
"""Batches are shifted by at most a pixel in so many."""
NOISE = 0.1
"""Standard deviation of the noise that is added to pixels from -1 to 1: a generator's images are not as clean."""
AT_ONCE = 512
"""Images that are looked at together."""
TURNS = (Factor("turned by", ("0", "90", "180", "270")),)
"""What is told apart where there are no labels."""

Progress = Callable[[int, int], None]


class Classifier(nnx.Module):
    """Images (B,H,W,C) from -1 to 1 -> features (B,FEATURES) and a tuple of logits (B,values), one for each factor."""

    def __init__(self, size: int, channels: int, heads: Sequence[int], seed: int | None):
        random = None if seed is None else np.random.default_rng(seed)
        sizes = (channels, *(WIDTHS[side] for side in reversed(WIDTHS) if side < size))
        self.kernels = nnx.List([_weights(random, 3, 3, i, o) for i, o in pairwise(sizes)])
        self.shifts = nnx.List([_zeros(o) for o in sizes[1:]])
        self.dense, self.bias = _weights(random, SMALLEST**2 * sizes[-1], FEATURES), _zeros(FEATURES)
        self.heads = nnx.List([_weights(random, FEATURES, values) for values in heads])
        self.offsets = nnx.List([_zeros(values) for values in heads])

    def __call__(self, x: jax.Array) -> tuple[jax.Array, tuple[jax.Array, ...]]:
        """x (B,H,W,C) -> features (B,FEATURES), none below 0, and logits of each head."""
        for kernel, shift in zip(self.kernels, self.shifts, strict=True):
            x = jax.lax.conv_general_dilated(x, kernel[...], (2, 2), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
            x = jax.nn.relu(x + shift[...])
        features = jax.nn.relu(x.reshape(len(x), -1) @ self.dense[...] + self.bias[...])
        return features, tuple(features @ h[...] + o[...] for h, o in zip(self.heads, self.offsets, strict=True))


def _weights(random: np.random.Generator | None, *shape: int) -> nnx.Param:
    """N(0, 2 / fan-in); zeros where nothing random is given. Source: He et al. 2015, arXiv:1502.01852."""
    if random is None:
        return nnx.Param(np.zeros(shape, np.float32))
    return nnx.Param(np.float32((2 / math.prod(shape[:-1])) ** 0.5) * random.standard_normal(shape, np.float32))


def _zeros(length: int) -> nnx.Param:
    return nnx.Param(np.zeros(length, np.float32))


class Trained(NamedTuple):
    """A trained network: its structure, its weights, and the share of held-out images of which every head was right."""

    graph: Any
    weights: Any
    accuracy: float


def factors_of(dataset: Dataset) -> tuple[Factor, ...]:
    """What is told apart: the labels' factors, or turns."""
    return dataset.factors or TURNS


def blank(size: int, channels: int, factors: Sequence[Factor], seed: int | None = None) -> tuple[Any, Any]:
    """A network that has learned nothing: its structure and its weights."""
    return nnx.split(Classifier(size, channels, [len(f.values) for f in factors], seed))


def train(dataset: Dataset, seed: int = 0, progress: Progress | None = None) -> Trained:
    """Trains a network on all but one in `HELD_OUT` of the images, and judges it by those; Adam with weight decay, cross-entropy.

    progress: called with (updates done, updates in all).
    """
    graph, weights = blank(dataset.size, dataset.channels, factors_of(dataset), seed)
    order = np.random.default_rng([seed, 1]).permutation(len(dataset))
    held, kept = np.split(order, [max(1, len(order) // HELD_OUT)])
    steps = int(np.clip(EPOCHS * len(kept) // BATCH, *STEPS))
    state = _begin(weights)
    drawn = 2 * BATCH * dataset.size**2 * dataset.channels  # drawn once, for speed: each step takes a stretch of it
    noise = NOISE * np.random.default_rng([seed, 4]).standard_normal(drawn, np.float32) - 1
    for k in range(steps):
        random = np.random.default_rng([seed, 2, k])
        images, labels = _labelled(dataset, random.choice(kept, BATCH), random)
        pixels = _moved(images, random).astype(np.float32)
        pixels /= 127.5
        pixels += noise[random.integers(pixels.size) :][: pixels.size].reshape(pixels.shape)
        weights, state = _step(graph, weights, state, pixels, labels, rate(k, steps))
        if progress is not None:
            progress(k + 1, steps)
    held = held[: 16 * AT_ONCE]
    images, labels = _labelled(dataset, held, np.random.default_rng([seed, 3]))
    _, heads = look(graph, weights, images)
    right = np.all([p.argmax(axis=1) == wanted for p, wanted in zip(heads, labels, strict=True)], axis=0)
    return Trained(graph, weights, float(right.mean()))


def rate(step: int, steps: int) -> float:
    """The learning rate of an update."""
    rises = max(1, steps // 10)
    return RATE * min((step + 1) / rises, 0.5 + 0.5 * math.cos(math.pi * max(0, step - rises) / max(1, steps - rises)))


_rule = optax.chain(optax.scale_by_adam(), optax.add_decayed_weights(DECAY))
_begin = jax.jit(_rule.init)


@partial(jax.jit, static_argnums=0, donate_argnums=(1, 2))
def _step(graph: Any, weights: Any, state: Any, pixels: jax.Array, labels: Any, rate: float) -> tuple[Any, Any]:
    def loss(weights: Any) -> jax.Array:
        _, heads = nnx.merge(graph, weights)(pixels)
        each = [optax.softmax_cross_entropy_with_integer_labels(h, l) for h, l in zip(heads, labels, strict=True)]
        return jnp.mean(sum(each))

    updates, state = _rule.update(jax.grad(loss)(weights), state, weights)
    return jax.tree.map(lambda w, u: w - rate * u, weights, updates), state


def _labelled(dataset: Dataset, which: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, Any]:
    """Images (B,H,W,C) and a tuple of each factor's values (B,)."""
    images = dataset.images[which]
    if dataset.labels is not None:
        return images, tuple(part.astype(np.int32) for part in dataset.split(dataset.labels[which]))
    turns = random.integers(4, size=len(which)).astype(np.int32)
    turned = images.copy()
    for k in range(1, 4):
        turned[turns == k] = np.rot90(images[turns == k], k, axes=(1, 2))
    return turned, (turns,)


def _moved(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A batch shifted by a few pixels; what comes in repeats the edge."""
    most = max(1, images.shape[1] // SHIFT)
    y, x = random.integers(2 * most + 1, size=2)
    padded = np.pad(images, ((0, 0), (most, most), (most, most), (0, 0)), mode="edge")
    return padded[:, y : y + images.shape[1], x : x + images.shape[2]]


def look(graph: Any, weights: Any, images: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """What a network sees in images (N,H,W,C) uint8: features (N,FEATURES), and each head's probabilities (N,values); float32."""
    n = len(images)
    padded = np.zeros((min(AT_ONCE, n), *images.shape[1:]), np.uint8)
    parts = []
    for start in range(0, n, AT_ONCE):
        part = images[start : start + AT_ONCE]
        padded[: len(part)] = part
        features, heads = _look(graph, weights, padded)
        parts.append([np.asarray(a)[: len(part)] for a in (features, *heads)])
    found = [np.concatenate(each) for each in zip(*parts, strict=True)]
    return found[0], found[1:]


@partial(jax.jit, static_argnums=0)
def _look(graph: Any, weights: Any, images: jax.Array) -> tuple[jax.Array, tuple[jax.Array, ...]]:
    features, heads = nnx.merge(graph, weights)(images.astype(jnp.float32) / 127.5 - 1)
    return features, tuple(jax.nn.softmax(h) for h in heads)
