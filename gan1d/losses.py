"""Objectives of the two players.

A loss is a pair of objectives, both minimised, written per sample so that a batch takes a mean of them and a density an expectation.
To add one: write a function here that returns a `Loss`, name it in `config.LOSSES`, and the contract test does the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import jax
import numpy as np
from jax.nn import softplus

from gan1d.config import LOSSES as NAMES

Elementwise = Callable[[jax.Array], jax.Array]


class Loss(NamedTuple):
    """A pair of objectives. Logits in, nats per sample out, any shape, shape kept.

    real, fake: the discriminator minimises E[real(l(x))] + E[fake(l(G(z)))].
    generator: the generator minimises E[generator(l(G(z)))].
    output: how D's logit is read: a probability sigmoid(l), or an unbounded score l.
    optimal_d: (p, q) densities -> the D that is pointwise best against them, NumPy; None where there is none.
    optimum: (loss_d, loss_g, D) where p_g = p_data and D is optimal.
    """

    real: Elementwise
    fake: Elementwise
    generator: Elementwise
    output: Literal["probability", "score"]
    optimal_d: Callable[[np.ndarray, np.ndarray], np.ndarray] | None
    optimum: tuple[float, float, float]


LOSSES: dict[str, Loss] = {}


def register_loss(name: str) -> Callable[[Callable[[], Loss]], Callable[[], Loss]]:
    """Adds a loss under the name that `training.loss` uses."""
    if name not in NAMES:
        raise ValueError(f"{name} is not in config.LOSSES")

    def add(make: Callable[[], Loss]) -> Callable[[], Loss]:
        LOSSES[name] = make()
        return make

    return add


def bayes(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """D*(x) = p / (p + q), the optimal discriminator (Goodfellow et al. 2014, proposition 1). NaN where both densities are 0."""
    total = np.add(p, q, dtype=float)
    return np.divide(p, total, out=np.full(total.shape, np.nan), where=total > 0)


@register_loss("non_saturating")
def non_saturating() -> Loss:
    r"""Non-saturating GAN loss.

    L_D = E[softplus(-l(x))] + E[softplus(l(G(z)))],  L_G = E[softplus(-l(G(z)))] = -E[log D(G(z))],  l the logit of D.
    At the optimum D = 1/2: L_D = 2 log 2, L_G = log 2.
    Source: Goodfellow et al. 2014, arXiv:1406.2661, section 3.
    """
    return Loss(
        real=lambda logit: softplus(-logit),
        fake=softplus,
        generator=lambda logit: softplus(-logit),
        output="probability",
        optimal_d=bayes,
        optimum=(float(2 * np.log(2)), float(np.log(2)), 0.5),
    )


@register_loss("minimax")
def minimax() -> Loss:
    r"""Minimax (saturating) GAN loss: the generator minimises what the discriminator maximises.

    L_D = E[softplus(-l(x))] + E[softplus(l(G(z)))],  L_G = -E[softplus(l(G(z)))] = E[log(1 - D(G(z)))],  l the logit of D.
    Flat for the generator where D is sure of its samples. At the optimum D = 1/2: L_D = 2 log 2, L_G = -log 2.
    Source: Goodfellow et al. 2014, arXiv:1406.2661, equation 1.
    """
    return Loss(
        real=lambda logit: softplus(-logit),
        fake=softplus,
        generator=lambda logit: -softplus(logit),
        output="probability",
        optimal_d=bayes,
        optimum=(float(2 * np.log(2)), float(-np.log(2)), 0.5),
    )
