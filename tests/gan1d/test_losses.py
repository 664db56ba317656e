"""One contract for every loss in the registry, and the two losses against NumPy."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

import gan1d.losses
from gan1d.config import LOSSES as NAMES
from gan1d.losses import LOSSES, bayes, register_loss

EXTREME = np.float32([-1e4, -88.0, -30.0, -1.0, 0.0, 1.0, 30.0, 88.0, 1e4])
every_loss = pytest.mark.parametrize("name", NAMES)
every_part = pytest.mark.parametrize("part", ["real", "fake", "generator"])


def slope(function, at: float) -> float:
    return float(jax.grad(lambda logit: function(logit))(jnp.float32(at)))


@every_loss
@every_part
def test_values_and_gradients_are_finite_for_any_logit(name: str, part: str) -> None:
    function = getattr(LOSSES[name], part)
    value, gradient = function(EXTREME), jax.vmap(jax.grad(function))(EXTREME)
    assert np.isfinite(value).all() and np.isfinite(gradient).all()


@every_loss
@every_part
@pytest.mark.parametrize("shape", [(), (5,), (2, 3)])
def test_shape_and_type_are_kept(name: str, part: str, shape: tuple[int, ...]) -> None:
    value = getattr(LOSSES[name], part)(jnp.zeros(shape, jnp.float32))
    assert value.shape == shape and value.dtype == jnp.float32


@every_loss
def test_gradients_push_the_right_way(name: str) -> None:
    """Where D is unsure: it raises its logit on the real, lowers it on the generated; the generator wants it raised there."""
    loss = LOSSES[name]
    for logit in (-0.5, 0.0, 0.5):
        assert slope(loss.real, logit) < 0
        assert slope(loss.fake, logit) > 0
        assert slope(loss.generator, logit) < 0


@every_loss
def test_docstring_has_formula_and_source(name: str) -> None:
    text = inspect.getdoc(getattr(gan1d.losses, name))
    assert text and "L_D = " in text and "L_G = " in text
    assert "Source: " in text and "arXiv:" in text


@every_loss
def test_the_optimum_is_where_a_constant_logit_is_best(name: str) -> None:
    """At p_g = p_data, D is a constant: scipy minimises the discriminator's objective over it."""
    loss = LOSSES[name]
    best = optimize.minimize_scalar(lambda c: float(loss.real(c) + loss.fake(c)), (-1.0, 0.7))
    loss_d, loss_g, d = loss.optimum
    assert loss_d == pytest.approx(best.fun, abs=1e-6)
    assert loss_g == pytest.approx(float(loss.generator(best.x)), abs=1e-3)
    said = 1 / (1 + np.exp(-best.x)) if loss.output == "probability" else best.x
    assert d == pytest.approx(said, abs=1e-3)


@every_loss
@settings(deadline=None, max_examples=25)
@given(p=st.floats(1e-3, 10), q=st.floats(1e-3, 10))
def test_the_pointwise_best_d_is_best(name: str, p: float, q: float) -> None:
    """scipy minimises p real(l) + q fake(l) over the logit of one point."""
    loss = LOSSES[name]
    if loss.optimal_d is None:
        return
    softplus = {"non_saturating", "minimax"}
    assert name in softplus, "give the NumPy form of the objective here"
    best = optimize.minimize_scalar(lambda l: p * np.logaddexp(0, -l) + q * np.logaddexp(0, l), (-1.0, 1.0)).x
    assert float(loss.optimal_d(np.array(p), np.array(q))) == pytest.approx(1 / (1 + np.exp(-best)), abs=1e-4)


@pytest.mark.parametrize("logit", [-20.0, -3.0, -0.1, 0.0, 0.4, 2.0, 15.0])
def test_both_gan_losses_are_goodfellows(logit: float) -> None:
    """Goodfellow et al. 2014, equation 1 and section 3, written with probabilities in float64."""
    d = 1 / (1 + np.exp(-logit))
    for name in ("minimax", "non_saturating"):
        assert float(LOSSES[name].real(logit)) == pytest.approx(-np.log(d), rel=1e-5)
        assert float(LOSSES[name].fake(logit)) == pytest.approx(-np.log1p(-d), rel=1e-4)
    assert float(LOSSES["minimax"].generator(logit)) == pytest.approx(np.log1p(-d), rel=1e-4)
    assert float(LOSSES["non_saturating"].generator(logit)) == pytest.approx(-np.log(d), rel=1e-5)


def test_the_minimax_generator_stalls_where_d_is_sure_and_the_non_saturating_does_not() -> None:
    """dL_G/dl is -D for minimax and -(1 - D) for non-saturating; D is sure of a fake where D -> 0."""
    assert abs(slope(LOSSES["minimax"].generator, -10.0)) == pytest.approx(1 / (1 + np.exp(10)), rel=1e-4)
    assert abs(slope(LOSSES["non_saturating"].generator, -10.0)) == pytest.approx(1 / (1 + np.exp(-10)), rel=1e-5)


def test_bayes() -> None:
    p, q = np.array([1.0, 0.0, 3.0, 0.0, 1e-300]), np.array([1.0, 2.0, 1.0, 0.0, 1e-300])
    np.testing.assert_allclose(bayes(p, q), [0.5, 0.0, 0.75, np.nan, 0.5])
    assert bayes(np.ones(4), np.ones((3, 4))).shape == (3, 4)


def test_registry_is_the_vocabulary() -> None:
    assert set(LOSSES) == set(NAMES)
    with pytest.raises(ValueError, match="nonesuch"):
        register_loss("nonesuch")
