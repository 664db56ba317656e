"""Ensembles over seeds and maps over any fields: trained on all devices, streamed to a folder, gone on with when stopped.

Importing this is cheap: JAX is loaded when something is trained. A sweep's results are read without it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import numpy as np

from gan1d.axes import Axis as Axis
from gan1d.axes import Cells
from gan1d.axes import Sweep as Sweep
from gan1d.results import METRICS, NUMBERS, SETTINGS, UNDONE
from gan1d.results import OUTCOMES as OUTCOMES
from gan1d.results import Results as Results
from gan1d.results import SweepError as SweepError
from gan1d.results import read as read

LOCK = ".lock"
"""Held by the process that writes a folder, for as long as it lives."""
PULSE = 1.0
"""Least seconds between two writings of the results."""
SHARE = 0.05
"""Most of the time that goes into writing them."""

Progress = Callable[[int, int], None]
"""(GANs done, GANs in all) -> None, about four times a second; what it raises ends the sweep, which can be gone on with."""


def run(
    sweep: Sweep, folder: str | Path, resume: bool = False, device: str = "auto", progress: Progress | None = None
) -> Results:
    """Trains every GAN of a sweep that the folder does not have yet, and writes what comes out as it comes.

    Killed at any moment, the folder holds whole files with all but the last second's results. Of several processes (`hosts.join`) each
    trains its share, and the first writes.

    Args:
      folder: made where there is none. resume: go on with the sweep that is there.
      device: "auto" (GPUs where there are any), "cpu" or "gpu".

    Raises:
      SweepError: a folder that holds something else, another sweep, or this one without `resume`; one that another process writes.
      ConfigError: a device that is not there.
      OSError: a folder that cannot be written.
    """
    from gan1d import hosts, many

    folder, (rank, processes) = Path(folder), hosts.place()
    with ExitStack() as kept:
        results = Results.empty(sweep)
        if rank == 0:
            try:
                results = kept.enter_context(_opened(folder, sweep, resume))
            except BaseException:
                hosts.told(None, results.outcome.ravel())
                raise
        todo = np.flatnonzero(hosts.told(results.outcome.ravel(), results.outcome.ravel()) == UNDONE)
        cells = Cells(sweep, todo)
        chunks = many.plan(cells, device)

        def report() -> None:
            if progress and rank == 0:
                progress(results.done, results.total)

        report()
        share, rounds = hosts.shares(chunks)
        found = many.trained(cells, device, report, chunks[share])
        if processes > 1:
            found = hosts.pooled(found, rounds, max((len(c.places) for c in chunks), default=1), 1 + len(METRICS))
        save = _saver(results, folder) if rank == 0 else lambda _: None
        try:
            with closing(found):
                for places, rows in found:
                    results.put(todo[places], rows)
                    save(False)
                    report()
        finally:
            save(True)
    return results


def _saver(results: Results, folder: Path) -> Callable[[bool], None]:
    """Writes the results, when told to or when it is time."""
    next_time = time.monotonic() + PULSE

    def save(now: bool) -> None:
        nonlocal next_time
        began = time.monotonic()
        if now or began >= next_time:
            results.save(folder)
            ended = time.monotonic()
            next_time = ended + max(PULSE, (ended - began) / SHARE)

    return save


@contextmanager
def _opened(folder: Path, sweep: Sweep, resume: bool) -> Iterator[Results]:
    """What the folder has of the sweep; meanwhile no other process writes it."""
    if folder.exists() and not folder.is_dir():
        raise SweepError(f"{folder}: it must be a folder")
    there = (folder / SETTINGS).exists()
    if not there and folder.exists() and any(not path.name.startswith(".") for path in folder.iterdir()):
        raise SweepError(f"{folder}: it must be a new folder, an empty one, or that of a sweep")
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        results = read(folder) if there else Results.empty(sweep)
        if results.sweep != sweep:
            raise SweepError(f"{folder}: another sweep is there; choose another folder")
        if there and not resume:
            raise SweepError(
                f"{folder}: this sweep is there, {results.done} of {results.total} done; go on with --resume"
            )
        for name in (SETTINGS, NUMBERS):  # what a killed process left half-written
            for path in folder.glob(f".{Path(name).stem}-*"):
                path.unlink()
        if not there:
            results.save(folder)
        yield results


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Holds the folder's lock, which the system gives up when its process ends, however it ends."""
    try:
        import fcntl
    except ImportError:  # not on this system: then nobody is kept out
        yield
        return
    with (folder / LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SweepError(f"{folder}: another process is computing this sweep") from None
        yield
