"""One call for every format: what it writes, what it refuses, and that it writes all or nothing."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import av
import numpy as np
import pypdfium2
import pytest
from PIL import Image

import gan1d
from gan1d.carried import read
from gan1d.config import ConfigError
from gan1d.render.export import WRITERS, check, export, kind_of
from gan1d.render.options import FORMATS, Options

SMALL = Options(width=320, height=180, fps=10, seconds=0.5)
FILES = {"csv": ["a.csv", "a.densities.csv"]}


@pytest.fixture(scope="module")
def written(linear_run, tmp_path_factory) -> Path:
    """A folder with the run in every format."""
    folder = tmp_path_factory.mktemp("every")
    for kind in FORMATS:
        names = FILES.get(kind, [f"a.{kind}"])
        assert export(linear_run, folder / f"a.{kind}", SMALL) == [folder / name for name in names]
    return folder


def test_nothing_else_is_written(written: Path) -> None:
    assert sorted(os.listdir(written)) == sorted([*(f"a.{kind}" for kind in FORMATS), "a.densities.csv"])


def test_files_can_be_read_by_others_as_the_system_says(written: Path) -> None:
    plain = written.parent / "plain"
    plain.write_text("")
    assert {path.stat().st_mode for path in written.iterdir()} == {plain.stat().st_mode}


def test_every_file_is_what_its_name_says(written: Path, linear_run) -> None:
    for kind in ("mp4", "webm", "gif"):
        with av.open(str(written / f"a.{kind}")) as movie:
            assert sum(frame.width == 320 and frame.height == 180 for frame in movie.decode(video=0)) == 5
    assert Image.open(written / "a.png").size == (320, 180)
    page = pypdfium2.PdfDocument(written / "a.pdf")[0]
    np.testing.assert_allclose(page.get_size(), (320 * 0.72, 180 * 0.72), rtol=1e-3)  # 100 pixels an inch, 72 points
    assert (written / "a.svg").read_text("utf-8").lstrip().startswith("<?xml")
    assert (written / "a.html").read_text("utf-8").startswith("<!doctype html>")
    compile((written / "a.py").read_text("utf-8"), "a.py", "exec")
    np.testing.assert_array_equal(gan1d.load(written / "a.npz").p_gen, linear_run.p_gen)
    np.testing.assert_array_equal(json.loads((written / "a.json").read_text())["w1"], linear_run.w1)
    rows = list(csv.DictReader(io.StringIO((written / "a.csv").read_text())))
    np.testing.assert_allclose([float(row["mean"]) for row in rows], linear_run.mean)


def test_a_format_can_be_told_apart_from_the_name(linear_run, tmp_path: Path) -> None:
    assert export(linear_run, tmp_path / "picture", SMALL, kind="png") == [tmp_path / "picture"]
    assert Image.open(tmp_path / "picture").format == "PNG"
    assert [path.name for path in export(linear_run, tmp_path / "numbers", kind="csv")] == [
        "numbers",
        "numbers.densities.csv",
    ]


def test_several_runs_go_into_every_format_with_their_settings(linear_run, critic_run, tmp_path: Path) -> None:
    for kind in FORMATS:
        names = [name.replace("a.", "two.") for name in FILES.get(kind, [f"a.{kind}"])]
        out = tmp_path / names[0]
        assert export([linear_run, critic_run], out, SMALL, labels=["one", "two"]) == [
            tmp_path / name for name in names
        ]
        if kind != "csv":  # which has no place for them
            found = read(out)
            assert [run.label for run in found] == ["one", "two"]
            assert [run.config for run in found] == [linear_run.config, critic_run.config]


def test_numbers_of_several_runs(linear_run, critic_run, tmp_path: Path) -> None:
    """In each table and array as in the runs; the critic has scores, and the other has probabilities."""
    runs = {"A": linear_run, "B": critic_run}
    for kind in ("csv", "json", "npz"):
        export(list(runs.values()), tmp_path / f"two.{kind}")
    rows = list(csv.DictReader((tmp_path / "two.csv").open(encoding="utf-8")))
    told = json.loads((tmp_path / "two.json").read_text("utf-8"))["runs"]
    for i, (name, run) in enumerate(runs.items()):
        own = [row for row in rows if row["run"] == name]
        assert [int(row["iteration"]) for row in own] == run.iteration.tolist() == told[i]["iteration"]
        assert [float(row["w1"]) for row in own] == run.w1.tolist()
        assert told[i]["name"] == name and told[i]["w1"] == run.w1.tolist()
        with np.load(tmp_path / "two.npz") as file:
            assert np.array_equal(file[f"{name}_p_gen"], run.p_gen)
    assert {row["score_real"] for row in rows if row["run"] == "A"} == {""}
    assert "" not in {row["score_real"] for row in rows if row["run"] == "B"}
    points = list(csv.DictReader((tmp_path / "two.densities.csv").open(encoding="utf-8")))
    assert len(points) == linear_run.p_gen.size + critic_run.p_gen.size
    with pytest.raises(gan1d.TrajectoryError, match="several runs"):
        gan1d.load(tmp_path / "two.npz")


def test_endings() -> None:
    assert [kind_of(Path(f"x.{name}")) for name in ("MP4", "Html", "py")] == ["mp4", "html", "py"]
    for name in ("x", "x.mp5", "x.", ".mp4", "x.mp4.zip"):
        with pytest.raises(ConfigError, match=r"OUT: .* its name must end in"):
            kind_of(Path(name))
    assert set(WRITERS) == {known.kind for known in FORMATS.values()}


@pytest.mark.parametrize("runs", [0, 5])
def test_how_many_runs(runs: int) -> None:
    with pytest.raises(ConfigError, match="there must be 1 to 4"):
        check("mp4", runs=runs)


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_is_cancelled_without_a_trace(kind: str, linear_run, tmp_path: Path) -> None:
    class CancelledError(Exception):
        pass

    def cancel(done: int, total: int) -> None:
        raise CancelledError

    with pytest.raises(CancelledError):
        export(linear_run, tmp_path / f"a.{kind}", SMALL, progress=cancel)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("kind", FORMATS)
def test_a_folder_that_is_not_there(kind: str, linear_run, tmp_path: Path) -> None:
    with pytest.raises(OSError):
        export(linear_run, tmp_path / "none" / f"a.{kind}", SMALL)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("kind", [kind for kind, known in FORMATS.items() if known.kind != "movie"])
def test_progress_of_what_is_one_picture(kind: str, linear_run, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    export(linear_run, tmp_path / f"a.{kind}", SMALL, progress=lambda done, total: told.append((done, total)))
    assert told == [(0, 1), (1, 1)]
