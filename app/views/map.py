"""The map: how many runs end over two settings, drawn as they are computed. A click on a cell opens its run in the lab."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from app import computing, designer, link, looking, mapped, maps, varying
from app.compare import is_of
from app.designer import duration
from app.jobs import Job, jobs
from app.maps import OUTCOME, Looked
from app.state import Session, session
from app.words import words
from gan1d.axes import Sweep
from gan1d.render.maps.cells import Cells, cells, metric, summary, told
from gan1d.render.maps.cells import text as drawn_words
from gan1d.render.maps.figure import colour, figure
from gan1d.results import Results

CHART, LIVE = "map chart", "map live"
"""Keys: of the chart, and of whether the page looks again by itself."""
CONFIG: dict[str, Any] = {"displayModeBar": False}
LOOK = 2.0
"""Seconds between two looks at how far a map is."""
APP = Path(__file__).parents[1]
STYLE = "".join((APP / name).read_text("utf-8") for name in ("page.css", "map.css"))
text = words("map")


def about(sweep: Sweep) -> str:
    """What all runs of a map have in common."""
    scenario = link.home(sweep.config)
    said = text["own_text"] if is_of(scenario, sweep.config) else text["own_changed"]
    return str(said).format(scenario=scenario.title)


def begin(sweep: Sweep) -> None:
    """Starts a map's job, or goes on with it, or says why not."""
    try:
        computing.start(sweep)
    except (OSError, RuntimeError) as e:
        st.session_state["map error"] = text["unwritable"].format(why=e)


def draw_state(found: Looked, job: Job | None, results: Results | None) -> None:
    """How far a map's computation is, and what can be done about it; nothing where it is done."""
    if error := st.session_state.pop("map error", None):
        st.error(error)
    total = int(np.prod(found.sweep.shape)) * found.sweep.seeds
    done = results.done if results else 0
    if found.shipped or (results and done == total and not (job and job.is_alive)):
        return
    with st.container(border=True, key="computing"):
        draw_progress(found, job, done, total)
        if job and job.is_alive:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.button(text["cancel"], key="cancel map", on_click=lambda: jobs().cancel(job.name))
                st.caption(text["away"])
        else:
            label = text["begin"] if job is None else text["again"] if job.state == "failed" else text["resume"]
            st.button(label, key="begin map", type="primary", on_click=begin, args=(found.sweep,))


def draw_progress(found: Looked, job: Job | None, done: int, total: int) -> None:
    """How far a computation is, in words and as a bar."""
    if job is None:
        st.write(text["begin_text"].format(estimate=designer.estimate(found.sweep)))
    elif job.state == "waiting":
        st.progress(done / total, text["waiting"].format(before=job.before) if job.before else text["waiting_none"])
    elif job.state == "running":
        time_left = computing.left(job, done, total)
        said = text["running"] if time_left is None else text["running_left"]
        said = said.format(done=done, total=total, left=duration(time_left or 0))
        st.progress(done / total, said if done else text["starting"])
    elif job.state == "failed":
        st.error(text["failed"].format(why=job.why or "–"))
    else:
        st.progress(done / total, text["stopped"].format(done=done, total=total))


def draw_map(found: Looked) -> None:
    """The map as far as it is, what can be read off it, and its runs."""
    job = None if found.shipped else jobs().find(computing.name_of(found.sweep))
    results = mapped.results(found)
    if LIVE in st.session_state and not (job and job.is_alive):
        del st.session_state[LIVE]
        st.rerun()  # it has ended: the page need not look again
    draw_state(found, job, results)
    if results is None:
        return
    ends = cells(results.outcome, results.outcomes)
    with st.container(key="map"):
        draw_legend(ends, text["paler"] if found.show == OUTCOME and results.shape[-1] > 1 else "")
        opened = draw_chart(found, results, ends)
    opened = draw_runs(found, ends) or opened
    draw_table(found, results, ends)
    if opened:
        open_in_lab(found.sweep, *opened)


def draw_legend(ends: Cells, note: str) -> None:
    """What the colours and symbols say, and how many cells are so; and a note."""
    words_ = drawn_words()
    items = []
    for state, count in summary(ends).items():
        symbol = f'<i aria-hidden="true" style="background:{colour(state)}">{words_["symbols"][state]}</i>'
        cells_ = f"<small>{text['cells'].format(count=count, of=ends.state.size)}</small>"
        items.append(
            f'<div role="listitem">{symbol}<span>{html.escape(words_.get(state, state))} {cells_}</span></div>'
        )
    legend = f'<div class="map-legend" role="list" aria-label="{text["legend"]}">{"".join(items)}</div>'
    st.html(legend + f'<small class="map-note">{note}</small>')


def draw_chart(found: Looked, results: Results, ends: Cells) -> tuple[tuple[int, int], int] | None:
    """The map; the cell that was clicked, with the seed to open."""
    sweep = found.sweep
    x, y = map(varying.side_of, sweep.axes)
    right, up = (varying.label(sweep, axis) for axis in sweep.axes)
    values, floors = None, None
    if found.show != OUTCOME:
        values, floors = metric(found.show, results.metrics[found.show]), maps.floors_of(sweep, found.show)
    mapped.prepare()
    counts = ", ".join(f"{n} {drawn_words().get(state, state)}" for state, n in summary(ends).items())
    event: Any = st.plotly_chart(
        figure((x, y), (right, up), ends, values, floors),
        height="content",
        key=CHART,
        on_select="rerun",
        selection_mode="points",
        config=CONFIG,
        alt=text["alt"].format(x=right, y=up, summary=counts),
    )
    for point in event.selection.points:
        place = int(point["customdata"][0]), int(point["customdata"][1])
        return place, int(ends.first[place])
    return None


def draw_runs(found: Looked, ends: Cells) -> tuple[tuple[int, int], int] | None:
    """The same without a pointer: a cell and a seed, and what came out there; what is to be opened, when it is."""
    sweep = found.sweep
    st.markdown(f"**{text['open']}**", help=text["open_help"])
    of = computing.name_of(sweep)
    with st.container(horizontal=True, vertical_alignment="bottom", key="runs"):
        place = []
        for axis, side in zip(sweep.axes, map(varying.side_of, sweep.axes), strict=True):
            name, labels = varying.label(sweep, axis), side.labels
            options = range(len(labels))
            middle = len(labels) // 2
            key = f"cell {axis.field} {of}"
            place.append(
                st.selectbox(name, options, middle, format_func=labels.__getitem__, key=key)
                if side.kind == "listed"
                else st.select_slider(name, options, middle, format_func=labels.__getitem__, key=key)
            )
        x, y = place
        seed = st.selectbox(
            text["seed"], range(sweep.seeds), int(ends.first[x, y]), key=f"seed {x} {y} {of} {int(ends.first[x, y])}"
        )
    st.write(text["cell"].format(outcome=told(ends, x, y)))
    pressed = st.button(text["open_button"], icon=":material/open_in_new:", help=text["caveat"])
    return ((x, y), seed) if pressed else None


def draw_table(found: Looked, results: Results, ends: Cells) -> None:
    """Every cell as text, and to take along."""
    with st.expander(text["table"], key="map table", on_change="rerun") as table:
        if table.open:
            rows = mapped.table(found.sweep, results, ends)
            st.caption(text["medians"])
            st.dataframe(rows, hide_index=True)
            st.download_button(text["download"], mapped.csv(rows), f"{computing.name_of(found.sweep)}.csv", "text/csv")


def open_in_lab(sweep: Sweep, index: tuple[int, int], seed: int) -> None:
    """The lab, with the run of a cell."""
    config = sweep.cell(index, seed)
    st.session_state["session"] = Session(link.home(config), config)
    st.switch_page("views/lab.py")


found = looking.looked_at()
looking.look_at(found)
st.html(f"<style>{STYLE}</style>")
with st.sidebar:
    st.markdown(f"**{text['title']}**")
    st.caption(text["about"])
    looking.draw_mine(found)
    st.markdown(f"**{text['design']}**")
    asked = designer.draw(found, session().config)
if asked is not None:
    found = Looked(asked, None, found.show)
    begin(asked)
    looking.look_at(found)
    st.rerun()
if found.problems:
    looking.draw_problems(found)
looking.draw_choice(found)
if found.shipped:
    st.markdown(f"##### {maps.shipped()[found.shipped].sentence}")
    st.caption(maps.shipped()[found.shipped].setting)
else:
    st.markdown(f"##### {maps.title(found.sweep)}")
    st.caption(about(found.sweep))
looking.draw_show(found)
job = None if found.shipped else jobs().find(computing.name_of(found.sweep))
if job is not None and job.is_alive:
    st.session_state[LIVE] = True
    st.fragment(draw_map, run_every=LOOK)(found)
else:
    st.session_state.pop(LIVE, None)
    draw_map(found)
