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
from gan1d.draws import numbers
from gan1d.losses import LOSSES
from gan1d.noise import cells
from gan1d.players import Players, State, initial, ravelled, skeletons, trees, unravelled
from gan1d.programs import Program

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
    at = jnp.asarray(nodes.nodes[felt], jnp.float32)
    if isinstance(g_module, networks.LinearGenerator):
        g, fake = _line(g_module, jnp), g_module(at)
    else:
        g, fake = _at_both(g_module, jnp.asarray(cells(noise).edges, jnp.float32), at)
    on_grid, on_fake = _at_both(nnx.merge(d_graph, players.d), points.x, fake)
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


def sampled(s: Structure, players: Players, real: jax.Array, noise: jax.Array) -> dict[str, jax.Array]:
    """Of the batch that D's next update sees: sample_real, sample_fake (S,), data units, S = min(B, `SAMPLES`); real and noise (B,).

    sample_logit (S,): D's logit or score l at the generated ones; sample_step (S,): -dL_G/dx there, each sample's own, per data unit:
    where the generator would move the sample. D as it is, without dropout or instance noise.
    """
    d_graph, g_graph = skeletons(s)
    fake = nnx.merge(g_graph, players.g)(noise[:SAMPLES])
    logit, slope = nnx.merge(d_graph, players.d).with_slope(fake)
    steepness = jax.grad(lambda logit: jnp.sum(LOSSES[s.loss].generator(logit)))(logit)
    return {
        "sample_real": real[:SAMPLES],
        "sample_fake": fake,
        "sample_logit": logit,
        "sample_step": -steepness * slope,
    }


def _line(module: networks.LinearGenerator, xp: Any) -> Any:
    """Mean and standard deviation (…, 2) of a linear generator's samples, data units."""
    return xp.stack([module.mean[...], xp.abs(module.std[...])], axis=-1)


def _at_both(module: Any, a: jax.Array, b: jax.Array) -> tuple[jax.Array, jax.Array]:
    """What a network says at points (A,) and (B,): one product a layer for both."""
    both = module(jnp.concatenate([a, b]))
    return both[: len(a)], both[len(a) :]


SEEN = ("batch_loss_d", "batch_loss_g", "grad_norm_d", "grad_norm_g")
"""What training itself saw, averaged over the iterations since the recorded state before."""


class Kept(NamedTuple):
    """States to be observed, the first `count` () of `states` (R, …): each the parameters of both players, `SEEN`, and of the batch that
    D's next update sees min(B, `SAMPLES`) real and as many of noise, one after the other."""

    count: Any
    states: Any


def blank(s: Structure, xp: Any = np) -> Kept:
    """Room for `ROWS` states. xp: NumPy, or jax.numpy within a program."""
    return Kept(xp.int32(0), xp.zeros((ROWS, sum(_lengths(s))), xp.float32))


def keep(kept: Kept, players: Players, seen: jax.Array, real: jax.Array, noise: jax.Array) -> Kept:
    """One state more, its players `flat`, within a program; seen (4,), real and noise (B,)."""
    state = jnp.concatenate([players.d, players.g, seen, real[:SAMPLES], noise[:SAMPLES]])
    return Kept(kept.count + 1, jax.lax.dynamic_update_index_in_dim(kept.states, state, kept.count, 0))


@Program
def observed(s: Structure, kept: Kept, points: Points) -> jax.Array:
    """Of each state that was kept what `looked` says, as a vector (R, …), in which `unpacked` finds it; zeros past `count`."""

    # each state is read in the pass before its own: what is worked out where it is used, XLA works out again for every number that it is
    # used for
    def put(i: jax.Array, carry: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        now, rows = carry
        row = ravelled(looked(s, now, points), jnp)
        return kept.states[i + 1], jax.lax.dynamic_update_index_in_dim(rows, row, i, 0)

    length = sum(leaf.size for leaf in jax.tree.leaves(_shapes_looked(s, len(points.x))))
    return jax.lax.fori_loop(0, kept.count, put, (kept.states[0], jnp.zeros((ROWS, length))))[1]


def looked(s: Structure, state: jax.Array, points: Points) -> dict[str, jax.Array]:
    """`observe` and `sampled` of one of `Kept.states`, state (L,), but for what `as_kept` reads off it."""
    d, g, _, real, noise = jnp.split(state, _ends(s))
    d, g = trees(s, Players(d, None, g, None))
    players = Players(d, None, g, None)
    found = observe(s, players, points) | sampled(s, players, real, noise)
    return {name: values for name, values in found.items() if name not in _shapes_as_kept(s)}


def as_kept(s: Structure, states: np.ndarray) -> dict[str, np.ndarray]:
    """What is recorded of `Kept.states` (…, L) and can be read off them, by name (…, …): `SEEN`, sample_real, a linear generator's g.

    It does not go through `observed`: where more than eight kernels could run at once, XLA gives some of them to a second thread, and in
    every pass the two wait for each other.
    """
    d, g, seen, real, _ = np.split(states, _ends(s), axis=-1)
    found = {name: seen[..., i] for i, name in enumerate(SEEN)} | {"sample_real": real}
    if s.generator[0] == "linear":
        found["g"] = _line(nnx.merge(skeletons(s)[1], trees(s, Players(d, None, g, None))[1]), np)
    return found


def unpacked(s: Structure, states: np.ndarray, rows: np.ndarray, cells: int) -> dict[str, np.ndarray]:
    """All that is recorded, by name (F, …), of `Kept.states` (F, L) and their rows of `observed` (F, …) on a grid of so many cells."""
    found: dict[str, np.ndarray] = unravelled(rows, _shapes_looked(s, cells))
    return found | as_kept(s, states)


@cache
def abstract(s: Structure) -> State:
    """The state before any update as abstract arrays, which have shapes and no numbers; traced once for each structure."""
    n = numbers(Config(data=Mixture(means=(0.0,), stds=(1.0,))))
    return jax.eval_shape(partial(initial, s), n)


def _ends(s: Structure) -> np.ndarray:
    """Where in one of `Kept.states` its parts end, but for the last."""
    return np.cumsum(_lengths(s))[:-1]


def _lengths(s: Structure) -> list[int]:
    """Of the parts of one of `Kept.states`."""
    players, batch = abstract(s).players, min(s.batch, SAMPLES)
    sizes = [sum(leaf.size for leaf in jax.tree.leaves(tree)) for tree in (players.d, players.g)]
    return [*sizes, len(SEEN), batch, batch]


def row_shapes(s: Structure, cells: int) -> dict[str, Any]:
    """What is recorded of a state, as abstract arrays, on a grid of so many cells."""
    return _shapes_looked(s, cells) | _shapes_as_kept(s)


@cache
def _shapes_as_kept(s: Structure) -> dict[str, Any]:
    """What `as_kept` says of a state, as abstract arrays."""
    found = as_kept(s, np.zeros(sum(_lengths(s)), np.float32))
    return {name: jax.ShapeDtypeStruct(values.shape, values.dtype) for name, values in found.items()}


@cache
def _shapes_looked(s: Structure, cells: int) -> dict[str, Any]:
    """What `looked` says, as abstract arrays, on a grid of so many cells."""
    points = Points(*(jax.ShapeDtypeStruct((cells,), np.float32) for _ in "xm"))
    return jax.eval_shape(partial(looked, s), jax.ShapeDtypeStruct((sum(_lengths(s)),), np.float32), points)
