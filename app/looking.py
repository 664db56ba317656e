"""Which map a tab looks at: kept in the session and in the address, and chosen among those that ship and those that were made here."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app import computing, maps
from app.maps import OUTCOME, SHOWN, Looked
from app.state import query
from app.words import words
from gan1d.render.maps.cells import text as drawn_words

STATE = "map"
"""Where a tab keeps the map that it looks at."""
text = words("map")


def looked_at() -> Looked:
    """This tab's map: what the address holds where that is new, else what was here, else the first that ships."""
    found: Looked | None = st.session_state.get(STATE)
    if found is None or (st.query_params and _address() != _flat(maps.query(found))):
        found = maps.from_query(query())
        look_at(found)
    return found


def look_at(found: Looked) -> None:
    """Goes over to a map; the address holds it."""
    st.session_state[STATE] = found
    if _address() != _flat(wanted := maps.query(found)):
        st.query_params.from_dict(wanted)


def _address() -> dict[str, list[str]]:
    return {name: st.query_params.get_all(name) for name in st.query_params}


def _flat(wanted: dict[str, Any]) -> dict[str, list[str]]:
    return {name: value if isinstance(value, list) else [value] for name, value in wanted.items()}


def draw_problems(found: Looked) -> None:
    """What of a link could not be read. As plain text: whoever made the link chose the words in it."""
    with st.container(border=True):
        st.markdown(f"**{text['link']['heading']}**")
        for problem in found.problems:
            st.text(problem)


def draw_choice(found: Looked) -> None:
    """The maps that ship, and those that were made here."""
    known = maps.shipped()
    st.session_state["shipped map"] = found.shipped
    st.segmented_control(
        text["which"],
        list(known),
        format_func=lambda name: known[name].title,
        key="shipped map",
        label_visibility="collapsed",
        on_change=lambda: _take(st.session_state["shipped map"], found),
    )


def _take(name: str | None, found: Looked) -> None:
    if name:
        look_at(Looked(maps.shipped()[name].sweep, name, found.show))


def draw_mine(found: Looked) -> None:
    """The maps that were made here, one of which may be looked at."""
    mine = {job.name: (job, sweep) for job, sweep in computing.kept()}
    if not mine:
        return
    now = computing.name_of(found.sweep)
    st.session_state["my map"] = now if now in mine and not found.shipped else None

    def take() -> None:
        if (name := st.session_state["my map"]) in mine:
            look_at(Looked(mine[name][1], None, found.show))

    def said(name: str | None) -> str:
        if name is None:
            return str(text["none"])
        job, sweep = mine[name]
        return str(text["mine_state"]["alive" if job.is_alive else job.state]).format(title=maps.title(sweep))

    help_ = text["mine_help"].format(most=computing.KEPT)
    st.selectbox(text["mine"], [None, *mine], format_func=said, help=help_, key="my map", on_change=take)


def draw_show(found: Looked) -> None:
    """What of the runs is drawn."""
    st.session_state["map shows"] = found.show
    titles = {OUTCOME: text["outcome"]} | {name: m["title"] for name, m in drawn_words()["metrics"].items()}
    known = drawn_words()["metrics"].get(found.show)
    st.segmented_control(
        text["show"],
        SHOWN,
        required=True,
        format_func=lambda name: titles[name],
        key="map shows",
        help=known["help"] if known else text["outcome_help"],
        on_change=lambda: look_at(found._replace(show=st.session_state["map shows"])),
    )
