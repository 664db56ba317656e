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
from gan1d.draws import Scalars, draw_d, draw_g
from gan1d.players import Players, State, is_fine, iterate, turn, update_d, update_g
from gan1d.programs import COMPILER
from gan1d.recording import Kept, Points, blank, keep, observe, sampled

CHUNK = 64
"""Updates whose random numbers are drawn at once: past about this many, nothing more is gained on a CPU."""
HALVES = 20
"""Iterations that `half_steps` does at once: few, for rounding, which is another in another program, grows from each to the next."""


class Plan(NamedTuple):
    """Iterations, whole numbers () so that none of them compiles: a run from `first` to `last` that records every `stride` and the last.

    until: how far one call goes. It has room for `recording.ROWS` recorded states.
    """

    first: Any
    until: Any
    last: Any
    stride: Any


def plan(first: int, until: int, last: int, stride: int) -> Plan:
    """A plan as the program wants it."""
    return Plan(np.int32(first), np.int32(until), np.int32(last), np.int32(stride))


@partial(jax.jit, static_argnums=0, compiler_options=COMPILER)
def run(s: Structure, n: Scalars, state: State, total: jax.Array, plan: Plan) -> tuple[State, jax.Array, Kept]:
    """Goes on with a run. Returns its state, total, and the states after the first one that are to be recorded on the way.

    state: its players are `flat`, in and out.
    total (4,): sums of `recording.SEEN` since the last recorded state. An iteration that ends in numbers that are not finite, or in a
    parameter beyond `LIMIT`, ends the run: its chunk is done again as far as the iteration before, and `diverged_at` says which it was.
    """
    first, until, last, stride = plan
    per_chunk = CHUNK // jnp.maximum(n["k_d"], n["k_g"])

    def record(state: State, total: jax.Array, kept: Kept) -> tuple[jax.Array, Kept]:
        since = (state.iteration - first - 1) % stride + 1
        return jnp.zeros(4), keep(kept, state, total / since)

    def chunk(carry: tuple[State, jax.Array, Kept]) -> tuple[State, jax.Array, Kept]:
        before, total_before, kept_before = carry
        done = before.iteration
        slots = jnp.arange(CHUNK)
        draws = (
            jax.vmap(lambda i: draw_d(s, n, done + 1 + i // n["k_d"], i % n["k_d"]))(slots),
            jax.vmap(lambda i: draw_g(s, n, done + 1 + i // n["k_g"], i % n["k_g"]))(slots),
        )
        end = jnp.minimum(done + per_chunk, end_of(before))

        def step(
            carry: tuple[jax.Array, jax.Array, Players, jax.Array],
        ) -> tuple[jax.Array, jax.Array, Players, jax.Array]:
            at, _, players, total = carry
            players, seen = iterate(s, n, players, draws, at - done)
            return at + 1, is_fine(players, seen), players, total + seen

        def stretch(carry: tuple[jax.Array, State, jax.Array, Kept]) -> tuple[jax.Array, State, jax.Array, Kept]:
            """As far as the next recorded state."""
            _, state, total, kept = carry
            stop = jnp.minimum(end, first + ((state.iteration - first) // stride + 1) * stride)
            at, fine, players, total = jax.lax.while_loop(
                lambda c: (c[0] < stop) & c[1], step, (state.iteration, jnp.bool_(True), state.players, total)
            )
            state = state._replace(players=players, iteration=at)
            is_due = fine & (((at - first) % stride == 0) | (at == last))
            total, kept = jax.lax.cond(is_due, record, lambda _, *same: same, state, total, kept)
            return fine, state, total, kept

        fine, state, total, kept = jax.lax.while_loop(
            lambda c: c[0] & (c[1].iteration < end), stretch, (jnp.bool_(True), before, total_before, kept_before)
        )
        again = before._replace(diverged_at=state.iteration)
        state, total, count = jax.tree.map(
            partial(jnp.where, fine), (state, total, kept.count), (again, total_before, kept_before.count)
        )
        return state, total, kept._replace(count=count)

    def end_of(state: State) -> jax.Array:
        return jnp.where(state.diverged_at < 0, until, state.diverged_at - 1)

    return jax.lax.while_loop(
        lambda carry: carry[0].iteration < end_of(carry[0]), chunk, (state, total, blank(state, jnp))
    )


@partial(jax.jit, static_argnums=0, compiler_options=COMPILER)
def half_steps(s: Structure, n: Scalars, start: State, points: Points) -> dict[str, jax.Array]:
    """The next `HALVES` iterations in half-steps: rows (N, …) of `observe` and `sampled`, N = 1 + 2 `HALVES`.

    The first is the start, the others are in turn after D's updates and after G's. The updates and random numbers are those of `run`.
    """
    slots = jnp.arange(MAX_UPDATES)
    zero = jnp.int32(0)

    def row(players: Players, iteration: jax.Array) -> dict[str, jax.Array]:
        return observe(s, players, points) | sampled(s, players, draw_d(s, n, iteration + 1, zero))

    def step(players: Players, iteration: jax.Array) -> tuple[Players, dict[str, jax.Array]]:
        draws_d = jax.vmap(lambda j: draw_d(s, n, iteration, j))(slots)
        draws_g = jax.vmap(lambda j: draw_g(s, n, iteration, j))(slots)
        players, _ = turn(s, n, update_d, n["k_d"], draws_d, zero, players)
        after_d = row(players, iteration - 1)  # the batch is still the one that D has just seen
        players, _ = turn(s, n, update_g, n["k_g"], draws_g, zero, players)
        return players, jax.tree.map(lambda a, b: jnp.stack([a, b]), after_d, row(players, iteration))

    iterations = start.iteration + 1 + jnp.arange(HALVES)
    _, rows = jax.lax.scan(step, start.players, iterations)
    first = row(start.players, start.iteration)
    return jax.tree.map(lambda a, b: jnp.concatenate([a[None], b.reshape(2 * HALVES, *b.shape[2:])]), first, rows)
