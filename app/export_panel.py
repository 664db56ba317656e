"""The panel by which a run, or a comparison, leaves the app: a format, its options, a preview, progress, the file.

It is a fragment: while it is used, the page is left alone and the player plays on. What makes the files runs in `app.exporting`.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from app.export_choice import STATE, WORDS, Choice, bytes_said, flags, said
from app.export_controls import Controls, Subject, draw_format
from app.export_preview import previews
from app.exporting import Export, Order, exports
from app.runner import Shown
from app.words import words
from gan1d.config import ConfigError
from gan1d.render.naming import file_name
from gan1d.render.options import FORMATS, MAP, Options
from gan1d.trajectory import Trajectory

PANEL, LOOKING = "export", "export looks"
"""Keys: of the expander and the fragment that it lies in; of whether it looks again by itself."""
LOOK = 0.4
"""Seconds between two looks at how far an export is."""
OTHERS = 4
"""Other exports of the same runs that are offered."""
LARGE = 32 * 1024**2
"""Bytes beyond which a file is read only when it is downloaded. One that is read has an address that stays, however often this is drawn."""
ZIP = "application/zip"
text = words("export")


def draw(shown: Sequence[Shown], labels: Sequence[str] = ()) -> None:
    """The panel of these runs, closed until it is asked for. labels: what each of several runs has of its own."""
    layers: dict[str, tuple[str, bool]] = {}
    for one in shown:
        told: Any = one.meta["layers"]
        layers |= {layer["id"]: (layer["label"], layer["on"]) for layer in told["all"] if layer["id"] not in layers}
        layers[MAP] = (told["words"]["map"], False)
    about = (*(str(one.meta["run"]) for one in shown), *labels)
    _panel(Subject(tuple(one.run for one in shown), tuple(labels), about, layers))


@st.fragment(key=PANEL)
def _panel(subject: Subject) -> None:
    with st.expander(text["title"], key=PANEL, icon=":material/download:", on_change="rerun") as panel:
        if panel.open:
            choice: Choice = st.session_state.setdefault(STATE, Choice()).of(subject.about)
            draw_format(choice, subject)
            options, wrong = choice.options()
            Controls(choice, subject, wrong).draw()
            if wrong is None and FORMATS[choice.kind].kind in ("movie", "still"):
                _draw_preview(subject, options)
            _draw_exports(choice, subject, options if wrong is None else None)


def _draw_preview(subject: Subject, options: Options) -> None:
    try:
        seen = previews().get(subject.about, subject.runs, subject.labels, options)
    except (ConfigError, OSError) as e:
        st.caption(text["preview_failed"].format(why=e))
        return
    except Exception:  # of a file made to harm: numbers that no run has may bring about anything
        logging.getLogger(__name__).exception("preview")
        st.caption(text["preview_failed"].format(why=text["preview_broken"]))
        return
    alt = text["preview_alt"].format(caption=seen.caption)
    first, last = (f"{iteration:,}" for iteration in (seen.iterations[0], seen.iterations[-1]))
    said_ = text["preview_strip" if len(seen.iterations) > 1 else "preview"].format(first=first, iteration=last)
    st.image(seen.png, said_, width="stretch", alt=alt)


def _draw_exports(choice: Choice, subject: Subject, options: Options | None) -> None:
    """The export of these options, and others that were made of the same runs; they are looked at again while one is on its way."""
    order = None
    if options is not None:
        name = _name(subject.about, choice.kind, subject.runs)
        typed = any(getattr(options, word) for word in WORDS)
        order = Order(subject.runs, name, flags(options, choice.kind), subject.about, said(options, choice.kind), typed)
        labels = tuple(f"--label={label}" for label in subject.labels)
        order = order._replace(flags=(*order.flags, *labels))
    if choice.pressed and order is not None:
        choice.asked.add(exports().start(order, _who()).order.key)
    choice.pressed = False
    mine = exports().find(order.key) if order is not None else None
    others = [
        export
        for export in exports().all(subject.about)
        if export is not mine
        and export.state != "failed"
        and (not export.order.typed or export.order.key in choice.asked)
    ][:OTHERS]
    if order is not None and (mine is None or mine.state == "failed"):
        _draw_start(choice, mine)
    keys = mine.order.key if mine and mine.state != "failed" else "", [export.order.key for export in others]
    if any(export.is_alive for export in [mine, *others] if export):
        st.session_state[LOOKING] = True
        st.fragment(_draw_listed, run_every=LOOK)(*keys)
    else:
        st.session_state.pop(LOOKING, None)
        _draw_listed(*keys)


@st.cache_data(show_spinner=False, max_entries=256)
def _name(about: tuple[str, ...], kind: str, _runs: tuple[Trajectory, ...]) -> str:
    """Kept by what the runs are known by: to find the scenario that is nearest takes a while."""
    return file_name(_runs, kind)


def _draw_start(choice: Choice, failed: Export | None) -> None:
    """The button, and why the last try failed. What is chosen is read when the page has taken down all of it, not when it is pressed."""
    if failed is not None:
        st.error(text["failed"].format(why=failed.why))
    st.button(
        text["again"] if failed else text["start"],
        key="start export",
        type="primary",
        width="stretch",
        on_click=lambda: setattr(choice, "pressed", True),
    )


def _draw_listed(key: str, others: list[str]) -> None:
    """How they stand, that of the controls first. Once none is on its way any more the page is run again, and this looks no more."""
    who = _who()
    mine = exports().find(key, who)
    rest = [export for other in others if (export := exports().find(other, who))]
    if mine is not None:
        _draw_one(mine, is_mine=True)
    if rest:
        st.caption(text["others"])
        for export in rest:
            _draw_one(export)
    ended = not any(export.is_alive for export in [mine, *rest] if export)
    if ended and st.session_state.get(LOOKING):
        del st.session_state[LOOKING]
        st.rerun()


def _draw_one(export: Export, is_mine: bool = False) -> None:
    """One export. is_mine: the one that the controls stand for."""
    name = export.order.said
    if export.is_alive:
        label = _progress(export) if is_mine else text["progress_of"].format(name=name, said=_progress(export))
        st.progress(export.done / export.total if export.total else 0.0, label)
        st.button(
            text["cancel"] if is_mine else text["cancel_of"].format(name=name),
            key=f"cancel {export.order.key}",
            on_click=_cancel,
            args=(export.order.key,),
        )
    elif export.state == "done" and export.path is not None:
        kind, size = export.path.suffix.removeprefix("."), bytes_said(export.size)
        try:
            content = export.content if export.size > LARGE else export.content()
        except OSError:  # just now it went to make room
            return
        st.download_button(
            text["download"].format(size=size) if is_mine else text["download_of"].format(said=name, size=size),
            content,
            export.path.name,
            FORMATS[kind].mime if kind in FORMATS else ZIP,
            key=f"download {export.order.key}",
            on_click="ignore",
            type="primary" if is_mine else "secondary",
            icon=":material/download:",
            width="stretch",
        )
        if is_mine and kind in FORMATS:
            st.caption(text["carries"])
    elif export.state == "failed" and is_mine:
        st.error(text["failed"].format(why=export.why))


def _cancel(key: str) -> None:
    exports().cancel(key, _who())
    st.rerun(PANEL)


def _progress(export: Export) -> str:
    """How far it is, in words."""
    if export.state == "waiting":
        count = exports().before(export)
        return str(text["before"].get(str(count), text["before"]["other"]).format(count=count))
    if not export.total:
        return str(text["starting"])
    return str(text["progress"].format(percent=round(100 * export.done / export.total)))


def _who() -> str:
    context = get_script_run_ctx()
    return context.session_id if context else ""
