"""What training keeps, piece by piece, is observed and measured as it would be at once, in its order."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import gan1d
from gan1d import algorithm, draws, training
from gan1d.config import Config, structure
from gan1d.data import target
from gan1d.recorder import Recorder

ROOT = Path(__file__).parents[2]
CONFIG = Config.from_dict(
    {
        "data": {"means": [-2, 3], "stds": [1, 0.5]},
        "discriminator": {"hidden": [8, 8], "dropout": 0.5},
        "training": {"batch": 8, "iterations": 40, "frames": 40},
    }
)


def recorder_of(config: Config) -> Recorder:
    data, where = target(config.data), training.grid_of(config)
    return Recorder(config, data, where, training.points_of(data, where))


def filled(config: Config, stops: Sequence[int], but: int = 0) -> Recorder:
    """A recorder of a run that is trained as far as each stop in turn, a state recorded after every iteration."""
    s, n, recorder = structure(config), draws.numbers(config), recorder_of(config)
    state, total = algorithm.begin(s, n), training.NOTHING
    for due, until in pairwise((0, *stops)):
        plan = algorithm.Plan.of(until, due + (due > 0), 40, 1)
        state, total, kept = algorithm.run(s, n, state, total, plan)
        recorder.add(kept)
        recorder.wait(but)
    return recorder


@pytest.mark.parametrize("but", [0, 2, 9])
def test_pieces_are_bit_for_bit_the_whole(but: int) -> None:
    whole, pieces = (filled(CONFIG, stops, but).rows(41) for stops in ((40,), (1, 2, 30, 30, 40)))
    for one, other in zip(whole, pieces, strict=True):
        assert one.keys() == other.keys()
        for name in one:
            assert len(one[name]) == 41
            np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def test_the_rows_are_those_of_a_run() -> None:
    rows, density = filled(CONFIG, (17, 40)).rows(41)
    run = gan1d.train(CONFIG)
    for name in ("d", "sample_real", "sample_step", "batch_loss_d"):
        np.testing.assert_array_equal(np.float32(getattr(run, name)), rows[name], err_msg=name)
    np.testing.assert_array_equal(run.w1, density["w1"])


def test_the_last_state_stands_for_those_that_are_not_there() -> None:
    rows, density = filled(CONFIG, (5,)).rows(41)
    assert len(rows["d"]) == len(density["mean"]) == 41
    assert (rows["d"][6:] == rows["d"][5]).all() and (density["mean"][6:] == density["mean"][5]).all()
    assert (rows["d"][4] != rows["d"][5]).any()


@pytest.mark.parametrize("frames", [1, 63, 64, 65, 384, 385, 600])
def test_any_number_of_states_comes_whole(frames: int) -> None:
    """Around the room of a piece, and of six: every state is there, once, and the checkpoints are states of the run."""
    config = CONFIG.replace(**{"training.iterations": 600, "training.frames": frames})
    run = gan1d.train(config)
    stride = -(-600 // frames)
    np.testing.assert_array_equal(run.iteration, [*range(0, 600, stride), 600])
    assert np.isfinite(run.d).all() and np.isfinite(run.p_gen).all()
    moved = np.abs(np.diff(run.mean))
    assert (moved > 0).mean() > 0.9  # no state is there twice
    kept = [at for at, _ in run.checkpoints]
    assert kept[0] == 0 and kept[-1] == 600 and len(set(kept)) == len(kept) and set(kept) <= set(run.iteration)
    assert all(int(state.iteration) == at for at, state in run.checkpoints)


ALONE = """
import os, sys
from pathlib import Path
from gan1d import algorithm, config, data, draws, programs, recording, training
programs.for_single_runs()
import jax, numpy as np

def waits():
    lines = [line for path in Path("/proc/self/task").glob("*/status") for line in path.read_text().splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt_switches"))

c = config.Config.from_json(os.environ["CONFIG"])
s, n, points = config.structure(c), draws.numbers(c), training.points_of(data.target(c.data), training.grid_of(c))
plan = algorithm.Plan.of(63, 0, 63, 1)
kept = jax.tree.map(np.asarray, algorithm.run(s, n, *(algorithm.begin(s, n), training.NOTHING), plan)[-1])
with jax.default_device(programs.beside()):
    jax.block_until_ready(recording.observed(s, kept, points))
    before = waits()
    for _ in range(10):
        jax.block_until_ready(recording.observed(s, kept, points))
print((waits() - before) / 10 / int(kept.count))
"""
"""How often a thread waits for another for each state that is observed."""


@pytest.mark.parametrize("kind", ["linear", "mlp"])
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="Linux alone tells")
def test_states_are_observed_without_threads_that_wait_for_each_other(kind: str) -> None:
    """A few times for each piece, not for each state: with kernels that copy what the host has, it was up to once for each."""
    environment = {name: value for name, value in os.environ.items() if not name.endswith("NPROC")}
    environment |= {"CONFIG": Config(data=CONFIG.data).replace(**{"generator.kind": kind}).to_json()}
    own = [sys.executable, "-c", ALONE]
    done = subprocess.run(own, capture_output=True, text=True, check=True, env=environment, cwd=ROOT)
    assert float(done.stdout) < 0.2
