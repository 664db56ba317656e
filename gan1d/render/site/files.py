"""What can be taken along of a scenario: its run, its curves, its settings, a script, pictures, and a movie where wanted."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import NamedTuple

from gan1d.render.export import export
from gan1d.render.options import Options
from gan1d.render.site.runs import sparser, thinned
from gan1d.render.site.words import text
from gan1d.tables import scalars
from gan1d.trajectory import Trajectory

MOST = 300_000
"""Bytes of a saved run, unless all of its states are wanted: with it and all else a scenario stays below a megabyte."""
STILL = Options(width=1280, height=720)
STRIP = Options(width=1600, height=480, states=4)
MOVIE = Options()


class File(NamedTuple):
    """A download: its name in the folder of the files, its kind of `text()["files"]`, and what is said of it."""

    name: str
    kind: str
    said: str
    size: int


def write(run: Trajectory, name: str, folder: Path, *, full: bool, movie: bool) -> list[File]:
    """Writes all downloads of a run. full: the saved run has every recorded state."""
    words = text()["files"]
    said = {kind: known["text"] for kind, known in words.items()}
    found = []
    for kind in words:
        path = folder / f"{name}.{kind}"
        if kind == "npz":
            said[kind] = said[kind].format(states=_write_run(run, path, full))
        elif kind == "csv":
            _write_csv(run, path)
        elif kind == "json":
            path.write_text(run.config.to_json(indent=1) + "\n", "utf-8")
        elif kind == "mp4" and not movie:
            continue
        else:
            export([run], path, {"png": STILL, "svg": STRIP, "mp4": MOVIE}.get(kind, Options()))
        found.append(File(path.name, kind, said[kind], path.stat().st_size))
    return found


def _write_run(run: Trajectory, path: Path, full: bool) -> str:
    """Saves the run, with fewer states where all would take too much; returns how many, in words."""
    run.save(path)
    count, size, words = len(run), path.stat().st_size, text()
    if full or size <= MOST:
        return str(words["states"]["all"]).format(count=count)
    every = sparser(run.config, math.ceil(size / MOST))
    fewer = thinned(run, every)
    fewer.save(path)
    nth = words["nth"].get(str(every), f"{every}th")
    return str(words["states"]["some"]).format(nth=nth, of=count, count=len(fewer))


def _write_csv(run: Trajectory, path: Path) -> None:
    names, columns = scalars(run)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows(zip(*(column.tolist() for column in columns), strict=True))
