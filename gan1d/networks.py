"""The players as Flax modules: a linear and an MLP generator, and the discriminator.

Initial weights are those of the original experiments: truncated normal with standard deviation 0.1, biases 0.1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.custom_derivatives import SymbolicZero

from gan1d.config import ACTIVATIONS as NAMES
from gan1d.config import Structure
from gan1d.threefry import random_words, truncated_normal, uniform

ACTIVATIONS: dict[str, Callable[[jax.Array], jax.Array]] = {
    "relu": jax.nn.relu,
    "leaky_relu": lambda x: jax.nn.leaky_relu(x, 0.2),
    "tanh": jnp.tanh,
}
"""relu: max(x, 0). leaky_relu: max(x, 0.2 x). tanh: (exp(2x) - 1) / (exp(2x) + 1). Elementwise, shape kept.

Source: Nair and Hinton 2010, ICML, for relu; Maas et al. 2013, ICML, for leaky_relu.
"""
assert tuple(ACTIVATIONS) == NAMES


@jax.custom_jvp
def product(h: jax.Array, kernel: jax.Array) -> jax.Array:
    """h (B,I) @ kernel (I,O) -> (B,O).

    The kernel's gradient is the product of h^T, laid out anew, and the output's: as the transposed product that it would be else, a CPU
    makes half as much of it in a second.
    """
    return h @ kernel


@partial(product.defjvp, symbolic_zeros=True)
def _product_jvp(primals: tuple[jax.Array, jax.Array], tangents: tuple[Any, Any]) -> tuple[jax.Array, jax.Array]:
    (h, kernel), (dh, dkernel) = primals, tangents
    out = h @ kernel
    moved = jnp.zeros_like(out)
    if not isinstance(dh, SymbolicZero):
        moved += product(dh, kernel)
    if not isinstance(dkernel, SymbolicZero):
        moved += jax.lax.dot_general(jax.lax.optimization_barrier(h.T), dkernel, (((0,), (0,)), ((), ())))
    return out, moved


class Dense(nnx.Module):
    """(B, in) -> (B, out): inputs @ kernel + bias; kernel (in, out), bias (out,), at first 0.1.

    The bias is a product too, with ones: so is its gradient then, where else it were a sum over the batch, at which a CPU is slower.
    """

    def __init__(self, kernel: jax.Array):
        self.kernel = nnx.Param(kernel)
        self.bias = nnx.Param(jnp.full(kernel.shape[1], 0.1))

    def __call__(self, inputs: jax.Array) -> jax.Array:
        multiplied = (
            product if min(self.kernel.shape) > 1 else jnp.matmul
        )  # of a vector there is nothing to lay out anew
        return multiplied(inputs, self.kernel[...]) + jnp.ones((len(inputs), 1), inputs.dtype) @ self.bias[...][None]


def kernels(key: jax.Array, shapes: Sequence[tuple[int, int]]) -> list[jax.Array]:
    """Initial kernels, random numbers of key (2,) uint32, all drawn at once: each draw takes long to compile."""
    ends = np.cumsum([a * b for a, b in shapes])
    u = uniform(random_words(key, jnp.uint32(0), jnp.arange(ends[-1], dtype=jnp.uint32)))
    drawn = jnp.split(0.1 * truncated_normal(u), ends[:-1])
    return [part.reshape(shape) for part, shape in zip(drawn, shapes, strict=True)]


class MLP(nnx.Module):
    """(B,) -> (B,): hidden layers with an activation, one linear output."""

    def __init__(self, hidden: Sequence[int], activation: str, key: jax.Array):
        shapes = list(pairwise((1, *hidden, 1)))
        *layers, output = map(Dense, kernels(key, shapes))
        self.layers, self.output = nnx.List(layers), output
        self.activation = ACTIVATIONS[activation]

    def __call__(self, x: jax.Array, keep: Sequence[jax.Array] | None = None) -> jax.Array:
        """x (B,) -> (B,). keep: a factor for each hidden unit and sample, (B, width) a layer: dropout's mask over its keep probability."""
        h = x[:, None]
        for i, layer in enumerate(self.layers):
            h = self.activation(layer(h))
            if keep is not None:
                h = h * keep[i]
        return self.output(h)[:, 0]

    def with_slope(self, x: jax.Array, keep: Sequence[jax.Array] | None = None) -> tuple[jax.Array, jax.Array]:
        """The same and its slope d/dx (B,), carried forward beside it: for one number in and one out no dearer than backward, and nothing
        has to be kept on the way."""
        value, slope = jax.jvp(lambda x: self(x, keep), (x,), (jnp.ones_like(x),))
        return value, slope


class LinearGenerator(nnx.Module):
    """G(z) = |s| z + m, (B,) -> (B,): its samples have mean m and standard deviation |s|, in data units, as z has 0 and 1."""

    def __init__(self) -> None:
        self.mean = nnx.Param(jnp.zeros(()))
        self.std = nnx.Param(jnp.ones(()))

    def __call__(self, z: jax.Array) -> jax.Array:
        return jnp.abs(self.std[...]) * z + self.mean[...]


def generator(structure: Structure, key: jax.Array) -> LinearGenerator | MLP:
    """A generator with its initial weights, a module (B,) -> (B,): noise to points in data units. key (2,) uint32."""
    kind, hidden, activation, _ = structure.generator
    return LinearGenerator() if kind == "linear" else MLP(hidden, activation, key)


def discriminator(structure: Structure, key: jax.Array) -> MLP:
    """A discriminator with its initial weights, a module (B,) -> (B,): points in data units to logits. key (2,) uint32."""
    hidden, activation, _ = structure.discriminator
    return MLP(hidden, activation, key)
