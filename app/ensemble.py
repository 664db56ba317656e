"""Many seeds of the same settings: trained behind what the user does, then a band for each curve, and how the runs end."""

from __future__ import annotations

import threading
import warnings
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import streamlit as st

from app.history import Plan
from app.runner import Runner, Shown, Stretch, runner
from app.state import Session
from app.words import words
from gan1d.render.curves import curve_panels, curve_series
from gan1d.trajectory import Trajectory

SEEDS = 32
"""Runs of an ensemble, of the seeds 0 to 31."""
LOW, HIGH = 0.1, 0.9
"""The band holds eight of ten runs."""
LOOK = 1.0
"""Seconds between two looks at how far it is: Streamlit collects garbage after each, and training waits."""
KEPT = 16
"""Finished ensembles in memory; one is about 50 kB."""
Key = tuple[Stretch, ...]
text = words("ensemble")


@dataclass
class Ensemble:
    """One ensemble, as far as it is. curves: key -> (seeds, F); outcomes: what the diagnosis says of each seed's run."""

    parts: Key
    outcomes: list[str] = field(default_factory=list)
    panels: list[dict[str, Any]] = field(default_factory=list)
    curves: dict[str, list[np.ndarray]] = field(default_factory=dict)
    bands: dict[str, np.ndarray] = field(default_factory=dict)
    given_up: threading.Event = field(default_factory=threading.Event)
    failed: str = ""

    @property
    def is_done(self) -> bool:
        """Whether all seeds are trained."""
        return bool(self.bands)

    def take(self, run: Trajectory) -> None:
        """One more seed's run."""
        self.panels = self.panels or curve_panels(run)
        for key, values in curve_series(run, self.panels).items():
            self.curves.setdefault(key, []).append(np.asarray(values, np.float32))
        self.outcomes.append(run.diagnosis.kind)

    def finish(self) -> None:
        """The bands, once all runs are there; the runs' own curves are then no longer needed."""
        self.bands = bands(self.curves)
        self.curves.clear()


def bands(curves: dict[str, list[np.ndarray]]) -> dict[str, np.ndarray]:
    """``band_KEY_low`` and ``band_KEY_high`` (F,) of curves (F,) each: the 10 % and 90 % quantiles over the seeds.

    Where a seed's value is not a number it does not count; where it is infinite, or there is none, the band has a gap.
    """
    found: dict[str, np.ndarray] = {}
    for key, rows in curves.items():
        values = np.stack(rows)
        with warnings.catch_warnings(), np.errstate(invalid="ignore"):
            warnings.simplefilter("ignore", RuntimeWarning)  # a state at which no seed has a value
            low, high = np.nanquantile(values, [LOW, HIGH], axis=0)
        whole = np.isfinite(low) & np.isfinite(high)
        found[f"band_{key}_low"] = np.where(whole, low, np.nan).astype(np.float32)
        found[f"band_{key}_high"] = np.where(whole, high, np.nan).astype(np.float32)
    return found


def seedless(parts: Sequence[Stretch], seed: int = 0) -> Key:
    """The same parts with another seed; with 0 the key of their ensemble."""
    return tuple((config.replace(**{"training.seed": seed}), until, hold_g) for config, until, hold_g in parts)


class Ensembles:
    """One for the whole server. One seed at a time is trained, between what users wait for."""

    def __init__(self, runs: Runner, seeds: int = SEEDS):
        self._runs = runs
        self.seeds = seeds
        self._known: OrderedDict[Key, Ensemble] = OrderedDict()
        self._lock = threading.Lock()
        self._work = threading.Lock()

    def find(self, parts: Sequence[Stretch]) -> Ensemble | None:
        """The ensemble of these settings, finished or on the way; None where nobody asked for it."""
        with self._lock:
            return self._known.get(seedless(parts))

    def start(self, parts: Sequence[Stretch]) -> Ensemble:
        """Begins to train it, unless that was begun."""
        key = seedless(parts)
        with self._lock:
            if (known := self._known.get(key)) is not None and not known.failed:
                self._known.move_to_end(key)
                return known
            begun = self._known[key] = Ensemble(key)
            while len(self._known) > KEPT:
                _, old = self._known.popitem(last=False)
                old.given_up.set()
        # No daemon, as whoever starts it may be: the compiler must not be cut off.
        threading.Thread(target=self._train, args=(begun,), name="ensemble", daemon=False).start()
        return begun

    def cancel(self, parts: Sequence[Stretch]) -> None:
        """Gives it up; what was trained of it is forgotten."""
        with self._lock:
            known = self._known.get(seedless(parts))
            if known and not known.is_done:
                known.given_up.set()
                del self._known[known.parts]

    def _train(self, ensemble: Ensemble) -> None:
        with self._work:  # one ensemble after another

            def is_given_up() -> bool:  # when the server ends, it does not wait for seeds
                return ensemble.given_up.is_set() or not threading.main_thread().is_alive()

            try:
                for seed in range(self.seeds):
                    run = self._runs.aside(seedless(ensemble.parts, seed), is_given_up)
                    if run is None:
                        return
                    ensemble.take(run)
                ensemble.finish()
            except Exception as e:  # said where it was asked for, and tried again when it is asked for again
                ensemble.failed = str(e)


def told(shown: Shown, ensemble: Ensemble | None, count: int) -> Shown:
    """The run as the player gets it: with the band and the words of its ensemble, once there is one."""
    meta: dict[str, object] = {"count": count, "seed": shown.run.config.training.seed}
    if ensemble is None or not ensemble.is_done:
        state = "running" if ensemble and not ensemble.failed else "none"
        return shown._replace(meta=shown.meta | {"ensemble": meta | {"state": state}})
    ends = Counter(ensemble.outcomes)
    outcomes = [
        {"kind": kind, "seeds": [seed for seed, end in enumerate(ensemble.outcomes) if end == kind]}
        for kind, _ in ends.most_common()
    ]
    meta |= {"state": "done", "words": summary(ensemble.outcomes), "outcomes": outcomes}
    meta["label"] = text["band"].format(count=len(ensemble.outcomes))
    # A run of a file may have other states than these settings have here: then there is no band to draw.
    tables = {name: pa.table({name: v}) for name, v in ensemble.bands.items() if len(v) == len(shown.run)}
    return shown._replace(meta=shown.meta | {"ensemble": meta}, tables=shown.tables | tables)


def summary(outcomes: Sequence[str]) -> str:
    """How they end, in words: "29 of 32 mode collapse, 3 still moving"."""
    (kind, count), *rest = Counter(outcomes).most_common()
    first = str(text["first"]).format(count=count, of=len(outcomes), kind=kind)
    return ", ".join([first, *(str(text["other"]).format(count=n, kind=other) for other, n in rest)])


@st.cache_resource(show_spinner=False)
def ensembles() -> Ensembles:
    """The server's ensembles."""
    return Ensembles(runner())


def begin(state: Session, _: Mapping[str, Any]) -> None:
    """The ensemble of what is shown."""
    ensembles().start(state.plan.parts)


def open_seed(state: Session, action: Mapping[str, Any]) -> None:
    """Another seed in all parts."""
    seed = int(action["seed"])

    def plan() -> Plan:
        *past, (config, _, held) = seedless(state.plan.parts, seed)
        return Plan(config, tuple(past), held).checked()

    state.attempt("training.seed", plan)


def draw_progress(parts: Sequence[Stretch]) -> None:
    """How far the ensemble of these settings is, with a button that gives it up; nothing where there is none on the way."""
    ensemble = ensembles().find(parts)
    if ensemble is not None and ensemble.failed:
        st.error(text["failed"].format(why=ensemble.failed))
    elif ensemble is not None and not ensemble.is_done:
        _progress(tuple(parts))


@st.fragment(run_every=LOOK)
def _progress(parts: Key) -> None:
    """Looks again by itself; the page is run again once the ensemble is there."""
    all_ = ensembles()
    ensemble = all_.find(parts)
    if ensemble is None or ensemble.is_done or ensemble.failed:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center", key="ensemble"):
        done = len(ensemble.outcomes)
        st.progress(done / all_.seeds, text["training"].format(done=done, of=all_.seeds))
        if st.button(text["cancel"], key="cancel ensemble"):
            all_.cancel(parts)
            st.rerun()
