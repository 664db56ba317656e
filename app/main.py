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
st.navigation([st.Page("pages/lab.py", title=words("lab")["title"], default=True)]).run()
