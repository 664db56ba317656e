"""The figures of the lessons on a page of the app."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import streamlit as st

from app.images.pictures import as_data_url, file_bytes
from gan1d.render.lesson_figures import figure, styles

APP = Path(__file__).parent
_mount = st.components.v2.component(
    "gan1d_figure",
    html="<div data-figure></div>",
    css=styles() + (APP / "figure.css").read_text("utf-8"),
    js=(APP / "figure.js").read_text("utf-8"),
)


@cache
def _html(name: str) -> str:
    return figure(name, lambda path: as_data_url(file_bytes(path)))


def draw(name: str) -> None:
    """One of `gan1d.lessons.figure_texts`."""
    _mount(key=f"figure {name}", data={"html": _html(name)})
