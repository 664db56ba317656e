"""Families of densities on the real line, each a handful of functions that agree with one another.

Densities, CDFs and quantiles are NumPy in float64, because they are what the metrics are judged by; sampling is JAX, because it happens
inside the training loop, and imports it there, because a page that shows a shipped result must not wait for JAX. Both read the same
numbers, arrays of fixed shape: neither another value, nor a mode or a quantile more, is another program.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.special import betaln, digamma, ndtr, ndtri, stdtr, stdtrit

from gan1d.config import (
    DATA_KINDS,
    MAX_MODES,
    MAX_QUANTILES,
    Laplace,
    Mixture,
    Quantiles,
    StudentT,
    Triangular,
    Uniform,
)
from gan1d.modes import modes_of
from gan1d.noise import noise_edges

if TYPE_CHECKING:
    import jax

Numbers = dict[str, Any]
Modes = tuple[np.ndarray, np.ndarray, np.ndarray]

SPAN = 4.0
"""The picture reaches this many standard deviations beyond the centre of each normal; as many scales at least beyond a Student t's."""
WHOLE = 3.5
"""Standard deviations of a whole mixture from its mean that the picture reaches."""
MARGIN = 0.15
"""Room beside a bounded density, as a share of its width."""
OUTSIDE = 0.002
"""Mass of a heavy tail that the picture leaves out on each side."""
FAR = 1e-6
"""Mass of a heavy tail beyond its last landmark."""
STEPS = np.linspace(-6.0, 6.0, 49)
"""Landmarks of a normal, in standard deviations from its centre."""
SPREAD = np.linspace(-1.0, 1.0, 81)
"""Landmarks of a heavy tail: the hyperbolic sine of multiples of these, near one another in the middle and far apart outside."""
SLOPE = np.union1d(0.5 ** np.arange(12), np.arange(9) / 8)
"""Landmarks between an end at which a density falls to 0 and its mode, in shares of the way: its logarithm bends towards the end."""
EDGES = noise_edges(1024)
LEVELS = ndtr(EDGES)
"""Levels of the quantiles kept in a table, denser in the tails."""


class Distribution(NamedTuple):
    """A family of densities on the line.

    numbers(spec) -> the family's parameters as arrays of fixed shape, the only argument that the rest takes.
    sample(u, z, numbers) -> (…) float32, in JAX, of u (U,…) uniform between 0 and 1 and their standard normal quantiles z; `uniforms` is U.
    log_pdf(x, numbers), cdf(x, numbers), ppf(u, numbers): NumPy float64, same shape as x or u; log of density per data unit (-inf
      where there is none), probability, data units. ppf(0) and ppf(1) are the ends, infinite where there are none.
    moments(numbers) -> (mean, standard deviation), data units. entropy(numbers) -> -int p log p, nats.
    modes(numbers) -> (centres (K,), stds (K,), weights (K,)), what "a mode" means when mass is counted.
    landmarks(numbers) -> increasing (P,): where integrals over the line are cut, so that nothing narrow is stepped over; every kink
      and end of the density is one.
    knots(numbers) -> points (P,) between which the distribution function is all but straight.
    span(numbers) -> (low, high), the part of the line worth drawing.
    """

    numbers: Callable[[Any], Numbers]
    sample: Callable[[jax.Array, jax.Array, Numbers], jax.Array]
    log_pdf: Callable[[np.ndarray, Numbers], np.ndarray]
    cdf: Callable[[np.ndarray, Numbers], np.ndarray]
    ppf: Callable[[np.ndarray, Numbers], np.ndarray]
    moments: Callable[[Numbers], tuple[float, float]]
    entropy: Callable[[Numbers], float]
    modes: Callable[[Numbers], Modes]
    landmarks: Callable[[Numbers], np.ndarray]
    knots: Callable[[Numbers], np.ndarray]
    span: Callable[[Numbers], tuple[float, float]]
    uniforms: int = 1


DISTRIBUTIONS: dict[str, Distribution] = {}


def register_distribution(
    name: str,
) -> Callable[[Callable[[], Distribution]], Callable[[], Distribution]]:
    """Adds a family under the name that `data.kind` uses."""
    if name not in DATA_KINDS:
        raise ValueError(f"{name} is not in config.DATA_KINDS")

    def add(make: Callable[[], Distribution]) -> Callable[[], Distribution]:
        DISTRIBUTIONS[name] = make()
        return make

    return add


def one_mode(moments: Callable[[Numbers], tuple[float, float]]) -> Callable[[Numbers], Modes]:
    """The modes of a density with one peak: its mean and standard deviation, and all of its mass."""

    def modes(n: Numbers) -> Modes:
        mean, std = moments(n)
        return np.array([mean]), np.array([std]), np.ones(1)

    return modes


def log_add(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """log(e^a + e^b) of logarithms of densities, any shape, -inf allowed: what `numpy.logaddexp` is, in a quarter of the time."""
    top, far = np.maximum(a, b), np.minimum(a, b)
    with np.errstate(invalid="ignore"):  # -inf - -inf
        return np.where(np.isneginf(far), top, top + np.log1p(np.exp(far - top)))


def around(low: float, high: float) -> tuple[float, float]:
    """The part of the line worth drawing of a density between two ends."""
    room = MARGIN * (high - low)
    return low - room, high + room


@register_distribution("mixture")
def mixture() -> Distribution:
    r"""Mixture of normals, p(x) = sum_k w_k N(x; mu_k, sigma_k^2), padded to `MAX_MODES` with modes of weight 0.

    Source: any statistics text; the quantile function has no closed form and is found by bisection to float64 accuracy, between the
    least and the greatest of the modes' own quantiles; the entropy by Gauss and Legendre's rule between neighbouring landmarks.
    """

    def numbers(spec: Mixture) -> Numbers:
        pad = MAX_MODES - len(spec.means)
        return {
            "means": np.array(spec.means + (0.0,) * pad),
            "stds": np.array(spec.stds + (1.0,) * pad),
            "weights": np.array(spec.weights + (0.0,) * pad),
        }

    def live(n: Numbers) -> Modes:
        keep = n["weights"] > 0
        return n["means"][keep], n["stds"][keep], n["weights"][keep]

    def sample(u: jax.Array, z: jax.Array, n: Numbers) -> jax.Array:
        import jax.numpy as jnp

        shares = jnp.cumsum(n["weights"])
        mode = jnp.searchsorted(shares, u[0] * shares[-1], side="right", method="compare_all")
        mode = jnp.minimum(mode, MAX_MODES - 1)
        return n["means"][mode] + n["stds"][mode] * z[1]

    def log_pdf(x: np.ndarray, n: Numbers) -> np.ndarray:
        modes = zip(*live(n), strict=True)
        terms = (np.log(w / (sigma * np.sqrt(2 * np.pi))) - 0.5 * ((x - mu) / sigma) ** 2 for mu, sigma, w in modes)
        return reduce(log_add, terms)

    def cdf(x: np.ndarray, n: Numbers) -> np.ndarray:
        total = np.zeros(np.shape(x))
        for mu, sigma, w in zip(*live(n), strict=True):
            total += w * ndtr((x - mu) / sigma)
        return np.minimum(total, 1.0)

    def ppf(u: np.ndarray, n: Numbers) -> np.ndarray:
        mu, sigma, _ = live(n)
        each = np.add.outer(ndtri(u), np.zeros(len(mu))) * sigma + mu
        low, high = each.min(axis=-1), each.max(axis=-1)
        for _ in range(64 if len(mu) > 1 else 0):
            middle = 0.5 * (low + high)
            below = cdf(middle, n) < u
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return 0.5 * (low + high)

    def moments(n: Numbers) -> tuple[float, float]:
        mu, sigma, w = live(n)
        mean = float(w @ mu)
        return mean, float(np.sqrt(w @ (sigma**2 + (mu - mean) ** 2)))

    def entropy(n: Numbers) -> float:
        mu, sigma, _ = live(n)
        tails = (mu[:, None] + sigma[:, None] * np.array([-10.0, -8.0, 8.0, 10.0])).ravel()
        cuts = np.union1d(landmarks(n), tails)
        at, weight = np.polynomial.legendre.leggauss(5)
        half = 0.5 * np.diff(cuts)[:, None]
        log_p = log_pdf(cuts[:-1, None] + half * (1 + at), n)
        return float(-np.sum(half * weight * np.exp(log_p) * log_p))

    def landmarks(n: Numbers) -> np.ndarray:
        mu, sigma, _ = live(n)
        return np.unique(mu[:, None] + sigma[:, None] * STEPS)

    def knots(n: Numbers) -> np.ndarray:
        mu, sigma, _ = live(n)
        return (mu[:, None] + sigma[:, None] * EDGES[:: len(mu)]).ravel()

    def span(n: Numbers) -> tuple[float, float]:
        mu, sigma, _ = live(n)
        mean, std = moments(n)
        return (
            min(float(np.min(mu - SPAN * sigma)), mean - WHOLE * std),
            max(float(np.max(mu + SPAN * sigma)), mean + WHOLE * std),
        )

    return Distribution(numbers, sample, log_pdf, cdf, ppf, moments, entropy, live, landmarks, knots, span, 2)


@register_distribution("uniform")
def uniform() -> Distribution:
    r"""p(x) = 1 / (b - a) on [a, b]; H = log(b - a). Source: any statistics text."""

    def numbers(spec: Uniform) -> Numbers:
        return {"low": np.array(spec.low), "high": np.array(spec.high)}

    def sample(u: jax.Array, z: jax.Array, n: Numbers) -> jax.Array:
        return n["low"] + (n["high"] - n["low"]) * u[0]

    def log_pdf(x: np.ndarray, n: Numbers) -> np.ndarray:
        inside = (n["low"] <= x) & (x <= n["high"])
        return np.where(inside, -np.log(n["high"] - n["low"]), -np.inf)

    def cdf(x: np.ndarray, n: Numbers) -> np.ndarray:
        return np.interp(x, ends(n), [0.0, 1.0])

    def ppf(u: np.ndarray, n: Numbers) -> np.ndarray:
        return np.interp(u, [0.0, 1.0], ends(n))

    def moments(n: Numbers) -> tuple[float, float]:
        return float(0.5 * (n["low"] + n["high"])), float((n["high"] - n["low"]) / np.sqrt(12.0))

    def entropy(n: Numbers) -> float:
        return float(np.log(n["high"] - n["low"]))

    def ends(n: Numbers) -> np.ndarray:
        return np.array([n["low"], n["high"]])

    def span(n: Numbers) -> tuple[float, float]:
        return around(float(n["low"]), float(n["high"]))

    return Distribution(numbers, sample, log_pdf, cdf, ppf, moments, entropy, one_mode(moments), ends, ends, span)


@register_distribution("laplace")
def laplace() -> Distribution:
    r"""p(x) = exp(-|x - mu| / b) / (2 b); sigma = sqrt(2) b, H = 1 + log(2 b). Source: any statistics text."""

    def numbers(spec: Laplace) -> Numbers:
        return {"loc": np.array(spec.loc), "scale": np.array(spec.scale)}

    def sample(u: jax.Array, z: jax.Array, n: Numbers) -> jax.Array:
        import jax.numpy as jnp

        side = 2 * u[0] - 1
        return n["loc"] - n["scale"] * jnp.sign(side) * jnp.log1p(-jnp.abs(side))

    def log_pdf(x: np.ndarray, n: Numbers) -> np.ndarray:
        return -np.abs(x - n["loc"]) / n["scale"] - np.log(2 * n["scale"])

    def cdf(x: np.ndarray, n: Numbers) -> np.ndarray:
        steps = (x - n["loc"]) / n["scale"]
        tail = 0.5 * np.exp(-np.abs(steps))
        return np.where(steps < 0, tail, 1.0 - tail)

    def ppf(u: np.ndarray, n: Numbers) -> np.ndarray:
        with np.errstate(divide="ignore"):
            tail = np.log(2 * np.minimum(u, 1.0 - u))
        return n["loc"] + n["scale"] * np.where(u < 0.5, tail, -tail)

    def moments(n: Numbers) -> tuple[float, float]:
        return float(n["loc"]), float(np.sqrt(2.0) * n["scale"])

    def entropy(n: Numbers) -> float:
        return float(1.0 + np.log(2 * n["scale"]))

    def landmarks(n: Numbers) -> np.ndarray:
        return n["loc"] + n["scale"] * np.sinh(SPREAD * np.arcsinh(-np.log(2 * FAR)))

    def knots(n: Numbers) -> np.ndarray:
        return ppf(LEVELS, n)

    def span(n: Numbers) -> tuple[float, float]:
        half = -np.log(2 * OUTSIDE) * n["scale"]
        return float(n["loc"] - half), float(n["loc"] + half)

    return Distribution(numbers, sample, log_pdf, cdf, ppf, moments, entropy, one_mode(moments), landmarks, knots, span)


@register_distribution("student_t")
def student_t() -> Distribution:
    r"""Student's t, p(x) = (1 + y^2 / nu)^(-(nu + 1)/2) / (s sqrt(nu) B(nu/2, 1/2)), y = (x - mu) / s.

    sigma = s sqrt(nu / (nu - 2)); H = (nu + 1)/2 (psi((nu + 1)/2) - psi(nu/2)) + log(s sqrt(nu) B(nu/2, 1/2)).
    Sampling: sqrt(nu (U^(-2/nu) - 1)) cos(2 pi V), U and V uniform, is exact for every nu and needs no rejection.
    Source: Bailey 1994, Math. Comp. 62(206), p. 779, for the sampling; Lazo and Rathie 1978, IEEE Trans. Inf. Theory 24(1), the entropy.
    """

    def numbers(spec: StudentT) -> Numbers:
        return {"df": np.array(spec.df), "loc": np.array(spec.loc), "scale": np.array(spec.scale)}

    def sample(u: jax.Array, z: jax.Array, n: Numbers) -> jax.Array:
        import jax.numpy as jnp

        radius = jnp.sqrt(n["df"] * jnp.expm1(-2.0 / n["df"] * jnp.log(u[0])))
        return n["loc"] + n["scale"] * radius * jnp.cos(2 * jnp.pi * u[1])

    def log_norm(n: Numbers) -> np.ndarray:
        return betaln(0.5 * n["df"], 0.5) + 0.5 * np.log(n["df"]) + np.log(n["scale"])

    def log_pdf(x: np.ndarray, n: Numbers) -> np.ndarray:
        y = (x - n["loc"]) / n["scale"]
        return -(n["df"] + 1) * np.log(np.hypot(1.0, y / np.sqrt(n["df"]))) - log_norm(n)

    def cdf(x: np.ndarray, n: Numbers) -> np.ndarray:
        return stdtr(n["df"], (x - n["loc"]) / n["scale"])

    def ppf(u: np.ndarray, n: Numbers) -> np.ndarray:
        steps = np.where((u > 0) & (u < 1), stdtrit(n["df"], u), np.copysign(np.inf, u - 0.5))
        return n["loc"] + n["scale"] * steps

    def moments(n: Numbers) -> tuple[float, float]:
        return float(n["loc"]), float(n["scale"] * np.sqrt(n["df"] / (n["df"] - 2)))

    def entropy(n: Numbers) -> float:
        half = 0.5 * (n["df"] + 1)
        return float(half * (digamma(half) - digamma(0.5 * n["df"])) + log_norm(n))

    def landmarks(n: Numbers) -> np.ndarray:
        return n["loc"] + n["scale"] * np.sinh(SPREAD * np.arcsinh(-stdtrit(n["df"], FAR)))

    def knots(n: Numbers) -> np.ndarray:
        return ppf(LEVELS, n)

    def span(n: Numbers) -> tuple[float, float]:
        half = n["scale"] * max(
            SPAN, -stdtrit(n["df"], OUTSIDE)
        )  # of quantiles: a standard deviation says nothing near 2
        return float(n["loc"] - half), float(n["loc"] + half)

    return Distribution(
        numbers, sample, log_pdf, cdf, ppf, moments, entropy, one_mode(moments), landmarks, knots, span, 2
    )


@register_distribution("triangular")
def triangular() -> Distribution:
    r"""p(x) = 2/(b - a) times (x - a)/(c - a) up to the mode c and (b - x)/(b - c) beyond it; c = a or c = b drops one side.

    mean = (a + b + c)/3, sigma^2 = (l^2 + l r + r^2)/18 with l = c - a, r = b - c; H = 1/2 + log((b - a)/2). Source: any statistics text.
    """

    def numbers(spec: Triangular) -> Numbers:
        return {"low": np.array(spec.low), "mode": np.array(spec.mode), "high": np.array(spec.high)}

    def sides(n: Numbers) -> tuple[Any, Any, Any]:
        return n["mode"] - n["low"], n["high"] - n["mode"], n["high"] - n["low"]

    def sample(u: jax.Array, z: jax.Array, n: Numbers) -> jax.Array:
        import jax.numpy as jnp

        left, right, width = sides(n)
        level = u[0]
        rising, falling = jnp.sqrt(level * width * left), jnp.sqrt((1 - level) * width * right)
        return jnp.where(level * width < left, n["low"] + rising, n["high"] - falling)

    def log_pdf(x: np.ndarray, n: Numbers) -> np.ndarray:
        height = np.interp(x, [n["low"], n["mode"], n["high"]], [0.0, 1.0, 0.0])
        with np.errstate(divide="ignore"):
            return np.log(np.where(x == n["mode"], 1.0, height)) + np.log(2.0 / (n["high"] - n["low"]))

    def cdf(x: np.ndarray, n: Numbers) -> np.ndarray:
        left, right, width = sides(n)
        risen = (np.clip(x, n["low"], n["mode"]) - n["low"]) ** 2 / (width * (left or 1.0))
        to_fall = (n["high"] - np.clip(x, n["mode"], n["high"])) ** 2 / (width * (right or 1.0))
        return np.where(x < n["mode"], risen, np.where(x < n["high"], 1.0 - to_fall, 1.0))

    def ppf(u: np.ndarray, n: Numbers) -> np.ndarray:
        left, right, width = sides(n)
        rising, falling = np.sqrt(u * width * left), np.sqrt((1.0 - u) * width * right)
        return np.where(u * width <= left, n["low"] + rising, n["high"] - falling)

    def moments(n: Numbers) -> tuple[float, float]:
        left, right, _ = sides(n)
        mean = n["mode"] + (right - left) / 3.0
        return float(mean), float(np.sqrt((left**2 + left * right + right**2) / 18.0))

    def entropy(n: Numbers) -> float:
        return float(0.5 + np.log(0.5 * (n["high"] - n["low"])))

    def landmarks(n: Numbers) -> np.ndarray:
        left, right, _ = sides(n)
        return np.unique([n["low"] + left * SLOPE, n["high"] - right * SLOPE])

    def knots(n: Numbers) -> np.ndarray:
        return ppf(LEVELS, n)

    def span(n: Numbers) -> tuple[float, float]:
        return around(float(n["low"]), float(n["high"]))

    return Distribution(numbers, sample, log_pdf, cdf, ppf, moments, entropy, one_mode(moments), landmarks, knots, span)


@register_distribution("quantiles")
def quantiles() -> Distribution:
    r"""Quantiles v_0 < … < v_(n-1) at levels i/(n-1), straight lines between them: p(x) = 1 / ((n-1) (v_(i+1) - v_i)) on [v_i, v_(i+1)].

    Padded to `MAX_QUANTILES` with the last one. H = mean of log((n-1)(v_(i+1) - v_i)). What counts as a mode: see `modes.valleys`.
    Source: linear interpolation of order statistics, definition 7 of Hyndman and Fan 1996, The American Statistician 50(4).
    """

    def numbers(spec: Quantiles) -> Numbers:
        pad = MAX_QUANTILES - len(spec.values)
        return {"values": np.array(spec.values + spec.values[-1:] * pad), "count": np.array(float(len(spec.values)))}

    def live(n: Numbers) -> np.ndarray:
        return n["values"][: int(n["count"])]

    def levels(n: Numbers) -> np.ndarray:
        return np.linspace(0.0, 1.0, int(n["count"]))

    def sample(u: jax.Array, z: jax.Array, n: Numbers) -> jax.Array:
        import jax.numpy as jnp

        place = u[0] * (n["count"] - 1)
        i = jnp.minimum(jnp.floor(place), n["count"] - 2).astype(jnp.int32)
        left, right = n["values"][i], n["values"][i + 1]
        return left + (place - i) * (right - left)

    def log_pdf(x: np.ndarray, n: Numbers) -> np.ndarray:
        v = live(n)
        heights = -np.log((len(v) - 1) * np.diff(v))
        i = np.clip(np.searchsorted(v, x, side="right") - 1, 0, len(v) - 2)
        return np.where((v[0] <= x) & (x <= v[-1]), heights[i], -np.inf)

    def cdf(x: np.ndarray, n: Numbers) -> np.ndarray:
        return np.interp(x, live(n), levels(n))

    def ppf(u: np.ndarray, n: Numbers) -> np.ndarray:
        return np.interp(u, levels(n), live(n))

    def moments(n: Numbers) -> tuple[float, float]:
        v = live(n)
        middle = 0.5 * (v[1:] + v[:-1])
        mean = np.mean(middle)
        return float(mean), float(np.sqrt(np.mean((middle - mean) ** 2 + np.diff(v) ** 2 / 12.0)))

    def entropy(n: Numbers) -> float:
        v = live(n)
        return float(np.mean(np.log((len(v) - 1) * np.diff(v))))

    def modes(n: Numbers) -> Modes:
        return modes_of(live(n))

    def span(n: Numbers) -> tuple[float, float]:
        v = live(n)
        return around(float(v[0]), float(v[-1]))

    return Distribution(numbers, sample, log_pdf, cdf, ppf, moments, entropy, modes, live, live, span)
