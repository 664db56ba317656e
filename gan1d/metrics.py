"""How far the generated density is from the data's: JSD, both KL divergences, W1, and the mass on each mode. Host, float64.

Divergences are in nats, W1 in data units. A linear generator's of normal noise are quadratures of closed forms; any other generator's
JSD and KL(gen, data) are those of the masses on each stretch where its density is constant: an atom counts as one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import ndtr

from gan1d.data import Target
from gan1d.distributions import log_add
from gan1d.noise import REACH, cells
from gan1d.pushforward import arranged, order_of

Function = Callable[[np.ndarray], np.ndarray]

Z_CUTS = np.linspace(-REACH, REACH, 129)
"""Where integrals over the generator's own noise are cut."""
NEAR = 3.0
"""Standard deviations within which mass counts for a mode."""

DUST = 1e-12
"""Mass of the data too small to ask for in a generator with a bounded image: with no more than this beyond, KL is not infinite."""
ATOMS = 1e-4
"""Mass of a generator's atoms below which they are a saturated tail's rounding."""
BEYOND = 1e20
"""How far beyond the last noise cells a generator without a bound goes on in a straight line, in standard deviations of the noise."""
COVERED = 0.25
"""A mode is covered when it holds at least this share of its weight."""


def jsd_of_masses(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    r"""JSD(p, q) = 1/2 KL(p, m) + 1/2 KL(q, m), m = (p + q)/2, of masses along the last axis; nats, at most log 2.

    Source: Lin 1991, IEEE Trans. Inf. Theory 37(1).
    """
    m = 0.5 * (p + q)
    ratio = 0.5 * (_xlogx(p) + _xlogx(q)) - _xlogx(m)
    return np.clip(np.sum(ratio, axis=-1), 0.0, np.log(2))


def _xlogx(x: np.ndarray) -> np.ndarray:
    """x log x, 0 at 0; many times quicker than `scipy.special.xlogy`."""
    return x * np.log(np.where(x > 0, x, 1.0))


def with_outside(cdf: np.ndarray) -> np.ndarray:
    """Masses of the cells between the points of a CDF and of the two sides beyond them: (…, X+1) -> (…, X+2)."""
    padded = np.concatenate([np.zeros_like(cdf[..., :1]), cdf, np.ones_like(cdf[..., :1])], axis=-1)
    return np.maximum(np.diff(padded, axis=-1), 0.0)


def linear_jsd(mean: np.ndarray, std: np.ndarray, edges: np.ndarray, cdf: Function) -> np.ndarray:
    """JSD (F,) between the data and N(m, s^2), between edges (E,) cut again at the generator's own quantiles, so that a spike is seen."""
    std = np.maximum(std, 1e-9 * (edges[-1] - edges[0]))  # a point is a very narrow normal
    own = mean[:, None] + std[:, None] * Z_CUTS
    fixed = np.broadcast_to(edges, (len(mean), len(edges)))
    cuts = np.concatenate([fixed, own], axis=1)
    p = np.concatenate([np.broadcast_to(cdf(edges), fixed.shape), cdf(own)], axis=1)
    order = order_of(cuts)
    steps = (arranged(cuts, order) - mean[:, None]) / std[:, None]
    return jsd_of_masses(with_outside(arranged(p, order)), with_outside(ndtr(steps)))


def linear_kl(mean: np.ndarray, std: np.ndarray, data: Target) -> tuple[np.ndarray, np.ndarray]:
    r"""Both KL divergences between the data p and the generator q = N(m, s^2), nats, each (F,).

    KL(p, q) = -H(p) + log(s sqrt(2 pi)) + (sigma^2 + (mu - m)^2) / (2 s^2), exact but for H(p);
    KL(q, p) = -log(s sqrt(2 pi e)) - E_z[log p(s z + m)], the expectation by Gauss and Legendre's rule between neighbouring cuts:
    steps of z, and the data's landmarks. It is infinite for data with an end, for a normal has none.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        log_s = np.log(std)
        forward = (
            log_s + 0.5 * np.log(2 * np.pi) + (data.std**2 + (data.mean - mean) ** 2) / (2 * std**2) - data.entropy
        )
        backward = -log_s - 0.5 * np.log(2 * np.pi * np.e) - _expected_log_pdf(mean, std, data)
    return (
        np.where(std > 0, np.maximum(forward, 0.0), np.inf),
        np.where(std > 0, np.maximum(backward, 0.0), np.inf),
    )


def _expected_log_pdf(mean: np.ndarray, std: np.ndarray, data: Target) -> np.ndarray:
    """E_z[log p(s z + m)] (F,), -inf where the data have an end."""
    if np.isfinite(data.support).any():
        return np.full(len(mean), -np.inf)
    z = np.broadcast_to(Z_CUTS, (len(mean), len(Z_CUTS)))
    at, weight = np.polynomial.legendre.leggauss(2)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        landmarks = np.nan_to_num((data.landmarks - mean[:, None]) / std[:, None])
    cuts = np.sort(np.concatenate([z, np.clip(landmarks, -REACH, REACH)], axis=1), axis=1)
    half = 0.5 * np.diff(cuts, axis=1)[..., None]
    nodes = cuts[:, :-1, None] + half * (1 + at)
    share = half * weight * np.exp(-0.5 * nodes**2)
    share /= share.sum(axis=(1, 2), keepdims=True)
    return np.sum(share * data.log_pdf(mean[:, None, None] + std[:, None, None] * nodes), axis=(1, 2))


def mapped_kl_data_gen(g: np.ndarray, noise: str, data: Target, bounded: bool = False) -> np.ndarray:
    r"""KL(p, q) (F,) of the data's p from a generator's density q, nats; inf where q leaves out more than `DUST` of the data.

    KL(p, q) = -H(p) - E_p[log q(x)], q(x) = sum phi(z) / |G'(z)| over the z with G(z) = x, phi the noise's density, G a straight line
    in each noise cell, and beyond the last ones too where the noise is normal. So q is known far out, where a cell's mass, spread
    evenly, would not do. The expectation is a quadrature with nodes that do not move, and so a step of log q at y, which counts where
    the next node lies, is moved back to y. Of what lies beyond the last nodes, log q falling as x^2 there, the data's variance tells.

    Args:
      g: (F, N+1) G at the edges of `noise.cells(noise)`. bounded: G does not go on beyond them, as with tanh layers.
    """
    z = cells(noise).edges
    endless = noise == "normal" and not bounded
    if endless:
        first, last = ((g[:, i] - g[:, j]) / (z[i] - z[j]) for i, j in ((0, 1), (-1, -2)))
        g = np.concatenate([g[:, :1] - BEYOND * first[:, None], g, g[:, -1:] + BEYOND * last[:, None]], axis=1)
        z = np.concatenate([z[:1] - BEYOND, z, z[-1:] + BEYOND])
    elif not np.isfinite(data.support).all():
        return np.full(len(g), np.inf)
    x, mass = data.nodes
    place = np.searchsorted(x, g)
    slope = np.diff(g, axis=1) / np.diff(z)
    log_q = _log_density(g, z, slope, noise, x, place)
    steps = _log_steps(z, slope, noise, log_q, place[:, 1:-1])
    moved = np.append(0.0, np.cumsum(mass))[place[:, 1:-1]] - data.levels(g[:, 1:-1])
    missing = np.isneginf(log_q)
    outside = np.sum(missing * mass, axis=1) > DUST  # not BLAS, where a row's sum depends on how many rows there are
    log_q[missing] = 0.0
    beyond = max(data.std**2 - float(mass @ (x - data.mean) ** 2), 0.0)
    falls = log_q[:, [0, -1]] / (x[[0, -1]] - data.mean) ** 2 if endless else np.zeros((len(g), 2))
    kl = -data.entropy - np.sum(log_q * mass, axis=1) - np.sum(steps * moved, axis=1) - 0.5 * beyond * falls.sum(axis=1)
    return np.where(outside, np.inf, np.maximum(kl, 0.0))


def _log_phi(z: np.ndarray, noise: str) -> np.ndarray:
    """Log of the noise's density, where it is not 0."""
    return -0.5 * z**2 - 0.5 * np.log(2 * np.pi) if noise == "normal" else np.full(z.shape, -0.5 * np.log(12.0))


def _log_density(
    g: np.ndarray, z: np.ndarray, slope: np.ndarray, noise: str, x: np.ndarray, place: np.ndarray
) -> np.ndarray:
    """Log of the density at increasing points x (N,) of the noise's images under G, a straight line between g (F,M) at z (M,): (F,N).

    slope (F,M-1) of the lines; place (F,M) of g among x. Each pair of a line and a point on it is a term: this costs as much as there
    are points, and folds.
    """
    low, count = np.minimum(place[:, 1:], place[:, :-1]).ravel(), np.abs(np.diff(place, axis=1)).ravel()
    frame = np.repeat(np.arange(len(g)), count.reshape(len(g), -1).sum(axis=1))
    point = np.arange(len(frame)) + np.repeat(low - np.cumsum(count) + count, count)
    inner = (np.abs(z[1:]) < np.abs(z[:-1])).astype(int) + np.arange(len(z) - 1)  # rounding grows with the distance
    with np.errstate(divide="ignore"):
        height = -np.log(np.abs(slope))
    begin, end, steep, height = (
        np.repeat(a, count) for a in (np.tile(z[inner], len(g)), g[:, inner].ravel(), slope.ravel(), height.ravel())
    )
    term, where = _log_phi(begin + (x[point] - end) / steep, noise) + height, frame * len(x) + point
    log_q = np.full(len(g) * len(x), -np.inf)
    log_q[where] = term
    if (folded := (np.bincount(where, minlength=len(log_q)) > 1)[where]).any():
        term, where = term[folded], where[folded]
        highest = log_q.copy()
        np.maximum.at(highest, where, term)
        total = np.bincount(where, np.exp(term - highest[where]), len(log_q))
        log_q[where] = highest[where] + np.log(total[where])
    return log_q.reshape(len(g), len(x))


def _log_steps(z: np.ndarray, slope: np.ndarray, noise: str, log_q: np.ndarray, place: np.ndarray) -> np.ndarray:
    """log q(y+) - log q(y-) at the images y (F,M-2) of the edges between two lines, place among the nodes; 0 at the image's own ends.

    What other folds add is read off log_q (F,N) at the next node on the side where q is lower.
    """
    with np.errstate(divide="ignore"):
        log_slope = np.log(np.abs(slope))
    height = np.where(slope == 0, -np.inf, -log_slope)  # a point's mass is no density
    before, after = height[:, :-1], height[:, 1:]
    rises, goes_on = slope[:, :-1] > 0, slope[:, 1:] > 0
    left = np.where(rises, before, np.where(goes_on, -np.inf, after))
    right = np.where(goes_on, after, np.where(rises, -np.inf, before))
    for side, fold in ((left, rises & ~goes_on), (right, goes_on & ~rises)):  # both lines lie on one side
        side[fold] = log_add(before[fold], after[fold])
    padded = np.pad(log_q, ((0, 0), (1, 1)), constant_values=-np.inf)
    beside = arranged(padded, place + (right < left)) - _log_phi(z[1:-1], noise)
    lower = np.maximum(beside, np.minimum(left, right))
    there = np.isfinite(lower) & (left != right)
    lower = np.where(there, lower, 0.0)
    with np.errstate(divide="ignore"):
        rest = np.log1p(-np.exp(np.minimum(np.minimum(left, right) - lower, 0.0)))
    size = log_add(np.maximum(left, right) - lower, rest)
    return np.where(there, np.where(left < right, size, -size), 0.0)


def mapped_kl(cuts: np.ndarray, q: np.ndarray, atoms: np.ndarray, narrowest: float, data: Target) -> np.ndarray:
    r"""KL(q, p) (F,) of a piecewise constant generated density q from the data's p, nats.

    sum_i q_i (log(q_i / width_i) - log p(middle_i)) over the stretches between the cuts (F,M), q (F,M-1) their masses; atoms (F,) is the
    mass of single points: with any to speak of it is infinite, for the data has none; narrowest is the least width told apart from one.
    It is infinite too where q has mass and p has none, but for what lies nearer than `narrowest` to an end of the data: rounding.
    """
    width, middle = np.maximum(np.diff(cuts, axis=1), narrowest), 0.5 * (cuts[:, 1:] + cuts[:, :-1])
    low, high = data.support
    rounding = ((middle < low) & (middle > low - narrowest)) | ((middle > high) & (middle < high + narrowest))
    some = (q > 0) & ~rounding
    with np.errstate(invalid="ignore"):  # 0 times infinity, where there is no mass
        terms = np.where(some, q * (np.log(np.where(some, q, 1.0) / width) - data.log_pdf(middle)), 0.0)
    return np.where(atoms > ATOMS, np.inf, np.maximum(terms.sum(axis=1), 0.0))


def w1(values: np.ndarray, masses: np.ndarray, ppf: Function, in_order: bool = False) -> np.ndarray:
    r"""Wasserstein-1 distance to the data, W1 = int_0^1 |Q_p(u) - Q_q(u)| du, data units.

    The generator is given by values (F,N) of known mass (N,); the optimal map on the line sends quantile to quantile.
    Source: Villani 2003, Topics in Optimal Transportation, theorem 2.18.
    """
    weights = np.broadcast_to(masses, values.shape)
    if not in_order:
        order = order_of(values)
        values, weights = arranged(values, order), masses[order]
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
