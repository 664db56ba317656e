"""Algorithm 1 as compiled, against a plain Python loop over the same updates, and its promises about randomness and divergence."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from scipy.integrate import quad
from scipy.stats import norm

import gan1d
from gan1d import algorithm, draws, training
from gan1d.config import Config, structure
from gan1d.data import target

BASE = Config.from_dict(
    {
        "data": {"means": [-2, 3], "stds": [1, 0.5], "weights": [0.25, 0.75]},
        "discriminator": {"hidden": [16, 8]},
        "training": {"batch": 8, "iterations": 90, "frames": 30},
    }
)
CASES = {
    "plain": {},
    "l2 and dropout": {"discriminator.l2": 0.01, "discriminator.dropout": 0.5},
    "mlp with r1": {"generator.kind": "mlp", "generator.hidden": [8, 8], "training.penalty": "r1"},
    "clipped critic, rmsprop": {
        "training.loss": "wasserstein",
        "training.penalty": "weight_clipping",
        "training.penalty_weight": 0.08,
        "training.optimizer": "rmsprop",
        "training.beta2": 0.9,
        "training.lr_d": 1e-3,
        "training.lr_g": 1e-3,
    },
    "gradient penalty, sgd, uniform noise": {
        "training.loss": "wasserstein",
        "training.penalty": "gradient_penalty",
        "training.optimizer": "sgd",
        "generator.noise": "uniform",
        "discriminator.activation": "tanh",
    },
    "hinge, instance noise, label smoothing": {
        "training.loss": "hinge",
        "training.instance_noise": 0.5,
        "training.label_smoothing": 0.2,
    },
    "least squares, triangular data": {
        "training.loss": "least_squares",
        "data.kind": "triangular",
        "data.low": -1,
        "data.mode": 0,
        "data.high": 4,
    },
    "minimax, three D updates and two G updates": {"training.loss": "minimax", "training.k_d": 3, "training.k_g": 2},
}
DIVERGING = BASE.replace(
    **{
        "training.beta1": 0.999,
        "training.beta2": 0.0,
        "training.lr_d": 1.0,
        "training.lr_g": 1.0,
        "training.penalty": "r1",
        "training.penalty_weight": 100.0,
        "discriminator.hidden": [32, 32, 32, 32],
    }
)


def plain_loop(config: Config, iterations: int) -> list[algorithm.State]:
    """Algorithm 1, one update after the other, nothing compiled but the update itself."""
    s, n = structure(config), algorithm.numbers(config)
    update_d = jax.jit(lambda players, draws: algorithm.update_d(s, n, players, draws))
    update_g = jax.jit(lambda players, draws: algorithm.update_g(s, n, players, draws))
    players = algorithm.initial(s, n).players
    states = [players]
    for iteration in range(1, iterations + 1):
        for update in range(config.training.k_d):
            players, _ = update_d(players, draws.draw_d(s, n, jnp.int32(iteration), jnp.int32(update)))
        for update in range(config.training.k_g):
            players, _ = update_g(players, draws.draw_g(s, n, jnp.int32(iteration), jnp.int32(update)))
        states.append(players)
    return states


def parameters(players: algorithm.Players) -> np.ndarray:
    """All parameters of both players in one vector."""
    return np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves((players.d, players.g))])


@pytest.mark.parametrize("case", CASES)
def test_the_compiled_run_makes_the_steps_of_a_plain_loop(case: str) -> None:
    config = BASE.replace(**CASES[case])
    run = gan1d.train(config)
    loop = plain_loop(config, 40)
    for iteration in (1, 2, 3, 7, 20, 40):
        compiled, plain = parameters(run.state_at(iteration).players), parameters(loop[iteration])
        moved = np.abs(plain - parameters(loop[0])).max()
        np.testing.assert_allclose(
            compiled, plain, atol=2e-3 * moved, err_msg=f"iteration {iteration}"
        )  # float32, 40 steps


def test_an_update_is_adams() -> None:
    """The first step of Adam moves each parameter by lr against its gradient's sign, whatever its size (Kingma and Ba 2015, section 2)."""
    s, n = structure(BASE), algorithm.numbers(BASE)
    before = algorithm.initial(s, n).players
    after, _ = algorithm.update_d(s, n, before, draws.draw_d(s, n, jnp.int32(1), jnp.int32(0)))
    steps = np.abs(parameters(after) - parameters(before))
    moved = steps[steps > 1e-4]
    assert len(moved) > 50
    np.testing.assert_allclose(moved, BASE.training.lr_d, rtol=2e-3)


def gradients(config: Config) -> tuple[np.ndarray, np.ndarray]:
    """(parameters of D, gradient of its objective) before the first update, in one vector each; the loss and nothing else."""
    s, n = structure(config), algorithm.numbers(config)
    players = algorithm.initial(s, n).players
    drawn = draws.draw_d(s, n, jnp.int32(1), jnp.int32(0))
    d_graph, g_graph = algorithm.skeletons(s)
    fake = nnx.merge(g_graph, players.g)(drawn.noise)

    def objective(d: algorithm.Tree) -> jax.Array:
        module = nnx.merge(d_graph, d)
        return jnp.mean(jax.nn.softplus(-module(drawn.real))) + jnp.mean(jax.nn.softplus(module(fake)))

    flat = [
        np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(tree)])
        for tree in (players.d, jax.grad(objective)(players.d))
    ]
    return flat[0], flat[1]


@pytest.mark.parametrize("name", ["sgd", "rmsprop"])
def test_the_first_step_of_the_other_optimisers(name: str) -> None:
    """sgd: lr g. rmsprop: lr g / sqrt((1 - beta2) g^2 + eps), its mean of squares beginning at 0 (Tieleman and Hinton 2012)."""
    config = BASE.replace(**{"training.optimizer": name, "training.beta2": 0.9, "training.lr_d": 0.01})
    s, n = structure(config), algorithm.numbers(config)
    before, gradient = gradients(config)
    players = algorithm.initial(s, n).players
    after = algorithm.update_d(s, n, players, draws.draw_d(s, n, jnp.int32(1), jnp.int32(0)))[0].d
    step = before - np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(after)])
    scale = 1.0 if name == "sgd" else 1 / np.sqrt(0.1 * gradient**2 + 1e-8)
    np.testing.assert_allclose(step, 0.01 * gradient * scale, rtol=2e-3, atol=1e-7)


def test_a_clipped_critic_stays_within_its_clip() -> None:
    """All its parameters, biases too, after every update (Arjovsky et al. 2017, algorithm 1)."""
    run = gan1d.train(BASE.replace(**CASES["clipped critic, rmsprop"]))
    for iteration in (1, 30, 90):
        leaves = jax.tree.leaves(run.state_at(iteration).players.d)
        assert max(float(np.abs(leaf).max()) for leaf in leaves) <= np.float32(0.08)


def test_instance_noise_blurs_what_d_sees_of_both() -> None:
    """Against an update by hand on the blurred points; the draws are the update's own."""
    config = BASE.replace(**{"training.instance_noise": 0.5, "training.optimizer": "sgd", "training.lr_d": 1.0})
    s, n = structure(config), algorithm.numbers(config)
    players = algorithm.initial(s, n).players
    drawn = draws.draw_d(s, n, jnp.int32(1), jnp.int32(0))
    d_graph, g_graph = algorithm.skeletons(s)
    points = jnp.concatenate([drawn.real, nnx.merge(g_graph, players.g)(drawn.noise)]) + 0.5 * drawn.blur

    def objective(d: algorithm.Tree) -> jax.Array:
        logits = nnx.merge(d_graph, d)(points)
        return jnp.mean(jax.nn.softplus(-logits[: s.batch])) + jnp.mean(jax.nn.softplus(logits[s.batch :]))

    expected = jax.tree.map(lambda p, g: p - g, players.d, jax.grad(objective)(players.d))
    after = algorithm.update_d(s, n, players, drawn)[0].d
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6), after, expected)
    assert np.abs(drawn.blur).min() > 0 and len(drawn.blur) == 2 * s.batch


def test_the_discriminators_gradient_is_that_of_finite_differences() -> None:
    """The step's direction, through R1 and L2 as well, against central differences of the objective in float64."""
    config = BASE.replace(**CASES["l2 and dropout"], **{"training.penalty": "r1", "discriminator.activation": "tanh"})
    with jax.enable_x64(True):
        s, n = structure(config), algorithm.numbers(config)
        n = {k: v if isinstance(v, dict) or k in ("seed", "k_d", "k_g") else np.float64(v) for k, v in n.items()}
        players = jax.tree.map(
            lambda a: jnp.asarray(a, jnp.float64) if a.dtype.kind == "f" else a, algorithm.initial(s, n).players
        )
        drawn = draws.draw_d(s, n, jnp.int32(1), jnp.int32(0))
        d_graph, g_graph = algorithm.skeletons(s)
        fake = nnx.merge(g_graph, players.g)(drawn.noise)
        keep = draws.keep_factors(s, n, drawn.keep)

        def objective(d: algorithm.Tree) -> float:
            module = nnx.merge(d_graph, d)
            logits = module(jnp.concatenate([drawn.real, fake]), keep)
            slope = (
                module(drawn.real + 1e-4, [k[: s.batch] for k in keep])
                - module(drawn.real - 1e-4, [k[: s.batch] for k in keep])
            ) / 2e-4
            kernels = [leaf for leaf in jax.tree.leaves(d) if leaf.ndim == 2]
            return float(
                np.mean(np.logaddexp(0, -logits[: s.batch]))
                + np.mean(np.logaddexp(0, logits[s.batch :]))
                + n["l2"] * sum(0.5 * jnp.sum(k * k) for k in kernels)
                + n["penalty_weight"] * 0.5 * jnp.mean(slope**2)
            )

        sgd_like = algorithm.update_d(
            s, n | {"lr_d": np.float64(1.0), "beta1": np.float64(0.0), "beta2": np.float64(0.0)}, players, drawn
        )[0]
        leaves, tree = jax.tree.flatten(players.d)
        steps = jax.tree.leaves(sgd_like.d)
        rng = np.random.default_rng(0)
        for _ in range(25):
            which = rng.integers(len(leaves))
            at = tuple(rng.integers(size) for size in leaves[which].shape)

            def shifted(by: float, which: int = which, at: tuple[int, ...] = at) -> float:
                return objective(
                    tree.unflatten([leaf.at[at].add(by) if i == which else leaf for i, leaf in enumerate(leaves)])
                )

            slope = (shifted(1e-5) - shifted(-1e-5)) / 2e-5
            step = float(leaves[which][at] - steps[which][at])  # with no memory, Adam's step is g / (|g| + eps)
            if abs(slope) > 1e-5:
                assert np.sign(step) == np.sign(slope)
                assert step == pytest.approx(slope / (abs(slope) + 1e-8), rel=1e-2)


def test_expectations_are_those_of_quadrature() -> None:
    """V, losses and D's means over the densities, against scipy's adaptive quadrature of the trained networks."""
    run = gan1d.train(BASE.replace(**{"training.iterations": 300}))
    players, data = run.state_at(300).players, target(BASE.data)
    d_graph, _ = algorithm.skeletons(structure(BASE))
    module = nnx.merge(d_graph, players.d)
    grid = np.linspace(-30, 30, 60_001)
    logits = np.asarray(module(jnp.asarray(grid, jnp.float32)), float)

    def expect(f: object, density: object) -> float:
        return float(np.trapezoid(f(np.interp(grid, grid, logits)) * density(grid), grid))

    def softplus(v: np.ndarray) -> np.ndarray:
        return np.logaddexp(0, v)

    def sigmoid(v: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-v))

    generated = norm(run.mean[-1], run.std[-1]).pdf
    assert quad(data.pdf, -30, 30, points=[-2, 3])[0] == pytest.approx(1, abs=1e-9)
    value = -expect(lambda v: softplus(-v), data.pdf) - expect(softplus, generated)
    assert run.value[-1] == pytest.approx(value, abs=1e-3)
    assert run.loss_d[-1] == pytest.approx(-value, abs=1e-3)
    assert run.loss_g[-1] == pytest.approx(expect(lambda v: softplus(-v), generated), abs=1e-3)
    assert run.p_real_on_real[-1] == pytest.approx(expect(sigmoid, data.pdf), abs=1e-3)
    assert run.p_real_on_fake[-1] == pytest.approx(expect(sigmoid, generated), abs=1e-3)


def test_a_score_has_its_own_expectations_and_no_probabilities() -> None:
    """E[l] over the densities against scipy's quadrature; V and D's probabilities are not defined for a score."""
    config = BASE.replace(**{"training.loss": "least_squares"})
    run = gan1d.train(config)
    module = nnx.merge(algorithm.skeletons(structure(config))[0], run.state_at(90).players.d)
    grid = np.linspace(-30, 30, 60_001)
    score = np.asarray(module(jnp.asarray(grid, jnp.float32)), float)
    generated = norm(run.mean[-1], run.std[-1]).pdf(grid)
    assert run.score_fake[-1] == pytest.approx(np.trapezoid(score * generated, grid), abs=1e-3)
    assert run.score_real[-1] == pytest.approx(np.trapezoid(score * target(config.data).pdf(grid), grid), abs=1e-3)
    assert run.loss_g[-1] == pytest.approx(np.trapezoid(0.5 * (score - 1) ** 2 * generated, grid), abs=1e-3)
    assert all(np.isnan(getattr(run, name)).all() for name in ("value", "p_real_on_real", "p_real_on_fake"))
    assert run.summary["output"] == "score" and run.metrics["value"] is None
    assert gan1d.train(BASE).score_real is None


def test_a_weight_that_runs_away_is_divergence_long_before_infinity() -> None:
    """A Wasserstein critic without a bound on its slope, by plain gradient steps: its parameters grow without limit."""
    run = gan1d.train(
        BASE.replace(
            **{"training.loss": "wasserstein", "training.optimizer": "sgd", "training.lr_d": 1.0, "training.lr_g": 1e-3}
        )
    )
    assert run.diagnosis.kind == "diverged"
    last = parameters(run.state_at(90).players)
    assert np.isfinite(last).all() and np.abs(last).max() < algorithm.LIMIT


def test_batch_losses_are_averages_since_the_state_before() -> None:
    every, some = (gan1d.train(BASE.replace(**{"training.iterations": 60, "training.frames": f})) for f in (60, 20))
    assert np.isnan(some.batch_loss_d[0]) and np.isnan(every.grad_norm_g[0])
    for name in algorithm.SEEN:
        averages = getattr(every, name)[1:].reshape(20, 3).mean(axis=1)
        np.testing.assert_allclose(getattr(some, name)[1:], averages, rtol=1e-5)


def test_recording_less_changes_nothing() -> None:
    """600, 13 and 1 recorded states of the same run end in the same state, bit for bit."""
    ends = [gan1d.train(BASE.replace(**{"training.frames": frames})).state_at(90) for frames in (600, 13, 1)]
    for other in ends[1:]:
        np.testing.assert_array_equal(parameters(ends[0].players), parameters(other.players))


def test_seeds_give_other_runs_and_the_same_seed_the_same() -> None:
    a, b, c = (gan1d.train(BASE.replace(**{"training.seed": seed})) for seed in (1, 1, 2))
    np.testing.assert_array_equal(a.d, b.d)
    assert np.abs(a.d - c.d).max() > 0.01


# ---- divergence is data, not an exception


@pytest.mark.parametrize("watched", [False, True])
@pytest.mark.parametrize("frames", [90, 7, 1])
def test_a_run_that_diverges_stops_changing_and_says_where(
    frames: int, watched: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "FIRST_SEGMENT", 2)  # so that it diverges between two recorded states and two reports
    run = gan1d.train(DIVERGING.replace(**{"training.frames": frames}), progress=(lambda *_: None) if watched else None)
    at = run.summary["diverged_at"]
    assert run.summary["status"] == "diverged" and 1 <= at <= 90
    assert run.diagnosis.kind == "diverged" and str(at) in run.diagnosis.evidence
    frozen = run.iteration >= at
    assert frozen.any()
    for name in ("d", "p_gen", "mean", "std", "w1"):
        values = getattr(run, name)
        assert (values[frozen] == values[-1]).all(), name
    assert np.isfinite(run.mean).all() and np.isfinite(run.p_gen).all()
    last = run.state_at(90)
    assert int(last.iteration) == at - 1 and all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(last.players))


def test_what_came_before_divergence_is_kept() -> None:
    """The states before are those of a run that was stopped in time."""
    run = gan1d.train(DIVERGING)
    at = run.summary["diverged_at"]
    if at > 1:
        short = gan1d.train(DIVERGING, iterations=at - 1)
        assert short.summary["status"] == "ok"
        np.testing.assert_array_equal(short.d[-1], run.d[-1])


def test_structures_are_hashable_and_numbers_are_arrays_of_fixed_shape() -> None:
    one, eight = (BASE.replace(**{"data.means": [float(k) for k in range(m)], "data.stds": [1.0] * m}) for m in (1, 8))
    assert hash(structure(one)) == hash(structure(eight))
    shapes = [jax.tree.map(lambda a: (np.shape(a), a.dtype), algorithm.numbers(c)) for c in (one, eight)]
    assert shapes[0] == shapes[1]
    assert dataclasses.is_dataclass(one.training)
