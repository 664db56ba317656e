"""Every scenario in every format: a table of how long it takes, how large it is, and what an independent reader finds in it.

    make exports                                into build/exports, or EXPORTS=DIR
    python -m tools.exports DIR [SCENARIO ...]  only these

Movies are decoded picture by picture by PyAV, pictures by Pillow, PDFium and an XML parser, pages by Chromium where there is one, with
no network; tables by NumPy, csv and json. From each file but CSV the settings are read back. A file that fails ends it with exit code 1;
one beyond its budget of time or size is marked.
"""

from __future__ import annotations

import argparse
import ast
import csv
import json
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
import pypdfium2
from PIL import Image

import gan1d
from gan1d import carried
from gan1d.catalogue import HERE
from gan1d.config import Config
from gan1d.render.export import export
from gan1d.render.naming import file_name
from gan1d.render.options import FORMATS, Options
from tools.browser import FLAGS, chromium_path

OPTIONS = Options(width=960, height=540, fps=30, seconds=10)
STATES = 300
"""Recorded states of a run, and pictures of its movie."""
BUDGETS: dict[str, tuple[float, float]] = {"mp4": (3, 0), "webm": (3, 0), "gif": (5, 0), "html": (0.5, 1.5e6)}
"""Seconds on two cores, and bytes; 0 is no limit."""
HEADER = f"{'scenario':32}{'format':8}{'seconds':>8}{'budget':>8}{'kB':>9}  {'what a reader finds'}"
Read = Callable[[Path], str]


class Row(NamedTuple):
    """A line of the table. found: what a reader found, or what was wrong."""

    scenario: str
    kind: str
    seconds: float
    size: int
    found: str
    fine: bool

    @property
    def over(self) -> bool:
        """Whether it took longer, or is larger, than it may."""
        seconds, size = BUDGETS.get(self.kind, (0, 0))
        return bool(seconds and self.seconds > seconds) or bool(size and self.size > size)

    def line(self) -> str:
        """As it is printed."""
        budget = f"{BUDGETS[self.kind][0]:g}" if self.kind in BUDGETS else ""
        mark = "" if self.fine else "WRONG: "
        time_ = f"{self.seconds:.2f}{'!' if self.over else ' '}"
        return f"{self.scenario:32}{self.kind:8}{time_:>8}{budget:>8}{self.size / 1000:>9.0f}  {mark}{self.found}"


def run_of(name: str) -> gan1d.Trajectory:
    """A scenario with as many recorded states as there are pictures; the shipped run where it has few iterations."""
    config = gan1d.scenarios[name].config
    if config.training.iterations < STATES:
        return gan1d.load(HERE / "assets" / f"{name}.npz")
    return gan1d.train(config.replace(**{"training.frames": STATES}))


def read_movie(path: Path) -> str:
    """Every picture decoded, its size and time."""
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        times: list[float] = []
        for frame in file.decode(stream):
            assert (frame.width, frame.height) == (OPTIONS.width, OPTIONS.height), "another size"
            times.append(frame.time if frame.time is not None else -1.0)
        seconds = (file.duration or 0) / av.time_base
        name, colours = stream.codec_context.name, stream.codec_context.pix_fmt
    assert len(times) == OPTIONS.frames, f"{len(times)} pictures"
    assert abs(seconds - OPTIONS.seconds) < 0.02 and np.all(np.diff(times) > 0), f"{seconds} s"
    return f"{name} {colours}, {OPTIONS.width}x{OPTIONS.height}, {len(times)} frames, {seconds:.2f} s"


def read_png(path: Path) -> str:
    """Its pixels."""
    with Image.open(path) as image:
        image.load()
        assert image.size == (OPTIONS.width, OPTIONS.height), f"{image.size}"
        return f"{image.mode} {image.width}x{image.height}, {len(image.getcolors(2**24) or [])} colours"


def read_svg(path: Path) -> str:
    """Its elements."""
    root = ET.parse(path).getroot()
    assert root.get("viewBox") == f"0 0 {OPTIONS.width} {OPTIONS.height}", "another size"
    names = [element.tag.rpartition("}")[2] for element in root.iter()]
    assert "image" not in names, "pixels in it"
    return f"{names.count('path')} paths, {names.count('text')} texts"


def read_pdf(path: Path) -> str:
    """Its page, drawn by PDFium, and its text."""
    document = pypdfium2.PdfDocument(path)
    width, height = document[0].get_size()
    drawn = np.asarray(document[0].render(scale=1).to_pil().convert("L"))
    assert drawn.std() > 1, "an empty page"
    words = document[0].get_textpage().get_text_bounded().split()
    return f"{len(document)} page, {width:.0f}x{height:.0f} pt, {len(words)} words"


def read_csv(path: Path) -> str:
    """Its rows, and those of the table of densities."""
    counts = []
    for table in (path, path.with_suffix(".densities.csv")):
        with table.open(newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))
        assert len({len(row) for row in rows}) == 1, "rows of different lengths"
        counts.append(f"{len(rows) - 1} rows of {len(rows[0])}")
    return ", ".join(counts)


def read_json(path: Path) -> str:
    """Its arrays."""
    found = json.loads(path.read_text("utf-8"))
    return f"{len(found)} fields, {len(found['iteration'])} states"


def read_npz(path: Path) -> str:
    """Its arrays."""
    with np.load(path, allow_pickle=False) as found:
        return f"{len(found.files)} arrays, {len(found['iteration'])} states"


def read_py(path: Path) -> str:
    """Its statements."""
    tree = ast.parse(path.read_text("utf-8"))
    return f"{len(tree.body)} statements"


@contextmanager
def pages() -> Iterator[Read]:
    """Reads a page in Chromium with the network cut: the player is there and nothing was complained of."""
    if chromium_path() is None:
        yield lambda path: f"{path.read_text('utf-8').count('<script')} scripts (no Chromium here)"
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium_path(), args=list(FLAGS))
        context = browser.new_context(offline=True)

        def read(path: Path) -> str:
            page = context.new_page()
            said: list[str] = []
            page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
            page.on("pageerror", lambda error: said.append(str(error)))
            page.on(
                "request",
                lambda asked: None if asked.url.startswith(("file:", "data:", "blob:")) else said.append(asked.url),
            )
            page.goto(path.absolute().as_uri())
            page.wait_for_selector(".gan1d-player canvas", timeout=20_000)
            count = page.locator(".gan1d-player canvas").count()
            page.close()
            assert not said, "; ".join(said)
            return f"{count} canvases in Chromium, offline"

        yield read
        browser.close()


READERS: dict[str, Read] = {
    **dict.fromkeys(("mp4", "webm", "gif"), read_movie),
    "png": read_png,
    "svg": read_svg,
    "pdf": read_pdf,
    "csv": read_csv,
    "json": read_json,
    "npz": read_npz,
    "py": read_py,
}


def one(name: str, run: gan1d.Trajectory, kind: str, folder: Path, read: Read) -> Row:
    """A run exported, timed, and read."""
    options = OPTIONS if FORMATS[kind].kind in ("movie", "still") else Options()
    out = folder / file_name([run], kind)
    began = time.perf_counter()
    written = export(run, out, options)
    seconds = time.perf_counter() - began
    size = sum(path.stat().st_size for path in written)
    try:
        found = read(out)
        if kind != "csv":
            assert _settings(out) == [run.config], "other settings are read back"
            found += ", settings read back"
    except Exception as e:  # whatever a reader says of it
        return Row(name, kind, seconds, size, f"{type(e).__name__}: {e}", False)
    return Row(name, kind, seconds, size, found, True)


def _settings(path: Path) -> list[Config]:
    return [found.config for found in carried.read(path)]


def main() -> None:
    """Exports, reads and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("names", nargs="*", metavar="SCENARIO")
    given: Any = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    print(HEADER)
    with pages() as read_page:
        readers = READERS | {"html": read_page}
        for name in given.names or list(gan1d.scenarios):
            run = run_of(name)
            if not rows:  # what is loaded once is not what is measured
                for kind in FORMATS:
                    one(name, run, kind, given.folder, lambda _: "")
            for kind in FORMATS:
                rows.append(one(name, run, kind, given.folder, readers[kind]))
                print(rows[-1].line(), flush=True)
    wrong = sum(not row.fine for row in rows)
    over = [row for row in rows if row.over]
    print(f"{len(rows)} files in {given.folder}: {wrong} wrong, {len(over)} beyond their budget (marked !)")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
