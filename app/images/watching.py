"""What is seen of a run, or of two side by side: samples over the training, what they mean in words, and the curves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import streamlit as st

from app import mapped
from app.images import charts, gallery
from app.images.gallery import Pane
from app.images.meaning import Note, notes
from app.images.runs import Run
from app.words import words

CONFIG: dict[str, Any] = {"displayModeBar": False}
GALLERY = "gallery"
ICONS = {
    "good": ":green[:material/check_circle:]",
    "look": ":blue[:material/visibility:]",
    "bad": ":red[:material/warning:]",
}
text = words("images")


def draw_run(found: Sequence[tuple[str, Run]], key: str) -> None:
    """One run, or two on one timeline and the same axes."""
    several = len(found) > 1
    with st.container(key="watched"):
        pictures, said = st.container(), st.container()
        with pictures:
            at = draw_pictures(found, key)
        with said:
            for column, (title, run) in zip(st.columns(len(found)), found, strict=True):
                with column:
                    draw_notes(run, title if several else "")
    draw_charts(found, at)


def draw_pictures(found: Sequence[tuple[str, Run]], key: str) -> int | None:
    """The same latents, drawn by the generator as it was at each step; the step that is looked at, None for the newest."""
    panes = [
        Pane(
            title if len(found) > 1 else "",
            text["samples_alt"].format(title=title, size=run.config.size, step="{step}"),
            dict(run.samples),
        )
        for title, run in found
        if run.samples
    ]
    if not panes:
        gallery.hold(GALLERY)
        st.info(text["no_samples"])
        return None
    last = max(max(run.config.steps, run.step) for _, run in found)
    return gallery.show(panes, key, GALLERY, last)


def sentence(note: Note) -> str:
    """A note in words."""
    values = {name: _number(value) for name, value in note.values.items()}
    return str(text["notes"][note.kind]).format(**values)


def _number(value: Any) -> str:
    if not isinstance(value, float):
        return f"{value:,}".replace(",", " ") if isinstance(value, int) else str(value)
    if not math.isfinite(value):
        return "∞"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.2g}"


def draw_notes(run: Run, title: str) -> None:
    """What the numbers mean, the gravest first; what of the folder could not be read."""
    if title:
        st.markdown(f"**{title}**")
    lines = [f"{ICONS[note.level]} {sentence(note)}" for note in notes(run)]
    st.markdown("\n\n".join(lines or [text["no_notes"]]))
    if run.damaged:
        st.warning(text["damaged"].format(files=", ".join(run.damaged[:3]), count=len(run.damaged)))


def draw_charts(found: Sequence[tuple[str, Run]], at: int | None) -> None:
    """The curves, two in a row; a line in them stands at the step that is looked at."""
    mapped.prepare()
    several = len(found) > 1
    slopes, modes = ("slopes", "", charts.slopes(found, at)), ("modes", "", charts.modes(found, at))
    figures: list[tuple[str, str, dict[str, Any] | None]] = [("losses", "", charts.losses(found, at))]
    figures += [slopes] if several else []  # then what both say stands side by side
    for title, run in found:
        kind = "scores" if run.is_score else "probabilities"
        figures.append((kind, title if several else "", charts.scores(run, at)))
    figures += [modes] if several else [slopes, modes]
    shown = [(kind, title, figure) for kind, title, figure in figures if figure is not None and figure["data"]]
    with st.container(key="curves"):
        columns = st.columns(2)
        for k, (kind, title, figure) in enumerate(shown):
            with columns[k % 2]:
                draw_chart(kind, title, figure)
        with columns[len(shown) % 2]:
            draw_metric(found, at)


def draw_chart(kind: str, title: str, figure: dict[str, Any] | None) -> None:
    """A figure under its name, with what it means."""
    said = text["charts"][kind]
    st.markdown(f"**{said['title']}**" + (f" · {title}" if title else ""), help=said["help"])
    if figure is not None:
        alt = said["alt"].format(title=title)
        st.plotly_chart(figure, height="content", key=f"chart {kind} {title}", config=CONFIG, alt=alt)


def draw_metric(found: Sequence[tuple[str, Run]], at: int | None) -> None:
    """One metric at a time, with its noise floor."""
    names = charts.metric_names(found)
    if not names:
        return
    known = text["metrics"]
    st.markdown(f"**{text['charts']['metric']['title']}**", help=text["charts"]["metric"]["help"])
    name = st.selectbox(
        text["charts"]["metric"]["title"],
        names,
        format_func=lambda n: known.get(n, {"title": n})["title"],
        key="image metric",
        label_visibility="collapsed",
    )
    if (figure := charts.metric(found, name or names[0], at)) is not None:
        alt = text["charts"]["metric"]["alt"].format(title=known.get(name, {"title": name})["title"])
        st.plotly_chart(figure, height="content", key="chart metric", config=CONFIG, alt=alt)
        st.caption(known.get(name, {"help": ""})["help"])
