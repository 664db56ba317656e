"""Parts of a page that run in the browser: HTML, a style sheet and scripts, out of files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st


def component(name: str, html: str, style: Path, scripts: Sequence[Path]) -> Callable[..., Any]:
    """What mounts such a part. scripts: files that follow one another as if they were one."""
    script = "\n".join(path.read_text("utf-8") for path in scripts)
    return st.components.v2.component(name, html=html, css=style.read_text("utf-8"), js=script)
