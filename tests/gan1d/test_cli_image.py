"""`gan1d image`: a tiny run trained, sampled, measured and animated from the command line, and what it says of bad input."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gan1d import cli

TINY = (
    "--size 8 --steps 12 --set width=4 --set latent=4 --set batch=16 --set sample_every=4 --set record_every=4".split()
)
TINY += "--set evaluate_every=12 --set evaluate_samples=40 --set checkpoint_every=12".split()


@pytest.fixture
def gan1d(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs a command within this process: (exit code, stdout, stderr)."""
    monkeypatch.setattr("signal.signal", lambda *_: None)

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["gan1d", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A folder of a finished tiny run, and what the command printed."""
    out = tmp_path_factory.mktemp("image") / "run"
    command = [sys.executable, "-m", "gan1d", "image", "train", "--out", str(out), "--json", *TINY]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stderr
    return out, json.loads(done.stdout)


def test_training_says_how_it_went_and_measures_beside_real_images(trained: tuple[Path, dict[str, Any]]) -> None:
    out, report = trained
    assert (report["status"], report["step"], report["steps"], report["model"]) == ("done", 12, 12, "digits-16-dcgan")
    metrics = report["last"]["metrics"]
    assert {"frechet_distance", "frechet_distance_baseline", "modes_covered", "modes"} <= set(metrics)
    assert metrics["modes"] == 10
    assert metrics["frechet_distance"] > metrics["frechet_distance_baseline"]  # twelve steps teach nothing
    assert sorted(path.name for path in (out / "samples").iterdir()) == [f"step-{i:08d}.png" for i in (0, 4, 8, 12)]


def test_samples_are_drawn_alike_from_one_seed(
    trained: tuple[Path, dict[str, Any]], gan1d: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        code, printed, said = gan1d(
            "image", "sample", trained[0], "-o", tmp_path / f"{name}.npz", "--samples", 5, "--seed", seed
        )
        assert (code, printed.strip()) == (0, str(tmp_path / f"{name}.npz")), said
    a, b, c = (np.load(tmp_path / f"{name}.npz")["images"] for name in "abc")
    assert a.shape == (5, 8, 8, 1) and a.dtype == np.uint8
    assert np.array_equal(a, b) and not np.array_equal(a, c)
    assert gan1d("image", "sample", trained[0], "-o", tmp_path / "grid.png")[0] == 0
    with Image.open(tmp_path / "grid.png") as grid:
        assert min(grid.size) >= 64  # 8 x 8 images of 8 pixels


def test_evaluate_names_extractor_samples_and_baselines(
    trained: tuple[Path, dict[str, Any]], gan1d: Callable[..., tuple[int, str, str]]
) -> None:
    code, printed, said = gan1d("image", "evaluate", trained[0], "--samples", 60, "--json")
    assert code == 0, said
    found = json.loads(printed)
    assert found["samples"] == 60 and found["modes"] == 10 and 0 <= found["modes_covered"] <= 10
    assert "digits" in found["extractor"] and "inception" not in found["extractor"].lower()
    assert not {"fid", "is"} & set(found["metrics"])  # those names are Inception-v3's
    assert all({"value", "baseline"} <= set(value) for value in found["metrics"].values())


def test_animate_shows_every_grid(
    trained: tuple[Path, dict[str, Any]], gan1d: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    code, printed, said = gan1d("image", "animate", trained[0], tmp_path / "all.gif", "--json")
    assert code == 0, said
    assert json.loads(printed)["frames"] == 4
    with Image.open(tmp_path / "all.gif") as movie:
        assert movie.n_frames == 4  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train", "--model", "dcgam"], ["model", "'dcgam'", "dcgan"]),
        (["train", "--size", "48"], ["size", "48", "64"]),
        (["train", "--set", "lr_g"], ["--set", "'lr_g'", "FIELD=VALUE"]),
        (["train", "--set", "lrg=1"], ["lrg", "lr_g"]),
        (["train", "--data", "digitz"], ["data", "'digitz'", "digits"]),
        (["sample", "/nowhere", "-o", "a.png"], ["DIR", "'/nowhere'"]),
        (["sample", "/nowhere", "-o", "a.bmp"], ["OUT", "'a.bmp'", ".png"]),
        (["sample", "/nowhere", "-o", "a.png", "--samples", "0"], ["--samples", "0", "from 1"]),
        (["animate", "/nowhere", "a.gif"], ["DIR", "'/nowhere'"]),
        (["evaluate", "/nowhere"], ["DIR", "'/nowhere'"]),
    ],
)
def test_bad_input_is_one_line(
    arguments: list[str],
    words: list[str],
    gan1d: Callable[..., tuple[int, str, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, printed, said = gan1d("image", *arguments)
    lines = [line for line in said.splitlines() if line.startswith("gan1d:")]
    assert (code, printed) == (2, "") and len(lines) == 1, said
    assert all(word in lines[0] for word in words), lines[0]
    assert not list(tmp_path.iterdir())


def test_a_run_is_not_written_over(
    trained: tuple[Path, dict[str, Any]], gan1d: Callable[..., tuple[int, str, str]]
) -> None:
    code, _, said = gan1d("image", "train", "--out", trained[0], *TINY)
    assert code == 2 and "resume" in said
    code, _, said = gan1d("image", "train", "--out", trained[0], "--resume", *TINY, "--set", "width=8")
    assert code == 2 and "width" in said
