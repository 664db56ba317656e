"""A run's folder as the page reads it, whole and damaged; what its numbers mean in words; and its figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.images import charts
from app.images.gallery import thinned
from app.images.meaning import notes
from app.images.pictures import grid, png
from app.images.runs import Run, RunError, is_whole, read, stamp
from app.images.watching import sentence
from app.words import words
from gan1d.image.presets import preset
from gan1d.image.recorder import Recorder
from tests.app.fake_trainer import write_run, write_step

CONFIG = preset("digits-16-dcgan", steps=100)
CRITIC = preset("digits-16-wgan-gp", steps=100)
DIGITS = {"modes": 10, "extractor": "digits classifier", "samples": 1000}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_run(tmp_path / "run", CONFIG, [0, 50, 100], (4, 10))
    return tmp_path / "run"


def rewritten(folder: Path, **given: Any) -> Run:
    """A run with other records, scores or evaluations, as lists of objects."""
    for name in ("metrics", "evaluations"):
        if name in given:
            (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in given[name]))
    if "scores" in given:
        for path in (folder / "seen").iterdir():
            path.unlink()
        np.savez(folder / "seen" / "step-00000100.npz", **given["scores"])
    if "config" in given:
        (folder / "config.json").write_text(given["config"].to_json())
    return read(folder)


def kinds(run: Run) -> list[str]:
    return [note.kind for note in notes(run)]


# ---- reading


def test_a_whole_run_is_read_whole(folder: Path) -> None:
    run = read(folder)
    assert run.config == CONFIG and run.damaged == ()
    assert list(run.samples) == list(run.scores) == [0, 50, 100]
    assert run.curves["step"].tolist() == [0, 50, 100] and run.curves["loss_g"].tolist() == [0.7] * 3
    assert [(e.step, e.covered, e.modes) for e in run.evaluations] == [(50, 4, 10), (100, 10, 10)]
    assert run.evaluations[-1].metrics["frechet_distance"] == (pytest.approx(100 / 101), 0.5)
    assert run.step == 100 and run.status.rate == 20
    step, scores = run.scores_at(70) or (None, None)
    assert step == 50 and scores is not None and len(scores.real) == len(scores.fake) == 32


def test_a_run_that_has_only_begun_is_read(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(CONFIG.to_json())
    run = read(tmp_path)
    assert (run.step, run.samples, run.scores, run.evaluations, run.damaged) == (0, {}, {}, (), ())
    assert notes(run) == [] and run.scores_at(None) is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[" * 100_000, "damaged"),
        (None, "config.json is not there"),
        ('{"model": "digi', "config.json is damaged"),
        ("[1]", "config.json is"),
        ('{"size": 17}', "size"),
        ('{"nonesuch": 1}', "nonesuch"),
    ],
)
def test_without_its_settings_a_folder_is_no_run(tmp_path: Path, content: str | None, said: str) -> None:
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    with pytest.raises(RunError, match=said) as refusal:
        read(tmp_path)
    assert "\n" not in str(refusal.value)


def test_what_is_damaged_is_named_and_the_rest_is_shown(folder: Path) -> None:
    whole = (folder / "samples" / "step-00000050.png").read_bytes()
    (folder / "samples" / "step-00000050.png").write_bytes(whole[:-5])
    (folder / "samples" / "notes.png").write_bytes(b"not one of ours")
    (folder / "seen" / "step-00000100.npz").write_bytes(b"PK\x03\x04 no archive")
    (folder / "status.json").write_text('{"step": "many"}')
    (folder / "metrics.jsonl").write_bytes(b'\xff\xfe\n{"step": 5, "loss_d": 1.0}\n')
    (folder / "evaluations.jsonl").write_text(
        '{"step": 50}\n{"step": 100, "metrics": {}, "modes": 10, "modes_covered": 3}\n'
    )
    run = read(folder)
    assert list(run.samples) == [0, 100]
    assert set(run.damaged) == {"samples/step-00000050.png", "status.json", "metrics.jsonl", "evaluations.jsonl"}
    assert run.curves["loss_d"].tolist() == [1.0]
    assert [e.covered for e in run.evaluations] == [3]
    assert (run.scores_at(None) or (None,))[0] == 50  # the one before


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("status.json", "[]"),
        ("status.json", '{"step": Infinity, "steps": 3}'),
        ("status.json", "[" * 100_000),
        ("metrics.jsonl", '{"step": ' + "9" * 400 + "}\n{}\n"),
        ("metrics.jsonl", "[" * 100_000 + "\n{}\n"),
        ("evaluations.jsonl", '{"step": 1, "metrics": {}, "modes": Infinity, "modes_covered": 2}\n'),
    ],
)
def test_numbers_and_words_that_nobody_writes_are_damage(folder: Path, file: str, content: str) -> None:
    (folder / file).write_text(content)
    assert file in read(folder).damaged


def test_a_number_too_large_for_any_is_none(folder: Path) -> None:
    (folder / "metrics.jsonl").write_text('{"step": 1, "loss_d": X, "metrics": {"x": X}}\n'.replace("X", "9" * 400))
    run = read(folder)
    assert np.isnan(run.curves["loss_d"]).all() and run.evaluations[0].metrics == {}


def test_an_array_is_no_scores(folder: Path) -> None:
    with (folder / "seen" / "step-00000100.npz").open("wb") as file:
        np.save(file, np.zeros(3))
    assert (read(folder).scores_at(None) or (None,))[0] == 50


def test_a_line_on_its_way_is_no_damage(folder: Path) -> None:
    with (folder / "metrics.jsonl").open("a") as file:
        file.write('{"step": 150, "lo')
    run = read(folder)
    assert run.damaged == () and run.curves["step"].tolist() == [0, 50, 100]


def test_a_repeated_step_counts_once_and_the_later_record_stands(folder: Path) -> None:
    """As after a crash, when a run goes on from its checkpoint."""
    run = rewritten(folder, metrics=[{"step": s, "loss_d": v} for s, v in ((0, 1), (50, 2), (100, 3), (50, 4))])
    assert run.curves["step"].tolist() == [0, 50, 100] and run.curves["loss_d"].tolist() == [1, 4, 3]


def test_scores_are_read_without_pickle(folder: Path) -> None:
    np.savez(folder / "seen" / "step-00000100.npz", real=np.array([{"a": 1}], object), fake=np.zeros(3))
    assert (read(folder).scores_at(None) or (None,))[0] == 50


def test_a_change_of_the_folder_changes_its_stamp(folder: Path) -> None:
    before = stamp(folder)
    assert stamp(folder) == before
    write_step(Recorder(folder, CONFIG), 150)
    assert stamp(folder) != before
    assert stamp(folder / "nothing") == " ".join("-" * 6)


def test_an_evaluation_among_the_records_is_one(folder: Path) -> None:
    known = {
        "frechet_distance": 2.0,
        "frechet_distance_baseline": 0.5,
        "recall": 0.75,
        "modes": 10,
        "modes_covered": 7,
        "samples": 500,
    }
    run = rewritten(folder, metrics=[{"step": 40, "loss_d": 1.0}, {"step": 80, "loss_d": None, "metrics": known}])
    first = next(e for e in run.evaluations if e.step == 80)
    assert (first.step, first.modes, first.covered, first.samples) == (80, 10, 7, 500)
    assert first.metrics == {"frechet_distance": (2.0, 0.5), "recall": (0.75, None)}
    assert run.curves["step"].tolist() == [40, 80] and np.isnan(run.curves["loss_d"][-1])


def test_a_kind_counts_if_it_has_a_quarter_of_its_share(folder: Path) -> None:
    """Of 10 kinds 7 were seen, but four of those in an image or two: 3 are left."""
    known = {"modes": 10, "modes_covered": 7, "modes_held": 3, "samples": 500}
    run = rewritten(folder, metrics=[{"step": 80, "loss_d": 1.0, "metrics": known}])
    assert next(e for e in run.evaluations if e.step == 80).covered == 3
    run = rewritten(
        folder,
        metrics=[{"step": 80, "loss_d": 1.0}],
        evaluations=[{"step": 90, "metrics": {}, "extractor": ""} | known],
    )
    assert next(e for e in run.evaluations if e.step == 90).covered == 3 and "collapse" in kinds(run)


# ---- what the numbers mean


def evaluated(*covered: int, modes: int = 10, steps: int = 100) -> list[dict[str, Any]]:
    places = np.linspace(steps / len(covered), steps, len(covered)).astype(int)
    return [
        {"step": int(step), "metrics": {}, "modes": modes, "modes_covered": n, "extractor": "", "samples": 9}
        for step, n in zip(places, covered, strict=True)
    ]


@pytest.mark.parametrize(
    ("covered", "modes", "kind"),
    [
        ((4, 10), 10, "all modes"),
        ((10, 3), 10, "collapse"),  # it had them, and lost them
        ((2, 3), 10, "collapse"),  # it never had them, and training is over
        ((8, 8), 10, "some modes"),
        ((900, 960), 1000, "nearly all modes"),
        ((900, 1000), 1000, "all modes"),
        ((9,), 10, "some modes"),
    ],
)
def test_modes_are_told_by_how_many_are_left(folder: Path, covered: tuple[int, ...], modes: int, kind: str) -> None:
    assert kind in kinds(rewritten(folder, evaluations=evaluated(*covered, modes=modes)))


def test_at_the_beginning_missing_modes_are_no_collapse(folder: Path) -> None:
    lines = [{"step": 10, "metrics": {}, "modes": 10, "modes_covered": 2}]
    assert "modes so far" in kinds(rewritten(folder, evaluations=lines))


def test_collapse_is_said_in_the_words_of_a_person(folder: Path) -> None:
    run = rewritten(folder, evaluations=evaluated(10, 3))
    first = notes(run)[0]
    assert (
        first.level == "bad"
        and sentence(first) == "3 of 10 kinds left: **mode collapse**. G draws what fools D now, and not the rest."
    )


@pytest.mark.parametrize(
    ("real", "fake", "kind"),
    [(6.0, -6.0, "d wins"), (0.1, -0.1, "even"), (1.0, -1.0, "d ahead")],
)
def test_who_is_ahead_is_told_by_d_s_probabilities(folder: Path, real: float, fake: float, kind: str) -> None:
    """sigmoid(6) = 0.9975, sigmoid(0.1) = 0.525, sigmoid(1) = 0.73."""
    run = rewritten(folder, scores={"real": np.full(8, real), "fake": np.full(8, fake), "slopes": np.zeros(0)})
    assert kind in kinds(run)


def test_a_critic_has_no_certainty_but_a_gap(folder: Path) -> None:
    scores = {"real": np.full(8, 30.0), "fake": np.full(8, 10.0), "slopes": np.ones(8)}
    (gap,) = (n for n in notes(rewritten(folder, config=CRITIC, scores=scores)) if n.kind == "gap")
    assert gap.values["gap"] == 20


@pytest.mark.parametrize(
    ("slope", "frozen", "kind"), [(1.1, False, "slope held"), (3.0, False, "slope off"), (3.0, True, "slope frozen")]
)
def test_the_slope_is_held_at_one_or_it_is_not(folder: Path, slope: float, frozen: bool, kind: str) -> None:
    lines = [{"step": k, "slope": slope} for k in range(30)]
    config = CRITIC.replace(frozen_penalty=frozen)
    assert [k for k in kinds(rewritten(folder, config=config, metrics=lines)) if k.startswith("slope")] == [kind]


def test_without_a_penalty_nothing_is_said_of_the_slope(folder: Path) -> None:
    assert not [k for k in kinds(read(folder)) if k.startswith("slope")]


def test_a_run_that_blew_up_says_where(folder: Path) -> None:
    lines = [{"step": 0, "loss_d": 1.0}, {"step": 10, "loss_d": float("nan")}, {"step": 20, "loss_d": float("nan")}]
    first = notes(rewritten(folder, metrics=lines))[0]
    assert (first.kind, first.level, first.values["step"]) == ("diverged", "bad", 10)


@pytest.mark.parametrize(("value", "kind"), [(0.9, "near"), (5.0, "far")])
def test_a_distance_is_told_beside_its_noise_floor(folder: Path, value: float, kind: str) -> None:
    lines = [
        {"step": 100, "metrics": {"frechet_distance": {"value": value, "baseline": 0.5}}}
        | DIGITS
        | {"modes_covered": 9}
    ]
    (found,) = (n for n in notes(rewritten(folder, evaluations=lines)) if n.kind in ("near", "far"))
    assert found.kind == kind and found.values["ratio"] == value / 0.5


def test_every_note_that_a_rule_can_give_has_its_sentence() -> None:
    source = (Path(__file__).parents[2] / "app" / "images" / "meaning.py").read_text()
    assert all(f'"{kind}"' in source for kind in words("images")["notes"])


# ---- figures


def test_figures_hold_the_numbers_of_the_run(folder: Path) -> None:
    runs = [("A", read(folder))]
    losses = charts.losses(runs, 50)
    assert [trace["name"] for trace in losses["data"]] == ["D", "G"]  # a penalty of 0 is none
    assert losses["data"][1]["y"] == [0.7] * 3 and losses["layout"]["shapes"][0]["x0"] == 50
    modes = charts.modes(runs)
    assert modes and modes["data"][0]["x"] == [50, 100] and modes["data"][0]["y"] == [4, 10]
    metric = charts.metric(runs, "frechet_distance")
    assert metric and metric["data"][0]["y"] == [1.9608, 0.9901] and metric["data"][1]["y"] == [0.5, 0.5]
    assert charts.metric(runs, "nonesuch") is None and charts.metric_names(runs) == ["frechet_distance"]


def test_histograms_hold_every_score_once(folder: Path) -> None:
    run = rewritten(folder, scores={"real": np.array([0.0, 50.0]), "fake": np.array([-50.0]), "slopes": np.zeros(0)})
    figure = charts.scores(run)
    assert figure and figure["layout"]["xaxis"]["title"]["text"] == "probability of being real, step 100"
    real, fake = figure["data"]
    assert [x for x, y in zip(real["x"], real["y"], strict=True) if y] == [0.5125, 0.9875]  # sigmoid(0), sigmoid(50)
    assert sum(real["y"]) == sum(fake["y"]) == 100 and fake["y"][0] == 100
    critic = charts.scores(rewritten(folder, config=CRITIC))
    assert critic and "score" in critic["layout"]["xaxis"]["title"]["text"]


def test_slopes_stand_beside_one_with_their_spread(folder: Path) -> None:
    figure = charts.slopes([("A", read(folder))])
    assert figure and [t["name"] for t in figure["data"][1:]] == ["10th to 90th percentile", "mean"]
    low, high = (np.array(t["y"]) for t in figure["data"][:2])
    assert np.all(low < high) and {s["y0"] for s in figure["layout"]["shapes"]} == {0.8, 1.0}
    bare = rewritten(folder, metrics=[{"step": 0, "loss_d": 1.0}], scores={"real": np.ones(2), "fake": np.ones(2)})
    assert charts.slopes([("A", bare)]) is None


def test_two_runs_lie_over_one_another(folder: Path, tmp_path: Path) -> None:
    write_run(tmp_path / "other", CRITIC, [0, 100])
    runs = [("A", read(folder)), ("B", read(tmp_path / "other"))]
    names = [trace["name"] for trace in charts.losses(runs)["data"]]
    assert names == ["A: D", "A: G", "B: D", "B: G"]
    colours = [trace["line"]["color"] for trace in charts.losses(runs)["data"]]
    assert colours[0] == colours[1] != colours[2] == colours[3]


# ---- pictures


def test_a_long_run_keeps_its_ends_and_what_it_had() -> None:
    assert thinned([]) == [] and thinned([3]) == [3]
    assert thinned(range(1000), 100)[0] == 0 and thinned(range(1000), 100)[-1] == 999
    assert len(thinned(range(1000), 100)) <= 101
    assert set(thinned(range(900), 100)) - {899} <= set(thinned(range(1000), 100))


def test_a_grid_is_read_row_by_row(tmp_path: Path) -> None:
    images = np.arange(6, dtype=np.uint8).reshape(6, 1, 1, 1).repeat(2, 1).repeat(2, 2)
    together = grid(images, 3)
    assert together.shape == (4, 6, 1)
    assert together[::2, ::2, 0].tolist() == [[0, 1, 2], [3, 4, 5]]
    from PIL import Image

    path = tmp_path / "grid.png"
    path.write_bytes(png(together, 2))
    assert is_whole(path)
    with Image.open(path) as found:
        assert found.size == (12, 8) and found.getpixel((11, 7)) == 5
