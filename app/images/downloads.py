"""What can be taken along of a run: its samples, the transition as a moving picture, its weights, its numbers and settings."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import streamlit as st

from app.images import choosing
from app.images.choosing import Looked
from app.images.runs import Run
from app.images.trained import saved, trained
from app.words import words
from gan1d.image.recorder import CONFIG
from gan1d.render.transition import write_transition

text = words("images")["take"]
MIME = {"gif": "image/gif", "mp4": "video/mp4", "png": "image/png", "csv": "text/csv", "json": "application/json"}


def draw(looked: Looked) -> None:
    """Buttons for each run that is looked at; what takes a while is made when its button is pressed."""
    found = [(name, run) for name in looked.names if isinstance(run := choosing.run_of(name), Run)]
    if not found:
        return
    with st.expander(text["title"], key="image downloads", icon=":material/download:"):
        for name, run in found:
            if len(found) > 1:
                st.markdown(f"**{choosing.title(name)}**")
            with st.container(horizontal=True):
                _buttons(name, run)


def _buttons(name: str, run: Run) -> None:
    def offer(kind: str, ending: str, make: Callable[[], bytes], mime: str = "application/octet-stream") -> None:
        file = f"{name}{'-' + kind if kind in ('weights', 'curves') else ''}.{ending}"
        st.download_button(text[kind], make, file, MIME.get(ending, mime), key=f"take {kind} {name}", on_click="ignore")

    if run.samples:
        newest = max(run.samples)
        offer("samples", "png", run.samples[newest].read_bytes)
        offer("gif", "gif", lambda: transition(run, "gif"))
        offer("mp4", "mp4", lambda: transition(run, "mp4"))
    if saved(run.folder):
        offer("weights", "npz", lambda: weights(name))
    if len(run.curves["step"]):
        offer("curves", "csv", lambda: curves(run).encode())
    offer("settings", "json", (run.folder / CONFIG).read_bytes)


def transition(run: Run, kind: str) -> bytes:
    """The samples over the training, as a file."""
    with tempfile.TemporaryDirectory(prefix="gan1d-") as folder:
        path = Path(folder) / f"transition.{kind}"
        write_transition(list(run.samples.values()), path, kind)
        return path.read_bytes()


def weights(name: str) -> bytes:
    """The generator's weights as a file of NumPy arrays."""
    out = io.BytesIO()
    np.savez_compressed(out, **trained(name).weights)  # type: ignore[arg-type]
    return out.getvalue()


def curves(run: Run) -> str:
    """The records as CSV, with a line of names; empty where a record has none."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(run.curves)
    for row in zip(*run.curves.values(), strict=True):
        writer.writerow(["" if np.isnan(v) else f"{v:.9g}" for v in row])
    return out.getvalue()
