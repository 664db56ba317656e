"""Target distributions on the real line.

A distribution is four functions that agree with one another. Densities, CDFs and quantiles are NumPy in float64, because they are
what the metrics are judged by; sampling is JAX, because it happens inside the training loop, and imports it there, because a page that
shows a shipped result must not wait for JAX. Both read the same padded numbers, so that a mode more or less is not another program.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.special import ndtr

from gan1d.config import DATA_KINDS, MAX_MODES, Mixture
from gan1d.noise import noise_edges

if TYPE_CHECKING:
    import jax

Numbers = dict[str, Any]
TABLE = 1024
"""Cells of the table of quantiles."""
SPAN = 4.0
"""The picture reaches this many standard deviations beyond each mode's centre."""


LANDMARKS = np.arange(-6.0, 6.01, 0.25)
"""Standard deviations from each mode's centre at which integrals over the line are cut, so that no narrow mode is stepped over."""


class Distribution(NamedTuple):
    """A family of densities on the line.

    numbers(spec) -> the family's parameters as arrays of fixed shape, the only argument that the rest takes.
    sample(key, numbers, n) -> (n,) float32, in JAX.
    log_pdf(x, numbers), cdf(x, numbers), ppf(u, numbers): NumPy float64, same shape as x or u; log of density per data unit,
      probability, data units.
    modes(numbers) -> (centres (K,), stds (K,), weights (K,)), what "a mode" means when mass is counted.
    span(numbers) -> (low, high), the part of the line worth drawing.
    """

    numbers: Callable[[Any], Numbers]
    sample: Callable[[jax.Array, Numbers, int], jax.Array]
    log_pdf: Callable[[np.ndarray, Numbers], np.ndarray]
    cdf: Callable[[np.ndarray, Numbers], np.ndarray]
    ppf: Callable[[np.ndarray, Numbers], np.ndarray]
    modes: Callable[[Numbers], tuple[np.ndarray, np.ndarray, np.ndarray]]
    span: Callable[[Numbers], tuple[float, float]]


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


@register_distribution("mixture")
def mixture() -> Distribution:
    r"""Mixture of normals, p(x) = sum_k w_k N(x; mu_k, sigma_k^2), padded to `MAX_MODES` with modes of weight 0.

    Source: any statistics text; the quantile function has no closed form and is found by bisection to float64 accuracy.
    """

    def numbers(spec: Mixture) -> Numbers:
        pad = MAX_MODES - len(spec.means)
        return {
            "means": np.array(spec.means + (0.0,) * pad),
            "stds": np.array(spec.stds + (1.0,) * pad),
            "weights": np.array(spec.weights + (0.0,) * pad),
        }

    def live(n: Numbers) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        keep = n["weights"] > 0
        return n["means"][keep], n["stds"][keep], n["weights"][keep]

    def sample(key: jax.Array, n: Numbers, count: int) -> jax.Array:
        import jax
        import jax.numpy as jnp

        pick, noise = jax.random.split(key)
        shares = jnp.cumsum(n["weights"])
        u = jax.random.uniform(pick, (count,)) * shares[-1]
        mode = jnp.minimum(jnp.searchsorted(shares, u, side="right", method="compare_all"), MAX_MODES - 1)
        return n["means"][mode] + n["stds"][mode] * jax.random.normal(noise, (count,))

    def log_pdf(x: np.ndarray, n: Numbers) -> np.ndarray:
        total = np.full(np.shape(x), -np.inf)
        for mu, sigma, w in zip(*live(n), strict=True):
            total = np.logaddexp(total, np.log(w / (sigma * np.sqrt(2 * np.pi))) - 0.5 * ((x - mu) / sigma) ** 2)
        return total

    def cdf(x: np.ndarray, n: Numbers) -> np.ndarray:
        total = np.zeros(np.shape(x))
        for mu, sigma, w in zip(*live(n), strict=True):
            total += w * ndtr((x - mu) / sigma)
        return np.minimum(total, 1.0)

    def ppf(u: np.ndarray, n: Numbers) -> np.ndarray:
        mu, sigma, _ = live(n)
        u = np.asarray(u, float)
        low = np.full(u.shape, np.min(mu - 40 * sigma))
        high = np.full(u.shape, np.max(mu + 40 * sigma))
        for _ in range(64):
            middle = 0.5 * (low + high)
            below = cdf(middle, n) < u
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return np.where(u <= 0, -np.inf, np.where(u >= 1, np.inf, 0.5 * (low + high)))

    def span(n: Numbers) -> tuple[float, float]:
        mu, sigma, _ = live(n)
        return float(np.min(mu - SPAN * sigma)), float(np.max(mu + SPAN * sigma))

    return Distribution(numbers, sample, log_pdf, cdf, ppf, live, span)


class Target:
    """The data of one config: its density, and what the metrics need of it, computed once. Positions in data units, NumPy float64."""

    def __init__(self, spec: Mixture):
        self.family = DISTRIBUTIONS[spec.kind]
        self.numbers = self.family.numbers(spec)
        self.centres, self.stds, self.weights = self.family.modes(self.numbers)
        self.mean = float(self.weights @ self.centres)
        self.std = float(np.sqrt(self.weights @ (self.stds**2 + (self.centres - self.mean) ** 2)))
        edges = noise_edges(TABLE)
        self._u = ndtr(edges)
        self._quantiles = self.ppf(self._u)
        self.landmarks = np.unique(self.centres[:, None] + self.stds[:, None] * LANDMARKS)
        self.entropy = self._entropy()

    def _entropy(self) -> float:
        """-int p log p in nats, by Gauss and Legendre's rule between neighbouring landmarks, and on to ten standard deviations."""
        tails = (self.centres[:, None] + self.stds[:, None] * np.array([-10.0, -8.0, 8.0, 10.0])).ravel()
        cuts = np.union1d(self.landmarks, tails)
        at, weight = np.polynomial.legendre.leggauss(5)
        half = 0.5 * np.diff(cuts)[:, None]
        log_p = self.log_pdf(cuts[:-1, None] + half * (1 + at))
        return float(-np.sum(half * weight * np.exp(log_p) * log_p))

    def log_pdf(self, x: np.ndarray) -> np.ndarray:
        """Log of the density per data unit."""
        return self.family.log_pdf(np.asarray(x, float), self.numbers)

    def pdf(self, x: np.ndarray) -> np.ndarray:
        """Density per data unit."""
        return np.exp(self.log_pdf(x))

    def cdf(self, x: np.ndarray) -> np.ndarray:
        """P(X <= x)."""
        return self.family.cdf(np.asarray(x, float), self.numbers)

    def ppf(self, u: np.ndarray) -> np.ndarray:
        """Quantiles, to float64 accuracy."""
        return self.family.ppf(np.asarray(u, float), self.numbers)

    def quantiles(self, u: np.ndarray) -> np.ndarray:
        """Quantiles by interpolation in a table of them: for many points at once."""
        return np.interp(u, self._u, self._quantiles)


@lru_cache(maxsize=32)
def target(spec: Mixture) -> Target:
    """The data of a config, kept: a slider of the training does not recompute it."""
    return Target(spec)
