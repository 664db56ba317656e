"""Algorithm 1 of Goodfellow et al. 2014 as one compiled program: init, one iteration, a whole run.

Random numbers (see `draws.py`) are drawn in bulk, a chunk of updates at a time, because drawing inside the step costs more than the
step. Whatever a slider can move is an argument of the program; see `config.Structure` for the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from gan1d import networks
from gan1d.config import MAX_FRAMES, MAX_UPDATES, Config, Mixture, Structure
from gan1d.config import OPTIMIZERS as OPTIMIZER_NAMES
from gan1d.data import DISTRIBUTIONS
from gan1d.draws import DrawsD, DrawsG, Scalars, draw_d, draw_g, keep_factors, stream
from gan1d.losses import LOSSES
from gan1d.noise import cells
from gan1d.regularizers import REGULARIZERS
from gan1d.trajectory import SAMPLED

Tree = Any

CHUNK = 64
"""Updates whose random numbers are drawn at once: past about this many, nothing more is gained on a CPU."""
CHECKPOINTS = 16
"""Whole states kept of a run; any other is replayed from the nearest before it."""
NODES = 128
"""Noise cells for expectations over the generated density: their error is below 1e-3 nats (tests/gan1d/test_algorithm.py)."""
SAMPLES = 32
"""Samples recorded of each batch: as many as can be told apart in a picture."""
HALVES = 100
"""Iterations that `half_steps` does at once."""
LIMIT = 1e6
"""A parameter beyond this has run away: data and generated points are a thousand times nearer, and float32 soon ends."""


class Players(NamedTuple):
    """Parameters and optimiser states of both players."""

    d: Tree
    d_opt: Tree
    g: Tree
    g_opt: Tree


class State(NamedTuple):
    """Everything that training carries. iteration (): the last finite one; diverged_at (): the first that was not, or -1."""

    players: Players
    iteration: jax.Array
    diverged_at: jax.Array


class Points(NamedTuple):
    """Where D is looked at: the picture's grid x (X,), and the data's mass (X,) on each of its cells, what lies outside at the ends."""

    x: Any
    mass: Any


def numbers(config: Config) -> Scalars:
    """The traced part of a config, as float32 and int32 arrays: the argument that a slider moves."""
    d, t = config.discriminator, config.training
    family = DISTRIBUTIONS[config.data.kind]
    floats = {
        "g_mean": config.generator.mean,
        "g_std": config.generator.std,
        "dropout": d.dropout,
        "l2": d.l2,
        "penalty_weight": t.penalty_weight,
        "lr_d": t.lr_d,
        "lr_g": t.lr_g,
        "beta1": t.beta1,
        "beta2": t.beta2,
        "instance_noise": t.instance_noise,
        "label_smoothing": t.label_smoothing,
    }
    whole = {"k_d": t.k_d, "k_g": t.k_g, "seed": t.seed}
    return {
        "data": {k: np.asarray(v, np.float32) for k, v in family.numbers(config.data).items()},
        **{k: np.float32(v) for k, v in floats.items()},
        **{k: np.int32(v) for k, v in whole.items()},
    }


# ---- the players


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


def skeletons(s: Structure) -> tuple[Any, Any]:
    """The modules without their parameters: D's and G's graph definitions."""
    key = jax.random.key(0)
    d = nnx.eval_shape(lambda: networks.discriminator(s, key))
    g = nnx.eval_shape(lambda: networks.generator(s, key))
    return nnx.split(d)[0], nnx.split(g)[0]


@partial(jax.jit, static_argnums=0)
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
    """A state to go on from: the players of `start`, under settings of which `first` is the initial state.

    Another optimiser begins without memory. A run that had diverged goes on from its last finite state.
    """

    def memory(players: Players) -> Any:
        return jax.tree.structure((players.d_opt, players.g_opt))

    players = start.players
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
    fake = nnx.merge(g_graph, players.g)(draws.noise)
    seen = blurred(n, jnp.concatenate([draws.real, fake]), draws.blur)
    real, fake = seen[: s.batch], seen[s.batch :]
    keep = keep_factors(s, n, draws.keep)

    def objective(d: Tree) -> tuple[jax.Array, jax.Array]:
        module = nnx.merge(d_graph, d)
        logits = module(seen, keep)
        on_real = labels(loss.real, loss.fake, n["label_smoothing"])
        batch = jnp.mean(on_real(logits[: s.batch])) + jnp.mean(loss.fake(logits[s.batch :]))
        total = batch + n["l2"] * l2(d)
        if chosen.penalty:
            kept = None if keep is None else [k[: s.batch] for k in keep]
            total += n["penalty_weight"] * chosen.penalty(lambda x: module(x, kept), real, fake, draws.mix)
        return total, batch

    grads, batch = jax.grad(objective, has_aux=True)(players.d)
    d, d_opt = _apply(s, n, "lr_d", players.d, players.d_opt, grads)
    if chosen.project:
        d = chosen.project(d, n["penalty_weight"])
    return players._replace(d=d, d_opt=d_opt), (batch, optax.tree.norm(grads))


def update_g(s: Structure, n: Scalars, players: Players, draws: DrawsG) -> tuple[Players, tuple[jax.Array, jax.Array]]:
    """One generator update. Returns the players and (batch loss (), gradient norm ())."""
    d_graph, g_graph = skeletons(s)
    module = nnx.merge(d_graph, players.d)
    keep = keep_factors(s, n, draws.keep)

    def objective(g: Tree) -> jax.Array:
        seen = blurred(n, nnx.merge(g_graph, g)(draws.noise), draws.blur)
        return jnp.mean(LOSSES[s.loss].generator(module(seen, keep)))

    batch, grads = jax.value_and_grad(objective)(players.g)
    g, g_opt = _apply(s, n, "lr_g", players.g, players.g_opt, grads)
    return players._replace(g=g, g_opt=g_opt), (batch, optax.tree.norm(grads))


def _apply(s: Structure, n: Scalars, rate: str, params: Tree, opt: Tree, grads: Tree) -> tuple[Tree, Tree]:
    direction, opt = OPTIMIZERS[s.optimizer](n).update(grads, opt, params)
    return jax.tree.map(lambda p, u: p - n[rate] * u, params, direction), opt


# ---- what is recorded


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
    fake = g_module(jnp.asarray(nodes.nodes, jnp.float32))
    if isinstance(g_module, networks.LinearGenerator):
        g = jnp.stack([g_module.mean[...], jnp.abs(g_module.std[...])])
    else:
        g = g_module(jnp.asarray(cells(noise).edges, jnp.float32))
    logits = nnx.merge(d_graph, players.d)(jnp.concatenate([points.x, fake]))
    on_grid, on_fake = jnp.split(logits, [len(points.x)])
    weight = jnp.asarray(nodes.masses, jnp.float32)
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


def sampled(s: Structure, n: Scalars, players: Players, iteration: jax.Array) -> dict[str, jax.Array]:
    """Of the batch that D's next update sees: sample_real, sample_fake (S,), data units, S = min(B, `SAMPLES`).

    sample_logit (S,): D's logit or score l at the generated ones; sample_step (S,): -dL_G/dx there, each sample's own, per data unit:
    where the generator would move the sample. D as it is, without dropout or instance noise.
    """
    draws = draw_d(s, n, iteration + 1, jnp.int32(0))
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

    rows: name -> (MAX_FRAMES + 1, …) of `observe` and `SEEN`; those past the last recorded state are not filled.
    checkpoints: whole `State`s, (CHECKPOINTS + 1, …).
    """

    first: Any
    state: State
    total: Any
    rows: dict[str, Any]
    checkpoints: State


@cache
def tape_shapes(s: Structure, cells: int) -> tuple[dict[str, Any], State]:
    """Shapes of one recorded row and of one state; traced once for each structure."""
    n = numbers(Config(data=Mixture(means=(0.0,), stds=(1.0,))))
    state = jax.eval_shape(partial(initial, s), n)
    points = Points(*np.zeros((2, cells), np.float32))
    row = jax.eval_shape(partial(observe, s), state.players, points)
    row |= dict.fromkeys(SAMPLED, jax.ShapeDtypeStruct((min(s.batch, SAMPLES),), np.float32))
    return row | dict.fromkeys(SEEN, jax.ShapeDtypeStruct((), np.float32)), state


def blank(s: Structure, start: State, points: Points) -> Tape:
    """An empty tape that begins at a state; NumPy, so that nothing is compiled for it."""
    row, state = tape_shapes(s, len(points.x))

    def buffer(length: int, like: Any) -> np.ndarray:
        return np.zeros((length, *like.shape), like.dtype)

    return Tape(
        first=np.int32(start.iteration),
        state=start,
        total=np.zeros(4, np.float32),
        rows=jax.tree.map(partial(buffer, MAX_FRAMES + 1), row),
        checkpoints=jax.tree.map(partial(buffer, CHECKPOINTS + 1), state),
    )


# ---- training


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


def advance(
    s: Structure,
    n: Scalars,
    state: State,
    draws: tuple[DrawsD, DrawsG],
    i: jax.Array,
    iteration: jax.Array,
) -> tuple[State, jax.Array]:
    """`iterate`, unless the run has diverged or does so now: then the state stays what it was, and says at which iteration.

    Returns the state and the mean of `SEEN` (4,).
    """
    players, seen = iterate(s, n, state.players, draws, i)
    fine = jnp.isfinite(jnp.sum(seen))
    for leaf in jax.tree.leaves((players.d, players.g)):
        fine &= jnp.max(jnp.abs(leaf)) < LIMIT  # false for NaN too
    going = (state.diverged_at < 0) & fine
    kept = jax.tree.map(lambda new, old: jnp.where(going, new, old), players, state.players)
    diverged = jnp.where((state.diverged_at < 0) & ~fine, iteration, state.diverged_at)
    return State(kept, jnp.where(going, iteration, state.iteration), diverged), seen


@partial(jax.jit, static_argnums=0)
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

    until, last, stride: whole numbers (), so that none of them compiles.
    """
    first = tape.first
    frames = (last - first + stride - 1) // stride
    per_chunk = CHUNK // jnp.maximum(n["k_d"], n["k_g"])

    def put(tape: Tape, row: Any, slot: Any, seen: jax.Array) -> Tape:
        state = tape.state
        values = observe(s, state.players, points) | sampled(s, n, state.players, state.iteration)
        values |= dict(zip(SEEN, seen, strict=True))
        rows = jax.tree.map(lambda buffer, value: buffer.at[row].set(value), tape.rows, values)
        checkpoints = jax.tree.map(lambda buffer, value: buffer.at[slot].set(value), tape.checkpoints, tape.state)
        return tape._replace(total=jnp.zeros(4), rows=rows, checkpoints=checkpoints)

    def record(iteration: jax.Array, tape: Tape) -> Tape:
        row = (iteration - first + stride - 1) // stride
        since = (iteration - first - 1) % stride + 1
        return put(tape, row, 1 + (row - 1) * CHECKPOINTS // frames, tape.total / since)

    def chunk(carry: tuple[jax.Array, Tape]) -> tuple[jax.Array, Tape]:
        done, tape = carry
        slots = jnp.arange(CHUNK)
        draws = (
            jax.vmap(lambda i: draw_d(s, n, done + 1 + i // n["k_d"], i % n["k_d"]))(slots),
            jax.vmap(lambda i: draw_g(s, n, done + 1 + i // n["k_g"], i % n["k_g"]))(slots),
        )

        def step(i: jax.Array, tape: Tape) -> Tape:
            iteration = done + 1 + i
            state, seen = advance(s, n, tape.state, draws, i, iteration)
            tape = tape._replace(state=state, total=tape.total + seen)
            due = ((iteration - first) % stride == 0) | (iteration == last)
            return jax.lax.cond(due, partial(record, iteration), lambda same: same, tape)

        count = jnp.minimum(per_chunk, until - done)
        return done + count, jax.lax.fori_loop(0, count, step, tape)

    def more(carry: tuple[jax.Array, Tape]) -> jax.Array:
        done, tape = carry
        at = tape.state.diverged_at
        shown = (at >= 0) & (done - first >= (at - first + stride - 1) // stride * stride)
        return (done < until) & ~shown  # a run that has diverged stops once a recorded state shows it

    begin = tape.state.iteration
    tape = jax.lax.cond(begin == first, lambda tape: put(tape, 0, 0, jnp.full(4, jnp.nan)), lambda same: same, tape)
    return jax.lax.while_loop(more, chunk, (begin, tape))[1]


@partial(jax.jit, static_argnums=0)
def half_steps(s: Structure, n: Scalars, start: State, points: Points) -> dict[str, jax.Array]:
    """The next `HALVES` iterations in half-steps: rows (N, …) of `observe` and `sampled`, N = 1 + 2 `HALVES`.

    The first is the start, the others are in turn after D's updates and after G's. The updates and random numbers are those of `run`.
    """
    slots = jnp.arange(MAX_UPDATES)
    zero = jnp.int32(0)

    def row(players: Players, iteration: jax.Array) -> dict[str, jax.Array]:
        return observe(s, players, points) | sampled(s, n, players, iteration)

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
