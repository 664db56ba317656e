"""Distances and masses against closed forms and quadrature: JSD within 1e-3 nats, W1 within 0.5 % of the data's standard deviation."""

import numpy as np
import pytest
from flax import nnx
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats
from scipy.integrate import quad
from scipy.spatial.distance import jensenshannon
from scipy.stats import norm

from gan1d import algorithm, metrics, pushforward, training
from gan1d.config import Config, Generator, Mixture, structure
from gan1d.data import target
from gan1d.noise import noise_edges, noise_masses

JSD_NATS, W1_STDS, KL_REL = 1e-3, 5e-3, 2e-3

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
    config = Config.from_dict({"data": {"means": means, "stds": stds, "weights": weights}})
    data = target(config.data)
    arrays = training.linear_density(np.array([[mean, std]]), data, training.grid_of(config))
    return {name: float(arrays[name][0]) for name in ("jsd", "kl_data_gen", "kl_gen_data", "w1")} | {"sigma": data.std}


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("generator", GENERATORS, ids=lambda g: f"N({g[0]:g},{g[1]:g})")
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


# ---- trained runs


def test_every_state_of_a_linear_run(linear_run, oracle) -> None:
    data = linear_run.config.data
    p = oracle.Mixture(data.means, data.stds, data.weights)
    sigma = target(data).std
    for i in range(0, len(linear_run), 3):
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
    _, graph = algorithm.skeletons(structure(mlp_run.config))
    edges = noise_edges()
    masses = noise_masses(edges)
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
    config = Config.from_dict({"data": {"means": [-3, 3], "stds": [1, 1]}, "generator": {"kind": "mlp"}})
    data, where = target(config.data), training.grid_of(config)
    arrays = training.mapped_density((3 * noise_edges() - 2)[None], data, where)
    p, q = oracle.Mixture((-3.0, 3.0), (1.0, 1.0), (0.5, 0.5)), oracle.Mixture((-2.0,), (3.0,), (1.0,))
    assert arrays["jsd"][0] == pytest.approx(oracle.jsd(p, q), abs=JSD_NATS)
    assert arrays["kl_data_gen"][0] == pytest.approx(oracle.kl(p, q), rel=KL_REL)
    assert arrays["w1"][0] == pytest.approx(oracle.w1(p, q), abs=W1_STDS * data.std)
    assert arrays["mean"][0] == pytest.approx(-2, abs=1e-3) and arrays["std"][0] == pytest.approx(3, rel=1e-3)


def test_an_mlps_atoms_are_seen_whole() -> None:
    """Half of the mass in one point, half a normal: JSD = 1/2 KL(p, m) + 1/2 KL(q, m), the atom's part in closed form.

    G(z) = max(z, 0), p = N(0, 1): q = 1/2 atom at 0 + p on z > 0. On z > 0 p = q; on z < 0 only p; the atom only q.
    JSD = 1/2 (1/2 log 2) + 1/2 (1/2 log 2) = 1/2 log 2.
    """
    config = Config.from_dict({"data": {"means": [0], "stds": [1]}, "generator": {"kind": "mlp"}})
    data, where = target(config.data), training.grid_of(config)
    arrays = training.mapped_density(np.maximum(noise_edges(), 0.0)[None], data, where)
    assert arrays["jsd"][0] == pytest.approx(0.5 * np.log(2), abs=JSD_NATS)


# ---- the pieces


# SciPy's own divergence overflows on subnormal masses.
masses = st.lists(st.floats(0, 1).map(lambda m: m if m > 1e-100 else 0.0), min_size=2, max_size=20).filter(
    lambda m: sum(m) > 1e-3
)


@settings(deadline=None, max_examples=60)
@given(masses, st.randoms())
def test_divergences_of_masses_are_scipys(p: list[float], random) -> None:
    """scipy.spatial's Jensen-Shannon distance squared, and scipy.special.rel_entr."""
    q = list(p)
    random.shuffle(q)
    a, b = np.array(p) / sum(p), np.array(q) / sum(q)
    assert metrics.jsd_of_masses(a, b) == pytest.approx(np.nan_to_num(jensenshannon(a, b)) ** 2, abs=1e-9)
    assert metrics.kl_of_masses(a, b) == pytest.approx(special.rel_entr(a, b).sum(), abs=1e-9)


def test_kl_is_infinite_where_mass_is_missing() -> None:
    p, q = np.array([0.5, 0.5, 0.0]), np.array([1.0, 0.0, 0.0])
    assert metrics.kl_of_masses(p, q) == np.inf
    assert metrics.kl_of_masses(q, p) == pytest.approx(np.log(2))


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
    config = Config(data=spec, generator=Generator(kind="mlp"))
    measured = training.mapped_density(image(training.Z_EDGES)[None], data, training.grid_of(config))["kl_gen_data"][0]
    assert measured == pytest.approx(expected, abs=1e-3)


def test_an_atom_is_infinitely_far_from_a_density() -> None:
    data = target(Mixture(means=(0.0,), stds=(1.0,)))
    where = pushforward.grid(-5, 5)
    flat = np.maximum(training.Z_EDGES, 0.0)[None]  # ReLU(z): half of the mass on one point
    assert training.mapped_density(flat, data, where)["kl_gen_data"][0] == np.inf


def test_equal_modes_share_their_mass() -> None:
    masses = metrics.mode_masses(lambda at: norm.cdf(at)[None], np.array([0.0, 0.0, 9.0]), np.ones(3))[0]
    np.testing.assert_allclose(masses, [0.5 * (norm.cdf(3) - norm.cdf(-3))] * 2 + [norm.sf(6)], atol=1e-6)
