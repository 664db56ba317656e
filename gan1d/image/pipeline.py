"""Batches of real images, made ahead of the training by a thread: which ones a step sees depends on the seed and the step alone."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, Generic, TypeVar

import numpy as np

from gan1d.fields import number
from gan1d.image.dataset import Dataset

AHEAD = 4
"""Batches that wait, at most."""
ORDER, FLIP = 0, 1
"""Purposes of random numbers."""

T = TypeVar("T")


@lru_cache(maxsize=4)
def _order(images: int, seed: int, epoch: int) -> np.ndarray:
    return np.random.default_rng([seed, ORDER, epoch]).permutation(images)


def indices(images: int, batch: int, seed: int, step: int) -> np.ndarray:
    """Which images (batch,) a step sees: the next ones of all epochs' orders, end to end, so that each comes once an epoch."""
    place = np.arange(step * batch, (step + 1) * batch)
    found = np.empty(batch, np.int64)
    for epoch in range(int(place[0] // images), int(place[-1] // images) + 1):
        here = place // images == epoch
        found[here] = _order(images, seed, epoch)[place[here] - epoch * images]
    return found


def images_of(dataset: Dataset, batch: int, seed: int, step: int, flips: bool = False) -> np.ndarray:
    """The images (batch,H,W,C) uint8 of a step; with flips each is mirrored left to right with probability 1/2."""
    images = dataset.images[indices(len(dataset), batch, seed, step)]
    if flips:
        mirrored = np.random.default_rng([seed, FLIP, step]).random(batch) < 0.5
        images = np.where(mirrored[:, None, None, None], images[:, :, ::-1], images)
    return images


class Batches(Generic[T]):
    """An endless iterator over the steps' batches, the next ones of which a thread makes meanwhile.

    `with batches(...) as them: for images in them: ...`, or `close()` when done. What fails in the thread is raised where it is waited
    for. `waited` counts the seconds that the caller stood still, the first batch's apart.
    """

    def __init__(self, make: Callable[[int], T], step: int = 0, ahead: int = AHEAD):
        self.waited = 0.0
        self._ready: queue.Queue[tuple[T | None, BaseException | None]] = queue.Queue(maxsize=ahead)
        self._stop = threading.Event()
        self._begun = False
        self._thread = threading.Thread(target=self._work, args=(make, step), name="batches", daemon=True)
        self._thread.start()

    def _work(self, make: Callable[[int], T], step: int) -> None:
        while not self._stop.is_set():
            try:
                item: tuple[T | None, BaseException | None] = make(step), None
            except BaseException as e:
                item = None, e
            while not self._stop.is_set():
                try:
                    self._ready.put(item, timeout=0.1)
                    break
                except queue.Full:
                    continue
            if item[1] is not None:
                return
            step += 1

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        """The next step's images.

        Raises:
          StopIteration: it is closed, or has failed before.
        """
        if self._stop.is_set():
            raise StopIteration
        began = time.perf_counter()
        images, error = self._ready.get()
        if self._begun:
            self.waited += time.perf_counter() - began
        self._begun = True
        if error is not None:
            self.close()
            raise error
        return images  # type: ignore[return-value]

    def close(self) -> None:
        """Ends the thread and waits until it has ended. Twice does no harm."""
        self._stop.set()
        while True:  # whoever waits to put something in is let go
            try:
                self._ready.get_nowait()
            except queue.Empty:
                break
        if self._thread is not threading.current_thread():
            self._thread.join()

    def __enter__(self) -> Batches[T]:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def batches(
    dataset: Dataset,
    batch: int,
    seed: int,
    step: int = 0,
    flips: bool = False,
    rows: slice | None = None,
    put: Callable[[np.ndarray], Any] | None = None,
    ahead: int = AHEAD,
) -> Batches[Any]:
    """The batches (batch,H,W,C) uint8 of steps `step`, `step` + 1, … without end.

    Args:
      rows: the part of each batch that this process needs, one of several.
      put: what is done with each batch in the thread, ahead of its turn: moving it to the device, for one.
      ahead: batches that wait at most.

    Raises:
      ConfigError: a batch, seed or step that is not allowed.
    """
    batch = number("batch", batch, 1, 2**20, integer=True)
    seed = number("seed", seed, 0, 2**63, integer=True)
    step = number("step", step, 0, 2**53, integer=True)

    def make(at: int) -> Any:
        images = images_of(dataset, batch, seed, at, flips)
        images = images if rows is None else images[rows]
        return images if put is None else put(images)

    return Batches(make, step, ahead)
