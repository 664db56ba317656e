"""Checkpoints: whole or not there, the last and the best, damage found out, and going on as if a run had never stopped."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import jax
import numpy as np
import pytest

from gan1d.image import training
from gan1d.image.checkpoints import FOLDER, CheckpointError, Checkpoints
from gan1d.image.dataset import Dataset
from gan1d.image.devices import alone
from gan1d.image.presets import preset
from gan1d.image.recorder import read_lines, read_status
from gan1d.image.run import Best, Run, restore, train

ROOT = Path(__file__).resolve().parents[3]
TINY = preset("digits-16-dcgan", size=8, width=4, latent=3, batch=8, steps=12).replace(
    record_every=4, sample_every=6, checkpoint_every=4, evaluate_every=0
)
DATA = Dataset("random", np.random.default_rng(0).integers(0, 256, (40, 8, 8, 1), np.uint8))
TREE = {"a": {"kernel": np.arange(600, dtype=np.float32).reshape(20, 30)}, "step": np.int32(3)}


def tree(step: int) -> dict:
    return {"a": {"kernel": TREE["a"]["kernel"] + step}, "step": np.int32(step)}


def saved(out: Path, *steps: int) -> None:
    with Checkpoints(out) as kept:
        for step in steps:
            kept.save(step, training.put(tree(step), alone()))


def same(state: object, other: object) -> None:
    for a, b in zip(*map(jax.tree.leaves, (state, other)), strict=True):
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b))


def data_file(out: Path, step: int) -> Path:
    """The largest file of a checkpoint: that which holds the numbers."""
    return max((out / FOLDER / f"{step:08d}").glob("**/d/*"), key=lambda path: path.stat().st_size)


# ---- by themselves


def test_what_was_saved_is_restored(tmp_path: Path) -> None:
    saved(tmp_path, 5, 9)
    with Checkpoints(tmp_path, read_only=True) as kept:
        found = kept.restore(TREE, alone())
    assert (found.step, found.damaged, found.metrics) == (9, [], {})
    same(found.state, tree(9))


def test_the_last_two_and_the_best_are_kept(tmp_path: Path) -> None:
    """2 is the least; one that was not measured, or came out as NaN, is not the best."""
    metrics = [{"m": 2.0}, {"m": 3.0}, {}, {"m": np.nan}, {"m": 5.0}]
    with Checkpoints(tmp_path, "m") as kept:
        for step, found in enumerate(metrics, start=1):
            kept.save(step, training.put(tree(step), alone()), found)
        assert kept.steps == [1, 4, 5]
        assert kept.restore(TREE, alone(), "best").step == 1
        assert kept.restore(TREE, alone()).step == 5
    with Checkpoints(tmp_path, "m", read_only=True) as kept:
        best = kept.restore(TREE, alone(), "best")
        assert best.metrics == {"m": 2.0} and kept.steps == [1, 4, 5]
    with Checkpoints(tmp_path, "m", lower_is_better=False, read_only=True) as kept:
        assert kept.restore(TREE, alone(), "best").step == 5


def torn(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def one_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def emptied(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("harm", [torn, one_bit, emptied, Path.unlink])
def test_a_damaged_newest_one_falls_back_to_the_one_before_and_says_so(tmp_path: Path, harm: Callable) -> None:
    saved(tmp_path, 5, 9)
    harm(data_file(tmp_path, 9))
    with Checkpoints(tmp_path, read_only=True) as kept:
        found = kept.restore(TREE, alone())
        assert kept.steps == [5, 9]  # who only reads removes nothing
    assert found.step == 5 and len(found.damaged) == 1
    assert "checkpoint 9 is damaged" in found.damaged[0] and "\n" not in found.damaged[0]
    same(found.state, tree(5))
    with Checkpoints(tmp_path) as kept:  # who goes on can write it anew
        assert kept.restore(TREE, alone()).step == 5 and kept.steps == [5]
        kept.save(9, training.put(tree(9), alone()))
        assert kept.restore(TREE, alone()).step == 9


def test_where_all_are_damaged_it_is_said_in_one_line(tmp_path: Path) -> None:
    saved(tmp_path, 5, 9)
    for step in (5, 9):
        torn(data_file(tmp_path, step))
    with Checkpoints(tmp_path) as kept, pytest.raises(CheckpointError) as refused:
        kept.restore(TREE, alone())
    assert "checkpoint 5" in str(refused.value) and "\n" not in str(refused.value)
    assert (tmp_path / FOLDER / "00000005").exists()


def test_one_that_was_being_written_is_not_there(tmp_path: Path) -> None:
    saved(tmp_path, 5)
    half = tmp_path / FOLDER / "00000009.orbax-checkpoint-tmp"
    (half / "state").mkdir(parents=True)
    with Checkpoints(tmp_path) as kept:
        assert kept.restore(TREE, alone()).step == 5
    assert not half.exists()


# ---- of runs


def lines_of(run: Run) -> list[dict]:
    return [{k: v for k, v in line.items() if k != "seconds"} for line in run.lines]


@pytest.fixture(scope="module")
def never_stopped(tmp_path_factory) -> Run:  # type: ignore[no-untyped-def]
    return train(TINY, DATA, tmp_path_factory.mktemp("whole") / "run")


def files(out: Path | None) -> dict[str, bytes]:
    assert out
    return {str(p.relative_to(out)): p.read_bytes() for p in sorted(out.glob("s*/*"))}


@pytest.mark.parametrize("how", ["ctrl-c", "progress"])
def test_going_on_is_never_having_stopped(never_stopped: Run, tmp_path: Path, how: str) -> None:
    """Bit for bit: state, lines, pictures. Stopped at step 5, between two checkpoints, or by the caller at a recorded one."""

    def stop(step: int, _: int) -> None:
        if step == 8:
            if how == "progress":
                raise KeyboardInterrupt
            os.kill(os.getpid(), signal.SIGINT)

    out, said = tmp_path / "run", list[str]()
    with pytest.raises(KeyboardInterrupt):
        train(TINY.replace(checkpoint_every=5), DATA, out, stop)
    assert read_status(out)["state"] == "stopped" and read_status(out)["step"] == 8
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    again = train(TINY, DATA, out, resume=True, say=said.append)
    assert said == ["goes on from step 8"]
    same(again.state, never_stopped.state)
    assert lines_of(again) == lines_of(never_stopped)
    assert files(out) == files(never_stopped.out)
    assert read_status(out)["state"] == "done"
    finished = train(TINY, DATA, out, resume=True)
    same(finished.state, again.state)


def test_every_evaluation_has_its_line_and_its_checkpoint(never_stopped: Run, tmp_path: Path) -> None:
    config = TINY.replace(evaluate_every=5, checkpoint_every=3, evaluate_samples=2)
    found = iter((3.0, 2.0, 1.0))
    run = train(config, DATA, tmp_path, evaluate=lambda _: {"q": next(found)}, best=Best("q", lower_is_better=False))
    assert [(line["step"], line.get("metrics", {}).get("q")) for line in run.lines] == [
        (4, None),
        (5, 3.0),
        (8, None),
        (10, 2.0),
        (12, 1.0),
    ]
    plain = [line for line in lines_of(run) if line["step"] in (4, 8)]
    assert plain == lines_of(never_stopped)[:2]  # what is looked at in between changes no other line
    with Checkpoints(tmp_path, "q", lower_is_better=False, read_only=True) as kept:
        assert kept.steps == [5, 10, 12] and kept.restore(run.state, alone(), "best").step == 5


def test_ctrl_c_before_the_first_step_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gan1d.image.training.Step.go", interrupt)
    with pytest.raises(KeyboardInterrupt):
        train(TINY, DATA, tmp_path)
    assert read_status(tmp_path)["state"] == "stopped"


def test_what_came_after_the_checkpoint_is_taken_back(never_stopped: Run, tmp_path: Path) -> None:
    """The newest checkpoint is damaged: its lines and pictures go with it, and come again as they were."""
    out, said = tmp_path / "run", list[str]()
    train(TINY, DATA, out)
    torn(data_file(out, 12))
    again = train(TINY, DATA, out, resume=True, say=said.append)
    assert "checkpoint 12 is damaged" in said[0] and said[1] == "goes on from step 8"
    same(again.state, never_stopped.state)
    assert lines_of(again) == lines_of(never_stopped) and files(out) == files(never_stopped.out)


def test_a_killed_process_loses_at_most_one_interval(tmp_path: Path) -> None:
    code = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_checkpoints import DATA, TINY, train
train(TINY.replace(steps=100000, record_every=1), DATA, Path(sys.argv[1]))
"""
    out = tmp_path / "run"
    process = subprocess.Popen([sys.executable, "-c", code, str(out)], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    try:
        end = time.monotonic() + 100
        while len(read_lines(out)) < 10 and process.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
    finally:
        process.send_signal(signal.SIGKILL)
        _, errors = process.communicate()
    recorded = read_lines(out)[-1]["step"]
    assert recorded >= 10, errors
    _, state, damaged = restore(out)
    assert recorded - int(state.step) <= TINY.checkpoint_every and not damaged
    said: list[str] = []
    run = train(TINY.replace(steps=recorded + 1, record_every=1), DATA, out, resume=True, say=said.append)
    assert said == [f"goes on from step {int(state.step)}"]
    assert [line["step"] for line in run.lines] == list(range(1, recorded + 2))
