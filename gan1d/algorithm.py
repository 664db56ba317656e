"""Algorithm 1 of Goodfellow et al. 2014 as one compiled program: a whole run, or a few iterations half a step at a time.

Random numbers (see `draws.py`) are drawn in bulk, a chunk of updates at a time, because drawing inside the step costs more than the
step. Whatever a slider can move is an argument of the program; see `config.Structure` for the rest.
"""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp

from gan1d.config import MAX_UPDATES, Structure
from gan1d.draws import DrawsD, Scalars, draw_d, draw_g
from gan1d.players import Players, State, is_fine, iterate, shaped, turn, update_d, update_g
from gan1d.recording import CHECKPOINTS, SEEN, Points, Tape, observe, sampled, shapes_of

CHUNK = 64
"""Updates whose random numbers are drawn at once: past about this many, nothing more is gained on a CPU."""
HALVES = 100
"""Iterations that `half_steps` does at once."""
COMPILER = {"xla_cpu_prefer_vector_width": "512", "xla_cpu_multi_thread_eigen": False}
"""Where a processor has vectors of 512 bits, XLA's default is half of that. A product of matrices of these sizes gains nothing from a
second thread, which something else can use; and its sum depends on it."""


@partial(jax.jit, static_argnums=0, donate_argnums=2, compiler_options=COMPILER)
def run(
    s: Structure,
    n: Scalars,
    tape: Tape,
    until: jax.Array,
    last: jax.Array,
    stride: jax.Array,
    points: Points,
) -> Tape:
    """Goes on with a run that ends at iteration `last` as far as `until`, recording every `stride` iterations and at the last one.

    tape: goes on in its own memory; where it holds JAX's arrays, they are gone afterwards.
    until, last, stride: whole numbers (), so that none of them compiles. An iteration that ends in numbers that are not finite, or
    in a parameter beyond `LIMIT`, ends the run: its chunk is done again as far as the iteration before, which is then recorded
    once more where the run would next have been, and `diverged_at` says which iteration it was.
    """
    first, like = tape.first, shapes_of(s)
    frames = (last - first + stride - 1) // stride
    per_chunk = CHUNK // jnp.maximum(n["k_d"], n["k_g"])

    def row_of(iteration: jax.Array) -> jax.Array:
        return (iteration - first + stride - 1) // stride

    def is_due(tape: Tape, iteration: jax.Array) -> jax.Array:
        on_row = ((iteration - first) % stride == 0) | (iteration == last)
        return on_row & (row_of(iteration) >= tape.recorded)

    def record(iteration: jax.Array, coming: DrawsD, tape: Tape) -> Tape:
        row = row_of(iteration)
        players = shaped(tape.state.players, like)
        values = observe(s, players, points) | sampled(s, players, coming)
        since = (iteration - first - 1) % stride + 1
        seen = jnp.where(row == 0, jnp.nan, tape.total / since)
        values |= dict(zip(SEEN, seen, strict=True))
        slot = jnp.where(row == 0, 0, 1 + (row - 1) * CHECKPOINTS // frames)
        rows = jax.tree.map(partial(put, at=row), tape.rows, values)
        checkpoints = jax.tree.map(partial(put, at=slot), tape.checkpoints, tape.state)
        return tape._replace(total=jnp.zeros(4), recorded=row + 1, rows=rows, checkpoints=checkpoints)

    def put(buffer: jax.Array, value: jax.Array, at: jax.Array) -> jax.Array:
        return jax.lax.dynamic_update_index_in_dim(buffer, value, at, 0)

    def shown(bad: jax.Array, at: jax.Array) -> jax.Array:
        """The iteration that stands for the state after `at`: of a run that ends there, the next one on a row."""
        return jnp.where(at == bad - 1, jnp.minimum(first + row_of(bad) * stride, last), at)

    def chunk(carry: tuple[jax.Array, jax.Array, Tape]) -> tuple[jax.Array, jax.Array, Tape]:
        done, bad, tape = carry
        slots = jnp.arange(CHUNK)
        draws = (
            jax.vmap(lambda i: draw_d(s, n, done + 1 + i // n["k_d"], i % n["k_d"]))(slots),
            jax.vmap(lambda i: draw_g(s, n, done + 1 + i // n["k_g"], i % n["k_g"]))(slots),
        )
        end = jnp.minimum(done + per_chunk, jnp.where(bad < 0, until, bad - 1))

        def step(
            carry: tuple[jax.Array, jax.Array, Players, jax.Array],
        ) -> tuple[jax.Array, jax.Array, Players, jax.Array]:
            at, _, players, total = carry
            players, seen = iterate(s, n, players, draws, at - done)
            return at + 1, is_fine(players, seen), players, total + seen

        def stretch(carry: tuple[jax.Array, jax.Array, Tape]) -> tuple[jax.Array, jax.Array, Tape]:
            """As far as the next recorded state."""
            at, fine, tape = carry
            now = shown(bad, at)
            coming = jax.tree.map(lambda a: a[(at - done) * n["k_d"]], draws[0])
            tape = jax.lax.cond(is_due(tape, now), partial(record, now, coming), lambda same: same, tape)
            stop = jnp.minimum(end, first + ((at - first) // stride + 1) * stride)
            at, fine, players, total = jax.lax.while_loop(
                lambda c: (c[0] < stop) & c[1], step, (at, fine, tape.state.players, tape.total)
            )
            state = tape.state._replace(players=players, iteration=at)
            return at, fine, tape._replace(state=state, total=total)

        def more(carry: tuple[jax.Array, jax.Array, Tape]) -> jax.Array:
            at, fine, tape = carry
            return fine & (
                (at < end) | ((at == done) & is_due(tape, shown(bad, at)))
            )  # at the end the next chunk records

        at, fine, after = jax.lax.while_loop(more, stretch, (done, jnp.bool_(True), tape))
        state = jax.tree.map(lambda new, old: jnp.where(fine, new, old), after.state, tape.state)
        return jnp.where(fine, at, done), jnp.where(fine, bad, at), after._replace(state=state)

    def more(carry: tuple[jax.Array, jax.Array, Tape]) -> jax.Array:
        done, bad, tape = carry
        return (done < jnp.where(bad < 0, until, bad - 1)) | is_due(tape, shown(bad, done))

    _, bad, tape = jax.lax.while_loop(more, chunk, (tape.state.iteration, tape.state.diverged_at, tape))
    return tape._replace(state=tape.state._replace(diverged_at=bad))


@partial(jax.jit, static_argnums=0)
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
