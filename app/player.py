"""The browser player as a Streamlit component."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from app.runner import Shown
from gan1d import player

KEY = "player"
_mount = st.components.v2.component("gan1d_player", html=player.html(), css=player.css(), js=player.js())


def show(
    shown: Shown,
    action: dict[str, str] | None,
    on_action: Callable[[], None],
    host: Mapping[str, Any] | None = None,
    key: str = KEY,
) -> Any:
    """Mounts the player, or gives the mounted one another run: it keeps its position, speed and play state.

    action: {"id", "label"} of a button under the picture; `on_action` is called when it is pressed. host: what else of `meta` is the
    page's and not the run's: view, link, going, editing, hide, highlight. key: another makes another player, which begins anew.
    """
    meta = shown.meta | {"action": action} | dict(host or {})
    return _mount(key=key, data={"meta": meta, **shown.tables}, on_action_change=on_action)
