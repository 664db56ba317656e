"""The noise's cells and samples against scipy.stats; every noise in the registry keeps one contract."""

import inspect

import jax
import numpy as np
import pytest
from scipy import stats

import gan1d.noise
from gan1d.config import NOISES as NAMES
from gan1d.noise import FARTHEST, NOISES, REACH, cells, noise_edges, register_noise

ORACLE = {"normal": stats.norm(), "uniform": stats.uniform(-np.sqrt(3), 2 * np.sqrt(3))}
COUNTS = (64, 128, 512, 1024)
FALSE_ALARM = 1e-6
"""Share of keys for which a correct sampler would fail the Kolmogorov-Smirnov test; the keys are fixed."""
every_noise = pytest.mark.parametrize("name", NAMES)
every_count = pytest.mark.parametrize("count", COUNTS)


@every_noise
def test_mean_0_std_1_and_quantiles_are_scipys(name: str) -> None:
    """So that a linear generator's |s| is the standard deviation of what it makes."""
    assert ORACLE[name].mean() == pytest.approx(0, abs=1e-12) and ORACLE[name].std() == pytest.approx(1)
    u = np.linspace(0.001, 0.999, 101)
    np.testing.assert_allclose(NOISES[name].ppf(u), ORACLE[name].ppf(u), atol=1e-12)


@every_noise
def test_samples_follow_the_distribution(name: str) -> None:
    u = jax.random.uniform(jax.random.key(3), 20_000, minval=2.0**-24)
    sample = NOISES[name].sample(u, jax.scipy.special.ndtri(u))
    assert sample.shape == (20_000,) and sample.dtype == np.float32
    assert stats.kstest(np.asarray(sample, float), ORACLE[name].cdf).pvalue > FALSE_ALARM


@every_noise
@every_count
def test_cells_cut_the_axis_in_order_and_hold_all_mass(name: str, count: int) -> None:
    edges, masses, nodes = cells(name, count)
    assert np.all(np.diff(edges) > 0)
    np.testing.assert_allclose(edges, -edges[::-1], atol=1e-12)
    np.testing.assert_allclose(masses, np.diff(ORACLE[name].cdf(edges)), atol=1e-15)
    assert masses.sum() == pytest.approx(1, abs=1e-14)
    assert np.all(masses > 0)
    assert np.all((nodes >= edges[:-1]) & (nodes <= edges[1:]))
    assert not masses.flags.writeable


@every_noise
@every_count
def test_expectations_of_a_linear_map_are_exact(name: str, count: int) -> None:
    _, masses, nodes = cells(name, count)
    assert (3 * nodes + 7) @ masses == pytest.approx(7, abs=1e-12)


@every_noise
def test_expectations_of_a_smooth_map_converge(name: str) -> None:
    """E[softplus(z)] by QUADPACK (scipy.stats' own expectation)."""
    exact = ORACLE[name].expect(lambda z: np.logaddexp(0, z))
    _, masses, nodes = cells(name, 128)
    assert np.logaddexp(0, nodes) @ masses == pytest.approx(exact, abs=1e-3)


@every_count
def test_the_normals_nodes_are_the_means_of_its_cells(count: int) -> None:
    """E[z | a < z < b] = (phi(a) - phi(b)) / (Phi(b) - Phi(a)), the truncated normal's mean (scipy.stats.truncnorm)."""
    edges, masses, nodes = cells("normal", count)
    close = masses > 1e-9  # further out, both formulas are a difference of two tiny numbers
    expected = stats.truncnorm.mean(edges[:-1], edges[1:])
    np.testing.assert_allclose(nodes[close], expected[close], atol=1e-5)


def test_the_normals_far_cells_keep_their_relative_mass() -> None:
    """Where 1 - cdf is rounded away, the survival function is not (scipy.stats.norm.sf); a KL divergence takes its log."""
    edges, masses, _ = cells("normal")
    assert edges[-1] == FARTHEST
    far = (edges[:-1] >= REACH) & (edges[1:] < 37)
    expected = stats.norm.sf(edges[:-1][far]) - stats.norm.sf(edges[1:][far])
    np.testing.assert_allclose(np.log(masses[far]), np.log(expected), rtol=1e-10)
    np.testing.assert_allclose(masses, masses[::-1], rtol=1e-9)


def test_fine_edges_reach_as_far_as_they_say() -> None:
    edges = noise_edges(64)
    assert edges[0] == -REACH and edges[-1] == REACH


@every_noise
def test_docstrings_say_what_and_whence(name: str) -> None:
    text = inspect.getdoc(getattr(gan1d.noise, name))
    assert text and "z ~ " in text and "Source: " in text and "arXiv:" in text


def test_registry_is_the_vocabulary() -> None:
    assert tuple(NOISES) == NAMES
    with pytest.raises(ValueError, match="nonesuch"):
        register_noise("nonesuch")
