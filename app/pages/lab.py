"""The lab: one picture, its controls beside it."""

from __future__ import annotations

import time
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import controls, player
from app.runner import Shown, runner
from app.state import Session, session
from app.words import words
from gan1d.catalogue import scenarios
from gan1d.player import page_css

PICTURE_FIRST = 0.25
"""Seconds by which a new visitor's controls come after the picture: the browser then draws what is waited for before it builds them."""
PATIENCE = 0.4
"""Seconds of training before its progress is worth showing; what must be compiled first is announced at once."""
MORE = "more"
"""Key of the expander that holds the controls beyond the five."""
STYLE = page_css(player.KEY) + (Path(__file__).parents[1] / "page.css").read_text("utf-8")
text = words("lab")


def draw_controls(state: Session, shown: Shown) -> None:
    """The sidebar: five controls, the rest under "More"; what is wrong with the run is said beside the learning rates."""
    names = list(scenarios)
    st.session_state["scenario"] = state.scenario.name
    st.selectbox(
        text["scenario"],
        names,
        format_func=lambda name: scenarios[name].title,
        key="scenario",
        on_change=lambda: state.open(st.session_state["scenario"]),
    )
    st.caption(about(state))
    data_front, data_more = controls.data_controls(state.config)
    for control in (*data_front, *controls.FRONT):
        controls.draw(control, state)
    if shown.run.summary["status"] == "diverged":
        st.error(text["diverged"].format(at=shown.run.summary["diverged_at"]))
    controls.draw(controls.KIND, state)
    with st.expander(text["more"], key=MORE, on_change="rerun") as more:
        for group, members in (
            {"data": data_more, **controls.MORE}.items() if more.open else ()
        ):  # not sent before it is asked for
            st.markdown(f"**{text['groups'][group]}**")
            for control in members:
                controls.draw(control, state)
    st.button(
        text["reset"],
        on_click=lambda: state.open(state.scenario.name),
        disabled=not state.is_changed,
        width="stretch",
        icon=":material/restart_alt:",
    )


def about(state: Session) -> str:
    """What the scenario shows, and how often it was seen with this discriminator; after another change, that it was changed."""
    if (seen := state.seen) is None:
        return str(text["changed"])
    return " ".join([seen.text, text["rate"].format(**seen.rate) if seen.rate else ""])


def obtain(state: Session) -> Shown:
    """The run of the session's config; a long training shows its progress and can be given up."""
    place = st.container(key="status").empty()
    shows_from = time.monotonic() + (0 if runner().must_compile(state.config) else PATIENCE)
    bars: list[DeltaGenerator] = []

    def progress(done: int, total: int) -> None:
        if time.monotonic() < shows_from:
            return
        if not bars:
            with place.container(border=True):
                bars.append(st.progress(0.0))
                st.button(text["cancel"], on_click=state.give_up)
        bars[0].progress(done / total, text["training"].format(done=done, total=total) if done else text["starting"])

    shown = runner().get(state.config, progress)
    place.empty()
    return shown


def following(state: Session) -> dict[str, str]:
    """The button under the picture: the next scenario, around again after the last."""
    names = list(scenarios)
    name = names[(names.index(state.scenario.name) + 1) % len(names)]
    return {"id": "open", "scenario": name, "label": text["next"].format(scenario=scenarios[name].next)}


def on_action() -> None:
    """Something in the player was pressed that only the server can do."""
    action = st.session_state[player.KEY].get("action")
    if action and action["id"] == "open":
        session().open(action["scenario"])


state = session()
st.html(f"<style>{STYLE}</style>")
shown = obtain(state)
state.shown = state.config
st.sidebar.markdown(f"**{text['name']}**")  # the sidebar takes its room at once
player.show(shown, following(state), on_action)
if not state.greeted:
    time.sleep(PICTURE_FIRST)
    state.greeted = True
with st.sidebar:
    draw_controls(state, shown)
runner().warm()
