"""Runs shared by the tests, small and trained once, and the oracles that expected numbers come from: scipy.stats and scipy.integrate."""

import signal
import sys
import warnings
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from scipy import integrate, stats

from gan1d import cli
from gan1d.config import Config
from gan1d.trajectory import Trajectory

SMALL = {
    "discriminator": {"hidden": [16]},
    "training": {"iterations": 300, "frames": 30},
}


class Mixture(NamedTuple):
    """A mixture of normals, by scipy.stats alone."""

    means: tuple[float, ...]
    stds: tuple[float, ...]
    weights: tuple[float, ...]

    def _sum(self, function: Callable, x: np.ndarray) -> np.ndarray:
        return sum(w * function(x, m, s) for m, s, w in zip(self.means, self.stds, self.weights, strict=True))  # type: ignore[return-value]

    def pdf(self, x: np.ndarray) -> np.ndarray:
        return self._sum(stats.norm.pdf, x)

    def cdf(self, x: np.ndarray) -> np.ndarray:
        return self._sum(stats.norm.cdf, x)

    def log_pdf(self, x: np.ndarray) -> np.ndarray:
        parts = [
            np.log(w) + stats.norm.logpdf(x, m, s) for m, s, w in zip(self.means, self.stds, self.weights, strict=True)
        ]
        return np.logaddexp.reduce(parts)

    def landmarks(self) -> list[float]:
        """Where the integrands bend."""
        return [m + k * s for m, s in zip(self.means, self.stds, strict=True) for k in (-12, -5, -2, 0, 2, 5, 12)]


def integral(function: Callable[[float], float], landmarks: Iterable[float]) -> float:
    """QUADPACK between neighbouring landmarks, the first and the last of which are far out in the tails."""
    cuts = sorted(set(landmarks))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", integrate.IntegrationWarning)  # |F - G| has a kink wherever F = G
        pieces = [integrate.quad(function, a, b, limit=100, epsabs=1e-10, epsrel=1e-8)[0] for a, b in pairwise(cuts)]
    return float(sum(pieces))


class Oracle:
    """Distances between two mixtures of normals by quadrature, in nats and data units."""

    Mixture = Mixture
    integral = staticmethod(integral)

    @staticmethod
    def kl(p: Mixture, q: Mixture) -> float:
        return integral(lambda x: p.pdf(x) * (p.log_pdf(x) - q.log_pdf(x)), p.landmarks() + q.landmarks())

    @staticmethod
    def jsd(p: Mixture, q: Mixture) -> float:
        def integrand(x: float) -> float:
            a, b = p.log_pdf(x), q.log_pdf(x)
            middle = np.logaddexp(a, b) - np.log(2)
            return 0.5 * (np.exp(a) * (a - middle) + np.exp(b) * (b - middle))

        return integral(integrand, p.landmarks() + q.landmarks())

    @staticmethod
    def w1(p: Mixture, q: Mixture) -> float:
        return integral(lambda x: abs(p.cdf(x) - q.cdf(x)), p.landmarks() + q.landmarks())


@pytest.fixture(scope="session")
def oracle() -> type[Oracle]:
    return Oracle


@pytest.fixture(scope="session")
def linear_config() -> Config:
    """Two modes of different shares and widths, and a linear generator."""
    return Config.from_dict({"data": {"means": [-2, 3], "stds": [1, 0.7], "weights": [2, 1]}, **SMALL})


@pytest.fixture(scope="session")
def linear_run(linear_config: Config) -> Trajectory:
    from gan1d.training import train

    return train(linear_config)


@pytest.fixture(scope="session")
def saved(linear_run: Trajectory, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That run in a file; nobody may write to it."""
    path = tmp_path_factory.mktemp("runs") / "run.npz"
    linear_run.save(path)
    return path


@pytest.fixture(scope="session")
def mlp_run() -> Trajectory:
    """An MLP generator on two near modes, trained long enough to have folds, peaks and almost flat stretches."""
    from gan1d.training import train

    return train(
        Config.from_dict(
            {
                "data": {"means": [-3, 3], "stds": [1, 1]},
                "generator": {"kind": "mlp"},
                "training": {"iterations": 1500, "frames": 30, "lr_g": 0.002, "lr_d": 0.002},
            }
        )
    )


@pytest.fixture
def gan1d_(monkeypatch, capsys, tmp_path):
    """Runs the command line in this process, in a folder of its own: (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(signal, "signal", lambda *_: None)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["gan1d", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return run


# Adam without a memory of squared gradients takes steps of lr times g/|g|, with a long memory of the mean: it runs away.
RUNAWAY = {"training.lr_g": 1.0, "training.lr_d": 1.0, "training.beta1": 0.999, "training.beta2": 0.0}

# A generator in a hurry after a discriminator that hardly learns: uphill on a slope that, for four seeds of five, has no end.
LOST = {"training.lr_g": 1.0, "training.lr_d": 1e-5}


@pytest.fixture(scope="session")
def diverged_run(linear_config: Config) -> Trajectory:
    from gan1d.training import train

    return train(linear_config.replace(**RUNAWAY))


@pytest.fixture(scope="session")
def lost_run(linear_config: Config) -> Trajectory:
    """A generator that left the picture by far; all its numbers are finite."""
    from gan1d.training import train

    runs = (train(linear_config.replace(**LOST, **{"training.seed": seed})) for seed in range(8))
    return next(run for run in runs if run.mass_outside[-1].sum() > 0.99)


@pytest.fixture(scope="session")
def least_squares_run(linear_config: Config) -> Trajectory:
    """D is a score that is taught 0 and 1."""
    from gan1d.training import train

    return train(linear_config.replace(**{"training.loss": "least_squares"}))


@pytest.fixture(scope="session")
def hinge_run(linear_config: Config) -> Trajectory:
    """D is a score that is taught -1 and 1; the data are no mixture, and D is told that some of them are generated."""
    from gan1d.training import train

    data = {"data.kind": "triangular", "data.low": -4, "data.mode": 3, "data.high": 5}
    return train(linear_config.replace(**data, **{"training.loss": "hinge", "training.label_smoothing": 0.2}))


@pytest.fixture(scope="session")
def critic_run(linear_config: Config) -> Trajectory:
    """A Wasserstein critic with a gradient penalty: D is known only up to a constant."""
    from gan1d.training import train

    changes = {"training.loss": "wasserstein", "training.penalty": "gradient_penalty", "training.penalty_weight": 1.0}
    return train(linear_config.replace(**changes))
