"""Objectives of the two players.

A loss is a pair of objectives, both minimised, written per sample so that a batch takes a mean of them and a density an expectation.
To add one: write a function here that returns a `Loss`, name it in `config.LOSSES`, and the contract test does the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import jax
import numpy as np
from jax.nn import relu, softplus

from gan1d.config import LOSSES as NAMES

Elementwise = Callable[[jax.Array], jax.Array]


class Loss(NamedTuple):
    """A pair of objectives. Logits in, loss per sample out, any shape, shape kept.

    Units: nats for the two GAN losses, whose D is a probability; those of the score for hinge and wasserstein, squared for
    least_squares.

    real, fake: the discriminator minimises E[real(l(x))] + E[fake(l(G(z)))].
    generator: the generator minimises E[generator(l(G(z)))].
    output: how D's logit is read: a probability sigmoid(l), or an unbounded score l.
    optimal_d: (p, q) densities -> the D that is pointwise best against them, NumPy; None where there is none. It need not be
      unique: for hinge, where p = q, any score from -1 to 1 is as good.
    optimum: (loss_d, loss_g, D) where p_g = p_data and D is optimal; None for what is then not determined.
    """

    real: Elementwise
    fake: Elementwise
    generator: Elementwise
    output: Literal["probability", "score"]
    optimal_d: Callable[[np.ndarray, np.ndarray], np.ndarray] | None
    optimum: tuple[float, float | None, float | None]


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
    """D*(x) = p / (p + q), the optimal discriminator, a probability; densities of any shape, shape kept. NaN where both are 0.

    Source: Goodfellow et al. 2014, arXiv:1406.2661, proposition 1.
    """
    total = np.add(p, q, dtype=float)
    return np.divide(p, total, out=np.full(total.shape, np.nan), where=total > 0)


def sign_of_difference(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """D*(x) = sign(p - q), the best score for the hinge loss; densities of any shape, shape kept. 0 where p = q, NaN where both are 0.

    Source: Lim and Ye 2017, arXiv:1705.02894.
    """
    difference = np.subtract(p, q, dtype=float)
    return np.where(np.maximum(p, q) > 0, np.sign(difference), np.nan)


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


@register_loss("least_squares")
def least_squares() -> Loss:
    r"""Least squares GAN loss (LSGAN): D regresses the labels 1 of the real and 0 of the generated.

    L_D = 1/2 E[(l(x) - 1)^2] + 1/2 E[l(G(z))^2],  L_G = 1/2 E[(l(G(z)) - 1)^2],  l the score of D.
    D* = p/(p + q), the same function as of the GAN losses. At the optimum D = 1/2: L_D = 1/4, L_G = 1/8.
    Source: Mao et al. 2016, arXiv:1611.04076, with its 0-1 coding of the labels.
    """
    return Loss(
        real=lambda score: 0.5 * (score - 1) ** 2,
        fake=lambda score: 0.5 * score**2,
        generator=lambda score: 0.5 * (score - 1) ** 2,
        output="score",
        optimal_d=bayes,
        optimum=(0.25, 0.125, 0.5),
    )


@register_loss("hinge")
def hinge() -> Loss:
    r"""Hinge loss: a sample that D has on its own side by a margin of 1 teaches it no more.

    L_D = E[max(0, 1 - l(x))] + E[max(0, 1 + l(G(z)))],  L_G = -E[l(G(z))],  l the score of D.
    D* = sign(p - q). Where p = q any D from -1 to 1 is optimal; at the middle one, D = 0: L_D = 2, L_G = 0.
    Source: Lim and Ye 2017, arXiv:1705.02894.
    """
    return Loss(
        real=lambda score: relu(1 - score),
        fake=lambda score: relu(1 + score),
        generator=lambda score: -score,
        output="score",
        optimal_d=sign_of_difference,
        optimum=(2.0, 0.0, 0.0),
    )


@register_loss("wasserstein")
def wasserstein() -> Loss:
    r"""Wasserstein loss (WGAN): of all critics with slopes from -1 to 1, the best one has -L_D = W1, in data units.

    L_D = -E[l(x)] + E[l(G(z))],  L_G = -E[l(G(z))],  l the score of D, the critic.
    Nothing here bounds the slope: weight clipping or a penalty must. The critic is known only up to a constant, so that at the
    optimum L_D = 0, and neither L_G nor D is determined.
    Source: Arjovsky et al. 2017, arXiv:1701.07875, algorithm 1.
    """
    return Loss(
        real=lambda score: -score,
        fake=lambda score: score,
        generator=lambda score: -score,
        output="score",
        optimal_d=None,
        optimum=(0.0, None, None),
    )
