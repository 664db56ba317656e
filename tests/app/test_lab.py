"""The lab page without a browser: every control to both ends, what is refused, what is said, and that numbers never compile."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
import streamlit
from hypothesis import given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

import gan1d
from app import controls
from app.actions import act
from app.controls import Control
from app.embedding import BLOCKS, PARTS
from app.handles import handles
from app.state import KINDS, PENALTY_WEIGHTS, Session, changed, current
from app.words import words
from gan1d import programs
from gan1d.config import OPTIMIZERS, PENALTIES, Config, ConfigError, field_names, structure
from gan1d.data import target

MAIN = Path(__file__).parents[2] / "app" / "main.py"
WIDGETS = {
    "slider": "slider",
    "steps": "select_slider",
    "number": "number_input",
    "choice": "selectbox",
    "list": "text_input",
}


@pytest.fixture
def app() -> Iterator[AppTest]:
    """The app, freshly opened, with a server's memory of its own."""
    streamlit.cache_resource.clear()
    test = AppTest.from_file(str(MAIN), default_timeout=60)
    test.session_state["more"] = True  # the expander, as if opened
    test.run()
    assert not test.exception
    yield test


def session(app: AppTest) -> Session:
    found: Session = app.session_state["session"]
    return found


def set_control(app: AppTest, control: Control, value: Any) -> AppTest:
    """Moves a control as a user does."""
    widget = getattr(app, WIDGETS[control.kind])(key=controls.key(control))
    widget.set_value(value).run()
    assert not app.exception
    return app


def control(app: AppTest, name: str) -> Control:
    return next(c for c in controls.shown_controls(session(app).config) if c.name == name)


def players(app: AppTest) -> list[Any]:
    """The browser players on the page (AppTest knows no components of one's own)."""
    return [element for element in app.main if "bidi_component" in str(getattr(element, "type", ""))]


def test_the_first_view_is_the_shipped_gaussian(app: AppTest) -> None:
    assert app.selectbox(key="scenario").value == "gaussian-linear"
    assert session(app).config == gan1d.scenarios["gaussian-linear"].config
    assert not app.error
    assert len(players(app)) == 1


def test_five_controls_stand_up_front_and_the_rest_under_more(app: AppTest) -> None:
    more = {c.name for group in controls.MORE.values() for c in group}
    inside = {w.key for e in app.sidebar.expander for kind in set(WIDGETS.values()) for w in getattr(e, kind)}
    assert {f"control {name}" for name in more if control_is_shown(app, name)} <= inside
    front = {
        "scenario",
        "control data.means[0]",
        "control data.stds[0]",
        "control training.lr_g",
        "control training.lr_d",
    }
    shown = {w.key for kind in ("slider", "select_slider", "selectbox") for w in getattr(app.sidebar, kind)} - inside
    assert shown == front | {"control discriminator.kind"}


def control_is_shown(app: AppTest, name: str) -> bool:
    return any(c.name == name for c in controls.shown_controls(session(app).config))


@pytest.mark.parametrize("scenario", list(gan1d.scenarios))
def test_every_scenario_opens(app: AppTest, scenario: str) -> None:
    app.selectbox(key="scenario").set_value(scenario).run()
    assert not app.exception and session(app).config == gan1d.scenarios[scenario].config
    assert gan1d.scenarios[scenario].text in " ".join(c.value for c in app.caption)


DATA = ("data.",)
CHANGES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "linear": ({}, ("",)),
    "mlp, r1, dropout, two modes": (
        {
            "generator.kind": "mlp",
            "training.penalty": "r1",
            "discriminator.dropout": 0.5,
            "data.modes": 2,
        },
        ("",),
    ),
    "laplace, clipped critic, sgd, instance noise": (
        {
            "data.kind": "laplace",
            "training.loss": "wasserstein",
            "training.penalty": "weight_clipping",
            "training.optimizer": "sgd",
            "training.instance_noise": 0.5,
        },
        (*DATA, "training."),
    ),
    "student's t, hinge, gradient penalty, rmsprop, uniform noise": (
        {
            "data.kind": "student_t",
            "training.loss": "hinge",
            "training.penalty": "gradient_penalty",
            "training.optimizer": "rmsprop",
            "generator.noise": "uniform",
        },
        (*DATA, "training.", "generator."),
    ),
    "triangular, least squares, label smoothing": (
        {"data.kind": "triangular", "training.loss": "least_squares", "training.label_smoothing": 0.1},
        (*DATA, "training.label_smoothing"),
    ),
    "uniform": ({"data.kind": "uniform"}, DATA),
}
"""Name -> settings, and the beginnings of the names of the controls that are moved with them."""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", CHANGES)
def test_no_numeric_control_compiles_at_either_end(app: AppTest, case: str) -> None:
    """Every numeric control that the page shows, to both ends, on the page: JAX compiles nothing."""
    changes, moved = CHANGES[case]
    small = {"discriminator.hidden": [16], "generator.hidden": [16], "training.batch": 8, "training.iterations": 200}
    base = session(app).config.replace(**small)
    for name, value in changes.items():
        base = changed(base, name, value)
    session(app).config = base
    app.run()
    set_control(app, control(app, "training.seed"), 7)  # trained once: this structure is compiled now
    base = session(app).config
    for thread in threading.enumerate():
        if thread.name == "warm":  # what compiles in the background is not a control's doing
            thread.join()
    before = programs.compile_log()[0]
    numeric = [c for c in controls.shown_controls(base) if c.is_numeric and c.name.startswith(moved)]
    assert len(numeric) >= (14 if moved == ("",) else 2)
    for c in numeric:
        for end in c.ends:
            session(app).config = base
            app.run()
            set_control(app, c, end)
            assert session(app).config == changed(base, c.name, end), c.name
            assert structure(session(app).config) == structure(base), c.name
            assert programs.compile_log()[0] == before, f"{c.name} at {end} compiled"
            assert len(players(app)) == 1


def configs_for_every_control() -> list[Config]:
    base = gan1d.scenarios["near-modes-linear"].config.replace(**{"generator.kind": "mlp"})
    kinds = [changed(base, "data.kind", kind) for kind in KINDS]
    penalties = [changed(base, "training.penalty", penalty) for penalty in PENALTIES]
    optimizers = [changed(base, "training.optimizer", optimizer) for optimizer in OPTIMIZERS]
    dropout = base.replace(**{"discriminator.dropout": 0.5})
    return [gan1d.scenarios["gaussian-linear"].config, dropout, *kinds, *penalties, *optimizers]


@pytest.mark.parametrize("config", configs_for_every_control(), ids=lambda c: f"{c.data.kind}-{c.training.penalty}")
def test_every_choice_of_every_control_is_allowed_and_named(config: Config) -> None:
    for c in controls.shown_controls(config):
        label, text = controls.wording(c)
        assert label and text.endswith((".", "]", ")")), c.name
        for option in c.options if c.kind == "choice" else c.ends if c.is_numeric else ():
            assert changed(config, c.name, option)
            if isinstance(option, str):
                assert option in words("lab")["choices"], option


def test_every_setting_has_a_control() -> None:
    """What a file can say can be moved on the page, but for a sample's quantiles."""
    shown = {
        c.name.partition("[")[0] for config in configs_for_every_control() for c in controls.shown_controls(config)
    }
    assert set(field_names()) - shown == {"data.values"}


# ---- settings that take others along


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scenario", ["gaussian-linear", "near-modes-linear"])
def test_another_kind_of_data_keeps_place_and_spread(kind: str, scenario: str) -> None:
    """Within the sliders' steps: half of a step for the mean, a tenth for the standard deviation."""
    config = gan1d.scenarios[scenario].config
    before = target(config.data)
    after = target(changed(config, "data.kind", kind).data)
    assert after.mean == pytest.approx(before.mean, abs=0.25)
    assert after.std == pytest.approx(before.std, rel=0.1)
    assert changed(changed(config, "data.kind", kind), "data.kind", kind).data.kind == kind


@settings(deadline=None, max_examples=200)
@given(
    st.sampled_from(["uniform", "triangular"]),
    st.lists(st.tuples(st.sampled_from(["low", "mode", "high"]), st.floats(0, 1)), min_size=1, max_size=12),
)
def test_the_ends_of_the_data_push_each_other(kind: str, moves: list[tuple[str, float]]) -> None:
    """No order of moves is refused, each slider stays where it was put, and all stay on their sliders."""
    config = changed(gan1d.scenarios["gaussian-linear"].config, "data.kind", kind)
    for name, share in moves:
        if name == "mode" and kind == "uniform":
            continue
        c = next(c for c in controls.shown_controls(config) if c.name == f"data.{name}")
        assert c.low is not None and c.high is not None
        value = c.low + round(share * (c.high - c.low) / 0.5) * 0.5
        config = changed(config, c.name, value)
        assert current(config, c.name) == value
        for other in controls.data_controls(config)[0]:
            assert other.low is not None and other.high is not None
            assert other.low <= current(config, other.name) <= other.high


@pytest.mark.parametrize("penalty", PENALTIES)
def test_a_penalty_comes_with_its_customary_weight(app: AppTest, penalty: str) -> None:
    if penalty == "none":
        session(app).config = changed(session(app).config, "training.penalty", "r1")
        app.run()
    set_control(app, control(app, "training.penalty"), penalty)
    assert session(app).config.training.penalty_weight == PENALTY_WEIGHTS[penalty]
    sliders = [w.label for w in app.select_slider if w.key == "control training.penalty_weight"]
    assert len(sliders) == (penalty != "none")


def test_quantiles_are_shown_and_have_no_sliders(app: AppTest) -> None:
    values = [0.0, 1.0, 1.5, 4.0]
    session(app).config = session(app).config.replace(**{"data.kind": "quantiles", "data.values": values})
    app.run()
    assert not app.exception and app.selectbox(key="control data.kind").value == "quantiles"
    assert not [w.key for w in app.slider if str(w.key).startswith("control data.")]
    set_control(app, control(app, "data.kind"), "laplace")
    assert session(app).config.data.kind == "laplace"


def test_another_discriminator_of_a_scenario_shows_its_own_rate(app: AppTest) -> None:
    """The settings are still the scenario's; how often it is seen with this discriminator was measured too."""
    scenario = gan1d.scenarios["gaussian-linear"]
    for kind in ("dropout", "plain"):
        set_control(app, control(app, "discriminator.kind"), kind)
        said = " ".join(c.value for c in app.caption)
        rate = scenario.with_discriminator(kind).rate
        assert rate and words("lab")["rate"].format(**rate) in said and words("lab")["changed"] not in said
    set_control(app, control(app, "training.lr_g"), 0.5)
    assert words("lab")["changed"] in " ".join(c.value for c in app.caption)


def test_reset_goes_back_to_the_scenario(app: AppTest) -> None:
    set_control(app, control(app, "training.lr_g"), 0.5)
    assert words("lab")["changed"] in " ".join(c.value for c in app.caption)
    app.sidebar.button[0].click().run()
    assert session(app).config == gan1d.scenarios["gaussian-linear"].config
    assert app.select_slider(key="control training.lr_g").value == 0.1


@pytest.mark.parametrize("typed", ["64, x", "", "0", "64, 9999", "1, 1, 1, 1, 1", "[", "1e400", "64; 64", '{"a": 1}'])
def test_impossible_layers_are_said_beside_the_control_and_change_nothing(app: AppTest, typed: str) -> None:
    before = session(app).config
    set_control(app, control(app, "discriminator.hidden"), typed)
    assert session(app).config == before
    [error] = app.error
    assert "is not allowed; it must be" in error.value
    assert app.text_input(key="control discriminator.hidden").value == typed  # left there, to be mended
    set_control(app, control(app, "discriminator.hidden"), "32, 32")
    assert not app.error and session(app).config.discriminator.hidden == (32, 32)


def test_a_run_that_diverges_is_said_in_words(app: AppTest) -> None:
    session(app).config = session(app).config.replace(
        **{
            "training.beta1": 0.99,
            "training.beta2": 0.0,
            "training.lr_d": 1.0,
            "training.lr_g": 1.0,
            "training.penalty": "r1",
            "training.penalty_weight": 100.0,
            "discriminator.hidden": [32, 32, 32, 32],
        }
    )
    app.run()
    [error] = app.error
    assert "Diverged at iteration" in error.value and not app.exception


def test_modes_come_and_go() -> None:
    config = gan1d.scenarios["gaussian-linear"].config
    for count in range(1, 9):
        config = changed(config, "data.modes", count)
        assert len(config.data.means) == len(config.data.stds) == len(config.data.weights) == count
        assert sum(config.data.weights) == pytest.approx(1)
        assert len(set(config.data.means)) == count and max(map(abs, config.data.means)) <= 30
    assert changed(config, "data.modes", 1).data.means == (15.0,)
    with pytest.raises(ConfigError, match=r"data\.modes: 9 is not allowed; it must be a whole number from 1 to 8"):
        changed(config, "data.modes", 9)


def test_giving_up_goes_back_to_the_run_on_screen() -> None:
    first = gan1d.scenarios["gaussian-linear"]
    state = Session(first, first.config)
    state.shown = state.plan
    state.change("training.iterations", 10_000)
    assert state.is_changed
    state.give_up()
    assert state.config == first.config


# ---- links, going on, data of one's own


def opened_at(query: str) -> AppTest:
    """The app as a link opens it."""
    streamlit.cache_resource.clear()
    test = AppTest.from_file(str(MAIN), default_timeout=60)
    test.session_state["more"] = True
    for name, value in parse_qsl(query, keep_blank_values=True):
        test.query_params[name] = [*test.query_params.get(name, []), value]
    test.run()
    assert not test.exception
    return test


def meta(app: AppTest) -> dict[str, Any]:
    """What the player on the page is told beside the numbers."""
    [player] = players(app)
    return json.loads(player.proto.mixed.json)["meta"]


def press(app: AppTest, **action: Any) -> AppTest:
    """What the player asks for."""
    assert act(session(app), action)
    app.run()
    assert not app.exception
    return app


def test_the_player_is_told_the_link_to_what_it_shows(app: AppTest) -> None:
    assert meta(app)["link"] == "v=1&s=gaussian-linear" and meta(app)["view"] == {}
    set_control(app, control(app, "training.lr_g"), 0.5)
    assert meta(app)["link"] == "v=1&s=gaussian-linear&training.lr_g=0.5"


def test_a_link_opens_what_it_says() -> None:
    query = "v=1&s=far-modes-linear&training.seed=7&then=900;training.lr_g:0.05&at=1200&w.heat=true"
    app = opened_at(query)
    assert app.selectbox(key="scenario").value == "far-modes-linear"
    assert [until for _, until, _ in session(app).plan.parts] == [900, 2100]
    assert app.select_slider(key="control training.lr_g").value == 0.05
    told = meta(app)
    assert told["view"] == {"iteration": 1200, "heat": True} and told["link"] == query.partition("&at")[0]
    assert len(told["parts"]) == 2 and told["going"]["part"] == 2
    run = told["run"]
    assert meta(opened_at(query))["run"] == run  # bit for bit


def test_a_damaged_link_says_what_was_left_out_until_it_is_closed() -> None:
    app = opened_at("v=1&s=nonesuch&training.lr_g=9&training.lr_d=0.02&at=x")
    said = [t.value for t in app.main.text]
    assert len(said) == 3 and any("nonesuch" in t for t in said) and any("training.lr_g: 9" in t for t in said)
    assert session(app).config.training.lr_d == 0.02
    next(b for b in app.main.button if b.label == "Close").click().run()
    assert not app.main.text and not app.exception


def test_going_on_changes_the_last_part_only_and_undo_takes_it_off(app: AppTest) -> None:
    whole = meta(app)["run"]
    press(app, id="branch", iteration=600)
    set_control(app, control(app, "training.lr_g"), 0.01)
    assert [c.training.lr_g for c, *_ in session(app).plan.parts] == [0.1, 0.01]
    assert len(meta(app)["parts"]) == 2
    assert any("Part 2: from iteration 600 on" in c.value for c in app.caption)
    press(app, id="hold", iteration=1200)
    assert session(app).held and meta(app)["going"] == {"part": 3, "begin": 1200, "held": True, "full": False}
    press(app, id="release", iteration=5000)
    assert not session(app).held and session(app).config.training.lr_g == 0.01
    for _ in range(3):
        press(app, id="undo")
    assert meta(app)["run"] == whole and not session(app).past


def test_networks_cannot_change_while_a_run_goes_on(app: AppTest) -> None:
    press(app, id="branch", iteration=600)
    set_control(app, control(app, "generator.kind"), "mlp")
    assert session(app).config.generator.kind == "linear"
    assert any("the networks must stay the same" in e.value for e in app.error)
    set_control(app, control(app, "training.iterations"), 400)
    assert any("it must be more than 600, where this part begins" in e.value for e in app.error)


def test_dragged_and_drawn_data_is_trained_on(app: AppTest) -> None:
    [place, width] = meta(app)["editing"]["handles"]
    assert (place["label"], place["value"], width["of"]) == ("Mean of mode 1", 15.0, "means")
    press(app, id="data", fields={"means": [3.4], "stds": [2.05]})
    assert session(app).config.data.means == (3.4,) and app.slider(key="control data.means[0]").value == 3.4
    press(app, id="draw", low=-5, high=5, heights=[0, 10, 0])
    assert session(app).config.data.kind == "quantiles" and meta(app)["editing"]["handles"] == []
    assert any("Drawn" in s.value for s in app.success)


@pytest.mark.parametrize(
    "action",
    [
        {"id": "data", "fields": {"means": [1e9]}},
        {"id": "data", "fields": {"nonesuch": 1}},
        {"id": "data", "fields": 3},
        {"id": "data"},
        {"id": "draw", "low": 0, "high": 1, "heights": [0, 0]},
        {"id": "draw", "low": "x", "high": 1, "heights": None},
        {"id": "open", "scenario": "nonesuch"},
        {"id": "branch", "iteration": "x"},
        {"id": "branch", "iteration": float("inf")},
    ],
)
def test_nonsense_from_the_browser_is_refused_in_words_and_changes_nothing(
    app: AppTest, action: dict[str, Any]
) -> None:
    before = session(app).plan
    press(app, **action)
    assert session(app).plan == before and len(app.error) == 1
    assert not act(session(app), {"id": "nonesuch"})


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_data_has_handles_that_stand_where_its_sliders_do(kind: str) -> None:
    config = changed(gan1d.scenarios["gaussian-linear"].config, "data.kind", kind)
    for handle in handles(config):
        name = f"data.{handle['name']}" + ("" if handle["index"] is None else f"[{handle['index']}]")
        assert handle["low"] <= handle["value"] == current(config, name) <= handle["high"]
        assert handle["label"] and (handle["of"] is None) == (handle["name"] not in ("stds", "scale"))


def test_a_bound_that_is_dragged_pushes_the_others() -> None:
    state = Session(gan1d.scenarios["gaussian-linear"], gan1d.scenarios["gaussian-linear"].config)
    state.change("data.kind", "triangular")
    assert act(state, {"id": "data", "fields": {"low": 44.0}})
    data = state.config.data
    assert data.low == 44 <= data.mode <= data.high and not state.refused


# ---- the page in another one


@pytest.mark.parametrize("query", ["embed=1", "embed=true", "hide=controls"])
def test_without_its_sidebar_the_page_is_the_player_alone(query: str) -> None:
    app = opened_at(query)
    assert not app.sidebar.selectbox and not app.sidebar.slider and len(players(app)) == 1


def test_single_controls_are_hidden_by_their_names() -> None:
    app = opened_at("hide=scenario,training.lr_g,data.means,reset,captions,upload")
    shown = {w.key for kind in set(WIDGETS.values()) for w in getattr(app.sidebar, kind)}
    assert not shown & {"scenario", "control training.lr_g", "control data.means[0]"}
    assert {"control training.lr_d", "control data.stds[0]"} <= shown
    assert not app.sidebar.button and meta(app)["hide"] == ["captions"]


def test_every_name_that_hides_is_documented() -> None:
    told = (MAIN.parents[1] / "docs" / "embedding.md").read_text("utf-8")
    assert [name for name in (*BLOCKS, *PARTS) if f"`{name}`" not in told] == []
    css = (Path(gan1d.__file__).parent / "player" / "editing.css").read_text("utf-8")
    assert [name for name in BLOCKS if f'data-hide~="{name}"' not in css] == []


def test_modes_are_typed(app: AppTest) -> None:
    """Exact places, beyond the sliders' steps and ends; as many modes as there are means; what cannot be is said and stays."""
    typed = control(app, "data.means")
    set_control(app, typed, "-3.3, 8, 42")
    data = session(app).config.data
    assert data.means == (-3.3, 8.0, 42.0) and len(data.stds) == 3 and not app.error
    slider = app.slider(key="control data.means[2]")
    assert slider.value == 42.0 == slider.max
    set_control(app, control(app, "data.stds"), "1, 2")
    [error] = app.error
    assert "one value a mode" in error.value and session(app).config.data.stds == data.stds
    set_control(app, control(app, "data.means"), "far, near")
    assert session(app).config.data == data
