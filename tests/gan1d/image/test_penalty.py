"""WGAN-GP's penalty on images: a linear critic by hand, finite differences, and what happens where no gradient flows through it."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from gan1d.image import networks, training, updates
from gan1d.image.config import ImageConfig, structure
from gan1d.image.presets import preset
from gan1d.losses import LOSSES
from gan1d.regularizers import REGULARIZERS, steepness

GP, LOSS = REGULARIZERS["gradient_penalty"], LOSSES["wasserstein"]
SMALL = preset("digits-16-wgan-gp", size=8, width=4, latent=3, batch=8, n_critic=2)
SHAPE = (6, 4, 4, 2)


def penalty(logit, real, fake, mix) -> jax.Array:  # type: ignore[no-untyped-def]
    assert GP.penalty
    return GP.penalty(logit, real, fake, mix)


@pytest.mark.parametrize("distance", [1.0, 4.0])
def test_the_best_linear_critic_is_a_little_steeper_than_1(distance: float) -> None:
    """All real images at one place, all generated W away: slope 1 + W/(2 lambda), from -(a - b) + 2 lambda (|w| - 1) w/|w| = 0."""
    weight = 10.0
    direction = np.random.default_rng(0).normal(size=SHAPE[1:])
    direction /= np.linalg.norm(direction)
    real = jnp.float32(np.broadcast_to(0.3 + distance * direction, SHAPE))
    fake = jnp.full(SHAPE, 0.3)
    mix = jnp.linspace(0, 1, len(real))

    def objective(w: jax.Array) -> jax.Array:
        def critic(x: jax.Array) -> jax.Array:
            return jnp.einsum("bhwc,hwc->b", x, w)

        scores = jnp.mean(LOSS.real(critic(real))) + jnp.mean(LOSS.fake(critic(fake)))
        return scores + weight * penalty(critic, real, fake, mix)

    w = jnp.float32(np.random.default_rng(1).normal(size=SHAPE[1:]))
    w = jax.jit(lambda w: jax.lax.fori_loop(0, 2000, lambda _, w: w - 0.01 * jax.grad(objective)(w), w))(w)
    expected = 1 + distance / (2 * weight)
    np.testing.assert_allclose(w, expected * direction, atol=1e-3)
    slopes = steepness(lambda x: jnp.einsum("bhwc,hwc->b", x, w), real)
    np.testing.assert_allclose(slopes, np.full(len(real), expected), rtol=1e-3)


def test_value_at_a_linear_critic_and_where_it_is_flat() -> None:
    """(|w| - 1)^2, wherever it looks; finite, with a finite gradient, where the slope is 0."""
    x = jnp.ones(SHAPE)
    mix = jnp.linspace(0, 1, len(x))
    value = functools.partial(lambda w: penalty(lambda x: w * jnp.sum(x, (1, 2, 3)), x, 2 * x, mix))
    assert float(value(0.5)) == pytest.approx((0.5 * np.sqrt(32) - 1) ** 2, rel=1e-5)
    flat, gradient = jax.value_and_grad(value)(0.0)
    assert float(flat) == pytest.approx(1, rel=1e-4) and np.isfinite(gradient)


def test_each_image_has_a_place_of_its_own_between_the_two() -> None:
    real, fake = jnp.ones(SHAPE), -jnp.ones(SHAPE)
    mix = jnp.linspace(0, 1, len(real))
    assert GP.points
    between = GP.points(real, fake, mix)
    np.testing.assert_allclose(between, np.broadcast_to(np.linspace(-1, 1, 6)[:, None, None, None], SHAPE), atol=1e-6)


@pytest.mark.parametrize(("name", "norm"), [("gradient_penalty", "layer"), ("r1", "none")])
def test_gradient_through_the_gradient_is_that_of_finite_differences(name: str, norm: str) -> None:
    """Along random directions of all the critic's parameters, in float64, central differences."""
    config = SMALL.replace(norm_d=norm, size=16, width=2)
    with jax.enable_x64(True):
        graph, params = nnx.split(networks.critic(config, np.random.default_rng(0)), nnx.Param)
        params = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float64), params)
        random = np.random.default_rng(1)
        real, fake = (jnp.asarray(random.normal(size=(3, 16, 16, 1))) for _ in range(2))
        mix = jnp.asarray(random.random(3))

        @jax.jit
        def value(params) -> jax.Array:  # type: ignore[no-untyped-def]
            found = REGULARIZERS[name].penalty
            assert found
            return found(lambda x: nnx.merge(graph, params)(x, True), real, fake, mix)

        gradient = jax.jit(jax.grad(value))(params)
        for _ in range(5):
            step = jax.tree.map(lambda leaf: jnp.asarray(random.normal(size=leaf.shape)), params)
            h = 1e-6
            up, down = (value(jax.tree.map(lambda p, s, h=h: p + h * s, params, step)) for h in (h, -h))
            along = sum(jnp.vdot(g, s) for g, s in zip(*map(jax.tree.leaves, (gradient, step)), strict=True))
            assert float(along) == pytest.approx(float(up - down) / (2 * h), rel=1e-4, abs=1e-8)


def squares(config: ImageConfig) -> np.ndarray:
    """Light grey squares on dark grey, in one of four corners: (n_critic, B, H, W, C) uint8."""
    found = np.full((config.batch, *config.shape), 96, np.uint8)
    for i, image in enumerate(found):
        row, column = divmod(i % 4, 2)
        image[4 * row : 4 * row + 4, 4 * column : 4 * column + 4] = 160
    return np.repeat(found[None], config.n_critic, axis=0)


def test_no_gradient_flows_through_a_frozen_penalty() -> None:
    """The critic moves as it would without one, to the last bit; with the right one it does not."""
    frozen, none = SMALL.replace(frozen_penalty=True), SMALL.replace(penalty="none")
    moved = []
    for config in (frozen, none, SMALL):
        on = training.mesh(config.batch)
        real = training.deliver(on, squares(config), 1)
        critic = training._programs(structure(config), on)[0]
        moved.append(critic(updates.numbers(config), training.init(config, on), real, np.int32(0))[0])
    for a, b in zip(*(jax.tree.leaves(state.d.params) for state in moved[:2]), strict=True):
        np.testing.assert_array_equal(a, b)
    without, without_too, right = (float(state.tally["grad_norm_d"]) for state in moved)
    assert without == without_too and abs(without / right - 1) > 1e-2
    assert float(moved[0].tally["penalty"]) == pytest.approx(float(moved[2].tally["penalty"])) != 0


def test_the_right_penalty_keeps_the_slope_near_1_and_the_frozen_one_does_not() -> None:
    """After 2 000 critic updates of a whole game, E|grad C| over the last hundred."""
    slopes = {}
    for config in (SMALL, SMALL.replace(frozen_penalty=True)):
        state, step, real = training.init(config), training.make_step(config), squares(config)
        seen = []
        for _ in range(2000 // config.n_critic):
            state, last = step(state, real)
            seen.append(last.slopes)
        slopes[config.frozen_penalty] = float(np.mean(jax.device_get(seen[-50:])))
    assert abs(slopes[False] - 1) < 0.2, slopes
    assert slopes[True] > 5, slopes
