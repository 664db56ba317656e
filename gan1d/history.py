"""Runs that go on under other settings, and runs in half-steps: what somebody does who changes the game while it is played."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np
from scipy.special import expit, logit

from gan1d import algorithm, draws, pushforward
from gan1d.config import MAX_ITERATIONS, Config, ConfigError, structure
from gan1d.data import target
from gan1d.losses import LOSSES
from gan1d.measuring import generated
from gan1d.players import State
from gan1d.recording import Points
from gan1d.training import Progress, grid_of, points_of, train
from gan1d.trajectory import Trajectory

MOST_PARTS = 12
"""Parts of one run: more cannot be told apart on a scrub bar, or carried by a link."""
HALVES = 5 * algorithm.HALVES
"""Iterations in half-steps at once."""


class Part(NamedTuple):
    """A stretch of a run. until: the absolute iteration at which it ends. hold_g: G stands still and keeps its optimiser's memory."""

    config: Config
    until: int
    hold_g: bool = False


class HalfSteps(NamedTuple):
    """N states in half-steps: the start, then in turn after D's updates and after G's.

    iteration (N,): the iteration that each belongs to. arrays: (N, …) by the names that they have in a `Trajectory`.
    """

    iteration: np.ndarray
    arrays: dict[str, np.ndarray]


def play(parts: Sequence[Part], progress: Progress | None = None) -> Trajectory:
    """Trains parts one after another and joins them: the picture's axis holds all of their data, `summary["seams"]` says where they meet.

    D is read throughout as the last part reads it: the logit of a probability is its score. `parts` of the result are the parts' own
    runs. A part that diverged is gone on from at its last finite state.

    Raises:
      ConfigError: no part or too many, an end that is not beyond the one before, or networks that change.
    """
    if not 1 <= len(parts) <= MOST_PARTS:
        raise ConfigError("parts", len(parts), f"there must be 1 to {MOST_PARTS}")
    begins = [0, *(part.until for part in parts)]
    for begin, part in zip(begins, parts, strict=False):
        if not begin < part.until <= MAX_ITERATIONS:
            raise ConfigError("until", part.until, f"it must be a whole number from {begin + 1} to {MAX_ITERATIONS}")
        if structure(part.config).generator != structure(parts[0].config).generator:
            raise ConfigError("generator", part.config.generator, "it must stay the same network in all parts")
    grids = [grid_of(part.config) for part in parts]
    where = pushforward.grid(min(g.edges[0] for g in grids), max(g.edges[-1] for g in grids))
    stride = -(-parts[-1].until // parts[-1].config.training.frames)
    runs: list[Trajectory] = []
    state: State | None = None
    for part in parts:
        begin = int(state.iteration) if state else 0
        count = part.until - begin
        changes: dict[str, Any] = {"training.frames": -(-count // stride), "training.iterations": part.until}
        if part.hold_g:
            changes["training.lr_g"] = 0.0
        report = partial(_report, progress, begin, parts[-1].until) if progress else None
        run = train(part.config.replace(**changes), start=state, iterations=count, progress=report, grid=where)
        state = _end_of(part, run, part.until)
        runs.append(run)
    return runs[0] if len(runs) == 1 else _joined(parts, runs)


def _report(progress: Progress, begin: int, end: int, done: int, _: int) -> None:
    progress(begin + done, end)


def _end_of(part: Part, run: Trajectory, iteration: int) -> State:
    """The state of a part's run; with a generator that was held as it was when the part began."""
    last = run.summary["diverged_at"]
    state: State = run.state_at(iteration if last is None else min(iteration, last - 1))
    if part.hold_g:
        first: State = run.state_at(int(run.iteration[0]))
        state = state._replace(players=state.players._replace(g_opt=first.players.g_opt))
    return state


def _joined(parts: Sequence[Part], runs: Sequence[Trajectory]) -> Trajectory:
    """One run of several; a state that two parts share is the later one's."""
    ends = [int(run.iteration[0]) for run in runs[1:]] + [MAX_ITERATIONS + 1]
    kept = [run.iteration < end for run, end in zip(runs, ends, strict=True)]
    firsts = np.append(0, np.cumsum([np.sum(k) for k in kept]))
    last = runs[-1]
    loss = LOSSES[last.config.training.loss]

    def joined(name: str) -> np.ndarray | None:
        values = [getattr(run, name) for run in runs]
        if values[-1] is None:
            return None
        shape = values[-1].shape[1:]
        rows = []
        for run, value, keep in zip(runs, values, kept, strict=True):
            same = value is not None and value.shape[1:] == shape
            if name == "mode_mass" and run.config.data != last.config.data:
                same = False  # the mass on modes that are no longer there
            rows.append(value[keep] if same else np.full((int(keep.sum()), *shape), np.nan))
        return np.concatenate(rows)

    apart = ("x", "z", "p_data", "iteration", "d", "d_star")
    fields: dict[str, Any] = {name: joined(name) for name in last.arrays if name not in apart}
    d = np.concatenate([_read(run, last)[keep] for run, keep in zip(runs, kept, strict=True)])
    d_star: np.ndarray | None = None
    if loss.optimal_d:
        best = [loss.optimal_d(run.p_data, run.p_gen[keep]) for run, keep in zip(runs, kept, strict=True)]
        d_star = np.concatenate(best).astype(np.float32)
    iteration = np.concatenate([run.iteration[keep] for run, keep in zip(runs, kept, strict=True)])
    told = [{"until": part.until, "hold_g": part.hold_g, "config": part.config.to_dict()} for part in parts]
    summary = last.summary | {"start": int(iteration[0]), "seams": ends[:-1], "parts": told}
    fields |= {"iteration": iteration, "d": d, "d_star": d_star, "summary": summary}
    return dataclasses.replace(
        last,
        **fields,
        parts=tuple((int(first), run) for first, run in zip(firsts, runs, strict=False)),
        checkpoints=(),
        replay=lambda run, at: _state_at(parts, runs, at),
        seconds={name: sum(run.seconds[name] for run in runs) for name in last.seconds},
        compilations=sum(run.compilations for run in runs),
    )


def _read(run: Trajectory, last: Trajectory) -> np.ndarray:
    """D (F,X) of one part as another reads it: of a probability and its score one is known when the other is."""
    if run.summary["output"] == last.summary["output"]:
        return run.d
    if run.summary["output"] == "score":
        return np.asarray(expit(run.d))
    tiny = np.finfo(np.float32).eps / 2
    return np.asarray(logit(np.clip(run.d.astype(float), 1e-37, 1 - tiny)), np.float32)


def _state_at(parts: Sequence[Part], runs: Sequence[Trajectory], iteration: int) -> State:
    """The whole state at an iteration, of the part that begins there or that it lies in."""
    for part, run in reversed(list(zip(parts, runs, strict=True))):
        if int(run.iteration[0]) <= iteration:
            return _end_of(part, run, iteration)
    raise ValueError(f"iteration: {iteration} lies before this run's first state")


def part_at(run: Trajectory, iteration: int) -> Trajectory:
    """The part of a run that its next update at an iteration belongs to; the run itself where it has no parts."""
    found = run
    for _, part in run.parts:
        if int(part.iteration[0]) <= iteration:
            found = part
    return found


def half_steps(run: Trajectory, around: int) -> HalfSteps:
    """The states about an iteration in half-steps, `HALVES` iterations in all, as the run itself went through them.

    Near the end of the run they go on as the run would have.

    Raises:
      ValueError: an iteration that the run cannot be replayed to.
    """
    within = part_at(run, around)
    begin = max(int(within.iteration[0]), around - HALVES // 2)
    if (at := within.summary["diverged_at"]) is not None:
        begin = min(begin, at - 1)
    config = within.config
    state = run.state_at(begin)._replace(diverged_at=np.int32(-1))
    data = target(config.data)
    width = float(run.x[1] - run.x[0])
    where = pushforward.grid(run.x[0] - width / 2, run.x[-1] + width / 2, len(run.x))
    arrays = _rows(config, state, points_of(data, where))
    fine = np.isfinite(arrays["loss_d"]) & np.isfinite(arrays["g"]).all(axis=1)
    count = len(fine) if fine.all() else max(1, int(np.argmin(fine)))
    arrays = {name: values[:count] for name, values in arrays.items()}
    g = arrays.pop("g").astype(float)
    arrays |= {name: np.asarray(values) for name, values in generated(g, config.generator, data, where).items()}
    return HalfSteps(begin + (np.arange(count) + 1) // 2, arrays)


def _rows(config: Config, state: State, points: Points) -> dict[str, np.ndarray]:
    """The rows of `algorithm.half_steps` from a state on, begun anew from the run's own states on the way, as far as it goes."""
    s, n, found = structure(config), draws.numbers(config), list[dict[str, np.ndarray]]()
    for i in range(HALVES // algorithm.HALVES):
        if i:
            run = train(config.replace(**{"training.frames": 1}), start=state, iterations=algorithm.HALVES)
            if run.summary["status"] == "diverged":
                break
            state = run.checkpoints[-1][1]
        rows = jax.device_get(algorithm.half_steps(s, n, state, points))
        found.append({name: values[1 if i else 0 :] for name, values in rows.items()})
    return {name: np.concatenate([rows[name] for rows in found]) for name in found[0]}
