"""The command `gan1d site`: the whole course as plain files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from gan1d.arguments import AsJson, InputError
from gan1d.bars import Bar

MEGA = 1e6


def site(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", help="A new or empty folder, or an older site, which is renewed.", show_default=False
        ),
    ],
    force: Annotated[
        bool, typer.Option("--force", help="Also among other files, which stay; files of the same names are replaced.")
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Runs to download with every recorded state: up to 1.5 MB a scenario.")
    ] = False,
    movies: Annotated[bool, typer.Option("--movies", help="An MP4 of each scenario to download, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a static site: every scenario with its player, the lessons, maps and downloads; it needs no server."""
    from gan1d.programs import for_single_runs
    from gan1d.render.site import write

    for_single_runs()
    with Bar() as bar:
        try:
            found = write(
                folder,
                force=force,
                full=full,
                movies=movies,
                progress=lambda done, total, what: bar.say(f"{done} of {total}, {what}", done, total),
            )
        except OSError as e:
            raise InputError(
                f"DIR: {str(folder)!r} is not allowed; it must be a folder that can be written ({e.strerror})"
            ) from None
    report = found._asdict() | {"folder": str(folder), "seconds": round(found.seconds, 2)}
    if as_json:
        print(json.dumps(report))
        return
    most = max(found.scenarios.values(), default=0) / MEGA
    print(
        f"{folder / 'index.html'}: {found.pages} pages, {found.files} files, {found.bytes / MEGA:.1f} MB, "
        f"at most {most:.2f} MB a scenario gzip'd, {found.seconds:.1f} s"
    )
