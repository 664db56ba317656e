"""Algorithm 1 of Goodfellow et al. 2014 as one compiled program: a whole run, or a few iterations half a step at a time.

Random numbers (see `draws.py`) are drawn in bulk, a chunk of updates at a time, because drawing inside the step costs more than the
step. Whatever a slider can move is an argument of the program; see `config.Structure` for the rest.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from gan1d.config import MAX_UPDATES, Structure
from gan1d.draws import Scalars, draw_both, draw_d, draw_g
from gan1d.players import Players, State, flat, initial, is_fine, iterate, turn, update_d, update_g
from gan1d.programs import Program
from gan1d.recording import Kept, Points, blank, keep, observe, sampled

CHUNK = 64
"""Updates whose random numbers are drawn at once: past about this many, nothing more is gained on a CPU."""
HALVES = 20
"""Iterations that `half_steps` does at once: few, for rounding, which is another in another program, grows from each to the next."""


class Plan(NamedTuple):
    """Iterations, whole numbers () so that none of them compiles.

    until: how far one call goes. due: the next state to be recorded, at which the call may begin; then every `stride`, and `last`.
    A call has room for `recording.ROWS` states.
    """

    until: Any
    due: Any
    last: Any
    stride: Any

    @classmethod
    def of(cls, until: int, due: int, last: int, stride: int) -> Plan:
        """One of Python's numbers."""
        return cls(np.int32(until), np.int32(due), np.int32(last), np.int32(stride))


class Course(NamedTuple):
    """A run on its way, its players `flat`: its state, the next one to be recorded, and those recorded.

    total (5,): sums of `recording.SEEN` since the last recorded state, and over how many iterations.
    """

    state: State
    total: Any
    due: Any
    kept: Kept


@partial(Program, once=True)
def begin(s: Structure, n: Scalars) -> State:
    """The state before any update, its players `flat`."""
    state = initial(s, n)
    return state._replace(players=flat(state.players, jnp))


@Program
def run(s: Structure, n: Scalars, state: State, total: jax.Array, plan: Plan) -> tuple[State, jax.Array, Kept]:
    """Goes on with a run: state, its players `flat`, and total (5,) as in a `Course`, in and out. Returns them and the states recorded on
    the way.

    An iteration that ends in numbers that are not finite, or in a player beyond `LIMIT`, ends the run: its chunk is done again as far as
    the iteration before, and `diverged_at` says which it was.
    """
    k_d, k_g, last = n["k_d"], n["k_g"], plan.last

    def chunk(before: Course) -> Course:
        done = before.state.iteration
        # one more than there are updates: with the last state of a chunk, the batch is recorded that D would see next
        draws = draw_both(s, n, done, CHUNK + 1)
        end = jnp.minimum(done + CHUNK // jnp.maximum(k_d, k_g), end_of(before.state))

        def step(
            carry: tuple[jax.Array, jax.Array, Players, jax.Array],
        ) -> tuple[jax.Array, jax.Array, Players, jax.Array]:
            at, _, players, total = carry
            players, seen = iterate(s, n, players, draws, at - done)
            return at + 1, is_fine(players, seen), players, total + jnp.append(seen, 1.0)

        def record(course: Course) -> Course:
            state, total, due, kept = course
            coming = jax.tree.map(lambda a: a[(state.iteration - done) * k_d], (draws[0].real, draws[0].noise))
            due = jnp.where(due < last, jnp.minimum(due + plan.stride, last), last + 1)
            return Course(state, jnp.zeros(5), due, keep(kept, state.players, total[:4] / total[4], *coming))

        def stretch(carry: tuple[jax.Array, Course]) -> tuple[jax.Array, Course]:
            """As far as the next recorded state."""
            _, (state, total, due, kept) = carry
            stop = jnp.minimum(end, due)
            at, fine, players, total = jax.lax.while_loop(
                lambda c: (c[0] < stop) & c[1], step, (state.iteration, jnp.bool_(True), state.players, total)
            )
            course = Course(state._replace(players=players, iteration=at), total, due, kept)
            return fine, jax.lax.cond(fine & (at == due), record, lambda same: same, course)

        fine, after = jax.lax.while_loop(lambda c: c[0] & is_on(c[1], end), stretch, (jnp.bool_(True), before))
        again = before._replace(
            state=before.state._replace(diverged_at=after.state.iteration),
            kept=after.kept._replace(count=before.kept.count),
        )
        return jax.lax.cond(fine, lambda: after, lambda: again)

    def end_of(state: State) -> jax.Array:
        return jnp.where(state.diverged_at < 0, plan.until, state.diverged_at - 1)

    def is_on(course: Course, end: jax.Array) -> jax.Array:
        return (course.state.iteration < end) | (course.state.iteration == course.due)

    first = Course(state, total, plan.due, blank(s, jnp))
    course = jax.lax.while_loop(lambda course: is_on(course, end_of(course.state)), chunk, first)
    return course.state, course.total, course.kept


@Program
def half_steps(s: Structure, n: Scalars, start: State, points: Points) -> dict[str, jax.Array]:
    """The next `HALVES` iterations in half-steps: rows (N, …) of `observe` and `sampled`, N = 1 + 2 `HALVES`.

    The first is the start, the others are in turn after D's updates and after G's. The updates and random numbers are those of `run`.
    """
    slots = jnp.arange(MAX_UPDATES)
    zero = jnp.int32(0)

    def row(players: Players, iteration: jax.Array) -> dict[str, jax.Array]:
        coming = draw_d(s, n, iteration + 1, zero)
        return observe(s, players, points) | sampled(s, players, coming.real, coming.noise)

    def step(players: Players, iteration: jax.Array) -> tuple[Players, dict[str, jax.Array]]:
        draws_d, draws_g = draw_d(s, n, iteration, slots), draw_g(s, n, iteration, slots)
        players, _ = turn(s, n, update_d, n["k_d"], draws_d, zero, players)
        after_d = row(players, iteration - 1)  # the batch is still the one that D has just seen
        players, _ = turn(s, n, update_g, n["k_g"], draws_g, zero, players)
        return players, jax.tree.map(lambda a, b: jnp.stack([a, b]), after_d, row(players, iteration))

    iterations = start.iteration + 1 + jnp.arange(HALVES)
    _, rows = jax.lax.scan(step, start.players, iterations)
    first = row(start.players, start.iteration)
    return jax.tree.map(lambda a, b: jnp.concatenate([a[None], b.reshape(2 * HALVES, *b.shape[2:])]), first, rows)
