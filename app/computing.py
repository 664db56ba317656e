"""Computing a map: its job, what it has found so far, and how long it takes."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np

from app.jobs import Job, Jobs, jobs
from app.varying import written
from gan1d.axes import Sweep
from gan1d.config import ConfigError, Structure, structure
from gan1d.results import Results, SweepError, read

PREFIX = "map-"
"""Of the jobs' names."""
KEPT = 20
"""Maps that are kept; beyond them the oldest is forgotten."""
FOLDER, CONFIG = "sweep", "config.json"
"""In a job's folder: what it writes, and what it reads."""
COMMAND = (sys.executable, "-m", "gan1d", "sweep")
"""What computes a map."""
ROUGH = 60_000.0
"""Updates of a player a second on two cores, of nets of 64-64 and batches of 32, until this machine has shown its own."""
GETTING_READY = 8.0
"""Seconds before the first update, and for every further program."""
PAIR = 32 * (2 * 64 + 64 * 64)
"""Multiplications in the hidden layers of a net of 64-64 for a batch of 32: a unit of work."""
OVERHEAD = 0.3
"""Share of that which an update takes however small the nets are."""
LANES = 8
"""Runs that are trained side by side, as `gan1d.lanes` has it, which needs JAX to be imported; fewer of one kind take as long."""


def name_of(sweep: Sweep) -> str:
    """The name of a map's job: the same map has the same."""
    text = json.dumps(sweep.to_dict(), sort_keys=True)
    return PREFIX + hashlib.sha256(text.encode()).hexdigest()[:16]


def start(sweep: Sweep, all_: Jobs | None = None) -> Job:
    """Begins to compute a map, or goes on with one that was stopped.

    Raises:
      OSError: the folder cannot be written.
    """
    all_ = all_ or jobs()
    name = name_of(sweep)
    found = results(sweep, all_)
    command = [*COMMAND, CONFIG, "--seeds", str(sweep.seeds), "-o", FOLDER, "--resume"]
    for axis in sweep.axes:
        command += ["--vary", written(axis)]
    note = {"sweep": sweep.to_dict(), "done": found.done if found else 0, "work": work(sweep)}
    all_.keep(PREFIX, KEPT - 1, spare=name)
    if found is None and not ((known := all_.find(name)) and known.is_alive):
        shutil.rmtree(all_.folder(name) / FOLDER, ignore_errors=True)  # what cannot be read cannot be gone on with
    return all_.start(name, command, {CONFIG: sweep.config.to_json()}, note)


def results(sweep: Sweep, all_: Jobs | None = None) -> Results | None:
    """As much of a map as is there; None where nothing is. A folder that cannot be read is as none: it is computed anew."""
    folder = (all_ or jobs()).folder(name_of(sweep)) / FOLDER
    try:
        return read(folder) if folder.is_dir() else None
    except (SweepError, OSError):
        return None


def kept(all_: Jobs | None = None) -> Iterator[tuple[Job, Sweep]]:
    """The maps that were made here, the last one first."""
    for job in (all_ or jobs()).all(PREFIX):
        try:
            yield job, _sweep(json.dumps(job.note["sweep"]))
        except (ConfigError, LookupError, TypeError, ValueError):  # of another version
            continue


@lru_cache(maxsize=4 * KEPT)
def _sweep(text: str) -> Sweep:
    """Checked once: a large one takes a quarter of a second."""
    return Sweep.from_dict(json.loads(text))


@lru_cache(maxsize=64)
def _work(sweep: Sweep) -> tuple[float, int]:
    """Work, and the number of programs."""
    groups: dict[tuple[Structure, int, int, int], int] = {}
    for index in np.ndindex(sweep.shape):
        config = sweep.cell(index)
        t = config.training
        key = (structure(config), t.iterations, t.k_d, t.k_g)
        groups[key] = groups.get(key, 0) + sweep.seeds
    total = sum(
        -(-runs // LANES) * LANES * iterations * (k_d + k_g) * _cost(s)
        for (s, iterations, k_d, k_g), runs in groups.items()
    )
    return total, len({key[0] for key in groups})


def _cost(s: Structure) -> float:
    """Of one update, in those of nets of 64-64 and a batch of 32."""
    hidden = [s.discriminator[0], *([s.generator[1]] if s.generator[0] == "mlp" else [])]
    return OVERHEAD + (1 - OVERHEAD) * s.batch * sum(map(_products, hidden)) / PAIR


def _products(hidden: Sequence[int]) -> int:
    return sum(a * b for a, b in pairwise((2, *hidden)))


def work(sweep: Sweep) -> float:
    """Updates of all runs, those of larger nets and batches counted for more."""
    return _work(sweep)[0]


def seconds(sweep: Sweep, all_: Jobs | None = None) -> float:
    """About how long a map takes: by the last one that was made here, or roughly."""
    programs = _work(sweep)[1]
    return GETTING_READY * programs + work(sweep) / (_rate(all_ or jobs()) or ROUGH)


def is_measured(all_: Jobs | None = None) -> bool:
    """Whether this machine has shown how quick it is."""
    return _rate(all_ or jobs()) is not None


def _rate(all_: Jobs) -> float | None:
    """Work a second of the last whole map."""
    for job in all_.all(PREFIX):
        if job.state == "done" and not job.note.get("done") and job.started and job.ended:
            return float(job.note["work"]) / max(job.ended - job.started - GETTING_READY, 1.0)
    return None


def left(job: Job, done: int, total: int, now: float | None = None) -> float | None:
    """Seconds that a running job still takes, by what it has done since it was started; None while nothing is."""
    began = int(job.note.get("done", 0))
    if job.started is None or done <= began:
        return None
    spent = (now or time.time()) - job.started
    return (spent - min(GETTING_READY, spent / 2)) / (done - began) * (total - done)
