"""Every registered family of data: its functions agree with one another, and with scipy.stats; its samples follow it."""

from functools import partial
from typing import Any

import jax
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from gan1d.config import (
    DATA_KINDS,
    MAX_MODES,
    MAX_QUANTILES,
    ConfigError,
    Data,
    Laplace,
    Mixture,
    Quantiles,
    StudentT,
    Triangular,
    Uniform,
)
from gan1d.distributions import DISTRIBUTIONS

FALSE_ALARM = 1e-6
"""Share of keys for which a correct sampler would fail the Kolmogorov-Smirnov test below; the keys are fixed."""

UNEVEN = tuple(np.sort(np.random.default_rng(2).standard_t(2, 128)) + 1.01e-4 * np.arange(128))
SPECS: dict[str, Data] = {
    "uniform": Uniform(low=-3, high=5),
    "narrow uniform": Uniform(low=99.9, high=100),
    "laplace": Laplace(loc=1, scale=2),
    "narrow laplace": Laplace(loc=-100, scale=0.05),
    "t just above 2": StudentT(df=2.0000001, loc=0, scale=1),
    "t 2.1": StudentT(df=2.1, loc=4, scale=0.05),
    "t 3": StudentT(df=3, loc=0, scale=1),
    "t 7.3": StudentT(df=7.3, loc=-100, scale=100),
    "t 1000": StudentT(df=1000, loc=2, scale=3),
    "triangular": Triangular(low=-2, mode=1, high=3),
    "falling": Triangular(low=0, mode=0, high=2),
    "rising": Triangular(low=-99, mode=-98.9, high=-98.9),
    "two quantiles": Quantiles(values=(-1, 2)),
    "a tiny gap": Quantiles(values=(-1, 0.5, 0.5001, 3)),
    "128 quantiles": Quantiles(values=UNEVEN),
}


def scipys(spec: Data) -> Any:
    """The same distribution out of scipy.stats."""
    match spec:
        case Uniform():
            return stats.uniform(spec.low, spec.high - spec.low)
        case Laplace():
            return stats.laplace(spec.loc, spec.scale)
        case StudentT():
            return stats.t(spec.df, spec.loc, spec.scale)
        case Triangular():
            width = spec.high - spec.low
            return stats.triang((spec.mode - spec.low) / width, spec.low, width)
        case Quantiles():
            return stats.rv_histogram((np.ones(len(spec.values) - 1), np.array(spec.values)), density=False)
    raise NotImplementedError(spec.kind)


@pytest.fixture(params=SPECS.values(), ids=SPECS)
def pair(request) -> tuple[Any, dict, Any]:
    """(our family, its numbers, scipy's distribution)"""
    family = DISTRIBUTIONS[request.param.kind]
    return family, family.numbers(request.param), scipys(request.param)


@partial(jax.jit, static_argnums=(0, 3))
def sampled(kind: str, key: jax.Array, numbers: dict, count: int) -> jax.Array:
    """A sample (count,), of JAX's uniform numbers and their quantiles by SciPy's function."""
    family = DISTRIBUTIONS[kind]
    u = jax.random.uniform(key, (family.uniforms, count), minval=2.0**-24)
    return family.sample(u, jax.scipy.special.ndtri(u), numbers)


def floats(numbers: dict) -> dict:
    """As training gets them."""
    return {name: np.asarray(value, np.float32) for name, value in numbers.items()}


# ---- against scipy.stats


def test_densities_and_distribution_functions_are_scipys(pair) -> None:
    ours, n, law = pair
    low, high = ours.span(n)
    x = np.concatenate([np.linspace(low - 1, high + 1, 997), ours.landmarks(n)])
    knots = [n[k] for k in ("values", "low", "mode", "high") if k in n]  # at a step the two may take different sides
    x = x[~np.isin(x, np.concatenate([np.ravel(k) for k in knots]))] if knots else x
    np.testing.assert_allclose(np.exp(ours.log_pdf(x, n)), law.pdf(x), rtol=1e-9)
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(ours.log_pdf(x, n), law.logpdf(x), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(ours.cdf(x, n), law.cdf(x), rtol=1e-9, atol=1e-12)


def test_quantiles_are_scipys(pair) -> None:
    ours, n, law = pair
    u = np.concatenate([[0, 1e-6, 1e-3], np.linspace(0.01, 0.99, 99), [1 - 1e-6, 1]])
    np.testing.assert_allclose(ours.ppf(u, n), law.ppf(u), rtol=1e-8, atol=1e-9)


def test_moments_and_entropy_are_scipys(pair) -> None:
    ours, n, law = pair
    mean, std = ours.moments(n)
    assert mean == pytest.approx(law.mean(), rel=1e-9, abs=1e-9)
    assert std == pytest.approx(law.std(), rel=1e-7)
    assert ours.entropy(n) == pytest.approx(law.entropy(), abs=1e-9)


def test_students_t_of_three_degrees_has_a_closed_form() -> None:
    """F(t) = 1/2 + (y / (1 + y^2) + atan y) / pi, y = t / sqrt 3 (Johnson, Kotz and Balakrishnan, chapter 28)."""
    ours = DISTRIBUTIONS["student_t"]
    n = ours.numbers(StudentT(df=3, loc=1, scale=2))
    y = np.linspace(-50, 50, 301)
    expected = 0.5 + (y / (1 + y**2) + np.arctan(y)) / np.pi
    np.testing.assert_allclose(ours.cdf(1 + 2 * np.sqrt(3) * y, n), expected, rtol=1e-9, atol=1e-15)


def test_students_t_far_out_has_the_quantiles_of_its_limit() -> None:
    """At two degrees Q(u) = (2u - 1) / sqrt(2 u (1 - u)); a ten-millionth more changes them by as much."""
    ours = DISTRIBUTIONS["student_t"]
    n = ours.numbers(StudentT(df=2 + 1e-7, loc=0, scale=1))
    u = np.array([1e-15, 1e-9, 1e-3, 0.3, 0.999])
    np.testing.assert_allclose(ours.ppf(u, n), (2 * u - 1) / np.sqrt(2 * u * (1 - u)), rtol=1e-5)


def test_samples_follow_scipys_distribution(pair, request) -> None:
    ours, n, law = pair
    kind = next(name for name, family in DISTRIBUTIONS.items() if family is ours)
    sample = np.asarray(sampled(kind, jax.random.key(1), floats(n), 20_000))
    assert sample.shape == (20_000,) and sample.dtype == np.float32
    assert stats.kstest(sample.astype(float), law.cdf).pvalue > FALSE_ALARM


@pytest.mark.parametrize("df", [2.0000001, 2.5, 30.0])
def test_the_tails_of_students_t_are_sampled(df: float) -> None:
    """How many of 200 000 lie beyond the quantile of 1e-4, each side: binomial (scipy.stats)."""
    n = floats(DISTRIBUTIONS["student_t"].numbers(StudentT(df=df, loc=0, scale=1)))
    sample = np.asarray(sampled("student_t", jax.random.key(2), n, 200_000))
    assert np.isfinite(sample).all()
    for beyond in (sample < stats.t.ppf(1e-4, df), sample > stats.t.isf(1e-4, df)):
        assert stats.binomtest(int(beyond.sum()), 200_000, 1e-4).pvalue > FALSE_ALARM


# ---- every registered family, whatever its numbers


@st.composite
def configs(draw: st.DrawFn, kind: str) -> Data:
    """Any config of a kind: each number in its declared range; numbers that must be in order are put in order."""
    fields = DATA_KINDS[kind].specs()
    length = draw(st.integers(2, MAX_QUANTILES) if kind == "quantiles" else st.integers(1, MAX_MODES))
    lists = {f.name for f in DATA_KINDS[kind].__dataclass_fields__.values() if "tuple" in str(f.type)}  # type: ignore[attr-defined]
    raw = {}
    for name, spec in fields.items():
        value = st.floats(spec.low, min(spec.high, 1e3), allow_subnormal=False)
        raw[name] = draw(st.lists(value, min_size=length, max_size=length) if name in lists else value)
    if kind in ("uniform", "triangular"):
        raw = dict(
            zip(("low", "mode", "high") if "mode" in raw else ("low", "high"), sorted(raw.values()), strict=True)
        )
    if kind == "quantiles":
        apart = 1.01e-4 * np.arange(length)
        raw["values"] = tuple(np.maximum.accumulate(np.sort(raw["values"]) * 0.99 - apart) + apart)
    try:
        return DATA_KINDS[kind].from_fields(raw)
    except ConfigError:
        assume(False)
        raise


EACH = pytest.mark.parametrize("kind", DISTRIBUTIONS)
MANY = settings(deadline=None, max_examples=40)


@EACH
@MANY
@given(data=st.data())
def test_its_functions_agree_with_one_another(kind: str, data: st.DataObject) -> None:
    spec = data.draw(configs(kind))
    ours = DISTRIBUTIONS[kind]
    n = ours.numbers(spec)
    low, high = ours.span(n)
    ends = ours.ppf(np.array([0.0, 1.0]), n)
    scale = float(np.diff(ours.ppf(np.array([0.25, 0.75]), n))[0])

    x = np.linspace(low - 0.1 * scale, high + 0.1 * scale, 501)
    cdf, log_pdf = ours.cdf(x, n), ours.log_pdf(x, n)
    assert np.all(np.diff(cdf) >= -1e-15) and cdf.min() >= 0 and cdf.max() <= 1
    inside = (ends[0] <= x) & (x <= ends[1])
    np.testing.assert_array_equal(log_pdf[~inside], -np.inf)
    np.testing.assert_array_equal(cdf[x < ends[0]], 0)
    np.testing.assert_array_equal(cdf[x > ends[1]], 1)
    assert np.isfinite(log_pdf[(ends[0] < x) & (x < ends[1])]).all()

    u = np.array([1e-9, 1e-4, 0.01, 0.25, 0.5, 0.77, 0.99, 1 - 1e-9])
    at = ours.ppf(u, n)
    assert np.all(np.diff(at) >= 0) and np.isfinite(at).all()
    # as near as a point of float64 tells one from the next
    rounding = 4 * np.exp(ours.log_pdf(at, n)) * np.spacing(np.abs(at) + np.abs(low) + np.abs(high))
    assert np.all(np.abs(ours.cdf(at, n) - u) <= 1e-9 * u + 4e-15 + rounding)

    # the density is the slope of the distribution function: Gauss and Legendre's rule between landmarks and quantiles
    cuts = np.union1d(ours.landmarks(n), ours.ppf(np.linspace(0.001, 0.999, 200), n))
    nodes, weights = np.polynomial.legendre.leggauss(5)
    half = 0.5 * np.diff(cuts)[:, None]
    mass = np.sum(half * weights * np.exp(ours.log_pdf(cuts[:-1, None] + half * (1 + nodes), n)), axis=1)
    coarse = np.exp(np.max(ours.log_pdf(cuts[:-1, None] + half * (1 + nodes), n), axis=1)) * np.spacing(
        np.abs(cuts[1:])
    )
    assert np.all(np.abs(mass - np.diff(ours.cdf(cuts, n))) <= 1e-6 + 8 * coarse)


@EACH
@MANY
@given(data=st.data())
def test_its_modes_span_and_landmarks_are_those_of_its_density(kind: str, data: st.DataObject) -> None:
    spec = data.draw(configs(kind))
    ours = DISTRIBUTIONS[kind]
    n = ours.numbers(spec)
    (mean, std), (centres, stds, weights) = ours.moments(n), ours.modes(n)
    assert weights.sum() == pytest.approx(1)
    assert weights @ centres == pytest.approx(mean, rel=1e-9, abs=1e-9)
    assert np.sqrt(weights @ (stds**2 + (centres - mean) ** 2)) == pytest.approx(
        std, rel=1e-6
    )  # the law of total variance
    low, high = ours.span(n)
    assert np.isfinite([low, high]).all() and low < mean < high
    assert ours.cdf(np.array(high), n) - ours.cdf(np.array(low), n) > 0.99
    ends = ours.ppf(np.array([0.0, 1.0]), n)
    narrowest = float(np.diff(ours.ppf(np.array([0.02, 0.98]), n))[0])
    assert np.isfinite(ends).all() or len(centres) > 1 or high - low < 12 * narrowest  # not a picture of nothing
    if np.isfinite(ends).all():
        room = [(ends[0] - low) / (ends[1] - ends[0]), (high - ends[1]) / (ends[1] - ends[0])]
        assert room == pytest.approx([0.15, 0.15], rel=1e-3)
    landmarks = ours.landmarks(n)
    assert np.all(np.diff(landmarks) > 0) and np.isfinite(landmarks).all()
    assert set(ends[np.isfinite(ends)]) <= set(landmarks)
    assert np.isfinite(ours.entropy(n))


@EACH
def test_its_samples_follow_it_and_no_number_compiles_again(kind: str) -> None:
    """One program serves every config of a kind, and more or fewer modes and quantiles too; samples by their own distribution function."""
    ours, traces = DISTRIBUTIONS[kind], []

    def draw(key: jax.Array, numbers: dict) -> jax.Array:
        traces.append(kind)
        return sampled(kind, key, numbers, 2000)

    program = jax.jit(draw)

    @settings(deadline=None, max_examples=25)
    @given(data=st.data(), seed=st.integers(0, 2**31 - 1))
    def check(data: st.DataObject, seed: int) -> None:
        n = ours.numbers(data.draw(configs(kind)))
        sample = np.sort(np.asarray(program(jax.random.key(seed), floats(n)), float))
        assert np.isfinite(sample).all()
        rounding = 4e-7 * np.abs(np.append(sample, list(ours.span(n)))).max()  # of float32
        ends = ours.ppf(np.array([0.0, 1.0]), n)
        assert sample[0] >= ends[0] - rounding and sample[-1] <= ends[1] + rounding
        counted = np.arange(2001) / 2000
        gap = np.maximum(counted[1:] - ours.cdf(sample + rounding, n), ours.cdf(sample - rounding, n) - counted[:-1])
        assert stats.kstwo.sf(gap.max(), 2000) > FALSE_ALARM  # Kolmogorov and Smirnov's statistic, but for rounding

    check()
    assert traces == [kind]


@EACH
def test_another_key_is_another_sample_and_the_same_key_the_same(kind: str) -> None:
    n = floats(DISTRIBUTIONS[kind].numbers(ANY[kind]))
    first, again, other = (np.asarray(sampled(kind, jax.random.key(k), n, 8)) for k in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.any(first == other)


ANY: dict[str, Data] = {"mixture": Mixture(means=(0,), stds=(1,))} | {spec.kind: spec for spec in SPECS.values()}


@EACH
def test_it_says_what_it_is(kind: str) -> None:
    """Formula and source, as every registered thing has."""
    import gan1d.distributions as module

    text = getattr(module, kind).__doc__
    assert "Source:" in text and "p(x)" in text


def test_only_known_kinds_are_registered() -> None:
    from gan1d.distributions import register_distribution

    assert set(DISTRIBUTIONS) == set(DATA_KINDS) == set(ANY)
    with pytest.raises(ValueError, match="nonesuch"):
        register_distribution("nonesuch")


# ---- edges of single families


def test_outside_of_its_ends_a_density_is_nothing() -> None:
    for name in ("uniform", "triangular", "a tiny gap"):
        ours, n = DISTRIBUTIONS[SPECS[name].kind], DISTRIBUTIONS[SPECS[name].kind].numbers(SPECS[name])
        x = np.array([-1e300, -1e3, 1e3, 1e300])
        np.testing.assert_array_equal(ours.log_pdf(x, n), -np.inf)
        np.testing.assert_array_equal(ours.cdf(x, n), [0, 0, 1, 1])


@pytest.mark.parametrize("name", ["laplace", "t just above 2", "t 1000"])
def test_far_away_the_log_density_is_finite(name: str) -> None:
    ours, n = DISTRIBUTIONS[SPECS[name].kind], DISTRIBUTIONS[SPECS[name].kind].numbers(SPECS[name])
    assert np.isfinite(ours.log_pdf(np.array([-1e200, 1e200]), n)).all()
    np.testing.assert_array_equal(ours.ppf(np.array([0.0, 1.0]), n), [-np.inf, np.inf])


def test_a_mode_at_an_end_is_as_high_as_scipys() -> None:
    for name, mode in (("falling", 0.0), ("rising", -98.9)):
        ours, n = DISTRIBUTIONS["triangular"], DISTRIBUTIONS["triangular"].numbers(SPECS[name])
        assert np.exp(ours.log_pdf(np.array(mode), n)) == pytest.approx(scipys(SPECS[name]).pdf(mode), rel=1e-6)


def test_a_t_with_hardly_a_variance_still_makes_a_picture() -> None:
    """Its standard deviation is 4472 times its scale; the picture shows the quantiles of 0.2 % (scipy.stats)."""
    ours, n = DISTRIBUTIONS["student_t"], DISTRIBUTIONS["student_t"].numbers(SPECS["t just above 2"])
    assert ours.moments(n)[1] == pytest.approx(np.sqrt(2.0000001 / 1e-7), rel=1e-6)
    assert ours.span(n) == pytest.approx(stats.t.ppf([0.002, 0.998], 2.0000001), rel=1e-6)


def test_padding_changes_nothing() -> None:
    """Modes of weight 0 and quantiles beyond the last fill the arrays up; nothing is drawn from them."""
    n = DISTRIBUTIONS["mixture"].numbers(Mixture(means=(50,), stds=(0.05,)))
    assert {v.shape for v in n.values()} == {(MAX_MODES,)}
    assert float(np.min(sampled("mixture", jax.random.key(0), floats(n), 10_000))) > 49
    n = DISTRIBUTIONS["quantiles"].numbers(Quantiles(values=(50, 51)))
    assert n["values"].shape == (MAX_QUANTILES,)
    sample = np.asarray(sampled("quantiles", jax.random.key(0), floats(n), 10_000))
    assert (
        sample.min() >= 50 and sample.max() <= 51 and stats.kstest(sample, stats.uniform(50).cdf).pvalue > FALSE_ALARM
    )


def test_a_mixture_is_drawn_to_three_and_a_half_of_its_own_deviations() -> None:
    """Two modes far apart: mean 0, standard deviation sqrt(1 + 100^2) (closed form)."""
    ours = DISTRIBUTIONS["mixture"]
    low, high = ours.span(ours.numbers(Mixture(means=(-100, 100), stds=(1, 1))))
    assert (low, high) == pytest.approx((-3.5 * np.sqrt(10_001), 3.5 * np.sqrt(10_001)))
    assert ours.span(ours.numbers(Mixture(means=(3,), stds=(2,)))) == pytest.approx((-5, 11))
