"""What the player is handed: its data contract (gan1d/player), checked on runs that went well and on runs that did not."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import gan1d
from gan1d import player
from gan1d.data import target
from gan1d.render.captions import captions
from gan1d.render.captions import text as sentences
from gan1d.render.frames import fingerprint, frames

RUNS = ["linear_run", "mlp_run", "diverged_run", "lost_run"]
SHIPPED = sorted((Path(gan1d.__file__).parent / "assets").glob("*.npz"))


@pytest.fixture(params=RUNS)
def run(request):
    return request.getfixturevalue(request.param)


def test_arrays_are_flat_float32_of_the_contracts_lengths(run) -> None:
    meta, arrays = frames(run)
    f, x = meta["frames"], meta["grid"]
    assert (f, x) == run.p_gen.shape
    lengths = {"x": x, "p_data": x, "p_gen": f * x, "d": f * x, "iteration": f, "mass_outside": f * 2}
    lengths |= {s["key"]: f for c in meta["curves"] for s in c["series"]}
    assert {name: len(a) for name, a in arrays.items()} == lengths
    for array in arrays.values():
        assert array.dtype == np.float32 and array.ndim == 1 and array.flags.c_contiguous
    np.testing.assert_array_equal(arrays["p_gen"].reshape(f, x), run.p_gen)
    np.testing.assert_array_equal(arrays["iteration"], run.iteration)


def test_meta_is_json_and_has_every_key_of_the_contract(run) -> None:
    meta, _ = frames(run)
    assert json.loads(json.dumps(meta, allow_nan=False))["frames"] == len(run)
    assert set(meta) == {
        *("format", "run", "frames", "grid", "output", "duration", "density_max", "status", "diverged_at"),
        *("captions", "optimum_d", "curves", "text"),
    }
    for key in meta:
        assert key in (player.__doc__ or ""), f"{key} is not in the contract"
    assert meta["format"] == 1 and meta["optimum_d"] == 0.5
    assert 6 <= meta["duration"] <= 8
    assert meta["status"] == run.summary["status"] and meta["diverged_at"] == run.summary["diverged_at"]
    assert meta["text"] == player.text()


def test_curves_have_titles_roles_and_finite_ranges(run) -> None:
    meta, arrays = frames(run)
    assert [c["id"] for c in meta["curves"]] == ["d_says", "mean", "std", "losses", "jsd", "w1"]
    for curve in meta["curves"]:
        low, high = curve["range"]
        assert np.isfinite([low, high]).all() and low < high
        assert curve["title"] and curve["unit"] and curve["help"]
        for series in curve["series"]:
            assert series["role"] in {"real", "generated", "d", "neutral"} and series["label"]
        for reference in curve["references"]:
            assert low <= reference["value"] <= high and reference["label"]
        usual = np.concatenate([arrays[s["key"]] for s in curve["series"]])
        usual = usual[np.isfinite(usual)]
        assert np.mean((usual >= low) & (usual <= high)) > 0.97


def test_references_are_the_datas_own(linear_run) -> None:
    curves = {c["id"]: c for c in frames(linear_run)[0]["curves"]}
    data = target(linear_run.config.data)
    assert curves["mean"]["references"][0]["value"] == pytest.approx(data.mean)
    assert curves["std"]["references"][0]["value"] == pytest.approx(data.std)
    assert [r["value"] for r in curves["losses"]["references"]] == pytest.approx([2 * np.log(2), np.log(2)])
    assert curves["jsd"]["range"] == pytest.approx([0, np.log(2)])


def test_the_density_axis_holds_the_data(run) -> None:
    meta, arrays = frames(run)
    assert np.isfinite(meta["density_max"])
    assert arrays["p_data"].max() < meta["density_max"] <= 2.6 * arrays["p_data"].max()


def test_captions_start_at_the_first_state_and_go_on_in_order(run) -> None:
    found = captions(run)
    starts = [first for first, _ in found]
    assert starts[0] == 0 and starts == sorted(set(starts)) and starts[-1] < len(run)
    assert all(isinstance(first, int) for first, _ in found)
    for _, sentence in found:
        assert sentence.endswith(".") and "{" not in sentence
    assert all(a[1] != b[1] for a, b in pairwise(found))


def test_a_run_that_diverged_says_so_where_it_does(diverged_run) -> None:
    at = diverged_run.summary["diverged_at"]
    first, sentence = captions(diverged_run)[-1]
    assert sentence == sentences()["diverged"].format(at=at)
    assert diverged_run.iteration[first] >= at > diverged_run.iteration[first - 1]


def test_a_generator_that_left_the_picture_is_outside_of_it(lost_run) -> None:
    _, arrays = frames(lost_run)
    outside = arrays["mass_outside"].reshape(-1, 2).sum(axis=1)
    assert outside[-1] > 0.99
    assert np.isfinite(arrays["p_gen"]).all() and np.isfinite(arrays["mean"]).all()


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_a_shipped_run_is_small_on_the_wire(path: Path) -> None:
    run = gan1d.load(path)
    meta, arrays = frames(run)
    size = sum(a.nbytes for a in arrays.values()) + len(json.dumps(meta))
    assert run.p_gen.shape == (351, 256)
    assert size <= 800_000


def test_there_are_shipped_runs() -> None:
    assert {"gaussian-linear", "near-modes-linear", "far-modes-linear"} <= {p.stem for p in SHIPPED}


def test_equal_runs_have_one_name_and_others_another(linear_run, lost_run, tmp_path: Path) -> None:
    linear_run.save(tmp_path / "run.npz")
    assert fingerprint(gan1d.load(tmp_path / "run.npz")) == fingerprint(linear_run) != fingerprint(lost_run)


@pytest.mark.parametrize("iterations", [2100, 10_000])
def test_no_sentence_is_said_too_early(iterations: int) -> None:
    """The densities are not said to match while their means are apart, nor to be as before training after it has begun."""
    run = gan1d.train(gan1d.scenarios["gaussian-linear"].config.replace(**{"training.iterations": iterations}))
    said = captions(run)
    assert [first for first, _ in said][:2] == [0, 1] and said[0][1].startswith("Before training")
    match = next(first for first, sentence in said if sentence.startswith("The densities match"))
    assert abs(run.mean[match] - 15) < 1.5 and run.jsd[match] < 0.005
