"""A sweep: into a folder, stopped, killed, gone on with; nothing is done twice and nothing is torn."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import gan1d
from gan1d.config import Config, ConfigError
from gan1d.lanes import LANES
from gan1d.sweep import LOCK, OUTCOMES, Axis, Results, Sweep, SweepError, read, run

ROOT = Path(__file__).resolve().parents[2]
CONFIG = Config.from_dict(
    {
        "data": {"means": [-2, 3], "stds": [1, 0.7], "weights": [2, 1]},
        "discriminator": {"hidden": [8]},
        "training": {"iterations": 100, "frames": 100, "lr_g": 0.05},
    }
)
SWEEP = Sweep(CONFIG, (Axis.parse("training.lr_g=1e-3:1:5:log"), Axis.parse("training.lr_d=0.01,0.1")), 3)


def same(a: Results, b: Results) -> bool:
    return np.array_equal(a.outcome, b.outcome) and all(
        np.array_equal(a.metrics[name], b.metrics[name], equal_nan=True) for name in a.metrics
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """The folder of the sweep, finished in one go."""
    folder = tmp_path_factory.mktemp("sweeps") / "deep" / "whole"
    run(SWEEP, folder)
    return folder


class StopError(Exception):
    pass


def stop_at(least: int):
    """A progress that cancels once so many GANs are done, and what it was told."""
    told: list[tuple[int, int]] = []

    def progress(done: int, total: int) -> None:
        told.append((done, total))
        if done >= least:
            raise StopError

    return progress, told


def test_every_gan_has_an_outcome_and_metrics(whole: Path) -> None:
    found = read(whole)
    assert found.sweep == SWEEP and (found.done, found.total) == (30, 30)
    assert (found.outcome >= 0).all() and np.isfinite(found.metrics["w1"]).all()
    assert sum(found.counts().values()) == 30


def test_any_cell_is_trained_again_from_its_config(whole: Path) -> None:
    """The picture of a cell is the run that was counted: to rounding, which a hundred iterations do not amplify."""
    found = read(whole)
    for index, seed in (((0, 0), 0), ((3, 1), 2)):
        trajectory = gan1d.train(SWEEP.cell(index, seed))
        place = (*index, seed)
        assert OUTCOMES[found.outcome[place]] == trajectory.diagnosis.kind
        for name in ("w1", "mean", "std", "jsd", "value", "p_real_on_fake"):
            assert found.metrics[name][place] == pytest.approx(trajectory.metrics[name], rel=1e-2, abs=1e-3), name


def test_progress_counts_gans(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    run(SWEEP, tmp_path, progress=lambda done, total: told.append((done, total)))
    assert told[0] == (0, 30) and told[-1] == (30, 30)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_cancelled_it_goes_on_where_it_was(whole: Path, tmp_path: Path) -> None:
    progress, told = stop_at(8)
    with pytest.raises(StopError):
        run(SWEEP, tmp_path, progress=progress)
    done = read(tmp_path).done
    assert 8 <= done < 30 and done == told[-1][0]
    again: list[tuple[int, int]] = []
    found = run(SWEEP, tmp_path, resume=True, progress=lambda *now: again.append(now))
    assert again[0] == (done, 30), "what was there is not trained again"
    assert same(found, read(whole)) and same(found, read(tmp_path))


def test_finished_there_is_nothing_left_to_do(whole: Path) -> None:
    told: list[tuple[int, int]] = []
    assert same(run(SWEEP, whole, resume=True, progress=lambda *now: told.append(now)), read(whole))
    assert set(told) == {(30, 30)}


def test_resuming_what_never_began_begins_it(tmp_path: Path) -> None:
    small = Sweep(CONFIG, (Axis("training.lr_g", (0.1, 0.2)),))
    assert run(small, tmp_path / "new", resume=True).done == 2


def test_folders_of_something_else_are_refused(whole: Path, tmp_path: Path) -> None:
    other = Sweep(CONFIG, SWEEP.axes, 4)
    for sweep, resume, words in ((SWEEP, False, "30 of 30 done; go on with --resume"), (other, True, "another sweep")):
        with pytest.raises(SweepError, match=words):
            run(sweep, whole, resume=resume)
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(SweepError, match="an empty one"):
        run(SWEEP, tmp_path)
    with pytest.raises(SweepError, match="must be a folder"):
        run(SWEEP, tmp_path / "notes.txt")
    assert os.listdir(tmp_path) == ["notes.txt"]


def test_damaged_results_are_said_and_not_overwritten(tmp_path: Path) -> None:
    small = Sweep(CONFIG, (Axis("training.lr_g", (0.1, 0.2)),))
    run(small, tmp_path)
    torn = (tmp_path / "results.npz").read_bytes()[:500]
    (tmp_path / "results.npz").write_bytes(torn)
    with pytest.raises(SweepError, match=r"results\.npz: .*damaged"):
        run(small, tmp_path, resume=True)
    assert (tmp_path / "results.npz").read_bytes() == torn


def test_one_process_writes_a_folder(tmp_path: Path) -> None:
    progress, _ = stop_at(1)
    refused: list[str] = []

    def second(done: int, total: int) -> None:
        if not refused:
            with pytest.raises(SweepError) as e:
                run(SWEEP, tmp_path, resume=True)
            refused.append(str(e.value))
        progress(done, total)

    with pytest.raises(StopError):
        run(SWEEP, tmp_path, progress=second)
    assert "another process" in refused[0]
    assert run(SWEEP, tmp_path, resume=True).done == 30  # the lock went with its holder


def test_a_bad_device_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="device"):
        run(SWEEP, tmp_path, device="tpu")


def test_killed_it_goes_on_where_it_was(tmp_path: Path) -> None:
    """kill -9 in the middle: whole files, and none of what is in them is done again."""
    large = Sweep(CONFIG.replace(**{"training.iterations": 3000}), (Axis.parse("training.lr_g=0.01:0.1:40"),), 8)
    code = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import json
from gan1d.sweep import Sweep, run
run(Sweep.from_dict(json.load(sys.stdin)), {str(tmp_path)!r})
"""
    import json

    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, text=True)
    assert process.stdin
    process.stdin.write(json.dumps(large.to_dict()))
    process.stdin.close()
    deadline = time.monotonic() + 100
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if read(tmp_path).done:
                break
        except FileNotFoundError:
            time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    (tmp_path / ".results-leftover.npz").write_bytes(b"half")
    kept = read(tmp_path)
    assert 0 < kept.done < large.total
    told: list[tuple[int, int]] = []
    progress, told = stop_at(kept.done + 2 * LANES["cpu"])
    with pytest.raises(StopError):
        run(large, tmp_path, resume=True, progress=progress)
    assert told[0] == (kept.done, large.total)
    after = read(tmp_path)
    there = kept.outcome >= 0
    assert after.done > kept.done and np.array_equal(after.outcome[there], kept.outcome[there])
    assert np.array_equal(after.metrics["w1"][there], kept.metrics["w1"][there])
    assert sorted(os.listdir(tmp_path)) == [LOCK, "results.npz", "sweep.json"]


def test_read_while_it_is_written(tmp_path: Path) -> None:
    """As a page that draws rows as they arrive does."""
    seen: list[int] = []
    stop = threading.Event()

    def watch() -> None:
        while not stop.is_set():
            if (tmp_path / "sweep.json").exists():
                seen.append(read(tmp_path).done)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        run(SWEEP, tmp_path)
    finally:
        stop.set()
        watcher.join()
    assert seen and seen == sorted(seen)


def test_results_are_read_without_jax() -> None:
    code = "import sys; from gan1d.sweep import Axis, Sweep, read, run; print('jax' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "False", done.stderr
