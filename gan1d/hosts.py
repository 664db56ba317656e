"""Several processes that compute one sweep, on one host or on many: how they find each other and tell what they have found."""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager

import jax
import numpy as np
from jax.experimental import multihost_utils

from gan1d.config import ConfigError
from gan1d.fields import number
from gan1d.results import Rows, SweepError

MAX_PROCESSES = 100_000
"""Most processes of one sweep."""
WAIT = 60
"""Seconds that the processes wait for each other at the start."""


class OtherEndedError(SweepError):
    """Another process of the sweep was cancelled or failed, and so this one ends too."""


def join(coordinator: str | None, processes: int | None, process: int | None) -> None:
    """Makes this process one of several; where none of the three is given, it stays alone.

    Must be called before JAX is used. With the coordinator "auto" the cluster's own environment (Slurm, Open MPI, Kubernetes, …) says all.

    Raises:
      ConfigError: some of the three without the others, or values that are not allowed.
    """
    if coordinator is None and processes is None and process is None:
        return
    if coordinator == "auto":
        try:
            with _stdout_kept():
                jax.distributed.initialize()
                multihost_utils.sync_global_devices("begun")
        except (ValueError, RuntimeError) as e:
            raise ConfigError("--coordinator", coordinator, f"nothing here says who else there is ({e})") from None
        return
    if not re.fullmatch(r"[^:\s]+:\d{1,5}|\[[^\]\s]+\]:\d{1,5}", coordinator or ""):
        raise ConfigError("--coordinator", coordinator, "it must be HOST:PORT of the process with the id 0, or auto")
    count = number("--processes", processes, 1, MAX_PROCESSES, integer=True)
    place = number("--process-id", process, 0, count - 1, integer=True)
    with _stdout_kept():
        jax.distributed.initialize(coordinator, count, place, initialization_timeout=WAIT)
        multihost_utils.sync_global_devices("begun")


@contextmanager
def _stdout_kept() -> Iterator[None]:
    """Sends to stderr what the libraries under JAX print when processes first meet: stdout is for results."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def place() -> tuple[int, int]:
    """This process's number and how many there are: (0, 1) when it is alone. The one numbered 0 writes."""
    if not jax.distributed.is_initialized():
        return 0, 1  # without a look at the devices, which would claim a GPU that is not asked for
    return jax.process_index(), jax.process_count()


def told(values: np.ndarray | None, like: np.ndarray) -> np.ndarray:
    """What process 0 knows (whole numbers), in all of them; None there says that it ends, and ends the others.

    Raises:
      OtherEndedError: process 0 could not begin.
    """
    rank, processes = place()
    if processes == 1:
        return like if values is None else values
    sent = np.append(like if values is None else values, values is None).astype(np.int32)
    found = np.asarray(multihost_utils.broadcast_one_to_all(sent))
    if found[-1] and rank:
        raise OtherEndedError("process 0 of this sweep could not begin")
    return found[:-1]


def pooled(found: Generator[Rows], rounds: int, size: int, columns: int) -> Generator[Rows]:
    """What all processes find, in each of them: one chunk of at most `size` rows a process and round.

    When one of them fails or is cancelled, it says so in the next round, and all end.

    Args:
      found: this process's chunks, at most `rounds` of them: places (P,) and rows (P, columns).

    Raises:
      OtherEndedError: another process ended before its time.
    """
    with closing(found):
        yield from _rounds(found, rounds, size, columns)


def _rounds(found: Generator[Rows], rounds: int, size: int, columns: int) -> Iterator[Rows]:
    nothing: Rows = np.zeros(0), np.zeros((0, columns))
    held: list[int] = []
    for _ in range(rounds):
        failure, mine = None, nothing
        try:
            deliver(held)
            mine = next(found, nothing)
        except BaseException as e:
            failure = e
        with signals_held() as held:
            everyone = _exchange(mine, size, columns, failure is not None)
        if failure:
            raise failure
        if everyone[:, 0, 0].any():
            raise OtherEndedError("another process of this sweep ended before its time")
        there = everyone[:, 1:][everyone[:, 1:, 0] >= 0]
        try:
            yield there[:, 0].astype(int), there[:, 1:]
        except GeneratorExit:  # whoever takes the results cannot go on
            with signals_held():
                _exchange(nothing, size, columns, True)
            raise
    deliver(held)


@contextmanager
def signals_held() -> Iterator[list[int]]:
    """Ctrl-C and SIGTERM wait while the processes talk: one that left in the middle would leave the others waiting. Those that came."""
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield came
        return
    before = {s: signal.signal(s, lambda number, _: came.append(number)) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield came
    finally:
        for which, handler in before.items():
            signal.signal(which, handler or signal.SIG_DFL)


def deliver(signals: list[int]) -> None:
    """Has the signals that were held take their course."""
    for which in signals:
        signal.raise_signal(which)


def _exchange(mine: Rows, size: int, columns: int, ends: bool) -> np.ndarray:
    """Every process's rows (processes, 1 + size, 1 + columns): first whether it ends, then place and row, place -1 where there is none."""
    sent = np.full((1 + size, 1 + columns), -1, np.float32)
    sent[0, 0] = ends
    sent[1 : 1 + len(mine[0]), 0], sent[1 : 1 + len(mine[0]), 1:] = mine
    return np.asarray(multihost_utils.process_allgather(sent))


def shares(chunks: Sequence[object]) -> tuple[slice, int]:
    """Which of the chunks are this process's, and in how many rounds all are done."""
    rank, of = place()
    return slice(rank, None, of), -(-len(chunks) // of)
