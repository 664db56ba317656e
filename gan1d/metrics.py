"""How far the generated density is from the data's: JSD, both KL divergences, W1, and the mass on each mode. Host, float64.

Divergences are in nats, W1 in data units. A linear generator's are quadratures of closed forms; any other generator's divergences
are those of the masses on each stretch where its density is constant: an atom counts as one. Its noise is cut at |z| = 8, so
KL(data, gen) is infinite wherever G does not carry that interval over all of the data.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import ndtr, xlogy

from gan1d.data import Target
from gan1d.noise import REACH

Function = Callable[[np.ndarray], np.ndarray]

Z_CUTS = np.linspace(-REACH, REACH, 129)
"""Where integrals over the generator's own noise are cut."""
NEAR = 3.0
"""Standard deviations within which mass counts for a mode."""

DUST = 1e-12
"""Mass of the data too small to ask for in a generator whose noise is cut at `REACH`: with less than this beyond, KL is not infinite."""
ATOMS = 1e-4
"""Mass of a generator's atoms below which they are a saturated tail's rounding."""
COVERED = 0.25
"""A mode is covered when it holds at least this share of its weight."""


def jsd_of_masses(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    r"""JSD(p, q) = 1/2 KL(p, m) + 1/2 KL(q, m), m = (p + q)/2, of masses along the last axis; nats, at most log 2.

    Source: Lin 1991, IEEE Trans. Inf. Theory 37(1).
    """
    m = 0.5 * (p + q)
    ratio = 0.5 * (xlogy(p, p) + xlogy(q, q)) - xlogy(m, m)
    return np.clip(np.sum(ratio, axis=-1), 0.0, np.log(2))


def kl_of_masses(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    r"""KL(p, q) = sum p log(p/q) of masses along the last axis; nats; inf where p has mass that q has not.

    Source: Kullback and Leibler 1951.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(p > 0, p * (np.log(p) - np.log(q)), 0.0)
    return np.maximum(np.sum(terms, axis=-1), 0.0)


def with_outside(cdf: np.ndarray) -> np.ndarray:
    """Masses of the cells between the points of a CDF and of the two sides beyond them: (…, X+1) -> (…, X+2)."""
    padded = np.concatenate([np.zeros_like(cdf[..., :1]), cdf, np.ones_like(cdf[..., :1])], axis=-1)
    return np.maximum(np.diff(padded, axis=-1), 0.0)


def linear_jsd(mean: np.ndarray, std: np.ndarray, edges: np.ndarray, cdf: Function) -> np.ndarray:
    """JSD (F,) between the data and N(m, s^2), between edges (E,) cut again at the generator's own quantiles, so that a spike is seen."""
    std = np.maximum(std, 1e-9 * (edges[-1] - edges[0]))  # a point is a very narrow normal
    own = mean[:, None] + std[:, None] * Z_CUTS
    cuts = np.sort(np.concatenate([np.broadcast_to(edges, (len(mean), len(edges))), own], axis=1), axis=1)
    steps = (cuts - mean[:, None]) / std[:, None]
    return jsd_of_masses(with_outside(cdf(cuts)), with_outside(ndtr(steps)))


def linear_kl(mean: np.ndarray, std: np.ndarray, data: Target) -> tuple[np.ndarray, np.ndarray]:
    r"""Both KL divergences between the data p and the generator q = N(m, s^2), nats, each (F,).

    KL(p, q) = -H(p) + log(s sqrt(2 pi)) + (sigma^2 + (mu - m)^2) / (2 s^2), exact but for H(p);
    KL(q, p) = -log(s sqrt(2 pi e)) - E_z[log p(s z + m)], the expectation by Gauss and Legendre's rule between neighbouring cuts:
    steps of z, and the data's landmarks.
    """
    z = np.broadcast_to(Z_CUTS, (len(mean), len(Z_CUTS)))
    at, weight = np.polynomial.legendre.leggauss(2)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        landmarks = np.nan_to_num((data.landmarks - mean[:, None]) / std[:, None])
        cuts = np.sort(np.concatenate([z, np.clip(landmarks, -REACH, REACH)], axis=1), axis=1)
        half = 0.5 * np.diff(cuts, axis=1)[..., None]
        nodes = cuts[:, :-1, None] + half * (1 + at)
        share = half * weight * np.exp(-0.5 * nodes**2)
        share /= share.sum(axis=(1, 2), keepdims=True)
        log_p = data.log_pdf(mean[:, None, None] + std[:, None, None] * nodes)
        log_s = np.log(std)
        forward = (
            -data.entropy + log_s + 0.5 * np.log(2 * np.pi) + (data.std**2 + (data.mean - mean) ** 2) / (2 * std**2)
        )
        backward = -log_s - 0.5 * np.log(2 * np.pi * np.e) - np.sum(share * log_p, axis=(1, 2))
    return (
        np.where(std > 0, np.maximum(forward, 0.0), np.inf),
        np.where(std > 0, np.maximum(backward, 0.0), np.inf),
    )


def mapped_kl(cuts: np.ndarray, q: np.ndarray, atoms: np.ndarray, narrowest: float, data: Target) -> np.ndarray:
    r"""KL(q, p) (F,) of a piecewise constant generated density q from the data's p, nats.

    sum_i q_i (log(q_i / width_i) - log p(middle_i)) over the stretches between the cuts (F,M), q (F,M-1) their masses; atoms (F,) is the
    mass of single points: with any to speak of it is infinite, for the data has none; narrowest is the least width told apart from one.
    """
    width, middle = np.maximum(np.diff(cuts, axis=1), narrowest), 0.5 * (cuts[:, 1:] + cuts[:, :-1])
    some = q > 0
    terms = np.zeros_like(q)
    terms[some] = q[some] * (np.log(q[some] / width[some]) - data.log_pdf(middle[some]))
    return np.where(atoms > ATOMS, np.inf, np.maximum(terms.sum(axis=1), 0.0))


def w1(values: np.ndarray, masses: np.ndarray, ppf: Function, in_order: bool = False) -> np.ndarray:
    r"""Wasserstein-1 distance to the data, W1 = int_0^1 |Q_p(u) - Q_q(u)| du, data units.

    The generator is given by values (F,N) of known mass (N,); the optimal map on the line sends quantile to quantile.
    Source: Villani 2003, Topics in Optimal Transportation, theorem 2.18.
    """
    weights = np.broadcast_to(masses, values.shape)
    if not in_order:
        order = np.argsort(values, axis=1)
        values = np.take_along_axis(values, order, axis=1)
        weights = np.take_along_axis(weights, order, axis=1)
    u = np.cumsum(weights, axis=1) - 0.5 * weights
    if in_order:
        return np.sum(np.abs(ppf(u[:1]) - values) * masses, axis=1)
    return np.sum(np.abs(ppf(u) - values) * weights, axis=1)


def mode_masses(cdf: Function, centres: np.ndarray, stds: np.ndarray, reach: float = NEAR) -> np.ndarray:
    """Generated mass within `reach` standard deviations of each mode (F,K).

    Where intervals overlap, a point belongs to the nearest mode, in that mode's standard deviations; equal modes share it.
    `cdf` maps points (P,) to (F,P).
    """
    cuts = [c + side * reach * s for c, s in zip(centres, stds, strict=True) for side in (-1, 1)]
    for i in range(len(centres)):  # where two modes are equally near, in their own stds: |x - a|/s = |x - b|/t
        for j in range(i):
            a, s, b, t = centres[i], stds[i], centres[j], stds[j]
            if abs(a - b) > reach * (s + t):
                continue
            cuts.append((a * t + b * s) / (s + t))
            if s != t:
                cuts.append((a * t - b * s) / (t - s))
    points = np.unique(cuts)
    middle = 0.5 * (points[1:] + points[:-1])
    distance = np.abs(middle[:, None] - centres) / stds
    nearest = distance.min(axis=1, keepdims=True)
    owners = (distance <= nearest * (1 + 1e-9)) & (nearest <= reach)
    shares = owners / np.maximum(owners.sum(axis=1, keepdims=True), 1)
    return np.sum(np.maximum(np.diff(cdf(points), axis=1), 0.0)[:, :, None] * shares, axis=1)


def modes_covered(mass: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Modes that hold at least a quarter of their weight; mass (…,K), weights (K,) -> (…,)."""
    return np.sum(mass >= COVERED * weights, axis=-1)
