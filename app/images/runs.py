"""A run's folder as the page reads it: what there is of a run on its way, and what can be read of a damaged one. Needs no JAX.

`gan1d.image.recorder` says what is in it. An evaluation stands in its step's line, as plain numbers, ``NAME_baseline`` beside ``NAME``,
and in ``extractor.json`` by which network it was made. Or all together in a line of ``evaluations.jsonl``: step, extractor, samples,
metrics {name: {value, baseline}}, modes, modes_covered, modes_held.
"""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from app.processes import read as read_json
from app.words import words
from gan1d.config import ConfigError
from gan1d.image.config import ImageConfig
from gan1d.image.recorder import CONFIG, METRICS, SAMPLES, SEEN, STATUS

EVALUATIONS = "evaluations.jsonl"
EXTRACTOR = "extractor.json"
"""Says by which network the images were judged, as its `name`."""
LARGEST = 16 * 1024**2
"""Bytes of a file of lines that are read; a run of half a million steps, recorded every ten, writes fewer."""
PNG = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"
"""How a whole PNG begins and ends."""
STEP = re.compile(r"step-0*(\d{1,12})")
MOST = 10**12
"""Steps that no run gets to: such numbers are damage."""


class RunError(ValueError):
    """A folder that holds no run; the message says why in one line."""


class Status(NamedTuple):
    """How far a run is, as the training last said: steps done and in all, steps a second, seconds left, and a word of its own."""

    step: int = 0
    steps: int = 0
    rate: float | None = None
    left: float | None = None
    word: str = ""


class Measured(NamedTuple):
    """A metric's value, and that of real images against real ones."""

    value: float
    baseline: float | None


class Evaluation(NamedTuple):
    """What was measured at a step. modes: the kinds that there are; covered: those of them that have at least a quarter of their share of
    the samples, for a single image may be a misread one (where only kinds with an image were counted, those); None where they cannot be
    counted."""

    step: int
    metrics: dict[str, Measured]
    extractor: str = ""
    samples: int = 0
    modes: int | None = None
    covered: int | None = None


class Scores(NamedTuple):
    """What D said at a step, (N,) each, and the norms of its gradient at the interpolates, empty where none were measured."""

    real: np.ndarray
    fake: np.ndarray
    slopes: np.ndarray


@dataclass(frozen=True, eq=False)
class Run:
    """A run as far as it is. curves: name -> (R,) over the records, NaN where a record has none; samples and scores: step -> file, in
    order; damaged: names of files that could not be read."""

    folder: Path
    config: ImageConfig
    status: Status
    curves: dict[str, np.ndarray]
    samples: dict[int, Path]
    scores: dict[int, Path]
    evaluations: tuple[Evaluation, ...]
    damaged: tuple[str, ...] = ()

    @property
    def step(self) -> int:
        """The last step that anything is known of."""
        recorded = int(self.curves["step"][-1]) if len(self.curves["step"]) else 0
        return max(self.status.step, recorded, *self.samples, 0)

    @cached_property
    def is_score(self) -> bool:
        """Whether D gives unbounded scores rather than the logit of a probability."""
        return self.config.loss in ("wasserstein", "hinge", "least_squares")

    def scores_at(self, step: int | None) -> tuple[int, Scores] | None:
        """What D said at the last recorded step up to this one, and which one that was; None where there is nothing to be read."""
        for known in reversed([s for s in self.scores if step is None or s <= step] or list(self.scores)[:1]):
            if (found := read_scores(self.scores[known])) is not None:
                return known, found
        return None


def read(folder: Path) -> Run:
    """What is in a run's folder.

    Raises:
      RunError: its settings are missing, damaged, or of another version.
    """
    text = words("images")["run_errors"]
    try:
        config = ImageConfig.from_dict(json.loads((folder / CONFIG).read_text("utf-8")))
    except OSError:
        raise RunError(text["missing"].format(file=CONFIG)) from None
    except ConfigError as e:
        raise RunError(text["refused"].format(file=CONFIG, why=e)) from None
    except (ValueError, RecursionError):
        raise RunError(text["damaged"].format(file=CONFIG)) from None
    damaged: list[str] = []
    lines = list(_lines(folder / METRICS, damaged))
    evaluations = [
        *_inline(lines, str(read_json(folder / EXTRACTOR).get("name", ""))),
        *_evaluations(folder / EVALUATIONS, damaged),
    ]
    return Run(
        folder,
        config,
        _status(folder / STATUS, damaged),
        _curves(lines),
        _steps(folder / SAMPLES, ".png", damaged),
        _steps(folder / SEEN, ".npz", damaged),
        tuple(found for _, found in sorted({e.step: e for e in evaluations}.items())),
        tuple(damaged),
    )


def stamp(folder: Path) -> str:
    """A text that is another once anything in a run's folder is."""
    found = []
    for path in [folder / n for n in (CONFIG, STATUS, METRICS, EVALUATIONS, SAMPLES, SEEN)]:
        try:
            found.append(str(path.stat().st_mtime_ns))
        except OSError:
            found.append("-")
    return " ".join(found)


def _status(path: Path, damaged: list[str]) -> Status:
    if not path.exists():
        return Status()
    try:
        known = json.loads(path.read_text("utf-8"))
        rate, left = _number(known.get("rate")), _number(known.get("left"))
        return Status(int(known["step"]), int(known["steps"]), rate, left, str(known.get("state", "")))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError):
        damaged.append(path.name)
        return Status()


def _number(value: Any) -> float | None:
    return found if np.isfinite(found := _float(value)) else None


def _lines(path: Path, damaged: list[str]) -> Iterator[dict[str, Any]]:
    """Every object of a file of lines. The last line may be on its way, and is left out then; any other that is no object is damage."""
    try:
        with path.open("rb") as file:
            lines = file.read(LARGEST).splitlines()
    except FileNotFoundError:
        return
    except OSError:
        damaged.append(path.name)
        return
    for number, line in enumerate(lines):
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict) and type(step := found.get("step")) is int and 0 <= step < MOST:
            yield found
        elif number < len(lines) - 1 and path.name not in damaged:
            damaged.append(path.name)


def _curves(lines: Sequence[dict[str, Any]]) -> dict[str, np.ndarray]:
    """Name -> values. Where a step comes twice the later record counts."""
    records = {line["step"]: line for line in lines}
    rows = [records[step] for step in sorted(records)]
    names = dict.fromkeys(name for row in rows for name, value in row.items() if isinstance(value, (int, float)))
    found = {name: np.array([_float(row.get(name)) for row in rows]) for name in names}
    return {"step": np.zeros(0)} | found


def _float(value: Any) -> float:
    try:
        return float(value) if isinstance(value, (int, float)) else float("nan")
    except OverflowError:  # a whole number of hundreds of digits
        return float("nan")


def _steps(folder: Path, ending: str, damaged: list[str]) -> dict[int, Path]:
    """Step -> file, of files called by their step; a picture that is not whole is left out."""
    found = {}
    for path in folder.glob(f"*{ending}"):
        if match := STEP.fullmatch(path.stem):
            if ending == ".png" and not is_whole(path):
                damaged.append(f"{folder.name}/{path.name}")
            else:
                found[int(match[1])] = path
    return dict(sorted(found.items()))


@lru_cache(maxsize=4096)
def _is_whole(path: Path, changed: int) -> bool:
    try:
        with path.open("rb") as file:
            begins = file.read(len(PNG[0]))
            file.seek(-len(PNG[1]), 2)
            return (begins, file.read()) == PNG
    except OSError:
        return False


def is_whole(path: Path) -> bool:
    """Whether a PNG is there from its beginning to its end."""
    try:
        return _is_whole(path, path.stat().st_mtime_ns)
    except OSError:
        return False


BASELINE = "_baseline"
MODES, HELD, COVERED, COUNT = "modes", "modes_held", "modes_covered", "samples"
"""What of an evaluation's plain numbers is no metric."""


def _inline(lines: Sequence[dict[str, Any]], extractor: str) -> Iterator[Evaluation]:
    """The evaluations among the records."""
    for line in lines:
        if not isinstance(known := line.get("metrics"), dict):
            continue
        numbers = {str(name): value for name, value in known.items() if _number(value) is not None}
        metrics = {
            name: Measured(float(value), _number(numbers.get(name + BASELINE)))
            for name, value in numbers.items()
            if not name.endswith(BASELINE) and name not in (MODES, HELD, COVERED, COUNT)
        }
        yield Evaluation(line["step"], metrics, extractor, int(numbers.get(COUNT, 0)), *_kinds(numbers))


def _kinds(known: dict[str, Any]) -> tuple[int, int] | tuple[None, None]:
    """How many kinds there are, and how many of them the samples hold."""
    held = known.get(HELD, known.get(COVERED))
    return (None, None) if held is None or known.get(MODES) is None else (int(known[MODES]), int(held))


def _evaluations(path: Path, damaged: list[str]) -> Iterator[Evaluation]:
    records = {line["step"]: line for line in _lines(path, damaged)}
    for step in sorted(records):
        try:
            yield _evaluation(records[step])
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError):
            if path.name not in damaged:
                damaged.append(path.name)


def _evaluation(line: dict[str, Any]) -> Evaluation:
    metrics = {
        str(name): Measured(float(m["value"]), _number(m.get("baseline")))
        for name, m in line["metrics"].items()
        if m.get("value") is not None
    }
    return Evaluation(line["step"], metrics, str(line.get("extractor", "")), int(line.get("samples", 0)), *_kinds(line))


def read_scores(path: Path) -> Scores | None:
    """What D said, out of a file; None where it cannot be read."""
    try:
        return _read_scores(path, path.stat().st_mtime_ns)
    except OSError:
        return None


@lru_cache(maxsize=512)
def _read_scores(path: Path, changed: int) -> Scores | None:
    try:
        with np.load(path, allow_pickle=False) as found:
            arrays = [
                np.asarray(found[name], float).ravel() if name in found else np.zeros(0) for name in Scores._fields
            ]
    except (OSError, ValueError, TypeError, LookupError, EOFError, NotImplementedError, zipfile.BadZipFile, zlib.error):
        return None
    return Scores(*(values[np.isfinite(values)] for values in arrays))
