"""`gan1d export`, and `gan1d train` of what it wrote, as somebody at a terminal sees them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

import gan1d
from gan1d import carried
from gan1d.history import Part, play
from gan1d.render.options import FORMATS
from gan1d.training import train
from tests.gan1d.command_line import bad

ROOT = Path(__file__).resolve().parents[2]
SMALL = ["--size", "320x180", "--fps", "5", "--seconds", "0.6"]


@pytest.fixture(scope="module")
def other(linear_config, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "other.npz"
    train(linear_config.replace(**{"training.seed": 8})).save(path)
    return path


@pytest.mark.parametrize("kind", [kind for kind in FORMATS if kind != "csv"])
def test_train_reads_every_exported_file_back(kind: str, gan1d_, saved: Path, linear_run) -> None:
    options = SMALL if FORMATS[kind].kind == "movie" else []
    code, out, _ = gan1d_("export", str(saved), f"a.{kind}", *options)
    assert (code, out) == (0, f"a.{kind}\n")
    code, out, _ = gan1d_("train", f"a.{kind}", "--json", "-o", "again.npz")
    report = json.loads(out)
    assert code == 0 and report["scenario"] == "a" and report["metrics"] == linear_run.metrics
    again = gan1d.load("again.npz")
    assert again.config == linear_run.config
    np.testing.assert_array_equal(again.p_gen, linear_run.p_gen)


def test_options_are_those_of_the_command_line(gan1d_, saved: Path) -> None:
    code, _, _ = gan1d_(
        "export", str(saved), "a.mp4", "--size", "640×360", "--fps", "12.5", "--seconds", "2", "--title", "T"
    )
    assert code == 0
    with av.open("a.mp4") as movie:
        stream = movie.streams.video[0]
        assert (stream.width, stream.height, stream.frames, float(stream.average_rate)) == (640, 360, 25, 12.5)
        assert movie.metadata["title"] == "T"
    strip = [
        "--states",
        "4",
        "--size",
        "800x300",
        "--dpi",
        "200",
        "--theme",
        "print",
        "--layers",
        "real, generated",
        "--transparent",
    ]
    code, _, _ = gan1d_("export", str(saved), "a.png", *strip, "--no-caption", "--from", "10", "--to", "200")
    picture = Image.open("a.png")
    assert code == 0 and picture.size == (800, 300) and picture.mode == "RGBA"
    assert picture.info["dpi"] == pytest.approx((200, 200), abs=0.1)
    assert np.asarray(picture)[0, 0, 3] == 0


def test_runs_side_by_side_and_one_of_them_trained_again(gan1d_, saved: Path, other: Path) -> None:
    code, _, _ = gan1d_("export", str(saved), str(other), "two.svg", "--label", "first", "--label", "second")
    assert code == 0
    assert [run.label for run in carried.read("two.svg")] == ["first", "second"]
    code, out, _ = gan1d_("train", "two.svg", "--run", "b", "--json")
    assert code == 0 and json.loads(out)["seed"] == 8
    said = bad(gan1d_("train", "two.svg"))
    assert "--run: None is not allowed; two.svg carries several runs; it must be one of A (first), B (second)" in said
    assert "--run: 'C' is not allowed; it must be one of A, B" in bad(gan1d_("train", "two.svg", "--run", "C"))
    code, _, _ = gan1d_("export", "two.svg", "again.py")  # both, with their labels
    assert code == 0 and carried.read("again.py") == carried.read("two.svg")


def test_a_scenario_is_exported_as_it_ships(gan1d_, monkeypatch) -> None:
    monkeypatch.setattr("gan1d.carried.train", lambda *_: pytest.fail("it was trained"))
    code, _, _ = gan1d_("export", "divergence", "a.npz")
    assert code == 0
    shipped = gan1d.load(ROOT / "gan1d" / "assets" / "divergence.npz")
    np.testing.assert_array_equal(gan1d.load("a.npz").p_gen, shipped.p_gen)


def test_a_config_is_trained_and_exported(gan1d_, linear_config, linear_run) -> None:
    Path("mine.json").write_text(linear_config.to_json())
    code, _, err = gan1d_("export", "mine.json", "a.npz", "--progress", "json")
    assert code == 0
    np.testing.assert_array_equal(gan1d.load("a.npz").p_gen, linear_run.p_gen)
    told = [json.loads(line) for line in err.splitlines()]
    assert {line["text"] for line in told} == {"training the run of mine", "writing a.npz"}
    assert told[-1]["done"] == told[-1]["total"] == 1


def test_a_run_of_several_parts(gan1d_, linear_config) -> None:
    """A saved one has not all that its picture needs: it is trained again, and so is what it was exported to."""
    config = linear_config.replace(**{"training.iterations": 60, "training.frames": 6})
    run = play([Part(config, 30), Part(config.replace(**{"data.means": [-5, 4]}), 60)])
    run.save("parts.npz")
    assert gan1d_("export", "parts.npz", "a.png")[0] == 0
    assert [part.until for part in carried.read("a.png")[0].parts] == [30, 60]
    code, _, _ = gan1d_("train", "a.png", "-o", "again.npz")
    assert code == 0
    np.testing.assert_array_equal(gan1d.load("again.npz").p_gen, run.p_gen)
    assert gan1d.load("again.npz").summary["seams"] == [30]
    said = bad(gan1d_("train", "a.png", "--set", "training.iterations=9"))
    assert "a run of several parts is as long as they are" in said
    assert "several parts" in bad(gan1d_("sweep", "a.png", "--vary", "training.lr_g=0.1,0.2"))


def test_a_run_that_went_on_from_another_is_said_to(gan1d_, linear_run) -> None:
    train(linear_run.config, start=linear_run.state_at(100), iterations=50).save("went.npz")
    code, _, err = gan1d_("train", "went.npz", "--json")
    assert code == 0 and "went went on from iteration 100 of another run" in err
    assert gan1d_("export", "went.npz", "went.png")[0] == 0


def test_settings_change_what_is_read(gan1d_, saved: Path) -> None:
    gan1d_("export", str(saved), "a.gif", *SMALL)
    code, _, _ = gan1d_("train", "a.gif", "--set", "training.iterations=40", "--seed", "3", "-o", "b.npz")
    config = gan1d.load("b.npz").config
    assert code == 0 and (config.training.iterations, config.training.seed) == (40, 3)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["RUN", "a.doc"], "OUT: 'a.doc' is not allowed; its name must end in .mp4, .webm"),
        (["RUN", "a.mp"], "(nearest: mp4)"),
        (["RUN", "no/a.mp4"], "OUT: 'no/a.mp4' is not allowed; there is no folder 'no'"),
        (["RUN", "folder.mp4"], "OUT: 'folder.mp4' is not allowed; it must be a file that can be written"),
        (["RUN", "/proc/a.mp4"], "OUT: '/proc/a.mp4' is not allowed; it must be a file that can be written"),
        (["RUN", "/proc/a.svg"], "OUT: '/proc/a.svg' is not allowed; it must be a file that can be written"),
        (["none.npz", "a.mp4"], "FILE: 'none.npz' is not allowed; it must be a file that can be read (No such file"),
        (["torn.npz", "a.mp4"], "FILE: 'torn.npz' is not allowed; it is not a run saved by gan1d, or a torn one"),
        (["half.npz", "a.mp4"], "half.npz: not a run saved by gan1d: g missing"),
        (["no-such-scenario", "a.mp4"], "SCENARIO: 'no-such-scenario' is not allowed; it must be a file or one of"),
        (
            ["folder.mp4", "a.mp4"],
            "FILE: 'folder.mp4' is not allowed; it must be a file that can be read (Is a directory",
        ),
        (["RUN", "RUN", "RUN", "RUN", "RUN", "a.mp4"], "RUN: 5 is not allowed; there must be 1 to 4 runs"),
        (["RUN"], "Missing argument"),
        (
            ["RUN", "a.mp4", "--size", "640"],
            "--size: '640' is not allowed; it must be WIDTHxHEIGHT in pixels, as in 1280x720",
        ),
        (["RUN", "a.mp4", "--size", "641x361"], "--size: '641x361' is not allowed; both must be even for a movie"),
        (["RUN", "a.mp4", "--size", "1000000x100"], "--size: 1000000 is not allowed"),
        (["RUN", "a.mp4", "--size", "-2x100"], "--size: '-2x100' is not allowed"),
        (["RUN", "a.mp4", "--fps", "0"], "--fps: 0.0 is not allowed"),
        (["RUN", "a.mp4", "--fps", "nan"], "--fps: nan is not allowed"),
        (["RUN", "a.mp4", "--seconds", "900"], "--seconds: 900.0 is not allowed"),
        (["RUN", "a.mp4", "--from", "9999"], "--from: 9999 is not allowed; the run goes from iteration 0 to 300"),
        (["RUN", "a.png", "--at", "9999"], "--at: 9999 is not allowed; the run goes from iteration 0 to 300"),
        (["RUN", "a.png", "--states", "99"], "--states: 99 is not allowed"),
        (["RUN", "a.mp4", "--layers", "nonesuch"], "--layers: 'nonesuch' is not allowed; it must be names from"),
        (["RUN", "a.mp4", "--theme", "pink"], "--theme: 'pink' is not allowed; it must be light or dark or print"),
        (["RUN", "a.mp4", "--transparent"], "--transparent: True is not allowed"),
        (["RUN", "a.csv", "--label", "a" * 161], "it must be printable text of at most 160 letters"),
        (["RUN", "a.py", "--label", "a\x01b"], "it must be printable text of at most 160 letters"),
        (
            ["RUN", "a.png", "--label", "a", "--label", "b"],
            "--label: ['a', 'b'] is not allowed; there must be one for each of the 1 runs",
        ),
        (["RUN", "a.png", "--caption", "x", "--no-caption"], "--caption: 'x' is not allowed"),
        (["RUN", "a.png", "--progress", "xml"], "--progress: 'xml' is not allowed; it must be json"),
        (["RUN", "a.png", "--nonesuch"], "--nonesuch"),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_written(
    arguments: list[str], says: str, gan1d_, saved: Path, tmp_path: Path
) -> None:
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "torn.npz").write_bytes(saved.read_bytes()[:20_000])
    with np.load(saved) as whole:
        np.savez(tmp_path / "half.npz", **{name: whole[name] for name in whole.files if name != "g"})
    before = sorted(os.listdir(tmp_path))
    if any(word.startswith("/proc") for word in arguments) and not Path("/proc").is_dir():
        pytest.skip("no folder here that nobody can write to")
    assert says in bad(gan1d_("export", *[str(saved) if word == "RUN" else word for word in arguments]))
    assert sorted(os.listdir(tmp_path)) == before


# ---- as a program


def program(*arguments: str, cwd: Path) -> subprocess.Popen:
    command = [sys.executable, "-m", "gan1d", "export", *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(cwd)}
    return subprocess.Popen(
        command,
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def in_session(session: int) -> list[str]:
    """Commands of the processes of a session."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == session and fields[0] != "Z":
                found.append((process / "cmdline").read_text())
        except OSError:
            continue
    return found


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("kind", ["mp4", "gif"])
def test_a_stopped_export_leaves_no_file_and_no_process(
    number: int, code: int, kind: str, saved: Path, tmp_path: Path
) -> None:
    """Stopped when it says that it is on its way: minutes before it would end."""
    options = ["--size", "1920x1080", "--fps", "10", "--seconds", "300", "--progress", "json"]
    with program(str(saved), f"a.{kind}", *options, cwd=tmp_path) as p:
        try:
            assert p.stderr is not None
            told: dict[str, int] = {"done": 0}
            while told["done"] < 5:
                told = json.loads(p.stderr.readline())
            assert told["total"] == 3000 and p.poll() is None
            os.killpg(p.pid, number)  # as a terminal does: the encoder hears it too
            began = time.monotonic()
            out, err = p.communicate(timeout=60)
        finally:
            p.kill()
    assert p.returncode == code and out == "" and "Traceback" not in err
    assert time.monotonic() - began < 30  # a picture at most, on a busy machine
    assert os.listdir(tmp_path) == []
    if Path("/proc/self").exists():
        assert in_session(p.pid) == []


def test_progress_is_told_ten_times_a_second_at_most(saved: Path, tmp_path: Path) -> None:
    with program(str(saved), "a.mp4", *SMALL[:2], "--seconds", "4", "--progress", "json", cwd=tmp_path) as p:
        assert p.stderr is not None
        lines = []
        for line in p.stderr:
            lines.append((time.monotonic(), json.loads(line)))
        assert p.wait() == 0
    assert [line["total"] for _, line in lines] == [120] * len(lines)
    done = [line["done"] for _, line in lines]
    assert done[0] == 0 and done[-1] == 120 and done == sorted(done)
    assert len(lines) <= 2 + 10 * (lines[-1][0] - lines[0][0]) + 1
    assert os.listdir(tmp_path) == ["a.mp4"]
