"""Training a run on images: its job, what was wished of it, the line of those that wait, and how long it takes."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from app.jobs import Job, Jobs, jobs
from app.processes import read as read_json
from app.processes import write as write_json
from gan1d.config import ConfigError
from gan1d.image.config import ImageConfig
from gan1d.image.presets import PRESETS
from gan1d.image.recorder import STATUS

PREFIX = "image-"
"""Of the jobs' names."""
KEPT = 20
"""Ended runs that are kept; beyond them the oldest is forgotten, with its weights. Paused ones are spared."""
FOLDER, WISH = "run", "wish.json"
"""In a job's folder: what it writes, and what was last wished of it."""
COMMAND: tuple[str, ...] = (sys.executable, "-m", "gan1d", "image", "train")
"""What trains."""
FREE = ("model", "steps", "sample_every", "checkpoint_every", "evaluate_every", "evaluate_samples")
"""Fields that make no other run: how far it goes, and how often it is looked at."""
GETTING_READY = 30.0
"""Seconds beside the steps: Python, JAX, the data and the compiler, and the network that judges the images."""
ROUGH = 20e9
"""Products of a convolution a second on two cores, until this machine has shown its own."""

State = Literal["waiting", "running", "paused", "stopped", "done", "failed"]


@dataclass(frozen=True)
class Training:
    """A run that was asked for here, and its job."""

    job: Job
    config: ImageConfig
    paused: bool

    @property
    def state(self) -> State:
        """A job's state; one that was stopped by "pause" is paused."""
        return "paused" if self.job.state == "stopped" and self.paused else self.job.state

    @property
    def folder(self) -> Path:
        """What it writes."""
        return self.job.folder / FOLDER


def name_of(config: ImageConfig) -> str:
    """The name of a run's job: the same run has the same, however far it goes."""
    fields = {name: value for name, value in config.to_dict().items() if name not in FREE}
    return PREFIX + hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:16]


def command(config: ImageConfig) -> list[str]:
    """What trains a run, in its job's folder; begun again, it goes on where it was."""
    told = {"model": config.model, "data": config.data, "size": config.size, "steps": config.steps, "seed": config.seed}
    base = PRESETS[config.model].to_dict()
    rest = {name: v for name, v in config.to_dict().items() if name not in told and v != base[name]}
    options = [part for name, value in told.items() for part in (f"--{name}", str(value))]
    options += [part for name, value in rest.items() for part in ("--set", f"{name}={_written(value)}")]
    return [*COMMAND, *options, "--out", FOLDER, "--resume"]


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def start(config: ImageConfig, all_: Jobs | None = None) -> Job:
    """Puts a run at the end of the line, or goes on with one that was paused or stopped.

    Raises:
      OSError: the folder cannot be written.
    """
    all_ = all_ or jobs()
    name = name_of(config)
    _forget(all_, spare=name)
    (all_.folder(name) / WISH).unlink(missing_ok=True)
    return all_.start(name, command(config), note={"config": config.to_dict()})


def pause(name: str, all_: Jobs | None = None) -> None:
    """Ends a run's process, which saves first; it is kept until somebody goes on with it or stops it. The next in line begins."""
    _end(name, "pause", all_ or jobs())


def stop(name: str, all_: Jobs | None = None) -> None:
    """Ends a run for good, as it is; nothing hinders going on with it all the same."""
    _end(name, "stop", all_ or jobs())


def _end(name: str, wish: str, all_: Jobs) -> None:
    if all_.find(name) is None:
        return
    write_json(all_.folder(name) / WISH, {"wish": wish})
    all_.cancel(name)


def remove(name: str, all_: Jobs | None = None) -> None:
    """Forgets a run that is not training, with all it wrote."""
    all_ = all_ or jobs()
    if (job := all_.find(name)) is not None and not job.is_alive and name.startswith(PREFIX):
        shutil.rmtree(job.folder, ignore_errors=True)


def find(name: str, all_: Jobs | None = None) -> Training | None:
    """A run that was asked for here; None where there is none of that name, or of another version."""
    job = (all_ or jobs()).find(name)
    return _training(job) if job is not None else None


def _training(job: Job) -> Training | None:
    try:
        config = _config(json.dumps(job.note["config"]))
    except (ConfigError, LookupError, TypeError, ValueError):
        return None
    return Training(job, config, read_json(job.folder / WISH).get("wish") == "pause")


@lru_cache(maxsize=256)
def _config(text: str) -> ImageConfig:
    return ImageConfig.from_dict(json.loads(text))


def kept(all_: Jobs | None = None) -> Iterator[Training]:
    """The runs that were asked for here, the last one first."""
    for job in (all_ or jobs()).all(PREFIX):
        if (found := _training(job)) is not None:
            yield found


def _forget(all_: Jobs, spare: str) -> None:
    """Lets go of the oldest ended runs."""
    ended = [t for t in kept(all_) if not t.job.is_alive and not t.paused and t.job.name != spare]
    for training in ended[KEPT - 1 :]:
        shutil.rmtree(training.job.folder, ignore_errors=True)


# ---- how long


def work(config: ImageConfig) -> float:
    """Products of the convolutions in one step: a forward pass is counted once, a backward pass twice, one through a gradient again."""
    g, d = products(config)
    critic = g + 3 * 2 * d + (6 * d if config.penalty in ("gradient_penalty", "r1") else 0)
    return float(config.batch * (config.n_critic * critic + 3 * (g + d)))


def products(config: ImageConfig) -> tuple[int, int]:
    """(of the generator, of the critic), for one image: kernel area times channels in and out, for each place of the smaller map."""
    n, w = config.levels, config.width
    widths = [w * 2 ** (n - 1 - i) for i in range(n)]  # from the stem to the image
    g = config.latent * 16 * widths[0]
    d = 16 * widths[0]
    for i in range(n):
        places = (4 * 2**i) ** 2
        outer = widths[i + 1] if i < n - 1 else config.channels
        g += config.kernel_g**2 * widths[i] * outer * places
        d += config.kernel_d**2 * widths[i] * outer * places
    return g, d


def seconds(config: ImageConfig, all_: Jobs | None = None, rate: float | None = None) -> float:
    """About how long a whole run takes: by what was trained here before, or roughly."""
    rate = rate or measured(all_) or ROUGH
    return GETTING_READY + config.steps * work(config) / rate


def measured(all_: Jobs | None = None) -> float | None:
    """Products a second of the last run that was trained here, as it said; None where none has said so yet."""
    for training in kept(all_):
        if rate := read_json(training.folder / STATUS).get("rate"):
            return float(rate) * work(training.config)
    return None
