"""Playing with noise: what is drawn, cut, led from one sample to another, added; what the browser says was picked; pictures as HTML."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from app.images import latents, pictures
from app.images.picker import Role, checked


def test_noise_is_the_same_for_the_same_seed_and_of_its_distribution() -> None:
    z = latents.drawn("normal", 200, 50, 3)
    assert np.array_equal(z, latents.drawn("normal", 200, 50, 3)) and not np.array_equal(
        z, latents.drawn("normal", 200, 50, 4)
    )
    assert stats.kstest(z.ravel(), "norm").pvalue > 0.01
    assert stats.kstest(latents.drawn("uniform", 200, 50, 3).ravel(), stats.uniform(-1, 2).cdf).pvalue > 0.01


def test_mixed_noise_is_signs_and_then_normal_and_only_that_is_cut() -> None:
    signs, rest = np.split(latents.drawn("mixed", 400, 20, 3), 2, axis=1)
    assert set(np.unique(signs)) == {-1, 1} and abs(signs.mean()) < 4 / signs.size**0.5
    assert stats.kstest(rest.ravel(), "norm").pvalue > 0.01
    signs, rest = np.split(latents.drawn("mixed", 400, 20, 3, 0.5), 2, axis=1)
    assert set(np.unique(signs)) == {-1, 1} and np.abs(rest).max() <= 0.5


@pytest.mark.parametrize("cut", [0.1, 0.7, 2.0])
def test_cut_noise_is_the_normal_within_its_bounds(cut: float) -> None:
    z = latents.drawn("normal", 200, 50, 0, cut)
    assert np.abs(z).max() <= cut
    assert stats.kstest(z.ravel(), stats.truncnorm(-cut, cut).cdf).pvalue > 0.01
    assert np.abs(latents.drawn("uniform", 20, 5, 0, cut)).max() <= min(cut, 1)


def test_the_way_between_normal_samples_keeps_their_length() -> None:
    """On the arc between two vectors of length 1 at a right angle each has length 1, and half-way is (1, 1) / √2."""
    way = latents.between(np.array([1.0, 0.0]), np.array([0.0, 1.0]), 5, "normal")
    assert np.allclose(np.linalg.norm(way, axis=1), 1) and np.allclose(way[2], [0.5**0.5, 0.5**0.5])
    assert np.allclose(way[[0, -1]], [[1, 0], [0, 1]])
    straight = latents.between(np.array([1.0, 0.0]), np.array([0.0, 1.0]), 3, "uniform")
    assert np.allclose(straight, [[1, 0], [0.5, 0.5], [0, 1]])


@pytest.mark.parametrize("other", [[1.0, 0.0], [2.0, 0.0], [-1.0, 0.0], [0.0, 0.0]])
def test_there_is_a_way_between_any_two(other: list[float]) -> None:
    way = latents.between(np.array([1.0, 0.0]), np.array(other), 4, "normal")
    assert np.isfinite(way).all() and np.allclose(way[0], [1, 0]) and np.allclose(way[-1], other)


def test_sums_are_of_means_and_a_moved_number_leaves_the_others() -> None:
    a, b, c = np.array([[1.0, 0], [3, 2]]), np.array([[1.0, 1]]), np.array([[0.0, 5], [0, 7]])
    assert latents.arithmetic(a, b, c).tolist() == [1, 6]
    z = np.arange(3.0)
    assert latents.moved(z, {1: 9.0}).tolist() == [0, 9, 2] and z.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        ({"a": [4, 2]}, [4, 2]),
        ({"a": [1, 2, 3, 4]}, [1, 2, 3]),
        ({"a": [99, -1, "x", None, 7]}, [7]),
        ({"a": []}, [0]),
        ({"b": [1]}, [0]),
        ({"a": "1"}, [0]),
        (None, [0]),
        ([1], [0]),
    ],
)
def test_whatever_the_browser_says_some_sample_is_picked(answer: object, wanted: list[int]) -> None:
    assert checked(answer, Role("a", "a", "a", 3), 32, [0]) == wanted


def test_a_picture_as_html_is_whole_and_escaped() -> None:
    found = pictures.markup(np.zeros((2, 2, 1), np.uint8), '"><script>', 64)
    assert found.startswith('<img src="data:image/png;base64,') and "<script>" not in found
    assert "image-rendering:pixelated" in found and "64px" in found
