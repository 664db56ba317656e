"""Runs for the pages: kept while they are likely to be asked for again, trained one at a time, JAX warmed behind the first picture."""

from __future__ import annotations

import gc
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import streamlit as st

import gan1d
from gan1d.catalogue import DISCRIMINATORS, HERE, scenarios
from gan1d.config import Config, Structure, structure
from gan1d.render.frames import frames
from gan1d.trajectory import Trajectory

KEPT = 24
"""Runs in memory; one is about 3 MB."""
LOOK_UP = 0.2
"""Seconds between two looks at whether someone who waits has given up."""
HEAD_START = 1.5
"""Seconds after the first page before JAX is imported: the browser draws its first picture meanwhile."""


Progress = Callable[[int, int], None]
"""(iterations done, iterations in all) -> None; what it raises ends the wait."""


class Shown(NamedTuple):
    """A run and what the player needs of it, in the form that Streamlit sends without a detour through pandas."""

    run: Trajectory
    meta: dict[str, object]
    tables: dict[str, pa.Table]


class Runner:
    """One for the whole server; every session asks it."""

    def __init__(self, shipped: dict[Config, Path]):
        self._shipped = shipped
        self._kept: OrderedDict[Config, Shown] = OrderedDict()
        self._shelf = threading.Lock()
        self._turn = threading.Lock()
        self._warming: dict[Structure, threading.Event] = {}
        self._compiled: set[Structure] = set()
        self._started = threading.Lock()

    def get(self, config: Config, progress: Progress | None = None) -> Shown:
        """The run of a config: kept, shipped or trained. `progress` may raise to give up; then nothing is kept."""
        if (shown := self._find(config)) is not None:
            return shown
        if config in self._shipped:
            return self._keep(gan1d.load(self._shipped[config]))
        patience = partial(progress, 0, config.training.iterations) if progress else lambda: None
        if (warming := self._warming.get(structure(config))) is not None:
            while not warming.wait(LOOK_UP):
                patience()
        while not self._turn.acquire(timeout=LOOK_UP):
            patience()
        try:  # another session may have asked for the same meanwhile
            if (shown := self._find(config)) is None:
                shown = self._keep(gan1d.train(config, progress=progress))
                self._compiled.add(structure(config))
            return shown
        finally:
            self._turn.release()

    def must_compile(self, config: Config) -> bool:
        """Whether `get` will take seconds before the first iteration."""
        known = config in self._kept or config in self._shipped or structure(config) in self._compiled
        return not known

    def _find(self, config: Config) -> Shown | None:
        with self._shelf:
            if config in self._kept:
                self._kept.move_to_end(config)
            return self._kept.get(config)

    def _keep(self, run: Trajectory) -> Shown:
        meta, arrays = frames(run)
        shown = Shown(run, meta, {name: pa.table({name: values}) for name, values in arrays.items()})
        with self._shelf:
            self._kept[run.config] = shown
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return shown

    def warm(self) -> None:
        """Imports JAX and compiles what the first controls need, once, in the background."""
        if not self._started.acquire(blocking=False):
            return
        first = next(iter(scenarios.values()))
        likely = [first.config, first.config.replace(**DISCRIMINATORS["l2-dropout"])]
        self._warming = {structure(config): threading.Event() for config in likely}
        threading.Thread(
            target=self._warm, args=(likely,), name="warm"
        ).start()  # no daemon: the compiler must not be cut off

    def _warm(self, likely: list[Config]) -> None:
        time.sleep(HEAD_START)
        try:
            for config in likely:
                gan1d.train(config.replace(**{"training.iterations": 1}))
                self._compiled.add(structure(config))
                self._warming[structure(config)].set()
        finally:  # whatever happened, nobody waits for it
            for event in self._warming.values():
                event.set()
        # Streamlit collects garbage after every script run; among all that JAX has loaded this takes a tenth of a second, with the
        # new picture waiting behind it. What is loaded by now stays loaded: the collector need not look at it again.
        gc.collect()
        gc.freeze()


@st.cache_resource(show_spinner=False)
def runner() -> Runner:
    """The server's runner."""
    paths = {s.config: HERE / "assets" / f"{s.name}.npz" for s in scenarios.values()}
    return Runner({config: path for config, path in paths.items() if path.exists()})
