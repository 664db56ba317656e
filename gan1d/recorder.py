"""What training keeps is observed on the device and then measured, exactly, on the host, while training goes on."""

from __future__ import annotations

import contextlib
import os
from concurrent.futures import Future, ThreadPoolExecutor

import jax
import numpy as np

from gan1d.config import Config, structure
from gan1d.data import Target
from gan1d.measuring import Measuring, joined
from gan1d.programs import beside, device
from gan1d.pushforward import Grid
from gan1d.recording import Kept, Points, observed, unpacked


class Recorder:
    """Takes states in the order of their iterations, and looks at them in a thread of its own.

    As a context, at its end nothing is under way any more: a process must not end while something is.
    """

    def __init__(self, config: Config, data: Target, where: Grid, points: Points):
        self._structure, self._points = structure(config), points
        self._on, self._beside = device(), beside()
        self._rows = list[dict[str, np.ndarray]]()
        self._measuring = Measuring(config, data, where)
        self._coming = list[Future[None]]()
        self._thread = ThreadPoolExecutor(1, "observing", _give_way)
        self._last: Kept | None = None

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown(cancel_futures=True)
        jax.block_until_ready(self._last)

    def add(self, kept: Kept) -> None:
        """The next states; returns at once, whether or not there are any yet."""
        self._last = kept
        self._coming.append(self._thread.submit(self._observe, kept))

    def wait(self, but: int = 0) -> None:
        """Until all is measured, but for the last so many times that something was added."""
        while len(self._coming) > but:
            self._coming.pop(0).result()

    def rows(self, frames: int) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Rows (F, …) of `recording.unpacked` and of `measuring.generated`.

        The last one stands for those that a run which ended early does not have.
        """
        self.wait()
        return joined(self._rows, frames), self._measuring.rows(frames)

    def _observe(self, kept: Kept) -> None:
        with jax.default_device(self._beside):
            if self._beside != self._on:
                kept = jax.tree.map(np.asarray, kept)  # waits for it
            rows = observed(self._structure, kept, self._points)
            if count := int(kept.count):
                states, seen = np.asarray(kept.states)[:count], np.asarray(rows)[:count]
                self._rows.append(unpacked(self._structure, states, seen, len(self._points.x)))
                self._measuring.add(self._rows[-1]["g"])


def _give_way() -> None:
    """On Linux this thread no longer takes a core from training when it wakes up: it is a batch job, if it was not less than that."""
    with contextlib.suppress(AttributeError, OSError):
        if os.sched_getscheduler(0) == os.SCHED_OTHER:
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
