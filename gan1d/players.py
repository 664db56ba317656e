"""The two players: their parameters, how they begin, and one update of each, as pure functions.

Everything that a slider can move is in the numbers n; see `config.Structure` for the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from gan1d import networks
from gan1d.config import OPTIMIZERS as OPTIMIZER_NAMES
from gan1d.config import Structure
from gan1d.draws import DrawsD, DrawsG, Scalars, keep_factors, stream
from gan1d.losses import LOSSES
from gan1d.regularizers import REGULARIZERS

Tree = Any
LIMIT = 1e6
"""A player has run away whose parameters have a greater norm than this: data and generated points are a thousand times nearer, and float32
soon ends."""
WIDE = 64
"""Columns of a sum that is done as a product."""


class Players(NamedTuple):
    """Parameters and optimiser states of both players."""

    d: Tree
    d_opt: Tree
    g: Tree
    g_opt: Tree


def flat(players: Players, xp: Any = np) -> Players:
    """The same with each network's parameters, and what its optimiser keeps of each, as one vector: fewer and longer operations.

    xp: NumPy, or jax.numpy within a program.
    """

    return jax.tree.map(lambda x: ravelled(x, xp) if _is_tree(x) else x, players, is_leaf=_is_tree)


def shaped(players: Players, like: Players) -> Players:
    """The inverse of `flat`; shapes and names are those of `like`."""
    return jax.tree.map(lambda x, v: unravelled(v, x) if _is_tree(x) else v, like, players, is_leaf=_is_tree)


def ravelled(tree: Tree, xp: Any) -> Any:
    """The leaves of a tree as one vector (P,)."""
    return xp.concatenate([xp.ravel(leaf) for leaf in jax.tree.leaves(tree)])


def unravelled(vector: Any, like: Tree) -> Tree:
    """The inverse: the leaves that a vector (…, P) holds, in the shapes of a tree, after the vector's own axes."""
    leaves, treedef = jax.tree.flatten(like)
    ends = np.cumsum([leaf.size for leaf in leaves])
    parts = [
        vector[..., end - leaf.size : end].reshape((*vector.shape[:-1], *leaf.shape))
        for end, leaf in zip(ends, leaves, strict=True)
    ]
    return jax.tree.unflatten(treedef, parts)


def _is_tree(x: Any) -> bool:
    return isinstance(x, nnx.State)


class State(NamedTuple):
    """Everything that training carries. iteration (): the last finite one; diverged_at (): the first that was not, or -1."""

    players: Players
    iteration: jax.Array
    diverged_at: jax.Array


OPTIMIZERS: dict[str, Callable[[Scalars], optax.GradientTransformation]] = {
    "adam": lambda n: optax.scale_by_adam(b1=n["beta1"], b2=n["beta2"], eps=1e-8),
    "sgd": lambda n: optax.identity(),
    "rmsprop": lambda n: optax.scale_by_rms(decay=n["beta2"], eps=1e-8),
}
"""Update directions, before the learning rate (which is a number, and may be 0).

Of the gradient g, with running means E over the updates so far:
adam: E[g] / (sqrt(E[g^2]) + 1e-8), both means freed of their start at 0. Source: Kingma and Ba 2015, arXiv:1412.6980, algorithm 1.
sgd: g. Source: Robbins and Monro 1951, Ann. Math. Statist. 22(3).
rmsprop: g / sqrt(E[g^2] + 1e-8). Source: Tieleman and Hinton 2012, Neural Networks for Machine Learning, lecture 6.5.
"""
assert tuple(OPTIMIZERS) == OPTIMIZER_NAMES


@cache
def _abstract(s: Structure) -> tuple[Any, Any]:
    key = jnp.zeros(2, jnp.uint32)
    d = nnx.eval_shape(lambda: networks.discriminator(s, key))
    g = nnx.eval_shape(lambda: networks.generator(s, key))
    return nnx.split(d), nnx.split(g)


def skeletons(s: Structure) -> tuple[Any, Any]:
    """The modules without their parameters: D's and G's graph definitions."""
    (d, _), (g, _) = _abstract(s)
    return d, g


def trees(s: Structure, players: Players) -> tuple[Tree, Tree]:
    """D's and G's parameters, of players that may be `flat`."""
    (_, d), (_, g) = _abstract(s)
    return (
        players.d if _is_tree(players.d) else unravelled(players.d, d),
        players.g if _is_tree(players.g) else unravelled(players.g, g),
    )


def initial(s: Structure, n: Scalars) -> State:
    """The state before any update."""
    d = nnx.split(networks.discriminator(s, stream(n, "init_d")))[1]
    module = networks.generator(s, stream(n, "init_g"))
    if isinstance(module, networks.LinearGenerator):
        module.mean[...], module.std[...] = n["g_mean"], n["g_std"]
    g = nnx.split(module)[1]
    tx = OPTIMIZERS[s.optimizer](n)
    return State(Players(d, tx.init(d), g, tx.init(g)), jnp.int32(0), jnp.int32(-1))


def adopt(first: State, start: State) -> State:
    """A state to go on from, its players `flat`: those of `start`, under settings of which `first` is the initial state.

    Another optimiser begins without memory. A run that had diverged goes on from its last finite state.
    """

    def memory(players: Players) -> Any:
        return jax.tree.structure((players.d_opt, players.g_opt))

    players = flat(start.players)
    if memory(players) != memory(first.players):
        players = first.players._replace(d=players.d, g=players.g)
    return State(players, start.iteration, first.diverged_at)


def blurred(n: Scalars, x: jax.Array, noise: jax.Array) -> jax.Array:
    """What D sees of points x (B,), data units: with instance noise; noise (B,) ~ N(0, 1)."""
    inputs = REGULARIZERS["instance_noise"].inputs
    assert inputs
    return inputs(x, noise, n["instance_noise"])


def update_d(s: Structure, n: Scalars, players: Players, draws: DrawsD) -> tuple[Players, tuple[jax.Array, jax.Array]]:
    """One discriminator update. Returns the players and (batch loss without L2 or penalty (), norm of the whole gradient ())."""
    loss, chosen = LOSSES[s.loss], REGULARIZERS[s.penalty]
    l2, labels = REGULARIZERS["l2"].weights, REGULARIZERS["label_smoothing"].labels
    assert l2 and labels
    d_graph, g_graph = skeletons(s)
    tree_d, tree_g = trees(s, players)
    fake = nnx.merge(g_graph, tree_g)(draws.noise)
    seen = blurred(n, jnp.concatenate([draws.real, fake]), draws.blur)
    real, fake = seen[: s.batch], seen[s.batch :]
    keep = keep_factors(s, n, draws.keep, 2 * s.batch)
    is_real = np.arange(2 * s.batch) < s.batch

    def objective(d: Tree) -> tuple[jax.Array, jax.Array]:
        module = nnx.merge(d_graph, d)
        logits = module(seen, keep)
        on_real = labels(loss.real, loss.fake, n["label_smoothing"])
        batch = jnp.sum(jnp.where(is_real, on_real(logits), loss.fake(logits))) / s.batch
        total = batch + n["l2"] * l2(d)
        if chosen.penalty:
            kept = None if keep is None else [k[: s.batch] for k in keep]
            total += n["penalty_weight"] * chosen.penalty(lambda x: module(x, kept), real, fake, draws.mix)
        return total, batch

    grads, batch = jax.grad(objective, has_aux=True)(tree_d)
    d, d_opt, norm = _apply(s, n, "lr_d", players.d, players.d_opt, grads)
    if chosen.project:
        d = chosen.project(d, n["penalty_weight"])
    return players._replace(d=d, d_opt=d_opt), (batch, norm)


def update_g(s: Structure, n: Scalars, players: Players, draws: DrawsG) -> tuple[Players, tuple[jax.Array, jax.Array]]:
    """One generator update. Returns the players and (batch loss (), gradient norm ())."""
    loss = LOSSES[s.loss]
    d_graph, g_graph = skeletons(s)
    tree_d, tree_g = trees(s, players)
    module = nnx.merge(d_graph, tree_d)
    keep = keep_factors(s, n, draws.keep, s.batch)

    def points(g: Tree) -> jax.Array:
        return blurred(n, nnx.merge(g_graph, g)(draws.noise), draws.blur)

    seen, back = jax.vjp(points, tree_g)
    logit, slope = module.with_slope(seen, keep)
    batch, steepness = jax.value_and_grad(lambda logit: jnp.mean(loss.generator(logit)))(logit)
    (grads,) = back(steepness * slope)
    g, g_opt, norm = _apply(s, n, "lr_g", players.g, players.g_opt, grads)
    return players._replace(g=g, g_opt=g_opt), (batch, norm)


def _apply(s: Structure, n: Scalars, rate: str, params: Tree, opt: Tree, grads: Tree) -> tuple[Tree, Tree, jax.Array]:
    """Parameters and optimiser state after one update, and the gradient's norm ()."""
    if not _is_tree(params):
        grads = jax.lax.optimization_barrier(ravelled(grads, jnp))  # made once, not again for each of its uses
    direction, opt = OPTIMIZERS[s.optimizer](n).update(grads, opt, params)
    return jax.tree.map(lambda p, u: p - n[rate] * u, params, direction), opt, global_norm(grads)


def global_norm(tree: Tree) -> jax.Array:
    """The Euclidean norm () of everything in a tree, or of a vector: of that most is summed as a product with ones, at which a CPU is
    quicker."""
    if _is_tree(tree):
        return jnp.sqrt(sum(jnp.vdot(leaf, leaf) for leaf in jax.tree.leaves(tree)))
    squares, whole = tree**2, len(tree) // WIDE * WIDE
    columns = jnp.ones((1, whole // WIDE)) @ squares[:whole].reshape(-1, WIDE)
    return jnp.sqrt(jnp.sum(columns) + jnp.sum(squares[whole:]))


def iterate(
    s: Structure, n: Scalars, players: Players, draws: tuple[DrawsD, DrawsG], i: jax.Array
) -> tuple[Players, jax.Array]:
    """One iteration: k_d discriminator updates, then k_g generator updates.

    draws hold a row for each update of a chunk; this is the chunk's i-th iteration. Returns the players and the mean of `SEEN` (4,).
    """

    players, (loss_d, norm_d) = turn(s, n, update_d, n["k_d"], draws[0], i, players)
    players, (loss_g, norm_g) = turn(s, n, update_g, n["k_g"], draws[1], i, players)
    return players, jnp.stack([loss_d, loss_g, norm_d, norm_g])


def turn(
    s: Structure, n: Scalars, update: Any, count: jax.Array, draws: Any, i: jax.Array, players: Players
) -> tuple[Players, jax.Array]:
    """One player's turn in a chunk's i-th iteration: `count` updates. Returns the players and their mean loss and gradient norm (2,)."""

    def body(j: jax.Array, carry: tuple[Players, jax.Array]) -> tuple[Players, jax.Array]:
        players, total = carry
        players, seen = update(s, n, players, jax.tree.map(lambda a: a[i * count + j], draws))
        return players, total + jnp.stack(seen)

    players, total = jax.lax.fori_loop(0, count, body, (players, jnp.zeros(2)))
    return players, total / count


def is_fine(players: Players, seen: jax.Array) -> jax.Array:
    """Whether training can go on: what it saw is finite, and no player has run away -> bool ()."""
    return (
        jnp.isfinite(jnp.sum(seen)) & (global_norm(players.d) < LIMIT) & (global_norm(players.g) < LIMIT)
    )  # false for NaN too
