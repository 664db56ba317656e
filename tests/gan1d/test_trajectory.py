"""The record of a run: its layout, its file, and going on from it."""

import dataclasses
import io
import json
import os
import zipfile
from pathlib import Path

import jax
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gan1d
from gan1d.config import Config, ConfigError
from gan1d.trajectory import ARRAYS, Trajectory, TrajectoryError

SCALARS = """
    loss_d loss_g batch_loss_d batch_loss_g value p_real_on_real p_real_on_fake grad_norm_d grad_norm_g
    mean std jsd kl_data_gen kl_gen_data w1
""".split()


def content(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as file:
        return dict(file)


# ---- the layout


def test_numpy_alone_reads_every_array_in_its_shape(saved: Path) -> None:
    file = content(saved)
    f, x, z, k = 31, 256, 256, 2
    shapes = {
        "iteration": (f,),
        "x": (x,),
        "p_data": (x,),
        "p_gen": (f, x),
        "mass_outside": (f, 2),
        "d": (f, x),
        "d_star": (f, x),
        "z": (z,),
        "g": (f, z),
        "mode_mass": (f, k),
        **dict.fromkeys(("sample_real", "sample_fake", "sample_logit", "sample_step"), (f, 32)),
        **dict.fromkeys(SCALARS, (f,)),
    }
    assert set(file) == {*shapes, "config", "summary", "format"}
    assert {name: file[name].shape for name in shapes} == shapes
    assert file["iteration"].dtype == np.int64
    assert all(file[name].dtype.kind == "f" for name in shapes if name != "iteration")
    assert file["format"] == 1
    assert Config.from_json(str(file["config"])).training.frames == 30
    summary = json.loads(str(file["summary"]))
    assert summary["output"] == "probability" and summary["status"] == "ok" and summary["diverged_at"] is None


def test_recorded_iterations(linear_run: Trajectory) -> None:
    """Every ceil(iterations / frames), the first and the last."""
    np.testing.assert_array_equal(linear_run.iteration, np.arange(0, 301, 10))


def test_the_grid_is_uniform_and_holds_the_data(linear_run: Trajectory) -> None:
    np.testing.assert_allclose(np.diff(linear_run.x), linear_run.x[1] - linear_run.x[0])
    assert np.sum(linear_run.p_data) * (linear_run.x[1] - linear_run.x[0]) == pytest.approx(1, abs=1e-3)


def test_what_training_saw_is_not_known_before_training(linear_run: Trajectory) -> None:
    for name in ("batch_loss_d", "batch_loss_g", "grad_norm_d", "grad_norm_g"):
        values = getattr(linear_run, name)
        assert np.isnan(values[0]) and np.isfinite(values[1:]).all()


def test_probabilities_are_probabilities(linear_run: Trajectory, mlp_run: Trajectory) -> None:
    for run in (linear_run, mlp_run):
        for name in ("d", "p_real_on_real", "p_real_on_fake", "mode_mass"):
            values = getattr(run, name)
            assert np.all((values >= 0) & (values <= 1 + 1e-6)), name
        inside = np.isfinite(run.d_star)
        assert np.all((run.d_star[inside] >= 0) & (run.d_star[inside] <= 1))


def test_the_optimal_discriminator_is_bayes(linear_run: Trajectory) -> None:
    p, q = linear_run.p_data, linear_run.p_gen[7].astype(float)
    np.testing.assert_allclose(linear_run.d_star[7], p / (p + q), rtol=1e-5)


def test_noise_quantiles_and_their_images(linear_run: Trajectory) -> None:
    """z are the normal's quantiles at (i + 1/2)/Z (scipy.stats.norm.ppf); a linear G(z) = s z + m."""
    from scipy.stats import norm

    np.testing.assert_allclose(linear_run.z, norm.ppf((np.arange(256) + 0.5) / 256), atol=1e-12)
    expected = linear_run.mean[-1] + linear_run.std[-1] * linear_run.z
    np.testing.assert_allclose(linear_run.g[-1], expected, rtol=1e-5, atol=1e-5)


def test_arrays_are_read_only(linear_run: Trajectory, saved: Path) -> None:
    for run in (linear_run, gan1d.load(saved)):
        for name in ARRAYS:
            array = getattr(run, name)
            if array is not None:
                with pytest.raises(ValueError, match="read-only"):
                    array[...] = 0


def test_a_run_that_diverged_keeps_its_last_finite_state(diverged_run: Trajectory) -> None:
    at = diverged_run.summary["diverged_at"]
    assert diverged_run.summary["status"] == "diverged" and at is not None
    after = diverged_run.iteration >= at
    assert after.any() and len(diverged_run) == 31
    for name in ("p_gen", "d", "g", "mean", "std", "w1", "loss_d"):
        rows = getattr(diverged_run, name)[after]
        assert np.isfinite(rows).all() or name == "loss_d", name  # the parameters are finite; an objective may overflow
        np.testing.assert_array_equal(rows, np.broadcast_to(rows[0], rows.shape))


def test_metrics_are_the_last_states_scalars(linear_run: Trajectory) -> None:
    metrics = linear_run.metrics
    assert metrics["jsd"] == linear_run.jsd[-1] and metrics["modes"] == 2
    json.dumps(metrics, allow_nan=False)
    infinite = dataclasses.replace(linear_run, kl_data_gen=np.full(31, np.inf))
    assert infinite.metrics["kl_data_gen"] is None


def test_repr_fits_on_a_line(linear_run: Trajectory) -> None:
    assert repr(linear_run).startswith("Trajectory(31 states, iteration 0 to 300, ") and len(repr(linear_run)) < 100


# ---- the file


def test_what_is_loaded_is_what_was_saved(linear_run: Trajectory, saved: Path) -> None:
    run = gan1d.load(saved)
    assert run.config == linear_run.config and run.summary == linear_run.summary
    assert run.arrays.keys() == linear_run.arrays.keys()
    for name, array in linear_run.arrays.items():
        np.testing.assert_array_equal(run.arrays[name], array)
        assert run.arrays[name].dtype == array.dtype
    assert run.diagnosis == linear_run.diagnosis and run.metrics == linear_run.metrics


@pytest.mark.parametrize("name", ["run", "run.dat", "run.NPZ", "a b.npz"])
def test_the_file_has_the_name_that_was_given_and_nothing_lies_beside_it(
    name: str, linear_run: Trajectory, tmp_path: Path
) -> None:
    linear_run.save(tmp_path / name)
    assert os.listdir(tmp_path) == [name]
    assert len(gan1d.load(tmp_path / name)) == 31


def test_a_failure_on_the_way_leaves_the_old_file(linear_run: Trajectory, tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "run.npz"
    path.write_bytes(b"what was there before")

    def torn(file: io.BufferedWriter, **_: object) -> None:
        file.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez_compressed", torn)
    with pytest.raises(KeyboardInterrupt):
        linear_run.save(path)
    assert path.read_bytes() == b"what was there before"
    assert os.listdir(tmp_path) == ["run.npz"]


def refused(path: Path) -> str:
    with pytest.raises(TrajectoryError) as caught:
        gan1d.load(path)
    message = str(caught.value)
    assert message.startswith(str(path)) and len(message) < 600
    return message


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 0.999))
def test_a_torn_file_is_refused(share: float, saved: Path, tmp_path: Path) -> None:
    whole = saved.read_bytes()
    (tmp_path / "torn.npz").write_bytes(whole[: int(share * len(whole))])
    refused(tmp_path / "torn.npz")


@settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(places=st.lists(st.floats(0, 0.9999), min_size=1, max_size=8), value=st.integers(0, 255))
def test_a_damaged_file_is_refused_or_the_same(
    places: list[float], value: int, linear_run: Trajectory, saved: Path, tmp_path: Path
) -> None:
    damaged = bytearray(saved.read_bytes())
    for place in places:
        damaged[int(place * len(damaged))] = value
    path = tmp_path / "damaged.npz"
    path.write_bytes(damaged)
    try:
        run = gan1d.load(path)
    except TrajectoryError:
        return
    np.testing.assert_array_equal(run.p_gen, linear_run.p_gen)


@pytest.mark.parametrize("junk", [b"", b"PK", b"PK\x03\x04" + b"\0" * 100, b"\x93NUMPY", b"{}", b"\0" * 10_000])
def test_another_file_is_refused(junk: bytes, tmp_path: Path) -> None:
    (tmp_path / "other.npz").write_bytes(junk)
    refused(tmp_path / "other.npz")


def without(name: str):
    return lambda c: c.pop(name)


def with_(**changes: object):
    return lambda c: c.update({k: np.array(v) for k, v in changes.items()})


HOSTILE = {
    "an array is missing": (without("jsd"), "jsd missing"),
    "another format": (with_(format=2), "this version reads format 1"),
    "a format in words": (with_(format="1"), "this version reads format 1"),
    "formats": (with_(format=[1, 1]), "this version reads format 1"),
    "a config that is none": (with_(config="{}"), "data"),
    "a config in numbers": (with_(config=[1, 2]), "JSON"),
    "a config not allowed": (with_(config='{"data": {"means": [1e9], "stds": [1]}}'), "data.means"),
    "a summary that is none": (with_(summary="[]"), "summary"),
    "an empty summary": (with_(summary="{}"), "summary"),
    "a summary not in JSON": (with_(summary="{"), "fit"),
    "a deep summary": (with_(summary="[" * 100_000), "fit"),
    "no states": (lambda c: c.update(iteration=np.zeros(0, int)), "nothing is recorded"),
    "too few states": (lambda c: c.update(jsd=c["jsd"][:-1]), "jsd"),
    "words for numbers": (with_(mean=["a"] * 31), "mean"),
    "a number for states": (with_(iteration=3), "fit"),
    "states out of order": (lambda c: c.update(iteration=c["iteration"][::-1]), "count up"),
    "fractions of iterations": (lambda c: c.update(iteration=c["iteration"] + 0.5), "count up"),
    "other modes": (lambda c: c.update(mode_mass=c["mode_mass"][:, :1]), "mode_mass"),
    "complex numbers": (lambda c: c.update(std=c["std"] + 1j), "std"),
    "pickled objects": (lambda c: c.update(std=np.array([{}] * 31, object)), "pickle"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_file_that_is_no_run_is_refused_with_the_reason(case: str, saved: Path, tmp_path: Path) -> None:
    change, says = HOSTILE[case]
    arrays = content(saved)
    change(arrays)
    np.savez(tmp_path / "hostile.npz", **arrays)
    assert says in refused(tmp_path / "hostile.npz")


def test_a_file_that_would_unpack_to_gigabytes_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("x.npy", "w", force_zip64=True) as entry,
    ):
        for _ in range(600):
            entry.write(b"\0" * 1024 * 1024)
    assert "too large" in refused(path)


def test_a_header_that_claims_a_huge_array_is_refused(tmp_path: Path) -> None:
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000000,), }"
    header += b" " * (128 - 10 - len(header) - 1) + b"\n"
    with zipfile.ZipFile(tmp_path / "huge.npz", "w") as archive:
        archive.writestr("x.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    refused(tmp_path / "huge.npz")


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        gan1d.load(tmp_path / "none.npz")


# ---- going on


def same(a: object, b: object) -> bool:
    leaves = (
        [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(a)],
        [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(b)],
    )
    return leaves[0] == leaves[1]


@pytest.mark.parametrize("iteration", [0, 1, 137, 150, 299, 300])
def test_a_loaded_run_replays_the_state_that_the_run_had(iteration: int, linear_run: Trajectory, saved: Path) -> None:
    kept, replayed = linear_run.state_at(iteration), gan1d.load(saved).state_at(iteration)
    assert int(kept.iteration) == int(replayed.iteration) == iteration
    assert same(kept, replayed)


def test_going_on_equals_never_having_stopped(linear_run: Trajectory, saved: Path) -> None:
    config = linear_run.config
    for run in (linear_run, gan1d.load(saved)):
        rest = gan1d.train(config.replace(**{"training.frames": 15}), start=run.state_at(150), iterations=150)
        np.testing.assert_array_equal(rest.iteration, linear_run.iteration[15:])
        for name, whole in linear_run.arrays.items():
            values = rest.arrays[name]
            if whole.ndim and len(whole) == 31:
                # what training saw since the state before is not known at the first one
                first = 1 if np.isnan(values[0]).any() and name != "d_star" else 0
                np.testing.assert_array_equal(values[first:], whole[15 + first :], err_msg=name)
        assert same(rest.state_at(300), linear_run.state_at(300))


@pytest.mark.parametrize("iteration", [-1, 301, 1.5, True, float("nan"), float("inf"), None, "7"])
def test_an_iteration_that_the_run_does_not_have(iteration: object, linear_run: Trajectory) -> None:
    with pytest.raises(ValueError, match=r"^iteration: .* whole number from 0 to 300$"):
        linear_run.state_at(iteration)  # type: ignore[arg-type]


@pytest.mark.parametrize("count", [0, -1, 1.5, True, float("nan"), float("inf"), "7", 10**9])
def test_an_impossible_number_of_iterations(count: object, linear_config: Config) -> None:
    with pytest.raises(ConfigError, match=r"^iterations: .* whole number from 1 to 100000$"):
        gan1d.train(linear_config, iterations=count)  # type: ignore[arg-type]


def test_a_start_of_other_networks_is_refused(linear_run: Trajectory) -> None:
    with pytest.raises(ConfigError, match=r"^start: "):
        gan1d.train(linear_run.config.replace(**{"discriminator.hidden": [8]}), start=linear_run.state_at(0))
