"""Runs for the pages: kept while they are likely to be asked for again, trained one at a time, JAX warmed behind the first picture."""

from __future__ import annotations

import gc
import subprocess
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
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
"""Runs in memory; one is about 4 MB."""
ROOM = 192 * 1024 * 1024
"""Bytes that they may take together: a run of several parts holds its parts' runs too."""
LOOK_UP = 0.2
"""Seconds between two looks at whether someone who waits has given up."""
HEAD_START = 1.5
"""Seconds after the first page before JAX is imported: the browser draws its first picture meanwhile."""
QUIET = 2.0
"""Seconds without a training before something is compiled that nobody has asked for: the compiler takes all cores."""


Progress = Callable[[int, int], None]
"""(iterations done, iterations in all) -> None; what it raises ends the wait."""
Axis = tuple[float, float]
"""Ends of the picture's x axis."""
Stretch = tuple[Config, int, bool]
"""A `gan1d.history.Part`, which is such a tuple and needs JAX to be imported: (config, the iteration at which it ends, G stands still)."""
Key = Config | tuple[Config, Axis] | tuple[Stretch, ...]
"""What a run is kept under."""


class Shown(NamedTuple):
    """A run and what the player needs of it, in the form that Streamlit sends without a detour through pandas."""

    run: Trajectory
    meta: dict[str, object]
    tables: dict[str, pa.Table]


class Runner:
    """One for the whole server; every session asks it."""

    def __init__(self, shipped: dict[Config, Path]):
        self._shipped = shipped
        self._kept: OrderedDict[Key, Shown] = OrderedDict()
        self._shelf = threading.Lock()
        self._turn = threading.Lock()
        self._waiting: list[None] = []
        self._warming: dict[Structure, threading.Event] = {}
        self._compiled: set[Structure] = set()
        self._started = threading.Lock()
        self._compiler: subprocess.Popen[bytes] | None = None
        self._trained_at = 0.0

    def get(self, config: Config, progress: Progress | None = None, axis: Axis | None = None) -> Shown:
        """The run of a config: kept, shipped or trained. `progress` may raise to give up; then nothing is kept.

        axis: ends of the picture's x axis, to have the run on that of another; its own where not given.
        """
        if axis is not None:
            on = partial(_on_axis, config, axis)
            return self._find((config, axis)) or self._train(
                (config, axis), [config], config.training.iterations, on, progress
            )
        if (shown := self._find(config)) is not None:
            return shown
        if config in self._shipped:
            return self._keep(config, gan1d.load(self._shipped[config]))
        return self._train(config, [config], config.training.iterations, partial(gan1d.train, config), progress)

    def play(self, parts: Sequence[Stretch], progress: Progress | None = None) -> Shown:
        """The run that goes on under other settings, as `gan1d.history.play` makes it; a single whole part is the plain run."""
        if (config := plain(parts)) is not None:
            return self.get(config, progress)
        key = tuple((config, until, hold_g) for config, until, hold_g in parts)
        if (shown := self._find(key)) is not None:
            return shown
        return self._train(key, [part[0] for part in key], key[-1][1], partial(_play, key), progress)

    def aside(self, parts: Sequence[Stretch], is_given_up: Callable[[], bool]) -> Trajectory | None:
        """A run that nobody waits for, not kept: whoever waits goes first, and it begins anew after that. None once it is given up."""

        def give_way(*_: int) -> None:
            if self._waiting or is_given_up():
                raise _GiveWayError

        config = plain(parts)
        train = partial(gan1d.train, config) if config else partial(_play, parts)
        while not is_given_up():
            if self._waiting or not self._turn.acquire(timeout=LOOK_UP):
                time.sleep(LOOK_UP / 10)
                continue
            try:
                return train(progress=give_way)
            except _GiveWayError:
                continue
            finally:
                self._turn.release()
        return None

    def must_compile(self, *configs: Config) -> bool:
        """Whether their run will take seconds before the first iteration."""
        return any(
            not (config in self._kept or config in self._shipped or structure(config) in self._compiled)
            for config in configs
        )

    def _train(
        self,
        key: Key,
        configs: Iterable[Config],
        iterations: int,
        train: Callable[..., Trajectory],
        progress: Progress | None,
    ) -> Shown:
        """Trains when it is this one's turn, and keeps."""
        patience = partial(progress, 0, iterations) if progress else lambda: None
        structures = {structure(config) for config in configs}
        for begun in [self._warming[s] for s in structures if s in self._warming]:
            while not begun.wait(LOOK_UP):
                patience()
        with self._my_turn(patience):
            if (shown := self._find(key)) is None:  # another session may have asked for the same meanwhile
                shown = self._keep(key, train(progress=progress))
                self._compiled |= structures
                self._trained_at = time.monotonic()
            return shown

    @contextmanager
    def _my_turn(self, patience: Callable[[], None]) -> Iterator[None]:
        """One training at a time; what nobody waits for gives way."""
        self._waiting.append(None)
        try:
            while not self._turn.acquire(timeout=LOOK_UP):
                patience()
        finally:
            self._waiting.pop()
        try:
            yield
        finally:
            self._turn.release()

    def _find(self, key: Key) -> Shown | None:
        with self._shelf:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def _keep(self, key: Key, run: Trajectory) -> Shown:
        meta, arrays = frames(run)
        shown = Shown(run, meta, {name: pa.table({name: values}) for name, values in arrays.items()})
        with self._shelf:
            self._kept[key] = shown
            while len(self._kept) > KEPT or (len(self._kept) > 1 and sum(map(_size, self._kept.values())) > ROOM):
                self._kept.popitem(last=False)
        return shown

    def warm(self) -> None:
        """Imports JAX and compiles what the first controls need, once, in the background."""
        if not self._started.acquire(blocking=False):
            return
        first = next(iter(scenarios.values())).config
        self._warming = {structure(first): threading.Event()}
        # No daemon, as whoever starts it may be: the compiler must not be cut off.
        threading.Thread(target=self._warm, args=(first,), name="warm", daemon=False).start()

    def _warm(self, first: Config) -> None:
        time.sleep(HEAD_START)
        try:
            from gan1d.programs import for_single_runs  # imports JAX

            for_single_runs()
            self._compile(first)
            _settle()
            from app import warming  # it knows what the controls offer, which ask this one

            self._compiler = warming.start()
            self._compile_when_quiet(first.replace(**DISCRIMINATORS["l2-dropout"]))
            from gan1d.history import half_steps  # imports JAX

            if self._is_quiet():
                half_steps(gan1d.train(first.replace(**{"training.iterations": 1})), 0)  # the step mode's program
                _settle()
        except RuntimeError:
            if threading.main_thread().is_alive():
                raise  # else the server is going, and no thread may be begun any more
        finally:  # whatever happened, nobody waits for it
            for event in self._warming.values():
                event.set()

    def _compile(self, config: Config) -> None:
        """The programs of a structure; who asks for a run of it meanwhile waits for them."""
        gan1d.train(config.replace(**{"training.iterations": 1}))
        self._compiled.add(structure(config))
        self._warming[structure(config)].set()

    def _compile_when_quiet(self, config: Config) -> None:
        if self._is_quiet() and structure(config) not in self._compiled:
            self._warming[structure(config)] = threading.Event()
            self._compile(config)
            _settle()

    def _is_quiet(self) -> bool:
        """Waits until nobody has trained for a while. False once the server is going."""
        while self._turn.locked() or time.monotonic() - self._trained_at < QUIET:
            time.sleep(LOOK_UP)
            if not threading.main_thread().is_alive():
                return False
        return True


def _settle() -> None:
    """Streamlit collects garbage after every script run; among all that JAX has loaded this takes a tenth of a second, with the new
    picture waiting behind it. What is loaded by now stays loaded: the collector need not look at it again."""
    gc.collect()
    gc.freeze()


class _GiveWayError(Exception):
    """Somebody waits for a run: what nobody waits for begins again later."""


def plain(parts: Sequence[Stretch]) -> Config | None:
    """The config of which these parts are the plain run; None where they are more."""
    config, until, hold_g = parts[0]
    return config if len(parts) == 1 and until == config.training.iterations and not hold_g else None


def _play(parts: Sequence[Stretch], progress: Progress | None = None) -> Trajectory:
    from gan1d.history import Part, play  # imports JAX

    return play([Part(*part) for part in parts], progress)


def _on_axis(config: Config, axis: Axis, progress: Progress | None = None) -> Trajectory:
    from gan1d.pushforward import grid  # imports JAX

    return gan1d.train(config, progress=progress, grid=grid(*axis))


def _size(shown: Shown) -> int:
    """Bytes of the arrays that a kept run holds on to."""
    runs = [shown.run, *(part for _, part in shown.run.parts)]
    return sum(a.nbytes for run in runs for a in run.arrays.values()) + sum(t.nbytes for t in shown.tables.values())


@st.cache_resource(show_spinner=False)
def runner() -> Runner:
    """The server's runner."""
    paths = {s.config: HERE / "assets" / f"{s.name}.npz" for s in scenarios.values()}
    return Runner({config: path for config, path in paths.items() if path.exists()})
