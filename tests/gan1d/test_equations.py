"""The equations beside the picture: there for every loss and penalty, every symbol explained, in step with the config."""

import itertools
import json
import re
import xml.etree.ElementTree as ElementTree

import pytest

from gan1d.config import LOSSES, PENALTIES, Config
from gan1d.history import Part, play
from gan1d.losses import LOSSES as REGISTRY
from gan1d.render.equations import equations, of, text

MORE = {
    "plain": {},
    "all": {
        "training.label_smoothing": 0.1,
        "training.instance_noise": 0.5,
        "discriminator.l2": 0.0005,
        "discriminator.dropout": 0.25,
    },
}
CASES = list(itertools.product(LOSSES, PENALTIES, MORE))


@pytest.fixture
def config(linear_config: Config, request) -> Config:
    loss, penalty, more = request.param
    return linear_config.replace(
        **{"training.loss": loss, "training.penalty": penalty, "training.penalty_weight": 2, **MORE[more]}
    )


def formula(found: dict, name: str) -> str:
    """A row as one string of MathML."""
    return "".join(next(row for row in found["rows"] if row["id"] == name)["pieces"])


@pytest.mark.parametrize("config", CASES, indirect=True)
def test_every_loss_and_penalty_has_its_equations_with_every_symbol_explained(config: Config) -> None:
    found = of(config)
    rows = {row["id"] for row in found["rows"]}
    assert {"d", "g"} <= rows
    assert ("clip" in rows) == (config.training.penalty == "weight_clipping")
    assert ("value" in rows) == (REGISTRY[config.training.loss].output == "probability")
    if REGISTRY[config.training.loss].optimal_d:
        assert "best" in rows
    used = set(re.findall(r'data-symbol="(\w+)"', json.dumps(found["rows"]).replace('\\"', '"')))
    explained = {symbol["name"]: symbol for symbol in found["symbols"]}
    assert used == set(explained)
    for symbol in explained.values():
        assert symbol["meaning"].endswith(".") and "{" not in symbol["meaning"] and symbol["said"] and symbol["math"]
    for row in found["rows"]:
        assert row["title"] and row["said"] and "{" not in row["said"] and "{" not in "".join(row["pieces"])
        for piece in row["pieces"]:
            ElementTree.fromstring(f"<math>{piece}</math>")  # our own


@pytest.mark.parametrize("config", CASES, indirect=True)
def test_a_term_is_there_exactly_when_its_weight_is_more_than_nothing(config: Config) -> None:
    t, d = config.training, config.discriminator
    found = formula(of(config), "d")
    terms = {"gamma": t.penalty == "r1", "lambda": t.penalty == "gradient_penalty", "lambda_2": d.l2 > 0}
    terms |= {"a": t.label_smoothing > 0, "sigma": t.instance_noise > 0}
    for name, there in terms.items():
        assert (f'data-symbol="{name}"' in found) == there, name
        without = of(config.replace(**{"training.penalty_weight": 0, **dict.fromkeys(MORE["all"], 0.0)}))
        assert f'data-symbol="{name}"' not in formula(without, "d")


def test_numbers_of_the_config_are_filled_in(linear_config: Config) -> None:
    changes = {"training.penalty": "r1", "training.penalty_weight": 2, "discriminator.l2": 0.0005}
    found = of(linear_config.replace(**changes))
    assert [number["said"] for number in found["numbers"]] == ["gamma equals 2", "lambda 2 equals 0.0005"]
    gamma = next(symbol for symbol in found["symbols"] if symbol["name"] == "gamma")
    assert gamma["meaning"].endswith(": 2.")
    clipped = of(linear_config.replace(**{"training.penalty": "weight_clipping", "training.penalty_weight": 0.01}))
    assert [number["said"] for number in clipped["numbers"]] == ["c equals 0.01"]


def test_formulas_say_what_the_losses_compute(linear_config: Config) -> None:
    """Against the papers' formulas, in words."""
    said = {loss: of(linear_config.replace(**{"training.loss": loss}))["rows"] for loss in LOSSES}
    assert {loss: next(row["said"] for row in rows if row["id"] == "g") for loss, rows in said.items()} == {
        "non_saturating": "L G equals the mean over the noise of minus the log of D of G of z",
        "minimax": "L G equals the mean over the noise of the log of 1 minus D of G of z",
        "least_squares": "L G equals the mean over the noise of half the square of D of G of z minus 1",
        "hinge": "L G equals the mean over the noise of minus D of G of z",
        "wasserstein": "L G equals the mean over the noise of minus D of G of z",
    }


def test_a_run_of_parts_has_the_equations_of_each_once(linear_config: Config) -> None:
    other = linear_config.replace(**{"training.loss": "hinge"})
    run = play([Part(linear_config, 60), Part(other, 120), Part(linear_config, 180), Part(linear_config, 240, True)])
    found = equations(run)
    assert found["parts"] == [0, 1, 0, 2] and len(found["sets"]) == 3
    assert (
        text()["notes"]["held"] in found["sets"][2]["notes"]
        and text()["notes"]["held"] not in found["sets"][0]["notes"]
    )
    assert json.loads(json.dumps(found)) == found


def test_no_symbol_or_sentence_waits_unused() -> None:
    everything = json.dumps({name: part for name, part in text().items() if name != "symbols"})
    for name in text()["symbols"]:
        aliased = name in {"D_score", "D_critic", "slope_score", "L_D", "L_G"}
        assert aliased or f"{{{name}}}" in everything, name
