"""The command line, in the user's terms: what is printed where, what is written, and how it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import gan1d
from tests.gan1d.command_line import bad

ROOT = Path(__file__).resolve().parents[2]
SMALL = ["--set", "training.iterations=40", "--set", "training.frames=4", "--set", "discriminator.hidden=[16]"]
SMALL += ["--set", "discriminator.dropout=0"]


# ---- scenarios


def test_scenarios_are_listed(gan1d_) -> None:
    code, out, _ = gan1d_("scenarios")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == list(gan1d.scenarios)


def test_scenarios_as_json(gan1d_) -> None:
    code, out, _ = gan1d_("scenarios", "--json")
    rows = json.loads(out)["scenarios"]
    assert code == 0 and {row["name"] for row in rows} == set(gan1d.scenarios)
    for row in rows:
        assert gan1d.Config.from_dict(row["config"]) == gan1d.scenarios[row["name"]].config
        assert set(row["rates"]) == {"plain", "l2", "dropout", "l2-dropout"}


# ---- train


def test_train_prints_one_json_object(gan1d_) -> None:
    code, out, err = gan1d_("train", "gaussian-linear", *SMALL, "--seed", "7", "--json")
    report = json.loads(out)
    assert code == 0 and "Traceback" not in err
    assert set(report) == {
        *("scenario", "seed", "iterations", "status", "diverged_at"),
        *("diagnosis", "metrics", "noise_floor", "best", "seconds", "compilations"),
    }
    assert (report["scenario"], report["seed"], report["iterations"]) == ("gaussian-linear", 7, 40)
    assert (report["status"], report["diverged_at"]) == ("ok", None)
    assert set(report["diagnosis"]) == {"kind", "also", "evidence"} and isinstance(report["diagnosis"]["also"], list)
    assert set(report["metrics"]) == {
        *("jsd", "kl_data_gen", "kl_gen_data", "w1", "mean", "std", "p_real_on_real", "p_real_on_fake", "value"),
        *("modes", "modes_covered"),
    }
    assert set(report["noise_floor"]) == {"mean", "std", "w1"} and set(report["best"]) <= set(report["metrics"])
    assert set(report["seconds"]) == {"compile", "train"} and report["compilations"] >= 0


def test_a_run_that_diverges_is_a_result_and_not_a_failure(gan1d_, tmp_path: Path, linear_config) -> None:
    (tmp_path / "mine.json").write_text(linear_config.to_json())
    runaway = ["lr_g=1", "lr_d=1", "beta1=0.999", "beta2=0"]
    settings = [word for s in runaway for word in ("--set", f"training.{s}")]
    code, out, _ = gan1d_("train", "mine.json", *settings, "--json")
    report = json.loads(out)
    assert code == 0 and report["status"] == "diverged" and 0 < report["diverged_at"] <= 300
    assert report["diagnosis"]["kind"] == "diverged"


def test_train_saves_what_python_would_train(gan1d_, tmp_path: Path) -> None:
    code, out, _ = gan1d_("train", "gaussian-linear", *SMALL, "--set", "data.means=[5]", "-o", "run.npz")
    assert code == 0 and os.listdir(tmp_path) == ["run.npz"]
    run = gan1d.load(tmp_path / "run.npz")
    assert run.config.data.means == (5.0,) and len(run) == 5
    np.testing.assert_array_equal(run.p_gen, gan1d.train(run.config).p_gen)
    assert out.startswith(f"{run.diagnosis.kind}: {run.diagnosis.evidence}")


def test_a_config_file_is_trained(gan1d_, tmp_path: Path, linear_config) -> None:
    (tmp_path / "mine.json").write_text(linear_config.to_json())
    code, out, _ = gan1d_("train", "mine.json", *SMALL, "--json")
    assert code == 0 and json.loads(out)["scenario"] == "mine"


def test_the_discriminator_can_be_chosen(gan1d_, tmp_path: Path) -> None:
    code, _, _ = gan1d_("train", "far-modes-linear", "--discriminator", "l2", *SMALL, "-o", "a.npz")
    assert code == 0
    assert gan1d.load(tmp_path / "a.npz").config.discriminator.l2 > 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ["gaussian-linaer"],
            "SCENARIO: 'gaussian-linaer' is not allowed; it must be a file or one of gaussian-linear",
        ),
        (["none.json"], "FILE: 'none.json' is not allowed; it must be a file that can be read"),
        (
            ["gaussian-linear", "--set", "training.lr_g=fast"],
            "training.lr_g: 'fast' is not allowed; it must be a number from 0 to 1",
        ),
        (
            ["gaussian-linear", "--set", "training.lr=1"],
            "training.lr: 1 is not allowed; there is no such field (nearest: ",
        ),
        (
            ["gaussian-linear", "--set", "training.lr_g"],
            "--set: 'training.lr_g' is not allowed; it must be FIELD=VALUE",
        ),
        (["gaussian-linear", "--set", "=3"], "is not allowed"),
        (["gaussian-linear", "--set", "data.means=[1,2]"], "data.stds: "),
        (["gaussian-linear", "--set", "training.lr_g=" + "9" * 5000], "training.lr_g: "),
        (["gaussian-linear", "--set", "data.means=" + "[" * 5000], "data.means: "),
        (
            ["gaussian-linear", "--seed", "-1"],
            "training.seed: -1 is not allowed; it must be a whole number from 0 to 2147483647",
        ),
        (["gaussian-linear", "--seed", "x"], "--seed"),
        (
            ["gaussian-linear", "--discriminator", "strong"],
            "discriminator: 'strong' is not allowed; it must be one of plain, l2",
        ),
        (["gaussian-linear", "--device", "tpu"], "device: 'tpu' is not allowed; it must be one of auto, cpu, gpu"),
        (["gaussian-linear", "-o", "run.csv"], "OUT: 'run.csv' is not allowed; its name must end in .npz"),
        (
            ["gaussian-linear", "-o", "no/where/run.npz"],
            "OUT: 'no/where/run.npz' is not allowed; there is no folder 'no/where'",
        ),
        (
            ["gaussian-linear", "-o", "folder.npz"],
            "OUT: 'folder.npz' is not allowed; it must be a file that can be written",
        ),
        (["gaussian-linear", "--nonesuch"], "--nonesuch"),
        ([], "SCENARIO|FILE"),
    ],
)
def test_bad_input_to_train_is_one_line(arguments: list[str], says: str, gan1d_, tmp_path: Path) -> None:
    (tmp_path / "folder.npz").mkdir()
    assert says in bad(gan1d_("train", *arguments))
    assert os.listdir(tmp_path) == ["folder.npz"]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"{}", b"\xff\xff", b'{"data": {"means": ["a\\u001b\\n"], "stds": [1]}}', b"[" * 99_999],
)
def test_a_bad_config_file_is_one_line(content: bytes, gan1d_, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_bytes(content)
    assert bad(gan1d_("train", "bad.json"))[:-1].isprintable()


def test_no_command_or_a_wrong_one(gan1d_) -> None:
    assert "nonesuch" in bad(gan1d_("nonesuch"))
    code, out, _ = gan1d_()
    assert code == 0 and "train" in out
    code, out, _ = gan1d_("train", "--help")
    assert code == 0 and "--set" in out


# ---- export


@pytest.mark.parametrize(
    ("out", "files"), [("a.csv", ["a.csv", "a.densities.csv"]), ("a.json", ["a.json"]), ("a.npz", ["a.npz"])]
)
def test_export_prints_the_files_it_wrote(out: str, files: list[str], gan1d_, saved: Path, tmp_path: Path) -> None:
    code, printed, _ = gan1d_("export", str(saved), out)
    assert code == 0 and printed.split() == files and sorted(os.listdir(tmp_path)) == files


def test_exported_numbers_are_the_runs(gan1d_, saved: Path, linear_run) -> None:
    gan1d_("export", str(saved), "a.json")
    content = json.loads(Path("a.json").read_text("utf-8"))
    np.testing.assert_array_equal(content["jsd"], linear_run.jsd)


@pytest.mark.parametrize("port", ["0", "70000", "x"])
def test_a_port_that_cannot_be(port: str, gan1d_) -> None:
    assert "port" in bad(gan1d_("app", "--port", port))


# ---- as a program


def program(*arguments: str, cwd: Path) -> subprocess.Popen:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "gan1d", *arguments]
    return subprocess.Popen(
        command, cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_as_a_program(tmp_path: Path) -> None:
    with program("scenarios", "--json", cwd=tmp_path) as p:
        out, err = p.communicate(timeout=60)
    assert p.returncode == 0 and json.loads(out)["scenarios"] and err == ""
    with program("train", "nonesuch", cwd=tmp_path) as p:
        out, err = p.communicate(timeout=60)
    assert bad((p.returncode, out, err))


LONG = ["training.iterations=100000", "training.k_d=10", "discriminator.hidden=[256,256]", "training.batch=256"]


def test_ctrl_c_stops_a_long_run_soon_and_leaves_nothing(tmp_path: Path) -> None:
    """Hundreds of times longer than this test waits: 10 million passes through 256 x 256 weights."""
    settings = [word for s in LONG for word in ("--set", s)]
    with program("train", "gaussian-linear", *settings, "-o", "run.npz", cwd=tmp_path) as p:
        time.sleep(7)  # long enough to import and compile: the signal should find it training
        assert p.poll() is None
        p.send_signal(signal.SIGINT)
        began = time.monotonic()
        try:
            out, err = p.communicate(timeout=100)
        finally:
            p.kill()
    assert p.returncode == 130
    assert time.monotonic() - began < 60  # a step at most, and a compilation on a busy machine
    assert out == "" and "Traceback" not in err
    assert os.listdir(tmp_path) == []


def test_a_file_that_cannot_be_written_is_one_line_and_leaves_nothing(gan1d_, saved: Path, tmp_path: Path) -> None:
    long = str(tmp_path / ("a" * 300 + ".npz"))
    assert "OUT: " in bad(gan1d_("train", "gaussian-linear", "--set", "training.iterations=5", "-o", long))
    (tmp_path / "q.densities.csv").mkdir()
    assert "OUT: " in bad(gan1d_("export", str(saved), str(tmp_path / "q.csv")))
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
