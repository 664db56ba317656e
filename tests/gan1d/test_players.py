"""One update of each player: the optimisers, the clip, what D sees, and the gradient against finite differences."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import gan1d
from gan1d import draws
from gan1d.config import OPTIMIZERS, Config, Structure, structure
from gan1d.players import Players, Tree, initial, skeletons, update_d

BASE = Config.from_dict(
    {
        "data": {"means": [-2, 3], "stds": [1, 0.5], "weights": [0.25, 0.75]},
        "discriminator": {"hidden": [16, 8]},
        "training": {"batch": 8, "iterations": 90, "frames": 30},
    }
)
CLIPPED = {
    "training.loss": "wasserstein",
    "training.penalty": "weight_clipping",
    "training.penalty_weight": 0.08,
    "training.optimizer": "rmsprop",
    "training.beta2": 0.9,
    "training.lr_d": 1e-3,
    "training.lr_g": 1e-3,
}


def stepped(s: Structure, n: draws.Scalars, players: Players, drawn: draws.DrawsD) -> Players:
    """The players after an update of D."""
    return jax.jit(lambda players, drawn: update_d(s, n, players, drawn)[0])(players, drawn)


def gradients(config: Config) -> tuple[np.ndarray, np.ndarray]:
    """(parameters of D, gradient of its objective) before the first update, in one vector each; the loss and nothing else."""
    s, n = structure(config), draws.numbers(config)
    players = initial(s, n).players
    drawn = draws.draw_d(s, n, jnp.int32(1), jnp.int32(0))
    d_graph, g_graph = skeletons(s)
    fake = nnx.merge(g_graph, players.g)(drawn.noise)

    def objective(d: Tree) -> jax.Array:
        module = nnx.merge(d_graph, d)
        return jnp.mean(jax.nn.softplus(-module(drawn.real))) + jnp.mean(jax.nn.softplus(module(fake)))

    flat = [
        np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(tree)])
        for tree in (players.d, jax.grad(objective)(players.d))
    ]
    return flat[0], flat[1]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_first_step_is_the_optimisers(name: str) -> None:
    """sgd: lr g. rmsprop: lr g / sqrt((1 - beta2) g^2 + eps), its mean of squares beginning at 0 (Tieleman and Hinton 2012). adam: lr
    g / (|g| + eps), whatever the gradient's size (Kingma and Ba 2015, section 2)."""
    config = BASE.replace(**{"training.optimizer": name, "training.beta2": 0.9, "training.lr_d": 0.01})
    s, n = structure(config), draws.numbers(config)
    before, gradient = gradients(config)
    players = initial(s, n).players
    after = stepped(s, n, players, draws.draw_d(s, n, jnp.int32(1), jnp.int32(0))).d
    step = before - np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(after)])
    scale = {
        "sgd": 1.0,
        "rmsprop": 1 / np.sqrt(0.1 * gradient**2 + 1e-8),
        "adam": 1 / (np.abs(gradient) + 1e-8),
    }
    plain = (gradient == 0) | (np.abs(gradient) > 1e-7)  # one more than rounding
    assert plain.mean() > 0.9
    np.testing.assert_allclose(step[plain], (0.01 * gradient * scale[name])[plain], rtol=2e-3, atol=1e-7)


def test_a_clipped_critic_stays_within_its_clip() -> None:
    """All its parameters, biases too, after every update (Arjovsky et al. 2017, algorithm 1)."""
    run = gan1d.train(BASE.replace(**CLIPPED))
    for iteration in (1, 30, 90):
        leaves = jax.tree.leaves(run.state_at(iteration).players.d)
        assert max(float(np.abs(leaf).max()) for leaf in leaves) <= np.float32(0.08)


def test_instance_noise_blurs_what_d_sees_of_both() -> None:
    """Against an update by hand on the blurred points; the draws are the update's own."""
    config = BASE.replace(**{"training.instance_noise": 0.5, "training.optimizer": "sgd", "training.lr_d": 1.0})
    s, n = structure(config), draws.numbers(config)
    players = initial(s, n).players
    drawn = draws.draw_d(s, n, jnp.int32(1), jnp.int32(0))
    d_graph, g_graph = skeletons(s)
    points = jnp.concatenate([drawn.real, nnx.merge(g_graph, players.g)(drawn.noise)]) + 0.5 * drawn.blur

    def objective(d: Tree) -> jax.Array:
        logits = nnx.merge(d_graph, d)(points)
        return jnp.mean(jax.nn.softplus(-logits[: s.batch])) + jnp.mean(jax.nn.softplus(logits[s.batch :]))

    expected = jax.tree.map(lambda p, g: p - g, players.d, jax.grad(objective)(players.d))
    after = stepped(s, n, players, drawn).d
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6), after, expected)
    assert np.abs(drawn.blur).min() > 0 and len(drawn.blur) == 2 * s.batch


def test_the_discriminators_gradient_is_that_of_finite_differences() -> None:
    """A step of plain gradient descent, through R1, L2 and dropout, against central differences of the objective in float64."""
    config = BASE.replace(
        **{"discriminator.l2": 0.01, "discriminator.dropout": 0.5},
        **{"training.penalty": "r1", "discriminator.activation": "tanh"},
        **{"training.optimizer": "sgd", "training.lr_d": 1.0},
    )
    with jax.enable_x64(True):
        s, n = structure(config), draws.numbers(config)
        n = {k: v if isinstance(v, dict) or k in ("streams", "k_d", "k_g") else np.float64(v) for k, v in n.items()}
        players = jax.tree.map(
            lambda a: jnp.asarray(a, jnp.float64) if a.dtype.kind == "f" else a, initial(s, n).players
        )
        drawn = draws.draw_d(s, n, jnp.int32(1), jnp.int32(0))
        d_graph, g_graph = skeletons(s)
        fake = nnx.merge(g_graph, players.g)(drawn.noise)
        keep = draws.keep_factors(s, n, drawn.keep, 2 * s.batch)

        @jax.jit
        def objective(d: Tree) -> jax.Array:
            module = nnx.merge(d_graph, d)
            logits = module(jnp.concatenate([drawn.real, fake]), keep)
            slope = (
                module(drawn.real + 1e-4, [k[: s.batch] for k in keep])
                - module(drawn.real - 1e-4, [k[: s.batch] for k in keep])
            ) / 2e-4
            kernels = [leaf for leaf in jax.tree.leaves(d) if leaf.ndim == 2]
            return (
                jnp.mean(jnp.logaddexp(0, -logits[: s.batch]))
                + jnp.mean(jnp.logaddexp(0, logits[s.batch :]))
                + n["l2"] * sum(0.5 * jnp.sum(k * k) for k in kernels)
                + n["penalty_weight"] * 0.5 * jnp.mean(slope**2)
            )

        leaves, tree = jax.tree.flatten(players.d)
        after = jax.tree.leaves(stepped(s, n, players, drawn).d)
        rng = np.random.default_rng(0)
        for _ in range(25):
            which = rng.integers(len(leaves))
            at = tuple(rng.integers(size) for size in leaves[which].shape)

            def shifted(by: float, which: int = which, at: tuple[int, ...] = at) -> float:
                moved = [np.array(leaf) for leaf in leaves]
                moved[which][at] += by
                return float(objective(tree.unflatten(moved)))

            slope = (shifted(1e-5) - shifted(-1e-5)) / 2e-5
            step = float(leaves[which][at] - after[which][at])
            assert step == pytest.approx(slope, rel=1e-4, abs=1e-7)
