"""Runs of several parts, and half-steps: the same numbers as training straight through, and what only a change can do."""

import numpy as np
import pytest

import gan1d
from gan1d import algorithm
from gan1d.config import Config, ConfigError
from gan1d.history import HALVES, Part, half_steps, part_at, play


def test_a_run_in_two_parts_is_the_run(linear_config: Config) -> None:
    whole = gan1d.train(linear_config)
    two = play([Part(linear_config, 100), Part(linear_config, 300)])
    assert two.summary["seams"] == [100] and [first for first, _ in two.parts] == [0, 10]
    for name in ("iteration", "p_gen", "d", "g", "loss_d", "jsd", "mode_mass", "sample_step"):
        np.testing.assert_array_equal(getattr(two, name), getattr(whole, name), err_msg=name)


def test_settings_change_at_the_seam(linear_config: Config) -> None:
    """The states before it are the old run's; those after it are what `train` makes of its state."""
    later = linear_config.replace(**{"training.lr_g": 0.1, "training.loss": "minimax"})
    run = play([Part(linear_config, 150), Part(later, 300)])
    before = gan1d.train(linear_config)
    after = gan1d.train(later, start=before.state_at(150), iterations=150)
    np.testing.assert_array_equal(run.mean[run.iteration <= 150], before.mean[before.iteration <= 150])
    assert run.mean[-1] == after.mean[-1] and run.iteration[-1] == 300
    assert part_at(run, 149).config.training.loss == "non_saturating"
    assert part_at(run, 150).config.training.loss == "minimax"


def test_moved_data_are_on_the_axis_of_all_parts(linear_config: Config) -> None:
    far = linear_config.replace(**{"data.means": [20, 25]})
    run = play([Part(linear_config, 100), Part(far, 300)])
    assert run.x[0] < -2 and run.x[-1] > 25
    (_, first), (_, second) = run.parts
    assert first.p_data[np.searchsorted(run.x, 3)] > 0.1 > second.p_data[np.searchsorted(run.x, 3)]
    assert np.isnan(run.mode_mass[:10]).all() and np.isfinite(run.mode_mass[-1]).all()
    assert run.diagnosis.kind


def test_a_probability_becomes_a_score(linear_config: Config) -> None:
    """D's logit is its score: the critic goes on where the discriminator was."""
    critic = linear_config.replace(**{"training.loss": "wasserstein"})
    run = play([Part(linear_config, 100), Part(critic, 200)])
    first = run.parts[0][1]
    np.testing.assert_allclose(1 / (1 + np.exp(-run.d[5].astype(float))), first.d[5], atol=1e-6)
    assert np.isnan(run.score_real[:10]).all() and np.isfinite(run.score_real[-1]) and run.d_star is None
    back = play([Part(critic, 100), Part(linear_config, 200)])
    assert ((back.d >= 0) & (back.d <= 1)).all() and np.isnan(back.value[:10]).all()


def test_a_held_generator_stands_still_and_is_released_as_it_was(linear_config: Config) -> None:
    run = play([Part(linear_config, 90), Part(linear_config, 190, hold_g=True), Part(linear_config, 300)])
    held = (run.iteration >= 90) & (run.iteration <= 190)
    assert np.ptp(run.mean[held]) == 0 and np.ptp(run.std[held]) == 0 and np.ptp(run.loss_d[held]) > 0
    assert np.ptp(run.mean[run.iteration >= 190]) > 0
    before, after = run.state_at(89), run.state_at(190)
    np.testing.assert_array_equal(
        np.asarray(gan1d.train(linear_config).state_at(90).players.g_opt.mu["mean"][...]),
        np.asarray(after.players.g_opt.mu["mean"][...]),
    )
    assert int(before.iteration) == 89


def test_d_comes_near_its_optimum_while_g_is_held() -> None:
    """The gap to D*, weighed by the data, shrinks (Goodfellow et al. 2014, proposition 1)."""
    config = gan1d.scenarios["gaussian-linear"].with_discriminator("plain").config
    patient = config.replace(**{"training.batch": 256, "training.lr_d": 0.002})
    run = play([Part(config, 60), Part(patient, 2000, hold_g=True)])
    assert run.d_star is not None
    weight = run.p_data + run.p_gen
    gap = np.nansum(np.abs(run.d - run.d_star) * weight, axis=1) / weight.sum(axis=1)
    assert gap[-1] < 0.5 * gap[run.iteration >= 60][0]


def test_a_part_goes_on_from_where_another_diverged(linear_config: Config) -> None:
    runaway = linear_config.replace(**{"training.lr_d": 1.0, "training.lr_g": 1.0, "training.beta2": 0.0})
    wild = gan1d.train(runaway.replace(**{"training.beta1": 0.999}))
    at = wild.summary["diverged_at"]
    run = play([Part(wild.config, 200), Part(linear_config, 300)])
    assert run.summary["status"] == "ok" and run.summary["seams"] == [at - 1] and run.iteration[-1] == 300
    assert np.all(np.diff(run.iteration) > 0)


def test_what_cannot_be_joined_is_said(linear_config: Config) -> None:
    mlp = linear_config.replace(**{"generator.kind": "mlp"})
    for parts, field in (
        ([], "parts"),
        ([Part(linear_config, 100)] * 13, "parts"),
        ([Part(linear_config, 100), Part(linear_config, 100)], "until"),
        ([Part(linear_config, 10**6)], "until"),
        ([Part(linear_config, 100), Part(mlp, 200)], "generator"),
        ([Part(linear_config, 100), Part(linear_config.replace(**{"discriminator.hidden": [8]}), 200)], "start"),
    ):
        with pytest.raises(ConfigError) as error:
            play(parts)
        assert error.value.field == field


def test_progress_counts_over_all_parts(linear_config: Config) -> None:
    told: list[tuple[int, int]] = []
    play([Part(linear_config, 100), Part(linear_config, 300)], lambda done, total: told.append((done, total)))
    assert told[0] == (0, 300) and told[-1] == (300, 300) and told == sorted(told)


def test_a_saved_run_of_parts_is_read_again_and_not_replayed_wrongly(linear_config: Config, tmp_path) -> None:
    run = play([Part(linear_config, 100), Part(linear_config.replace(**{"training.lr_g": 0.1}), 300)])
    run.save(tmp_path / "run.npz")
    loaded = gan1d.load(tmp_path / "run.npz")
    assert loaded.summary["seams"] == [100]
    with pytest.raises(ValueError, match="parts"):
        loaded.state_at(200)


# ---- half-steps


@pytest.mark.parametrize("changes", [{}, {"training.k_d": 3, "training.k_g": 2}, {"generator.kind": "mlp"}])
def test_half_steps_are_the_runs_own_states(linear_config: Config, changes: dict) -> None:
    """After each of G's turns the state is the one that the run recorded there, to float32's rounding."""
    run = gan1d.train(linear_config.replace(**changes, **{"training.frames": 300}))
    steps = half_steps(run, 120)
    assert steps.iteration[0] == 70 and steps.iteration[-1] == 70 + HALVES and len(steps.iteration) == 2 * HALVES + 1
    after_g = slice(0, None, 2)
    rows = np.searchsorted(run.iteration, steps.iteration[after_g])
    for name in ("d", "p_gen", "loss_d", "mean", "jsd"):
        np.testing.assert_allclose(steps.arrays[name][after_g], getattr(run, name)[rows], rtol=1e-4, atol=1e-5)


def test_a_half_step_moves_one_player(linear_config: Config) -> None:
    """Exactly; where the half-steps are begun anew from the run's own state, to float32's rounding."""
    run = gan1d.train(linear_config)
    steps = half_steps(run, 5)
    assert steps.iteration[0] == 0
    d, mean = steps.arrays["d"], steps.arrays["mean"]
    after_d, after_g = np.arange(1, 2 * HALVES, 2), np.arange(2, 2 * HALVES + 1, 2)
    anew = after_d % (2 * algorithm.HALVES) == 1
    np.testing.assert_array_equal(mean[after_d][~anew], mean[after_d - 1][~anew])
    np.testing.assert_allclose(mean[after_d][anew], mean[after_d - 1][anew], rtol=1e-6)
    assert (mean[after_g] != mean[after_g - 1]).all()
    assert (d[after_g] == d[after_g - 1]).all() and (d[after_d] != d[after_d - 1]).any(axis=1).all()


def test_half_steps_of_a_run_that_diverges_end_before_it(diverged_run) -> None:
    at = diverged_run.summary["diverged_at"]
    steps = half_steps(diverged_run, at)
    assert steps.iteration[0] < at and np.isfinite(steps.arrays["p_gen"]).all()


def test_half_steps_know_the_part(linear_config: Config) -> None:
    run = play([Part(linear_config, 100), Part(linear_config.replace(**{"data.means": [3, 4]}), 300)])
    assert half_steps(run, 120).iteration[0] == 100
    assert half_steps(run, 90).arrays["p_gen"].shape[1] == len(run.x)
