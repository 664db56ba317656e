"""How far generated images are from real ones, by their features and class probabilities. NumPy, float64; no JAX.

Real and generated features are X (N,D) and Y (M,D). By which network they were made is for who shows a value to say: only those of
Inception-v3 are called FID and IS.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh, qr, svdvals

from gan1d.image.neighbours import blocks, nearest, radii, squared_distances

HELD = 0.25
"""A mode is held when it gets at least this share of its weight, as in one dimension."""


# ---- Fréchet distance


class Moments(NamedTuple):
    """What the Fréchet distance needs of features: their mean (D,), and a root (R,D) of their covariance, root^T root = S."""

    mean: np.ndarray
    root: np.ndarray


def moments(features: np.ndarray) -> Moments:
    """Mean and sample covariance, with N - 1 below, of features (N,D), N of at least 2.

    The root is that of the centred features themselves: nothing is squared and then rooted again.
    """
    x = np.asarray(features, np.float64)
    mean = x.mean(axis=0)
    centred = (x - mean) / np.sqrt(len(x) - 1)
    if len(x) > x.shape[1]:
        centred = qr(centred, mode="r")[0][: x.shape[1]]
    return Moments(mean, centred)


def moments_of(mean: np.ndarray, covariance: np.ndarray) -> Moments:
    """Moments of a known mean (D,) and covariance (D,D), symmetric; its root by `eigh`, rounding below 0 cut off."""
    values, vectors = eigh(covariance)
    return Moments(np.asarray(mean, np.float64), (vectors * np.sqrt(np.maximum(values, 0.0))).T)


def frechet(a: Moments, b: Moments) -> float:
    r"""Fréchet (2-Wasserstein) distance, squared, between normals: |m - n|^2 + tr S + tr T - 2 tr((S T)^{1/2}); squared feature units.

    With S = A^T A and T = B^T B the last trace is the sum of the singular values of A B^T: no root of a matrix, nothing complex.
    Source: Dowson and Landau 1982, J. Multivariate Anal. 12; as a measure of GANs Heusel et al. 2017, arXiv:1706.08500.
    """
    traces = np.sum(a.root**2) + np.sum(b.root**2)
    together = np.sum(svdvals(a.root @ b.root.T))
    return float(max(np.sum((a.mean - b.mean) ** 2) + traces - 2 * together, 0.0))


def frechet_distance(real: np.ndarray, generated: np.ndarray) -> float:
    """`frechet` of features (N,D) and (M,D)."""
    return frechet(moments(real), moments(generated))


# ---- by class probabilities


def class_score(probabilities: np.ndarray) -> float:
    r"""exp(E_x KL(p(y|x), p(y))), p (N,K): from 1 to K, high where each image is sure of its class and all classes are there.

    Over all images at once; the paper takes the mean over ten parts. Source: Salimans et al. 2016, arXiv:1606.03498, section 4.
    """
    inner, whole = 0.0, np.zeros(probabilities.shape[1])
    for part in blocks(len(probabilities)):
        p = probabilities[part].astype(np.float64)
        inner += _sum_xlogx(p)
        whole += p.sum(axis=0)
    whole /= len(probabilities)
    return float(np.exp(inner / len(probabilities) - _sum_xlogx(whole)))


def _sum_xlogx(x: np.ndarray) -> float:
    return float(np.sum(x * np.log(np.where(x > 0, x, 1.0))))


class Modes(NamedTuple):
    """How generated images fall on the countable modes.

    counts (K,) images in each; covered: modes with an image or more, as Metz et al. 2017 count; held: modes with at least a quarter of
    their weight; kl: KL(generated, data) of the shares, nats; confidence: mean probability of the mode that an image is put in.
    """

    counts: np.ndarray
    covered: int
    held: int
    kl: float
    confidence: float


def modes(probabilities: np.ndarray, weights: np.ndarray) -> Modes:
    """Puts each image in its most probable mode. probabilities (N,K), weights (K,) the data's share of each mode.

    A sample of N from the data itself has a KL of about (K - 1)/(2 N) nats, not 0. It is infinite with an image in a mode that the
    data do not have.
    """
    best = probabilities.argmax(axis=1)
    counts = np.bincount(best, minlength=len(weights))
    share = counts / len(best)
    there = share > 0
    with np.errstate(divide="ignore"):
        kl = float(np.sum(share[there] * (np.log(share[there]) - np.log(weights[there]))))
    held = np.sum((share >= HELD * weights) & (weights > 0))
    confidence = float(np.mean(probabilities[np.arange(len(best)), best], dtype=np.float64))
    return Modes(counts, int(there.sum()), int(held), max(kl, 0.0), confidence)


# ---- by kernels and neighbours


def kernel_distance(real: np.ndarray, generated: np.ndarray) -> float:
    r"""Squared maximum mean discrepancy with the kernel (x·y/D + 1)^3, unbiased: it may be below 0, and is 0 on average for equals.

    mean of k(x, x') over x != x', plus that of k(y, y') over y != y', minus twice that of k(x, y). Over all pairs at once; the paper
    takes the mean over random parts, whose expectation is the same. Source: Binkowski et al. 2018, arXiv:1801.01401, section 4.
    """
    x, y = np.asarray(real, np.float64), np.asarray(generated, np.float64)
    return _mean_kernel(x, x, same=True) + _mean_kernel(y, y, same=True) - 2 * _mean_kernel(x, y, same=False)


def _mean_kernel(x: np.ndarray, y: np.ndarray, same: bool) -> float:
    total = 0.0
    for part in blocks(len(x)):
        total += float(np.sum((x[part] @ y.T / x.shape[1] + 1) ** 3))
    if not same:
        return total / (len(x) * len(y))
    return (total - float(np.sum((np.sum(x * x, axis=1) / x.shape[1] + 1) ** 3))) / (len(x) * (len(x) - 1))


class Overlap(NamedTuple):
    """How the regions of real and generated images overlap: shares, and a density that is 1 on average for equals."""

    precision: float
    recall: float
    density: float
    coverage: float


def overlap(real: np.ndarray, generated: np.ndarray, k: int = 5) -> Overlap:
    r"""Precision, recall, density, coverage of features X (N,D), Y (M,D), with the balls that reach to each point's k-th neighbour.

    precision: share of Y inside some ball of X. recall: share of X inside some ball of Y. density: balls of X that a Y lies in, on
    average, over k. coverage: share of X's balls with a Y inside. A point lies inside where its distance is at most the radius.
    Source: Kynkäänniemi et al. 2019, arXiv:1904.06991 (the first two, k = 3); Naeem et al. 2020, arXiv:2002.09797 (all, k = 5).
    """
    x, y = np.asarray(real, np.float64), np.asarray(generated, np.float64)
    around_x, around_y = radii(x, k), radii(y, k)
    balls = np.zeros(len(y), np.int64)
    recalled, covered = np.zeros(len(x), bool), np.zeros(len(x), bool)
    for part in blocks(len(x)):
        d = squared_distances(x[part], y)
        inside = d <= around_x[part, None]
        balls += inside.sum(axis=0)
        covered[part] = inside.any(axis=1)
        recalled[part] = (d <= around_y).any(axis=1)
    return Overlap(float(np.mean(balls > 0)), float(recalled.mean()), float(balls.mean() / k), float(covered.mean()))


def nearest_distance(generated: np.ndarray, training: np.ndarray, same: bool = False) -> float:
    """Median distance of an image to the nearest training image, feature units.

    same: the images are the first of the training ones, in order, and each one's distance to itself does not count. Where generated ones
    are much nearer than real ones are to each other, they are copies.
    """
    distances, _ = nearest(generated, training, 1, same=same)
    return float(np.median(distances))
