"""The data: density, distribution function, quantiles, samples and moments against scipy.stats."""

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from gan1d.config import Config, Mixture
from gan1d.data import DISTRIBUTIONS, Target, target

MIXTURES = [
    ((15.0,), (7.0,), (1.0,)),
    ((-3.0, 3.0), (1.0, 1.0), (0.5, 0.5)),
    ((-3.0, 8.0), (0.2, 2.0), (0.9, 0.1)),
    ((-100.0, 0.0, 100.0), (0.05, 100.0, 3.0), (0.2, 0.3, 0.5)),
    (tuple(range(8)), (0.1,) * 8, (0.125,) * 8),
]
FALSE_ALARM = 1e-6
"""Share of keys for which a correct sampler would fail the Kolmogorov-Smirnov test below; the keys are fixed."""


@pytest.fixture(params=MIXTURES, ids=lambda m: f"{len(m[0])} at {m[0][0]:g}")
def pair(request, oracle):
    """(ours, scipy's)"""
    means, stds, weights = request.param
    return target(Mixture(means=means, stds=stds, weights=weights)), oracle.Mixture(means, stds, weights)


def points(ours: Target) -> np.ndarray:
    low, high = ours.family.span(ours.numbers)
    return np.linspace(low - 5, high + 5, 997)


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


def test_the_table_of_quantiles_is_close_to_them_in_the_mean(pair) -> None:
    """Its error in the mean is its error in W1: within half of the 0.5 % of the std that W1 may be off."""
    ours, _ = pair
    u = (np.arange(20_000) + 0.5) / 20_000
    assert np.mean(np.abs(ours.quantiles(u) - ours.ppf(u))) < 2.5e-3 * ours.std


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


def test_samples_follow_the_distribution(pair) -> None:
    ours, scipys = pair
    sample = DISTRIBUTIONS["mixture"].sample(jax.random.key(1), jax.tree.map(np.float32, ours.numbers), 20_000)
    assert sample.shape == (20_000,) and sample.dtype == np.float32
    assert stats.kstest(np.asarray(sample, float), scipys.cdf).pvalue > FALSE_ALARM


def test_another_key_is_another_sample_and_the_same_key_the_same() -> None:
    ours = target(Mixture(means=(0,), stds=(1,)))
    draw = [np.asarray(DISTRIBUTIONS["mixture"].sample(jax.random.key(k), ours.numbers, 8)) for k in (0, 0, 1)]
    np.testing.assert_array_equal(draw[0], draw[1])
    assert not np.any(draw[0] == draw[2])


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.floats(-100, 100), st.floats(0.05, 100), st.floats(1e-3, 1)), min_size=1, max_size=8))
def test_distribution_functions_agree_with_one_another(modes: list[tuple[float, float, float]]) -> None:
    means, stds, weights = zip(*modes, strict=True)
    ours = Target(Mixture(means=means, stds=stds, weights=weights))
    x = points(ours)
    cdf = ours.cdf(x)
    assert np.all(np.diff(cdf) >= 0) and cdf[0] >= 0 and cdf[-1] <= 1
    low, high = ours.family.span(ours.numbers)
    assert float(ours.cdf(high) - ours.cdf(low)) > 0.9999  # SPAN = 4 stds of every mode: all but 6.4e-5
    u = np.array([0.001, 0.3, 0.9])
    np.testing.assert_allclose(ours.cdf(ours.ppf(u)), u, atol=1e-9)


def test_padding_changes_nothing() -> None:
    """Modes of weight 0 fill the arrays up; nothing is drawn from them."""
    ours = target(Mixture(means=(50,), stds=(0.05,)))
    assert {v.shape for v in ours.numbers.values()} == {(8,)}
    sample = DISTRIBUTIONS["mixture"].sample(jax.random.key(0), ours.numbers, 10_000)
    assert float(np.min(sample)) > 49


def test_a_target_is_computed_once() -> None:
    config = Config.from_dict({"data": {"means": [0], "stds": [1]}})
    assert target(config.data) is target(config.replace(**{"training.seed": 5}).data)
