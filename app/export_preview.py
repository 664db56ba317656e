"""A preview of an export: one state, painted small by what paints the export itself, and kept."""

from __future__ import annotations

import dataclasses
import importlib
import sys
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import streamlit as st

from gan1d.render.options import FORMATS, Options
from gan1d.render.scene import Scene, scene
from gan1d.trajectory import Trajectory

LARGEST, LEAST = 640, 288
"""Pixels of a preview's longer side, twice what the panel shows; but its shorter side has at least so many where the export has: below, the
letters would not be as large beside the curves."""
KEPT, SCENES = 64, 3
"""Previews in memory, about 40 kB each; scenes, about 3 MB each."""


class Preview(NamedTuple):
    """A picture as PNG, the iterations that it shows, and what is happening at the last of them."""

    png: bytes
    iterations: tuple[int, ...]
    caption: str


class Previews:
    """One for the whole server. One picture at a time is painted: quick, and the painter's fonts are shared."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[tuple[str, ...], Options], Preview] = OrderedDict()
        self._scenes: OrderedDict[tuple[str, ...], Scene] = OrderedDict()
        self._lock = threading.Lock()

    def get(
        self, about: tuple[str, ...], runs: Sequence[Trajectory], labels: Sequence[str], wanted: Options
    ) -> Preview:
        """What an export of these runs looks like; `about` names them.

        Raises:
          ConfigError: an iteration that the runs do not have.
          OSError: no room for it.
        """
        options = small(wanted)
        with self._lock:
            key = about, options
            if key not in self._kept:
                self._kept[key] = self._paint(about, runs, labels, options)
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return self._kept[key]

    def _paint(
        self, about: tuple[str, ...], runs: Sequence[Trajectory], labels: Sequence[str], options: Options
    ) -> Preview:
        if (
            "IPython" in sys.modules
        ):  # matplotlib looks into it: where another thread is just importing it, this waits for the end
            importlib.import_module("IPython")
        from gan1d.render.stills import write_still  # imports matplotlib

        if about not in self._scenes:
            self._scenes[about] = scene(runs, labels or None)
            while len(self._scenes) > SCENES:
                self._scenes.popitem(last=False)
        self._scenes.move_to_end(about)
        found = self._scenes[about]
        with tempfile.TemporaryDirectory(prefix="gan1d-preview-") as folder:
            path = Path(folder) / "preview.png"
            write_still(found, options, path, "png")
            ticks = found.still(options)
            state = int(found.states[0, ticks[-1]])
            caption = next(str(words) for first, words in reversed(found.metas[0]["captions"]) if first <= state)
            return Preview(path.read_bytes(), tuple(int(found.iteration[tick]) for tick in ticks), caption)


def small(options: Options) -> Options:
    """The same picture with fewer pixels; what a picture has no use for is as it is anyway."""
    longer, shorter = max(options.width, options.height), min(options.width, options.height)
    scale = min(1.0, max(LARGEST / longer, LEAST / shorter))
    fields = {name: getattr(options, name) for name in FORMATS["png"].options if name != "dpi"}
    fields |= {"width": round(options.width * scale), "height": round(options.height * scale)}
    return dataclasses.replace(Options(), **fields)


@st.cache_resource(show_spinner=False)
def previews() -> Previews:
    """The server's previews."""
    return Previews()
