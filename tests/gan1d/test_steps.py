"""Half-steps as the player takes them: the recorded states where they meet, no farther than the run goes."""

import numpy as np
import pytest

import gan1d
from gan1d.config import Config
from gan1d.history import Part, half_steps, part_at, play
from gan1d.render.axes import drawn_d
from gan1d.render.packing import unpack
from gan1d.render.steps import steps

POINTS = 64


def of(run, around: int):
    return steps(run, part_at(run, around), half_steps(run, around), POINTS)


@pytest.mark.parametrize("name", ["linear_run", "hinge_run", "critic_run"])
def test_half_steps_pass_through_the_recorded_states(name: str, request) -> None:
    run = request.getfixturevalue(name)
    meta, arrays = of(run, 150)
    assert set(arrays) == {
        *("steps_iteration", "steps_loss_d", "steps_loss_g", "steps_mass_outside"),
        *(each for packed in meta["packed"] for each in (packed, f"{packed}_ends")),
    }
    iteration = arrays["steps_iteration"]
    assert meta["states"] == len(iteration) and iteration[0] == 100 and iteration[-1] == 200 and not meta["ends"]
    for frame in np.flatnonzero((run.iteration >= 100) & (run.iteration <= 200)):
        index = 2 * (int(run.iteration[frame]) - 100)  # after G's turn
        assert iteration[index] == run.iteration[frame]
        for key, values in {"p_gen": run.p_gen, "d": drawn_d(run), "sample_step": run.sample_step}.items():
            found = unpack(arrays[f"steps_{key}"], arrays[f"steps_{key}_ends"])[index]
            np.testing.assert_allclose(found, values[frame], atol=2e-4 * max(1.0, np.ptp(values[frame])), err_msg=key)
        assert arrays["steps_loss_d"][index] == pytest.approx(run.loss_d[frame], abs=1e-5)


def test_they_end_with_the_run(linear_run) -> None:
    meta, arrays = of(linear_run, 300)
    assert arrays["steps_iteration"][-1] == 300 and meta["ends"]


def test_at_a_seam_they_end_with_the_part(linear_config: Config) -> None:
    """Beyond it the run went on under other settings: those turns are the next part's."""
    run = play([Part(linear_config, 120), Part(linear_config.replace(**{"training.loss": "wasserstein"}), 300)])
    meta, arrays = of(run, 110)
    assert (meta["part"], meta["ends"]) == (0, False) and arrays["steps_iteration"][-1] == 120
    d = unpack(arrays["steps_d"], arrays["steps_d_ends"])
    assert d.min() < 0 or d.max() > 1  # read as the critic's score, as the last part reads it
    frame = int(np.flatnonzero(run.iteration == 110)[0])
    index = 2 * int(110 - arrays["steps_iteration"][0])
    np.testing.assert_allclose(d[index], drawn_d(run)[frame], atol=1e-3 * np.ptp(run.d[frame]))
    meta, arrays = of(run, 121)
    assert meta["part"] == 1 and arrays["steps_iteration"][0] == 120


def test_a_run_that_diverges_ends_there(diverged_run) -> None:
    at = diverged_run.summary["diverged_at"]
    meta, arrays = of(diverged_run, int(diverged_run.iteration[-1]))
    assert meta["ends"] and arrays["steps_iteration"][-1] == at - 1
    assert np.isfinite(arrays["steps_loss_d"]).all()


def test_a_turn_of_several_updates_is_one_half_step(linear_config: Config) -> None:
    run = gan1d.train(linear_config.replace(**{"training.k_d": 3}))
    meta, arrays = of(run, 50)
    assert (meta["k_d"], meta["k_g"]) == (3, 1)
    g = unpack(arrays["steps_g"], arrays["steps_g_ends"])
    np.testing.assert_array_equal(g[1], g[0])  # D's turn leaves G alone
    assert (g[2] != g[1]).any()
