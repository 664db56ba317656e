"""What is recorded of a run: training keeps a state's parameters, and what they show is worked out from those, on another core."""

from __future__ import annotations

from functools import cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from gan1d import networks
from gan1d.config import Config, Mixture, Structure
from gan1d.draws import DrawsD, Scalars, draw_d, numbers
from gan1d.losses import LOSSES
from gan1d.noise import cells
from gan1d.players import Players, State, flat, initial, skeletons, trees
from gan1d.programs import COMPILER

ROWS = 64
"""Recorded states that one call of `algorithm.run` has room for."""
NODES = 128
"""Noise cells for expectations over the generated density: their error is below 1e-3 nats (tests/gan1d/test_algorithm.py)."""
DUST = 1e-12
"""Mass of a noise cell that no float32 expectation feels."""
SAMPLES = 32
"""Samples recorded of each batch: as many as can be told apart in a picture."""


class Points(NamedTuple):
    """Where D is looked at: the picture's grid x (X,), and the data's mass (X,) on each of its cells, what lies outside at the ends."""

    x: Any
    mass: Any


def observe(s: Structure, players: Players, points: Points) -> dict[str, jax.Array]:
    """One recorded state: D on the grid, G, and expectations without L2, penalty or dropout.

    d (X,): D's probability or score. g: (2,) mean and std of a linear generator, else (N+1,) its values at the noise cells' edges.
    loss_d, loss_g (), and for probabilities value = V(D,G), p_real_on_real, p_real_on_fake (), for scores score_real, score_fake ():
    expectations over p_data and p_gen by quadrature; nats, probabilities, scores. What a loss does not have is NaN.
    """
    loss, noise = LOSSES[s.loss], s.generator[3]
    d_graph, g_graph = skeletons(s)
    g_module = nnx.merge(g_graph, players.g)
    nodes = cells(noise, NODES)
    felt = nodes.masses > DUST
    fake = g_module(jnp.asarray(nodes.nodes[felt], jnp.float32))
    if isinstance(g_module, networks.LinearGenerator):
        g = jnp.stack([g_module.mean[...], jnp.abs(g_module.std[...])])
    else:
        g = g_module(jnp.asarray(cells(noise).edges, jnp.float32))
    module = nnx.merge(d_graph, players.d)
    on_grid, on_fake = module(points.x), module(fake)
    weight = jnp.asarray(nodes.masses[felt], jnp.float32)
    row = {
        "g": g,
        "loss_d": points.mass @ loss.real(on_grid) + weight @ loss.fake(on_fake),
        "loss_g": weight @ loss.generator(on_fake),
    }
    if loss.output == "score":
        nothing = dict.fromkeys(("value", "p_real_on_real", "p_real_on_fake"), jnp.float32(jnp.nan))
        return row | nothing | {"d": on_grid, "score_real": points.mass @ on_grid, "score_fake": weight @ on_fake}
    return row | {
        "d": jax.nn.sigmoid(on_grid),
        "value": -(points.mass @ jax.nn.softplus(-on_grid)) - weight @ jax.nn.softplus(on_fake),
        "p_real_on_real": points.mass @ jax.nn.sigmoid(on_grid),
        "p_real_on_fake": weight @ jax.nn.sigmoid(on_fake),
    }


def sampled(s: Structure, players: Players, draws: DrawsD) -> dict[str, jax.Array]:
    """Of the batch that D's next update sees: sample_real, sample_fake (S,), data units, S = min(B, `SAMPLES`).

    sample_logit (S,): D's logit or score l at the generated ones; sample_step (S,): -dL_G/dx there, each sample's own, per data unit:
    where the generator would move the sample. D as it is, without dropout or instance noise.
    """
    d_graph, g_graph = skeletons(s)
    module, count = nnx.merge(d_graph, players.d), min(s.batch, SAMPLES)
    fake = nnx.merge(g_graph, players.g)(draws.noise[:count])
    slope = jax.grad(lambda x: jnp.sum(LOSSES[s.loss].generator(module(x))))(fake)
    return {
        "sample_real": draws.real[:count],
        "sample_fake": fake,
        "sample_logit": module(fake),
        "sample_step": -slope,
    }


SEEN = ("batch_loss_d", "batch_loss_g", "grad_norm_d", "grad_norm_g")
"""What training itself saw, averaged over the iterations since the recorded state before."""


class Kept(NamedTuple):
    """States to be observed, the first `count` () of R: after which iteration (R,), the parameters d (R,P) and g (R,Q) of each player
    as one vector, and `SEEN` (R,4)."""

    count: Any
    iteration: Any
    d: Any
    g: Any
    seen: Any


def blank(state: State, xp: Any = np) -> Kept:
    """Room for `ROWS` states of players that are `flat`. xp: NumPy, or jax.numpy within a program."""
    players = state.players
    return Kept(
        count=xp.int32(0),
        iteration=xp.zeros(ROWS, xp.int32),
        d=xp.zeros((ROWS, *players.d.shape), xp.float32),
        g=xp.zeros((ROWS, *players.g.shape), xp.float32),
        seen=xp.full((ROWS, len(SEEN)), xp.nan, xp.float32),
    )


def single(state: State) -> Kept:
    """One state alone, its players `flat`, with nothing seen before it."""
    kept = blank(state)
    for values, value in zip(kept[1:4], (state.iteration, state.players.d, state.players.g), strict=True):
        values[0] = value
    return kept._replace(count=np.int32(1))


def keep(kept: Kept, state: State, seen: jax.Array) -> Kept:
    """One state more, its players `flat`, within a program; seen (4,)."""
    new = (state.iteration, state.players.d, state.players.g, seen)
    put = partial(jax.lax.dynamic_update_index_in_dim, index=kept.count, axis=0)
    return Kept(kept.count + 1, *(put(values, value) for values, value in zip(kept[1:], new, strict=True)))


@partial(jax.jit, static_argnums=0, compiler_options=COMPILER)
def observed(s: Structure, n: Scalars, kept: Kept, points: Points) -> dict[str, jax.Array]:
    """Rows (R, …) of `observe`, `sampled` and `SEEN`, those past `count` zeros."""

    # drawn before the loop, and each state read in the pass before its own: what is worked out where it is used, XLA works out again for
    # every number that it is used for
    coming = jax.vmap(lambda iteration: draw_d(s, n, iteration + 1, jnp.int32(0)))(kept.iteration)

    def at(i: jax.Array) -> tuple[Any, ...]:
        return jax.tree.map(lambda values: values[i], (kept.d, kept.g, kept.seen, coming))

    def one(d: jax.Array, g: jax.Array, seen: jax.Array, drawn: DrawsD) -> dict[str, jax.Array]:
        d, g = trees(s, Players(d, None, g, None))
        players = Players(d, None, g, None)
        return observe(s, players, points) | sampled(s, players, drawn) | dict(zip(SEEN, seen, strict=True))

    def put(i: jax.Array, carry: tuple[Any, dict[str, jax.Array]]) -> tuple[Any, dict[str, jax.Array]]:
        now, rows = carry
        into = partial(jax.lax.dynamic_update_index_in_dim, index=i, axis=0)
        return at(i + 1), jax.tree.map(into, rows, one(*now))

    first = at(jnp.int32(0))
    rows = jax.tree.map(lambda like: jnp.zeros((len(kept.d), *like.shape), like.dtype), jax.eval_shape(one, *first))
    return jax.lax.fori_loop(0, kept.count, put, (first, rows))[1]


@cache
def shapes_of(s: Structure) -> Players:
    """The players as abstract arrays, which have shapes and no numbers; traced once for each structure."""
    n = numbers(Config(data=Mixture(means=(0.0,), stds=(1.0,))))
    return jax.eval_shape(partial(initial, s), n).players


def row_shapes(s: Structure, cells: int) -> dict[str, Any]:
    """Shapes of one row of `observe` and `SEEN`, on a grid of so many cells."""
    points = Points(*np.zeros((2, cells), np.float32))
    row = jax.eval_shape(partial(observe, s), shapes_of(s), points)
    return row | dict.fromkeys(SEEN, jax.ShapeDtypeStruct((), np.float32))


@cache
def nowhere(s: Structure) -> State:
    """A state of zeros, `flat`: for a program that is compiled before there is one."""
    players = jax.eval_shape(partial(flat, xp=jnp), shapes_of(s))
    zeros = jax.tree.map(lambda like: np.zeros(like.shape, like.dtype), players)
    return State(zeros, jnp.int32(0), jnp.int32(-1))
