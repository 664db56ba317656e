"""From a config to a trajectory: runs the compiled algorithm, then measures what it recorded, exactly, on the host."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jax
import jax.monitoring
import numpy as np

from gan1d import algorithm, metrics, pushforward
from gan1d.algorithm import SEEN, Points, State
from gan1d.config import MAX_ITERATIONS, Config, ConfigError, Generator, Structure, structure
from gan1d.data import Target, target
from gan1d.fields import number
from gan1d.floors import floors
from gan1d.losses import LOSSES
from gan1d.noise import NOISES, Cells, cells
from gan1d.trajectory import SAMPLED, Trajectory

QUANTILES = 256
"""Noise quantiles recorded with each state."""
LEVELS = (np.arange(QUANTILES) + 0.5) / QUANTILES
"""Levels of those quantiles."""
PULSE = 0.25
"""Seconds between two reports of progress."""
FIRST_SEGMENT = 8
"""Iterations before the first report; the next ones are sized by how long it took."""
DEVICES = ("auto", "cpu", "gpu")
PROGRAMS = 24
"""Structures whose programs stay loaded. Each takes some 900 memory maps, more with half-steps, of the 65 530 that Linux gives a process;
past them the compiler ends it. Those given up are read again from the disk."""


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
    s, n, data = structure(config), algorithm.numbers(config), target(config.data)
    make_room(s)
    where = grid or grid_of(config)
    points = points_of(data, where)
    before, began = compile_log(), time.perf_counter()
    with jax.default_device(find_device(device)):
        first = algorithm.initial(s, n)
        if start is not None:
            if (old := shapes(start)) != (new := shapes(first)):
                raise ConfigError("start", old, f"it must be a state of the same networks, {new}")
            first = algorithm.adopt(first, start)
        begin = int(first.iteration)
        stride = -(-count // config.training.frames)
        tape = algorithm.blank(s, first, points)
        for until in segments(begin, begin + count, progress):
            tape = algorithm.run(s, n, tape, np.int32(until), np.int32(begin + count), np.int32(stride), points)
            if progress and shows_divergence(jax.block_until_ready(tape), until, stride):
                break
        tape = jax.device_get(tape)
    steps = np.minimum(begin + stride * np.arange(1 + -(-count // stride)), begin + count)
    compiled, compiling = (now - then for now, then in zip(compile_log(), before, strict=True))
    training = max(time.perf_counter() - began - compiling, 0.0)
    return assemble(
        config,
        data,
        where,
        steps,
        tape,
        seconds={"compile": compiling, "train": training},
        compilations=int(compiled),
    )


def shows_divergence(tape: algorithm.Tape, until: int, stride: int) -> bool:
    """Whether a run has diverged and a recorded state up to `until` shows it: then there is no more to see."""
    at, first = int(tape.state.diverged_at), int(tape.first)
    return at >= 0 and until - first >= -(-(at - first) // stride) * stride


def segments(begin: int, end: int, progress: Progress | None) -> Iterator[int]:
    """Where to stop on the way to `end`: nowhere, or after about `PULSE` seconds each, reporting."""
    if progress is None:
        yield end
        return
    progress(0, end - begin)  # before anything is compiled
    done, size = begin, FIRST_SEGMENT
    while done < end:
        since = time.perf_counter()
        yield (until := min(done + size, end))
        progress(until - begin, end - begin)
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
        return jax.local_devices(backend="cpu" if name == "auto" else name)[0]
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
    tape: algorithm.Tape,
    **took: Any,
) -> Trajectory:
    """The trajectory of a tape: the generated density and its distance to the data's at every recorded state."""
    frames = len(steps)
    rows = {name: np.array(values[:frames]) for name, values in tape.rows.items()}
    diverged_at = int(tape.state.diverged_at)
    if diverged_at >= 0:
        frozen = int(np.argmax(steps >= diverged_at))  # the first row that shows the last finite state
        for name, values in rows.items():
            source = rows[name][frozen]
            values[frozen:] = np.nan if name in SEEN else source
    g = rows.pop("g").astype(float)
    density = generated(g, config.generator, data, where)
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
    fields = {name: np.asarray(values, float) for name, values in fields.items()}
    fields |= {
        name: np.float32(values)
        for name, values in (
            *(("p_gen", density["p_gen"]), ("g", density["g"]), ("d", rows["d"])),
            *((name, rows[name]) for name in SAMPLED),
        )
    }
    fields |= {"iteration": np.int64(steps), "d_star": None if d_star is None else np.float32(d_star)}
    return Trajectory(config=config, summary=summary, checkpoints=checkpoints(tape), replay=state_at, **fields, **took)


def checkpoints(tape: algorithm.Tape) -> tuple[tuple[int, State], ...]:
    """The states that were kept, in order, each once."""
    kept: dict[int, State] = {}
    for slot, iteration in enumerate(tape.checkpoints.iteration):
        if slot == 0 or iteration > max(kept):
            kept[int(iteration)] = jax.tree.map(lambda a, i=slot: a[i], tape.checkpoints)
    return tuple(kept.items())


def generated(g: np.ndarray, by: Generator, data: Target, where: pushforward.Grid) -> dict[str, np.ndarray]:
    """Density and metrics of the generator at every recorded state; g as `algorithm.observe` records it."""
    if by.kind != "linear":
        return mapped_density(g, by, data, where)
    noise = cells(by.noise)
    if by.noise != "normal":
        return mapped_density(g[:, :1] + g[:, 1:] * noise.edges, by, data, where)
    return linear_density(g, noise, NOISES[by.noise].ppf(LEVELS), data, where)


def linear_density(
    g: np.ndarray, noise: Cells, z: np.ndarray, data: Target, where: pushforward.Grid
) -> dict[str, np.ndarray]:
    """Density and metrics of a linear generator of normal noise, in closed form; g (F,2) its mean and standard deviation."""
    mean, std = g[:, 0], g[:, 1]
    p_gen, outside = pushforward.density(pushforward.linear_cdf(where.edges, mean, std), where)
    forward, backward = metrics.linear_kl(mean, std, data)
    return {
        "p_gen": p_gen,
        "mass_outside": outside,
        "g": mean[:, None] + std[:, None] * z,
        "mean": mean,
        "std": std,
        "jsd": metrics.linear_jsd(mean, std, np.union1d(where.edges, data.landmarks), data.cdf),
        "kl_data_gen": forward,
        "kl_gen_data": backward,
        "w1": metrics.w1(mean[:, None] + std[:, None] * noise.nodes, noise.masses, data.quantiles, in_order=True),
        "mode_mass": metrics.mode_masses(lambda at: pushforward.linear_cdf(at, mean, std), data.centres, data.stds),
    }


def mapped_density(g: np.ndarray, by: Generator, data: Target, where: pushforward.Grid) -> dict[str, np.ndarray]:
    """Density and metrics of any other generator, by its images of the noise cells; g (F, N+1) at their edges."""
    noise, z = cells(by.noise), NOISES[by.noise].ppf(LEVELS)
    masses, bounded = noise.masses, by.kind == "mlp" and by.activation == "tanh"
    p_gen, outside = pushforward.density(pushforward.cells_cdf(g, masses, where), where)
    cuts, inside = pushforward.cells_masses(g, masses, where, data.landmarks)
    p, q = metrics.with_outside(data.cdf(cuts)), np.pad(inside, ((0, 0), (1, 1)))
    atoms = np.where(g[:, 1:] == g[:, :-1], masses, 0.0).sum(axis=1)
    mean, std = pushforward.cells_moments(g, masses)
    i = np.searchsorted(noise.edges, z) - 1
    share = (z - noise.edges[i]) / (noise.edges[i + 1] - noise.edges[i])
    return {
        "p_gen": p_gen,
        "mass_outside": outside,
        "g": g[:, i] * (1 - share) + g[:, i + 1] * share,
        "mean": mean,
        "std": std,
        "jsd": metrics.jsd_of_masses(p, q),
        "kl_data_gen": metrics.mapped_kl_data_gen(g, by.noise, data, bounded),
        "kl_gen_data": metrics.mapped_kl(cuts, inside, atoms, pushforward.ATOM * where.width, data),
        "w1": metrics.w1(0.5 * (g[:, 1:] + g[:, :-1]), masses, data.quantiles),
        "mode_mass": metrics.mode_masses(lambda at: pushforward.cells_cdf_at(g, masses, at), data.centres, data.stds),
    }


# ---- compilation: counted, timed, and kept between processes


_loaded: set[Structure] = set()
_log = {"count": 0, "seconds": 0.0}
_log_lock = threading.Lock()


def make_room(s: Structure) -> None:
    """Gives up all loaded programs when one more structure would be too many."""
    with _log_lock:
        if s not in _loaded and len(_loaded) >= PROGRAMS:
            _loaded.clear()
            jax.clear_caches()
        _loaded.add(s)


def _on_duration(event: str, duration_secs: float, **_: Any) -> None:
    if event.startswith("/jax/core/compile/"):
        with _log_lock:
            _log["seconds"] += duration_secs
            _log["count"] += event.endswith("backend_compile_duration")


def compile_log() -> tuple[int, float]:
    """Programs that JAX compiled in this process so far, and the seconds that took (tracing and lowering included)."""
    with _log_lock:
        return int(_log["count"]), _log["seconds"]


@cache
def _set_up() -> None:
    jax.monitoring.register_event_duration_secs_listener(_on_duration)
    if "JAX_COMPILATION_CACHE_DIR" in os.environ:
        return
    try:
        folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gan1d" / "jax"
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # no home, or not a writable one: then each process compiles for itself
        return
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.2)


_set_up()
