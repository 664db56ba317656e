"""CSV and JSON: the same numbers as the arrays, readable by anything."""

import csv
import json
import os
from pathlib import Path

import numpy as np
import pytest

import gan1d
from gan1d.config import ConfigError
from gan1d.tables import FORMATS, export


def rows(path: Path) -> tuple[list[str], np.ndarray]:
    with path.open(newline="", encoding="utf-8") as file:
        head, *body = csv.reader(file)
    return head, np.array(body, float)


def test_csv_has_a_row_a_state_and_a_column_a_scalar(linear_run, tmp_path: Path) -> None:
    written = export(linear_run, tmp_path / "run.csv")
    assert written == [tmp_path / "run.csv", tmp_path / "run.densities.csv"]
    head, body = rows(written[0])
    assert body.shape == (31, len(head)) and len(set(head)) == len(head)
    for name in ("iteration", "loss_d", "loss_g", "value", "mean", "std", "jsd", "kl_data_gen", "kl_gen_data", "w1"):
        np.testing.assert_array_equal(body[:, head.index(name)], getattr(linear_run, name))
    np.testing.assert_array_equal(body[:, head.index("mode_mass_1")], linear_run.mode_mass[:, 1])
    np.testing.assert_array_equal(body[:, head.index("mass_right")], linear_run.mass_outside[:, 1])


def test_the_second_csv_has_the_densities(linear_run, tmp_path: Path) -> None:
    export(linear_run, tmp_path / "run.csv")
    head, body = rows(tmp_path / "run.densities.csv")
    assert head == ["iteration", "x", "p_data", "p_gen", "d", "d_star"]
    assert body.shape == (31 * 256, 6)
    at = body[body[:, 0] == 100]
    np.testing.assert_array_equal(at[:, 1], linear_run.x)
    np.testing.assert_array_equal(np.float32(at[:, 3]), linear_run.p_gen[10])
    np.testing.assert_array_equal(np.float32(at[:, 4]), linear_run.d[10])


def test_json_has_every_array_and_no_nan(diverged_run, tmp_path: Path) -> None:
    export(diverged_run, tmp_path / "run.json")

    def refuse(word: str) -> None:
        raise AssertionError(word)

    content = json.loads((tmp_path / "run.json").read_text("utf-8"), parse_constant=refuse)
    assert set(content) == {"config", "summary", "diagnosis", *diverged_run.arrays}
    assert content["diagnosis"]["kind"] == "diverged"
    assert content["batch_loss_d"][0] is None
    assert gan1d.Config.from_dict(content["config"]) == diverged_run.config
    for name in ("iteration", "mean", "p_gen"):
        np.testing.assert_array_equal(np.array(content[name], float), np.asarray(getattr(diverged_run, name), float))


def test_npz_is_the_saved_run(linear_run, tmp_path: Path) -> None:
    export(linear_run, tmp_path / "copy.npz")
    np.testing.assert_array_equal(gan1d.load(tmp_path / "copy.npz").p_gen, linear_run.p_gen)


@pytest.mark.parametrize("name", ["run", "run.txt", "run.xlsx", ".csv"])
def test_another_ending_is_refused(name: str, linear_run, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^OUT: .* its name must end in \.npz, \.csv, \.json$"):
        export(linear_run, tmp_path / name)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("ending", FORMATS)
def test_a_failure_on_the_way_leaves_what_was_there(ending: str, linear_run, tmp_path: Path, monkeypatch) -> None:
    out = tmp_path / f"run.{ending}"
    out.write_text("before")

    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez_compressed", fail)
    monkeypatch.setattr(json, "dumps", fail)
    monkeypatch.setattr(csv, "writer", fail)
    with pytest.raises(KeyboardInterrupt):
        export(linear_run, out)
    assert out.read_text() == "before" and os.listdir(tmp_path) == [out.name]
