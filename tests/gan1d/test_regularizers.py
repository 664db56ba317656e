"""Penalties on the discriminator: linear critics by hand, finite differences for the rest."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from gan1d.config import PENALTIES as NAMES
from gan1d.networks import MLP
from gan1d.regularizers import PENALTIES, l2, r1, register_penalty, slope

X = jnp.linspace(-2.0, 3.0, 9)


@pytest.mark.parametrize("name", [n for n in NAMES if n != "none"])
@pytest.mark.parametrize("scale", [0.0, 1.0, 1e4])
def test_every_penalty_is_a_finite_scalar_with_a_finite_gradient(name: str, scale: float) -> None:
    penalty = PENALTIES[name]
    assert penalty is not None
    value, gradient = jax.value_and_grad(lambda a: penalty(lambda x: a * jnp.tanh(x), X, X + 1))(jnp.float32(scale))
    assert value.shape == () and value.dtype == jnp.float32 and float(value) >= 0
    assert np.isfinite(value) and np.isfinite(gradient)


@pytest.mark.parametrize("name", [n for n in NAMES if n != "none"])
def test_docstrings_have_a_source(name: str) -> None:
    text = inspect.getdoc(PENALTIES[name])
    assert text and "Source: " in text and "arXiv:" in text and "=" in text


@pytest.mark.parametrize("a", [-3.0, 0.0, 0.5])
def test_r1_of_a_linear_critic(a: float) -> None:
    """l(x) = a x: R1 = a^2/2, and dR1/da = a (Mescheder et al. 2018, the Dirac-GAN)."""
    value, gradient = jax.value_and_grad(lambda s: r1(lambda x: s * x, X, X))(a)
    assert float(value) == pytest.approx(a**2 / 2)
    assert float(gradient) == pytest.approx(a)


def test_r1_looks_at_the_real_data_alone() -> None:
    assert float(r1(lambda x: x**2, X, X)) == float(r1(lambda x: x**2, X, X + 100))
    assert float(r1(lambda x: x**2, X, X)) == pytest.approx(float(0.5 * np.mean((2 * np.asarray(X)) ** 2)))


def test_the_slope_is_that_of_finite_differences() -> None:
    with jax.enable_x64(True):
        module = MLP((8, 8), "tanh", nnx.Rngs(0))
        x, h = jnp.linspace(-2.0, 2.0, 7, dtype=jnp.float64), 1e-6
        expected = (module(x + h) - module(x - h)) / (2 * h)
        np.testing.assert_allclose(slope(module, x), expected, rtol=1e-6)


def test_the_gradient_flows_through_the_slope() -> None:
    """d R1 / d weights against central differences in float64, for every kernel and bias, through a dropout mask too."""
    with jax.enable_x64(True):
        graph, params = nnx.split(MLP((5, 4), "tanh", nnx.Rngs(3)))
        params = jax.tree.map(lambda a: a.astype(jnp.float64), params)
        x = jnp.linspace(-2.0, 2.0, 6, dtype=jnp.float64)
        keep = [jnp.array(np.random.default_rng(0).integers(0, 2, (6, w)) * 2.0) for w in (5, 4)]

        @jax.jit
        def penalty(p) -> jax.Array:
            return r1(lambda at: nnx.merge(graph, p)(at, keep), x, x)

        gradient = jax.grad(penalty)(params)
        leaves, tree = jax.tree.flatten(params)
        h = 1e-5
        for i, (leaf, grad) in enumerate(zip(leaves, jax.tree.leaves(gradient), strict=True)):
            for at in np.ndindex(leaf.shape):
                up, down = (
                    penalty(tree.unflatten([*leaves[:i], leaf.at[at].add(step), *leaves[i + 1 :]])) for step in (h, -h)
                )
                assert float(grad[at]) == pytest.approx(float(up - down) / (2 * h), rel=1e-5, abs=1e-9)


def test_l2_is_half_the_squared_weights_without_biases() -> None:
    _, params = nnx.split(MLP((5, 4), "relu", nnx.Rngs(0)))
    named = [
        (jax.tree_util.keystr(path), np.asarray(leaf)) for path, leaf in jax.tree_util.tree_leaves_with_path(params)
    ]
    expected = 0.5 * sum(float(np.sum(leaf.astype(float) ** 2)) for name, leaf in named if "bias" not in name)
    assert float(l2(params)) == pytest.approx(expected, rel=1e-6)
    for (name, leaf), gradient in zip(named, jax.tree.leaves(jax.grad(l2)(params)), strict=True):
        np.testing.assert_allclose(gradient, np.zeros_like(leaf) if "bias" in name else leaf, rtol=1e-6)


def test_registry_is_the_vocabulary() -> None:
    assert set(PENALTIES) == set(NAMES)
    assert PENALTIES["none"] is None
    with pytest.raises(ValueError, match="nonesuch"):
        register_penalty("nonesuch")
