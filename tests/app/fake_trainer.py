"""Stands in for `gan1d image train`: writes the files of a run, a step at a time, without training anything.

Called as the real one, in a job's folder: it counts to --steps; SIGINT ends it with 130.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gan1d.fields import parse_value
from gan1d.image.config import ImageConfig
from gan1d.image.presets import PRESETS
from gan1d.image.recorder import Recorder, read_status

SLEEP = float(os.environ.get("FAKE_SLEEP", "0.05"))
"""Seconds a step."""
RATE = 20.0
"""Steps a second, as it says."""
N = 32
"""Scores of each kind."""


def write_run(out: Path, config: ImageConfig, steps: Sequence[int], modes: tuple[int, ...] = ()) -> None:
    """A run's folder: a record, a grid and scores at each step; `modes` covered, of ten, at the last ones."""
    recorder = Recorder(out, config)
    recorder.begin(0)
    for step in steps:
        write_step(recorder, step)
    for step, covered in zip(steps[len(steps) - len(modes) :], modes, strict=True):
        evaluation = {
            "step": step,
            "extractor": "digits classifier",
            "samples": 1000,
            "metrics": {"frechet_distance": {"value": 100.0 / (step + 1), "baseline": 0.5}},
            "modes": 10,
            "modes_covered": covered,
        }
        with (out / "evaluations.jsonl").open("a") as file:
            file.write(json.dumps(evaluation) + "\n")


def write_step(recorder: Recorder, step: int) -> None:
    """What a step leaves behind; every step's picture is another one."""
    rng = np.random.default_rng([recorder.config.seed, step])
    scores = {"score_real": 0.5, "score_fake": -0.5, "slope": 1.1}
    losses = {"loss_d": 1.0 + rng.random(), "loss_g": 0.7, "penalty": 0.0}
    recorder.line({"step": step, "seconds": step / RATE} | losses | scores)
    images = np.zeros((64, *recorder.config.shape), np.uint8)
    images[:, :: 1 + step % 7] = rng.integers(50, 255)
    recorder.grid(step, images)
    recorder.seen(step, real=rng.normal(1, 1, N), fake=rng.normal(-1, 1, N), slopes=rng.normal(1.1, 0.1, N))
    recorder.tell("running", step, RATE, step / RATE)


def main() -> int:
    """As `gan1d image train`."""
    parser = argparse.ArgumentParser()
    for name in ("model", "data", "size", "steps", "seed", "out"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--resume", action="store_true")
    given = parser.parse_args()
    changes = {n: parse_value(v) for n, _, v in (part.partition("=") for part in given.set)}
    config = PRESETS[given.model].replace(
        data=given.data, size=int(given.size), steps=int(given.steps), seed=int(given.seed), **changes
    )
    out = Path(given.out)
    step = read_status(out).get("step", -1) if given.resume else -1
    recorder = Recorder(out, config)
    recorder.begin(max(step, 0))
    try:
        while step < config.steps:
            time.sleep(SLEEP)
            step += 1
            write_step(recorder, step)
    except KeyboardInterrupt:
        recorder._told = 0.0  # the last word is always said
        recorder.tell("stopped", step, RATE, step / RATE)
        return 130
    recorder.tell("done", step, RATE, step / RATE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
