"""The sentences under the picture: in order, in time, and true of what is shown."""

import math
from itertools import pairwise
from pathlib import Path

import pytest

import gan1d
from gan1d.history import Part, play
from gan1d.render.captions import SHORTEST, captions
from gan1d.render.captions import text as sentences

RUNS = ["linear_run", "mlp_run", "diverged_run", "lost_run", "least_squares_run", "hinge_run", "critic_run"]


@pytest.fixture(params=RUNS)
def run(request):
    return request.getfixturevalue(request.param)


def test_captions_start_at_the_first_state_and_go_on_in_order(run) -> None:
    found = captions(run)
    starts = [first for first, _ in found]
    assert starts[0] == 0 and starts == sorted(set(starts)) and starts[-1] < len(run)
    assert all(isinstance(first, int) for first, _ in found)
    for _, sentence in found:
        assert sentence.endswith(".") and "{" not in sentence
    assert all(a[1] != b[1] for a, b in pairwise(found))


def test_a_run_that_diverged_says_so_where_it_does(diverged_run) -> None:
    at = diverged_run.summary["diverged_at"]
    first, sentence = captions(diverged_run)[-1]
    assert sentence == sentences()["diverged"].format(at=at)
    assert diverged_run.iteration[first] >= at > diverged_run.iteration[first - 1]


@pytest.mark.parametrize("iterations", [2100, 10_000])
def test_no_sentence_is_said_too_early(iterations: int) -> None:
    """The densities are not said to match while their means are apart, nor to be as before training after it has begun."""
    run = gan1d.train(gan1d.scenarios["gaussian-linear"].config.replace(**{"training.iterations": iterations}))
    said = captions(run)
    assert [first for first, _ in said][:2] == [0, 1] and said[0][1].startswith("Before training")
    match = next(first for first, sentence in said if sentence.startswith("The densities match"))
    assert abs(run.mean[match] - 15) < 1.5 and run.jsd[match] < 0.005


def kind_of(sentence: str) -> str:
    """Which of the sentences it is."""
    return next(kind for kind, form in sentences().items() if sentence.startswith(form.partition("{")[0]))


def last(run) -> str:
    return kind_of(captions(run)[-1][1])


def test_a_score_is_never_spoken_of_as_a_probability(least_squares_run, hinge_run, critic_run) -> None:
    for run in (least_squares_run, hinge_run, critic_run):
        for _, sentence in captions(run):
            assert "more real than" not in sentence
            assert run is least_squares_run or "½" not in sentence


@pytest.mark.parametrize(
    ("changes", "ends"),
    [
        ({"training.loss": "least_squares"}, {"close"}),
        ({"training.loss": "hinge", "training.penalty": "r1"}, {"close", "overlapping", "overlapping_blind"}),
        (
            {"training.loss": "wasserstein", "training.penalty": "gradient_penalty", "training.lr_g": 0.01},
            {"close_flat", "close_sloped", "overlapping_score", "overlapping_blind", "mistaken_score"},
        ),
    ],
    ids=["least squares", "hinge", "wasserstein"],
)
def test_what_is_said_of_a_score_at_the_end_is_true(changes: dict, ends: set[str]) -> None:
    """Of the last states, that is: what has been otherwise for less than a sentence can be read is not spoken of."""
    run = gan1d.train(gan1d.scenarios["gaussian-linear"].config.replace(**changes))
    said = last(run)
    assert said in ends
    end = slice(-math.ceil(SHORTEST * len(run)), None)
    if said.startswith("close"):
        assert (run.jsd < 0.005)[end].any()
    if said == "mistaken_score":
        assert (run.score_fake > run.score_real)[end].any()
    if said == "overlapping_score":
        assert (run.score_real > run.score_fake)[end].any()


@pytest.mark.parametrize(
    ("scenario", "ends"),
    [
        ("gaussian-linear", {"close"}),
        ("near-modes-linear", {"averaged_normal"}),
        ("far-modes-linear", {"one_mode"}),
        ("strong-discriminator", {"stuck"}),
        ("oscillation", {"swinging"}),
        ("divergence", {"diverged"}),
    ],
)
def test_a_scenario_ends_with_the_sentence_that_it_is_about(scenario: str, ends: set[str]) -> None:
    path = Path(gan1d.__file__).parent / "assets" / f"{scenario}.npz"
    assert last(gan1d.load(path)) in ends


def test_sentences_are_short_and_whole() -> None:
    for sentence in sentences().values():
        assert len(sentence) < 140 and sentence.endswith(".") and sentence[0].isupper()


def test_each_part_is_spoken_of_by_its_own_data_and_a_held_generator_is_not_said_to_move() -> None:
    """Two near modes averaged; then one of the modes alone is left; then G is held."""
    config = gan1d.scenarios["near-modes-linear"].config
    one = config.replace(**{"data.means": [9], "data.stds": [3], "data.weights": [1]})
    run = play([Part(config, 900), Part(one, 1800), Part(one, 2400, hold_g=True)])
    said = captions(run)
    starts = [first for first, _ in said]
    assert starts[0] == 0 and starts == sorted(set(starts)) and starts[-1] < len(run)
    (_, _), (second, _), (third, _) = run.parts
    kinds = {i: kind_of(sentence) for i, sentence in said}
    assert "averaged_normal" in [kind for i, kind in kinds.items() if i < second]
    assert not {"averaged_normal", "between", "one_mode"} & {kind for i, kind in kinds.items() if i >= second}
    assert {kind for i, kind in kinds.items() if i >= third} == {"held"}
