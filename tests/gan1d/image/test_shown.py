"""What the presets must show on two cores of a CPU: digits that can be read, all of them, in the time that somebody waits for them.

The bounds and the seeds stood here before the runs; presets are chosen by other seeds. The clock runs from the start of a process to the
generator: imports, data, compiling count; judging does not.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gan1d.image.data import load
from gan1d.image.extractor import extractor
from gan1d.image.metrics import Modes, modes
from gan1d.image.presets import preset

ROOT = Path(__file__).resolve().parents[3]
MINUTE = 60.0
TRAIN = """
import json, os, sys, time
began = time.perf_counter()
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
import numpy as np
from gan1d.image import training
from gan1d.image.presets import preset
from gan1d.image.run import train
config = preset(sys.argv[1], seed=int(sys.argv[2]), evaluate_every=0)
run = train(config, device="cpu")
took = time.perf_counter() - began
np.save(sys.argv[4], training.as_bytes(run.sample(training.noise(config, "evaluation", int(sys.argv[3])))))
print(json.dumps({"seconds": took, "status": run.status["state"]}))
"""


def drawn(name: str, seed: int, count: int, folder: Path) -> tuple[Modes, float]:
    """Trains a preset in a process of its own, as it ships, and judges what it draws: the modes and the seconds."""
    path = folder / "drawn.npy"
    done = subprocess.run(
        [sys.executable, "-c", TRAIN, name, str(seed), str(count), str(path)],
        cwd=ROOT,
        env=os.environ | {"JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["status"] == "done", told
    config = preset(name)
    data = load(config.data, config.size, config.channels)
    found = modes(extractor(data).see(np.load(path)).probabilities, data.weights)
    print(
        f"\n{name}, seed {seed}: {told['seconds']:.0f} s; {count} samples: mean confidence {found.confidence:.3f}, "
        f"{found.covered} of {len(found.counts)} modes"
    )
    return found, told["seconds"]


@pytest.mark.deep
@pytest.mark.timeout(0)
@pytest.mark.parametrize("seed", [3, 4, 5])
def test_dcgan_draws_every_digit_legibly_within_90_seconds(seed: int, tmp_path: Path) -> None:
    found, seconds = drawn("digits-16-dcgan", seed, 2000, tmp_path)
    assert found.confidence >= 0.9 and found.covered == 10
    assert seconds <= 90


@pytest.mark.deep
@pytest.mark.timeout(0)
@pytest.mark.parametrize("seed", [0, 1])
def test_wgan_gp_draws_every_digit_legibly_at_32_pixels_within_15_minutes(seed: int, tmp_path: Path) -> None:
    found, seconds = drawn("digits-32-wgan-gp", seed, 2000, tmp_path)
    assert found.confidence >= 0.9 and found.covered == 10
    assert seconds <= 15 * MINUTE


@pytest.mark.deep
@pytest.mark.timeout(0)
@pytest.mark.parametrize("seed", [0, 1])
def test_stacked_digits_are_of_nearly_all_thousand_kinds_within_5_minutes(seed: int, tmp_path: Path) -> None:
    found, seconds = drawn("stacked-16-dcgan", seed, 26_000, tmp_path)
    assert found.covered >= 950 and len(found.counts) == 1000
    assert seconds <= 5 * MINUTE
