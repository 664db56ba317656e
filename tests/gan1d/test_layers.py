"""What a picture can show of a run: which layers there are, the best D, and the steps that the samples feel."""

import json

import numpy as np
import pytest

import gan1d
from gan1d.data import target
from gan1d.render.axes import drawn_d
from gan1d.render.frames import frames
from gan1d.render.layers import CAP, LONG, PLAIN, layers, other_step, step_scale, text


def ids(run) -> list[str]:
    return [layer["id"] for layer in layers(run)["all"]]


def test_a_probability_has_every_layer(linear_run) -> None:
    found = layers(linear_run)
    assert ids(linear_run) == ["real", "generated", "d", "d_star", "gap", "optimum", "outside", "samples", "arrows"]
    assert {layer["id"] for layer in found["all"] if layer["on"]} == set(PLAIN)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    for layer in found["all"]:
        assert layer["label"] and len(layer["help"]) > 20 and "{" not in layer["help"]


def test_a_critic_has_no_best_d_and_no_optimum(critic_run) -> None:
    """Of the Wasserstein loss no critic is the best at a point: it is known only up to a constant, and bound by its slope."""
    assert ids(critic_run) == ["real", "generated", "d", "outside", "samples", "arrows"]
    assert layers(critic_run)["best"] == [None] and layers(critic_run)["other_loss"] is None


@pytest.mark.parametrize("name", ["linear_run", "least_squares_run", "hinge_run"])
def test_the_rule_of_the_best_d_is_the_one_that_the_record_has(name: str, request) -> None:
    """`Trajectory.d_star` comes from losses.py; the player works it out from the same densities."""
    run = request.getfixturevalue(name)
    (best,) = layers(run)["best"]
    p, q = run.p_data[None].astype(float), run.p_gen.astype(float)
    there = p + q > 1e-6
    with np.errstate(invalid="ignore"):
        found = p / (p + q) if best["rule"] == "ratio" else np.sign(p - q)
    np.testing.assert_allclose(found[there], run.d_star[there], atol=1e-3 if best["rule"] == "ratio" else 0)


@pytest.mark.parametrize("loss", ["non_saturating", "minimax", "least_squares", "hinge"])
def test_the_best_d_under_label_smoothing_is_the_least_of_ds_objective(loss: str, linear_config) -> None:
    """Searched for on a fine grid of D's logit at one x, for p = 0.3, q = 0.2 and a share 0.2 of the real data called generated."""
    from gan1d.losses import LOSSES

    p, q, a = 0.3, 0.2, 0.2
    smooth = {"training.loss": loss, "training.label_smoothing": a, "training.iterations": 20}
    (best,) = layers(gan1d.train(linear_config.replace(**smooth)))["best"]
    logit = np.linspace(-4, 4, 160_001, dtype=np.float64)
    of = LOSSES[loss]
    at = logit[np.argmin(p * ((1 - a) * of.real(logit) + a * of.fake(logit)) + q * of.fake(logit))]
    searched = 1 / (1 + np.exp(-at)) if of.output == "probability" else at
    shown = best["weight"] * p / (p + q) if best["rule"] == "ratio" else np.sign(best["weight"] * p - q)
    assert shown == pytest.approx(searched, abs=2e-3)


def test_the_other_gan_loss_pushes_the_same_way_and_only_its_length_differs() -> None:
    """dL/dx = L'(l) dl/dx, by JAX's own derivative of both losses."""
    import jax

    from gan1d.losses import LOSSES

    logit, slope = np.array([-30.0, -4.0, 0.0, 3.0, 8.0]), np.array([0.5, 1.0, -2.0, 0.3, -0.7])
    step = {
        name: -np.asarray(jax.vmap(jax.grad(LOSSES[name].generator))(logit)) * slope
        for name in ("non_saturating", "minimax")
    }
    np.testing.assert_allclose(other_step("non_saturating", step["non_saturating"], logit), step["minimax"], rtol=1e-4)
    np.testing.assert_allclose(other_step("minimax", step["minimax"], logit), step["non_saturating"], rtol=1e-4)
    assert np.isnan(other_step("minimax", np.zeros(1), np.array([-200.0])))  # nothing is left to tell it from
    assert other_step("hinge", slope, logit) is None


def test_one_scale_of_arrows_suits_a_whole_run(linear_run, critic_run) -> None:
    for run in (linear_run, critic_run):
        lengths = step_scale(run) * np.abs(run.sample_step) / (run.x[-1] - run.x[0])
        assert np.mean(lengths < LONG + 1e-6) >= 0.9 and CAP > LONG
    assert frames(linear_run)[0]["layers"]["step_scale"] == step_scale(linear_run)


def test_a_run_without_samples_has_no_layers_of_them(linear_run) -> None:
    import dataclasses

    bare = dataclasses.replace(
        linear_run, **dict.fromkeys(("sample_real", "sample_fake", "sample_logit", "sample_step"))
    )
    assert "samples" not in ids(bare) and "arrows" not in ids(bare)
    assert frames(bare)[0]["samples"] == 0


def test_parts_have_the_best_d_of_their_own_loss_where_d_is_read_alike(linear_config) -> None:
    from gan1d.history import Part, play

    moved = linear_config.replace(**{"data.means": [6, 9], "training.loss": "minimax"})
    run = play([Part(linear_config, 60), Part(moved, 120)])
    found = layers(run)
    assert found["best"] == [{"rule": "ratio", "weight": 1.0}] * 2
    assert [d["mean"] for d in found["data"]] == pytest.approx([target(c.data).mean for c in (linear_config, moved)])
    scored = play([Part(linear_config, 60), Part(linear_config.replace(**{"training.loss": "hinge"}), 120)])
    assert layers(scored)["best"] == [None, {"rule": "sign", "weight": 1.0}]
    assert np.isfinite(drawn_d(scored)).all()


def test_every_word_has_a_use() -> None:
    """By the player's scripts, or by the layers of some loss."""
    from gan1d import player

    source = player.core_js()
    spoken = {"saturating", "non_saturating"}  # through other_loss
    for key in set(text()["words"]) - spoken:
        assert f"words.{key}" in source, key
