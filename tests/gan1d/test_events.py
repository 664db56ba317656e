"""The marks on the scrub bar: true of the run's numbers, in order, few, and untouched by flicker."""

import dataclasses
from typing import Any

import numpy as np
import pytest

import gan1d
from gan1d.config import Config
from gan1d.data import target
from gan1d.diagnosis import CLOSE_MODES, HALF
from gan1d.history import Part, play
from gan1d.metrics import COVERED
from gan1d.render.events import KINDS, MOST, events
from gan1d.trajectory import Trajectory

RUNS = ["linear_run", "mlp_run", "diverged_run", "lost_run", "least_squares_run", "hinge_run", "critic_run"]


@pytest.fixture(params=RUNS)
def run(request):
    return request.getfixturevalue(request.param)


def kinds(run: Trajectory) -> list[tuple[int, str]]:
    return [(event.frame, event.kind) for event in events(run)]


def made(run: Trajectory, **arrays: Any) -> Trajectory:
    """A run with other numbers, and nothing that would add marks by itself."""
    quiet = {"p_real_on_real": np.full(len(run), 0.5), "p_real_on_fake": np.full(len(run), 0.5), "w1": run.w1 + 10}
    return dataclasses.replace(run, **(quiet | {name: np.asarray(values, float) for name, values in arrays.items()}))


def steps(run: Trajectory, *levels: tuple[int, float]) -> np.ndarray:
    """A curve that jumps to each level at its state."""
    values = np.zeros(len(run))
    for first, level in levels:
        values[first:] = level
    return values


def masses(run: Trajectory, *modes: np.ndarray) -> np.ndarray:
    """Generated mass per mode, out of shares of each mode's weight."""
    return np.stack(modes, axis=1) * target(run.config.data).weights


def test_marks_are_in_order_few_and_in_plain_sentences(run) -> None:
    found = events(run)
    assert [event.frame for event in found] == sorted(event.frame for event in found) and len(found) <= MOST
    for event in found:
        assert 0 <= event.frame < len(run) and isinstance(event.frame, int) and event.kind in KINDS
        assert event.sentence.endswith(".") and "{" not in event.sentence and event.sentence[0].isupper()


def test_a_mode_is_taken_and_lost_where_its_mass_says_so(linear_run) -> None:
    first = steps(linear_run, (0, 1.0), (20, 0.0))
    second = steps(linear_run, (8, 0.9))
    run = made(linear_run, mode_mass=masses(linear_run, first, second))
    assert kinds(run) == [(8, "mode taken"), (20, "mode lost")]
    assert [event.sentence for event in events(run)] == [
        "The generator takes the mode at 3.",
        "The generator loses the mode at −2.",
    ]


def test_flicker_gives_no_marks(linear_run) -> None:
    """Between a quarter of its share less a half and a half of it a mode stays what it was; and what lasts for one state is nothing."""
    wobble = np.where(np.arange(len(linear_run)) % 2, COVERED * 0.9, HALF * 0.95)
    taken = np.where(np.arange(len(linear_run)) < 10, 0.0, np.where(np.arange(len(linear_run)) == 10, 1.0, wobble))
    assert kinds(made(linear_run, mode_mass=masses(linear_run, taken, wobble))) == [(10, "mode taken")]


def test_a_run_full_of_changes_has_a_dozen_marks_at_most() -> None:
    config = gan1d.scenarios["far-modes-linear"].config
    base = gan1d.train(config.replace(**{"training.iterations": 350}))
    restless = np.where(np.arange(len(base)) // 7 % 2, 1.0, 0.0)
    run = made(base, mode_mass=masses(base, restless, 1 - restless))
    assert len(events(run)) <= MOST
    rare = np.where(np.arange(len(base)) // 60 % 2, 1.0, 0.0)
    assert len(events(made(base, mode_mass=masses(base, rare, np.ones(len(base)))))) == 5


def test_a_single_mode_is_never_taken(linear_config: Config) -> None:
    run = gan1d.train(linear_config.replace(**{"data.means": [2], "data.stds": [1], "data.weights": [1]}))
    assert not {"mode taken", "mode lost"} & {kind for _, kind in kinds(run)}


def test_d_wins_where_it_is_sure_of_both_for_a_while(linear_run) -> None:
    real = np.where(np.arange(len(linear_run)) >= 12, 0.98, 0.5)
    fake = np.where(np.arange(len(linear_run)) >= 12, 0.01, 0.5)
    nothing = np.zeros_like(linear_run.mode_mass)
    assert kinds(made(linear_run, p_real_on_real=real, p_real_on_fake=fake, mode_mass=nothing)) == [(12, "D wins")]
    assert kinds(made(linear_run, p_real_on_real=real, p_real_on_fake=1 - fake, mode_mass=nothing)) == []


def test_the_strong_discriminator_wins() -> None:
    run = gan1d.train(gan1d.scenarios["strong-discriminator"].config)
    found = events(run)
    won = next(event for event in found if event.kind == "D wins")
    after = slice(won.frame, won.frame + len(run) // 10)
    assert np.median(run.p_real_on_real[after] - run.p_real_on_fake[after]) > 0.9
    assert "converged" not in {event.kind for event in found}


@pytest.mark.parametrize("scenario", ["gaussian-linear", "near-modes-mlp", "near-modes-linear", "oscillation"])
def test_converged_is_marked_where_the_diagnosis_says_so_of_the_end(scenario: str) -> None:
    run = gan1d.train(gan1d.scenarios[scenario].config)
    marks = [event.frame for event in events(run) if event.kind == "converged"]
    said = "converged" in (run.diagnosis.kind, *run.diagnosis.also)
    assert bool(marks) == said
    if said:
        data = target(run.config.data)
        limit = (0.15 if len(data.weights) == 1 else CLOSE_MODES) * data.std
        assert (run.w1[marks[0] :] < 1.5 * limit).all() and run.w1[0] > limit


def test_a_run_that_diverges_is_marked_where_it_does(diverged_run) -> None:
    frame = next(event.frame for event in events(diverged_run) if event.kind == "diverged")
    at = diverged_run.summary["diverged_at"]
    assert diverged_run.iteration[frame] >= at > diverged_run.iteration[frame - 1]


def test_seams_say_what_changed(linear_config: Config) -> None:
    faster = linear_config.replace(**{"training.lr_g": 0.05, "training.loss": "minimax"})
    moved = faster.replace(**{"data.means": [-4, 4]})
    run = play([Part(linear_config, 60), Part(faster, 120), Part(faster, 180, True), Part(moved, 240)])
    found = [event for event in events(run) if event.kind == "seam"]
    assert [run.iteration[event.frame] for event in found] == run.summary["seams"] == [60, 120, 180]
    assert [event.sentence for event in found] == [
        "From here on with other settings: loss non-saturating → minimax; learning rate of G 0.02 → 0.05.",
        "From here on G is held, and only D learns.",
        "From here on G learns again. From here on with other settings: other data.",
    ]


def test_next_to_no_mass_on_a_mode_is_no_fault(linear_run: Trajectory) -> None:
    """A normal generator far from a mode has 1e-310 on it, and one over that is more than a float holds."""
    events(made(linear_run, mode_mass=np.full(linear_run.mode_mass.shape, 1e-310)))
