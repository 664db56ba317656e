"""Where something happens in a run: what the player marks on its scrub bar."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import groupby, pairwise
from typing import Any, NamedTuple

import numpy as np

from gan1d.data import target
from gan1d.diagnosis import CLOSE, CLOSE_MODES, EXCESS, HALF, between
from gan1d.metrics import COVERED
from gan1d.render.axes import reading
from gan1d.render.captions import SHORTEST, told_apart
from gan1d.trajectory import Trajectory
from gan1d.wording import wording

KINDS = ("diverged", "seam", "converged", "D wins", "mode taken", "mode lost")
"""In order of rank: where several happen at one state, the first gives the mark its shape."""
MOST = 12
"""Marks of one run: more cannot be told apart on a scrub bar."""
LOSING = COVERED / 2
"""Share of its weight below which a mode that was taken is lost. It is taken at `HALF`: what lies between is flicker."""
SURE, DOUBT = 0.9, 0.7
"""D on the real data above D on generated points, in `told_apart`'s measure, from which D is sure of both; and below which no more."""
SLACK = 1.5
"""A run that has converged may go this many times beyond the limit, and come back: a batch pulls it to and fro."""


class Event(NamedTuple):
    """Something that happens at a recorded state. kind: one of `KINDS`."""

    frame: int
    kind: str
    sentence: str


text = partial(wording, "events")
"""The sentences."""


def events(run: Trajectory) -> list[Event]:
    """What happens in a run, in order of time; at most about `MOST`, the lasting before the fleeting."""
    found = [*_diverged(run), *_seams(run), *_converged(run), *_d_wins(run)]
    shortest = SHORTEST / 2
    while len(found) + len(modes := list(_modes(run, shortest * len(run)))) > MOST and shortest < 1:
        shortest *= 1.5
    return sorted([*found, *modes], key=lambda event: (event.frame, KINDS.index(event.kind)))


def _diverged(run: Trajectory) -> Iterator[Event]:
    if (at := run.summary["diverged_at"]) is not None:
        yield Event(min(int(np.searchsorted(run.iteration, at)), len(run) - 1), "diverged", text()["diverged"])


def _converged(run: Trajectory) -> Iterator[Event]:
    """From where on the run is what the diagnosis calls converged at its end: each part against its own data."""
    at = [_distance(part)[: last - first] for first, last, part in _parts(run)]
    distance = np.concatenate(at)
    if run.summary["diverged_at"] is not None or not distance[-1] < 1:
        return
    away = np.flatnonzero(~(distance < SLACK))
    settled = int(away[-1]) + 1 if len(away) else 0
    frame = settled + int(np.argmax(distance[settled:] < 1))
    if frame > 0:
        yield Event(frame, "converged", text()["converged"])


def _distance(run: Trajectory) -> np.ndarray:
    """How far each state (F,) is from converged, 1 where it just is: the greatest of the diagnosis' conditions, each in its limit."""
    data = target(run.config.data)
    limit = (CLOSE if len(data.weights) == 1 else CLOSE_MODES) * data.std
    with np.errstate(divide="ignore", over="ignore"):  # nothing, or next to nothing, on a mode
        found = (run.mode_mass / data.weights).min(axis=1) / HALF
        return np.max([run.w1 / limit, 1 / found, between(run, data) / EXCESS], axis=0)


def _d_wins(run: Trajectory) -> Iterator[Event]:
    """Each stretch in which D is sure of both for a while."""
    certain = np.concatenate([_certainty(part)[: last - first] for first, last, part in _parts(run)])
    for frame, sure in _stretches(_latched(certain >= SURE, certain < DOUBT, False), SHORTEST * len(run)):
        if sure:
            yield Event(frame, "D wins", text()["D wins"])


def _certainty(run: Trajectory) -> np.ndarray:
    """How sure D is of both (F,), 1 where it says what it is taught. A critic never is: its slope is what the generator gets."""
    if reading(run) == "wasserstein":
        return np.zeros(len(run))
    return told_apart(run) / (1 - run.config.training.label_smoothing)


def _modes(run: Trajectory, shortest: float) -> Iterator[Event]:
    """Modes of the data taken and lost, where each lasts. A single mode is the data: whether it is found, other words say."""
    for first, last, part in _parts(run):
        data = target(part.config.data)
        if len(data.weights) == 1:
            continue
        for centre, weight, mass in zip(data.centres, data.weights, part.mode_mass[: last - first].T, strict=True):
            held = _latched(mass >= HALF * weight, mass < LOSING * weight, bool(mass[0] >= HALF * weight))
            for frame, taken in _stretches(held, shortest):
                if frame > 0:
                    kind = "mode taken" if taken else "mode lost"
                    yield Event(first + frame, kind, text()[kind].format(centre=f"{centre:.3g}".replace("-", "−")))


def _parts(run: Trajectory) -> list[tuple[int, int, Trajectory]]:
    """(first state, state after its last, its own run) of each part."""
    parts = run.parts or ((0, run),)
    ends = [*(first for first, _ in parts[1:]), len(run)]
    return [(first, end, part) for (first, part), end in zip(parts, ends, strict=True)]


def _latched(on: np.ndarray, off: np.ndarray, begin: bool) -> np.ndarray:
    """A switch (F,) that the one turns on and the other off."""
    state, states = begin, []
    for rises, falls in zip(on.tolist(), off.tolist(), strict=True):
        state = rises or (state and not falls)
        states.append(state)
    return np.array(states, bool)


def _stretches(states: np.ndarray, shortest: float) -> list[tuple[int, bool]]:
    """(first state, on or off) of each stretch (F,) that lasts, in turn; shorter ones go with the one before, and so do their likes."""
    runs = [(on, len(list(members))) for on, members in groupby(states.tolist())]
    found: list[tuple[int, bool]] = []
    at = 0
    for on, count in runs:
        if not found or (count >= shortest and on != found[-1][1]):
            found.append((at, on))
        at += count
    return found


def _seams(run: Trajectory) -> Iterator[Event]:
    """Where settings changed, and which."""
    told = run.summary.get("parts", ())
    for (before, after), (first, _) in zip(pairwise(told), run.parts[1:], strict=False):
        yield Event(first, "seam", _what_changed(before, after))


def _what_changed(before: dict[str, Any], after: dict[str, Any]) -> str:
    words = text()["seam"]
    sentences = []
    if before["hold_g"] != after["hold_g"]:
        sentences.append(words["held" if after["hold_g"] else "released"])
    if changes := list(_changes(before["config"], after["config"])):
        sentences.append(words["changed"].format(changes="; ".join(changes)))
    return " ".join(sentences) or str(words["same"])


def _changes(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    """Each setting that differs, in words; the data and the networks, which are no numbers, as a whole."""
    words = text()["seam"]
    if before["data"] != after["data"]:
        yield words["data"]
    for name, label in words["settings"].items():
        section, field = name.split(".")
        old, new = before[section][field], after[section][field]
        if old != new:
            yield words["change"].format(name=label, old=_value(old), new=_value(new))


def _value(value: Any) -> str:
    return text()["seam"]["values"][value] if isinstance(value, str) else f"{value:.4g}"
