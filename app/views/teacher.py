"""For teachers: a plan for 45 minutes, and a worksheet to print or to take along."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app.components import component
from app.words import words
from app.worksheet import STYLE, body, document
from gan1d.lessons import lessons
from gan1d.wording import LANGUAGE

APP = Path(__file__).parents[1]
text = words("teacher")
_print_button = component("gan1d_print", '<button type="button"></button>', APP / "button.css", [APP / "print.js"])


def plan() -> str:
    """The plan; each {name} of a lesson is a link to it."""
    links = {name: f"[{lesson.order}. {lesson.title}](./lessons?lesson={name})" for name, lesson in lessons().items()}
    return (APP / "content" / f"teacher.{LANGUAGE}.md").read_text("utf-8").format(**links)


style = "".join((APP / name).read_text("utf-8") for name in ("page.css", "lessons.css", "teacher.css"))
st.html(f"<style>{style}{STYLE.read_text('utf-8')}</style>")
with st.container(key="plan"):
    st.markdown(plan())
with st.container(key="print_tools"):
    st.header(text["worksheet"])
    st.write(text["about"])
    with_key = st.checkbox(text["with_key"], value=True)
    with st.container(horizontal=True):
        _print_button(key="print", data={"label": text["print"]})
        st.download_button(
            text["download"],
            document(with_key),
            words("worksheet")["file"],
            "text/html",
            icon=":material/download:",
            on_click="ignore",
        )
    st.caption(text["print_help"])
with st.container(key="worksheet"):
    st.html(body(with_key))
