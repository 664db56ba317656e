"""What keeps the discriminator smooth: penalties on its slope, and L2 on its weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from gan1d.config import PENALTIES as NAMES

LogitFn = Callable[[jax.Array], jax.Array]
Penalty = Callable[[LogitFn, jax.Array, jax.Array], jax.Array]
"""(logit function (B,) -> (B,), real (B,), fake (B,)) -> scalar (), before its weight."""

PENALTIES: dict[str, Penalty | None] = {"none": None}


def register_penalty(name: str) -> Callable[[Penalty], Penalty]:
    """Adds a penalty under the name that `training.penalty` uses."""
    if name not in NAMES:
        raise ValueError(f"{name} is not in config.PENALTIES")

    def add(penalty: Penalty) -> Penalty:
        PENALTIES[name] = penalty
        return penalty

    return add


def slope(logit: LogitFn, x: jax.Array) -> jax.Array:
    """dl/dx at each x (B,). Samples do not mix and x is one number: one forward-mode pass gives every slope, differentiable again."""
    return jax.jvp(logit, (x,), (jnp.ones_like(x),))[1]


@register_penalty("r1")
def r1(logit: LogitFn, real: jax.Array, fake: jax.Array) -> jax.Array:
    r"""Zero-centred gradient penalty on real data, R1 = 1/2 E[(dl/dx)^2], l the logit of D; the weight is gamma.

    Source: Mescheder et al. 2018, arXiv:1801.04406, equation 9.
    """
    del fake
    return 0.5 * jnp.mean(slope(logit, real) ** 2)


def l2(params: Any) -> jax.Array:
    r"""Half the squared weights, 1/2 sum w^2, biases left out; any pytree of parameters -> scalar ().

    Source: weight decay as the original experiments use it (TensorFlow's `l2_loss` over the kernels).
    """
    leaves = jax.tree_util.tree_leaves_with_path(params)
    kernels = [leaf for path, leaf in leaves if any(getattr(part, "key", None) == "kernel" for part in path)]
    return 0.5 * sum((jnp.sum(k * k) for k in kernels), start=jnp.zeros(()))
