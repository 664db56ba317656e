"""What holds the discriminator back: penalties on its slope or its weights, a clip, noise on what it sees, softened labels.

To add one: write a function here that returns a `Regularizer`, give it a number in `config.py` (a name in `PENALTIES`, or a field),
and the contract test does the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from gan1d.config import PENALTIES, Discriminator, Training
from gan1d.losses import Elementwise

LogitFn = Callable[[jax.Array], jax.Array]
"""D as a function of its input alone, (B, …) -> (B,); on the line (B,) -> (B,)."""
Params = Any
"""Parameters of D: any pytree whose kernels have "kernel" in their path, as an nnx State has."""


class Regularizer(NamedTuple):
    """Where a regulariser takes part in an update; None where it does not. `weight` is its number in the config.

    points: (real (B, …), fake (B, …), mix (B,) or None) -> (B, …): where the penalty looks at D's slope.
    cost: that slope (B,), 0 or more -> scalar (); D's objective gains weight times it.
    weights: params -> scalar (); D's objective gains weight times it.
    project: (params, weight) -> params, after each update of D.
    inputs: (x (B,), noise (B,), weight) -> (B,), what D sees instead of x, real and generated alike, in both players' updates;
      noise ~ N(0, 1), in data units once it is scaled.
    labels: (real, fake, weight) -> D's objective on the real, out of a loss's two.
    needs_mix: whether `points` wants mix ~ U[0, 1].
    """

    points: Callable[[jax.Array, jax.Array, jax.Array | None], jax.Array] | None = None
    cost: Callable[[jax.Array], jax.Array] | None = None
    weights: Callable[[Params], jax.Array] | None = None
    project: Callable[[Params, jax.Array], Params] | None = None
    inputs: Callable[[jax.Array, jax.Array, jax.Array], jax.Array] | None = None
    labels: Callable[[Elementwise, Elementwise, jax.Array], Elementwise] | None = None
    needs_mix: bool = False

    @property
    def penalty(self) -> Callable[[LogitFn, jax.Array, jax.Array, jax.Array | None], jax.Array] | None:
        """(logit function, real (B, …), fake (B, …), mix (B,) or None) -> scalar (): `cost` of the slope at `points`, or None."""
        points, cost = self.points, self.cost
        if points is None or cost is None:
            return None
        return lambda logit, real, fake, mix: cost(steepness(logit, points(real, fake, mix)))


REGULARIZERS: dict[str, Regularizer] = {}


def register_regularizer(name: str) -> Callable[[Callable[[], Regularizer]], Callable[[], Regularizer]]:
    """Adds a regulariser under the name that `training.penalty` uses, or that of the field which is its weight."""
    if name not in {*PENALTIES, *Discriminator.specs(), *Training.specs()}:
        raise ValueError(f"{name} is neither in config.PENALTIES nor a field of Discriminator or Training")

    def add(make: Callable[[], Regularizer]) -> Callable[[], Regularizer]:
        REGULARIZERS[name] = make()
        return make

    return add


def slope(logit: LogitFn, x: jax.Array) -> jax.Array:
    """dl/dx at each x (B,). Samples do not mix and x is one number: one forward-mode pass gives every slope, differentiable again."""
    return jax.jvp(logit, (x,), (jnp.ones_like(x),))[1]


def steepness(logit: LogitFn, x: jax.Array) -> jax.Array:
    """|dl/dx| (B,) at each x (B, …), sqrt(sum g^2 + 1e-12) over all but the first axis, so that it has a slope where g = 0.

    On the line, x (B,), it is the absolute value of `slope`. Samples must not mix: D without batch norm.
    """
    if x.ndim == 1:
        return jnp.abs(slope(logit, x))
    g = jax.grad(lambda x: jnp.sum(logit(x)))(x)
    return jnp.sqrt(jnp.sum(g * g, axis=tuple(range(1, x.ndim))) + 1e-12)


def half_squared_weights(params: Params) -> jax.Array:
    """1/2 sum w^2 over the kernels, biases left out -> scalar ()."""
    leaves = jax.tree_util.tree_leaves_with_path(params)
    kernels = [leaf for path, leaf in leaves if any(getattr(part, "key", None) == "kernel" for part in path)]
    return 0.5 * sum((jnp.sum(k * k) for k in kernels), start=jnp.zeros(()))


@register_regularizer("none")
def none() -> Regularizer:
    """Nothing is held back."""
    return Regularizer()


@register_regularizer("r1")
def r1() -> Regularizer:
    r"""Zero-centred gradient penalty on real data, R1 = 1/2 E[|dl/dx|^2], l the logit of D; the weight is gamma.

    Source: Mescheder et al. 2018, arXiv:1801.04406, equation 9.
    """

    return Regularizer(points=lambda real, fake, mix: real, cost=lambda slopes: 0.5 * jnp.mean(slopes**2))


@register_regularizer("gradient_penalty")
def gradient_penalty() -> Regularizer:
    r"""Two-sided gradient penalty (WGAN-GP): GP = E[(|dl/dx(xhat)| - 1)^2], l the logit of D; the weight is lambda.

    xhat = mix x + (1 - mix) G(z), mix ~ U[0, 1]: a random point between a real sample and a generated one. It pulls the slope to 1
    from both sides, so that under the Wasserstein loss it settles a little above 1.
    Source: Gulrajani et al. 2017, arXiv:1704.00028, equation 3.
    """

    def points(real: jax.Array, fake: jax.Array, mix: jax.Array | None) -> jax.Array:
        if mix is None:
            raise ValueError("mix: None is not allowed; gradient_penalty wants (B,) numbers from 0 to 1")
        mix = mix.reshape(-1, *(1,) * (real.ndim - 1))
        return mix * real + (1 - mix) * fake

    return Regularizer(points=points, cost=lambda slopes: jnp.mean((slopes - 1) ** 2), needs_mix=True)


@register_regularizer("weight_clipping")
def weight_clipping() -> Regularizer:
    r"""Weight clipping: after each update of D, w = min(max(w, -c), c) for every parameter, biases too; the weight is c.

    Source: Arjovsky et al. 2017, arXiv:1701.07875, algorithm 1.
    """
    return Regularizer(project=lambda params, c: jax.tree.map(lambda w: jnp.clip(w, -c, c), params))


@register_regularizer("l2")
def l2() -> Regularizer:
    r"""L2 regularisation, L2 = 1/2 sum w^2 over the kernels, biases left out, as TensorFlow's `l2_loss` is used.

    Its gradient goes through the optimiser: with Adam it is not decoupled weight decay, w = (1 - lr lambda) w.
    Source: Krogh and Hertz 1991, NIPS 4; the difference: Loshchilov and Hutter 2017, arXiv:1711.05101.
    """
    return Regularizer(weights=half_squared_weights)


@register_regularizer("instance_noise")
def instance_noise() -> Regularizer:
    r"""Instance noise: of each real and generated x, D sees y = x + sigma eps, eps ~ N(0, 1); the weight is sigma, in data units.

    It tells apart the two densities blurred by N(0, sigma^2), which overlap everywhere, so that the generator has a slope to follow.
    Source: Sonderby et al. 2016, arXiv:1610.04490; Arjovsky and Bottou 2017, arXiv:1701.04862, section 3.
    """
    return Regularizer(inputs=lambda x, noise, sigma: x + sigma * noise)


@register_regularizer("label_smoothing")
def label_smoothing() -> Regularizer:
    r"""One-sided label smoothing: D's objective on the real is (1 - a) real(l) + a fake(l); the weight is a.

    A share a of the real samples counts as generated, so the best D is the one against densities (1 - a) p and q + a p. For the GAN
    losses this is cross-entropy with target 1 - a, and for least squares it has the gradient of that target: D* = (1 - a) p/(p + q).
    The Wasserstein critic is then no longer free of a constant: it sinks without end unless its weights are clipped.
    Source: Salimans et al. 2016, arXiv:1606.03498, section 3.4.
    """

    def labels(real: Elementwise, fake: Elementwise, a: jax.Array) -> Elementwise:
        return lambda logit: (1 - a) * real(logit) + a * fake(logit)

    return Regularizer(labels=labels)
