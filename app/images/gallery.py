"""The pictures of a run, or of two side by side, on one timeline: a player in the browser, to which the server gives addresses alone.

Streamlit keeps the pictures beside the page, where the browser fetches each of them once; a live run sends what is new, not all again.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import streamlit as st
from streamlit.errors import NoSessionContext
from streamlit.runtime import exists, get_instance

from app.components import component
from app.images.pictures import as_data_url, file_bytes
from app.words import words
from gan1d.player import HERE as PLAYER

HERE = Path(__file__).parent
MOST = 120
"""Pictures on a timeline: the first, the last, and what lies evenly between."""
SCRIPTS = (
    *(PLAYER / name for name in ("dom.js", "view.js", "playback.js")),
    *(HERE / name for name in ("media.js", "gallery.js", "gallery-mount.js")),
)


class Pane(NamedTuple):
    """What stands side by side. title: over it; alt: for who cannot see it, with {step}; frames: step -> a picture's file or bytes."""

    title: str
    alt: str
    frames: dict[int, Path | bytes]


_mount = component("gan1d_gallery", '<div class="gallery" data-gallery></div>', HERE / "gallery.css", SCRIPTS)


def thinned(steps: Sequence[int], most: int = MOST) -> list[int]:
    """The first and the last of them, and what lies evenly between: a run on its way keeps those that it had, but for every other one."""
    stride = 1
    while len(steps) / stride > most:
        stride *= 2
    kept = list(steps[::stride])
    return kept if not steps or kept[-1] == steps[-1] else [*kept, steps[-1]]


def hold(key: str, now: dict[str, bytes] | None = None) -> None:
    """Keeps what a player showed before for one more run of the page: the browser may still be fetching it. now: what it shows now."""
    before: dict[str, bytes] = st.session_state.get(f"{key} pictures", {})
    for place, content in before.items():
        address(content, f"before-{place}")
    st.session_state[f"{key} pictures"] = now or {}


def _bytes(picture: Path | bytes) -> bytes:
    return picture if isinstance(picture, bytes) else file_bytes(picture)


def address(content: bytes, place: str) -> str:
    """Where the browser finds a picture, a PNG. place: of the element, and of the picture in it."""
    if not exists():
        return as_data_url(content)
    try:
        return get_instance().media_file_mgr.add(content, "image/png", place)
    except NoSessionContext:
        return as_data_url(content)


def show(
    panes: Sequence[Pane], run: str, key: str, last: int | None = None, words_: str = "gallery", largest: int = 0
) -> int | None:
    """Mounts the player, or gives the mounted one what is new. The step that somebody has gone to; None at the newest.

    run: another name makes it begin anew; last: the step at which the run will end, where it is known; words_: its texts in the
    content; largest: CSS pixels of a picture's width, where not as many as there is room for.
    """
    text = words("images")[words_]
    shown: dict[str, bytes] = {}
    given = []
    for k, pane in enumerate(panes):
        frames = []
        for step in thinned(sorted(pane.frames), MOST // len(panes)):
            content = _bytes(pane.frames[step])
            shown[f"{key}-{k}-{step}"] = content
            frames.append([step, address(content, f"{key}-{k}-{step}")])
        given.append({"title": pane.title, "alt": pane.alt, "frames": frames})
    hold(key, shown)
    found: Any = _mount(
        key=key,
        data={"run": run, "panes": given, "last": last, "text": text, "largest": largest},
        default={"step": None},
        on_step_change=lambda: None,
    )
    return int(found.step) if isinstance(found.step, (int, float)) and np.isfinite(found.step) else None
