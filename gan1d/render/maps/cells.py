"""What a map shows, as plain numbers: how the seeds of every cell ended, a metric's median over them, and where the cells lie."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from functools import partial
from typing import Any, Literal, NamedTuple

import numpy as np

from gan1d.diagnosis import KINDS
from gan1d.wording import wording

NONE, TIE = "none", "tie"
"""Names of a cell of which nothing is done, and of one in which no outcome is the most frequent."""
STATES = (*KINDS, TIE, NONE)
"""What a cell can be: the diagnosis' words, then these two."""
METRICS = ("w1", "jsd", "mean", "std", "modes_covered")
"""What can be drawn beside the outcome."""
ROUNDED = 0.0055
"""How far values may be from even ones, as a share of themselves: as far as rounding to three figures brings them."""
NEAR = 0.25
"""And as a share of a step."""
LETTERS = 24
"""An axis whose values take no more letters than this shows them all."""
DECADES = 3
"""An axis of more powers of ten than this has marks at the powers alone."""


text = partial(wording, "maps")
"""Words and symbols of the maps."""


class Side(NamedTuple):
    """One axis of a map with n cells. kind: even steps, even ratios, or listed one beside the other.

    at: centres (n,), edges (n+1,), as they are drawn: the values themselves, or 0, 1, … where listed. labels: n texts.
    marks: (where, text) of the axis's marks; empty where any will do.
    """

    kind: Literal["linear", "log", "listed"]
    at: np.ndarray
    edges: np.ndarray
    labels: tuple[str, ...]
    marks: tuple[tuple[float, str], ...] = ()


class Cells(NamedTuple):
    """How the seeds of every cell ended, over X × Y cells.

    counts: runs by outcome (X, Y, len(KINDS)); state: index into `STATES` (X, Y); share: of the done seeds that ended so (X, Y), NaN where
    none is done; done: seeds (X, Y); seeds: how many there will be; first: the first seed with the most frequent outcome (X, Y), in a
    tie of the more telling one, 0 where none is done.
    """

    counts: np.ndarray
    state: np.ndarray
    share: np.ndarray
    done: np.ndarray
    seeds: int
    first: np.ndarray


class Metric(NamedTuple):
    """A metric over X × Y cells: median, least and greatest over the seeds with a finite value, NaN where there is none."""

    name: str
    median: np.ndarray
    low: np.ndarray
    high: np.ndarray


def number(value: Any) -> str:
    """A value as a person reads it: three figures, no exponent where it can be helped; words as they are."""
    if isinstance(value, str):
        return value
    if value is None or not np.isfinite(value):
        return "–"
    size = abs(value)
    if size and not 1e-5 <= size < 1e6:
        return f"{value:.2e}".replace("-", "−")
    digits = max(0, 2 - math.floor(math.log10(size))) if size else 0
    written = f"{value:.{digits}f}"
    return (written.rstrip("0").rstrip(".") if "." in written else written).replace("-", "−")


def side(values: Sequence[Any], labels: Sequence[str] | None = None) -> Side:
    """Where the cells of an axis lie: by its values where they are even in steps or in ratios, else one beside the other."""
    said = tuple(labels or (number(v) for v in values))
    if len(values) > 2 and all(isinstance(v, int | float) for v in values):
        found = np.asarray(values, float)
        if _is_even(found, ROUNDED * np.abs(found)):
            marks = tuple(zip(found.tolist(), said, strict=True)) if len("".join(said)) <= LETTERS else ()
            return Side("linear", found, _edges(found), said, marks)
        if (found > 0).all() and _is_even(np.log(found), ROUNDED):
            edges = np.exp(_edges(np.log(found)))
            return Side("log", found, edges, said, _powers(edges[0], edges[-1]))
    at = np.arange(len(values), dtype=float)
    return Side("listed", at, _edges(at), said, tuple(zip(at.tolist(), said, strict=True)))


def _is_even(values: np.ndarray, off: np.ndarray | float) -> bool:
    even, step = np.linspace(values[0], values[-1], len(values), retstep=True)
    return bool(step != 0 and np.all(np.abs(values - even) <= np.minimum(off, NEAR * abs(step)) + 1e-12 * abs(step)))


def _edges(at: np.ndarray) -> np.ndarray:
    """Halfway between neighbours, and as far beyond the first and last."""
    if len(at) == 1:
        return np.array([at[0] - 0.5, at[0] + 0.5])
    middle = (at[1:] + at[:-1]) / 2
    return np.concatenate([[2 * at[0] - middle[0]], middle, [2 * at[-1] - middle[-1]]])


def _powers(first: float, last: float) -> tuple[tuple[float, str], ...]:
    """1, 2 and 5 of every power of ten between two ends, the powers alone where they are many."""
    low, high = sorted((first, last))
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1, 2, 5) if math.log10(high / low) < DECADES + 0.1 else (1,)
    marks = [float(f"{m}e{e}") for e in decades for m in steps]
    return tuple((v, number(v)) for v in marks if low <= v <= high)


def cells(outcome: np.ndarray, names: Sequence[str]) -> Cells:
    """What the outcomes (X, Y, S) say of every cell. outcome: codes into `names`, the diagnosis' words; −1 where a run is not done."""
    place = np.array([KINDS.index(name) for name in names] + [-1])
    kinds = place[np.asarray(outcome, int)]  # −1 finds the last
    counts = np.stack([(kinds == k).sum(axis=-1) for k in range(len(KINDS))], axis=-1)
    done = counts.sum(axis=-1)
    most = counts.max(axis=-1)
    ties = (counts == most[..., None]).sum(axis=-1) > 1
    winner = counts.argmax(axis=-1)
    state = np.where(done == 0, STATES.index(NONE), np.where(ties, STATES.index(TIE), winner))
    with np.errstate(invalid="ignore"):
        share = most / np.where(done, done, np.nan)
    first = (kinds == winner[..., None]).argmax(axis=-1)
    return Cells(counts, state, share, done, kinds.shape[-1], first)


def metric(name: str, values: np.ndarray) -> Metric:
    """A metric's values (X, Y, S), drawn together over the seeds."""
    finite = np.where(np.isfinite(values), values, np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a cell of which nothing is done
        return Metric(name, *(np.asarray(f(finite, axis=-1)) for f in (np.nanmedian, np.nanmin, np.nanmax)))


def summary(found: Cells) -> dict[str, int]:
    """Cells by state, the most frequent first; what is not there is left out."""
    counts = {state: int((found.state == k).sum()) for k, state in enumerate(STATES)}
    return {state: count for state, count in sorted(counts.items(), key=lambda c: -c[1]) if count}


def told(found: Cells, x: int, y: int) -> str:
    """How the seeds of a cell ended, in words: "8 of 8 seeds: 6 converged, 2 oscillating"."""
    words, done = text(), int(found.done[x, y])
    if not done:
        return str(words["none"])
    ends = sorted(zip(found.counts[x, y].tolist(), KINDS, strict=True), key=lambda c: -c[0])
    counts = ", ".join(words["counts"].format(count=count, kind=kind) for count, kind in ends if count)
    return str(words["of"]).format(done=done, of=found.seeds, counts=counts)


def measured(found: Metric, x: int, y: int, floor: float | None = None) -> str:
    """A metric of a cell in words: median, range, unit, and what a batch of data is off by alone."""
    words, known = text(), text()["metrics"][found.name]
    if not np.isfinite(found.median[x, y]):
        return str(words["no_value"]).format(title=known["title"])
    median, low, high = (number(float(values[x, y])) for values in (found.median, found.low, found.high))
    said = words["metric"].format(title=known["title"], unit=known["unit"], median=median, low=low, high=high)
    if floor is not None:
        said += "; " + words["floor" if found.name == "w1" else "spread"].format(value=number(floor))
    return " ".join(said.replace(" ,", ",").split())
