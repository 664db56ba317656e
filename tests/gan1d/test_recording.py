"""What is recorded of a state, against quadrature."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from scipy.integrate import quad
from scipy.stats import norm

import gan1d
from gan1d import recording
from gan1d.config import Config, structure
from gan1d.data import target
from gan1d.players import skeletons

BASE = Config.from_dict(
    {
        "data": {"means": [-2, 3], "stds": [1, 0.5], "weights": [0.25, 0.75]},
        "discriminator": {"hidden": [16, 8]},
        "training": {"batch": 8, "iterations": 90, "frames": 30},
    }
)


def test_expectations_are_those_of_quadrature() -> None:
    """V, losses and D's means over the densities, against scipy's adaptive quadrature of the trained networks."""
    run = gan1d.train(BASE.replace(**{"training.iterations": 300}))
    players, data = run.state_at(300).players, target(BASE.data)
    d_graph, _ = skeletons(structure(BASE))
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
    module = nnx.merge(skeletons(structure(config))[0], run.state_at(90).players.d)
    grid = np.linspace(-30, 30, 60_001)
    score = np.asarray(module(jnp.asarray(grid, jnp.float32)), float)
    generated = norm(run.mean[-1], run.std[-1]).pdf(grid)
    assert run.score_fake[-1] == pytest.approx(np.trapezoid(score * generated, grid), abs=1e-3)
    assert run.score_real[-1] == pytest.approx(np.trapezoid(score * target(config.data).pdf(grid), grid), abs=1e-3)
    assert run.loss_g[-1] == pytest.approx(np.trapezoid(0.5 * (score - 1) ** 2 * generated, grid), abs=1e-3)
    assert all(np.isnan(getattr(run, name)).all() for name in ("value", "p_real_on_real", "p_real_on_fake"))
    assert run.summary["output"] == "score" and run.metrics["value"] is None
    assert gan1d.train(BASE).score_real is None


def test_what_is_in_a_state_as_it_is_is_read_from_there() -> None:
    """A linear generator's mean and standard deviation, whose parameter may be negative, what training saw, and the real samples."""
    s = structure(BASE)
    players = recording.abstract(s).players
    sizes = [sum(leaf.size for leaf in jax.tree.leaves(tree)) for tree in (players.d, players.g)]
    one, other = np.float32([[3.0, -2.0], [1.0, 0.5]]), np.arange(2 * (4 + 8 + 8), dtype=np.float32).reshape(2, -1)
    states = np.concatenate([np.zeros((2, sizes[0]), np.float32), one, other], axis=1)
    found = recording.as_kept(s, states)
    assert found.keys() == {*recording.SEEN, "sample_real", "g"}
    np.testing.assert_array_equal(found["g"], np.abs(one))
    np.testing.assert_array_equal(np.stack([found[name] for name in recording.SEEN], axis=1), other[:, :4])
    np.testing.assert_array_equal(found["sample_real"], other[:, 4:12])
    points = recording.Points(np.linspace(-5, 5, 16, dtype=np.float32), np.full(16, 1 / 16, np.float32))
    looked = recording.looked(s, jnp.asarray(states[0]), points)
    assert not looked.keys() & found.keys()
    shapes = {name: shape.shape for name, shape in recording.row_shapes(s, 16).items()}
    assert shapes == {name: np.shape(values) for name, values in looked.items()} | {
        name: values.shape[1:] for name, values in found.items()
    }
