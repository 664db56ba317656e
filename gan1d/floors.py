"""How low a number on screen can go: its noise floor for one batch of data, and the least value within reach of the family of generators.

Nothing here depends on training: it is known before the first update, from the data, the kind of generator and the batch. Host, float64.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.special import gammaln, ndtr, ndtri, xlog1py, xlogy

from gan1d.config import Config, Data
from gan1d.data import Target, target
from gan1d.metrics import jsd_of_masses, linear_kl, with_outside
from gan1d.noise import NOISES, noise_edges

Function = Callable[[np.ndarray], np.ndarray]
Objective = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""(m (F,), s (F,)) -> (F,): how far the generators G(z) = s z + m are from the data."""
Best = tuple[float, float, float]
"""The least value of an objective, and the m and s that have it."""

DIVERGENCES = ("jsd", "kl_data_gen", "kl_gen_data", "w1")
END = float(np.sqrt(3.0))
"""Uniform noise reaches from -END to END."""
COARSE, FINE = 256, 1024
"""Cells of the data, about: where a minimum is looked for, and where its value is taken."""
NEAREST = 1e-10
"""Least distance between two cuts, in standard deviations of the data: between nearer ones a density is rounding."""
BLOCKS = 16
"""Normals are tried first with the moments of every run of neighbouring blocks of the data, each of 1/16 of its mass."""
PAIRS = 96
"""Intervals are tried first between pairs of about half as many points."""
DESCENTS = 4
"""Starts, the best ones, from which a descent is made to the end."""
APART = 0.3
"""Least distance between two of them, in standard deviations and in the log of their ratio: nearer, it would be the same descent."""
ROUNDS = 5
"""Steps of a descent. One more moves no best value of 60 random mixtures by more than 2e-4 of itself."""
STEP = 0.8
"""Step of log t in the integral over a Laplace transform."""


class Floors(NamedTuple):
    """What limits the numbers of any run of a config: the noise of one batch of data, and the family of generators.

    noise: standard deviation, over batches of B samples of the data, of their mean, "mean", and of their standard deviation, "std";
      and "w1", the expectation of W1 between such a batch and the data. Data units.
    best: infimum over all generators of the config's family of "jsd", "kl_data_gen" and "kl_gen_data" in nats and of "w1" in data units;
      inf where every member is infinitely far.
    at: (m, s) of the linear generator that has each of these values, data units; nothing where all are infinitely far, or for an mlp.
    """

    noise: dict[str, float]
    best: dict[str, float]
    at: dict[str, tuple[float, float]]


def floors(config: Config) -> Floors:
    """The floors of one config; kept by what they depend on, so that a slider of the training does not compute them again."""
    noise = _noise(config.data, config.training.batch)
    g = config.generator
    found = _best(config.data, g.kind, g.noise, g.kind == "mlp" and (g.noise == "uniform" or g.activation == "tanh"))
    best = {name: found[name][0] for name in DIVERGENCES}
    known = config.generator.kind == "linear"
    return Floors(dict(noise), best, {name: found[name][1:] for name in best if known and np.isfinite(best[name])})


@lru_cache(maxsize=256)
def _noise(spec: Data, batch: int) -> dict[str, float]:
    line = cut(spec)
    return {
        "mean": line.data.std / float(np.sqrt(batch)),
        "std": std_floor(line, batch),
        "w1": w1_floor(line, batch),
    }


@lru_cache(maxsize=256)
def _best(spec: Data, kind: str, noise: str, bounded: bool) -> dict[str, Best]:
    families = {"normal": best_normal, "uniform": best_uniform}
    return families[noise](cut(spec)) if kind == "linear" else best_mlp(cut(spec), bounded)


class Line(NamedTuple):
    """The data on the line, cut at quantiles, closer to one another in the tails, and at the data's landmarks.

    low, high: the ends of its support, infinite where it has none. coarse, fine: increasing points (E,) within the support, data units.
    """

    data: Target
    low: float
    high: float
    coarse: np.ndarray
    fine: np.ndarray


@lru_cache(maxsize=32)
def cut(spec: Data) -> Line:
    """The data of a config, cut; kept as the data are."""
    data = target(spec)
    low, high = data.support

    def cuts(cells: int) -> np.ndarray:
        z = noise_edges(cells)
        tails = 0.5 * (z[1:] + z[:-1])[np.diff(z) > 0.1]  # half the steps there, for the sake of heavy ones
        x = np.union1d(data.quantiles(ndtr(np.append(z, tails))), data.landmarks)
        x = x[(x >= low) & (x <= high) & np.isfinite(x)]
        return x[np.diff(x, prepend=-np.inf) > NEAREST * data.std]

    return Line(data, low, high, cuts(COARSE), cuts(FINE))


# ---- noise floors


def binomial_deviation(p: np.ndarray, n: int) -> np.ndarray:
    r"""E|Bin(n, p)/n - p| = 2 k/n C(n, k) p^k (1-p)^(n-k+1), k = floor(np) + 1; any shape, shape kept.

    Source: de Moivre 1730, Miscellanea Analytica; Diaconis and Zabell 1991, Statistical Science 6(3).
    """
    k = np.minimum(np.floor(n * p) + 1, n)
    ways = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return 2 * k / n * np.exp(ways + xlogy(k, p) + xlog1py(n - k + 1, -p))


def w1_floor(line: Line, batch: int) -> float:
    r"""E[W1(empirical measure of B samples, p)] = int E|Bin(B, F(x))/B - F(x)| dx, data units; by trapezoids.

    Within 1e-3 of itself, for a Student t of little more than 2 degrees of freedom 3e-3.
    Source: Bobkov and Ledoux 2019, One-dimensional empirical measures, order statistics, and Kantorovich transport distances.
    """
    return float(np.trapezoid(binomial_deviation(line.data.cdf(line.fine), batch), line.fine))


def std_floor(line: Line, batch: int) -> float:
    r"""Standard deviation of the standard deviation S of B samples, S^2 = v = 1/B sum_i (x_i - mean)^2; data units.

    Var S = (B-1)/B sigma^2 - (E S)^2, and E S = 1/(2 sqrt(pi)) int_0^inf (1 - L(t)) t^(-3/2) dt with v's Laplace transform
    L(t) = E[exp(-t v)] = sqrt(t/pi) int E[exp(-t/B (x - c)^2)]^B dc, for sum_i (x_i - c)^2 = B v + B (mean - c)^2.

    Integrated is the difference to normal data of the same sigma, whose L(t) = (1 + 2 t sigma^2 / B)^(-(B-1)/2) and
    E S = sigma sqrt(2/B) Gamma(B/2) / Gamma((B-1)/2) are known (chi distribution). So normal data are within 1e-3 of
    the truth, others within 1e-2. Nothing is drawn: the same data have the same floor.
    """
    if batch == 1:
        return 0.0
    data = line.data
    x, mass = _nodes(line)
    x = (x - data.mean) / data.std
    below = np.cumsum(mass)
    low, high = np.interp([1e-3, 1 - 1e-3], below, x)

    def gap(t: float) -> float:
        """(L_normal(t) - L(t)) / sqrt(t), the integrand over log t; sigma is 1."""
        # L's integrand is a sum of normals in c of variance 1/(2t): with steps of 0.5/sqrt(t) exact to 1e-16, of 0.8/sqrt(t) to 1e-6
        step = (0.5 if t < 1 else 0.8) / np.sqrt(t)
        c = np.arange(low - 6 / np.sqrt(t), high + 6 / np.sqrt(t), step)
        reach = np.sqrt(20 * batch / t)  # unless all samples are as near as this to c, exp(-t v) is below exp(-20)
        near = np.interp(c + reach, x, below) - np.interp(c - reach, x, below)
        c = c[batch * np.log(np.maximum(near, 1e-99)) > -16]
        kernel = _sums(np.exp(-t / batch * (x - c[:, None]) ** 2), mass)
        laplace = np.sqrt(t / np.pi) * step * np.sum(kernel**batch)
        return float(((1 + 2 * t / batch) ** (-0.5 * (batch - 1)) - laplace) / np.sqrt(t))

    total = 0.0
    for way in (np.arange(0.0, 7.5, STEP), np.arange(-STEP, -26.0, -STEP)):
        parts = [1.0]
        for log_t in way:
            parts.append(gap(np.exp(log_t)))
            if max(np.abs(parts[-2:])) < 1e-5 / batch:
                break
        total += sum(parts[1:])
    normal = float(np.sqrt(2 / batch) * np.exp(gammaln(batch / 2) - gammaln((batch - 1) / 2)))
    mean = normal + total * STEP / (2 * np.sqrt(np.pi))
    variance = (batch - 1) / batch - normal**2 + (normal - mean) * (normal + mean)
    return data.std * float(np.sqrt(max(variance, 0.0)))


def _nodes(line: Line) -> tuple[np.ndarray, np.ndarray]:
    """Points x (N,) and their masses (N,), which sum to 1: Gauss and Legendre's two in each cell, weighed by the density."""
    cells = np.maximum(np.diff(line.data.cdf(line.coarse)), 0.0)
    x = line.coarse[:-1, None] + 0.5 * np.diff(line.coarse)[:, None] * (1 + np.array([-1, 1]) / np.sqrt(3))
    p = line.data.pdf(x) + np.finfo(float).tiny
    mass = cells[:, None] * p / p.sum(axis=1, keepdims=True)
    return x.ravel(), mass.ravel() / mass.sum()


def _sums(rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """rows (F,N) times weights (N,), summed (F,). Not a matrix product: that takes every core, also those that train."""
    return np.einsum("fn,n->f", rows, weights)


# ---- the best generator


def best_mlp(line: Line, bounded: bool) -> dict[str, Best]:
    r"""Infimum over every network G: 0, because a large enough one comes as near as wanted to any density on the line.

    But uniform noise, or a tanh in the last layer, makes G's image bounded: KL(data, gen) is then infinite where the data are not.
    Source: Leshno et al. 1993, Neural Networks 6(6), for G the data's quantile function of the noise's distribution function.
    """
    unreached = bounded and not np.isfinite(line.high - line.low)
    nowhere = float("nan")
    return {
        name: (float("inf") if unreached and name == "kl_data_gen" else 0.0, nowhere, nowhere) for name in DIVERGENCES
    }


def best_normal(line: Line) -> dict[str, Best]:
    r"""The normals q = N(m, s^2) nearest to the data p under each divergence.

    KL(p, q) is least at the data's mean and standard deviation, log(s sqrt(2 pi e)) - H(p). KL(q, p) seeks a mode and has many local
    minima, as JSD has: descents from the best of many starts. It is infinite for every normal where the data are bounded.
    """
    data, start = line.data, _normals(line)
    nearest = max(float(np.log(data.std) + 0.5 * np.log(2 * np.pi * np.e)) - data.entropy, 0.0)
    unbounded = np.isinf(line.low) and np.isinf(line.high)
    return {
        "jsd": _minimum(_normal_jsd(line.coarse, data), _normal_jsd(line.fine, data), *start, MOMENTS),
        "kl_data_gen": (nearest, data.mean, data.std),
        "kl_gen_data": _minimum(_normal_kl(line), lambda m, s: linear_kl(m, s, data)[1], *start, MOMENTS)
        if unbounded
        else (float("inf"), data.mean, data.std),
        "w1": _least_w1(line, ndtri),
    }


def best_uniform(line: Line) -> dict[str, Best]:
    r"""The uniform densities q on [m - s sqrt 3, m + s sqrt 3] nearest to the data p under each divergence.

    KL(p, q) is finite only where q covers p's support [a, b], least on just that, log(b - a) - H(p), and infinite for every q where the
    data are unbounded. JSD has local minima with ends at the feet of the modes; KL(q, p) is found among all pairs of ends.
    """
    data = line.data
    width = line.high - line.low
    bounded = np.isfinite(width)
    return {
        "jsd": _minimum(_interval_jsd(line.coarse, data), _interval_jsd(line.fine, data), *_intervals(line), ENDS),
        "kl_data_gen": _best_interval(float(np.log(width)) - data.entropy, line.low, line.high)
        if bounded
        else (float("inf"), data.mean, data.std),
        "kl_gen_data": _least_interval_kl(line),
        "w1": _least_w1(line, NOISES["uniform"].ppf),
    }


# ---- minima


STENCIL = np.array([(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1)], float)
"""Steps about a point in two directions, (9,2)."""
MOMENTS = np.array([[1.0, 0.0], [0.0, 1.0]])
"""Two directions, each a step of m/s and of log s: the mean alone, the width alone."""
ENDS = np.array([[0.5 * END, -0.5], [0.5 * END, 0.5]])
"""The left end of an interval alone, its right end alone."""
_FIT = np.linalg.pinv(
    np.stack([np.ones(9), *STENCIL.T, 0.5 * STENCIL[:, 0] ** 2, STENCIL.prod(axis=1), 0.5 * STENCIL[:, 1] ** 2], axis=1)
)
"""Nine values to the parabola through them, by least squares: value, gradient a and b, second derivatives aa, ab and bb."""


def _minimum(search: Objective, exact: Objective, m: np.ndarray, s: np.ndarray, directions: np.ndarray) -> Best:
    """Least value of an objective: all starts (S,) tried, descents from the best few, the lowest of these taken.

    Each round tries the nine points of a stencil and the bottom of the parabola through them; where that lies within, the stencil
    shrinks. `search` is quick, `exact` gives the value.
    """
    chosen: list[int] = []
    for i in np.argsort(search(m, s)):
        if len(chosen) < DESCENTS and all(abs(m[i] - m[k]) / s[k] + abs(np.log(s[i] / s[k])) > APART for k in chosen):
            chosen.append(int(i))
    m, s = m[chosen], s[chosen]
    rows, step = np.arange(len(m)), np.full(len(m), 0.2)

    def moved(steps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """m and s (S,P) after steps (S,P,2) from where the descents are."""
        by = step[:, None, None] * (steps @ directions)
        return m[:, None] + s[:, None] * by[..., 0], s[:, None] * np.exp(by[..., 1])

    for _ in range(ROUNDS):
        around = moved(STENCIL[None])
        values = search(around[0].ravel(), around[1].ravel()).reshape(-1, 9)
        steps = _bottom(values)
        below = moved(steps[:, None])
        values = np.column_stack([values, search(below[0][:, 0], below[1][:, 0])])
        best = np.argmin(values, axis=1)
        inside = (best == 4) | ((best == 9) & (np.abs(steps).max(axis=1) < 1))
        m, s = (np.column_stack(pair)[rows, best] for pair in zip(around, below, strict=True))
        step = np.where(inside, 0.3 * step, step)
    values = exact(m, s)
    i = int(np.argmin(values))
    return float(values[i]), float(m[i]), float(s[i])


def _bottom(values: np.ndarray) -> np.ndarray:
    """Where the parabola through the values on a stencil (S,9) is least, in steps (S,2), at most 1.5 each; 0 where it has no bottom."""
    _, a, b, aa, ab, bb = _FIT @ values.T
    det = aa * bb - ab * ab
    convex = (aa > 0) & (det > 1e-9 * aa * aa)
    steps = np.stack([ab * b - bb * a, ab * a - aa * b], axis=1) / np.where(convex, det, 1.0)[:, None]
    return np.where(convex[:, None], np.clip(steps, -1.5, 1.5), 0.0)


def _normals(line: Line) -> tuple[np.ndarray, np.ndarray]:
    """Normals to start from, m and s (S,): with the moments of all the data, of each mode, and of each run of blocks."""
    data, size = line.data, COARSE // BLOCKS
    x = data.quantiles((np.arange(COARSE) + 0.5) / COARSE)
    sums = [np.append(0.0, np.cumsum(part)[size - 1 :: size]) for part in (x, x * x)]
    i, j = np.triu_indices(BLOCKS + 1, 1)
    mean, square = ((total[j] - total[i]) / ((j - i) * size) for total in sums)
    m = np.concatenate([[data.mean], data.centres, mean])
    s = np.concatenate([[data.std], data.stds, np.sqrt(np.maximum(square - mean**2, 0.0))])
    return m[s > 0], s[s > 0]


def _intervals(line: Line) -> tuple[np.ndarray, np.ndarray]:
    """Intervals to start from, as m and s (S,): the best twenty of all pairs of points, on a rough density."""
    rough = _thinned(line.coarse, PAIRS)
    ends = rough[::2]
    i, j = np.triu_indices(len(ends), 1)
    m, s = 0.5 * (ends[i] + ends[j]), 0.5 * (ends[j] - ends[i]) / END
    best = np.argsort(_interval_jsd(rough, line.data)(m, s))[:20]
    return m[best], s[best]


def _thinned(points: np.ndarray, most: int) -> np.ndarray:
    """About as many of the points as wanted, the first and the last among them."""
    return points[np.unique(np.linspace(0, len(points) - 1, min(most, len(points))).astype(int))]


def _best_interval(value: float, low: float, high: float) -> Best:
    return max(value, 0.0), 0.5 * (low + high), 0.5 * (high - low) / END


# ---- objectives


def _normal_jsd(cuts: np.ndarray, data: Target) -> Objective:
    """JSD to N(m, s^2) of the masses between cuts (E,). A normal narrower than a cell of the data is still far: next to log 2."""
    p = with_outside(data.cdf(cuts))
    return lambda m, s: jsd_of_masses(p, with_outside(ndtr((cuts - m[:, None]) / s[:, None])))


def _normal_kl(line: Line) -> Objective:
    r"""KL(q, p) from q = N(m, s^2) to the data p, -log(s sqrt(2 pi e)) - E_q[log p], near enough to find its minimum.

    Between coarse cuts log p is taken as the line nearest to it, of which q has exact expectations.
    """
    x = line.coarse
    beyond = (x[-1] - x[0]) * np.array([0.1, 0.3, 1.0, 3.0])
    x = np.concatenate([x[0] - beyond[::-1], x, x[-1] + beyond])
    at, weight = np.polynomial.legendre.leggauss(3)
    half, middle = 0.5 * np.diff(x), 0.5 * (x[1:] + x[:-1])
    log_p = line.data.log_pdf(middle[:, None] + half[:, None] * at)
    slope = log_p @ (1.5 * weight * at) / half
    level = 0.5 * log_p @ weight - slope * middle

    def kl(m: np.ndarray, s: np.ndarray) -> np.ndarray:
        z = (x - m[:, None]) / s[:, None]
        mass = np.diff(ndtr(z), axis=1)
        first = -np.diff(np.exp(-0.5 * z * z), axis=1) / np.sqrt(2 * np.pi)  # the expectation of z in each cell
        return (
            -np.log(s)
            - 0.5 * np.log(2 * np.pi * np.e)
            - _sums(mass, level)
            - m * _sums(mass, slope)
            - s * _sums(first, slope)
        )

    return kl


def _interval_jsd(cuts: np.ndarray, data: Target) -> Objective:
    r"""JSD to the uniform density r on [c, d], the data's p taken as constant between cuts (E,).

    Where both are, a unit of length has 1/2 (p log p + r log r) - h log h, h = (p + r)/2; mass of one alone has 1/2 log 2.
    """
    low, high = cuts[:-1], cuts[1:]
    p = np.maximum(np.diff(data.cdf(cuts)), 0.0) / (high - low)
    p_log_p = xlogy(p, p)

    def jsd(m: np.ndarray, s: np.ndarray) -> np.ndarray:
        c, d = (m - END * s)[:, None], (m + END * s)[:, None]
        r = 1 / (d - c)
        both = np.maximum(np.minimum(high, d) - np.maximum(low, c), 0.0)
        h = 0.5 * (p + r)
        within = np.sum(both * (0.5 * (p_log_p + xlogy(r, r)) - h * np.log(h)), axis=1)
        alone = 2 - _sums(both, p) - np.sum(both * r, axis=1)
        return np.maximum(within + 0.5 * np.log(2) * alone, 0.0)

    return jsd


def _least_interval_kl(line: Line) -> Best:
    r"""Least KL(q, p) = -log(d - c) - 1/(d - c) int_c^d log p over the uniform q on [c, d] within the data's support.

    Among all pairs of coarse points, then of finer ones around the best pair.
    """
    at, weight = np.polynomial.legendre.leggauss(3)

    def best(c: np.ndarray, d: np.ndarray) -> tuple[float, float, float]:
        x = np.unique(np.concatenate([line.coarse, c, d]))
        half = 0.5 * np.diff(x)[:, None]
        log_p = line.data.log_pdf(x[:-1, None] + half * (1 + at))
        below = np.append(0.0, np.cumsum((half * log_p) @ weight))
        width = d - c[:, None]
        safe = np.where(width > 0, width, 1.0)
        between = below[np.searchsorted(x, d)] - below[np.searchsorted(x, c)][:, None]
        values = np.where(width > 0, -np.log(safe) - between / safe, np.inf)
        i, j = np.unravel_index(np.argmin(values), values.shape)
        return float(values[i, j]), float(c[i]), float(d[j])

    ends = _thinned(line.coarse, COARSE)

    def around(end: float) -> np.ndarray:
        i = int(np.searchsorted(ends, end))
        low, high = ends[max(i - 1, 0)], ends[min(i + 1, len(ends) - 1)]
        within = line.coarse[(line.coarse >= low) & (line.coarse <= high)]
        return np.union1d(within, np.linspace(low, high, 33))

    _, low, high = best(ends, ends)
    return _best_interval(*best(around(low), around(high)))


def _least_w1(line: Line, ppf: Function) -> Best:
    r"""Least W1 to s z + m, int |Q(u) - m - s z(u)| du, by trapezoids between the u = F(x) of fine cuts x: there Q(u) is x.

    For each s the best m is the median of Q - s z; what is left is convex in s, of slope -int sign(Q - m - s z) z du, and bisected.
    """
    u = line.data.cdf(line.fine)
    inner = (u > 1e-15) & (u < 1 - 1e-15)
    x, u = line.fine[inner], u[inner]
    z = ppf(u)
    mass = np.diff(np.concatenate([[0.0], 0.5 * (u[1:] + u[:-1]), [1.0]]))

    def median(values: np.ndarray) -> float:
        order = np.argsort(values, kind="stable")
        return float(values[order[np.searchsorted(np.cumsum(mass[order]), 0.5)]])

    low, high = 0.0, 2 * float(np.abs(x - median(x)) @ mass / (np.abs(z) @ mass))  # beyond, W1 is more than at s = 0
    m, s = median(x), 0.0
    for _ in range(24):
        s = 0.5 * (low + high)
        m = median(x - s * z)
        low, high = (s, high) if np.sign(x - s * z - m) @ (z * mass) > 0 else (low, s)
    return float(np.abs(x - s * z - m) @ mass), m, s
