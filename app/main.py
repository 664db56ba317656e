"""Entry point: `gan1d app` runs this file."""

import sys
from pathlib import Path

import streamlit as st

sys.path.insert(0, str(Path(__file__).parents[1]))  # streamlit puts only this file's folder there

from app.words import words

SIDEBAR = 350
"""Pixels: the scenarios' titles are read whole."""

st.set_page_config(
    page_title=words("lab")["page_title"],
    page_icon=str(Path(__file__).parent / "icon.png"),
    layout="wide",
    initial_sidebar_state=SIDEBAR,
)
PAGES = [
    st.Page("views/lab.py", title=words("lab")["title"], default=True),
    st.Page("views/compare.py", title=words("compare")["title"], url_path="compare"),
    st.Page("views/map.py", title=words("map")["title"], url_path="map"),
    st.Page("views/images.py", title=words("images")["title"], url_path="images"),
    st.Page("views/lessons.py", title=words("lessons")["title"], url_path="lessons"),
    st.Page("views/teacher.py", title=words("teacher")["title"], url_path="teacher"),
]
st.navigation(PAGES).run()
