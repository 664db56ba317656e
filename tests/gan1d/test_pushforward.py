"""The generated density: mass is conserved whatever G does, and known maps give their known densities."""

import jax
import numpy as np
import pytest
from flax import nnx
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from gan1d import metrics, pushforward, training
from gan1d.config import structure
from gan1d.data import target
from gan1d.noise import CELLS, NOISES, cells
from gan1d.players import skeletons
from gan1d.pushforward import cells_cdf, cells_cdf_at, cells_masses, cells_moments, density, grid, linear_cdf

NORMAL = NOISES["normal"]
EDGES, MASSES, _ = cells("normal")
WHERE = grid(-5.0, 7.0)
NOWHERE = np.empty(0)
LAW = stats.norm(0.5, 2.0)

# what a generator may do: wander, stand still, fold, jump far away
value = (
    st.floats(-10, 10)
    | st.sampled_from([0.0, -5.0, 7.0, 1.0])
    | st.floats(-1e30, 1e30)
    | st.sampled_from([1e30, -1e30, 1e5])
)


@st.composite
def images(draw: st.DrawFn) -> np.ndarray:
    """(1, N+1): G at the noise cells' edges, piecewise constant, linear or folded."""
    knots = draw(st.lists(value, min_size=1, max_size=12))
    if draw(st.booleans()):
        return np.interp(EDGES, np.linspace(-4, 4, len(knots)), knots)[None]
    return np.array(knots)[np.linspace(0, len(knots) - 1, len(EDGES)).astype(int)][None]


@settings(deadline=None, max_examples=200)
@given(images())
def test_mass_is_conserved_and_never_negative(g: np.ndarray) -> None:
    cdf = cells_cdf(g, MASSES, WHERE)
    p_gen, outside = density(cdf, WHERE)
    assert np.all(p_gen >= 0) and np.all(outside >= 0)
    assert p_gen.sum() * WHERE.width + outside.sum() == pytest.approx(1, abs=1e-6)
    cuts, inside, levels = cells_masses(g, MASSES, WHERE, np.array([-2.5, 0.0, 3.3, 90.0]), LAW.cdf)
    np.testing.assert_allclose(levels, LAW.cdf(cuts), atol=1e-6)  # an atom's two ends differ by `ATOM` of a cell
    assert np.all(inside >= 0) and np.all(np.diff(cuts, axis=1) >= 0)
    assert cuts[0, 0] <= WHERE.edges[0] and cuts[0, -1] >= WHERE.edges[-1]
    # what a spike leaves of itself in a running sum counts on a stretch that is ten thousand pictures wide; of 20 000 images 9e-6 at most
    assert inside.sum() == pytest.approx(1, abs=2e-5)
    mean, std = cells_moments(g, MASSES)
    assert np.isfinite(mean).all() and np.isfinite(std).all()


@settings(deadline=None, max_examples=150)
@given(images())
def test_the_histogram_way_agrees_with_cell_by_cell(g: np.ndarray) -> None:
    """`cells_cdf` with its ramps and running sums against one clip for each cell, at every edge of the grid."""
    width = np.abs(np.diff(g))
    assume(np.all((width == 0) | (width > 1e-4)))  # images narrower than a millionth of a grid cell are made points
    middle = 0.5 * (g[0, 1:] + g[0, :-1])[width[0] == 0]
    on_edge = np.abs(middle[:, None] - WHERE.edges) < 1e-9 * (1 + np.abs(middle[:, None]))
    assume(not np.any(on_edge))  # a point on an edge may be counted on either side of it
    expected = cells_cdf_at(g, MASSES, WHERE.edges)
    cdf = cells_cdf(g, MASSES, WHERE)
    np.testing.assert_allclose(np.diff(cdf), np.diff(expected), atol=2e-6)
    # of an image from one side of the picture to far beyond the other, only the side matters: at most its own mass
    np.testing.assert_allclose(cdf, expected, atol=float(MASSES.max()) + 2e-6)  # and rounding


@pytest.mark.parametrize(("m", "s"), [(0.0, 1.0), (2.0, 0.3), (-4.0, 5.0), (1.0, -2.0), (0.0, 1e-3), (100.0, 1.0)])
def test_a_linear_map_gives_the_normal(m: float, s: float) -> None:
    """scipy.stats.norm; the error is a cell's worth of curvature, and falls with the number of cells squared."""
    exact = stats.norm.cdf(WHERE.edges, m, abs(s))
    errors = []
    for count in (CELLS, 4 * CELLS):
        edges = NORMAL.edges(count)
        cdf = cells_cdf((s * edges + m)[None], NORMAL.masses(edges), WHERE)[0]
        errors.append(np.max(np.abs(cdf - exact)))
    assert errors[0] < 1e-4
    assert errors[1] < 1e-5
    closed = linear_cdf(WHERE.edges, np.array([m]), np.array([abs(s)]))
    np.testing.assert_allclose(closed[0], exact, atol=1e-14)


def test_a_linear_generator_without_spread_is_a_step() -> None:
    cdf = linear_cdf(WHERE.edges, np.array([1.01]), np.array([0.0]))
    np.testing.assert_array_equal(cdf[0], (WHERE.edges >= 1.01).astype(float))
    p_gen, outside = density(cdf, WHERE)
    assert np.count_nonzero(p_gen) == 1 and p_gen.max() * WHERE.width == pytest.approx(1)
    np.testing.assert_array_equal(outside, 0)


def test_a_fold_gives_the_folded_normal() -> None:
    """G(z) = |z|: scipy.stats.foldnorm."""
    cdf = cells_cdf(np.abs(EDGES)[None], MASSES, WHERE)[0]
    np.testing.assert_allclose(cdf, stats.foldnorm.cdf(WHERE.edges, 0), atol=1e-4)


def test_a_relu_gives_an_atom_and_half_a_normal() -> None:
    """G(z) = max(z, 0) + 0.01: half of the mass in one point."""
    g = (np.maximum(EDGES, 0) + 0.01)[None]
    p_gen, outside = density(cells_cdf(g, MASSES, WHERE), WHERE)
    at = int(np.searchsorted(WHERE.edges, 0.01)) - 1
    inside = stats.norm.cdf(WHERE.edges[at + 1] - 0.01) - 0.5
    assert p_gen[0, at] * WHERE.width == pytest.approx(0.5 + inside, abs=1e-4)
    assert p_gen[0, :at].sum() == pytest.approx(0, abs=1e-12)
    assert outside.sum() == pytest.approx(0, abs=1e-9)


def test_a_monotone_map_gives_the_change_of_variables() -> None:
    """G(z) = exp(z): scipy.stats.lognorm, also on each stretch between cuts."""
    g = np.exp(EDGES)[None]
    np.testing.assert_allclose(cells_cdf(g, MASSES, WHERE)[0], stats.lognorm.cdf(WHERE.edges, 1), atol=2e-4)
    cuts, inside, _ = cells_masses(g, MASSES, WHERE, NOWHERE, LAW.cdf)
    np.testing.assert_allclose(np.cumsum(inside[0]), stats.lognorm.cdf(cuts[0, 1:], 1), atol=2e-4)


@settings(deadline=None, max_examples=60)
@given(images(), st.lists(st.floats(-4.9, 6.9), max_size=5))
def test_the_stretches_add_up_to_the_grids_cells(g: np.ndarray, landmarks: list[float]) -> None:
    width = np.abs(np.diff(g))
    assume(np.all((width == 0) | (width > 1e-4)))
    middle = 0.5 * (g[0, 1:] + g[0, :-1])[width[0] == 0]
    assume(not np.any(np.abs(middle[:, None] - WHERE.edges) < 1e-5 * (1 + np.abs(middle[:, None]))))
    cuts, inside, _ = cells_masses(g, MASSES, WHERE, np.array(landmarks), LAW.cdf)
    position = ((cuts[0, 1:] + cuts[0, :-1]) / 2 - WHERE.edges[0]) / WHERE.width
    seen = (position > 0) & (position < 256)
    coarse = np.bincount(position[seen].astype(int), inside[0][seen], 256)
    np.testing.assert_allclose(coarse, np.diff(cells_cdf(g, MASSES, WHERE))[0], atol=4e-6)


def test_moments_are_those_of_the_map() -> None:
    """scipy.stats.norm, foldnorm and lognorm; an atom has no spread."""
    for g, law in ((3 * EDGES - 2, stats.norm(-2, 3)), (np.abs(EDGES), stats.foldnorm(0)), (0 * EDGES + 4, None)):
        mean, std = cells_moments(g[None], MASSES)
        assert mean[0] == pytest.approx(law.mean() if law else 4, abs=1e-3)
        assert std[0] == pytest.approx(law.std() if law else 0, abs=2e-3)


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
def test_far_outside_all_mass_is_on_the_right_side(scale: float) -> None:
    for side in (-1, 1):
        g = (side * (scale + 100.0) + 0.0 * EDGES)[None]
        p_gen, outside = density(cells_cdf(g, MASSES, WHERE), WHERE)
        assert p_gen.sum() == 0
        np.testing.assert_allclose(outside[0], [1, 0] if side < 0 else [0, 1], atol=1e-12)


@pytest.mark.parametrize("rate", [0.002, 0.01])
def test_twice_the_cells_move_the_divergence_by_less_than_its_docstring_says(rate: float, mlp_run) -> None:
    """noise.CELLS: less than 1e-3 nats, at states all along the training of an MLP generator, calm or wild."""
    run = training.train(mlp_run.config.replace(**{"training.lr_g": rate, "training.lr_d": rate}))
    data, where = target(run.config.data), training.grid_of(run.config)
    _, graph = skeletons(structure(run.config))
    moved = []
    for iteration in np.linspace(0, run.config.training.iterations, 17).astype(int):
        state, jsd = run.state_at(iteration), []
        for count in (CELLS, 2 * CELLS):
            edges = NORMAL.edges(count)
            g = np.asarray(nnx.merge(graph, state.players.g)(np.float32(edges)), float)[None]
            _, outside = density(cells_cdf(g, NORMAL.masses(edges), where), where)
            _, inside, levels = cells_masses(g, NORMAL.masses(edges), where, data.landmarks, data.cdf)
            q = np.concatenate([outside[:, :1], inside, outside[:, 1:]], axis=1)
            jsd.append(metrics.jsd_of_masses(metrics.with_outside(levels), q)[0])
        moved.append(abs(jsd[1] - jsd[0]))
    assert len(moved) >= 16
    assert max(moved) < 1e-3


def test_an_mlps_density_is_that_of_its_samples(mlp_run) -> None:
    """A Kolmogorov-Smirnov test of the last state's G on a million fresh noises: critical value 4.89/sqrt(n) for a false alarm of 1e-20,
    and the width of a cell's image on top, 1e-3 of the mass."""
    _, graph = skeletons(structure(mlp_run.config))
    n = 1_000_000
    z = jax.random.normal(jax.random.key(123), (n,))
    samples = np.sort(np.asarray(nnx.merge(graph, mlp_run.checkpoints[-1][1].players.g)(z), float))
    where = training.grid_of(mlp_run.config)
    empirical = np.searchsorted(samples, where.edges, side="right") / n
    cdf = mlp_run.mass_outside[-1, 0] + np.append(0, np.cumsum(mlp_run.p_gen[-1].astype(float) * where.width))
    assert np.max(np.abs(empirical - cdf)) < 4.89 / np.sqrt(n) + 1e-3


def test_recorded_masses_sum_to_one(linear_run, mlp_run, lost_run) -> None:
    for run in (linear_run, mlp_run, lost_run):
        width = run.x[1] - run.x[0]
        total = run.p_gen.astype(float).sum(axis=1) * width + run.mass_outside.sum(axis=1)
        np.testing.assert_allclose(total, 1, atol=1e-6)


def test_the_grid_is_equal_cells() -> None:
    where = grid(-1.0, 3.0, 8)
    np.testing.assert_allclose(where.edges, np.linspace(-1, 3, 9))
    np.testing.assert_allclose(where.x, np.arange(-0.75, 3, 0.5))
    assert where.width == 0.5
    assert len(pushforward.grid(0.0, 1.0).x) == 256
