"""The data of one config: its density, and what the metrics need of it, computed once. NumPy float64, no JAX."""

from __future__ import annotations

from functools import cached_property, lru_cache

import numpy as np

from gan1d.config import Data
from gan1d.distributions import DISTRIBUTIONS as DISTRIBUTIONS
from gan1d.distributions import LEVELS
from gan1d.distributions import Distribution as Distribution


class Target:
    """A target density. Positions in data units.

    mean, std; entropy (nats); centres, stds, weights (K,) of its modes; support (low, high), its ends, infinite where it has none;
    span (low, high), the part of the line worth drawing; landmarks (P,), increasing, where integrals over the line are cut.
    """

    def __init__(self, spec: Data):
        self.family = DISTRIBUTIONS[spec.kind]
        self.numbers = self.family.numbers(spec)
        self.mean, self.std = self.family.moments(self.numbers)
        self.entropy = self.family.entropy(self.numbers)
        self.centres, self.stds, self.weights = self.family.modes(self.numbers)
        self.landmarks = self.family.landmarks(self.numbers)
        self.span = self.family.span(self.numbers)
        low, high = self.ppf(np.array([0.0, 1.0]))
        self.support = float(low), float(high)
        knots = np.union1d(self.family.knots(self.numbers), self.landmarks)
        self._levels, first = np.unique(np.maximum.accumulate(self.cdf(knots)), return_index=True)
        self._quantiles = knots[first]

    def log_pdf(self, x: np.ndarray) -> np.ndarray:
        """Log of the density per data unit; -inf outside of the support."""
        return self.family.log_pdf(np.asarray(x, float), self.numbers)

    def pdf(self, x: np.ndarray) -> np.ndarray:
        """Density per data unit."""
        return np.exp(self.log_pdf(x))

    def cdf(self, x: np.ndarray) -> np.ndarray:
        """P(X <= x)."""
        return self.family.cdf(np.asarray(x, float), self.numbers)

    def ppf(self, u: np.ndarray) -> np.ndarray:
        """Quantiles, to float64 accuracy; u from 0 to 1."""
        return self.family.ppf(np.asarray(u, float), self.numbers)

    def quantiles(self, u: np.ndarray) -> np.ndarray:
        """Quantiles by interpolation in a table of them: for many points at once. Finite everywhere."""
        return np.interp(u, self._levels, self._quantiles)

    def levels(self, x: np.ndarray) -> np.ndarray:
        """P(X <= x) by interpolation in the same table."""
        return np.interp(x, self._quantiles, self._levels)

    @cached_property
    def nodes(self) -> tuple[np.ndarray, np.ndarray]:
        """Increasing points (N,) and masses (N,) for expectations over the data: Gauss and Legendre's two between neighbouring cuts.

        The cuts are the landmarks and quantiles from level 1e-15 on, so that of a tail as heavy as x^-3 some of x^2 lies beyond them.
        """
        cuts = np.union1d(self.quantiles(LEVELS[::2]), self.landmarks)
        at, weight = np.polynomial.legendre.leggauss(2)
        half = 0.5 * np.diff(cuts)[:, None]
        x = cuts[:-1, None] + half * (1 + at)
        return x.ravel(), (half * weight * self.pdf(x)).ravel()


@lru_cache(maxsize=32)
def target(spec: Data) -> Target:
    """The data of a config, kept: a slider of the training does not recompute it."""
    return Target(spec)
