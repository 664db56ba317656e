"""One contract for every regulariser in the registry; linear critics by hand, finite differences and Optax for the rest."""

import inspect
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

import gan1d.regularizers
from gan1d import config
from gan1d.losses import LOSSES
from gan1d.networks import MLP
from gan1d.regularizers import REGULARIZERS, Regularizer, half_squared_weights, register_regularizer, slope

X = jnp.linspace(-2.0, 3.0, 9)
MIX = jnp.linspace(0.0, 1.0, 9)
LOGITS = jnp.array([-1e4, -30.0, -1.0, 0.0, 0.5, 1.0, 30.0, 1e4], jnp.float32)

DOING = [name for name, regularizer in REGULARIZERS.items() if regularizer != Regularizer()]


def those_with(hook: str) -> list[str]:
    return [name for name in DOING if getattr(REGULARIZERS[name], hook) is not None]


def penalty(name: str) -> Callable[..., jax.Array]:
    found = REGULARIZERS[name].penalty
    assert found is not None
    return found


def hook(name: str, which: str) -> Callable[..., Any]:
    found = getattr(REGULARIZERS[name], which)
    assert found is not None
    return found


def mlp(seed: int = 0) -> tuple[Any, Any]:
    return nnx.split(MLP((5, 4), "tanh", jnp.array([0, seed], jnp.uint32)))


# ---- the contract


def test_registry_is_the_vocabulary() -> None:
    assert set(REGULARIZERS) == {*config.PENALTIES, "l2", "instance_noise", "label_smoothing"}
    assert REGULARIZERS["none"] == Regularizer()
    assert len(DOING) == len(REGULARIZERS) - 1
    with pytest.raises(ValueError, match="nonesuch"):
        register_regularizer("nonesuch")


@pytest.mark.parametrize("name", DOING)
def test_docstring_has_formula_and_source(name: str) -> None:
    text = inspect.getdoc(getattr(gan1d.regularizers, name))
    assert text and "=" in text and "Source: " in text and "arXiv:" in text


@pytest.mark.parametrize("name", those_with("penalty"))
@pytest.mark.parametrize("scale", [-1e4, 0.0, 1.0, 1e4])
def test_every_penalty_is_a_finite_scalar_with_a_finite_gradient(name: str, scale: float) -> None:
    def of(a: jax.Array) -> jax.Array:
        return penalty(name)(lambda x: a * jnp.tanh(x), X, X + 1, MIX)

    value, gradient = jax.value_and_grad(of)(jnp.float32(scale))
    assert value.shape == () and value.dtype == gradient.dtype == jnp.float32 and float(value) >= 0
    assert np.isfinite(value) and np.isfinite(gradient)


@pytest.mark.parametrize("name", those_with("weights"))
@pytest.mark.parametrize("scale", [0.0, 1.0, 1e4])
def test_every_penalty_on_weights_is_a_finite_scalar_with_a_finite_gradient(name: str, scale: float) -> None:
    params = jax.tree.map(lambda leaf: scale * leaf, mlp()[1])
    value, gradient = jax.value_and_grad(hook(name, "weights"))(params)
    assert value.shape == () and value.dtype == jnp.float32 and float(value) >= 0 and np.isfinite(value)
    assert all(np.isfinite(leaf).all() and leaf.dtype == jnp.float32 for leaf in jax.tree.leaves(gradient))


@pytest.mark.parametrize("name", those_with("project"))
@pytest.mark.parametrize("weight", [0.0, 0.05, 1e4])
def test_every_projection_is_one(name: str, weight: float) -> None:
    """What it gives it leaves alone; trees, shapes and types stay."""
    params = mlp()[1]
    once = hook(name, "project")(params, jnp.float32(weight))
    twice = hook(name, "project")(once, jnp.float32(weight))
    assert jax.tree.structure(once) == jax.tree.structure(params)
    for before, after, again in zip(*map(jax.tree.leaves, (params, once, twice)), strict=True):
        assert after.shape == before.shape and after.dtype == before.dtype
        np.testing.assert_array_equal(after, again)


@pytest.mark.parametrize("name", those_with("inputs"))
@pytest.mark.parametrize("weight", [0.0, 0.5, 1e4])
def test_what_d_sees_has_the_shape_and_type_of_the_samples_and_their_gradient(name: str, weight: float) -> None:
    inputs = hook(name, "inputs")
    seen, gradient = jax.vjp(lambda x: inputs(x, MIX - 0.5, jnp.float32(weight)), X)
    assert seen.shape == X.shape and seen.dtype == jnp.float32 and np.isfinite(seen).all()
    assert np.isfinite(gradient(jnp.ones_like(X))[0]).all()
    if weight == 0:
        np.testing.assert_array_equal(seen, X)


@pytest.mark.parametrize("name", those_with("labels"))
@pytest.mark.parametrize("loss", list(LOSSES))
def test_softened_objectives_are_finite_and_those_of_the_loss_where_the_weight_is_0(name: str, loss: str) -> None:
    labels, real, fake = hook(name, "labels"), LOSSES[loss].real, LOSSES[loss].fake
    for weight in (0.0, 0.1, 0.5):
        soft = labels(real, fake, jnp.float32(weight))
        value, gradient = soft(LOGITS), jax.vmap(jax.grad(soft))(LOGITS)
        assert value.shape == LOGITS.shape and value.dtype == jnp.float32
        assert np.isfinite(value).all() and np.isfinite(gradient).all()
        if weight == 0:
            np.testing.assert_array_equal(value, real(LOGITS))
            np.testing.assert_array_equal(gradient, jax.vmap(jax.grad(real))(LOGITS))


# ---- penalties on the slope


def gradient_is_that_of_finite_differences(of: Callable[..., jax.Array]) -> bool:
    """d penalty / d parameters of an MLP against central differences in float64, for every kernel and bias, through dropout too."""
    with jax.enable_x64(True):
        graph, params = mlp(3)
        params = jax.tree.map(lambda leaf: leaf.astype(jnp.float64), params)
        random = np.random.default_rng(0)
        real, fake, mix = (jnp.asarray(a) for a in (random.normal(size=6), random.normal(size=6) + 1, random.random(6)))
        keep = [jnp.array(random.integers(0, 2, (6, width)) * 2.0) for width in (5, 4)]

        @jax.jit
        def value(p: Any) -> jax.Array:
            return of(lambda x: nnx.merge(graph, p)(x, keep), real, fake, mix)

        gradient = jax.grad(value)(params)
        leaves, tree = jax.tree.flatten(params)
        h = 1e-5
        for i, (leaf, grad) in enumerate(zip(leaves, jax.tree.leaves(gradient), strict=True)):
            for at in np.ndindex(leaf.shape):
                up, down = (
                    value(tree.unflatten([*leaves[:i], leaf.at[at].add(step), *leaves[i + 1 :]])) for step in (h, -h)
                )
                if float(grad[at]) != pytest.approx(float(up - down) / (2 * h), rel=1e-5, abs=1e-9):
                    return False
    return True


def frozen(of: Callable[..., jax.Array]) -> Callable[..., jax.Array]:
    """The same penalty, taken for a constant by the gradient: a mistake that no value shows."""
    return lambda *args: jax.lax.stop_gradient(of(*args))


@pytest.mark.parametrize("name", those_with("penalty"))
def test_the_gradient_flows_through_the_slope(name: str) -> None:
    assert gradient_is_that_of_finite_differences(penalty(name))
    assert not gradient_is_that_of_finite_differences(frozen(penalty(name)))


def test_the_slope_is_that_of_finite_differences() -> None:
    with jax.enable_x64(True):
        module = MLP((8, 8), "tanh", jnp.zeros(2, jnp.uint32))
        x, h = jnp.linspace(-2.0, 2.0, 7, dtype=jnp.float64), 1e-6
        expected = (module(x + h) - module(x - h)) / (2 * h)
        np.testing.assert_allclose(slope(module, x), expected, rtol=1e-6)


@pytest.mark.parametrize("a", [-3.0, 0.0, 0.5])
def test_r1_of_a_linear_critic(a: float) -> None:
    """l(x) = a x: R1 = a^2/2, and dR1/da = a (Mescheder et al. 2018, the Dirac-GAN)."""
    value, gradient = jax.value_and_grad(lambda s: penalty("r1")(lambda x: s * x, X, X, None))(a)
    assert float(value) == pytest.approx(a**2 / 2)
    assert float(gradient) == pytest.approx(a)


def test_r1_looks_at_the_real_data_alone() -> None:
    """l(x) = x^2 has slope 2x."""
    assert float(penalty("r1")(lambda x: x**2, X, X, None)) == float(penalty("r1")(lambda x: x**2, X, X + 100, MIX))
    expected = 0.5 * np.mean((2 * np.asarray(X, float)) ** 2)
    assert float(penalty("r1")(lambda x: x**2, X, X, None)) == pytest.approx(expected)


@pytest.mark.parametrize("a", [-3.0, -1.0, 0.5, 2.0])
def test_the_gradient_penalty_of_a_linear_critic(a: float) -> None:
    """l(x) = a x: GP = (|a| - 1)^2, and dGP/da = 2 (|a| - 1) sign(a): a slope under 1 costs too."""
    value, gradient = jax.value_and_grad(lambda s: penalty("gradient_penalty")(lambda x: s * x, X, X, MIX))(a)
    assert float(value) == pytest.approx((abs(a) - 1) ** 2)
    assert float(gradient) == pytest.approx(2 * (abs(a) - 1) * np.sign(a))


def test_the_gradient_penalty_looks_between_the_real_and_the_generated() -> None:
    """l(x) = x^2/2 has slope x: the penalty is the mean of (|xhat| - 1)^2, here in NumPy."""
    real, fake, mix = (np.array(a, np.float32) for a in ([1, -2, 5], [3, 4, -1], [1, 0, 0.25]))
    expected = np.mean((np.abs([1, 4, 0.5]) - 1) ** 2)
    assert float(penalty("gradient_penalty")(lambda x: x**2 / 2, real, fake, mix)) == pytest.approx(expected)


def test_a_penalty_says_whether_it_wants_a_mix() -> None:
    for name in those_with("penalty"):
        if REGULARIZERS[name].needs_mix:
            with pytest.raises(ValueError, match="mix: None is not allowed"):
                penalty(name)(jnp.sin, X, X, None)
        else:
            assert float(penalty(name)(jnp.sin, X, X, None)) == float(penalty(name)(jnp.sin, X, X, MIX))


# ---- a linear critic l(x) = w x + b under the Wasserstein loss, the generated lying a distance W left of the real

SHIFTS = pytest.mark.parametrize("shift", [0.5, 1.0, 2.0])


def descend(shift: float, start: float, extra: Callable[[Any], jax.Array], project: Any = None) -> tuple[float, float]:
    """Gradient descent on w and b, 400 steps of 0.02; L = -E[l(x)] + E[l(G(z))] + extra(l)."""
    loss = LOSSES["wasserstein"]

    def objective(params: dict[str, jax.Array]) -> jax.Array:
        def logit(x: jax.Array) -> jax.Array:
            return params["w"] * x + params["b"]

        return jnp.mean(loss.real(logit(X))) + jnp.mean(loss.fake(logit(X - shift))) + extra(logit)

    def step(_: Any, params: dict[str, jax.Array]) -> dict[str, jax.Array]:
        moved = jax.tree.map(lambda p, g: p - 0.02 * g, params, jax.grad(objective)(params))
        return moved if project is None else project(moved)

    first = {"w": jnp.float32(start), "b": jnp.float32(0.3)}
    last = jax.jit(lambda params: jax.lax.fori_loop(0, 400, step, params))(first)
    return float(last["w"]), float(last["b"])


@SHIFTS
@pytest.mark.parametrize("start", [0.1, 3.0])
def test_under_the_gradient_penalty_the_slope_ends_at_its_closed_form(shift: float, start: float) -> None:
    """dL/dw = -W + 2 lambda (w - 1) is 0 at w = 1 + W/(2 lambda)."""
    expected = pytest.approx(1 + shift / 20, abs=1e-4)
    of = penalty("gradient_penalty")
    assert descend(shift, start, lambda logit: 10 * of(logit, X, X - shift, MIX))[0] == expected
    assert descend(shift, start, lambda logit: 10 * frozen(of)(logit, X, X - shift, MIX))[0] != expected


@SHIFTS
def test_under_r1_the_slope_ends_at_its_closed_form(shift: float) -> None:
    """dL/dw = -W + gamma w is 0 at w = W/gamma."""
    expected = pytest.approx(shift / 5, abs=1e-4)
    of = penalty("r1")
    assert descend(shift, 0.1, lambda logit: 5 * of(logit, X, X - shift, None))[0] == expected
    assert descend(shift, 0.1, lambda logit: 5 * frozen(of)(logit, X, X - shift, None))[0] != expected


@SHIFTS
def test_under_weight_clipping_the_slope_ends_at_the_clip(shift: float) -> None:
    """dL/dw = -W < 0 for every w: it rises until it is clipped. The bias has no gradient: it is clipped from 0.3."""

    def project(params: Any) -> Any:
        return hook("weight_clipping", "project")(params, jnp.float32(0.25))

    assert descend(shift, 0.1, lambda logit: jnp.zeros(()), project) == (0.25, 0.25)


# ---- weights


def test_l2_is_half_the_squared_weights_without_biases() -> None:
    _, params = nnx.split(MLP((5, 4), "relu", jnp.zeros(2, jnp.uint32)))
    assert REGULARIZERS["l2"].weights is half_squared_weights
    named = [
        (jax.tree_util.keystr(path), np.asarray(leaf)) for path, leaf in jax.tree_util.tree_leaves_with_path(params)
    ]
    expected = 0.5 * sum(float(np.sum(leaf.astype(float) ** 2)) for name, leaf in named if "bias" not in name)
    assert float(half_squared_weights(params)) == pytest.approx(expected, rel=1e-6)
    gradients = jax.tree.leaves(jax.grad(half_squared_weights)(params))
    for (name, leaf), gradient in zip(named, gradients, strict=True):
        np.testing.assert_allclose(gradient, np.zeros_like(leaf) if "bias" in name else leaf, rtol=1e-6)


@settings(deadline=None, max_examples=20)
@given(
    c=st.floats(0, 0.5, width=32, allow_subnormal=False),
    values=st.lists(st.floats(-1, 1, width=32, allow_subnormal=False), min_size=1, max_size=6),
)
def test_weight_clipping_sends_each_parameter_to_the_nearest_within_the_clip(c: float, values: list[float]) -> None:
    params = {"output": {"kernel": jnp.array(values, jnp.float32), "bias": jnp.float32(values[0])}}
    clipped = hook("weight_clipping", "project")(params, jnp.float32(c))
    for name, leaf in params["output"].items():
        before, after = np.asarray(leaf), np.asarray(clipped["output"][name])
        assert (np.abs(after) <= np.float32(c)).all()
        inside = np.abs(before) <= np.float32(c)
        np.testing.assert_array_equal(after, np.where(inside, before, np.sign(before) * np.float32(c)))


def test_weight_clipping_reaches_every_parameter_of_d_and_hides_no_divergence() -> None:
    """Kernels are drawn within 0.2 and biases start at 0.1: a clip of 0.05 moves the biases too. NaN stays NaN."""
    params = mlp()[1]
    clip = hook("weight_clipping", "project")
    leaves = [np.asarray(leaf) for leaf in jax.tree.leaves(clip(params, jnp.float32(0.05)))]
    assert all(np.abs(leaf).max() == np.float32(0.05) for leaf in leaves)
    assert all((np.asarray(leaf) == 0).all() for leaf in jax.tree.leaves(clip(params, jnp.float32(0))))
    assert np.isnan(clip({"kernel": jnp.float32(np.nan)}, jnp.float32(0.05))["kernel"])


# ---- what D sees, and what it is told


def test_instance_noise_is_added_in_data_units() -> None:
    noise = np.random.default_rng(0).normal(size=9).astype(np.float32)
    seen, pull = jax.vjp(lambda x: hook("instance_noise", "inputs")(x, noise, jnp.float32(0.7)), X)
    np.testing.assert_allclose(seen, np.asarray(X) + 0.7 * noise, rtol=1e-6)
    np.testing.assert_array_equal(pull(jnp.ones_like(X))[0], np.ones(9))


def smoothed(loss: str, a: float) -> Callable[[jax.Array], jax.Array]:
    return hook("label_smoothing", "labels")(LOSSES[loss].real, LOSSES[loss].fake, a)


@pytest.mark.parametrize("a", [0.0, 0.1, 0.5])
def test_label_smoothing_is_cross_entropy_with_target_one_minus_a(a: float) -> None:
    """Salimans et al. 2016, section 3.4; the cross-entropy is Optax's."""
    expected = optax.sigmoid_binary_cross_entropy(LOGITS, jnp.full_like(LOGITS, 1 - a))
    for loss in ("non_saturating", "minimax"):
        np.testing.assert_allclose(smoothed(loss, a)(LOGITS), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("a", [0.0, 0.1, 0.5])
def test_label_smoothing_of_the_scores_by_hand(a: float) -> None:
    """The gradient of 1/2 (l - (1 - a))^2 for least squares; (1 - a) max(0, 1 - l) + a max(0, 1 + l); -(1 - 2a) l."""
    l = np.linspace(-3, 3, 13, dtype=np.float32)
    gradient = jax.vmap(jax.grad(smoothed("least_squares", a)))(l)
    np.testing.assert_allclose(gradient, l - (1 - a), rtol=1e-5, atol=1e-6)
    hinge = (1 - a) * np.maximum(0, 1 - l) + a * np.maximum(0, 1 + l)
    np.testing.assert_allclose(smoothed("hinge", a)(l), hinge, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(smoothed("wasserstein", a)(l), -(1 - 2 * a) * l, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("loss", [name for name, loss in LOSSES.items() if loss.optimal_d is not None])
@pytest.mark.parametrize(("p", "q"), [(1.0, 1.0), (3.0, 0.5), (0.2, 0.9)])
def test_the_best_smoothed_d_is_that_of_a_share_of_the_data_counted_as_generated(loss: str, p: float, q: float) -> None:
    """scipy minimises the smoothed objective at one point: D* against (1 - a) p and q + a p."""
    a = 0.1
    optimal = LOSSES[loss].optimal_d
    assert optimal is not None
    with jax.enable_x64(True):
        soft, fake = jax.jit(smoothed(loss, a)), jax.jit(LOSSES[loss].fake)
        best = optimize.minimize_scalar(lambda l: float(p * soft(l) + q * fake(l)), (-1.0, 1.0)).x
    said = 1 / (1 + np.exp(-best)) if LOSSES[loss].output == "probability" else best
    found = float(optimal(np.array((1 - a) * p), np.array(q + a * p)))
    assert found == pytest.approx(said, abs=1e-5)
    if loss != "hinge":
        assert found == pytest.approx((1 - a) * p / (p + q))
