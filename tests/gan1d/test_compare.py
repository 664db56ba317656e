"""Several runs as one thing to be drawn: shared axes, overlaid curves, nothing of a run lost."""

from __future__ import annotations

import json

import numpy as np
import pytest

import gan1d
from gan1d import history, player, training
from gan1d.render.compare import NAMES, OVERLAID, together
from gan1d.render.frames import frames

BASE = gan1d.Config.from_dict(
    {
        "data": {"means": [0], "stds": [1]},
        "discriminator": {"hidden": [8]},
        "training": {"batch": 4, "iterations": 50, "frames": 5},
    }
)


def compare(*changes: dict[str, object]) -> tuple[dict, dict]:
    configs = [BASE.replace(**change) for change in changes]
    runs = [frames(training.train(config)) for config in configs]
    return together(runs, ["x"] * len(runs), "said")


def chart(meta: dict, name: str) -> dict:
    return next(c for c in meta["curves"] if c["id"] == name)


def test_each_run_keeps_its_arrays_and_its_words() -> None:
    own, arrays = frames(training.train(BASE))
    meta, together_ = compare({}, {"training.seed": 1})
    assert {f"{i}_{name}" for i in range(2) for name in arrays} == set(together_)
    assert all(np.array_equal(together_[f"0_{name}"], values, equal_nan=True) for name, values in arrays.items())
    assert meta["runs"][0]["outcome"] == own["outcome"] and meta["runs"][0]["captions"] == own["captions"]
    assert meta["names"] == ["A", "B"] and meta["headline"] == "said"
    assert meta["text"] == player.text()
    json.dumps(meta, allow_nan=False)


def test_axes_are_shared() -> None:
    meta, _ = compare({}, {"data.stds": [0.3]}, {"training.lr_g": 0.5})
    assert len({run["density_max"] for run in meta["runs"]}) == 1
    assert meta["runs"][0]["density_max"] >= 1.2 * 1.33  # a normal of std 0.3 is 1.33 high
    assert meta["runs"][0]["d_range"] == meta["runs"][2]["d_range"]


def test_the_axes_of_scores_and_of_probabilities_stay_apart() -> None:
    meta, _ = compare({}, {"training.loss": "hinge"}, {"training.loss": "hinge", "training.seed": 2})
    probability, *scores = [tuple(run["d_range"]) for run in meta["runs"]]
    assert probability == (0.0, 1.04)
    assert len(set(scores)) == 1 and scores[0] != probability


def test_every_chart_has_one_curve_a_run() -> None:
    meta, arrays = compare({}, {"training.lr_g": 0.5}, {"training.seed": 3})
    assert [c["id"] for c in meta["curves"]] == [
        "d_says-p_real_on_real",
        "d_says-p_real_on_fake",
        "mean-mean",
        "std-std",
        "jsd-jsd",
        "w1-w1",
    ]
    for panel in meta["curves"]:
        assert [s["role"] for s in panel["series"]] == ["run0", "run1", "run2"]
        assert [s["label"] for s in panel["series"]] == ["A", "B", "C"]
        for series in panel["series"]:
            index, _, key = series["key"].partition(":")
            assert f"{index}_{key}" in arrays
        assert panel["range"][0] < panel["range"][1]
    assert chart(meta, "d_says-p_real_on_fake")["title"] == "P(real | fake)"
    assert chart(meta, "mean-mean")["title"] == "Mean"


def test_scores_have_charts_of_their_own() -> None:
    meta, _ = compare({}, {"training.loss": "wasserstein"}, {"training.loss": "hinge"})
    labels = {c["id"]: [s["label"] for s in c["series"]] for c in meta["curves"]}
    assert labels["d_says-p_real_on_real"] == ["A"]
    assert labels["d_says-loss_d"] == ["B"]
    assert labels["d_says-score_real"] == ["C"]
    assert labels["mean-mean"] == ["A", "B", "C"]


def test_the_real_line_is_one_where_the_data_are_and_else_one_for_each() -> None:
    same, _ = compare({}, {"training.seed": 1})
    assert [line["label"] for line in chart(same, "mean-mean")["references"]] == ["real"]
    assert chart(same, "mean-mean")["references"][0]["band"]
    other, _ = compare({}, {"data.means": [3]}, {"training.seed": 1})
    lines = chart(other, "mean-mean")["references"]
    assert [(line["label"], line["value"]) for line in lines] == [("real A, C", 0.0), ("real B", 3.0)]
    assert chart(other, "std-std")["references"][0]["label"] == "real"


def test_a_run_of_several_parts_can_be_compared() -> None:
    parts = [history.Part(BASE, 20), history.Part(BASE.replace(**{"training.lr_g": 0.5}), 50)]
    meta, _ = together([frames(history.play(parts)), frames(training.train(BASE))], ["", ""], "")
    assert [len(c["series"]) for c in meta["curves"]] == [2] * len(meta["curves"])


def test_what_is_overlaid_is_there() -> None:
    meta, _ = frames(training.train(BASE))
    assert set(OVERLAID) <= {c["id"] for c in meta["curves"]}
    assert len(NAMES) == 4


@pytest.mark.parametrize("kind", ["laplace", "student_t"])
def test_other_data(kind: str) -> None:
    tail = {"df": 4.0} if kind == "student_t" else {}
    data = {"data.kind": kind, "data.loc": 1.0, "data.scale": 2.0} | {f"data.{k}": v for k, v in tail.items()}
    meta, _ = compare({}, data)
    assert all(np.isfinite(c["range"]).all() for c in meta["curves"])
