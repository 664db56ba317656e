"""The smallest Streamlit app with the player in it: a slider that changes the run."""

import time

import streamlit as st

from gan1d import player
from tests.browser.harness import runs

show = st.components.v2.component(
    "gan1d_player", html=player.html(), css=player.css(), js=player.js(), isolate_styles=True
)

st.set_page_config(layout="wide")
st.html(f"<style>{player.page_css()}</style>")
start = st.slider("start", -6, 0, -4)
if st.checkbox("slow"):
    time.sleep(2.5)
if not st.checkbox("gone"):
    meta, arrays = runs.run(f"start {start}", start=float(start), duration=20)
    show(key="player", data={"meta": meta, **arrays})
