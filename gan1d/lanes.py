"""Many runs side by side as one compiled program: a lane each, the same structure and equally long loops in all of them.

The updates and the random numbers are those of `algorithm.run`; only the order in which a batched program adds up differs. So a lane agrees
with a single run to rounding, some 1e-6 at first, and later as far as a game that amplifies rounding allows: of runs of the scenario
gaussian-linear 256 of 256 came out with the same word, of a map over both its learning rates 244 of 256, of far-modes-mlp's 40 of 48,
where two single runs whose learning rates differ in the last bit agree in 92 and 75 of a hundred. A lane's numbers do not depend on the
other lanes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from gan1d import recording
from gan1d.config import Config, Structure, structure
from gan1d.draws import DrawsD, DrawsG, Scalars, draw_both
from gan1d.players import State, initial, is_fine, iterate
from gan1d.programs import COMPILER
from gan1d.recording import SEEN, Points

FRAMES = 100
"""Recorded states of a run after the first one: enough for the diagnosis, which was judged at as many."""
RECORDED = ("g", "value", "p_real_on_real", "p_real_on_fake", "score_real", "score_fake", "grad_norm_g")
"""What is recorded of `recording.observe` and `SEEN`, as far as a loss has it: what the diagnosis and the metrics read."""
LANES = {"cpu": 8, "gpu": 1024}
"""Lanes of one chunk at most. Microseconds a GAN and iteration on a CPU core, for 1, 2, 4, 8, 16 and 32 of them (D 64-64, linear G): 52,
39, 37, 36, 36, 36. A GPU, where a chunk of a few should take about as long as one of many, gets many; not measured."""
MEMORY = {"cpu": 2**28, "gpu": 2**33}
"""Bytes that a chunk may take on its device: it has fewer lanes where theirs are large."""
DRAWN = 32
"""Updates whose random numbers are drawn at once, for all lanes together."""
SHARED = ("k_d", "k_g")
"""Numbers that all lanes of a chunk have in common: a loop whose length differs between lanes would do the longest in all."""


class Lanes(NamedTuple):
    """L runs so far. done (): iterations; row (): recorded states; total (L,4): sums of `SEEN` since the last one.

    rows: name -> (FRAMES + 1, L, …), those of `RECORDED`.
    """

    done: Any
    row: Any
    state: State
    total: Any
    rows: dict[str, Any]


class Chunk(NamedTuple):
    """Runs that one program trains side by side: their places in the list of configs."""

    structure: Structure
    iterations: int
    places: tuple[int, ...]


def axes_of(n: Scalars) -> dict[str, Any]:
    """Which numbers have an axis of lanes."""
    return {name: None if name in SHARED else 0 for name in n}


@partial(jax.jit, static_argnums=0)
def begin(s: Structure, n: Scalars, points: Points) -> Lanes:
    """Lanes before any update, nothing recorded. Every leaf of n and points has an axis of lanes first, but for `SHARED`."""
    row = recording.row_shapes(s, points.x.shape[-1])
    lanes = len(n["lr_d"])
    return Lanes(
        done=jnp.int32(0),
        row=jnp.int32(0),
        state=jax.vmap(partial(initial, s), in_axes=(axes_of(n),))(n),
        total=jnp.full((lanes, len(SEEN)), jnp.nan),
        rows={k: jnp.zeros((FRAMES + 1, lanes, *v.shape), v.dtype) for k, v in row.items() if k in RECORDED},
    )


@partial(jax.jit, static_argnums=0, donate_argnums=3, compiler_options=COMPILER)
def go_on(
    s: Structure, n: Scalars, points: Points, lanes: Lanes, noise: jax.Array, until: jax.Array, last: jax.Array
) -> Lanes:
    """Goes on as far as iteration `until` of `last`, recording as `algorithm.run` does for `FRAMES` states.

    noise (): the largest instance noise among the lanes: while it is 0, none is drawn. Its draws, like every loop, have no axis of lanes to
    depend on: with one, both branches of a condition would be done in each step.
    """
    by_lane, k_d, k_g = axes_of(n), n["k_d"], n["k_g"]
    stride = -(-last // FRAMES)
    per_chunk = DRAWN // jnp.maximum(k_d, k_g)
    drawn, drawn_by_lane = n | {"instance_noise": noise}, by_lane | {"instance_noise": None}
    step_all = jax.vmap(partial(_advance, s), in_axes=(by_lane, 0, 1, None, None))

    def draw(done: jax.Array) -> tuple[DrawsD, DrawsG]:
        """Random numbers (DRAWN, L, …) of the updates that follow."""
        return jax.vmap(lambda n: draw_both(s, n, done, DRAWN), in_axes=(drawn_by_lane,), out_axes=1)(drawn)

    def due(row: jax.Array) -> jax.Array:
        """The iteration at which a row is recorded; -1 past the last one."""
        at = row * stride
        return jnp.where(at < last + stride, jnp.minimum(at, last), -1)

    def record(lanes: Lanes) -> Lanes:
        seen = lanes.total / (lanes.done - due(lanes.row - 1))
        values = jax.vmap(partial(recording.observe, s))(lanes.state.players, points)
        values |= dict(zip(SEEN, seen.T, strict=True))
        rows = {name: rows.at[lanes.row].set(values[name]) for name, rows in lanes.rows.items()}
        return lanes._replace(row=lanes.row + 1, total=jnp.zeros_like(lanes.total), rows=rows)

    def chunk(lanes: Lanes) -> Lanes:
        first = lanes.done
        draws = draw(first)
        end = jnp.minimum(first + per_chunk, until)

        def step(i: jax.Array, carry: tuple[State, jax.Array]) -> tuple[State, jax.Array]:
            state, total = carry
            state, seen = step_all(n, state, draws, i - first, i + 1)
            return state, total + seen

        def stretch(lanes: Lanes) -> Lanes:
            """Records if it is time to, and goes on to the next time."""
            lanes = jax.lax.cond(due(lanes.row) == lanes.done, record, lambda same: same, lanes)
            next_due = due(lanes.row)
            stop = jnp.where(next_due < 0, end, jnp.minimum(next_due, end))
            state, total = jax.lax.fori_loop(lanes.done, stop, step, (lanes.state, lanes.total))
            return lanes._replace(done=stop, state=state, total=total)

        return jax.lax.while_loop(lambda lanes: (lanes.done < end) | (due(lanes.row) == lanes.done), stretch, lanes)

    def more(lanes: Lanes) -> jax.Array:
        at = lanes.state.diverged_at
        shown = (at >= 0) & (due(lanes.row - 1) >= at)
        return (lanes.done < until) & ~jnp.all(shown)  # lanes that have all diverged, and show it, are done

    return jax.lax.while_loop(more, chunk, lanes)


def _advance(
    s: Structure, n: Scalars, state: State, draws: tuple[DrawsD, DrawsG], i: jax.Array, iteration: jax.Array
) -> tuple[State, jax.Array]:
    """One lane's iteration. A lane that diverges keeps its last finite networks; what its optimisers remember no longer counts."""
    players, seen = iterate(s, n, state.players, draws, i)
    fine, before = is_fine(players, seen), state.players
    going = (state.diverged_at < 0) & fine
    d, g = jax.tree.map(lambda new, old: jnp.where(going, new, old), (players.d, players.g), (before.d, before.g))
    diverged_at = jnp.where((state.diverged_at < 0) & ~fine, iteration, state.diverged_at)
    return State(players._replace(d=d, g=g), jnp.where(going, iteration, state.iteration), diverged_at), seen


# ---- chunks


def lane_bytes(s: Structure) -> int:
    """About how much one lane takes: its recorded states, its random numbers, and a few copies of its layers' outputs and weights."""
    (_, g_hidden, _, _), (d_hidden, _, dropout) = s.generator, s.discriminator
    units = sum(d_hidden) + sum(g_hidden)
    weights = sum(a * b for h in (d_hidden, g_hidden) for a, b in zip((1, *h), (*h, 1), strict=True))
    draws = DRAWN * s.batch * (24 * 4 + 3 * sum(d_hidden) * dropout)
    return (FRAMES + 1) * 4 * 640 + draws + 4 * (8 * 2 * s.batch * units + 8 * weights)


def width(s: Structure, platform: str) -> int:
    """Lanes of a chunk on a device of this platform: a power of two."""
    kind = "cpu" if platform == "cpu" else "gpu"
    fit = max(1, MEMORY[kind] // lane_bytes(s))
    return min(LANES[kind], 1 << (fit.bit_length() - 1))


def chunks(configs: Sequence[Config], platform: str) -> list[Chunk]:
    """Configs in chunks of one structure and equal loops: a structure after the other, each in the order given.

    But for its first chunk, which comes before the others of the structure before: so one program is compiled while another one runs.
    """
    groups: dict[Structure, dict[tuple[int, ...], list[int]]] = {}
    for place, config in enumerate(configs):
        t = config.training
        loops = groups.setdefault(structure(config), {})
        loops.setdefault((t.iterations, t.k_d, t.k_g), []).append(place)
    found, waiting = list[Chunk](), list[Chunk]()
    for s, loops in groups.items():
        size = width(s, platform)
        cut = [(p[i : i + size], loop[0]) for loop, p in loops.items() for i in range(0, len(p), size)]
        first, *others = [Chunk(s, iterations, tuple(places)) for places, iterations in sorted(cut)]
        found += [first, *waiting]
        waiting = others
    return found + waiting
