"""Metrics against closed forms, scipy's matrix root, scikit-learn's neighbours, plain loops, and torch-fidelity where it is installed."""

import numpy as np
import pytest
from scipy import linalg, stats

from gan1d.fields import ConfigError
from gan1d.image import metrics, neighbours

RNG = np.random.default_rng(0)
MIX = RNG.standard_normal((12, 12))
X = RNG.standard_normal((400, 12)) @ MIX
Y = 0.9 * RNG.standard_normal((300, 12)) @ MIX + 0.3


# ---- Fréchet distance


def test_frechet_of_normals_in_one_dimension() -> None:
    """(m - n)^2 + (s - t)^2."""
    a, b = (
        metrics.moments_of(np.array([1.0]), np.array([[4.0]])),
        metrics.moments_of(np.array([-2.0]), np.array([[25.0]])),
    )
    assert metrics.frechet(a, b) == pytest.approx(3**2 + (2 - 5) ** 2, rel=1e-12)


def test_frechet_of_normals_whose_covariances_commute() -> None:
    """With the same axes, |m - n|^2 + sum of (s_i - t_i)^2."""
    axes = linalg.qr(RNG.standard_normal((6, 6)))[0]
    s, t = np.array([0.0, 0.5, 1, 2, 3, 10]), np.array([1.0, 0, 1, 5, 2, 9])
    m, n = RNG.standard_normal((2, 6))
    a, b = (metrics.moments_of(at, axes @ np.diag(d**2) @ axes.T) for at, d in ((m, s), (n, t)))
    assert metrics.frechet(a, b) == pytest.approx(np.sum((m - n) ** 2) + np.sum((s - t) ** 2), rel=1e-7)


def test_frechet_of_samples_is_what_sqrtm_gives() -> None:
    s, t = np.cov(X, rowvar=False), np.cov(Y, rowvar=False)
    expected = np.sum((X.mean(0) - Y.mean(0)) ** 2) + np.trace(s) + np.trace(t) - 2 * np.trace(linalg.sqrtm(s @ t)).real
    assert metrics.frechet_distance(X, Y) == pytest.approx(expected, rel=1e-9)


def test_frechet_of_fewer_samples_than_features() -> None:
    """Both covariances are singular; the trace of the root is then that of the nonzero eigenvalues of S T."""
    x, y = X[:7], Y[:9]
    s, t = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    eigenvalues = np.sort(linalg.eigvals(s @ t).real)[-6:]  # rank 6
    expected = np.sum((x.mean(0) - y.mean(0)) ** 2) + np.trace(s + t) - 2 * np.sqrt(np.maximum(eigenvalues, 0)).sum()
    assert metrics.frechet_distance(x, y) == pytest.approx(expected, rel=1e-6)


def test_frechet_of_equals_is_nothing() -> None:
    assert metrics.frechet_distance(X, X[::-1]) == pytest.approx(0, abs=1e-10)
    assert metrics.frechet_distance(X, X + 3) == pytest.approx(12 * 9, rel=1e-9)


def test_frechet_sees_small_differences_beside_large_ones() -> None:
    """A direction of standard deviation 1e-4 beside one of 1e3: squares under a root would lose it."""
    scale = np.array([1e3, 1e-4])
    x = RNG.standard_normal((1000, 2))
    x = (x - x.mean(0)) @ linalg.inv(linalg.cholesky(np.cov(x, rowvar=False)))  # mean 0, covariance 1
    assert metrics.frechet_distance(x * scale, x * scale * [1, 3]) == pytest.approx((2e-4) ** 2, rel=1e-3, abs=2e-9)


# ---- class score and modes


def test_class_score_goes_from_one_to_the_number_of_classes() -> None:
    assert metrics.class_score(np.full((50, 10), 0.1)) == pytest.approx(1)
    assert metrics.class_score(np.tile(np.eye(10), (5, 1))) == pytest.approx(10)
    assert metrics.class_score(np.eye(10)[[3] * 7]) == pytest.approx(1)


def test_class_score_is_the_mean_divergence() -> None:
    p = RNG.dirichlet(np.full(7, 0.3), size=2500)
    expected = np.exp(np.mean([stats.entropy(row, p.mean(axis=0)) for row in p]))
    assert metrics.class_score(p.astype(np.float32)) == pytest.approx(expected, rel=1e-5)


def test_modes_by_hand() -> None:
    """Eight images: five in mode 0, two in mode 1, one in mode 3; the data have them at 1/2, 1/4, 1/8, 1/8, 0."""
    best = np.array([0, 0, 0, 0, 0, 1, 1, 3])
    p = np.full((8, 5), 0.05)
    p[np.arange(8), best] = 0.8
    found = metrics.modes(p, np.array([0.5, 0.25, 0.125, 0.125, 0]))
    assert list(found.counts) == [5, 2, 0, 1, 0]
    assert (found.covered, found.held) == (3, 3)
    assert found.confidence == pytest.approx(0.8)
    assert found.kl == pytest.approx(5 / 8 * np.log(5 / 4))
    assert metrics.modes(p, np.array([0.25, 0.25, 0.25, 0, 0.25])).kl == np.inf


def test_a_mode_with_a_few_images_is_covered_but_not_held() -> None:
    best = np.repeat([0, 1], [97, 3])
    found = metrics.modes(np.eye(2)[best], np.array([0.5, 0.5]))
    assert (found.covered, found.held) == (2, 1)


def test_the_divergence_of_a_sample_from_the_data_itself() -> None:
    """About (K - 1)/(2 N) nats: Miller 1955."""
    best = RNG.integers(20, size=(300, 1000))
    kl = np.mean([metrics.modes(np.eye(20)[row], np.full(20, 0.05)).kl for row in best])
    assert kl == pytest.approx(19 / 2000, rel=0.05)


# ---- kernel distance


def test_kernel_distance_is_its_definition() -> None:
    def kernel(a: np.ndarray, b: np.ndarray) -> float:
        return (a @ b / 12 + 1) ** 3

    x, y = X[:30], Y[:40]
    xx = np.mean([kernel(a, b) for i, a in enumerate(x) for j, b in enumerate(x) if i != j])
    yy = np.mean([kernel(a, b) for i, a in enumerate(y) for j, b in enumerate(y) if i != j])
    xy = np.mean([kernel(a, b) for a in x for b in y])
    assert metrics.kernel_distance(x, y) == pytest.approx(xx + yy - 2 * xy, rel=1e-9)


def test_kernel_distance_in_blocks_is_the_same(monkeypatch) -> None:
    whole = metrics.kernel_distance(X, Y), metrics.overlap(X, Y)
    monkeypatch.setattr(neighbours, "ROWS", 37)
    assert metrics.kernel_distance(X, Y) == pytest.approx(whole[0], rel=1e-12)
    assert metrics.overlap(X, Y) == whole[1]


def test_kernel_distance_of_equals_is_nothing_on_average() -> None:
    parts = RNG.standard_normal((200, 2, 50, 4))
    values = [metrics.kernel_distance(*two) for two in parts]
    assert abs(np.mean(values)) < 4 * np.std(values) / np.sqrt(200)
    assert min(values) < 0


# ---- neighbours


def sklearn_radii(points: np.ndarray, k: int) -> np.ndarray:
    found = pytest.importorskip("sklearn.neighbors").NearestNeighbors(n_neighbors=k + 1).fit(points)
    return found.kneighbors(points)[0][:, -1]


@pytest.mark.parametrize("k", [1, 3, 5])
def test_overlap_is_what_scikit_learns_neighbours_give(k: int) -> None:
    around_x, around_y = sklearn_radii(X, k), sklearn_radii(Y, k)
    d = linalg.norm(X[:, None] - Y[None], axis=-1)
    inside = d <= around_x[:, None]
    found = metrics.overlap(X, Y, k)
    assert found.precision == inside.any(axis=0).mean()
    assert found.recall == (d <= around_y).any(axis=1).mean()
    assert found.density == pytest.approx(inside.sum(axis=0).mean() / k)
    assert found.coverage == inside.any(axis=1).mean()


def test_overlap_of_the_same_and_of_strangers() -> None:
    assert metrics.overlap(X, X)[:2] == (1, 1) and metrics.overlap(X, X).coverage == 1
    assert metrics.overlap(X, X + 1000) == (0, 0, 0, 0)


def test_coverage_of_equals_has_a_closed_form() -> None:
    """E[coverage] = 1 - (N-1)…(N-k) / ((2N-1)…(2N-k)), Naeem et al. 2020, section 3.3, whatever the distribution; density is 1."""
    n, k = 100, 5
    draws = [metrics.overlap(*RNG.standard_normal((2, n, 3)), k=k) for _ in range(150)]
    expected = 1 - np.prod([(n - i) / (2 * n - i) for i in range(1, k + 1)])
    assert np.mean([d.coverage for d in draws]) == pytest.approx(expected, abs=0.01)
    assert np.mean([d.density for d in draws]) == pytest.approx(1, abs=0.03)


def test_nearest_is_scikit_learns() -> None:
    oracle = pytest.importorskip("sklearn.neighbors").NearestNeighbors(n_neighbors=4).fit(X)
    distances, which = neighbours.nearest(Y, X, 4)
    expected = oracle.kneighbors(Y)
    np.testing.assert_array_equal(which, expected[1])
    np.testing.assert_allclose(distances, expected[0], rtol=1e-6)


def test_a_copy_is_found_and_is_not_its_own_neighbour() -> None:
    distances, which = neighbours.nearest(X[[7, 3]], X)
    assert list(which[:, 0]) == [7, 3] and distances.max() < 1e-5
    own, others = neighbours.nearest(X[:10], X, same=True)
    assert own.min() > 0.1 and (others[:, 0] != np.arange(10)).all()
    assert metrics.nearest_distance(X[:50], X) < 1e-5 < metrics.nearest_distance(X[:50], X, same=True)


def test_too_few_neighbours_are_refused() -> None:
    with pytest.raises(ConfigError, match="k: 5 is not allowed; it must be from 1 to 4"):
        metrics.overlap(X[:5], Y)
    with pytest.raises(ConfigError, match="k: 3 is not allowed"):
        neighbours.nearest(X, X[:3], 3, same=True)


# ---- other people's implementations, where they are installed


def test_the_same_as_torch_fidelity() -> None:
    fid, kid, isc, prc = (
        pytest.importorskip(f"torch_fidelity.metric_{name}", exc_type=ImportError)
        for name in ("fid", "kid", "isc", "prc")
    )
    import torch

    x, y = X[: len(Y)], Y
    tensors = torch.from_numpy(x), torch.from_numpy(y)
    stats_of = [{"mu": f.mean(axis=0), "sigma": np.cov(f, rowvar=False)} for f in (x, y)]
    (expected,) = fid.fid_statistics_to_metric(*stats_of, verbose=False).values()
    assert metrics.frechet_distance(x, y) == pytest.approx(expected, rel=1e-6)
    keys = {"kid_subsets": 1, "kid_subset_size": len(x), "kid_kernel": "poly", "verbose": False}
    expected = kid.kid_features_to_metric(*tensors, **keys)["kernel_inception_distance_mean"]
    assert metrics.kernel_distance(x, y) == pytest.approx(expected, rel=1e-6)
    p = RNG.dirichlet(np.full(10, 0.3), size=500)
    expected = isc.isc_features_to_metric(torch.from_numpy(np.log(p)), splits=1, shuffle=False)["inception_score_mean"]
    assert metrics.class_score(p) == pytest.approx(expected, rel=1e-6)
    keys = {"prc_neighborhood": 3, "prc_batch_size": 100, "save_cpu_ram": False, "verbose": False}
    expected = prc.prc_features_to_metric(*reversed(tensors), **keys)  # the generated ones come first there
    assert metrics.overlap(x, y, 3)[:2] == pytest.approx((expected["precision"], expected["recall"]), abs=1e-6)


def test_the_same_as_torchmetrics() -> None:
    fid = pytest.importorskip("torchmetrics.image.fid", exc_type=ImportError)
    kid = pytest.importorskip("torchmetrics.image.kid", exc_type=ImportError)
    import torch

    x, y = torch.from_numpy(X[: len(Y)]), torch.from_numpy(Y)
    expected = fid._compute_fid(x.mean(0), torch.cov(x.T), y.mean(0), torch.cov(y.T))
    assert metrics.frechet_distance(x.numpy(), Y) == pytest.approx(float(expected), rel=1e-6)
    assert metrics.kernel_distance(x.numpy(), Y) == pytest.approx(float(kid.poly_mmd(x, y)), rel=1e-6)
