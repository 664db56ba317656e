"""gan1d in a process of its own, as the command line and the app run it: `python -m benchmarks.peers.ours CASE`.

Beside PyTorch in one process each library's idle threads slow the other's. The process writes a line of seconds by stage for every line
that it reads, and waits meanwhile.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

import jax

import gan1d
from benchmarks.machine import ROOT
from benchmarks.peers.cases import CASES
from benchmarks.timing import Stages
from gan1d import algorithm, draws, programs, recording, training
from gan1d.config import Config, structure
from gan1d.data import target

STAGES = ("training", "recording", "metrics")
"""Training alone; with about 335 states recorded; and with every exact metric of them."""


class Ours:
    """The other end: gan1d's own process for a case."""

    def __init__(self, name: str):
        command = [sys.executable, "-m", "benchmarks.peers.ours", name]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self) -> Stages:
        """Seconds of one more run of each stage."""
        assert self._process.stdin and self._process.stdout
        print(file=self._process.stdin, flush=True)
        found: Stages = json.loads(self._process.stdout.readline())
        return found

    def close(self) -> None:
        """Ends the process."""
        self._process.communicate()


def stages(config: Config) -> Stages:
    """Seconds by stage. All stages is the public call, which measures what is recorded while it goes on training."""
    found = []
    for observing in (False, True):
        began = time.perf_counter()
        trained(config, observing)
        found.append(time.perf_counter() - began)
    began = time.perf_counter()
    run = gan1d.train(config)
    found.append(time.perf_counter() - began)
    assert run.compilations == 0
    return dict(zip(STAGES, found, strict=True))


def trained(config: Config, observing: bool) -> Any:
    """A run to its end, nothing measured; observing its recorded states, or recording none but the last."""
    s, n, last = structure(config), draws.numbers(config), config.training.iterations
    stride = -(-last // config.training.frames) if observing else last
    points = training.points_of(target(config.data), training.grid_of(config))
    state, total = algorithm.begin(s, n), training.NOTHING
    rows, due = [], 0
    for until in training.pieces(0, last, stride):
        state, total, kept = algorithm.run(s, n, state, total, algorithm.Plan.of(until, due, last, stride))
        due = min(until + stride, last)
        if observing:
            rows.append(recording.observed(s, kept, points))
    return jax.device_get((state, rows))


def main() -> None:
    """Compiles, then answers line by line until there are no more."""
    config = CASES[sys.argv[1]].config
    programs.for_single_runs()
    gan1d.train(config)
    for _ in sys.stdin:
        print(json.dumps(stages(config)), flush=True)


if __name__ == "__main__":
    main()
