"""A static site: every scenario with its player, the lessons with their questions, maps and downloads. Plain files that any web host, or
a disk, serves: the pages ask for nothing but what lies beside them, and no script needs a server."""

from __future__ import annotations

import gzip
import json
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from gan1d import catalogue, player
from gan1d import lessons as course
from gan1d.catalogue import Scenario
from gan1d.lessons import Figure, Lesson, pieces
from gan1d.render import lesson_figures
from gan1d.render.frames import frames
from gan1d.render.page_data import encoded
from gan1d.render.site import files, lesson_pages, pages
from gan1d.render.site.folder import writing
from gan1d.render.site.mapped import maps
from gan1d.render.site.pages import Shown
from gan1d.render.site.runs import Run, plan
from gan1d.render.site.sketch import sketch
from gan1d.render.site.words import text

HERE = Path(__file__).parent / "assets"
COPIED = ("theme.js", "site.js", "lesson.js")
Progress = Callable[[int, int, str], None]
"""Hears (done, of, what is made now)."""


class Site(NamedTuple):
    """What was written. bytes, gzipped: sums; scenarios: gzip'd bytes of all that each has, with what all share, but for a movie."""

    folder: Path
    pages: int
    files: int
    bytes: int
    gzipped: int
    scenarios: dict[str, int]
    trained: int
    seconds: float


def write(
    folder: Path,
    *,
    scenarios: Mapping[str, Scenario] | None = None,
    lessons: Mapping[str, Lesson] | None = None,
    force: bool = False,
    full: bool = False,
    movies: bool = False,
    progress: Progress | None = None,
) -> Site:
    """Writes the site, whole or not at all. Runs that ship with the package are taken; others are trained.

    scenarios, lessons: those that it has, all of them where not given. force: also among other files. full: saved runs have every recorded
    state, which takes up to 1.5 MB a scenario. movies: with an MP4 of each scenario. progress may raise, to give up.

    Raises:
      ConfigError: a folder that it may not be written to.
    """
    began = time.perf_counter()
    wanted = list((catalogue.scenarios if scenarios is None else scenarios).values())
    taught = list((course.lessons() if lessons is None else lessons).values())
    with writing(folder, force) as beside:
        trained = _Maker(beside, wanted, taught, full, movies, progress or (lambda *_: None)).make()
        report = _measured(folder, beside, [s.name for s in wanted], trained)
    return report._replace(seconds=time.perf_counter() - began)


class _Maker:
    """Makes the files of a site, in a folder of its own."""

    def __init__(
        self,
        root: Path,
        scenarios: Sequence[Scenario],
        lessons: Sequence[Lesson],
        full: bool,
        movies: bool,
        progress: Progress,
    ):
        self.root, self.scenarios, self.lessons = root, scenarios, lessons
        self.full, self.movies, self.progress = full, movies, progress
        self.runs = plan(scenarios, lessons)

    def make(self) -> int:
        """Makes all; returns how many runs were trained."""
        for name in ("assets", "runs", "files", "scenarios", "lessons"):
            (self.root / name).mkdir()
        self.shared()
        stills: dict[str, str] = {}
        found: dict[str, Shown] = {}
        by_config = {scenario.config: scenario for scenario in self.scenarios}
        for done, (config, run) in enumerate(self.runs.items()):
            stills[run.name], shown = self.run(run, by_config.get(config), done)
            if shown:
                found[run.name] = shown
        self.progress(len(self.runs), len(self.runs), text()["index"]["title"])
        self.pages(list(found.values()), stills, found)
        return sum(run.shipped is None for run in self.runs.values())

    def shared(self) -> None:
        """What all pages have in common. The player is a classic script: modules do not load from a disk."""
        words = json.dumps(player.text(), ensure_ascii=False)
        script = f"const gan1dPlayer = (() => {{\n{player.page_js()}\nreturn {{ createPlayer, unpackRun, text: {words} }};\n}})();\n"
        (self.root / "assets" / "player.js").write_text(script, "utf-8")
        (self.root / "assets" / "player.css").write_text(player.css(), "utf-8")
        styles = [(player.HERE / "page.css").read_text("utf-8"), (HERE / "site.css").read_text("utf-8")]
        styles += [lesson_figures.styles()] if self.lessons else []
        (self.root / "assets" / "site.css").write_text("\n".join(styles), "utf-8")
        for name in COPIED:
            (self.root / "assets" / name).write_text((HERE / name).read_text("utf-8"), "utf-8")

    def run(self, run: Run, scenario: Scenario | None, done: int) -> tuple[str, Shown | None]:
        """The data of a run, and of a scenario's its downloads. Returns its picture, and what its page needs."""

        def training(iteration: int, of: int) -> None:
            self.progress(done, len(self.runs), f"{run.title}, {iteration} of {of} iterations")

        self.progress(done, len(self.runs), run.title)
        found = run.get(training)
        meta, arrays = frames(found)
        meta.pop("text")  # it is in the player's script, once for all
        data = f"(window.gan1dRuns ??= {{}})[{json.dumps(run.name)}] = '{encoded(meta, arrays)}';\n"
        (self.root / "runs" / f"{run.name}.js").write_text(data, "utf-8")
        still = sketch(found, text()["scenario"]["alt"].format(kind=meta["outcome"]["kind"]))
        if scenario is None:
            return still, None
        taken = files.write(found, run.name, self.root / "files", full=self.full, movie=self.movies)
        return still, pages.shown(scenario, run.name, found, still, taken)

    def pages(self, found: Sequence[Shown], stills: Mapping[str, str], by_run: Mapping[str, Shown]) -> None:
        """Every page."""
        names = [(self.runs[lesson.scene.config].name, self.runs[lesson.trial.config].name) for lesson in self.lessons]
        users = {
            run: [lesson for lesson, both in zip(self.lessons, names, strict=True) if run in both] for run in by_run
        }
        self.page("index.html", pages.index(found, self.lessons, maps()))
        for at, shown in enumerate(found):
            self.page(f"scenarios/{shown.scenario.name}.html", pages.scenario(found, at, users))
        figures = self.figures()
        for at, lesson in enumerate(self.lessons):
            html = lesson_pages.page(self.lessons, at, names[at], stills[names[at][0]], by_run, figures)
            self.page(f"lessons/{lesson.name}.html", html)

    def figures(self) -> dict[str, str]:
        """Every figure of these lessons as HTML, its pictures beside the pages."""

        def put(path: Path) -> str:
            name = f"{path.parent.parent.name}{path.suffix}"
            shutil.copyfile(path, self.root / "lessons" / name)
            return name

        texts = [text for lesson in self.lessons for text in lesson.texts]
        names = {piece.name for text in texts for piece in pieces(text) if isinstance(piece, Figure)}
        return {name: lesson_figures.figure(name, put) for name in sorted(names)}

    def page(self, name: str, html: str) -> None:
        """Writes a page."""
        (self.root / name).write_text(html, "utf-8")


def _measured(folder: Path, beside: Path, scenarios: Sequence[str], trained: int) -> Site:
    found = sorted(path for path in beside.rglob("*") if path.is_file())
    sizes = {path.relative_to(beside).as_posix(): zipped(path) for path in found}
    shared = sum(size for name, size in sizes.items() if name.startswith("assets/"))
    own: dict[str, int] = {}
    for scenario in scenarios:
        parts = (f"scenarios/{scenario}.html", f"runs/{scenario}.js")
        own[scenario] = shared + sum(
            size
            for name, size in sizes.items()
            if name in parts or (name.startswith(f"files/{scenario}.") and not name.endswith(".mp4"))
        )
    count = sum(path.suffix == ".html" for path in found)
    total = sum(path.stat().st_size for path in found)
    return Site(folder, count, len(found), total, sum(sizes.values()), own, trained, 0.0)


def zipped(path: Path) -> int:
    """Bytes that a web server sends of a file."""
    return len(gzip.compress(path.read_bytes(), 6, mtime=0))


__all__ = ["Progress", "Site", "write", "zipped"]
