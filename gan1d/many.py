"""Many GANs at once on all devices: each works through chunks of lanes of its own, and the host measures beside them.

Every device runs one and the same program for one device (`lanes.go_on`), with a fixed number of lanes, the last chunk filled up. So the
numbers do not depend on how many devices there are, none waits for another, and chunks may differ in length. A CPU, however many devices it
was told to have, runs as many chunks at once as it has cores.
"""

from __future__ import annotations

import os
import queue
import threading
from collections import defaultdict
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from gan1d import draws, measuring, programs, training
from gan1d.config import Config, Structure
from gan1d.data import target
from gan1d.diagnosis import LATE, diagnose
from gan1d.draws import Scalars
from gan1d.lanes import FRAMES, SHARED, Chunk, begin, chunks, go_on, width
from gan1d.losses import LOSSES
from gan1d.metrics import modes_covered
from gan1d.recording import Points
from gan1d.results import METRICS, OUTCOMES, Rows

PULSE = 0.25
"""Seconds between two looks at whether to go on."""
AHEAD = 2
"""Chunks a device may be ahead of the host's measuring."""

Tick = Callable[[], None]


class _CancelledError(Exception):
    """Nobody waits for what is being trained."""


def devices(name: str) -> list[Any]:
    """The devices of this process that a name means: "auto" takes the GPUs where there are any, for many small runs go faster there.

    Raises:
      ConfigError: an unknown name, or "gpu" where there is none.
    """
    if name != "auto":
        training.find_device(name)
    return jax.local_devices(backend=None if name == "auto" else name)


def workplaces(name: str) -> list[Any]:
    """A device for each worker: every device once, but a CPU as often as it has cores, for one program there keeps one core busy."""
    where = devices(name)
    return where * max(1, cores() // len(where)) if where[0].platform == "cpu" else where


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def plan(configs: Sequence[Config], device: str = "auto") -> list[Chunk]:
    """Configs in chunks, for `trained`. Raises ConfigError for a device that is not there."""
    return chunks(configs, devices(device)[0].platform)


def trained(
    configs: Sequence[Config],
    device: str = "auto",
    tick: Tick = lambda: None,
    planned: Sequence[Chunk] | None = None,
) -> Generator[Rows]:
    """Trains every config, a chunk after the other, and yields each chunk's outcomes and metrics as they come, in any order.

    Args:
      configs: what to train; `frames` does not count, each run is recorded at about `lanes.FRAMES` states.
      device: "auto", "cpu" or "gpu": all devices of that kind.
      tick: called about four times a second from the thread that iterates; raise in it to cancel.
      planned: chunks of the `plan`, where not all of it is to be trained here.

    Raises:
      ConfigError: a device that is not there.
    """
    where = workplaces(device)
    todo: queue.SimpleQueue[Chunk] = queue.SimpleQueue()
    for chunk in plan(configs, device) if planned is None else planned:
        todo.put(chunk)
    count, finished = todo.qsize(), queue.SimpleQueue[Any]()
    stop, room = threading.Event(), threading.Semaphore(AHEAD * len(where))
    with ThreadPoolExecutor(os.cpu_count(), "measuring") as pool:

        def work(on: Any) -> None:
            try:
                while (chunk := todo.get_nowait()) and not stop.is_set():
                    cells = [configs[place] for place in chunk.places]
                    rows, diverged_at = _run(chunk, cells, on, stop)
                    while not room.acquire(timeout=PULSE):
                        _check(stop)
                    measured = [
                        pool.submit(measure, cell, {k: v[:, i] for k, v in rows.items()}, int(diverged_at[i]))
                        for i, cell in enumerate(cells)
                    ]
                    finished.put((chunk, measured))
            except (queue.Empty, _CancelledError):
                pass
            except BaseException as e:
                finished.put(e)

        workers = [threading.Thread(target=work, args=(on,), name=f"on {on}") for on in where[:count]]
        for worker in workers:
            worker.start()
        try:
            for _ in range(count):
                yield _next(finished, tick)
                room.release()
        finally:
            stop.set()
            for worker in workers:
                worker.join()
            pool.shutdown(cancel_futures=True)


def _next(finished: queue.SimpleQueue[Any], tick: Tick) -> Rows:
    """The next chunk that is done."""
    while True:
        tick()
        try:
            found = finished.get(timeout=PULSE)
        except queue.Empty:
            continue
        if isinstance(found, BaseException):
            raise found
        chunk, measured = found
        while wait(measured, PULSE).not_done:
            tick()
        return np.array(chunk.places), np.stack([one.result() for one in measured])


def _check(stop: threading.Event) -> None:
    if stop.is_set():
        raise _CancelledError


def _run(
    chunk: Chunk, cells: Sequence[Config], on: Any, stop: threading.Event
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Trains a chunk on a device. Returns the recorded rows (F, lanes, …) and where each lane diverged, or -1 (lanes,)."""
    s, last = chunk.structure, chunk.iterations
    programs.make_room(s)
    size = width(s, on.platform)
    n, points = stacked([*cells, *[cells[0]] * (size - len(cells))])
    noise = np.float32(np.max(n["instance_noise"]))
    n, points, noise = jax.device_put((n, points, noise), jax.sharding.SingleDeviceSharding(on))
    compiling = _compiling[s, on]
    while not compiling.acquire(timeout=PULSE):
        _check(stop)
    try:  # two that need the same program at once would both compile it
        lanes = go_on(s, n, points, begin(s, n, points), noise, np.int32(0), np.int32(last))
    finally:
        compiling.release()
    for until in training.segments(0, [last], lambda *_: _check(stop)):
        lanes = jax.block_until_ready(go_on(s, n, points, lanes, noise, np.int32(until), np.int32(last)))
    states = 1 + -(-last // -(-last // FRAMES))
    rows, diverged_at = jax.device_get((lanes.rows, lanes.state.diverged_at))
    return {name: values[:states] for name, values in rows.items()}, diverged_at


_compiling: defaultdict[tuple[Structure, Any], threading.Lock] = defaultdict(threading.Lock)


def stacked(cells: Sequence[Config]) -> tuple[Scalars, Points]:
    """The numbers of L configs, and where each one's D is looked at: every leaf with an axis of lanes (L, …) but `SHARED`."""
    each = [draws.numbers(cell) for cell in cells]
    looked = [training.points_of(target(cell.data), training.grid_of(cell)) for cell in cells]
    n, points = (jax.tree.map(lambda *leaves: np.stack(leaves), *trees) for trees in (each, looked))
    return n | {name: each[0][name] for name in SHARED}, points


# ---- measuring, on the host


@dataclass(frozen=True)
class Ending:
    """As much of a `Trajectory` as its diagnosis and its last metrics need: the generated density over the later states alone."""

    config: Config
    summary: dict[str, Any]
    iteration: np.ndarray
    """(F,) of all recorded states."""
    x: np.ndarray
    p_data: np.ndarray
    p_gen: np.ndarray
    mean: np.ndarray
    std: np.ndarray
    jsd: np.ndarray
    kl_data_gen: np.ndarray
    kl_gen_data: np.ndarray
    w1: np.ndarray
    mode_mass: np.ndarray
    value: np.ndarray
    p_real_on_real: np.ndarray
    p_real_on_fake: np.ndarray
    grad_norm_g: np.ndarray
    score_real: np.ndarray | None = None
    score_fake: np.ndarray | None = None


def ending(config: Config, rows: dict[str, np.ndarray], diverged_at: int) -> Ending:
    """What a lane's recorded rows (F, …) say of its run, by the functions that measure a single run."""
    data, where, last = target(config.data), training.grid_of(config), config.training.iterations
    steps = np.minimum(-(-last // FRAMES) * np.arange(len(rows["g"])), last)
    rows = training.held({name: np.array(values, float) for name, values in rows.items()}, steps, diverged_at)
    late = slice(-max(2, int(len(steps) * LATE)), None)
    density = measuring.generated(rows.pop("g")[late], config.generator, data, where)
    measured = {
        name: density[name] for name in ("p_gen", "mean", "std", "jsd", "kl_data_gen", "kl_gen_data", "w1", "mode_mass")
    }
    summary = {
        "output": LOSSES[config.training.loss].output,
        "status": "diverged" if diverged_at >= 0 else "ok",
        "diverged_at": diverged_at if diverged_at >= 0 else None,
    }
    return Ending(
        config=config, summary=summary, iteration=steps, x=where.x, p_data=data.pdf(where.x), **measured, **rows
    )


def measure(config: Config, rows: dict[str, np.ndarray], diverged_at: int) -> np.ndarray:
    """The outcome's code and `METRICS` (1 + metrics,) of one lane."""
    run = ending(config, rows, diverged_at)
    weights = target(config.data).weights
    other = {
        "modes": len(weights),
        "modes_covered": int(modes_covered(run.mode_mass[-1], weights)),
        "diverged_at": np.nan if diverged_at < 0 else diverged_at,
    }
    values = [other[name] if name in other else _last(getattr(run, name)) for name in METRICS]
    return np.array([OUTCOMES.index(diagnose(run).kind), *values], np.float32)


def _last(values: np.ndarray | None) -> float:
    return np.nan if values is None else float(values[-1])
