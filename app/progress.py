"""The bar that a long training shows, and the button that gives it up."""

from __future__ import annotations

import time
from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

PATIENCE = 0.4
"""Seconds of training before its progress is worth showing; what must be compiled first is announced at once."""


def progress_at(
    place: DeltaGenerator,
    at_once: bool,
    words: Callable[[int, int], str],
    cancel: str,
    give_up: Callable[[], None],
    key: str | None = None,
) -> Callable[[int, int], None]:
    """What to call with (iterations done, iterations in all): after `PATIENCE`, or at once, it shows them at the place.

    words: what is said of them. cancel: the button's label; give_up is called when it is pressed.
    """
    shows_from = time.monotonic() + (0 if at_once else PATIENCE)
    bars: list[DeltaGenerator] = []

    def progress(done: int, total: int) -> None:
        if time.monotonic() < shows_from:
            return
        if not bars:
            with place.container(border=True):
                bars.append(st.progress(0.0))
                st.button(cancel, on_click=give_up, key=key)
        bars[0].progress(done / total, words(done, total))

    return progress


def said(text: dict[str, str], done: int, total: int, **names: str) -> str:
    """The usual words: `training` with its numbers, or `starting` before the first iteration."""
    return (text["training"] if done else text["starting"]).format(done=done, total=total, **names)
