"""Tables for the screen and for a Markdown page out of the same rows."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table as RichTable

WIDTH = 140
"""Columns where the output is no terminal."""


def console() -> Console:
    """Standard output, wide enough for the tables."""
    return Console(width=None if sys.stdout.isatty() else WIDTH)


class Table(NamedTuple):
    """A title, what must be said of it, a head and rows. The first `words` columns are text, the others numbers."""

    title: str
    note: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: int = 1


def show(table: Table, on: Console) -> None:
    """Prints a table."""
    shown = RichTable(title=table.title, caption=table.note or None, title_justify="left", caption_justify="left")
    for i, name in enumerate(table.head):
        shown.add_column(name, justify="left" if i < table.words else "right", overflow="fold")
    for row in table.rows:
        shown.add_row(*row)
    on.print(shown)


def markdown(table: Table, heading: bool = True) -> str:
    """A table as Markdown, under a heading or none."""
    rows = [table.head, ["---" if i < table.words else "---:" for i in range(len(table.head))], *table.rows]
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    above = [f"## {table.title}", ""] if heading else []
    return "\n".join([*above, *([table.note, ""] if table.note else []), *lines, ""])


def put(page: Path, name: str, text: str) -> None:
    """Writes a text between a page's comments `<!-- NAME -->` and `<!-- /NAME -->`.

    Raises:
      ValueError: the page has no such place.
    """
    before, begin, rest = page.read_text("utf-8").partition(f"<!-- {name} -->\n")
    _, end, after = rest.partition(f"<!-- /{name} -->")
    if not end:
        raise ValueError(f"{page}: no place for {name}")
    page.write_text(f"{before}{begin}{text}{end}{after}", "utf-8")
