"""Distances and masses against closed forms and quadrature: JSD within 1e-3 nats, W1 within 0.5 % of the data's standard deviation."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from flax import nnx
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats
from scipy.integrate import quad
from scipy.spatial.distance import jensenshannon
from scipy.stats import norm

from gan1d import measuring, metrics, training
from gan1d.config import Config, Data, Generator, Laplace, Mixture, Quantiles, StudentT, Triangular, Uniform, structure
from gan1d.data import target
from gan1d.noise import cells
from gan1d.players import skeletons

JSD_NATS, W1_STDS, KL_REL = 1e-3, 5e-3, 2e-3
Z = cells("normal").edges

DATA = {
    "one": ((2.0,), (1.5,), (1.0,)),
    "two far": ((-3.0, 8.0), (1.0, 1.0), (0.5, 0.5)),
    "two near": ((-3.0, 3.0), (1.0, 1.0), (0.7, 0.3)),
    "needle": ((0.0, 40.0), (0.05, 20.0), (0.5, 0.5)),
    "eight": (tuple(map(float, range(8))), (0.1,) * 8, (0.125,) * 8),
}
GENERATORS = [
    (2.0, 1.5),
    (0.0, 1.0),
    (2.5, 5.6),
    (-3.0, 1.0),
    (8.2, 0.05),
    (40.0, 20.0),
    (3.5, 2.4),
    (2.0, 1e-5),
    (60.0, 0.3),
]
"""Equal, beside, wide over all modes, on one mode, narrow, far, and a spike of a thousandth of the grid's cell."""


def measured(modes: tuple, mean: float, std: float) -> dict[str, float]:
    """What a recorded state of a linear generator gets."""
    means, stds, weights = modes
    return distances(Mixture(means=means, stds=stds, weights=weights), np.array([mean, std]))


def distances(spec: Data, g: np.ndarray, **generator: Any) -> dict[str, float]:
    """What a recorded state (…,) of a generator gets."""
    data, by = target(spec), Generator(**generator)
    arrays = measuring.generated(g[None], by, data, training.grid_of(Config(data=spec, generator=by)))
    return {name: float(arrays[name][0]) for name in ("jsd", "kl_data_gen", "kl_gen_data", "w1")} | {"sigma": data.std}


# quadrature over eight modes takes seconds
PAIRS = [(name, g) for name in DATA for g in (GENERATORS[::3] if name == "eight" else GENERATORS)]


@pytest.mark.parametrize(("name", "generator"), PAIRS, ids=[f"{name}-N({m:g},{s:g})" for name, (m, s) in PAIRS])
def test_linear_generators_distances_are_those_of_quadrature(name: str, generator: tuple[float, float], oracle) -> None:
    p, q = oracle.Mixture(*DATA[name]), oracle.Mixture((generator[0],), (generator[1],), (1.0,))
    got = measured(DATA[name], *generator)
    assert got["jsd"] == pytest.approx(oracle.jsd(p, q), abs=JSD_NATS)
    assert got["w1"] == pytest.approx(oracle.w1(p, q), abs=W1_STDS * got["sigma"])
    assert got["kl_gen_data"] == pytest.approx(oracle.kl(q, p), rel=KL_REL, abs=JSD_NATS)
    assert got["kl_data_gen"] == pytest.approx(oracle.kl(p, q), rel=KL_REL, abs=JSD_NATS)


@pytest.mark.parametrize(("m", "s"), [(15.0, 7.0), (0.0, 1.0), (100.0, 0.05), (15.0, 100.0), (-80.0, 3.0)])
def test_two_normals_have_closed_forms(m: float, s: float) -> None:
    """KL(N0, N1) = log(s1/s0) + (s0^2 + (m0 - m1)^2) / (2 s1^2) - 1/2; W1 of equal standard deviations is |m0 - m1|."""
    mu, sigma = 15.0, 7.0
    got = measured(((mu,), (sigma,), (1.0,)), m, s)
    forward = np.log(s / sigma) + (sigma**2 + (mu - m) ** 2) / (2 * s**2) - 0.5
    backward = np.log(sigma / s) + (s**2 + (mu - m) ** 2) / (2 * sigma**2) - 0.5
    assert got["kl_data_gen"] == pytest.approx(forward, rel=1e-6, abs=1e-6)
    assert got["kl_gen_data"] == pytest.approx(backward, rel=1e-6, abs=1e-6)
    shifted = measured(((mu,), (sigma,), (1.0,)), m, sigma)
    assert shifted["w1"] == pytest.approx(abs(m - mu), abs=W1_STDS * sigma)


def test_equal_densities_are_at_no_distance() -> None:
    got = measured(((15.0,), (7.0,), (1.0,)), 15.0, 7.0)
    assert got["jsd"] < 1e-9 and got["kl_data_gen"] < 1e-6 and got["kl_gen_data"] < 1e-6
    assert got["w1"] < 1e-3 * 7


def test_far_apart_the_jsd_is_log_2_and_w1_the_distance() -> None:
    for far in (100.0, 1e6, 1e20):
        got = measured(((0.0,), (1.0,), (1.0,)), far, 1.0)
        assert got["jsd"] == pytest.approx(np.log(2), abs=1e-6)
        assert got["w1"] == pytest.approx(far, rel=1e-6)


def test_a_generator_without_spread_is_infinitely_far_in_kl_alone() -> None:
    """W1 to a point is E|x - m|: sigma sqrt(2/pi) at the mean (scipy.stats.halfnorm)."""
    got = measured(((0.0,), (2.0,), (1.0,)), 0.0, 0.0)
    assert got["kl_data_gen"] == got["kl_gen_data"] == np.inf
    assert got["jsd"] == pytest.approx(np.log(2), abs=JSD_NATS)
    assert got["w1"] == pytest.approx(stats.halfnorm(scale=2).mean(), abs=W1_STDS * 2)


@settings(deadline=None, max_examples=100)
@given(
    mean=st.floats(-1e25, 1e25) | st.floats(-20, 20),
    std=st.floats(0, 1e25) | st.floats(0, 20) | st.sampled_from([0.0, 1e-38, 1e-300]),
    name=st.sampled_from(sorted(DATA)),
)
def test_distances_are_in_range_whatever_the_generator(mean: float, std: float, name: str) -> None:
    got = measured(DATA[name], mean, std)
    assert 0 <= got["jsd"] <= np.log(2)
    assert got["kl_data_gen"] >= 0 and got["kl_gen_data"] >= 0
    assert np.isfinite(got["w1"]) and got["w1"] >= 0
    # Pinsker and Lin: JSD is at most half of either KL's sum (Jeffreys / 4)
    assert got["jsd"] <= (got["kl_data_gen"] + got["kl_gen_data"]) / 4 + JSD_NATS


# ---- every kind of data


def _spread(sample: np.ndarray) -> tuple[float, ...]:
    apart = 1.01e-4 * np.arange(len(sample))
    return tuple(np.maximum.accumulate(np.sort(sample) - apart) + apart)


_rng = np.random.default_rng(0)
KINDS: dict[str, tuple[Data, Any]] = {
    "uniform": (Uniform(low=-3, high=5), stats.uniform(-3, 8)),
    "laplace": (Laplace(loc=1, scale=2), stats.laplace(1, 2)),
    "t 30": (StudentT(df=30, loc=0, scale=1), stats.t(30)),
    "t 3": (StudentT(df=3, loc=0, scale=1), stats.t(3)),
    "t 2.1": (StudentT(df=2.1, loc=1, scale=0.5), stats.t(2.1, 1, 0.5)),
    "t just above 2": (StudentT(df=2.0000001, loc=0, scale=1), stats.t(2.0000001)),
    "triangular": (Triangular(low=-2, mode=1, high=3), stats.triang(0.6, -2, 5)),
    "falling": (Triangular(low=0, mode=0, high=2), stats.triang(0, 0, 2)),
    "two quantiles": (Quantiles(values=(-1, 1)), stats.uniform(-1, 2)),
}
for _name, _values in (
    ("two bumps", _spread(np.concatenate([_rng.normal(-4, 1, 64), _rng.normal(4, 1, 64)]))),
    ("a tiny gap", (-1.0, -0.5, -0.4999, 3.0)),
):
    _histogram = stats.rv_histogram((np.ones(len(_values) - 1), np.array(_values)), density=False)
    KINDS[_name] = (Quantiles(values=_values), _histogram)

SHAPES = {
    "good": (0.0, 1.0),
    "beside": (0.3, 0.7),
    "narrow": (0.1, 0.02),
    "far": (20.0, 1.0),
    "wide": (0.0, 30.0),
}
"""Mean and standard deviation of normal generators, in interquartile ranges from the median."""
EVERY = pytest.mark.parametrize("name", KINDS)
SHAPED = pytest.mark.parametrize("shape", SHAPES)


class Quadrature:
    """The truth between scipy.stats' p and N(m, s^2), by Gauss and Legendre's rule of 40 nodes between cuts of both densities."""

    def __init__(self, spec: Data, law: Any, mean: float, std: float):
        self.p, self.q = law, stats.norm(mean, std)
        low, high = law.support()
        middle, scale = float(law.median()), float(law.ppf(0.75) - law.ppf(0.25))
        far = [middle + side * scale * 10**k for k in np.arange(-2, 9, 0.5) for side in (-1, 1)]
        steps = [mean + k * std for k in (-38, -12, -8, -5, -3, -2, -1, 0, 1, 2, 3, 5, 8, 12, 38)]
        kinks = [middle, *getattr(spec, "values", ()), getattr(spec, "mode", middle)]
        cuts = np.unique([*far, *steps, *kinks, *(e for e in (low, high) if np.isfinite(e))])
        self.cuts = np.unique(np.linspace(cuts[:-1], cuts[1:], 9))
        self.inside = self.cuts[(low <= self.cuts) & (self.cuts <= high)]

    @staticmethod
    def over(cuts: np.ndarray, function: Callable[[np.ndarray], np.ndarray]) -> float:
        """The integral of a function between the first and the last cut."""
        at, weight = np.polynomial.legendre.leggauss(40)
        half = 0.5 * np.diff(cuts)[:, None]
        return float(np.sum(half * weight * function(cuts[:-1, None] + half * (1 + at))))

    def jsd(self) -> float:
        def integrand(x: np.ndarray) -> np.ndarray:
            p, q = self.p.pdf(x), self.q.pdf(x)
            m = 0.5 * (p + q)
            return 0.5 * (special.xlogy(p, p) + special.xlogy(q, q)) - special.xlogy(m, m)

        return self.over(self.cuts, integrand)

    def w1(self) -> float:
        return self.over(self.cuts, lambda x: np.abs(self.p.cdf(x) - self.q.cdf(x)))

    def kl_data_gen(self) -> float:
        """-H(p) + log(s sqrt(2 pi)) + ((mu - m)^2 + sigma^2) / (2 s^2), of scipy's moments and entropy."""
        m, s = self.q.mean(), self.q.std()
        cross = np.log(s * np.sqrt(2 * np.pi)) + (self.p.var() + (self.p.mean() - m) ** 2) / (2 * s**2)
        return float(cross - self.p.entropy())

    def kl_gen_data(self) -> float:
        if np.isfinite(self.p.support()).any():
            return np.inf
        cuts = self.cuts[np.abs(self.cuts - self.q.mean()) < 12.5 * self.q.std()]
        return self.over(cuts, lambda x: self.q.pdf(x) * (self.q.logpdf(x) - self.p.logpdf(x)))


def shaped(name: str, shape: str) -> tuple[Data, float, float, float, Quadrature]:
    """(spec, mean and standard deviation of a generator, interquartile range, the truth)"""
    spec, law = KINDS[name]
    scale = float(law.ppf(0.75) - law.ppf(0.25))
    mean, std = float(law.median()) + SHAPES[shape][0] * scale, SHAPES[shape][1] * scale
    return spec, mean, std, scale, Quadrature(spec, law, mean, std)


def test_the_quadrature_is_quadpacks() -> None:
    spec, law = KINDS["t 3"]
    truth = Quadrature(spec, law, 0.5, 0.8)
    q = stats.norm(0.5, 0.8)
    whole = quad(lambda x: abs(law.cdf(x) - q.cdf(x)), -1e4, 1e4, points=[-10, 0, 0.5, 10], limit=500)[0]
    assert truth.w1() == pytest.approx(whole, abs=1e-5)
    part = quad(lambda x: q.pdf(x) * (q.logpdf(x) - law.logpdf(x)), -9, 10)[0]
    assert truth.kl_gen_data() == pytest.approx(part, abs=1e-8)


@EVERY
@SHAPED
def test_linear_generators_distances_to_every_kind_are_those_of_quadrature(name: str, shape: str) -> None:
    """W1 within half a percent of the interquartile range too, of which a heavy tail's standard deviation may be many times as much."""
    spec, mean, std, scale, truth = shaped(name, shape)
    got = distances(spec, np.array([mean, std]))
    assert got["jsd"] == pytest.approx(truth.jsd(), abs=JSD_NATS)
    assert got["w1"] == pytest.approx(truth.w1(), abs=W1_STDS * min(got["sigma"], scale))
    assert got["kl_data_gen"] == pytest.approx(truth.kl_data_gen(), rel=1e-6, abs=1e-6)
    assert got["kl_gen_data"] == pytest.approx(truth.kl_gen_data(), rel=KL_REL, abs=JSD_NATS)


@EVERY
@SHAPED
def test_mapped_generators_distances_to_every_kind_are_those_of_quadrature(name: str, shape: str) -> None:
    """The same generators through the noise's cells, as an MLP is measured, and turned around, which changes nothing."""
    spec, mean, std, scale, truth = shaped(name, shape)
    for side in (1, -1):
        g = mean + side * std * Z
        got = distances(spec, g, kind="mlp")
        assert got["jsd"] == pytest.approx(truth.jsd(), abs=JSD_NATS)
        assert got["w1"] == pytest.approx(truth.w1(), abs=W1_STDS * min(got["sigma"], max(scale, std)))
        forward = metrics.mapped_kl_data_gen(g[None], "normal", target(spec))[0]
        assert forward == pytest.approx(truth.kl_data_gen(), rel=1e-5, abs=1e-5)
        if shape != "narrow":  # a bounded density may hold all of the noise that float64 can tell from none
            assert got["kl_gen_data"] == pytest.approx(truth.kl_gen_data(), rel=KL_REL, abs=JSD_NATS)


@settings(deadline=None, max_examples=60)
@given(
    mean=st.floats(-1e25, 1e25) | st.floats(-20, 20),
    std=st.floats(0, 1e25) | st.floats(0, 20) | st.sampled_from([0.0, 1e-38, 1e-300]),
    name=st.sampled_from(sorted(KINDS)),
)
def test_distances_to_every_kind_are_in_range(mean: float, std: float, name: str) -> None:
    spec = KINDS[name][0]
    g = np.float32(mean + std * Z).astype(float)  # as it is recorded
    for got in (distances(spec, np.array([mean, std])), distances(spec, g, kind="mlp")):
        assert 0 <= got["jsd"] <= np.log(2)
        assert got["kl_data_gen"] >= 0 and got["kl_gen_data"] >= 0  # false for NaN
        assert np.isfinite(got["w1"]) and got["w1"] >= 0
    assert metrics.mapped_kl_data_gen(g[None], "normal", target(spec))[0] >= 0


# ---- KL(data, gen) of a mapped generator


FAR = 1e8


def zigzag(z: np.ndarray) -> np.ndarray:
    """Slopes 2, -1.5, 2 and 0.5, with bends at -0.5, 0.5 and 2."""
    return np.interp(z, [-FAR, -0.5, 0.5, 2, FAR], [1 - 2 * FAR, 0, -1.5, 1.5, 0.5 + 0.5 * FAR])


def test_kl_of_a_folded_generator_is_quadratures() -> None:
    """q(x) = sum phi(z_i) / |slope_i| over the inverse of each piece, written out; scipy's quad between the images of the bends."""
    pieces = [(-FAR, -0.5, 1 - 2 * FAR, 2.0), (-0.5, 0.5, 0.0, -1.5), (0.5, 2.0, -1.5, 2.0), (2.0, FAR, 1.5, 0.5)]

    def log_q(x: float) -> float:
        terms = [
            norm.logpdf(a + (x - start) / slope) - np.log(abs(slope))
            for a, b, start, slope in pieces
            if a <= a + (x - start) / slope < b
        ]
        return float(np.logaddexp.reduce(terms))

    for spec, law in [(Mixture(means=(0.2,), stds=(1.3,)), norm(0.2, 1.3)), *KINDS.values()]:
        if isinstance(spec, StudentT) and spec.df < 3:
            continue  # too much of x^2 is beyond the reach of any quadrature
        ends = np.clip(law.support(), -40 if spec.kind == "mixture" else -1e6, 40 if spec.kind == "mixture" else 1e6)
        far = [side * 10.0**k for k in np.arange(-1, 6, 0.5) for side in (-1, 1)]
        cuts = np.unique(np.clip([*far, -3, -1.5, 0, 1.5, *getattr(spec, "values", ()), *ends], *ends))

        def cross(x: float, law: Any = law) -> float:
            return law.pdf(x) * log_q(x)

        truth = -law.entropy() - sum(quad(cross, *part, epsabs=1e-9, epsrel=1e-5)[0] for part in pairwise(cuts))
        got = metrics.mapped_kl_data_gen(zigzag(Z)[None], "normal", target(spec))[0]
        assert got == pytest.approx(truth, rel=KL_REL, abs=JSD_NATS), spec


def test_kl_is_infinite_where_the_image_ends_before_the_data() -> None:
    one_side, flat = np.abs(Z)[None], np.maximum(Z, -1.0)[None]
    for spec in (Mixture(means=(0,), stds=(1,)), StudentT(df=3, loc=0, scale=1), Uniform(low=-3, high=5)):
        assert metrics.mapped_kl_data_gen(one_side, "normal", target(spec))[0] == np.inf
        assert metrics.mapped_kl_data_gen(flat, "normal", target(spec))[0] == np.inf
    bounded = np.tanh(Z)[None] * 10
    assert (
        metrics.mapped_kl_data_gen(bounded, "normal", target(StudentT(df=3, loc=0, scale=1)), bounded=True)[0] == np.inf
    )
    inside = metrics.mapped_kl_data_gen(bounded, "normal", target(Uniform(low=-3, high=5)), bounded=True)[0]
    # x = 10 tanh z: q(x) = phi(artanh(x / 10)) / (10 (1 - x^2 / 100))
    expected = quad(lambda x: (-np.log(8) - norm.logpdf(np.arctanh(x / 10)) + np.log(10 - x**2 / 10)) / 8, -3, 5)[0]
    assert inside == pytest.approx(expected, abs=JSD_NATS)


def test_two_uniforms_have_closed_forms() -> None:
    """KL of U(a, b) from U(c, d) is log((d - c) / (b - a)) where it lies within, infinite elsewhere; G of uniform noise with slope s."""
    z = cells("uniform").edges
    data = Uniform(low=-2, high=2)
    end = 2 / np.sqrt(3)
    for s, forward, backward in ((end, 0.0, 0.0), (2 * end, np.log(2), np.inf), (0.5 * end, np.inf, np.log(2))):
        got = distances(data, np.array([0.0, s]), kind="linear", noise="uniform")
        assert got["kl_gen_data"] == pytest.approx(backward, abs=1e-6)
        assert metrics.mapped_kl_data_gen((s * z)[None], "uniform", target(data))[0] == pytest.approx(forward, abs=1e-6)
    for spec in (Mixture(means=(0,), stds=(0.05,)), Laplace(loc=0, scale=0.05), StudentT(df=1000, loc=0, scale=0.05)):
        assert metrics.mapped_kl_data_gen((50 * z)[None], "uniform", target(spec))[0] == np.inf


# ---- trained runs


def test_every_state_of_a_linear_run(linear_run, oracle) -> None:
    data = linear_run.config.data
    p = oracle.Mixture(data.means, data.stds, data.weights)
    sigma = target(data).std
    for i in range(0, len(linear_run), 6):
        q = oracle.Mixture((float(linear_run.mean[i]),), (float(linear_run.std[i]),), (1.0,))
        assert linear_run.jsd[i] == pytest.approx(oracle.jsd(p, q), abs=JSD_NATS)
        assert linear_run.w1[i] == pytest.approx(oracle.w1(p, q), abs=W1_STDS * sigma)
        assert linear_run.kl_data_gen[i] == pytest.approx(oracle.kl(p, q), rel=KL_REL, abs=JSD_NATS)
        assert linear_run.kl_gen_data[i] == pytest.approx(oracle.kl(q, p), rel=KL_REL, abs=JSD_NATS)


def test_every_kept_state_of_an_mlp_run(mlp_run, oracle) -> None:
    """Its density is constant between the images of the noise cells' edges; the truth is a fine partition that has all of them.

    JSD by SciPy's Jensen-Shannon distance of the partition's masses; W1 as the integral of |F - G| over it, Monge's formula on the line.
    Points of the generator's image that are nearer than 1e-9 are one: an atom.
    """
    data = mlp_run.config.data
    p = oracle.Mixture(data.means, data.stds, data.weights)
    sigma = target(data).std
    _, graph = skeletons(structure(mlp_run.config))
    edges, masses, _ = cells("normal")
    for iteration, state in mlp_run.checkpoints:
        i = int(np.searchsorted(mlp_run.iteration, iteration))
        g = np.asarray(nnx.merge(graph, state.players.g)(np.float32(edges)), float)
        a, b = np.minimum(g[1:], g[:-1]), np.maximum(g[1:], g[:-1])
        b = np.maximum(b, a + 1e-9)
        span = min(a.min(), -12) - 1, max(b.max(), 12) + 1
        cuts = np.unique(np.concatenate([a, b, np.linspace(*span, 8001)]))
        cdf = np.zeros(len(cuts))
        for low, high, mass in zip(a, b, masses, strict=True):
            cdf += mass * np.clip((cuts - low) / (high - low), 0, 1)
        truth = jensenshannon(np.diff(p.cdf(cuts)), np.diff(cdf)) ** 2
        assert mlp_run.jsd[i] == pytest.approx(truth, abs=JSD_NATS)
        gap = np.abs(p.cdf(cuts) - cdf)
        assert mlp_run.w1[i] == pytest.approx(np.sum(0.5 * (gap[1:] + gap[:-1]) * np.diff(cuts)), abs=W1_STDS * sigma)


def test_an_mlps_divergences_when_it_is_the_identity(oracle) -> None:
    """G(z) = 3 z - 2 through the noise's cells, as an MLP is measured, against quadrature of the normal that it makes."""
    got = distances(Mixture(means=(-3, 3), stds=(1, 1)), 3 * Z - 2, kind="mlp")
    p, q = oracle.Mixture((-3.0, 3.0), (1.0, 1.0), (0.5, 0.5)), oracle.Mixture((-2.0,), (3.0,), (1.0,))
    assert got["jsd"] == pytest.approx(oracle.jsd(p, q), abs=JSD_NATS)
    assert got["kl_data_gen"] == pytest.approx(oracle.kl(p, q), rel=KL_REL)
    assert got["w1"] == pytest.approx(oracle.w1(p, q), abs=W1_STDS * got["sigma"])


def test_an_mlps_atoms_are_seen_whole() -> None:
    """Half of the mass in one point, half a normal: JSD = 1/2 KL(p, m) + 1/2 KL(q, m), the atom's part in closed form.

    G(z) = max(z, 0), p = N(0, 1): q = 1/2 atom at 0 + p on z > 0. On z > 0 p = q; on z < 0 only p; the atom only q.
    JSD = 1/2 (1/2 log 2) + 1/2 (1/2 log 2) = 1/2 log 2.
    """
    got = distances(Mixture(means=(0,), stds=(1,)), np.maximum(Z, 0.0), kind="mlp")
    assert got["jsd"] == pytest.approx(0.5 * np.log(2), abs=JSD_NATS)


# ---- the pieces


# SciPy's own divergence overflows on subnormal masses.
masses = st.lists(st.floats(0, 1).map(lambda m: m if m > 1e-100 else 0.0), min_size=2, max_size=20).filter(
    lambda m: sum(m) > 1e-3
)


@settings(deadline=None, max_examples=60)
@given(masses, st.randoms())
def test_divergences_of_masses_are_scipys(p: list[float], random) -> None:
    """scipy.spatial's Jensen-Shannon distance squared."""
    q = list(p)
    random.shuffle(q)
    a, b = np.array(p) / sum(p), np.array(q) / sum(q)
    assert metrics.jsd_of_masses(a, b) == pytest.approx(np.nan_to_num(jensenshannon(a, b)) ** 2, abs=1e-9)


def test_w1_of_samples_is_scipys() -> None:
    """Equal masses and a discrete target: scipy.stats.wasserstein_distance, in any order of the values."""
    rng = np.random.default_rng(0)
    values, points = rng.normal(size=(1, 400)), np.sort(rng.normal(2, 3, 400))

    def ppf(u: np.ndarray) -> np.ndarray:
        return points[np.minimum((u * 400).astype(int), 399)]

    result = metrics.w1(values, np.full(400, 1 / 400), ppf)
    assert result[0] == pytest.approx(stats.wasserstein_distance(values[0], points), rel=1e-9)


@pytest.mark.parametrize(
    ("centres", "stds"),
    [
        ((-3.0, 3.0), (1.0, 1.0)),  # overlap at one point
        ((-3.0, 8.0), (1.0, 1.0)),  # apart
        ((0.0, 1.0), (1.0, 1.0)),  # one cut between them
        ((0.0, 1.0), (1.0, 0.2)),  # the narrow one is inside the wide one
        ((0.0, 0.0), (1.0, 3.0)),  # around the same centre
        ((0.0, 0.5, 4.0), (1.0, 2.0, 0.3)),
    ],
)
@pytest.mark.parametrize("generator", [(0.0, 1.0), (1.5, 3.0), (0.3, 0.1)])
def test_each_point_belongs_to_its_nearest_mode(centres: tuple, stds: tuple, generator: tuple[float, float]) -> None:
    """The rule itself, point by point on a fine grid under scipy.stats.norm: nearest in stds, and within three."""
    law = stats.norm(*generator)
    x = np.linspace(-15, 15, 300_001)
    distance = np.abs(x[:, None] - np.array(centres)) / np.array(stds)
    owner = np.where(distance.min(axis=1) <= 3, distance.argmin(axis=1), -1)
    expected = [float(np.sum(law.pdf(x[owner == k])) * (x[1] - x[0])) for k in range(len(centres))]
    got = metrics.mode_masses(lambda at: law.cdf(at)[None], np.array(centres), np.array(stds))
    np.testing.assert_allclose(got[0], expected, atol=1e-3)


def test_the_mass_of_one_mode_is_the_three_sigma_rule() -> None:
    got = metrics.mode_masses(lambda at: stats.norm.cdf(at, 5, 2)[None], np.array([5.0]), np.array([2.0]))
    assert got[0, 0] == pytest.approx(stats.norm.cdf(3) - stats.norm.cdf(-3), abs=1e-12)


def test_a_mode_is_covered_at_a_quarter_of_its_weight() -> None:
    mass = np.array([[0.125, 0.9], [0.124, 0.3], [0.0, 0.0]])
    np.testing.assert_array_equal(metrics.modes_covered(mass, np.array([0.5, 0.5])), [2, 1, 0])


def test_value_and_losses_at_the_optimum(linear_run) -> None:
    """With D = 1/2 everywhere V = -log 4 (Goodfellow et al. 2014, theorem 1); V is minus L_D for both GAN losses."""
    np.testing.assert_allclose(linear_run.value, -linear_run.loss_d, atol=1e-5)
    assert linear_run.summary["optimum"]["loss_d"] == pytest.approx(np.log(4))


def test_no_discriminator_beats_the_bound(linear_run, mlp_run) -> None:
    """V(D, G) <= -log 4 + 2 JSD, with equality at D* (Goodfellow et al. 2014, equation 6)."""
    for run in (linear_run, mlp_run):
        assert np.all(run.value <= -np.log(4) + 2 * run.jsd + 2e-3)


def test_target_is_cached_by_value() -> None:
    assert target(Mixture(means=(0,), stds=(1,))) is target(Mixture(means=(0.0,), stds=(1.0,)))


@pytest.mark.parametrize("means", [[-3.0, 8.0], [0.0, -11.0], [0.0]])
def test_kl_of_a_mapped_generator_is_quadratures_in_either_tail(means: list[float]) -> None:
    """KL(gen, data) for G(z) = a z + b |z| + c, one slope a side: E_z[log(phi(z)/G'(z)) - log p(G(z))] by scipy's quad."""
    spec = Mixture(means=tuple(means), stds=(1.0,) * len(means))
    data = target(spec)
    a, b, c = 2.0, 0.75, float(np.mean(means))

    def image(z: np.ndarray) -> np.ndarray:
        return a * z + b * np.abs(z) + c

    def term(z: float) -> float:
        slope = a + b * np.sign(z)
        return float(norm.pdf(z) * (norm.logpdf(z) - np.log(slope) - data.log_pdf(np.array(image(np.array(z))))))

    expected = sum(quad(term, *part, epsabs=1e-10, limit=200)[0] for part in ((-8, 0), (0, 8)))
    assert distances(spec, image(Z), kind="mlp")["kl_gen_data"] == pytest.approx(expected, abs=1e-3)


def test_an_atom_is_infinitely_far_from_a_density() -> None:
    flat = np.maximum(Z, 0.0)  # ReLU(z): half of the mass on one point
    assert distances(Mixture(means=(0,), stds=(1,)), flat, kind="mlp")["kl_gen_data"] == np.inf


def test_equal_modes_share_their_mass() -> None:
    masses = metrics.mode_masses(lambda at: norm.cdf(at)[None], np.array([0.0, 0.0, 9.0]), np.ones(3))[0]
    np.testing.assert_allclose(masses, [0.5 * (norm.cdf(3) - norm.cdf(-3))] * 2 + [norm.sf(6)], atol=1e-6)
