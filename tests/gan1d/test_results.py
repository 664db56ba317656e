"""What a sweep found: shares, medians, and its folder, whole, torn, or written while it is read."""

import json
import threading
from pathlib import Path

import numpy as np
import pytest

from gan1d.axes import Axis, Sweep
from gan1d.config import Config, ConfigError
from gan1d.results import METRICS, NUMBERS, OUTCOMES, SETTINGS, Results, SweepError, read

CONVERGED, COLLAPSED, DIVERGED = (OUTCOMES.index(name) for name in ("converged", "mode collapse", "diverged"))


@pytest.fixture
def sweep() -> Sweep:
    config = Config.from_dict({"data": {"means": [-2, 3], "stds": [1, 1]}})
    return Sweep(
        config, (Axis.parse("training.lr_g=0.1,0.2"), Axis.parse("training.loss=hinge,minimax,wasserstein")), 4
    )


@pytest.fixture
def results(sweep: Sweep) -> Results:
    """The first cell whole, two of the second's four seeds, no more."""
    made = Results.empty(sweep)
    rows = np.full((6, 1 + len(METRICS)), np.nan, np.float32)
    rows[:, 0] = [CONVERGED, DIVERGED, CONVERGED, COLLAPSED, COLLAPSED, CONVERGED]
    rows[:, 1 + METRICS.index("w1")] = [1, 2, 3, 10, 5, 7]
    rows[:, 1 + METRICS.index("kl_data_gen")] = np.inf
    made.put(np.arange(6), rows)
    return made


def test_nothing_is_done_at_first(sweep: Sweep) -> None:
    empty = Results.empty(sweep)
    assert (empty.shape, empty.done, empty.total, empty.counts()) == ((2, 3, 4), 0, 24, {})
    assert (empty.most() == -1).all() and np.isnan(empty.shares()).all() and np.isnan(empty.median("w1")).all()


def test_drawn_together_over_the_seeds(results: Results) -> None:
    assert results.done == 6
    assert results.counts() == {"diverged": 1, "mode collapse": 2, "converged": 3}
    shares = results.shares()
    assert shares.shape == (2, 3, len(OUTCOMES))
    assert shares[0, 0, [CONVERGED, DIVERGED, COLLAPSED]].tolist() == [0.5, 0.25, 0.25]
    assert shares[0, 1, [CONVERGED, COLLAPSED]].tolist() == [0.5, 0.5]
    assert np.isnan(shares[1]).all()
    assert results.most().tolist() == [[CONVERGED, COLLAPSED, -1], [-1, -1, -1]]
    median = results.median("w1")
    assert median[0, :2].tolist() == [2.5, 6.0] and np.isnan(median[1]).all()
    assert results.median("kl_data_gen")[0, 0] == np.inf
    with pytest.raises(ConfigError, match="wasserstein"):
        results.median("wasserstein")


def test_a_folder_holds_what_was_saved(results: Results, tmp_path: Path) -> None:
    results.save(tmp_path)
    again = read(tmp_path)
    assert again.sweep == results.sweep
    assert np.array_equal(again.outcome, results.outcome)
    assert all(np.array_equal(again.metrics[name], results.metrics[name], equal_nan=True) for name in METRICS)


def test_the_folder_is_read_with_numpy_and_json_alone(results: Results, tmp_path: Path) -> None:
    results.save(tmp_path)
    settings = json.loads((tmp_path / "sweep.json").read_text())
    assert settings["config"]["data"]["means"] == [-2, 3] and settings["seeds"] == 4
    assert settings["axes"][0] == {"field": "training.lr_g", "values": [0.1, 0.2]}
    assert (settings["done"], settings["total"]) == (6, 24)
    with np.load(tmp_path / "results.npz", allow_pickle=False) as file:
        assert file["axis_0"].tolist() == [0.1, 0.2]
        assert file["axis_1"].tolist() == ["hinge", "minimax", "wasserstein"]
        names = file["outcomes"]
        assert names[file["outcome"][0, 0, 0]] == "converged"
        assert file["w1"].shape == (2, 3, 4) and file["w1"][0, 0].tolist() == [1, 2, 3, 10]
        assert file["outcome"][1, 2, 3] == -1 and np.isnan(file["w1"][1, 2, 3])


def test_begun_and_nothing_written_yet(results: Results, tmp_path: Path) -> None:
    results.save(tmp_path)
    (tmp_path / NUMBERS).unlink()
    assert read(tmp_path).done == 0


def test_no_sweep_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(tmp_path)


@pytest.mark.parametrize("name", [SETTINGS, NUMBERS])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 0.99])
def test_a_torn_file_is_one_clear_line(results: Results, tmp_path: Path, name: str, share: float) -> None:
    results.save(tmp_path)
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(SweepError, match=name) as refused:
        read(tmp_path)
    assert "\n" not in str(refused.value)


def test_a_file_of_something_else_is_refused(results: Results, tmp_path: Path) -> None:
    results.save(tmp_path)
    with np.load(tmp_path / NUMBERS) as file:
        content = dict(file)
    broken = {
        "do not fit": content | {"w1": content["w1"][:1]},
        "this version": content | {"outcomes": content["outcomes"][::-1]},
        "do not  fit": content | {"outcome": content["outcome"].astype(float)},
        "this  version": content | {"outcome": content["outcome"] + np.int8(50)},
        "damaged": {name: values for name, values in content.items() if name != "w1"},
    }
    for words, arrays in broken.items():
        np.savez(tmp_path / NUMBERS, **arrays)
        with pytest.raises(SweepError, match=" ".join(words.split())):
            read(tmp_path)
    for settings in (
        "[]",
        "{}",
        '{"format": 2}',
        '{"format": 1}',
        '{"format": 1, "config": 1, "axes": [], "seeds": 1}',
    ):
        (tmp_path / SETTINGS).write_text(settings)
        with pytest.raises(SweepError, match=SETTINGS):
            read(tmp_path)


def test_who_reads_while_it_is_written_sees_whole_files(results: Results, tmp_path: Path) -> None:
    results.save(tmp_path)
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            results.save(tmp_path)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert {read(tmp_path).done for _ in range(50)} == {6}
    finally:
        stop.set()
        writer.join()
