"""Data of one's own: numbers of a file or a drawn density, as quantiles; runs saved earlier. What comes in is checked here."""

from __future__ import annotations

import json
import math
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

import gan1d
from app.words import words
from gan1d.config import FINEST, MAX_FRAMES, NARROWEST, Config, Quantiles
from gan1d.trajectory import Trajectory, TrajectoryError

MAX_TEXT = 5 * 1024 * 1024
"""Bytes of a file of numbers."""
MAX_RUN = 10 * 1024 * 1024
"""Bytes of a saved run, as the server takes them; one of the longest has half as many."""
KEPT = 64
"""Quantiles that are kept of a sample or a drawing."""
RESOLUTION = 10_000
"""Steps into which the span of the data is divided by rounding: a link stays short."""
SPREAD = 0.02
"""Half the width over which equal values are spread, at most, as a share of the span."""
LIMIT = float(Quantiles.specs()["values"].high or 0)
"""Largest number, both ways."""
MOST_STATES, MOST_CELLS = 2 * MAX_FRAMES, 4096
"""Of a saved run: what a browser plays smoothly."""
DELIMITERS = re.compile(r"[;\t, ]+")


class UploadError(ValueError):
    """A file that cannot be used; the message says why in one line."""


class Numbers(NamedTuple):
    """What was read of a file. column: the name of the one that was taken, of several."""

    values: np.ndarray
    skipped: int
    column: str | None = None


def is_run(content: bytes) -> bool:
    """Whether a file looks like a saved run or config, rather than numbers."""
    return content[:2] == b"PK" or content.lstrip()[:1] == b"{"


def read_numbers(content: bytes) -> Numbers:
    """Every number of a text, or one column of a table with a heading; words are skipped and counted.

    Raises:
      UploadError: too large, no text, too few different numbers, one that is not finite or too large (with its line).
    """
    text = words("uploads")
    if len(content) > MAX_TEXT:
        raise UploadError(text["large"].format(most=MAX_TEXT // 1024**2))
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise UploadError(text["no_text"]) from None
    if "\0" in "".join(lines[:100]):
        raise UploadError(text["no_text"])
    rows = [(at, _cells(line)) for at, line in enumerate(lines, start=1) if line.strip()]
    column, name = _column([cells for _, cells in rows])
    if name is not None:
        rows = rows[1:]
    values: list[float] = []
    skipped = 0
    for at, cells in rows:
        for cell in cells if column is None else cells[column : column + 1]:
            value = _number(cell)
            if value is None:
                skipped += 1
            elif not math.isfinite(value):
                raise UploadError(text["infinite"].format(line=at, value=cell[:20]))
            elif abs(value) > LIMIT:
                raise UploadError(text["far"].format(line=at, value=cell[:20], most=LIMIT))
            else:
                values.append(value)
    if len(set(values)) < 2:
        raise UploadError(text["few"].format(count=len(values), skipped=skipped))
    return Numbers(np.array(values), skipped, name)


def _cells(line: str) -> list[str]:
    """The pieces of a line. Where semicolons stand between them, a comma is a decimal one."""
    if ";" in line:
        return [cell.strip().strip('"').replace(",", ".") for cell in line.split(";")]
    if "," in line or "\t" in line:
        return [cell.strip().strip('"') for cell in re.split(r"[,\t]", line)]
    return [cell.strip('"') for cell in line.split()]


def _column(rows: Sequence[Sequence[str]]) -> tuple[int | None, str | None]:
    """(index, name) of the first column that holds numbers, where the text is a table with a heading; (None, None) where it is not.

    A first column without a name numbers the rows, and so does one that is called so.
    """
    if len(rows) < 2 or len(rows[0]) < 2 or any(_number(cell) is not None for cell in rows[0]):
        return None, None
    if any(len(row) != len(rows[0]) for row in rows):
        return None, None
    for index, name in enumerate(rows[0]):
        if name.lower() in ("", "id", "index", "nr", "no") and index == 0:
            continue
        if sum(_number(row[index]) is not None for row in rows[1:]) > (len(rows) - 1) / 2:
            return index, name
    return None, None


def _number(cell: str) -> float | None:
    """A cell's number, which may not be finite; None for a word."""
    try:
        return float(cell) if "_" not in cell else None
    except ValueError:
        return None


def quantiles(values: np.ndarray) -> list[float]:
    """At most `KEPT` quantiles of a sample, as a config takes them: equal values are spread a little, for a density stays finite.

    Raises:
      UploadError: values that lie too near to each other.
    """
    ordered = _spread(np.sort(np.asarray(values, float)))
    return _rounded(np.quantile(ordered, np.linspace(0, 1, min(KEPT, len(ordered)))))


def _spread(ordered: np.ndarray) -> np.ndarray:
    """Equal values side by side, each group over half of the way to its neighbours or over `SPREAD` of the span, if that is less."""
    distinct, first, counts = np.unique(ordered, return_index=True, return_counts=True)
    if len(distinct) == len(ordered):
        return ordered
    gaps = np.diff(distinct)
    room = np.minimum(np.append(gaps[:1], gaps), np.append(gaps, gaps[-1:])) / 2
    room = np.minimum(room, SPREAD * (distinct[-1] - distinct[0]))
    rank = np.arange(len(ordered)) - np.repeat(first, counts)
    many = np.repeat(counts, counts)
    place = np.where(many > 1, (rank + 0.5) / many * 2 - 1, 0.0)
    return np.clip(ordered + place * np.repeat(room, counts), -LIMIT, LIMIT)


def drawn(low: float, high: float, heights: Sequence[float]) -> list[float]:
    """Quantiles of a density that was drawn: its heights at equal distances from low to high, straight lines between them.

    Raises:
      UploadError: nothing drawn, or something that is no drawing.
    """
    said = UploadError(words("uploads")["nothing_drawn"])
    curve = np.asarray(heights, float)
    if curve.ndim != 1 or not 2 <= len(curve) <= 2000 or not np.isfinite([low, high, *curve]).all() or not low < high:
        raise said
    curve = np.maximum(curve, 0)
    cell = (curve[1:] + curve[:-1]) / 2
    if not cell.sum() > 0 or max(abs(low), abs(high)) > LIMIT:
        raise said
    cdf = np.append(0.0, np.cumsum(cell / cell.sum()))
    x = np.linspace(low, high, len(curve))
    rises = np.append(True, np.diff(cdf) > 0)
    rises[: int(np.argmax(cdf > 0))] = False  # the foot of the curve is the last place with nothing before it
    rises[max(0, int(np.argmax(cdf > 0)) - 1)] = True
    return _rounded(np.interp(np.linspace(0, 1, KEPT), cdf[rises], x[rises]))


def _rounded(ordered: np.ndarray) -> list[float]:
    """Quantiles in few decimals, each above the one before."""
    span = float(ordered[-1] - ordered[0])
    if not span >= NARROWEST:
        raise UploadError(words("uploads")["narrow"].format(least=NARROWEST))
    finest = round(-math.log10(FINEST))
    decimals = min(max(math.ceil(math.log10(RESOLUTION / span)), 0), finest)
    steps = np.round(ordered * 10**decimals).astype(int)
    top = int(LIMIT * 10**decimals)
    for i in range(1, len(steps)):
        steps[i] = max(steps[i], steps[i - 1] + 1)
    for i in range(len(steps) - 1, -1, -1):  # those that were pushed beyond what is allowed go back
        steps[i] = min(steps[i], top - (len(steps) - 1 - i))
    return [float(round(step / 10**decimals, decimals)) for step in steps.tolist()]


def read_run(content: bytes, name: str) -> Config | Trajectory:
    """A saved run (npz), or a config or an exported run (JSON), whose run is trained anew.

    Raises:
      UploadError: no such thing, torn, or of a size that no browser plays.
    """
    text = words("uploads")
    if len(content) > MAX_RUN:
        raise UploadError(text["large"].format(most=MAX_RUN // 1024**2))
    if content[:2] != b"PK":
        try:
            return _config(content)
        except (ValueError, RecursionError) as e:  # ConfigError among them
            raise UploadError(text["no_config"].format(why=_one_line(e))) from None
    with tempfile.NamedTemporaryFile(suffix=".npz") as file:
        file.write(content)
        file.flush()
        try:
            run = gan1d.load(Path(file.name))
        except TrajectoryError as e:
            raise UploadError(_one_line(e).replace(file.name, name)) from None
    if len(run) > MOST_STATES or len(run.x) > MOST_CELLS or len(run.z) > MOST_CELLS:
        raise UploadError(text["big_run"].format(states=MOST_STATES, cells=MOST_CELLS))
    if not np.all(np.diff(run.x) > 0) or not np.isfinite(run.p_data).all():
        raise UploadError(text["no_run"].format(name=name))
    return run


def _config(content: bytes) -> Config:
    """The config that a JSON text is, or that stands in an exported run."""
    raw = json.loads(content)
    inside = raw.get("config", raw) if isinstance(raw, dict) else raw
    return Config.from_dict(inside)


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= 300 else text[:299] + "…"
