"""Spectral normalisation: each kernel over its largest singular value, which one power iteration an update keeps track of.

W, (everything else, outputs), is a kernel as a matrix. v = W u / |W u|, u' = W^T v / |W^T v|, sigma = v^T W u'; sigma's gradient takes u'
and v for constants. Source: Miyato et al. 2018, arXiv:1802.05957, algorithm 1.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

Tree = Any
Vectors = dict[str, Any]
"""u (outputs,) of each kernel, by its path."""
TINY = 1e-12


def vectors(params: Tree, random: np.random.Generator) -> Vectors:
    """Where the power iterations begin: random unit vectors."""
    drawn = {name: random.standard_normal(w.shape[-1:], np.float32) for name, w in kernels_of(params).items()}
    return {name: u / np.linalg.norm(u) for name, u in drawn.items()}


def iterate(params: Tree, before: Vectors) -> Vectors:
    """One power iteration for each kernel."""
    kernels = kernels_of(params)
    return {name: unit(unit(matrix(kernels[name]) @ u) @ matrix(kernels[name])) for name, u in before.items()}


def normalised(params: Tree, u: Vectors) -> Tree:
    """The same parameters with each kernel over its sigma."""

    def over_sigma(path: Any, leaf: jax.Array) -> jax.Array:
        if (name := named(path)) not in u:
            return leaf
        w = matrix(leaf)
        right = jax.lax.stop_gradient(u[name])
        left = jax.lax.stop_gradient(unit(w @ right))
        return leaf / (left @ w @ right)

    return jax.tree_util.tree_map_with_path(over_sigma, params)


def kernels_of(params: Tree) -> dict[str, jax.Array]:
    """The kernels among some parameters, by their paths."""
    leaves = jax.tree_util.tree_leaves_with_path(params)
    return {name: leaf for path, leaf in leaves if (name := named(path)).endswith("kernel")}


def named(path: Any) -> str:
    """A leaf's path in a tree as text."""
    return jax.tree_util.keystr(path, simple=True, separator="/").removesuffix("/value")


def matrix(kernel: jax.Array) -> jax.Array:
    """A kernel (…, outputs) as a matrix (everything else, outputs)."""
    return kernel.reshape(-1, kernel.shape[-1])


def unit(x: jax.Array) -> jax.Array:
    """x over its length."""
    return x / (jnp.linalg.norm(x) + TINY)
