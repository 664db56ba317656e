"""From a config to a trajectory: runs the compiled algorithm, then measures what it recorded, exactly, on the host."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from gan1d import algorithm, draws, pushforward, recording
from gan1d.config import MAX_ITERATIONS, Config, ConfigError, Structure, structure
from gan1d.data import Target, target
from gan1d.fields import number
from gan1d.floors import floors
from gan1d.losses import LOSSES
from gan1d.measuring import LEVELS
from gan1d.noise import NOISES
from gan1d.players import State, adopt, flat, shaped
from gan1d.programs import beside, compile_log, make_room
from gan1d.recorder import Recorder
from gan1d.recording import SEEN, Points
from gan1d.trajectory import SAMPLED, Trajectory

PULSE = 0.25
"""Seconds between two reports of progress."""
FIRST_SEGMENT = 8
"""Iterations before the first report; the next ones are sized by how long it took."""
PIECES = 6
"""Pieces of a run at least: what one has recorded is observed and measured on a second core while the next is trained. The last one is
halved: less of that is left when training ends. The state after each is kept; any other is replayed from the nearest before it."""
AHEAD = 2
"""Pieces that wait to be measured: enough for training never to wait for it, and no more memory than that."""
NOTHING = np.zeros(5, np.float32)
"""A course's total where nothing has been seen."""
SINGLE = ("p_gen", "g", "d", *SAMPLED)
"""What a trajectory has in float32: much of it, and drawn rather than computed with."""
DEVICES = ("auto", "cpu", "gpu")
ALONE = "cpu"
"""Where "auto" trains a single run: a chain of kernels of a few microseconds each, less than what a GPU takes to start one. No GPU
was at hand to measure it: `python -m benchmarks.many` on one shows from how many runs at once it is ahead."""

Progress = Callable[[int, int], None]
"""(iterations done, iterations in all) -> None; what it raises ends the training."""


def train(
    config: Config,
    start: State | None = None,
    iterations: int | None = None,
    device: str = "auto",
    progress: Progress | None = None,
    grid: pushforward.Grid | None = None,
) -> Trajectory:
    """Trains, and records about `config.training.frames` states.

    Args:
      config: what to train.
      start: a state to go on from (`Trajectory.state_at`); the networks must have its shapes, every number may differ.
      iterations: how many to do; the config's, where not given.
      device: "cpu", "gpu", or "auto". A single run is a long chain of tiny steps: "auto" takes the CPU.
      progress: called about four times a second; raise in it to cancel.
      grid: the picture's x axis; `grid_of` the config, where not given.

    Raises:
      ConfigError: a device that is not there, an impossible number of iterations, or a start that does not fit the networks.
    """
    count = config.training.iterations if iterations is None else iterations
    count = number("iterations", count, 1, MAX_ITERATIONS, integer=True)
    s, n, data = structure(config), draws.numbers(config), target(config.data)
    where, where_to = grid or grid_of(config), find_device(device)
    points = points_of(data, where)
    if start is not None and (old := shapes(start)) != (new := shapes(recording.abstract(s))):
        raise ConfigError("start", old, f"it must be a state of the same networks, {new}")
    is_new, before, began = make_room(s), compile_log(), time.perf_counter()
    stride = -(-count // config.training.frames)

    with jax.default_device(where_to), Recorder(config, data, where, points) as recorder:
        if progress:
            progress(0, count)
        if is_new:
            prepare(s, n, points)
        state, total, begin = algorithm.begin(s, n), NOTHING, 0
        if start is not None:
            state, begin = adopt(state, start), int(start.iteration)
        due, end, states = begin, begin + count, [state]
        ends = pieces(begin, count, stride)
        # JAX is told what to do and does it meanwhile, each piece when the one before is there: nothing here waits for the numbers
        for until in segments(begin, ends, progress):
            state, total, kept = algorithm.run(s, n, state, total, algorithm.Plan.of(until, due, end, stride))
            recorder.add(kept)
            due = min(begin + ((until - begin) // stride + 1) * stride, end)
            recorder.wait(but=AHEAD)
            if until in ends:
                states.append(state)
            if progress and int(state.diverged_at) >= 0:
                break
        recorder.wait(but=1)
        whole = [in_shape(s, state) for state in states[:-1]]  # while the last piece is trained
        if (diverged_at := int(state.diverged_at)) >= 0:
            # where the run would next have been recorded, its last finite state stands
            at, fine = int(state.iteration), state._replace(diverged_at=np.int32(-1))
            recorder.add(algorithm.run(s, n, fine, NOTHING, algorithm.Plan.of(at, at, at, stride))[-1])
            states.append(state)
        steps = np.minimum(begin + stride * np.arange(1 + -(-count // stride)), end)
        rows, density = recorder.rows(len(steps))
        whole += [in_shape(s, state) for state in states[len(whole) :]]
    compiled, compiling_took = (now - then for now, then in zip(compile_log(), before, strict=True))
    training = max(time.perf_counter() - began - compiling_took, 0.0)
    return assemble(
        config,
        data,
        where,
        steps,
        rows,
        density,
        diverged_at,
        checkpoints=tuple({int(state.iteration): state for state in whole}.items()),
        seconds={"compile": compiling_took, "train": training},
        compilations=int(compiled),
    )


def prepare(s: Structure, n: draws.Scalars, points: Points) -> None:
    """Has the programs compiled that a run of this structure needs, all at once: while one is compiled, the next is traced."""
    state = recording.abstract(s)
    state = state._replace(players=jax.eval_shape(partial(flat, xp=jnp), state.players))
    with jax.default_device(beside()):
        observed = recording.observed.ahead(s, recording.blank(s), points)
    run = algorithm.run.ahead(s, n, state, NOTHING, algorithm.Plan.of(0, 0, 1, 1))
    for coming in (observed, run, algorithm.begin.ahead(s, n)):
        coming.result()


def pieces(begin: int, count: int, stride: int) -> list[int]:
    """After which iterations the pieces of a run end that does `count` from `begin` on, a state recorded every `stride`."""
    states = -(-count // stride)
    starts = range(0, states, min(recording.ROWS - 1, -(-states // PIECES)))  # the first one begins with a state, too
    inner = {*starts, (starts[-1] + states) // 2} - {0}
    return [*(begin + i * stride for i in sorted(inner)), begin + count]


def segments(begin: int, ends: Sequence[int], progress: Progress | None) -> Iterator[int]:
    """Where to stop on the way: at the end of each piece; with `progress`, after about `PULSE` seconds at most, reporting."""
    done, size = begin, FIRST_SEGMENT if progress else MAX_ITERATIONS
    for end in ends:
        while done < end:
            since = time.perf_counter()
            yield (until := min(done + size, end))
            if progress:
                progress(until - begin, ends[-1] - begin)
                size = max(1, min(int(size * PULSE / max(time.perf_counter() - since, 1e-3)), 32 * size))
            done = until


def state_at(run: Trajectory, iteration: int) -> State:
    """The whole state at an iteration: kept, or replayed from the nearest one before it.

    Raises:
      ValueError: an iteration before the run's first state, or any of a loaded run that went on from another or has parts.
    """
    if run.summary.get("parts"):
        raise ValueError("a saved run of several parts cannot be replayed: train its parts again")
    known = [(i, state) for i, state in run.checkpoints if i <= iteration]
    if run.checkpoints and not known:
        raise ValueError(f"iteration: {iteration} lies before this run's first state, {run.checkpoints[0][0]}")
    if not known and run.summary["start"] > 0:
        raise ValueError("a saved run that went on from another cannot be replayed: its first state is not in the file")
    i, state = known[-1] if known else (0, None)
    if state is not None and i == iteration:
        return state
    config = run.config.replace(**{"training.frames": 1})
    again = train(config, start=state, iterations=iteration - i or None)
    return again.checkpoints[-1 if iteration > i else 0][1]


def shapes(state: State) -> str:
    """The shapes of a state's parameters, in words."""
    return ", ".join(
        "x".join(map(str, np.shape(leaf))) or "1" for leaf in jax.tree.leaves((state.players.d, state.players.g))
    )


def find_device(name: str) -> Any:
    """The device that a name means here.

    Raises:
      ConfigError: an unknown name, or "gpu" where there is none.
    """
    if name not in DEVICES:
        raise ConfigError("device", name, "it must be one of " + ", ".join(DEVICES))
    try:
        return jax.local_devices(backend=ALONE if name == "auto" else name)[0]
    except RuntimeError:
        raise ConfigError("device", name, "no such device here; it must be auto or cpu") from None


def grid_of(config: Config) -> pushforward.Grid:
    """The picture's x axis: all of the data, and of the generator where it starts."""
    low, high = target(config.data).span
    g = config.generator
    if g.kind == "linear":
        low, high = min(low, g.mean - 4 * g.std), max(high, g.mean + 4 * g.std)
    else:
        low, high = min(low, -1.0), max(high, 1.0)
    return pushforward.grid(low, high)


def cell_masses(data: Target, where: pushforward.Grid) -> np.ndarray:
    """The data's mass on each cell (X,), what lies outside counted with the outermost: it sums to 1."""
    cdf = data.cdf(where.edges)
    cdf[0], cdf[-1] = 0.0, 1.0
    return np.diff(cdf)


def points_of(data: Target, where: pushforward.Grid) -> Points:
    """Where D is looked at."""
    return Points(np.float32(where.x), np.float32(cell_masses(data, where)))


def assemble(
    config: Config,
    data: Target,
    where: pushforward.Grid,
    steps: np.ndarray,
    rows: dict[str, np.ndarray],
    density: dict[str, np.ndarray],
    diverged_at: int,
    **others: Any,
) -> Trajectory:
    """The trajectory of a run from its rows (F, …): `recording.unpacked`'s, and `measuring.generated`'s of the generator's density.

    steps (F,): after which iterations they were recorded. diverged_at: or -1.
    """
    rows = held({name: values for name, values in rows.items() if name != "g"}, steps, diverged_at)
    p_data = data.pdf(where.x)
    loss = LOSSES[config.training.loss]
    d_star = loss.optimal_d(p_data, density["p_gen"]) if loss.optimal_d else None
    low = floors(config)
    summary = {
        "output": loss.output,
        "status": "diverged" if diverged_at >= 0 else "ok",
        "diverged_at": diverged_at if diverged_at >= 0 else None,
        "start": int(steps[0]),
        "optimum": dict(zip(("loss_d", "loss_g", "d"), loss.optimum, strict=True)),
        "noise_floor": low.noise,
        "best": {name: value if np.isfinite(value) else None for name, value in low.best.items()},
    }
    z = NOISES[config.generator.noise].ppf(LEVELS)
    fields: dict[str, Any] = {"p_data": p_data, "x": where.x, "z": z, **rows, **density}
    fields = {name: np.asarray(values, np.float32 if name in SINGLE else float) for name, values in fields.items()}
    fields |= {"iteration": np.int64(steps), "d_star": None if d_star is None else np.float32(d_star)}
    return Trajectory(config=config, summary=summary, replay=state_at, **fields, **others)


def held(rows: dict[str, np.ndarray], steps: np.ndarray, diverged_at: int) -> dict[str, np.ndarray]:
    """Rows (F, …) recorded after `steps` (F,) iterations; of a run that diverged (not -1) the last finite state is held to the end."""
    if diverged_at >= 0:
        frozen = int(np.argmax(steps >= diverged_at))  # the first row that shows the last finite state
        for name, values in rows.items():
            source = rows[name][frozen]
            values[frozen:] = np.nan if name in SEEN else source
    return rows


def in_shape(s: Structure, state: State) -> State:
    """The state of `flat` players on the host, their parameters in the shapes of the networks."""
    state = jax.tree.map(np.asarray, state)  # a tenth of what jax.device_get takes
    return state._replace(players=shaped(state.players, recording.abstract(s).players))
