"""What counts as a mode of a density known by its quantiles: true modes are found, and one peak's sample seldom has two."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from gan1d.config import MAX_MODES
from gan1d.modes import LEAST, fineness, modes_of, valleys

ONE_PEAK = {
    "normal": stats.norm(),
    "uniform": stats.uniform(),
    "laplace": stats.laplace(),
    "t": stats.t(3),
    "exponential": stats.expon(),
    "triangular": stats.triang(0.3),
}


def quantiles_of(sample: np.ndarray, count: int) -> np.ndarray:
    return np.quantile(sample, np.linspace(0, 1, count))


def two(rng: np.random.Generator, size: int, apart: float, share: float = 0.5) -> np.ndarray:
    """Two normals of standard deviation 1, `apart` from one another."""
    return rng.normal(size=size) + apart * (rng.random(size) >= share)


@pytest.mark.parametrize("law", ONE_PEAK.values(), ids=ONE_PEAK)
@pytest.mark.parametrize("count", [2, 3, 16, 33, 128])
def test_exact_quantiles_of_one_peak_are_one_mode(law, count: int) -> None:
    assert len(valleys(law.ppf(np.linspace(0.001, 0.999, count)))) == 0


@pytest.mark.parametrize("law", ONE_PEAK.values(), ids=ONE_PEAK)
@pytest.mark.parametrize(("size", "count"), [(16, 16), (64, 64), (128, 128), (300, 128), (1000, 128), (1000, 32)])
def test_a_sample_from_one_peak_seldom_has_two(law, size: int, count: int) -> None:
    """At most one in twenty by design: of 200 more than so many would then come up once in a thousand times (scipy.stats.binom)."""
    allowed = stats.binom.isf(1e-3, 200, 0.05)
    rng = np.random.default_rng(7)
    several = sum(len(valleys(quantiles_of(law.rvs(size, random_state=rng), count))) > 0 for _ in range(200))
    assert several <= allowed


@pytest.mark.parametrize(
    ("size", "count", "apart", "share"),
    [
        (16, 16, 20.0, 0.5),
        (32, 32, 11.0, 0.5),
        (64, 64, 8.0, 0.5),
        (128, 128, 6.0, 0.5),
        (1000, 16, 8.0, 0.5),
        (1000, 32, 6.0, 0.5),
        (1000, 128, 5.0, 0.5),
        (1000, 128, 6.0, 0.7),
        (1000, 128, 8.0, 0.9),
    ],
)
def test_two_normals_apart_are_two_modes(size: int, count: int, apart: float, share: float) -> None:
    """Their weights are right to four standard errors of a share in so large a sample, and half of the gap's mass."""
    rng = np.random.default_rng(11)
    found = 0
    for _ in range(20):
        sample = two(rng, size, apart, share)
        centres, stds, weights = modes_of(quantiles_of(sample, count))
        if len(centres) != 2:
            continue
        found += 1
        error = 4 * np.sqrt(share * (1 - share) / size) + 0.5 / (count - 1)
        assert weights == pytest.approx([share, 1 - share], abs=error)
        assert centres == pytest.approx([0, apart], abs=6 / np.sqrt(size * min(share, 1 - share)) + apart / count)
        assert (stds < 1.5 + apart / np.sqrt(3 * count)).all()  # the gap's mass is spread over it
    assert found >= 18


def test_a_valley_of_half_the_height_is_one() -> None:
    """(f(-d/2) + f(d/2)) / 2 at 0 against the peaks: 1/2 is passed between d = 3.2 and d = 3.5, by scipy.stats.norm."""
    x = np.linspace(-9, 9, 40_001)
    for apart, several in ((3.0, False), (4.0, True)):
        density = stats.norm.pdf(x, -apart / 2) + stats.norm.pdf(x, apart / 2)
        assert (density[len(x) // 2] < 0.5 * density.max()) == several
        cdf = 0.5 * (stats.norm.cdf(x, -apart / 2) + stats.norm.cdf(x, apart / 2))
        exact = np.interp(np.linspace(0.001, 0.999, 64), cdf, x)
        assert (len(valleys(exact)) > 0) == several


def test_modes_of_unlike_widths_are_found() -> None:
    """A needle of standard deviation 0.05 in the middle of nowhere, and a mode more than a hundred times as wide."""
    rng = np.random.default_rng(3)
    sample = np.concatenate([rng.normal(0, 0.05, 500), rng.normal(60, 20 / 3, 500)])
    centres, _, weights = modes_of(quantiles_of(sample, 128))
    assert centres == pytest.approx([0, 60], abs=2) and weights == pytest.approx([0.5, 0.5], abs=0.01)


@pytest.mark.parametrize("count", [3, 5, 8, 12])
def test_many_modes_are_found_up_to_the_most_allowed(count: int) -> None:
    rng = np.random.default_rng(5)
    sample = np.concatenate([rng.normal(10 * k, 1, 12_000 // count) for k in range(count)])
    centres, _, weights = modes_of(quantiles_of(sample, 128))
    assert len(centres) == min(count, MAX_MODES)
    assert weights.sum() == pytest.approx(1)
    if count <= MAX_MODES:
        assert centres == pytest.approx(10 * np.arange(count), abs=1)


def test_a_sharp_step_is_no_valley() -> None:
    """Two uniforms side by side, one ten times as dense: still one peak."""
    exact = np.interp(np.linspace(0, 1, 64), [0, 10 / 11, 1], [0, 1, 2])
    assert len(valleys(exact)) == 0


@settings(deadline=None, max_examples=100)
@given(st.lists(st.floats(1e-4, 100), min_size=1, max_size=127), st.floats(-1000, 1000))
def test_the_modes_are_a_partition_of_the_density(gaps: list[float], first: float) -> None:
    """Weights sum to 1; mean and variance are those of the whole, by scipy.stats.rv_histogram (the law of total variance)."""
    values = first + np.append(0.0, np.cumsum(gaps))
    centres, stds, weights = modes_of(values)
    assert 1 <= len(centres) <= MAX_MODES and np.all(np.diff(centres) > 0)
    assert weights.sum() == pytest.approx(1) and (weights > 0.9 * LEAST).all()
    whole = stats.rv_histogram((np.ones(len(gaps)), values), density=False)
    mean = float(weights @ centres)
    assert mean == pytest.approx(whole.mean(), rel=1e-9, abs=1e-7)
    variance = np.mean((0.5 * (values[1:] + values[:-1]) - mean) ** 2 + np.diff(values) ** 2 / 12)
    assert weights @ (stds**2 + (centres - mean) ** 2) == pytest.approx(variance, rel=1e-9)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.floats(0.01, 50), st.floats(-500, 500))
def test_another_unit_or_direction_finds_the_same_modes(seed: int, unit: float, shift: float) -> None:
    values = np.sort(two(np.random.default_rng(seed), 64, 7.0))
    here = valleys(values)
    np.testing.assert_array_equal(valleys(shift + unit * values), here)
    np.testing.assert_array_equal(62 - valleys(-values[::-1])[::-1], here)


def test_how_much_of_a_sample_a_spacing_stands_for() -> None:
    """Never more than it does on average: sums of m exponentials are gamma(m), by NumPy's generator. Exact quantiles are very fine."""
    rng = np.random.default_rng(1)
    for m in (1, 4, 16):
        found = np.mean([fineness(rng.gamma(m, size=127)) for _ in range(100)])
        assert 0.5 * m <= found <= 1.05 * m
    assert fineness(np.diff(stats.norm.ppf(np.linspace(0.001, 0.999, 128)))) > 50
