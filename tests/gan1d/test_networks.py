"""The players: initial weights, and what they compute, against NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from scipy import stats

from gan1d.config import ACTIVATIONS as NAMES
from gan1d.config import Config, structure
from gan1d.networks import ACTIVATIONS, MLP, Dense, LinearGenerator, discriminator, generator, kernels

FALSE_ALARM = 1e-6
KEY = jnp.zeros(2, jnp.uint32)


def config(**changes: object) -> Config:
    return Config.from_dict({"data": {"means": [0], "stds": [1]}}).replace(**changes)


def kernels_and_biases(module: nnx.Module) -> tuple[list[np.ndarray], list[np.ndarray]]:
    leaves = jax.tree_util.tree_leaves_with_path(nnx.state(module))
    named = [(jax.tree_util.keystr(path), np.asarray(leaf)) for path, leaf in leaves]
    return [a for n, a in named if "kernel" in n], [a for n, a in named if "bias" in n]


@pytest.mark.parametrize("make", [discriminator, generator])
def test_initial_weights_are_a_truncated_normal(make) -> None:
    """A normal of standard deviation 0.1, cut at two of them, as TensorFlow's truncated_normal; scipy.stats.truncnorm is the oracle."""
    s = structure(
        config(**{"generator.kind": "mlp", "generator.hidden": [256, 256], "discriminator.hidden": [256, 256]})
    )
    kernels, biases = kernels_and_biases(make(s, KEY))
    weights = np.concatenate([k.ravel() for k in kernels])
    assert all(np.all(b == np.float32(0.1)) for b in biases)
    assert len(weights) == 256 + 256 * 256 + 256
    assert np.max(np.abs(weights)) <= 0.2 + 1e-6
    assert stats.kstest(weights, stats.truncnorm(-2, 2, scale=0.1).cdf).pvalue > FALSE_ALARM


def test_each_player_has_its_own_weights() -> None:
    s = structure(config())
    a, b = (kernels_and_biases(discriminator(s, jnp.array([0, k], jnp.uint32)))[0] for k in (0, 1))
    assert not np.any(a[0] == b[0])


@pytest.mark.parametrize("activation", NAMES)
@pytest.mark.parametrize("hidden", [(8,), (16, 8), (4, 4, 4, 4)])
def test_an_mlp_computes_what_numpy_does(activation: str, hidden: tuple[int, ...]) -> None:
    acts = {
        "relu": lambda v: np.maximum(v, 0),
        "leaky_relu": lambda v: np.where(v > 0, v, 0.2 * v),
        "tanh": np.tanh,
    }
    module = MLP(hidden, activation, KEY)
    x = np.linspace(-5, 5, 11)
    h = x[:, None]
    for layer in module.layers:
        h = acts[activation](h @ np.asarray(layer.kernel[...], float) + np.asarray(layer.bias[...], float))
    expected = (h @ np.asarray(module.output.kernel[...], float) + np.asarray(module.output.bias[...], float))[:, 0]
    result = module(jnp.float32(x))
    assert result.shape == (11,) and result.dtype == jnp.float32
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("activation", NAMES)
@pytest.mark.parametrize("drops", [False, True])
def test_a_slope_is_that_of_reverse_mode(activation: str, drops: bool) -> None:
    """jax.grad of the network itself, sample by sample, with dropout's factors and without."""
    module = MLP((16, 8), activation, KEY)
    x = jnp.linspace(-5, 5, 11)
    rng = np.random.default_rng(1)
    keep = [jnp.asarray(2.0 * rng.integers(0, 2, (11, width)), jnp.float32) for width in (16, 8)] if drops else None
    value, slope = module.with_slope(x, keep)
    np.testing.assert_array_equal(value, module(x, keep))
    np.testing.assert_allclose(slope, jax.grad(lambda x: jnp.sum(module(x, keep)))(x), rtol=2e-6, atol=1e-7)


def test_a_layer_of_one_input_is_the_matrix_product() -> None:
    layer = Dense(kernels(KEY, [(1, 7)])[0])
    x = jax.random.normal(jax.random.key(0), (5, 1))
    np.testing.assert_allclose(layer(x), x @ layer.kernel[...] + layer.bias[...], rtol=1e-6)


def test_dropout_factors_multiply_the_hidden_units() -> None:
    """With factor 0 on a unit it might as well have no outgoing weights; with factor 1 nothing changes."""
    module = MLP((6, 4), "relu", KEY)
    x = jnp.linspace(-2.0, 2.0, 5)
    ones = [jnp.ones((5, 6)), jnp.ones((5, 4))]
    np.testing.assert_array_equal(module(x, ones), module(x))
    dropped = [ones[0].at[:, 2].set(0.0), 2 * ones[1]]
    kernel = np.array(module.layers[1].kernel[...])
    kernel[2] = 0
    module.layers[1].kernel[...] = kernel
    module.output.kernel[...] = 2 * module.output.kernel[...]
    fresh = MLP((6, 4), "relu", KEY)
    np.testing.assert_allclose(fresh(x, dropped), module(x), rtol=1e-6)


def test_dropout_is_different_for_each_sample() -> None:
    module = MLP((6,), "relu", KEY)
    keep = jnp.stack([jnp.ones(6), jnp.zeros(6)])
    out = module(jnp.ones(2), [keep])
    assert float(out[1]) == pytest.approx(float(module.output.bias[0]))
    assert float(out[0]) != float(out[1])


def test_the_linear_generator_is_normal() -> None:
    g = LinearGenerator()
    g.mean[...], g.std[...] = jnp.float32(3), jnp.float32(-2)
    np.testing.assert_allclose(g(jnp.array([-1.0, 0.0, 2.0])), [1, 3, 7])  # |s| z + m
    s = structure(config())
    assert isinstance(generator(s, KEY), LinearGenerator)
    assert isinstance(generator(structure(config(**{"generator.kind": "mlp"})), KEY), MLP)


def test_samples_do_not_mix() -> None:
    """A batch gives what each of its samples gives alone: needed by the gradient penalty's one forward pass."""
    module = discriminator(structure(config()), KEY)
    x = jnp.linspace(-3.0, 3.0, 4)
    np.testing.assert_allclose(module(x), [float(module(v[None])[0]) for v in x], rtol=1e-5)


def test_registry_is_the_vocabulary() -> None:
    assert tuple(ACTIVATIONS) == NAMES
