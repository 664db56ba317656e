"""Runs as a file of any format that there is: one table says who writes which."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from gan1d import tables
from gan1d.carried import record
from gan1d.config import ConfigError
from gan1d.fields import nearest
from gan1d.render.compare import NAMES
from gan1d.render.options import FORMATS, LABEL, Options, line
from gan1d.render.scene import Scene, scene
from gan1d.trajectory import Trajectory
from gan1d.writing import Writing

Progress = Callable[[int, int], None]


class Order(NamedTuple):
    """What is to be written, and where."""

    runs: tuple[Trajectory, ...]
    labels: tuple[str, ...] | None
    options: Options
    path: Path
    kind: str
    progress: Progress | None

    def scene(self) -> Scene:
        """The runs as what can be drawn."""
        return scene(self.runs, self.labels, record=record(self.runs, self.labels))


def export(
    runs: Sequence[Trajectory] | Trajectory,
    out: str | os.PathLike[str],
    options: Options | None = None,
    kind: str | None = None,
    progress: Progress | None = None,
    labels: Sequence[str] | None = None,
) -> list[Path]:
    """Writes one run, or several side by side, whole or not at all. Returns the files written.

    Args:
      runs: what is shown.
      out: where; its ending says the format, unless `kind` does.
      options: how it looks.
      kind: an ending from `FORMATS`.
      progress: called with (pictures done, pictures in all) or, where there is but one, with (0, 1) and (1, 1); raise in it to cancel.
      labels: a few words for each run.

    Raises:
      ConfigError: a format that is not known, options that do not fit it, labels that are too long, or too many runs for it.
      OSError: a path that cannot be written.
    """
    given = (runs,) if isinstance(runs, Trajectory) else tuple(runs)
    path = Path(out)
    found = kind_of(path) if kind is None else kind
    order = Order(given, _labels(labels), check(found, options, len(given)), path, found, progress)
    if progress and FORMATS[found].kind != "movie":
        progress(0, 1)
    written = WRITERS[FORMATS[found].kind](order)
    if progress and FORMATS[found].kind != "movie":
        progress(1, 1)
    return written


def _labels(given: Sequence[str] | None) -> tuple[str, ...] | None:
    return tuple(line("--label", label, LABEL) for label in given) if given else None


def check(kind: str, options: Options | None = None, runs: int = 1) -> Options:
    """The options for a format, checked.

    Raises:
      ConfigError: what `export` refuses before it begins.
    """
    checked = (options or Options()).checked(kind)
    if not 1 <= runs <= len(NAMES):
        raise ConfigError("RUN", runs, f"there must be 1 to {len(NAMES)} runs")
    return checked


def kind_of(path: Path) -> str:
    """The format that a file's name ends in.

    Raises:
      ConfigError: none that is known.
    """
    kind = path.suffix.removeprefix(".").lower()
    if kind not in FORMATS:
        endings = ", ".join(f".{known}" for known in FORMATS)
        raise ConfigError("OUT", str(path), f"its name must end in {endings}{nearest(kind, FORMATS)}")
    return kind


def _movie(order: Order) -> list[Path]:
    from gan1d.render.movie import write_movie

    write_movie(order.scene(), order.options, order.path, order.kind, order.progress)
    return [order.path]


def _still(order: Order) -> list[Path]:
    from gan1d.render.stills import write_still

    write_still(order.scene(), order.options, order.path, order.kind)
    return [order.path]


def _page(order: Order) -> list[Path]:
    from gan1d.render.page import page

    return _text(order, page(order.runs, order.labels, order.options))


def _code(order: Order) -> list[Path]:
    from gan1d.render.script import script

    return _text(order, script(order.runs, order.labels))


def _data(order: Order) -> list[Path]:
    if len(order.runs) == 1:
        return tables.export(order.runs[0], order.path, order.kind)
    named = dict(zip(NAMES, order.runs, strict=False))
    return tables.export_several(named, record(order.runs, order.labels), order.path, order.kind)


def _text(order: Order, text: str) -> list[Path]:
    with Writing(order.path) as beside:
        beside.write_text(text, "utf-8", newline="\n")
    return [order.path]


WRITERS: dict[str, Callable[[Order], list[Path]]] = {
    "movie": _movie,
    "still": _still,
    "page": _page,
    "code": _code,
    "data": _data,
}
"""Kind of a format -> who writes it."""
