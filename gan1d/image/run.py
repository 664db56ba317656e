"""From settings and images to a trained generator: beginning a run, going on after an end, and reading what it left."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gan1d import hosts
from gan1d.fields import ConfigError
from gan1d.image import training
from gan1d.image.checkpoints import Checkpoints, Which
from gan1d.image.config import ImageConfig, same_run
from gan1d.image.dataset import Dataset
from gan1d.image.devices import alone, mesh
from gan1d.image.loop import Evaluate, Progress, Session
from gan1d.image.recorder import CONFIG, Line, Recorder, read_config
from gan1d.image.updates import State


class Best(NamedTuple):
    """The metric by which the best checkpoint is kept."""

    metric: str
    lower_is_better: bool = True


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run as far as it got."""

    config: ImageConfig
    state: State
    lines: list[Line]
    """What metrics.jsonl holds."""
    status: dict[str, Any]
    """What status.json holds."""
    out: Path | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    """compile, train: how long it took here; waited: how long of that the devices stood still for images."""

    def sample(self, z: np.ndarray, ema: bool = True) -> np.ndarray:
        """Latents z (N, latent) -> images (N,H,W,C) from -1 to 1."""
        return training.sample(self.config, self.state, z, ema)


def train(
    config: ImageConfig,
    dataset: Dataset | None = None,
    out: Path | None = None,
    progress: Progress | None = None,
    resume: bool = False,
    evaluate: Evaluate | None = None,
    best: Best | None = None,
    device: str = "auto",
    say: Callable[[str], None] | None = None,
) -> Run:
    """Trains to `config.steps` generator updates, on all devices of all hosts that `gan1d.hosts.join` joined.

    A run that goes on from its checkpoint repeats, bit for bit on one platform, the one that never stopped. A run that turns non-finite or
    whose weights run away ends there, with the state "diverged".

    Args:
      config: what to train.
      dataset: the images; those that `config.data` names, where not given.
      out: the folder to record in; None keeps all in memory.
      progress: called after each recorded step, first before anything is compiled.
      resume: go on from the newest whole checkpoint in `out`; from the start where there is none.
      evaluate: measures generated images, every `evaluate_every` steps and at the end.
      best: the metric of `evaluate` by which the best checkpoint is kept besides the last.
      device: "cpu", "gpu", or "auto".
      say: told in a line what is worth knowing: a damaged checkpoint, where it goes on.

    Raises:
      ConfigError: images of another shape, a folder that holds a run already or another one, a device that is not there.
      CheckpointError: every checkpoint is damaged.
      KeyboardInterrupt: Ctrl-C, after a checkpoint was written.
    """
    if progress:
        progress(0, config.steps)
    if dataset is None:
        from gan1d.image.data import load

        dataset = load(config.data, config.size, config.channels)
    if tuple(dataset.images.shape[1:]) != config.shape:
        shape = "x".join(map(str, dataset.images.shape[1:]))
        raise ConfigError(
            "image.size", config.size, f"the images of {dataset.name} are {shape} (height, width, channels)"
        )
    on = mesh(config.batch, device)
    check_folder(config, out, resume)
    tell = say or (lambda _: None)
    before, began = training.compile_log()[1], time.perf_counter()
    state = training.init(config, on)
    recorder = Recorder(out, config, hosts.place()[0] == 0)
    kept = Checkpoints(out, *(best or Best(""))) if out is not None else None
    try:
        if kept and resume and kept.steps:
            found = kept.restore(state, on)
            state = found.state
            for line in found.damaged:
                tell(line)
            tell(f"goes on from step {found.step}")
        session = Session(config, dataset, on, recorder, kept, evaluate, progress)
        state = session.run(state)
    finally:
        if kept:
            kept.close()
    compiling = training.compile_log()[1] - before
    took = time.perf_counter() - began - compiling
    seconds = {"compile": compiling, "train": took, "waited": session.waited}
    return Run(config=config, state=state, lines=recorder.lines, status=recorder.status, out=out, seconds=seconds)


def check_folder(config: ImageConfig, out: Path | None, resume: bool) -> None:
    """Refuses to write over a run, or to go on with another one's settings.

    Raises:
      ConfigError: the folder holds a run and `resume` is false, or that run has other settings.
    """
    if out is None or not (out / CONFIG).exists():
        return
    if not resume:
        raise ConfigError("out", str(out), "it holds a run already: give another folder, or resume it")
    if different := same_run(config, there := read_config(out)):
        name = different[0]
        now, then = getattr(config, name), getattr(there, name)
        raise ConfigError(f"image.{name}", now, f"to go on with the run in {out} it must be {then!r}, as it was")


def restore(out: Path, which: Which = "last", best: Best | None = None) -> tuple[ImageConfig, State, list[str]]:
    """The settings and the state of a run's last checkpoint, or of its best, to sample from; a line for each damaged one that was met.

    Raises:
      ConfigError: no run there.
      CheckpointError: no checkpoint that can be read.
    """
    try:
        config = read_config(out)
    except OSError as e:
        raise ConfigError("DIR", str(out), f"it must be a folder that holds a run of images ({e.strerror})") from None
    on = alone()
    metric, lower_is_better = best or Best("")
    with Checkpoints(out, metric, lower_is_better, read_only=True) as kept:
        found = kept.restore(training.init(config, on), on, which)
    return config, found.state, found.damaged
