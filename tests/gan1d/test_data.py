"""The target of a config, of every kind: what is computed of it once, against scipy.stats, closed forms and quadrature."""

import numpy as np
import pytest
from scipy import stats

from gan1d.config import Config, Data, Laplace, Mixture, Quantiles, StudentT, Triangular, Uniform
from gan1d.data import DISTRIBUTIONS, Target, target

MIXTURES = [
    ((15.0,), (7.0,), (1.0,)),
    ((-3.0, 3.0), (1.0, 1.0), (0.5, 0.5)),
    ((-3.0, 8.0), (0.2, 2.0), (0.9, 0.1)),
    ((-100.0, 0.0, 100.0), (0.05, 100.0, 3.0), (0.2, 0.3, 0.5)),
    (tuple(range(8)), (0.1,) * 8, (0.125,) * 8),
]
EACH_KIND: dict[str, Data] = {
    "mixture": Mixture(means=(-3, 3), stds=(1, 1)),
    "uniform": Uniform(low=-3, high=5),
    "laplace": Laplace(loc=1, scale=2),
    "student_t": StudentT(df=3, loc=-1, scale=2),
    "triangular": Triangular(low=0, mode=0, high=2),
    "quantiles": Quantiles(values=tuple(np.sort(np.random.default_rng(0).standard_cauchy(128)))),
}


@pytest.fixture(params=MIXTURES, ids=lambda m: f"{len(m[0])} at {m[0][0]:g}")
def pair(request, oracle):
    """(ours, scipy's)"""
    means, stds, weights = request.param
    return target(Mixture(means=means, stds=stds, weights=weights)), oracle.Mixture(means, stds, weights)


@pytest.fixture(params=DISTRIBUTIONS)
def ours(request) -> Target:
    """A target of each registered kind."""
    return target(EACH_KIND[request.param])


def points(ours: Target) -> np.ndarray:
    low, high = ours.span
    return np.linspace(low - 5, high + 5, 997)


# ---- mixtures of normals


def test_density_and_distribution_function_agree_with_scipy(pair) -> None:
    ours, scipys = pair
    x = points(ours)
    np.testing.assert_allclose(ours.pdf(x), scipys.pdf(x), rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(ours.log_pdf(x), scipys.log_pdf(x), rtol=1e-12)
    np.testing.assert_allclose(ours.cdf(x), scipys.cdf(x), rtol=1e-12, atol=1e-15)


def test_far_away_the_log_density_is_finite_and_the_density_zero(pair) -> None:
    ours, scipys = pair
    assert np.isfinite(ours.log_pdf(np.array([-1e30, 1e30]))).all()
    np.testing.assert_array_equal(ours.pdf(np.array([-1e30, 1e30])), 0)
    np.testing.assert_allclose(ours.log_pdf(np.array([1e6])), scipys.log_pdf(np.array([1e6])), rtol=1e-12)


def test_quantiles_invert_the_distribution_function(pair) -> None:
    ours, scipys = pair
    u = np.array([1e-9, 1e-4, 0.01, 0.25, 0.5, 0.77, 0.99, 1 - 1e-9])
    # a quantile is known to the accuracy with which the distribution function can be written in float64
    np.testing.assert_allclose(scipys.cdf(ours.ppf(u)), u, rtol=1e-9, atol=2e-15)
    assert ours.ppf(np.array([0.0]))[0] == -np.inf and ours.ppf(np.array([1.0]))[0] == np.inf


def test_quantiles_of_one_normal_are_scipys() -> None:
    ours = target(Mixture(means=(15,), stds=(7,)))
    u = np.linspace(1e-6, 1 - 1e-6, 101)
    np.testing.assert_allclose(ours.ppf(u), stats.norm.ppf(u, 15, 7), atol=1e-8)


def test_moments(pair) -> None:
    """E x = sum w mu and E x^2 = sum w (sigma^2 + mu^2), second moment by scipy."""
    ours, scipys = pair
    parts = [stats.norm(m, s) for m, s in zip(scipys.means, scipys.stds, strict=True)]
    mean = sum(w * p.mean() for w, p in zip(scipys.weights, parts, strict=True))
    second = sum(w * p.moment(2) for w, p in zip(scipys.weights, parts, strict=True))
    assert ours.mean == pytest.approx(mean, abs=1e-12)
    assert ours.std == pytest.approx(np.sqrt(second - mean**2), rel=1e-12)


def test_entropy_of_one_normal() -> None:
    """H = log(sigma sqrt(2 pi e)), the closed form."""
    assert target(Mixture(means=(15,), stds=(7,))).entropy == pytest.approx(stats.norm(15, 7).entropy(), abs=1e-8)


def test_entropy_of_a_mixture(pair, oracle) -> None:
    """H = -int p log p by quadrature."""
    ours, scipys = pair
    entropy = oracle.integral(lambda x: -scipys.pdf(x) * scipys.log_pdf(x), scipys.landmarks())
    assert ours.entropy == pytest.approx(entropy, abs=1e-6)


def test_the_table_of_a_mixtures_quantiles_is_close_to_them_in_the_mean(pair) -> None:
    """Its error in the mean is its error in W1."""
    ours, _ = pair
    u = (np.arange(20_000) + 0.5) / 20_000
    assert np.mean(np.abs(ours.quantiles(u) - ours.ppf(u))) < 1e-4 * ours.std


# ---- every kind


def test_the_table_is_close_to_the_quantiles_in_the_mean(ours) -> None:
    """To a thousandth of the interquartile range, to which W1 is asked to be right within 0.5 % of the standard deviation."""
    u = (np.arange(20_000) + 0.5) / 20_000
    scale = float(np.diff(ours.ppf(np.array([0.25, 0.75])))[0])
    assert np.mean(np.abs(ours.quantiles(u) - ours.ppf(u))) < 1e-3 * scale
    assert np.mean(np.abs(ours.levels(ours.ppf(u)) - u)) < 1e-5
    assert np.isfinite(ours.quantiles(np.array([0.0, 1e-300, 1.0]))).all()
    assert np.all(np.diff(ours.quantiles(np.linspace(0, 1, 5001))) >= 0)


@pytest.mark.parametrize("spec", [EACH_KIND["uniform"], EACH_KIND["quantiles"]], ids=["uniform", "quantiles"])
def test_a_table_of_straight_lines_is_exact(spec: Data) -> None:
    ours, u = target(spec), np.linspace(0, 1, 777)
    np.testing.assert_allclose(ours.quantiles(u), ours.ppf(u), rtol=1e-12, atol=1e-12)


def test_the_nodes_give_expectations(ours) -> None:
    """E 1 = 1; E |x - c| = int_0^1 |Q(u) - c| du by midpoints in u; the entropy is the expectation of -log p."""
    x, mass = ours.nodes
    assert np.all(np.diff(x) > 0) and mass.sum() == pytest.approx(1, abs=1e-6)
    assert -mass @ ours.log_pdf(x) == pytest.approx(ours.entropy, abs=1e-5)
    u = (np.arange(200_000) + 0.5) / 200_000
    centre = float(ours.ppf(np.array(0.3)))
    assert mass @ np.abs(x - centre) == pytest.approx(np.mean(np.abs(ours.ppf(u) - centre)), rel=1e-2)


def test_the_support_and_the_span(ours) -> None:
    low, high = ours.support
    assert (low, high) == tuple(ours.ppf(np.array([0.0, 1.0])))
    assert ours.span[0] < ours.mean < ours.span[1]
    if np.isfinite(low):
        assert ours.span[0] < low and high < ours.span[1]
        np.testing.assert_array_equal(ours.pdf(np.array([low - 1, high + 1])), 0)


def test_one_peak_is_one_mode_with_the_moments_of_the_whole() -> None:
    for kind in ("uniform", "laplace", "student_t", "triangular"):
        ours = target(EACH_KIND[kind])
        assert (ours.centres, ours.stds, ours.weights) == ([ours.mean], [ours.std], [1.0])


def test_an_uploads_two_bumps_are_two_modes() -> None:
    rng = np.random.default_rng(0)
    sample = np.concatenate([rng.normal(-3, 1, 700), rng.normal(6, 0.5, 300)])
    ours = target(Quantiles(values=tuple(np.quantile(sample, np.linspace(0, 1, 100)))))
    assert ours.centres == pytest.approx([-3, 6], abs=0.2)
    assert ours.weights == pytest.approx([0.7, 0.3], abs=0.01)


def test_a_target_is_computed_once() -> None:
    config = Config.from_dict({"data": {"means": [0], "stds": [1]}})
    assert target(config.data) is target(config.replace(**{"training.seed": 5}).data)
    assert target(Uniform(low=0, high=1)) is target(Uniform(low=0.0, high=1.0))
    assert target(Uniform(low=0, high=1)) is not target(Uniform(low=0, high=2))
