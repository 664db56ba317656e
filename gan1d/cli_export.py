"""The command `gan1d export`: runs, saved or of scenarios, as movies, pictures, pages, tables and scripts."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gan1d.arguments import InputError, carried_by, check_out, tell_start, writes
from gan1d.bars import Bar

if TYPE_CHECKING:
    from gan1d.render.options import Options
    from gan1d.trajectory import Trajectory

REPORTS = 10
"""Lines of progress a second, at most."""


def export(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN...",
            help="One to four: a run that `train -o` saved, a scenario's name, or any file that carries runs, which are trained again.",
        ),
    ],
    out: Annotated[
        Path,
        typer.Argument(
            metavar="OUT.(mp4|webm|gif|html|png|svg|pdf|csv|json|npz|py)", help="What to write; its ending decides."
        ),
    ],
    size: Annotated[str | None, typer.Option(metavar="WIDTHxHEIGHT", help="Pixels; 1280x720 by default.")] = None,
    dpi: Annotated[int | None, typer.Option(help="Pixels an inch of png and pdf; 100 by default.")] = None,
    fps: Annotated[float | None, typer.Option(help="Frames a second of a movie; 30 by default.")] = None,
    seconds: Annotated[float | None, typer.Option(help="Length of a movie; 8 by default.")] = None,
    first: Annotated[
        int | None, typer.Option("--from", metavar="ITERATION", help="The first state that is shown.")
    ] = None,
    last: Annotated[int | None, typer.Option("--to", metavar="ITERATION", help="The last one.")] = None,
    at: Annotated[
        int | None, typer.Option(metavar="ITERATION", help="The state of a picture; the last by default.")
    ] = None,
    states: Annotated[
        int | None, typer.Option(help="A film strip of so many states, in a picture; 1 by default.")
    ] = None,
    layers: Annotated[
        str | None, typer.Option(metavar="NAME,NAME", help='What is shown, such as d_star,arrows; "" is nothing more.')
    ] = None,
    theme: Annotated[str | None, typer.Option(help="light, dark or print.")] = None,
    title: Annotated[str | None, typer.Option(help="Over the picture.")] = None,
    caption: Annotated[str | None, typer.Option(help="Under the picture, in place of what is happening.")] = None,
    no_caption: Annotated[bool, typer.Option("--no-caption", help="Nothing under the picture.")] = False,
    transparent: Annotated[bool, typer.Option("--transparent", help="No background: png, svg and pdf.")] = False,
    label: Annotated[
        list[str] | None, typer.Option(help="A few words for a run; once for each, in their order.")
    ] = None,
    progress: Annotated[
        str | None, typer.Option(metavar="json", help='Lines {"done": n, "total": m} on stderr in place of a bar.')
    ] = None,
) -> None:
    """Write runs as a movie, a picture, a page, tables or a script; their settings are inside, and `train` reads them back."""
    from gan1d.render.export import check, kind_of
    from gan1d.render.export import export as write
    from gan1d.render.options import FORMATS

    moments = {"fps": fps, "seconds": seconds, "first": first, "last": last, "at": at, "states": states}
    words = {"theme": theme, "title": title, "under": caption, "caption": False if no_caption else None}
    looks = {"dpi": dpi, "layers": _names(layers), "transparent": transparent or None}
    if progress not in (None, "json"):
        raise InputError(f"--progress: {progress!r} is not allowed; it must be json")
    if no_caption and caption is not None:
        raise InputError(f"--caption: {caption!r} is not allowed; --no-caption is there too")
    options = _options(_size(size) | moments | words | looks)
    check(kind_of(out), options)
    check_out(out, tuple(FORMATS))

    def fits(count: int) -> None:
        check(kind_of(out), options, count)
        if label and len(label) != count:
            raise InputError(f"--label: {label!r} is not allowed; there must be one for each of the {count} runs")

    with Bar(hidden=progress == "json") as bar:
        told = _Lines() if progress == "json" else bar
        found, labels = _runs(runs, told, fits)
        with writes(out):
            counted = told.counting(f"writing {out}", "frames" if FORMATS[kind_of(out)].kind == "movie" else "files")
            written = write(found, out, options, progress=counted, labels=label or labels)
    for path in written:
        print(path)


def _options(given: dict[str, Any]) -> Options:
    from gan1d.render.options import Options

    return Options(**{name: value for name, value in given.items() if value is not None})


def _size(text: str | None) -> dict[str, int]:
    if text is None:
        return {}
    width, _, height = text.lower().replace("×", "x").partition("x")
    if not all(side.isascii() and side.isdecimal() and len(side) < 8 for side in (width, height)):
        raise InputError(f"--size: {text!r} is not allowed; it must be WIDTHxHEIGHT in pixels, as in 1280x720")
    return {"width": int(width), "height": int(height)}


def _names(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(name.strip() for name in text.split(",") if name.strip())


def _runs(
    given: list[str], told: Bar | _Lines, fits: Callable[[int], object]
) -> tuple[list[Trajectory], list[str] | None]:
    """The runs that are shown, and their labels where a file has them: a saved run as it is, others trained.

    fits: told how many there are before one of them is trained.
    """
    from gan1d.carried import Carried, train
    from gan1d.catalogue import scenarios

    found: list[tuple[str, Carried | Trajectory]] = []
    for what in given:
        name, carried = carried_by(what)
        found += [(name, (_saved(what, run) if len(carried) == 1 else None) or run) for run in carried]
    fits(len(found))
    runs: list[Trajectory] = []
    labels = [run.label if isinstance(run, Carried) else "" for _, run in found]
    for name, run in found:
        if not isinstance(run, Carried):
            runs.append(run)
            continue
        from gan1d.programs import for_single_runs  # imports JAX

        tell_start(name, run)
        for_single_runs()
        kind = name if name in scenarios else f"the run of {name}"
        runs.append(train(run, told.counting(f"training {kind}", "iterations")))
    return runs, labels if all(labels) else None


def _saved(what: str, run: Any) -> Trajectory | None:
    """A run as it is in its file, or as it ships; None where it is to be trained: of several parts a file does not hold all."""
    from gan1d.catalogue import HERE, scenarios
    from gan1d.trajectory import load

    if what in scenarios:
        shipped = HERE / "assets" / f"{what}.npz"
        saved = load(shipped) if shipped.exists() else None
        return saved if saved and saved.config == run.config else None
    with open(what, "rb") as file:
        if file.read(2) != b"PK":
            return None
    return load(what) if len(run.parts) == 1 else None


class _Lines:
    """Progress as lines of JSON on stderr, in place of a bar; at most `REPORTS` a second."""

    told = -1.0

    def counting(self, text: str, _: str) -> Callable[[int, int], None]:
        """As a bar's."""

        def report(done: int, total: int) -> None:
            now = time.monotonic()
            if done in (0, total) or now - self.told >= 1 / REPORTS:
                self.told = now
                print(json.dumps({"done": done, "total": total, "text": text}), file=sys.stderr, flush=True)

        return report
