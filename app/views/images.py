"""Images: DCGAN and WGAN-GP trained in jobs of their own, watched as they train, and played with when they have."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app.images import choosing, downloads, gallery, playground, settings, state, training
from app.images.choosing import Looked
from app.images.runs import Run
from app.images.watching import GALLERY, draw_run
from app.words import words
from gan1d.lessons import lessons

LIVE = "images live"
"""Key: how the runs stood when the page began to look again by itself."""
LOOK = 2.0
"""Seconds between two looks at how far a run is."""
APP = Path(__file__).parents[1]
STYLE = (APP / "page.css").read_text("utf-8") + (APP / "images" / "page.css").read_text("utf-8")
text = words("images")


def states(looked: Looked) -> list[str]:
    """How those of what is looked at that were trained here stand."""
    found = [training.find(name) for name in looked.names if name not in choosing.shipped()]
    return [mine.state for mine in found if mine is not None]


def are_alive(found: list[str]) -> bool:
    """Whether any of them trains or waits."""
    return "running" in found or "waiting" in found


def draw_live(looked: Looked) -> None:
    """All that changes while a run trains."""
    if LIVE in st.session_state and states(looked) != st.session_state[LIVE]:
        del st.session_state[LIVE]
        st.rerun()  # one has begun or ended: what is said of it elsewhere changes too, and the page may need to look no more
    found: list[tuple[str, Run]] = []
    for name in looked.names:
        run = choosing.run_of(name)
        title = choosing.title(name)
        if name not in choosing.shipped() and (mine := training.find(name)) is not None:
            state.draw(mine, run, title if looked.beside else None)
            if isinstance(run, str) and mine.state in ("waiting", "running"):
                continue  # it has written nothing yet
        if isinstance(run, str):
            st.error(f"{title}: {run}")
        else:
            found.append((title, run))
    if found:
        draw_run(found, "+".join(looked.names))
    else:
        gallery.hold(GALLERY)


looked = choosing.looked_at()
st.html(f"<style>{STYLE}</style>")
with st.sidebar:
    st.markdown(f"**{text['title']}**")
    st.caption(text["about"])
    settings.draw(state.begin)
if looked.problem:
    st.warning(looked.problem)
if error := st.session_state.pop(state.ERROR, None):
    st.error(error)
choosing.draw(looked)
if len(looked.names) == 1 and looked.run in choosing.shipped():
    st.caption(text["shipped_text"])
for lesson in lessons().values():
    if lesson.images and set(lesson.images) == set(looked.names):
        st.markdown(
            text["lesson"].format(number=lesson.order, title=lesson.title, address=f"./lessons?lesson={lesson.name}")
        )
if are_alive(now := states(looked)):
    st.session_state[LIVE] = now
    st.fragment(draw_live, run_every=LOOK)(looked)
else:
    st.session_state.pop(LIVE, None)
    st.fragment(draw_live)(looked)
playground.draw(looked)
downloads.draw(looked)
