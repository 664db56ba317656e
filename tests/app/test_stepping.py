"""Half-steps that the player asks for: given with the run, kept while it is the same, and refused in words."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pyarrow as pa
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import gan1d
from app.actions import act
from app.runner import Shown
from app.state import Session
from app.stepping import Stepping
from app.words import words
from gan1d.render.frames import frames

MAIN = Path(__file__).parents[2] / "app" / "main.py"


@pytest.fixture(scope="module")
def shown() -> Shown:
    config = gan1d.scenarios["gaussian-linear"].config.replace(
        **{"training.iterations": 300, "discriminator.hidden": [16]}
    )
    return _shown(gan1d.train(config))


def _shown(run) -> Shown:
    meta, arrays = frames(run)
    return Shown(run, meta, {name: pa.table({name: values}) for name, values in arrays.items()})


def test_the_player_always_hears_that_there_are_steps_to_ask_for(shown: Shown) -> None:
    found = Stepping().added_to(shown, st.empty())
    assert found.meta["steps"] == {"run": shown.meta["run"]} and found.tables == shown.tables


def test_what_is_asked_for_is_given_with_the_run_and_stays_the_same(shown: Shown) -> None:
    stepping = Stepping()
    stepping.ask(100)
    first = stepping.added_to(shown, st.empty())
    steps = first.meta["steps"]
    assert (steps["run"], steps["around"], steps["states"]) == (shown.meta["run"], 100, 201)
    assert set(shown.tables) < set(first.tables) and "steps_p_gen" in first.tables
    again = stepping.added_to(shown, st.empty())
    assert again.meta["steps"] is steps
    assert all(again.tables[name] is table for name, table in first.tables.items())  # what is equal is not sent again


def test_another_run_has_none_of_them(shown: Shown) -> None:
    stepping = Stepping()
    stepping.ask(100)
    stepping.added_to(shown, st.empty())
    other = shown._replace(meta=shown.meta | {"run": "another"})
    assert stepping.added_to(other, st.empty()).meta["steps"] == {"run": "another"}
    assert stepping.given is None


def test_a_run_that_cannot_be_replayed_says_why(shown: Shown) -> None:
    stepping = Stepping()
    stepping.ask(100)
    found = stepping.added_to(shown._replace(run=dataclasses.replace(shown.run, replay=None)), st.empty())
    assert found.meta["steps"]["around"] == 100
    assert found.meta["steps"]["error"].startswith(words("stepping")["failed"].partition("{")[0])


@pytest.mark.parametrize("iteration", [-5, 10**9])
def test_an_iteration_that_is_not_of_the_run_is_refused_or_brought_to_it(shown: Shown, iteration: int) -> None:
    stepping = Stepping()
    stepping.ask(iteration)
    steps = stepping.added_to(shown, st.empty()).meta["steps"]
    assert steps["around"] == iteration and ("error" in steps or steps["states"] > 0)


def test_the_page_answers_and_goes_on(shown: Shown) -> None:
    test = AppTest.from_file(str(MAIN), default_timeout=100)
    test.run()
    session: Session = test.session_state["session"]
    for nonsense in ({}, {"iteration": "x"}, {"iteration": None}):
        assert act(session, {"id": "steps"} | nonsense) and session.stepping.asked is None
    assert act(session, {"id": "steps", "iteration": 600})
    test.run()
    assert not test.exception
    assert session.stepping.asked is None and session.stepping.given
    assert session.stepping.given.meta["around"] == 600 and session.stepping.given.meta["states"] == 201
