"""Algorithm 1 as compiled, against a plain Python loop over the same updates, and its promises about randomness and divergence."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import gan1d
from gan1d import draws, recording, training
from gan1d.config import Config, structure
from gan1d.players import LIMIT, Players, State, initial, update_d, update_g

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


def plain_loop(config: Config, iterations: int) -> list[State]:
    """Algorithm 1, one update after the other; what is drawn for one and the update itself are compiled, each alone."""
    s, n = structure(config), draws.numbers(config)
    for_d = jax.jit(lambda n, iteration, update: draws.draw_d(s, n, iteration, update))
    for_g = jax.jit(lambda n, iteration, update: draws.draw_g(s, n, iteration, update))
    next_d = jax.jit(lambda players, draws: update_d(s, n, players, draws))
    next_g = jax.jit(lambda players, draws: update_g(s, n, players, draws))
    players = initial(s, n).players
    states = [players]
    for iteration in range(1, iterations + 1):
        for update in range(config.training.k_d):
            players, _ = next_d(players, for_d(n, jnp.int32(iteration), jnp.int32(update)))
        for update in range(config.training.k_g):
            players, _ = next_g(players, for_g(n, jnp.int32(iteration), jnp.int32(update)))
        states.append(players)
    return states


def parameters(players: Players) -> np.ndarray:
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


def test_a_weight_that_runs_away_is_divergence_long_before_infinity() -> None:
    """A Wasserstein critic without a bound on its slope, by plain gradient steps: its parameters grow without limit."""
    run = gan1d.train(
        BASE.replace(
            **{"training.loss": "wasserstein", "training.optimizer": "sgd", "training.lr_d": 1.0, "training.lr_g": 1e-3}
        )
    )
    assert run.diagnosis.kind == "diverged"
    last = parameters(run.state_at(90).players)
    assert np.isfinite(last).all() and np.abs(last).max() < LIMIT


def test_batch_losses_are_averages_since_the_state_before() -> None:
    every, some = (gan1d.train(BASE.replace(**{"training.iterations": 60, "training.frames": f})) for f in (60, 20))
    assert np.isnan(some.batch_loss_d[0]) and np.isnan(every.grad_norm_g[0])
    for name in recording.SEEN:
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
    shapes = [jax.tree.map(lambda a: (np.shape(a), a.dtype), draws.numbers(c)) for c in (one, eight)]
    assert shapes[0] == shapes[1]
    assert dataclasses.is_dataclass(one.training)
