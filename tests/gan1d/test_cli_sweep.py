"""`gan1d sweep`: what is printed where, what is written, and how it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from gan1d.sweep import read

ROOT = Path(__file__).resolve().parents[2]
SMALL = ["--set", "training.iterations=100", "--set", "discriminator.hidden=[8]", "--discriminator", "plain"]
TWO = ["--vary", "training.lr_g=1e-3:1e-1:3:log", "--vary", "data.means[0]=4,6", "--seeds", "2"]
SWEEP = ["sweep", "gaussian-linear", *SMALL, *TWO]


def refused(ended: tuple[int, str, str]) -> str:
    """The one line of a refusal."""
    code, out, err = ended
    assert (code, out) == (2, "")
    assert err.startswith("gan1d: ") and err.count("\n") == 1, err
    return err


def test_json_says_what_came_out(gan1d_) -> None:
    code, out, _ = gan1d_(*SWEEP, "-o", "here", "--json")
    assert code == 0
    said = json.loads(out)
    assert list(said) == ["axes", "seeds", "shape", "outcomes", "done", "total", "seconds", "gans_per_second", "folder"]
    assert said["axes"] == [
        {"field": "training.lr_g", "values": [0.001, 0.01, 0.1]},
        {"field": "data.means[0]", "values": [4.0, 6.0]},
    ]
    assert (said["seeds"], said["shape"], said["done"], said["folder"]) == (2, [3, 2, 2], 12, "here")
    assert sum(said["outcomes"].values()) == 12 and said["seconds"] > 0 and said["gans_per_second"] > 0
    found = read("here")
    assert found.counts() == said["outcomes"]
    assert found.sweep.config.discriminator.hidden == (8,) and found.sweep.config.training.iterations == 100


def test_a_line_for_each_cell_and_a_folder_by_name(gan1d_) -> None:
    code, out, err = gan1d_(*SWEEP, "--seed", "5")
    assert code == 0 and err == ""
    lines = out.splitlines()
    assert len([line for line in lines if line.startswith("training.lr_g 0.01, data.means[0] ")]) == 2
    assert "in 100% of 2 seeds, W1 " in lines[0] and "data units" in lines[0]
    assert lines[-1].startswith(f"sweeps{os.sep}gaussian-linear-lr_g-means0: ")
    assert read("sweeps/gaussian-linear-lr_g-means0").sweep.config.training.seed == 5


def test_a_file_s_config_is_varied(gan1d_) -> None:
    Path("mine.json").write_text(json.dumps({"data": {"means": [1], "stds": [1]}}))
    code, _, _ = gan1d_("sweep", "mine.json", *SMALL[:4], "--vary", "training.loss=hinge,minimax", "--json")
    assert code == 0
    with np.load("sweeps/mine-loss/results.npz") as file:
        assert file["axis_0"].tolist() == ["hinge", "minimax"]


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["gaussian-linear"], ["--vary"]),
        (["gaussian-liner", *TWO], ["SCENARIO", "gaussian-liner", "nearest: gaussian-linear"]),
        (["gaussian-linear", "--vary", "training.lr_g=1:2"], ["training.lr_g", "1:2"]),
        (["gaussian-linear", "--vary", "training.k_d=1:2:3"], ["training.k_d", "1.5", "whole number from 1 to 10"]),
        (["gaussian-linear", *TWO[:2], "--seeds", "0"], ["seeds", "0", "whole number from 1"]),
        (["gaussian-linear", *TWO, "--device", "tpu"], ["device", "tpu", "auto, cpu, gpu"]),
        (["gaussian-linear", *TWO, "--processes", "2"], ["--coordinator", "HOST:PORT"]),
        (["gaussian-linear", *TWO, "-o", "/dev/null/x"], ["--out", "/dev/null/x", "written"]),
    ],
)
def test_bad_input_is_one_line(gan1d_, arguments: list[str], names: list[str]) -> None:
    said = refused(gan1d_("sweep", *arguments))
    assert all(name in said for name in names), said


def test_a_sweep_that_is_there_is_gone_on_with(gan1d_) -> None:
    assert gan1d_(*SWEEP, "-o", "here")[0] == 0
    assert "--resume" in refused(gan1d_(*SWEEP, "-o", "here"))
    code, out, _ = gan1d_(*SWEEP, "-o", "here", "--resume", "--json")
    assert code == 0 and json.loads(out)["done"] == 12 and json.loads(out)["gans_per_second"] == 0
    assert "another sweep" in refused(gan1d_(*SWEEP, "--seed", "1", "-o", "here", "--resume"))


@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_it_can_be_gone_on_with(tmp_path: Path, how: signal.Signals, code: int) -> None:
    folder = tmp_path / "here"
    command = [sys.executable, "-m", "gan1d", *SWEEP, "--seeds", "400", "--set", "training.iterations=3000"]
    process = subprocess.Popen([*command, "-o", str(folder)], cwd=ROOT, stdout=-1, stderr=-1, text=True)
    deadline = time.monotonic() + 100
    while time.monotonic() < deadline and process.poll() is None:
        if (folder / "sweep.json").exists() and read(folder).done:
            break
        time.sleep(0.05)
    process.send_signal(how)
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert out == "" and err == f"gan1d: stopped; --resume goes on with {folder}\n"
    found = read(folder)
    assert 0 < found.done < found.total
