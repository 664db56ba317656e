"""The noise's cells against scipy.stats."""

import numpy as np
import pytest
from scipy import stats

from gan1d.noise import REACH, noise_edges, noise_masses, noise_nodes


@pytest.fixture(params=[64, 128, 512, 1024])
def edges(request) -> np.ndarray:
    return noise_edges(request.param)


def test_edges_cut_the_line_in_order(edges: np.ndarray) -> None:
    assert np.all(np.diff(edges) > 0)
    assert edges[0] == -REACH and edges[-1] == REACH
    np.testing.assert_allclose(edges, -edges[::-1], atol=1e-12)


def test_masses_are_the_normals_and_sum_to_one(edges: np.ndarray) -> None:
    masses = noise_masses(edges)
    expected = np.diff(stats.norm.cdf(edges))
    np.testing.assert_allclose(masses, expected, atol=1e-15)
    assert masses.sum() == pytest.approx(1, abs=1e-14)
    assert np.all(masses > 0)


def test_nodes_are_the_means_of_the_cells(edges: np.ndarray) -> None:
    """E[z | a < z < b] = (phi(a) - phi(b)) / (Phi(b) - Phi(a)), the truncated normal's mean (scipy.stats.truncnorm)."""
    nodes, masses = noise_nodes(edges), noise_masses(edges)
    inner = slice(1, -1)
    expected = stats.truncnorm.mean(edges[:-1], edges[1:])
    close = masses[inner] > 1e-9  # further out, both formulas are a difference of two tiny numbers
    np.testing.assert_allclose(nodes[inner][close], expected[inner][close], atol=1e-5)
    assert np.all((nodes >= edges[:-1]) & (nodes <= edges[1:]))


def test_expectations_of_a_linear_map_are_exact(edges: np.ndarray) -> None:
    nodes, masses = noise_nodes(edges), noise_masses(edges)
    assert (3 * nodes + 7) @ masses == pytest.approx(7, abs=1e-12)


def test_expectations_of_a_smooth_map_converge() -> None:
    """E[softplus(z)] by QUADPACK (scipy.stats' own expectation)."""
    exact = stats.norm.expect(lambda z: np.logaddexp(0, z))
    edges = noise_edges(128)
    assert np.logaddexp(0, noise_nodes(edges)) @ noise_masses(edges) == pytest.approx(exact, abs=1e-3)
