"""One contract for every loss in the registry, against its formula in NumPy, which scipy minimises."""

import inspect
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

import gan1d.losses
from gan1d.config import LOSSES as NAMES
from gan1d.losses import LOSSES, bayes, register_loss, sign_of_difference

EXTREME = np.float32([-1e4, -88.0, -30.0, -1.0, 0.0, 0.5, 1.0, 30.0, 88.0, 1e4])
PARTS = ("real", "fake", "generator")
Formula = Callable[[float], float]
every_loss = pytest.mark.parametrize("name", list(LOSSES))
every_part = pytest.mark.parametrize("part", PARTS)


def log1pexp(l: float) -> float:
    return np.logaddexp(0, l)


# The papers' objectives in float64, in the order of PARTS.
FORMULAS: dict[str, tuple[Formula, Formula, Formula]] = {
    "non_saturating": (lambda l: log1pexp(-l), log1pexp, lambda l: log1pexp(-l)),
    "minimax": (lambda l: log1pexp(-l), log1pexp, lambda l: -log1pexp(l)),
    "least_squares": (lambda l: (l - 1) ** 2 / 2, lambda l: l**2 / 2, lambda l: (l - 1) ** 2 / 2),
    "hinge": (lambda l: np.maximum(0, 1 - l), lambda l: np.maximum(0, 1 + l), lambda l: -l),
    "wasserstein": (lambda l: -l, lambda l: l, lambda l: -l),
}
bounded_below = pytest.mark.parametrize("name", [name for name, loss in LOSSES.items() if loss.optimal_d is not None])


def slope(function: Callable, at: float) -> float:
    return float(jax.grad(lambda logit: function(logit))(jnp.float32(at)))


def said(name: str, logit: float) -> float:
    """What D says of a logit: a probability or the score itself."""
    return 1 / (1 + np.exp(-logit)) if LOSSES[name].output == "probability" else logit


def neutral(name: str) -> float:
    """The logit of a D that tells nothing apart; 0 where the loss leaves it open."""
    d = LOSSES[name].optimum[2]
    if d is None:
        return 0.0
    return float(np.log(d / (1 - d))) if LOSSES[name].output == "probability" else d


@every_loss
@every_part
def test_values_and_gradients_are_finite_for_any_logit(name: str, part: str) -> None:
    function = getattr(LOSSES[name], part)
    value, gradient = function(EXTREME), jax.vmap(jax.grad(function))(EXTREME)
    assert np.isfinite(value).all() and np.isfinite(gradient).all()


@every_loss
@every_part
def test_values_are_those_of_the_formula(name: str, part: str) -> None:
    value = getattr(LOSSES[name], part)(jnp.asarray(EXTREME))
    expected = FORMULAS[name][PARTS.index(part)](EXTREME.astype(float))
    np.testing.assert_allclose(value, expected, rtol=1e-6, atol=1e-37)


@every_loss
@every_part
@pytest.mark.parametrize("shape", [(), (5,), (2, 3)])
def test_shape_and_type_are_kept(name: str, part: str, shape: tuple[int, ...]) -> None:
    value = getattr(LOSSES[name], part)(jnp.zeros(shape, jnp.float32))
    assert value.shape == shape and value.dtype == jnp.float32


@every_loss
def test_gradients_push_the_right_way(name: str) -> None:
    """Where D is unsure: it raises its logit on the real, lowers it on the generated; the generator wants it raised there."""
    loss, middle = LOSSES[name], neutral(name)
    for logit in (middle - 0.4, middle, middle + 0.4):
        assert slope(loss.real, logit) < 0
        assert slope(loss.fake, logit) > 0
        assert slope(loss.generator, logit) < 0
    assert slope(loss.real, middle) == pytest.approx(-slope(loss.fake, middle))


@every_loss
def test_docstring_has_formula_and_source(name: str) -> None:
    text = inspect.getdoc(getattr(gan1d.losses, name))
    assert text and "L_D = " in text and "L_G = " in text
    assert "Source: " in text and "arXiv:" in text


@bounded_below
def test_the_optimum_is_where_a_constant_logit_is_best(name: str) -> None:
    """At p_g = p_data, D is a constant: scipy minimises the discriminator's objective over it."""
    real, fake, generator = FORMULAS[name]
    best = optimize.minimize_scalar(lambda c: real(c) + fake(c), (-1.0, 0.7))
    loss_d, loss_g, _ = LOSSES[name].optimum
    assert loss_d == pytest.approx(best.fun, abs=1e-9)
    assert real(neutral(name)) + fake(neutral(name)) == pytest.approx(best.fun, abs=1e-9)
    assert loss_g == pytest.approx(generator(neutral(name)), abs=1e-9)


@bounded_below
@settings(deadline=None, max_examples=25)
@given(p=st.floats(1e-3, 10), q=st.floats(1e-3, 10))
def test_the_pointwise_best_d_is_best(name: str, p: float, q: float) -> None:
    """scipy minimises p real(l) + q fake(l) over the logit of one point."""
    assume(abs(p - q) > 1e-3 * (p + q))  # at p = q the best hinge score is not unique
    real, fake, _ = FORMULAS[name]
    optimal = LOSSES[name].optimal_d
    assert optimal is not None
    best = optimize.minimize_scalar(lambda l: p * real(l) + q * fake(l), (-1.0, 1.0)).x
    assert float(optimal(np.array(p), np.array(q))) == pytest.approx(said(name, best), abs=1e-4)


@every_loss
def test_there_is_no_pointwise_best_d_only_where_the_objective_has_no_least_value(name: str) -> None:
    real, fake, _ = FORMULAS[name]
    lowest = min(2 * real(l) + fake(l) for l in (-1e6, 1e6))
    assert (LOSSES[name].optimal_d is None) == (lowest < -1e5)


@every_loss
def test_what_the_optimum_leaves_open_differs_between_discriminators_that_are_equally_good(name: str) -> None:
    """At p_g = p_data any constant critic has the Wasserstein optimum, and each gives the generator another loss."""
    loss_d, loss_g, d = LOSSES[name].optimum
    assert (loss_g is None) == (d is None) == (LOSSES[name].optimal_d is None)
    if d is None:
        real, fake, generator = FORMULAS[name]
        assert [real(c) + fake(c) for c in (-7.0, 0.0, 2.5)] == [loss_d] * 3
        assert len({generator(c) for c in (-7.0, 0.0, 2.5)}) == 3


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


def test_the_least_squares_generator_is_pulled_the_harder_the_further_its_samples_are_from_the_label() -> None:
    assert [slope(LOSSES["least_squares"].generator, l) for l in (-3.0, 0.0, 1.0, 2.0)] == [-4.0, -1.0, 0.0, 1.0]


def test_the_hinge_teaches_d_nothing_beyond_its_margin_and_the_generator_everywhere() -> None:
    loss = LOSSES["hinge"]
    assert [slope(loss.real, l) for l in (-5.0, 0.9, 1.1, 5.0)] == [-1.0, -1.0, 0.0, 0.0]
    assert [slope(loss.fake, l) for l in (-5.0, -1.1, -0.9, 5.0)] == [0.0, 0.0, 1.0, 1.0]
    assert [slope(loss.generator, l) for l in (-5.0, 0.0, 5.0)] == [-1.0, -1.0, -1.0]


def test_the_wasserstein_loss_of_the_best_critic_is_minus_w1() -> None:
    """For a shift to the left the best critic of slope at most 1 is l(x) = x; W1 by scipy.stats, in data units."""
    real = np.random.default_rng(0).normal(size=200)
    fake = np.random.default_rng(1).normal(size=200) - 20
    loss = LOSSES["wasserstein"]
    value = float(np.mean(loss.real(jnp.asarray(real))) + np.mean(loss.fake(jnp.asarray(fake))))
    assert value == pytest.approx(-stats.wasserstein_distance(real, fake), rel=1e-5)


def test_bayes() -> None:
    p, q = np.array([1.0, 0.0, 3.0, 0.0, 1e-300]), np.array([1.0, 2.0, 1.0, 0.0, 1e-300])
    np.testing.assert_allclose(bayes(p, q), [0.5, 0.0, 0.75, np.nan, 0.5])
    assert bayes(np.ones(4), np.ones((3, 4))).shape == (3, 4)


def test_sign_of_difference() -> None:
    p, q = np.array([1.0, 0.0, 3.0, 0.0, 1e-300]), np.array([1.0, 2.0, 1.0, 0.0, 0.0])
    np.testing.assert_array_equal(sign_of_difference(p, q), [0.0, -1.0, 1.0, np.nan, 1.0])
    assert sign_of_difference(np.ones(4), np.ones((3, 4))).shape == (3, 4)


def test_where_both_densities_are_equal_every_hinge_score_within_the_margin_is_as_good() -> None:
    real, fake, _ = FORMULAS["hinge"]
    scores = np.linspace(-1, 1, 21)
    np.testing.assert_allclose(real(scores) + fake(scores), 2.0)
    assert real(1.1) + fake(1.1) > 2 and real(-1.1) + fake(-1.1) > 2


def test_registry_is_the_vocabulary() -> None:
    assert set(LOSSES) == set(NAMES) == set(FORMULAS)
    with pytest.raises(ValueError, match="nonesuch"):
        register_loss("nonesuch")
