"""The lab page without a browser: every control to both ends, what is refused, what is said, and that numbers never compile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import gan1d
from app import controls
from app.controls import Control
from app.state import Session, changed
from app.words import words
from gan1d import training
from gan1d.config import ConfigError, structure

MAIN = Path(__file__).parents[2] / "app" / "main.py"
WIDGETS = {
    "slider": "slider",
    "steps": "select_slider",
    "number": "number_input",
    "choice": "selectbox",
    "widths": "text_input",
}


@pytest.fixture
def app() -> Iterator[AppTest]:
    """The app, freshly opened, with a server's memory of its own."""
    st.cache_resource.clear()
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


CHANGES = (
    {},
    {
        "generator.kind": "mlp",
        "training.penalty": "r1",
        "discriminator.dropout": 0.5,
        "data.means": [-3, 8],
        "data.stds": [1, 1],
    },
)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("changes", CHANGES, ids=["linear", "mlp, r1, dropout, two modes"])
def test_no_numeric_control_compiles_at_either_end(app: AppTest, changes: dict[str, Any]) -> None:
    """Every numeric control that the page shows, to both ends, on the page: JAX compiles nothing."""
    small = {"discriminator.hidden": [16], "generator.hidden": [16], "training.batch": 8, "training.iterations": 200}
    base = session(app).config.replace(**changes, **small)
    session(app).config = base
    app.run()
    set_control(app, control(app, "training.seed"), 7)  # trained once: this structure is compiled now
    base = session(app).config
    for thread in threading.enumerate():
        if thread.name == "warm":  # what compiles in the background is not a control's doing
            thread.join()
    before = training.compile_log()[0]
    numeric = [c for c in controls.shown_controls(base) if c.is_numeric]
    assert len(numeric) >= 14
    for c in numeric:
        for end in c.ends:
            session(app).config = base
            app.run()
            set_control(app, c, end)
            assert session(app).config == changed(base, c.name, end), c.name
            assert structure(session(app).config) == structure(base), c.name
            assert training.compile_log()[0] == before, f"{c.name} at {end} compiled"
            assert len(players(app)) == 1


def test_every_choice_of_every_control_is_allowed_and_named() -> None:
    config = gan1d.scenarios["near-modes-linear"].config.replace(**{"generator.kind": "mlp", "training.penalty": "r1"})
    for c in controls.shown_controls(config):
        label, text = controls.wording(c.name)
        assert label and text.endswith((".", "]", ")")), c.name
        for option in c.options if c.kind == "choice" else c.ends if c.is_numeric else ():
            assert changed(config, c.name, option)
            if isinstance(option, str):
                assert option in words("lab")["choices"], option


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
    state = Session(first, first.config, first.config)
    state.change("training.iterations", 10_000)
    assert state.is_changed
    state.give_up()
    assert state.config == first.config
