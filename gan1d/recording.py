"""What is recorded of a run, a state at a time, and the tape that it is recorded on."""

from __future__ import annotations

from functools import cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from gan1d import networks
from gan1d.config import MAX_FRAMES, Config, Mixture, Structure
from gan1d.draws import DrawsD, numbers
from gan1d.losses import LOSSES
from gan1d.noise import cells
from gan1d.players import Players, State, flat, initial, skeletons
from gan1d.trajectory import SAMPLED

CHECKPOINTS = 16
"""Whole states kept of a run; any other is replayed from the nearest before it."""
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
    logits = nnx.merge(d_graph, players.d)(jnp.concatenate([points.x, fake]))
    on_grid, on_fake = jnp.split(logits, [len(points.x)])
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


class Tape(NamedTuple):
    """A run so far: where it began (), its state, the sums of `SEEN` since the last recorded state (4,), and what is recorded.

    recorded (): rows that are filled.
    rows: name -> (MAX_FRAMES + 1, …) of `observe` and `SEEN`; those past the last recorded state are not filled.
    checkpoints: whole `State`s, (CHECKPOINTS + 1, …). Players are `flat`, here and in the state.
    """

    first: Any
    state: State
    total: Any
    recorded: Any
    rows: dict[str, Any]
    checkpoints: State


@cache
def shapes_of(s: Structure) -> Players:
    """The players as abstract arrays, which have shapes and no numbers; traced once for each structure."""
    n = numbers(Config(data=Mixture(means=(0.0,), stds=(1.0,))))
    return jax.eval_shape(partial(initial, s), n).players


@cache
def tape_shapes(s: Structure, cells: int) -> tuple[dict[str, Any], State]:
    """Shapes of one recorded row and of one kept state; traced once for each structure."""
    players = shapes_of(s)
    whole: Any = jax.ShapeDtypeStruct((), np.int32)
    kept = State(jax.eval_shape(lambda players: flat(players, jnp), players), whole, whole)
    points = Points(*np.zeros((2, cells), np.float32))
    row = jax.eval_shape(partial(observe, s), players, points)
    row |= dict.fromkeys(SAMPLED, jax.ShapeDtypeStruct((min(s.batch, SAMPLES),), np.float32))
    return row | dict.fromkeys(SEEN, jax.ShapeDtypeStruct((), np.float32)), kept


def blank(s: Structure, start: State | None, points: Points) -> Tape:
    """An empty tape that begins at a state, all zeros where none is given; NumPy, so that nothing is compiled for it."""
    row, kept = tape_shapes(s, len(points.x))
    if start:
        state = start._replace(players=flat(start.players))
    else:
        state = jax.tree.map(lambda like: np.zeros(like.shape, like.dtype), kept)

    def buffer(length: int, like: Any) -> np.ndarray:
        return np.zeros((length, *like.shape), like.dtype)

    return Tape(
        first=np.int32(state.iteration),
        state=state,
        total=np.zeros(4, np.float32),
        recorded=np.int32(0),
        rows=jax.tree.map(partial(buffer, MAX_FRAMES + 1), row),
        checkpoints=jax.tree.map(partial(buffer, CHECKPOINTS + 1), kept),
    )
