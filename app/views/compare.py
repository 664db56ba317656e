"""Comparing: two to four runs in lock-step, and what differs between them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import streamlit as st

from app import compare, controls, export_panel
from app.compare import Comparison
from app.progress import progress_at, said
from app.runner import Axis, Shown, runner
from app.state import Session, session
from app.words import words
from gan1d.catalogue import scenarios
from gan1d.config import Config
from gan1d.player import page_css
from gan1d.render.compare import NAMES

STATE = "compared"
MORE = "more of compare"
"""Key of the expander that holds the controls beyond the few."""
RUN = "run"
"""The link's name of a run's settings."""
STYLE = page_css(compare.KEY) + (Path(__file__).parents[1] / "page.css").read_text("utf-8")
FRONT = ("training.loss", compare.KIND, "training.lr_g", "training.lr_d", "training.seed")
"""Controls up front: what one compares most."""
text = words("compare")


def compared() -> Comparison:
    """This tab's comparison: what the link holds where it is new, else what was here, else the lab's run and a variation."""
    link = st.query_params.get_all(RUN)
    found: Comparison | None = st.session_state.get(STATE)
    if found is None or (link and link != found.written):
        configs, wrong = compare.from_link(link)
        if wrong:
            st.warning(text["damaged"].format(problems=" ".join(wrong)))
        if configs or found is None:
            found = Comparison([compare.slot(c) for c in compare.beside(configs or [session().config])])
            st.session_state[STATE] = found
    return found


def write_link(found: Comparison) -> None:
    """The address holds the runs: a reload, or somebody else, finds them again."""
    link = compare.to_link(found.configs)
    if st.query_params.get_all(RUN) != link:
        st.query_params[RUN] = link
    found.written = link


def obtain(found: Comparison) -> list[Shown]:
    """The runs, all on one x axis; a long training shows its progress and can be given up."""
    place = st.container(key="status").empty()

    def give_up() -> None:
        for slot in found.slots:
            slot.give_up()

    def one(name: str, config: Config, axis: Axis | None = None) -> Shown:
        words_ = partial(said, text, name=name)
        key = f"cancel {name} {axis}"
        progress = progress_at(place, runner().must_compile(config), words_, text["cancel"], give_up, key)
        return runner().get(config, progress, axis)

    runs = [one(name, config) for name, config in zip(NAMES, found.configs, strict=False)]
    ends = [_ends(shown) for shown in runs]
    axis = (min(low for low, _ in ends), max(high for _, high in ends))
    if set(ends) != {axis}:
        runs = [
            shown if end == axis else one(name, config, axis)
            for name, config, shown, end in zip(NAMES, found.configs, runs, ends, strict=False)
        ]
    place.empty()
    return runs


def _ends(shown: Shown) -> Axis:
    """Ends of a run's x axis: the outer edges of its cells, without the last bits that rounding leaves."""
    x = shown.run.x
    half = float(x[1] - x[0]) / 2
    return round(float(x[0]) - half, 9), round(float(x[-1]) + half, 9)


def draw_sidebar(found: Comparison, shown: list[Shown]) -> None:
    """Which runs, and the settings of the one that is picked; the way out of the app."""
    st.caption(text["about"])
    st.markdown(f"**{text['vary']}**")
    with st.container(horizontal=True, gap="small"):
        for how, said in text["varied"].items():
            st.button(said["label"], help=said["help"], key=f"vary {how}", on_click=found.vary, args=(how,))
    pick(found)
    state = found.state
    draw_scenario(found, state)
    data_front, data_more = controls.data_controls(state.config)
    every = controls.shown_controls(state.config)
    front = [control for name in FRONT for control in every if control.name == name]
    for control in (*data_front, *front):
        draw(found, control, state)
    with st.expander(text["more"], key=MORE, on_change="rerun") as more:
        for group, members in {"data": data_more, **controls.MORE}.items() if more.open else ():
            st.markdown(f"**{text['groups'][group]}**")
            for control in members:
                if control.name not in FRONT:
                    draw(found, control, state)
    names = compare.differing(found.configs)
    export_panel.draw(shown, [compare.label(config, names) for config in found.configs])
    if found.picked is not None:
        name = NAMES[found.picked]
        if st.button(text["in_lab"].format(name=name), width="stretch", icon=":material/open_in_new:"):
            open_in_lab(state)


def pick(found: Comparison) -> None:
    """Which run the controls change; another one, or one less."""
    options: list[int | None] = [*range(len(found.slots)), None]
    st.session_state["picked"] = found.picked

    def take() -> None:
        found.picked = st.session_state["picked"]

    st.segmented_control(
        text["run"],
        options,
        required=True,
        format_func=lambda i: text["all"] if i is None else NAMES[i],
        key="picked",
        on_change=take,
    )
    with st.container(horizontal=True, gap="small"):
        full = len(found.slots) >= compare.MOST
        st.button(text["add"], help=text["add_help"], on_click=found.add, disabled=full, icon=":material/add:")
        name = NAMES[found.picked] if found.picked is not None else ""
        st.button(
            text["remove"].format(name=name).strip(),
            on_click=found.remove,
            disabled=found.picked is None or len(found.slots) <= compare.LEAST,
            icon=":material/remove:",
        )


def draw_scenario(found: Comparison, state: Session) -> None:
    """The menu of scenarios; settings that are none of them are called one's own."""
    names: list[str | None] = [*scenarios]
    configs = found.configs if found.picked is None else [state.config]
    of = [name for name in scenarios if all(compare.is_of(scenarios[name], config) for config in configs)]
    if not of:
        names.insert(0, None)
    st.session_state["compared scenario"] = of[0] if of else None

    def take() -> None:
        if (name := st.session_state["compared scenario"]) is not None:
            state.open(name)

    st.selectbox(
        text["scenario"],
        names,
        format_func=lambda name: text["own"] if name is None else scenarios[name].title,
        key="compared scenario",
        on_change=take,
    )


def draw(found: Comparison, control: controls.Control, state: Session) -> None:
    """One of the lab's controls, where it means something for all that it would change."""
    if found.has(control):
        controls.draw(control, state)


def open_in_lab(state: Session) -> None:
    """The lab, with a run's settings."""
    st.session_state["session"] = Session(state.scenario, state.config)
    st.switch_page("views/lab.py")


found = compared()
st.html(f"<style>{STYLE}</style>")
write_link(found)
shown = obtain(found)
for slot in found.slots:
    slot.shown = slot.plan
st.sidebar.markdown(f"**{text['title']}**")
compare.show(shown, found.configs)
differing = compare.differing(found.configs)
if differing:
    with st.expander(text["table"]):
        names = [text["run_name"].format(name=name) for name in NAMES[: len(shown)]]
        table = compare.rows(found.configs, differing)
        st.table(
            {text["setting"]: [row[0] for row in table]} | {n: [r[i + 1] for r in table] for i, n in enumerate(names)}
        )
with st.sidebar:
    draw_sidebar(found, shown)
runner().warm()
