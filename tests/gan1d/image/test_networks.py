"""The networks: sizes counted by hand, convolutions against sums written out, normalisations against NumPy."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from jax import lax

from gan1d.image import convolutions, networks, spectral
from gan1d.image.config import ImageConfig
from gan1d.image.convolutions import correlate, down, up
from gan1d.image.presets import PRESETS, preset

RANDOM = np.random.default_rng(0)
TINY = preset("digits-16-dcgan", size=8, width=4, latent=3)


def G(inputs: int, maps: list[int], channels: int, k: int) -> int:  # noqa: N802
    """A generator with batch norm: stem without bias, kernels, two numbers a normalised channel, one bias a channel of the image."""
    kernels = sum(k * k * a * b for a, b in zip(maps, [*maps[1:], channels], strict=True))
    return inputs * 16 * maps[0] + kernels + 2 * sum(maps) + channels


def D(channels: int, maps: list[int], k: int, normed: bool) -> int:  # noqa: N802
    """A critic: kernels; biases of the first layer, or of all without normalisation, which has two numbers a channel; the head."""
    kernels = sum(k * k * a * b for a, b in zip([channels, *maps[:-1]], maps, strict=True))
    return kernels + maps[0] + (2 if normed else 1) * sum(maps[1:]) + 16 * maps[-1] + 1


SOURCE = [1024, 512, 256, 128, 64, 32]
COUNTS = {
    # 100*16*1024 + 25*(1024*512 + 512*256 + 256*128 + 128*3) + 2*1920 + 3; 25*(3*128 + 128*256 + ...) + 128 + 2*1792 + 16*1024 + 1
    "dcgan": (18_855_043, 17_232_897),
    # Gulrajani's critic: 9 728 + 819 456 + 3 277 312 + 8 193
    "wgan-gp": (5_155_971, 4_114_689),
    "source-dcgan": (G(100, SOURCE, 3, 5), D(3, SOURCE[::-1], 3, True)),
    "source-wgan-gp": (G(100, SOURCE, 3, 5), D(3, SOURCE[::-1], 3, True)),
    "digits-16-dcgan": (G(28, [64, 32], 1, 4), D(1, [32, 64], 4, True)),
    "digits-16-wgan-gp": (G(28, [64, 32], 1, 4), D(1, [32, 64], 4, False)),
    "digits-32-dcgan": (G(20, [96, 48, 24], 1, 4), D(1, [24, 48, 96], 4, True)),
    "digits-32-wgan-gp": (G(20, [96, 48, 24], 1, 4), D(1, [24, 48, 96], 4, False)),
    "stacked-16-dcgan": (G(60, [64, 32], 3, 4), D(3, [32, 64], 4, True)),
    "stacked-16-wgan-gp": (G(60, [64, 32], 3, 4), D(3, [32, 64], 4, False)),
    "faces-32-dcgan": (G(64, [96, 48, 24], 3, 4), D(3, [24, 48, 96], 4, True)),
    "faces-32-wgan-gp": (G(64, [96, 48, 24], 3, 4), D(3, [24, 48, 96], 4, False)),
}


def test_every_preset_is_counted() -> None:
    assert set(COUNTS) == set(PRESETS)


@pytest.mark.parametrize("name", list(PRESETS))
def test_parameters_and_shapes_are_those_counted_by_hand(name: str) -> None:
    config = PRESETS[name]
    g = nnx.eval_shape(lambda: networks.generator(config, None))
    d = nnx.eval_shape(lambda: networks.critic(config, None))
    assert (networks.parameters(g), networks.parameters(d)) == COUNTS[name]

    def both(z: jax.Array) -> tuple[jax.Array, jax.Array]:
        images = networks.generator(config, None)(z, True)
        return images, networks.critic(config, None)(images, True)

    images, logits = jax.eval_shape(both, jax.ShapeDtypeStruct((5, config.latent), jnp.float32))
    assert images.shape == (5, config.size, config.size, config.channels) and logits.shape == (5,)
    assert images.dtype == logits.dtype == jnp.float32


@pytest.mark.parametrize("size", [16, 64, 256])
@pytest.mark.parametrize("k", [3, 4, 5])
def test_any_size_width_and_kernel_is_of_the_family(size: int, k: int) -> None:
    config = preset("wgan-gp", size=size, channels=1, width=6, latent=7, kernel_g=k, kernel_d=k, norm_g="none")
    maps = [6 * 2**i for i in reversed(range(config.levels))]
    g = networks.parameters(nnx.eval_shape(lambda: networks.generator(config, None)))
    assert g == G(7, maps, 1, k) - 2 * sum(maps) + 16 * maps[0] + sum(maps[1:])  # biases where no norm follows
    assert networks.parameters(nnx.eval_shape(lambda: networks.critic(config, None))) == D(1, maps[::-1], k, False)


# ---- convolutions


def written_out(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """The module's formula, sum by sum."""
    k, h = len(w), x.shape[1] // 2
    p = (k - 2) // 2
    y = np.zeros((len(x), h, h, w.shape[3]))
    for i, j, s, t in np.ndindex(h, h, k, k):
        row, column = 2 * i + s - p, 2 * j + t - p
        if 0 <= row < 2 * h and 0 <= column < 2 * h:
            y[:, i, j] += x[:, row, column] @ w[s, t]
    return y


def drawn(k: int, channels: int) -> tuple[jax.Array, jax.Array, jax.Array]:
    x, w = RANDOM.normal(size=(2, 8, 8, channels)), RANDOM.normal(size=(k, k, channels, 5))
    return jnp.float32(x), jnp.float32(w), jnp.float32(RANDOM.normal(size=(2, 4, 4, 5)))


@pytest.mark.parametrize("channels", [1, 6])
@pytest.mark.parametrize("k", [3, 4, 5])
def test_both_convolutions_and_the_kernels_gradient_are_one_trilinear_form(k: int, channels: int) -> None:
    """<down(x, w), y> = <x, up(y, w)> = <w, correlate(x, y)>."""
    x, w, y = drawn(k, channels)
    expected = written_out(np.float64(x), np.float64(w))
    np.testing.assert_allclose(down(x, w), expected, atol=1e-4)
    np.testing.assert_allclose(jnp.vdot(x, up(y, w)), np.vdot(expected, y), rtol=1e-4)
    np.testing.assert_allclose(jnp.vdot(w, correlate(x, y, k)), np.vdot(expected, y), rtol=1e-4)


@pytest.mark.parametrize("k", [3, 4, 5])
def test_four_phases_are_the_transposed_convolution(k: int) -> None:
    """Against lax's own, whose kernel counts the other way round."""
    _, w, y = drawn(k, 6)
    other = lax.conv_transpose(y, w, (2, 2), "SAME", dimension_numbers=convolutions.LAYOUT, transpose_kernel=True)
    np.testing.assert_allclose(convolutions._phases(y, w), other, atol=1e-5)
    np.testing.assert_allclose(convolutions._plain(y, w), other, atol=1e-5)
    assert up(y, w).shape == (2, 8, 8, 6)


def test_first_and_second_derivatives_are_those_that_jax_finds() -> None:
    """Through the gradient of the input, as the gradient penalty goes."""
    x, w, _ = drawn(5, 6)
    plain = functools.partial(
        lax.conv_general_dilated, window_strides=(2, 2), padding="SAME", dimension_numbers=convolutions.LAYOUT
    )

    def steep(convolve, x: jax.Array, w: jax.Array) -> jax.Array:
        slope = jax.grad(lambda x: jnp.sum(jnp.tanh(convolve(x, w))))(x)
        return jnp.sum(jnp.sin(slope))

    for ours, theirs in zip(jax.grad(steep, (1, 2))(down, x, w), jax.grad(steep, (1, 2))(plain, x, w), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-5)


# ---- what is around them


@pytest.mark.parametrize(("init", "k"), [("normal", 5), ("he_uniform", 5), ("he_uniform", 4)])
def test_initial_weights(init: str, k: int) -> None:
    """N(0, 0.02^2), or a standard deviation of sqrt(2 / fan-in), a quarter of whose taps meet in a transposed convolution."""
    config = preset("dcgan", size=16, width=64, init=init, kernel_g=k, kernel_d=k)
    g = networks.generator(config, np.random.default_rng(0))
    d = networks.critic(config, np.random.default_rng(0))
    for layer, fan_in in (
        (g.stem, 100),
        (g.layers[0], k * k * 128 / 4),
        (d.layers[1], k * k * 64),
        (d.head, 16 * 128),
    ):
        kernel = np.asarray(layer.kernel[...])
        expected = 0.02 if init == "normal" else np.sqrt(2 / fan_in)
        assert kernel.std() == pytest.approx(expected, rel=0.05) and abs(kernel.mean()) < 0.05 * expected
        if init == "he_uniform":
            assert np.abs(kernel).max() <= np.sqrt(6 / fan_in)


def test_layer_norm_is_over_an_images_height_width_and_channels() -> None:
    norm = networks.Norm("layer", TINY, 3, None)
    x = np.float32(RANDOM.normal(5, 3, (4, 6, 6, 3)) * [1, 2, 3])
    expected = (x - x.mean((1, 2, 3), keepdims=True)) / np.sqrt(x.var((1, 2, 3), keepdims=True) + 1e-5)
    np.testing.assert_allclose(norm(jnp.asarray(x), True), expected, atol=1e-4)


def test_batch_norm_keeps_nine_tenths_of_its_running_mean() -> None:
    """Momentum 0.1 in PyTorch's words, the paper's code."""
    norm = networks.Norm("batch", TINY, 3, None)
    x = np.float32(RANDOM.normal(5, 3, (4, 6, 6, 3)))
    seen = norm(jnp.asarray(x), True)
    np.testing.assert_allclose(seen, (x - x.mean((0, 1, 2))) / np.sqrt(x.var((0, 1, 2)) + 1e-5), atol=1e-4)
    np.testing.assert_allclose(norm.inner.mean[...], 0.1 * x.mean((0, 1, 2)), rtol=1e-4)


def test_where_there_is_a_norm_and_where_not() -> None:
    """None on G's output nor on D's input; LayerNorm on all of D's other layers."""
    d = networks.critic(preset("source-wgan-gp", size=32, width=2), None)
    assert [norm.kind for norm in d.norms] == ["none", "layer", "layer"]
    g = networks.generator(preset("dcgan", size=32, width=2), None)
    assert [norm.kind for norm in g.norms] == ["batch"] * 3 and len(g.layers) == 3


def test_leaky_relu_and_tanh() -> None:
    """A critic of one layer whose kernel is one tap: 0.2 of what is below 0; a generator's image is within -1 to 1."""
    config: ImageConfig = TINY.replace(width=1, kernel_d=4)
    d = networks.critic(config, None)
    d.layers[0].kernel[...] = jnp.zeros((4, 4, 1, 1)).at[1, 1, 0, 0].set(1.0)
    d.head.kernel[...] = jnp.ones((16, 1))
    for value, expected in ((0.5, 8.0), (-0.5, -1.6)):
        assert float(d(jnp.full((1, 8, 8, 1), value), True)[0]) == pytest.approx(expected)
    g = networks.generator(TINY, np.random.default_rng(0))
    assert float(jnp.abs(g(100 * jnp.ones((2, 3)), False)).max()) <= 1


def test_spectral_norm_finds_the_largest_singular_value() -> None:
    """Against NumPy's SVD, after some power iterations; biases are left alone."""
    d = nnx.state(networks.critic(TINY.replace(width=3), np.random.default_rng(0)), nnx.Param)
    d = jax.tree.map(jnp.asarray, d)
    u = spectral.vectors(d, np.random.default_rng(1))
    for _ in range(100):
        u = spectral.iterate(d, u)
    after = spectral.kernels_of(spectral.normalised(d, u))
    for name, kernel in spectral.kernels_of(d).items():
        largest = np.linalg.svd(np.asarray(kernel).reshape(-1, kernel.shape[-1]), compute_uv=False)[0]
        np.testing.assert_allclose(after[name], kernel / largest, rtol=1e-4, atol=1e-6)
    assert set(after) == {"head/kernel", "layers/0/kernel"}
    assert jax.tree.leaves(spectral.normalised(d, {})) == jax.tree.leaves(d)
