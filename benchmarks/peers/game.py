"""What every peer is given and gives back: a game in plain NumPy, random numbers if it shall not draw its own, recorded rows.

A peer that gets gan1d's own initial weights and draws must reach gan1d's losses; tests/benchmarks/test_peers.py holds it to that.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple, Protocol

import jax
import numpy as np

import gan1d
from gan1d import draws, recording, training
from gan1d.config import Config, Mixture, Structure, structure
from gan1d.data import target
from gan1d.measuring import Measuring
from gan1d.noise import cells
from gan1d.players import initial

Layers = list[tuple[np.ndarray, np.ndarray]]
"""A network: kernel (in, out) and bias (out,) of each layer, the output last; float32."""


class Weights(NamedTuple):
    """Initial weights: D's layers; G's layers, or the mean and standard deviation of a linear one."""

    d: Layers
    g: Layers | tuple[float, float]


class Game(NamedTuple):
    """A config with its first weights, and where the players are looked at when a state is recorded.

    x, mass (X,): grid of the picture and the data's mass on each cell; nodes, share (N,): noise cells for expectations over G's
    density; edges (E,): noise at which an MLP generator's values are recorded. float32.
    """

    config: Config
    weights: Weights
    x: np.ndarray
    mass: np.ndarray
    nodes: np.ndarray
    share: np.ndarray
    edges: np.ndarray

    @property
    def linear(self) -> bool:
        """Whether the generator is the linear one."""
        return self.config.generator.kind == "linear"


class Draws(NamedTuple):
    """Random numbers of U updates of each player: real, noise_d, noise_g (U, B); keep_d, keep_g: dropout's factors, a layer at a
    time (U, 2B, H) and (U, B, H), None without dropout. D's batch is the real samples, then the generated ones."""

    real: Any
    noise_d: Any
    noise_g: Any
    keep_d: list[Any] | None
    keep_g: list[Any] | None


class Recorded(NamedTuple):
    """What a peer gives back: losses (I, 2) of each iteration's batches, D's and G's, mean over its updates; logits (F, X + N) of D on
    the grid and on G's images of the nodes; g (F, 2) or (F, E) as `recording.observe` records it. Iterations 0, stride, … and the last.
    """

    losses: np.ndarray
    logits: np.ndarray
    g: np.ndarray


class Peer(Protocol):
    """A training by another library. game: what it trains; another one of the same shapes may be put in its place."""

    game: Game

    def train(self, iterations: int, stride: int, given: Draws | None = None) -> Recorded:
        """Trains from the game's first weights, on given random numbers or on its own."""


def game(config: Config) -> Game:
    """The game of a config.

    Raises:
      ValueError: what the peers do not know.
    """
    d, t = config.discriminator, config.training
    known = (d.activation, config.generator.activation, t.loss, t.penalty, t.optimizer, config.generator.noise)
    if known != ("relu", "relu", "non_saturating", "none", "adam", "normal") or not isinstance(config.data, Mixture):
        raise ValueError(f"config: {config} is more than the peers can train")
    if t.instance_noise or t.label_smoothing:
        raise ValueError("training: instance_noise and label_smoothing must be 0 for the peers")
    points = training.points_of(target(config.data), training.grid_of(config))
    nodes = cells("normal", recording.NODES)
    x, mass, at, share, edges = (
        np.asarray(a, np.float32) for a in (points.x, points.mass, nodes.nodes, nodes.masses, cells("normal").edges)
    )
    return Game(config, weights(config), x, mass, at, share, edges)


def weights(config: Config) -> Weights:
    """gan1d's initial weights: the one place that reads the parameters out of its state."""
    players = jax.device_get(initial(structure(config), draws.numbers(config)).players)

    def layers(params: Any) -> Layers:
        leaves = [(jax.tree_util.keystr(path), leaf) for path, leaf in jax.tree_util.tree_leaves_with_path(params)]
        kernels = [np.array(leaf) for name, leaf in leaves if "kernel" in name]
        biases = [np.array(leaf) for name, leaf in leaves if "bias" in name]
        return list(zip(kernels, biases, strict=True))

    if config.generator.kind == "linear":
        return Weights(layers(players.d), (config.generator.mean, config.generator.std))
    return Weights(layers(players.d), layers(players.g))


def own_draws(config: Config, iterations: int) -> Draws:
    """gan1d's own random numbers of the first iterations, in NumPy."""
    s, n, t = structure(config), draws.numbers(config), config.training
    places = (np.divmod(np.arange(iterations * updates), updates) for updates in (t.k_d, t.k_g))
    (d, keep_d), (g, keep_g) = (
        jax.tree.map(np.array, _drawn(s, n, who, *at)) for who, at in zip("dg", places, strict=True)
    )
    return Draws(d.real, d.noise, g.noise, keep_d, keep_g)


@partial(jax.jit, static_argnums=(0, 2))
def _drawn(s: Structure, n: Any, who: str, iterations: jax.Array, updates: jax.Array) -> Any:
    """The random numbers of each update, and dropout's factors."""
    draw = draws.draw_d if who == "d" else draws.draw_g

    rows = s.batch * (2 if who == "d" else 1)

    def one(iteration: jax.Array, update: jax.Array) -> tuple[Any, Any]:
        drawn = draw(s, n, 1 + iteration, update)
        return drawn, draws.keep_factors(s, n, drawn.keep, rows)

    return jax.vmap(one)(iterations, updates)


def steps(iterations: int, stride: int) -> np.ndarray:
    """Iterations at which a state is recorded (F,): 0, stride, … and the last."""
    return np.minimum(stride * np.arange(1 + -(-iterations // stride)), iterations)


def softplus(x: np.ndarray) -> np.ndarray:
    """log(1 + exp(x))."""
    return np.logaddexp(np.float32(0), x)


def rows(of: Game, stride: int, recorded: Recorded) -> dict[str, np.ndarray]:
    """The rows that `recording.observe` makes, out of what a peer recorded; all at once, so that no peer pays for it in its loop."""
    on_grid, on_fake = np.split(recorded.logits, [len(of.x)], axis=1)
    d, d_fake = (0.5 + 0.5 * np.tanh(0.5 * logits) for logits in (on_grid, on_fake))
    loss_real, loss_fake = softplus(-on_grid) @ of.mass, softplus(on_fake) @ of.share
    losses = recorded.losses
    begins = np.arange(0, len(losses), stride)
    batch = np.add.reduceat(losses, begins) / np.diff(np.append(begins, len(losses)))[:, None]
    batch = np.concatenate([np.full((1, 2), np.nan, np.float32), batch])
    return {
        "g": recorded.g,
        "d": d,
        "loss_d": loss_real + loss_fake,
        "loss_g": softplus(-on_fake) @ of.share,
        "value": -loss_real - loss_fake,
        "p_real_on_real": d @ of.mass,
        "p_real_on_fake": d_fake @ of.share,
        "batch_loss_d": batch[:, 0],
        "batch_loss_g": batch[:, 1],
    }


def trajectory(of: Game, iterations: int, stride: int, recorded: Recorded) -> gan1d.Trajectory:
    """The run with all its metrics, by gan1d's own code on the host: the same work for every peer.

    What the peers leave out (gradient norms, samples of each batch, checkpoints) is zero.
    """
    config, at = of.config, steps(iterations, stride)
    s, where, data = structure(config), training.grid_of(config), target(config.data)
    known = rows(of, stride, recorded)
    shapes = {name: like.shape for name, like in recording.row_shapes(s, len(of.x)).items()}
    zeros = {name: np.zeros((len(at), *shape), np.float32) for name, shape in shapes.items()}
    measuring = Measuring(config, data, where)
    measuring.add(known["g"])
    return training.assemble(
        config,
        data,
        where,
        at,
        zeros | known,
        measuring.rows(len(at)),
        diverged_at=-1,
        seconds={"compile": 0.0, "train": 0.0},
        compilations=0,
    )
