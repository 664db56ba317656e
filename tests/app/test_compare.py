"""The page that compares: which runs it opens with, what it says differs, its link, its variations, its controls."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit
from hypothesis import given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

import gan1d
from app import compare
from app.compare import Comparison, differing, facts, from_link, headline, label, rows, to_link
from app.words import words
from gan1d.catalogue import DISCRIMINATORS, scenarios
from gan1d.config import LOSSES, field_names

MAIN = Path(__file__).parents[2] / "app" / "main.py"
SMALL = gan1d.Config.from_dict(
    {
        "data": {"means": [0], "stds": [1]},
        "discriminator": {"hidden": [8]},
        "training": {"batch": 4, "iterations": 50, "frames": 10},
    }
)
GAUSSIAN = scenarios["gaussian-linear"].config


def with_(**changes: Any) -> gan1d.Config:
    return SMALL.replace(**{name.replace("__", "."): value for name, value in changes.items()})


# ---- what differs


@pytest.mark.parametrize(
    ("change", "said", "own"),
    [
        ({"training__lr_g": 0.1}, "Only lr_G differs.", ["lr_G 0.02", "lr_G 0.1"]),
        ({"training__seed": 7}, "Only seed differs.", ["seed 0", "seed 7"]),
        ({"training__loss": "hinge"}, "Only loss differs.", ["non-saturating", "hinge"]),
        ({"data__means": [-3.0]}, "Only means differs.", ["means 0", "means −3"]),
        (
            {"training__lr_g": 0.1, "training__lr_d": 0.00001},
            "lr_D and lr_G differ.",
            ["lr_D 0.01, lr_G 0.02", "lr_D 0.00001, lr_G 0.1"],
        ),
        ({}, "The same settings.", ["", ""]),
    ],
)
def test_differences_are_named(change: dict[str, Any], said: str, own: list[str]) -> None:
    configs = [SMALL, with_(**change)]
    names = differing(configs)
    assert headline(names) == said
    assert [label(config, names) for config in configs] == own


def test_the_four_discriminators_differ_in_one_thing() -> None:
    configs = [GAUSSIAN.replace(**changes) for changes in DISCRIMINATORS.values()]
    names = differing(configs)
    assert headline(names) == "Only discriminator differs."
    assert [label(config, names) for config in configs] == ["plain", "L2", "dropout", "L2 + dropout"]


def test_another_strength_of_l2_is_told_as_that() -> None:
    names = differing([SMALL.replace(**DISCRIMINATORS["l2"]), with_(discriminator__l2=0.1)])
    assert names == ["discriminator.l2"]


def test_what_means_nothing_is_no_difference() -> None:
    """A weight without a penalty, layers of a linear generator, momentum of SGD."""
    assert not differing([SMALL, with_(training__penalty_weight=5.0, generator__hidden=[3])])
    sgd = with_(training__optimizer="sgd")
    assert not differing([sgd, sgd.replace(**{"training.beta1": 0.5})])
    assert differing([SMALL, with_(training__beta1=0.5)]) == ["training.beta1"]


def test_a_difference_is_told_once() -> None:
    mlp = with_(generator__kind="mlp")
    assert differing([SMALL, mlp]) == ["generator.kind"]
    r1 = with_(training__penalty="r1", training__penalty_weight=2.0)
    assert differing([SMALL, r1]) == ["training.penalty"]
    laplace = SMALL.replace(**{"data.kind": "laplace", "data.loc": 0.0, "data.scale": 1.0})
    assert differing([SMALL, laplace]) == ["data.kind"]
    assert differing([SMALL, with_(data__means=[0.0, 3.0], data__stds=[1.0, 1.0])]) == ["data.means", "data.stds"]


def test_runs_that_have_much_of_their_own_are_called_by_their_scenario() -> None:
    configs = [scenarios["far-modes-mlp"].config, scenarios["strong-discriminator"].config]
    names = differing(configs)
    assert headline(names) == f"{len(names)} settings differ."
    assert [label(config, names) for config in configs] == [
        scenarios["far-modes-mlp"].title,
        scenarios["strong-discriminator"].title,
    ]
    other = configs[0].replace(**{"training.lr_d": 0.3})
    assert label(other, names).endswith(", …")


def test_every_field_has_words() -> None:
    assert set(field_names()) <= set(words("compare")["fields"])
    config = scenarios["far-modes-mlp"].config
    table = rows([config, SMALL], list(facts(config)))
    assert all(len(row) == 3 and all(row) for row in table)


@given(st.lists(st.sampled_from(sorted(scenarios)), min_size=2, max_size=4))
@settings(max_examples=30, deadline=None)
def test_differences_are_found_exactly_where_facts_differ(names: list[str]) -> None:
    configs = [scenarios[name].config for name in names]
    different = any(facts(config) != facts(configs[0]) for config in configs)
    assert bool(differing(configs)) == different
    assert all(isinstance(label(config, differing(configs)), str) for config in configs)


# ---- variations and the link


def test_variations_keep_run_a_or_what_it_is_of() -> None:
    four = compare.VARIATIONS["discriminators"](SMALL)
    assert [compare.discriminator_kind(c) for c in four] == list(DISCRIMINATORS)
    for loss in LOSSES:
        first, second = compare.VARIATIONS["losses"](with_(training__loss=loss))
        assert first.training.loss == loss != second.training.loss
    assert [c.training.lr_g for c in compare.VARIATIONS["rates"](SMALL)] == [0.02, 0.1]
    assert [c.training.lr_g for c in compare.VARIATIONS["rates"](GAUSSIAN)] == [0.1, 0.02]


@pytest.mark.parametrize("name", list(scenarios))
def test_a_link_holds_the_runs_exactly(name: str) -> None:
    configs = [scenarios[name].config, *compare.VARIATIONS["rates"](scenarios[name].config)]
    assert from_link(to_link(configs)) == (configs, [])


@pytest.mark.parametrize(
    "text", ["", "garbage", "training.lr_g=nan", "s=nonesuch", "data.means=" + "1," * 99, "%ff&&=", "v=99"]
)
def test_a_damaged_link_gives_the_nearest_run(text: str) -> None:
    configs, problems = from_link([text, to_link([SMALL])[0]])
    assert len(configs) == 2 and configs[1] == SMALL
    assert bool(problems) == (text != "")
    assert all(problem.startswith("A: ") for problem in problems)


def test_runs_are_added_and_removed_within_bounds() -> None:
    found = Comparison([compare.slot(SMALL), compare.slot(GAUSSIAN)], picked=1)
    found.add()
    assert found.configs[2] == GAUSSIAN.replace(**{"training.seed": 1}) and found.picked == 2
    found.remove()
    assert found.configs == [SMALL, GAUSSIAN] and found.picked == 1
    found.remove()
    assert len(found.slots) == 2


def test_a_change_to_all_is_made_to_all_or_to_none() -> None:
    found = Comparison([compare.slot(SMALL), compare.slot(with_(training__seed=4))], picked=None)
    found.state.change("training.lr_d", 0.5)
    assert [c.training.lr_d for c in found.configs] == [0.5, 0.5]
    assert [c.training.seed for c in found.configs] == [0, 4]
    found.state.change("training.lr_d", 7.0, "7")
    assert [c.training.lr_d for c in found.configs] == [0.5, 0.5]
    assert found.state.refused["training.lr_d"].typed == "7"
    found.state.change("training.lr_d", 0.1)
    assert not found.state.refused


# ---- the page


@pytest.fixture
def app() -> Iterator[AppTest]:
    streamlit.cache_resource.clear()
    yield AppTest.from_file(str(MAIN), default_timeout=60)


def opened(app: AppTest, *configs: gan1d.Config) -> AppTest:
    if configs:
        app.query_params["run"] = to_link(configs)
    app.switch_page("views/compare.py").run()
    assert not app.exception
    return app


def runs(app: AppTest) -> list[gan1d.Config]:
    found: Comparison = app.session_state["compared"]
    return found.configs


def test_it_opens_with_the_labs_run_and_a_variation(app: AppTest) -> None:
    app.run()
    opened(app)
    assert runs(app) == compare.VARIATIONS["rates"](GAUSSIAN)
    assert app.query_params["run"] == to_link(runs(app))


def test_a_link_opens_its_runs_and_a_change_goes_into_it(app: AppTest) -> None:
    opened(app, SMALL, with_(training__seed=1), with_(training__seed=2))
    assert [c.training.seed for c in runs(app)] == [0, 1, 2]
    app.session_state["compared"].picked = 1
    app.run()
    app.select_slider(key="control training.lr_g").set_value(0.5).run()
    assert not app.exception
    assert [c.training.lr_g for c in runs(app)] == [0.02, 0.5, 0.02]
    assert app.query_params["run"] == to_link(runs(app))


def test_the_four_discriminators_in_one_click(app: AppTest) -> None:
    opened(app, SMALL, SMALL)
    app.button(key="vary discriminators").click().run()
    assert not app.exception
    assert [compare.discriminator_kind(c) for c in runs(app)] == list(DISCRIMINATORS)


def test_a_damaged_link_is_said(app: AppTest) -> None:
    app.query_params["run"] = ["training.lr_q=1", to_link([SMALL])[0]]
    app.switch_page("views/compare.py").run()
    assert not app.exception
    assert "training.lr_q" in app.warning[0].value
    assert runs(app)[1] == SMALL
