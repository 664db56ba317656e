"""What the player is handed: its data contract (gan1d/player), checked on runs that went well and on runs that did not."""

import json
from pathlib import Path

import numpy as np
import pytest

import gan1d
from gan1d import player
from gan1d.data import target
from gan1d.render.axes import optimum
from gan1d.render.frames import fingerprint, frames
from gan1d.render.packing import unpack

SCORES = ["least_squares_run", "hinge_run", "critic_run"]
RUNS = ["linear_run", "mlp_run", "diverged_run", "lost_run", *SCORES]
SHIPPED = sorted((Path(gan1d.__file__).parent / "assets").glob("*.npz"))


@pytest.fixture(params=RUNS)
def run(request):
    return request.getfixturevalue(request.param)


def rows(arrays: dict[str, np.ndarray], name: str) -> np.ndarray:
    """A packed array (F, …) as the player reads it."""
    return unpack(arrays[name], arrays[f"{name}_ends"])


def test_arrays_are_flat_and_of_the_contracts_types_and_lengths(run) -> None:
    meta, arrays = frames(run)
    f, x, z, s = (meta[name] for name in ("frames", "grid", "noise_points", "samples"))
    assert (f, x) == run.p_gen.shape and s == 32 and z == 64
    samples = ["sample_real", "sample_fake", "sample_logit", "sample_step"]
    samples += ["sample_other"] * (meta["output"] == "probability")
    assert meta["packed"] == ["p_gen", "d", "g", *samples]
    packed = {"p_gen": f * x, "d": f * x, "g": f * z} | dict.fromkeys(samples, f * s)
    lengths = {"x": x, "p_data": x, "iteration": f, "mass_outside": f * 2, "z": z, "z_cdf": z, "ideal": z}
    lengths |= {s["key"]: f for c in meta["curves"] for s in (*c["series"], *(c["batch"] or {"series": []})["series"])}
    lengths |= {f"{name}_ends": 2 * f for name in packed}
    assert {name: len(a) for name, a in arrays.items()} == lengths | packed
    for name, array in arrays.items():
        assert array.dtype == (np.uint16 if name in packed else np.float32), name
        assert array.ndim == 1 and array.flags.c_contiguous
    largest = run.p_gen.max(axis=1, keepdims=True)
    assert (np.abs(rows(arrays, "p_gen") - run.p_gen) <= 1e-5 * largest).all()
    np.testing.assert_array_equal(arrays["iteration"], run.iteration)


def test_the_ideal_map_makes_the_data(run) -> None:
    """F(ideal(z)) = P(noise <= z), F the data's distribution function."""
    meta, arrays = frames(run)
    data = target(run.config.data)
    np.testing.assert_allclose(data.cdf(arrays["ideal"].astype(float)), arrays["z_cdf"], atol=1e-5)
    assert meta["parts"] == [0]


def test_a_run_of_parts_has_the_data_of_each(linear_config) -> None:
    from gan1d.history import Part, play

    run = play([Part(linear_config, 100), Part(linear_config.replace(**{"data.means": [6, 9]}), 300)])
    meta, arrays = frames(run)
    assert meta["parts"] == [0, 10]
    p = arrays["p_data"].reshape(2, -1)
    np.testing.assert_allclose(p[0], run.parts[0][1].p_data, rtol=1e-6, atol=1e-30)
    assert run.x[p[1].argmax()] > 5 > run.x[p[0].argmax()]
    assert p.max() < meta["density_max"]


def test_meta_is_json_and_has_every_key_of_the_contract(run) -> None:
    meta, _ = frames(run)
    assert json.loads(json.dumps(meta, allow_nan=False))["frames"] == len(run)
    assert set(meta) == {
        *("packed", "parts", "loss", "noise_points", "samples", "layers", "events", "equations"),
        *("format", "run", "frames", "grid", "output", "duration", "density_max", "d_range", "d_axis", "d_name"),
        *("status", "diverged_at", "captions", "outcome", "optimum_d", "curves", "text"),
    }
    for key in meta:
        assert key in (player.__doc__ or ""), f"{key} is not in the contract"
    assert meta["format"] == 2 and meta["output"] == run.summary["output"]
    assert meta["outcome"] == {"kind": run.diagnosis.kind, "evidence": run.diagnosis.evidence}
    assert 6 <= meta["duration"] <= 8
    assert meta["status"] == run.summary["status"] and meta["diverged_at"] == run.summary["diverged_at"]
    assert meta["text"] == player.text()


@pytest.mark.parametrize("name", SCORES)
def test_a_score_has_an_axis_and_units_of_its_own(name: str, request) -> None:
    run = request.getfixturevalue(name)
    meta, arrays = frames(run)
    low, high = meta["d_range"]
    there = run.p_data > 0.05 * run.p_data.max()
    d = rows(arrays, "d")[:, there]
    assert np.mean((d >= low) & (d <= high)) > 0.95
    assert (
        high - low < 20 * np.quantile(np.ptp(d, axis=1), 0.9) + 4
    )  # and the line is not flattened by a few wild states
    assert "probability" not in meta["d_axis"] and meta["d_axis"] != frames(run)[0]["text"]["d"]
    units = {c["id"]: c["unit"] for c in meta["curves"]}
    assert units["d_says"] == "score" and units["losses"] in ("score", "squared score")
    losses = next(c for c in meta["curves"] if c["id"] == "losses")
    assert len(losses["references"]) == sum(optimum(run)[k] is not None for k in ("loss_d", "loss_g"))


def test_a_critic_is_drawn_from_its_mean_on_the_data(critic_run) -> None:
    """What a constant added to it would change is not shown: its mean over the data is 0, by quadrature on the grid."""
    meta, arrays = frames(critic_run)
    d = rows(arrays, "d")
    assert meta["optimum_d"] is None and "mean on real" in meta["d_axis"]
    on_data = d @ critic_run.p_data / critic_run.p_data.sum()
    assert np.abs(on_data).max() < 0.01 * np.abs(d).max()


def test_label_smoothing_moves_the_optimum_line(linear_config, hinge_run) -> None:
    """With a share a of the real data called generated, D ends at (1 - a)/2, the best reply to equal densities (Salimans et al. 2016)."""
    smooth = linear_config.replace(**{"training.label_smoothing": 0.2, "training.iterations": 40})
    meta, _ = frames(gan1d.train(smooth))
    assert meta["optimum_d"] == pytest.approx(0.4)
    assert frames(hinge_run)[0]["optimum_d"] == -1.0


def test_the_density_axis_holds_the_data(run) -> None:
    meta, arrays = frames(run)
    assert np.isfinite(meta["density_max"])
    assert arrays["p_data"].max() < meta["density_max"] <= 2.6 * arrays["p_data"].max()


def test_a_generator_that_left_the_picture_is_outside_of_it(lost_run) -> None:
    _, arrays = frames(lost_run)
    outside = arrays["mass_outside"].reshape(-1, 2).sum(axis=1)
    assert outside[-1] > 0.99
    assert np.isfinite(rows(arrays, "p_gen")).all() and np.isfinite(arrays["mean"]).all()


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_a_shipped_run_is_small_on_the_wire(path: Path) -> None:
    run = gan1d.load(path)
    meta, arrays = frames(run)
    size = sum(a.nbytes for a in arrays.values()) + len(json.dumps(meta))
    assert len(run) <= 351 and run.p_gen.shape[1] == 256
    assert size <= 800_000


def test_there_are_shipped_runs() -> None:
    assert {"gaussian-linear", "near-modes-linear", "far-modes-linear"} <= {p.stem for p in SHIPPED}


def test_equal_runs_have_one_name_and_others_another(linear_run, lost_run, tmp_path: Path) -> None:
    linear_run.save(tmp_path / "run.npz")
    assert fingerprint(gan1d.load(tmp_path / "run.npz")) == fingerprint(linear_run) != fingerprint(lost_run)
