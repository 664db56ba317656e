"""The results of a map for the page: read again only when they have changed, and as a table."""

from __future__ import annotations

import csv as csv_
import io
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from app import computing, maps
from app.jobs import jobs
from app.maps import Looked
from app.words import words
from gan1d.axes import Sweep
from gan1d.diagnosis import KINDS
from gan1d.render.maps.cells import METRICS, STATES, Cells, metric
from gan1d.render.maps.cells import text as drawn_words
from gan1d.results import Results, SweepError, read

KEPT = 32
"""Results in memory; those of 24 × 24 cells of 16 seeds are 2 MB."""


def results(looked: Looked) -> Results | None:
    """What there is of a map; None where nothing is."""
    if looked.shipped:
        return _read(str(maps.shipped()[looked.shipped].folder), "")
    folder = jobs().folder(computing.name_of(looked.sweep)) / computing.FOLDER
    try:
        stamps = [(path.name, path.stat().st_mtime_ns) for path in sorted(folder.iterdir()) if path.is_file()]
        return _read(str(folder), repr(stamps)) if stamps else None
    except (SweepError, OSError):  # nothing yet, or not to be read: it is computed anew
        return None


@st.cache_resource(show_spinner=False, max_entries=KEPT)
def _read(folder: str, stamp: str) -> Results:
    return read(Path(folder))


@cache
def prepare() -> None:
    """Streamlit's colours for Plotly. It makes them when it is imported, but the app keeps Plotly away from it then (`gan1d.cli`)."""
    from streamlit.elements.lib.streamlit_plotly_theme import configure_streamlit_plotly_theme

    configure_streamlit_plotly_theme()


def table(sweep: Sweep, found: Results, ends: Cells) -> dict[str, list[Any]]:
    """One row a cell: both settings, how it ended, runs by outcome, medians; None where there is nothing."""
    names = words("map")["columns"]
    places = list(np.ndindex(*sweep.shape))
    said = [drawn_words().get(state, state) for state in STATES]
    columns: dict[str, list[Any]] = {
        axis.field: [axis.values[place[k]] for place in places] for k, axis in enumerate(sweep.axes)
    }
    columns[names["outcome"]] = [said[ends.state[place]] for place in places]
    columns[names["done"]] = [int(ends.done[place]) for place in places]
    columns |= {kind: [int(ends.counts[place][k]) for place in places] for k, kind in enumerate(KINDS)}
    for name in METRICS:
        medians = metric(name, found.metrics[name]).median
        columns[names[name]] = [float(f"{medians[p]:.6g}") if np.isfinite(medians[p]) else None for p in places]
    return columns


def csv(rows: dict[str, list[Any]]) -> str:
    """The table as CSV, with a line of names."""
    out = io.StringIO()
    writer = csv_.writer(out, lineterminator="\n")
    writer.writerow(rows)
    writer.writerows(zip(*rows.values(), strict=True))
    return out.getvalue()
