"""From a config to a trajectory: recorded states, going on, devices, progress, compilation."""

from __future__ import annotations

import gc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gan1d
from gan1d import programs, recording, training
from gan1d.config import DATA_KINDS, Config, ConfigError

BASE = Config.from_dict(
    {
        "data": {"means": [-3, 3], "stds": [1, 1]},
        "discriminator": {"hidden": [16, 16]},
        "training": {"batch": 16, "iterations": 200, "frames": 40},
    }
)


@pytest.mark.parametrize(
    ("iterations", "frames", "steps"),
    [(200, 40, 41), (200, 300, 201), (201, 40, 35), (7, 3, 4), (1, 600, 2), (100, 1, 2)],
)
def test_states_are_recorded_at_equal_strides_and_at_the_end(iterations: int, frames: int, steps: int) -> None:
    run = gan1d.train(BASE.replace(**{"training.iterations": iterations, "training.frames": frames}))
    stride = -(-iterations // frames)
    assert run.iteration[0] == 0 and run.iteration[-1] == iterations and len(run) == steps
    assert (np.diff(run.iteration)[:-1] == stride).all() and np.diff(run.iteration)[-1] <= stride


def test_the_first_state_is_the_generator_as_it_starts() -> None:
    run = gan1d.train(BASE.replace(**{"generator.mean": 2.5, "generator.std": 0.5}))
    assert (run.mean[0], run.std[0]) == (2.5, 0.5)


def test_a_learning_rate_of_zero_holds_a_player_still() -> None:
    still_g = gan1d.train(BASE.replace(**{"training.lr_g": 0.0}))
    assert (still_g.mean == still_g.mean[0]).all() and np.ptp(still_g.d, axis=0).max() > 0.1
    still_d = gan1d.train(BASE.replace(**{"training.lr_d": 0.0}))
    assert (still_d.d == still_d.d[0]).all() and np.ptp(still_d.mean) > 0.1


def test_with_the_generator_held_the_discriminator_comes_near_its_optimum() -> None:
    """D* = p/(p+q) (Goodfellow et al. 2014, proposition 1), where there is data or generated mass to learn from."""
    config = BASE.replace(
        **{
            "training.lr_g": 0.0,
            "generator.std": 3.0,
            "discriminator.hidden": [64, 64],
            "training.batch": 256,
            "training.iterations": 1500,
            "training.lr_d": 0.003,
        }
    )
    run = gan1d.train(config)
    assert run.d_star is not None
    seen = run.p_data + run.p_gen[-1] > 0.02
    gap = np.abs(run.d[-1] - run.d_star[-1])[seen]
    assert gap.mean() < 0.05 < np.abs(run.d[0] - run.d_star[0])[seen].mean()


def test_progress_is_reported_and_can_give_up() -> None:
    reports: list[tuple[int, int]] = []
    run = gan1d.train(BASE, progress=lambda done, total: reports.append((done, total)))
    assert reports[-1] == (200, 200) and [done for done, _ in reports] == sorted({done for done, _ in reports})
    np.testing.assert_array_equal(run.d, gan1d.train(BASE).d)

    class GivenUpError(Exception):
        pass

    def give_up(done: int, total: int) -> None:
        raise GivenUpError

    with pytest.raises(GivenUpError):
        gan1d.train(BASE, progress=give_up)


def test_going_on_equals_never_having_stopped() -> None:
    whole = gan1d.train(BASE)
    for at in (50, 123, 199):
        rest = gan1d.train(BASE.replace(**{"training.frames": 600}), start=whole.state_at(at), iterations=200 - at)
        assert rest.iteration[0] == at and rest.iteration[-1] == 200
        np.testing.assert_array_equal(rest.d[-1], whole.d[-1])
        np.testing.assert_array_equal(rest.g[-1], whole.g[-1])


def test_going_on_may_change_numbers_but_not_networks() -> None:
    state = gan1d.train(BASE).state_at(100)
    other = gan1d.train(BASE.replace(**{"training.lr_g": 0.05, "data.means": [10, 16]}), start=state, iterations=100)
    assert other.iteration[0] == 100 and other.mean[-1] > other.mean[0] + 3
    with pytest.raises(ConfigError, match=r"start: .* is not allowed; it must be a state of the same networks"):
        gan1d.train(BASE.replace(**{"discriminator.hidden": [8]}), start=state)


@pytest.mark.parametrize(
    "changes",
    [
        {"training.optimizer": "sgd", "training.lr_g": 0.1},
        {"training.optimizer": "rmsprop"},
        {"training.loss": "hinge", "training.penalty": "r1", "discriminator.dropout": 0.5, "training.batch": 32},
        {"data.kind": "laplace", "data.loc": 4, "data.scale": 1, "generator.noise": "uniform"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_the_game_may_change_at_the_seam_and_the_players_stay(changes: dict) -> None:
    """Loss, penalty, optimiser, batch, data and noise: the first state shown is the one gone on from; going on again is the same."""
    first = gan1d.train(BASE)
    config = BASE.replace(**changes)
    runs = [
        gan1d.train(config.replace(**{"training.frames": frames}), start=first.state_at(120), iterations=60)
        for frames in (60, 7)
    ]
    assert [run.iteration[0] for run in runs] == [120, 120]
    assert runs[0].mean[0] == pytest.approx(first.mean[24], rel=1e-6)
    assert runs[0].iteration[-1] == 180
    np.testing.assert_array_equal(runs[0].d[-1], runs[1].d[-1])
    assert not np.array_equal(runs[0].mean[-1], first.mean[36])


def test_a_run_that_diverged_goes_on_from_its_last_finite_state() -> None:
    wild = BASE.replace(**{"training.loss": "wasserstein", "training.optimizer": "sgd", "training.lr_d": 1.0})
    run = gan1d.train(wild)
    at = run.summary["diverged_at"]
    again = gan1d.train(wild, start=run.state_at(200), iterations=20)
    assert again.summary["diverged_at"] == at
    calm = gan1d.train(
        wild.replace(**{"training.lr_d": 0.0, "training.lr_g": 0.0}), start=run.state_at(200), iterations=20
    )
    assert calm.summary["status"] == "ok" and calm.iteration[0] == at - 1


@pytest.mark.parametrize("iteration", [-1, 201, 1.5, True])
def test_a_state_that_the_run_does_not_have(iteration: object) -> None:
    with pytest.raises(ValueError, match="must be a whole number from 0 to 200"):
        gan1d.train(BASE).state_at(iteration)  # type: ignore[arg-type]


@pytest.mark.parametrize("device", ["tpu", "", "cuda:0"])
def test_a_device_that_is_not_there(device: str) -> None:
    with pytest.raises(ConfigError, match=r"device: .* must be one of auto, cpu, gpu"):
        gan1d.train(BASE, device=device)


@pytest.mark.parametrize("iterations", [0, -5, 100_001, 2.5])
def test_impossible_iterations(iterations: object) -> None:
    with pytest.raises(ConfigError, match=r"iterations: .* whole number from 1 to 100000"):
        gan1d.train(BASE, iterations=iterations)  # type: ignore[arg-type]


def test_numbers_never_compile_and_choices_do() -> None:
    gan1d.train(BASE)
    before = programs.compile_log()[0]
    numbers = {
        "data.means": [1, 2, 30],
        "data.stds": [0.5, 2, 7],
        "generator.mean": -4.0,
        "generator.std": 9.0,
        "discriminator.l2": 0.5,
        "training.lr_d": 0.0,
        "training.lr_g": 1.0,
        "training.beta1": 0.0,
        "training.beta2": 0.5,
        "training.k_d": 10,
        "training.k_g": 3,
        "training.iterations": 333,
        "training.frames": 600,
        "training.seed": 99,
        "training.instance_noise": 2.0,
        "training.label_smoothing": 0.3,
        "training.penalty_weight": 7.0,
    }
    for name, value in numbers.items():
        changes = {name: value} | ({"data.stds": [1, 1, 1]} if name == "data.means" else {})
        if name == "data.stds":
            changes["data.means"] = [0, 1, 2]
        gan1d.train(BASE.replace(**changes))
        assert programs.compile_log()[0] == before, name
    run = gan1d.train(BASE.replace(**{"training.batch": 17}))
    assert programs.compile_log()[0] > before and run.compilations > 0 and run.seconds["compile"] > 0


def test_numbers_of_every_kind_of_data_never_compile() -> None:
    kinds = {
        "uniform": [{"low": 0, "high": 1}, {"low": -50, "high": 70}],
        "laplace": [{"loc": 0, "scale": 1}, {"loc": 9, "scale": 5}],
        "student_t": [{"df": 3, "loc": 0, "scale": 1}, {"df": 900, "loc": 9, "scale": 5}],
        "triangular": [{"low": 0, "mode": 0, "high": 1}, {"low": -5, "mode": 3, "high": 3}],
        "quantiles": [{"values": [0, 1]}, {"values": list(range(128))}],
    }
    assert {"mixture", *kinds} == set(DATA_KINDS)
    for kind, (one, other) in kinds.items():
        configs = [Config.from_dict(BASE.to_dict() | {"data": {"kind": kind} | numbers}) for numbers in (one, other)]
        first = gan1d.train(configs[0])
        before = programs.compile_log()[0]
        assert gan1d.train(configs[1]).compilations == 0 and programs.compile_log()[0] == before, kind
        assert np.isfinite(first.jsd).all() and np.isfinite(first.w1).all() and first.p_data.max() > 0


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="memory maps are Linux's")
def test_many_structures_do_not_use_up_the_process(monkeypatch: pytest.MonkeyPatch, linear_config) -> None:
    """Programs of earlier structures are given up: what one process may map, 65 530 pieces, does not fill."""
    monkeypatch.setattr(programs, "PROGRAMS", 2)

    def maps() -> int:
        gc.collect()
        return len(Path("/proc/self/maps").read_text().splitlines())

    counts = []
    for width in range(3, 9):
        training.train(linear_config.replace(**{"discriminator.hidden": [width], "training.iterations": 1}))
        counts.append(maps())
    assert max(counts[2:]) <= max(counts[:2]) + 200


@given(count=st.integers(1, 5000), stride=st.integers(1, 60), begin=st.integers(0, 10**6))
def test_pieces_end_where_they_have_room_and_the_last_is_short(count: int, stride: int, begin: int) -> None:
    """Each but the last ends at a recorded state; none has more than `recording.ROWS` holds, and the last is half of one."""
    ends = training.pieces(begin, count, stride)
    assert ends == sorted(set(ends)) and ends[0] > begin and ends[-1] == begin + count
    assert all((end - begin) % stride == 0 for end in ends[:-1])
    states = [-(-size // stride) for size in np.diff([begin, *ends])]
    assert max(states) < recording.ROWS and states[-1] <= -(-max(states) // 2)
