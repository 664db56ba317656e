"""The lab: one picture, its controls beside it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import streamlit as st

from app import controls, ensemble, export_panel, link, player, uploads
from app.actions import act
from app.embedding import Embedding
from app.files import UPLOAD, take_file
from app.handles import handles
from app.history import MOST_PARTS, Plan
from app.progress import progress_at, said
from app.runner import Shown, runner
from app.state import NOTICES, Session, query, session
from app.words import words
from gan1d.catalogue import scenarios
from gan1d.config import ConfigError
from gan1d.player import page_css

PICTURE_FIRST = 0.25
"""Seconds by which a new visitor's controls come after the picture: the browser then draws what is waited for before it builds them."""
MORE = "more"
"""Key of the expander that holds the controls beyond the five."""
STYLE = page_css(player.KEY) + (Path(__file__).parents[1] / "page.css").read_text("utf-8")
"""Of the page. The first run sends it, so that nothing is drawn without; from then on the player keeps it, and a rerun is smaller by it."""
text = words("lab")


def draw_controls(state: Session, shown: Shown) -> None:
    """The sidebar: five controls, the rest under "More"; what is wrong with the run is said beside the learning rates."""
    names = list(scenarios)
    if page.shows("scenario"):
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
    draw_group((*data_front, *controls.FRONT), state)
    for name in NOTICES:
        if name in state.refused:
            st.error(state.refused[name].why)
    if state.said:
        st.success(state.said)
    if shown.run.summary["status"] == "diverged":
        st.error(text["diverged"].format(at=shown.run.summary["diverged_at"]))
    draw_group((controls.KIND,), state)
    if page.shows("more"):
        with st.expander(text["more"], key=MORE, on_change="rerun") as more:
            for group, members in (
                {"data": data_more, **controls.MORE}.items() if more.open else ()
            ):  # not sent before it is asked for
                st.markdown(f"**{text['groups'][group]}**")
                draw_group(members, state)
                if group == "data" and page.shows("upload"):
                    draw_upload(state)
    if page.shows("compare"):
        run = {"run": [link.encode(state.config, state.scenario)]}
        st.page_link("views/compare.py", label=words("compare")["open"], icon=":material/compare:", query_params=run)
    if page.shows("export"):
        export_panel.draw([shown])
    if page.shows("reset"):
        st.button(
            text["reset"],
            on_click=lambda: state.open(state.scenario.name),
            disabled=not state.is_changed,
            width="stretch",
            icon=":material/restart_alt:",
        )


def draw_group(members: Iterable[controls.Control], state: Session) -> None:
    """Those controls that the address does not hide."""
    for control in members:
        if page.shows(control.name):
            controls.draw(control, state)


def draw_upload(state: Session) -> None:
    """A file of one's own. Once it is read it is given back: what is kept of it stands in the settings."""
    said, key = words("uploads"), f"upload {state.uploads}"

    def take() -> None:
        if (file := st.session_state[key]) is not None:
            take_file(state, file.name, file.getvalue())
            state.uploads += 1

    help_ = said["help"].format(most=uploads.MAX_TEXT // 1024**2, kept=uploads.KEPT)
    st.file_uploader(said["label"], key=key, help=help_, on_change=take)
    if UPLOAD in state.refused:
        st.error(state.refused[UPLOAD].why)


def draw_problems(state: Session) -> None:
    """What of a link could not be read. As plain text: whoever made the link chose the words in it."""
    with st.container(key="problems"):
        if state.problems:
            with st.container(border=True):
                st.markdown(f"**{text['link']['heading']}**")
                for problem in state.problems:
                    st.text(problem)
                st.button(text["link"]["close"], on_click=lambda: setattr(state, "problems", ()))


def about(state: Session) -> str:
    """What the scenario shows, and how often it was seen with this discriminator; after another change, that it was changed."""
    if state.past:
        return str(text["held" if state.held else "part"].format(number=len(state.past) + 1, begin=state.plan.begin))
    if (seen := state.seen) is None:
        return str(text["changed"])
    return " ".join([seen.text, text["rate"].format(**seen.rate) if seen.rate else ""])


def obtain(state: Session) -> Shown:
    """The run of the session's plan; a long training shows its progress and can be given up."""
    if state.opened and state.opened[0] == state.plan:
        return state.opened[1]
    place = st.container(key="status").empty()
    must_compile = runner().must_compile(*(config for config, *_ in state.plan.parts))
    progress = progress_at(place, must_compile, partial(said, text), text["cancel"], state.give_up)
    try:
        shown = runner().play(state.plan.parts, progress)
    except ConfigError as e:  # what only the training itself can refuse
        state.take(state.shown or Plan(state.scenario.config))
        state.refuse("going", e)
        shown = runner().play(state.plan.parts, progress)
    place.empty()
    return shown


def host(state: Session) -> dict[str, object]:
    """What the player must know of the page: how to look at the run, the link to it, what can be done with it.

    The view is that of the link which opened the session and stays so: were it to change, every run would be sent again with it.
    """
    return {
        "view": state.view,
        "link": link.encode_plan(state.scenario, state.plan),
        "going": {
            "part": len(state.past) + 1,
            "begin": state.plan.begin,
            "held": state.held,
            "full": len(state.past) + 1 >= MOST_PARTS,
        },
        "editing": {"handles": handles(state.config)},
        "hide": page.blocks,
        "page_css": STYLE + page.css,
    }


def following(state: Session) -> dict[str, str]:
    """The button under the picture: the next scenario, around again after the last."""
    names = list(scenarios)
    name = names[(names.index(state.scenario.name) + 1) % len(names)]
    return {"id": "open", "scenario": name, "label": text["next"].format(scenario=scenarios[name].next)}


def on_action() -> None:
    """Something in the player was pressed that only the server can do."""
    action = st.session_state[player.KEY].get("action")
    if action:
        act(session(), action)


state = session(query())
page = Embedding.read(query())
style = st.empty()
if not state.greeted:
    style.html(f"<style>{STYLE}{page.css}</style>")
shown = obtain(state)
state.shown = state.plan
if page.has_sidebar:
    st.sidebar.markdown(f"**{text['name']}**")  # the sidebar takes its room at once
draw_problems(state)
stepped = state.stepping.added_to(shown, st.container(key="stepping").empty())
seeds = ensemble.ensembles()
player.show(ensemble.told(stepped, seeds.find(state.plan.parts), seeds.seeds), following(state), on_action, host(state))
ensemble.draw_progress(state.plan.parts)
if not state.greeted:
    time.sleep(PICTURE_FIRST)
    state.greeted = True
if page.has_sidebar:
    with st.sidebar:
        draw_controls(state, shown)
runner().warm()
