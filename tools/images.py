"""The runs on images that ship, the page's first sight: `python -m tools.images [NAME…]` trains them and keeps what the page shows of them.

Trained on one CPU as anybody would; of the checkpoints the averaged generator's weights alone are kept, in 16 bits.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gan1d.catalogue import HERE
from gan1d.image import recorder, training, weights
from gan1d.image.config import ImageConfig
from gan1d.image.data import load
from gan1d.image.evaluation import Evaluator
from gan1d.image.presets import preset
from gan1d.image.run import train

FOLDER = HERE / "assets" / "image"
SAMPLES = 898
"""Generated images that an evaluation sees: half of the digits, so that as many real ones stand against as many others."""
PACE = {
    "steps": 5000,
    "sample_every": 100,
    "checkpoint_every": 1000,
    "evaluate_every": 250,
    "evaluate_samples": SAMPLES,
    "record_every": 10,
}


def runs() -> dict[str, ImageConfig]:
    """Name -> settings: the same data and seed, so that both stand side by side."""
    return {
        "digits-dcgan": preset("digits-16-dcgan", **PACE),
        "digits-wgan-gp": preset("digits-16-wgan-gp", **PACE),
    }


def write(name: str, folder: Path = FOLDER) -> None:
    """Trains a run and puts what is shown of it into `run-NAME`."""
    config = runs()[name]
    dataset = load(config.data, config.size, config.channels)
    evaluator = Evaluator(dataset, samples=config.evaluate_samples)

    with tempfile.TemporaryDirectory() as beside:
        out = Path(beside) / "run"
        run = train(config, dataset, out, _say, evaluate=lambda images: evaluator(images).scalars(), device="cpu")
        shutil.rmtree(there := folder / f"run-{name}", ignore_errors=True)
        _keep(out, there)
    weights.save(there / weights.FILE, training.weights(config, run.state), half=True)
    (there / "extractor.json").write_text(json.dumps({"name": evaluator.by.name}) + "\n", "utf-8")


def _keep(out: Path, there: Path) -> None:
    (there / recorder.SEEN).mkdir(parents=True)
    for name in (recorder.CONFIG, recorder.METRICS):
        shutil.copyfile(out / name, there / name)
    shutil.copytree(out / recorder.SAMPLES, there / recorder.SAMPLES)
    status = {key: v for key, v in recorder.read_status(out).items() if key != "process"}
    (there / recorder.STATUS).write_text(recorder.as_json(status), "utf-8")
    for path in sorted((out / recorder.SEEN).glob("*.npz")):
        with np.load(path) as found:
            np.savez_compressed(there / recorder.SEEN / path.name, **{k: found[k].astype(np.float16) for k in found})


def main(names: Sequence[str] = ()) -> None:
    """Writes the runs of these names, or all."""
    for name in names or runs():
        print(name)
        write(name)


def _say(done: int, total: int) -> None:
    if done % 500 == 0:
        print(f"  {done} of {total}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
