"""The static site: whole, light, its links and numbers right, and written without harm to what is there."""

from __future__ import annotations

import base64
import csv
import dataclasses
import gzip
import json
import os
import re
import time
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest

import gan1d
from gan1d import carried, catalogue
from gan1d.config import ConfigError
from gan1d.lessons import lessons
from gan1d.render.frames import frames
from gan1d.render.site import Site, write
from gan1d.render.site.folder import MARK, writing
from gan1d.render.site.mapped import maps, picture
from gan1d.render.site.runs import plan, sparser, thinned
from gan1d.results import read
from gan1d.trajectory import load

ROOT = Path(__file__).resolve().parents[2]
ASSETS = ROOT / "gan1d" / "assets"
SHIPPED = {name: s for name, s in gan1d.scenarios.items() if (ASSETS / f"{name}.npz").exists()}
PLAIN, DRAWN = lessons()["expressive-generator"], lessons()["from-line-to-images"]
LESSON = {PLAIN.name: dataclasses.replace(PLAIN, explanation=DRAWN.explanation, images=DRAWN.images)}
"""Its runs are two of the shipped ones: nothing is trained here. It has the words of the lesson that has figures."""
MEGABYTE = 1_000_000
VOID = {"meta", "link", "input", "img", "br", "hr"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return write(tmp_path_factory.mktemp("site") / "site", scenarios=SHIPPED, lessons=LESSON)


class Page(HTMLParser):
    """Elements of a page as (tag, attributes), its text, and whether every element is closed."""

    def __init__(self, path: Path):
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words = ""
        self.feed(path.read_text("utf-8"))
        self.close()
        assert self.open == [], f"{path.name}: not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID and not (self.get_starttag_text() or "").endswith("/>"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, f"</{tag}> out of place"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def pages(site: Site) -> list[Path]:
    return sorted(site.folder.rglob("*.html"))


def packed(site: Site, name: str) -> tuple[dict, bytes]:
    """What the script of a run's data holds: the header, and the numbers' bytes."""
    text = (site.folder / "runs" / f"{name}.js").read_text("utf-8")
    match = re.fullmatch(rf"""\(window\.gan1dRuns \?\?= {{}}\)\["{name}"\] = '([A-Za-z0-9+/=]+)';\n""", text)
    assert match
    whole = gzip.decompress(base64.b64decode(match[1]))
    length = int.from_bytes(whole[:4], "little")
    return json.loads(whole[4 : 4 + length]), whole[4 + length :]


# ---- the pages


def test_there_is_a_page_for_everything(site: Site) -> None:
    names = {path.relative_to(site.folder).as_posix() for path in pages(site)}
    assert names == {"index.html", *(f"scenarios/{n}.html" for n in SHIPPED), *(f"lessons/{n}.html" for n in LESSON)}
    assert site.pages == len(names) and site.trained == 0


def test_every_page_has_a_language_a_title_of_its_own_and_one_heading(site: Site) -> None:
    titles = set()
    for path in pages(site):
        page, text = Page(path), path.read_text("utf-8")
        assert text.startswith("<!doctype html>") and page.all("html")[0]["lang"] == "en"
        assert len(page.all("h1")) == len(page.all("main")) == text.count("<title>", 0, text.index("<body>")) == 1
        assert {"charset": "utf-8"} in page.all("meta")
        assert any(meta.get("name") == "viewport" for meta in page.all("meta"))
        assert any(meta.get("name") == "description" and meta.get("content") for meta in page.all("meta"))
        titles.add(re.findall(r"<title>(.+?)</title>", text)[0])
    assert len(titles) == len(pages(site))


def test_every_link_is_relative_and_leads_somewhere(site: Site) -> None:
    count = 0
    for path in pages(site):
        page = Page(path)
        for _, attributes in page.found:
            for name in ("href", "src", "action", "srcset", "poster"):
                if (to := attributes.get(name)) is None or to == "data:,":
                    continue
                parts = urlsplit(to)
                assert not parts.scheme and not parts.netloc and not to.startswith("/") and not parts.query
                target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
                assert target.is_file() and site.folder.resolve() in target.parents, f"{path.name}: {to}"
                if parts.fragment:
                    assert any(a.get("id") == parts.fragment for _, a in Page(target).found), f"{path.name}: {to}"
                count += 1
    assert count > 100


def test_nothing_of_it_names_another_host(site: Site) -> None:
    """Namespaces and sources of the vendored library are names, not requests; nothing else looks like an address."""
    for path in site.folder.rglob("*"):
        if path.suffix in (".html", ".css") or path.parts[-2:] in (("assets", "site.js"), ("assets", "lesson.js")):
            text = path.read_text("utf-8").replace("http://www.w3.org/1998/Math/MathML", "")
            assert not re.search(r"https?:|//[a-z]+\.[a-z]|@import|url\((?!data:)", text), path.name
    scripts = "".join(
        (site.folder / "assets" / name).read_text("utf-8") for name in ("player.js", "site.js", "lesson.js")
    )
    assert not re.search(
        r"\bfetch\(|XMLHttpRequest|sendBeacon|WebSocket|EventSource|import\(|^\s*(import|export)\s", scripts, re.M
    )


def test_the_scripts_are_classic_ones(site: Site) -> None:
    """Modules are not read from a disk."""
    for path in pages(site):
        assert all(script.get("type") in (None, "application/json") for script in Page(path).all("script"))


def test_the_first_page_shows_every_scenario_with_its_picture_title_line_and_rate(site: Site) -> None:
    text = (site.folder / "index.html").read_text("utf-8")
    cards = re.findall(r'<article class="s-card">(.+?)</article>', text)
    assert len(cards) == len(SHIPPED)
    for card, (name, s) in zip(cards, SHIPPED.items(), strict=True):
        plain = card.replace("&#x27;", "'")
        assert "<svg" in card and f'href="scenarios/{name}.html"' in card and s.title in plain and s.text in plain
        assert s.rate and f"{s.rate['held']} of {s.rate['of']}" in plain
    assert all(f'href="lessons/{name}.html"' in text for name in LESSON)


def test_a_card_draws_the_run_that_it_names(site: Site) -> None:
    """The highest point of the generated line lies where the generated density's does, as a share of the axis."""
    text = (site.folder / "index.html").read_text("utf-8")
    for name in ("gaussian-linear", "far-modes-linear"):
        card = re.findall(r'<article class="s-card">(.+?)</article>', text)[list(SHIPPED).index(name)]
        path = re.findall(r'class="generated" d="M([^"]+)"', card)[0]
        points = np.array([[float(v) for v in point.split()] for point in path.split("L")])
        run = load(ASSETS / f"{name}.npz")
        place = np.interp(points[np.argmin(points[:, 1]), 0] / 320, [0, 1], run.x[[0, -1]])
        assert place == pytest.approx(run.x[run.p_gen[-1].argmax()], abs=2 * (run.x[2] - run.x[0]))


def test_a_scenarios_page_says_how_often_it_holds_with_each_discriminator(site: Site) -> None:
    for name, s in SHIPPED.items():
        page = Page(site.folder / "scenarios" / f"{name}.html")
        for discriminator in catalogue.DISCRIMINATORS:
            rate = s.with_discriminator(discriminator).rate
            assert rate and f"{rate['held']} / {rate['of']}" in page.words
        assert s.expects in page.words


# ---- the data


def test_the_data_are_the_runs_own(site: Site) -> None:
    for name in SHIPPED:
        run = load(ASSETS / f"{name}.npz")
        meta, arrays = frames(run)
        header, numbers = packed(site, name)
        assert header["meta"]["run"] == meta["run"] and header["meta"]["outcome"]["kind"] == run.diagnosis.kind
        assert "text" not in header["meta"], "the player's words are there once for all pages"
        assert {row[0] for row in header["arrays"]} == set(arrays)
        at = 0
        for kept, kind, rows, width, order in header["arrays"]:
            size = np.dtype(kind).itemsize
            if order == 0 and kind == "float32":
                planes = np.frombuffer(numbers, np.uint8, rows * width * size, at).reshape(size, -1)
                values = np.ascontiguousarray(planes.T).view("<f4").ravel()
                np.testing.assert_array_equal(values, arrays[kept])
            at += rows * width * size
        assert at == len(numbers)


def test_runs_are_there_once_and_shared(site: Site) -> None:
    names = {path.stem for path in (site.folder / "runs").iterdir()}
    assert names == set(SHIPPED)
    spec = Page(site.folder / "lessons" / "expressive-generator.html").words
    assert "near-modes-mlp" not in spec  # it is an attribute, not a text
    html = (site.folder / "lessons" / "expressive-generator.html").read_text("utf-8")
    scenes = json.loads(re.findall(r'data-site="([^"]+)"', html)[0].replace("&quot;", '"'))["scenes"]
    assert {step: scene["run"] for step, scene in scenes.items()} == {
        "run": "near-modes-mlp",
        "explanation": "near-modes-mlp",
        "try": "far-modes-mlp",
    }
    lesson = LESSON["expressive-generator"]
    assert scenes["explanation"]["more"] == {"view": lesson.scene.view, "highlight": list(lesson.scene.highlight)}
    assert scenes["run"]["more"] == {}


def test_the_figures_stand_in_the_lesson_and_their_pictures_beside_it(site: Site) -> None:
    """Nothing leads to the app's page of images: there is none here."""
    path = site.folder / "lessons" / f"{PLAIN.name}.html"
    html = path.read_text("utf-8")
    parts = [html.index(f'<figure class="taught {name}">') for name in ("penalty", "digits")]
    words = [html.index(said) for said in ("must act through its gradient", "leaves digits out", "Sources: Radford")]
    assert sorted(parts + words) == [words[0], parts[0], words[1], parts[1], words[2]]
    assert "figure:" not in html and "images?" not in html
    pictures = [image for image in Page(path).all("img") if image["src"].startswith("run-digits")]
    assert len(pictures) == 2
    for image in pictures:
        run = ASSETS / "image" / image["src"].removesuffix(".png")
        assert (path.parent / image["src"]).read_bytes() == max((run / "samples").iterdir()).read_bytes()
        assert "10 digits" in image["alt"]
    assert ".taught" in (site.folder / "assets" / "site.css").read_text("utf-8")


def test_all_runs_of_all_lessons_are_planned_and_shipped_ones_are_not_trained() -> None:
    runs = plan(gan1d.scenarios.values(), lessons().values())
    assert {s.config for s in gan1d.scenarios.values()} <= set(runs)
    assert {scene.config for lesson in lessons().values() for scene in (lesson.scene, lesson.trial)} <= set(runs)
    assert len({run.name for run in runs.values()}) == len(runs)
    for name, s in SHIPPED.items():
        assert runs[s.config].shipped == ASSETS / f"{name}.npz"


def gzipped(path: Path) -> int:
    return len(gzip.compress(path.read_bytes()))


def weight(site: Site, name: str) -> int:
    """Gzip'd bytes of a scenario's page, data and downloads, and of all that pages share."""
    own = [site.folder / "scenarios" / f"{name}.html", site.folder / "runs" / f"{name}.js"]
    own += [*(site.folder / "files").glob(f"{name}.*"), *(site.folder / "assets").iterdir()]
    return sum(map(gzipped, own))


@pytest.mark.parametrize("name", SHIPPED)
def test_a_scenario_takes_a_megabyte_at_most_with_all_its_downloads(site: Site, name: str) -> None:
    assert weight(site, name) <= MEGABYTE
    assert site.scenarios[name] == pytest.approx(weight(site, name), rel=0.01)


@pytest.mark.deep
def test_the_whole_site_is_light(tmp_path: Path) -> None:
    """Also the scenarios and lessons that are trained for it."""
    site = write(tmp_path / "site")
    assert set(site.scenarios) == set(gan1d.scenarios) and site.pages == 1 + len(gan1d.scenarios) + len(lessons())
    print(f"{site.pages} pages, {site.bytes / MEGABYTE:.1f} MB, {site.seconds:.0f} s")
    assert max(weight(site, name) for name in gan1d.scenarios) <= MEGABYTE


# ---- the downloads


def test_every_download_is_listed_and_carries_its_run(site: Site) -> None:
    for name in ("gaussian-linear", "divergence"):
        page = Page(site.folder / "scenarios" / f"{name}.html")
        listed = {a["href"].rpartition("/")[2] for a in page.all("a") if "download" in a and a["href"]}
        there = {path.name for path in (site.folder / "files").glob(f"{name}.*")}
        assert listed == there == {f"{name}.{kind}" for kind in ("npz", "csv", "json", "py", "png", "svg")}
        config = gan1d.scenarios[name].config
        for kind in ("json", "py", "png", "svg"):
            assert [run.config for run in carried.read(site.folder / "files" / f"{name}.{kind}")] == [config]
        assert [run.config for run in carried.read(site.folder / "scenarios" / f"{name}.html")] == [config]


def test_the_curves_are_every_recorded_state(site: Site) -> None:
    run = load(ASSETS / "gaussian-linear.npz")
    with (site.folder / "files" / "gaussian-linear.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["iteration"]) for row in rows] == run.iteration.tolist()
    assert [float(row["w1"]) for row in rows] == run.w1.tolist()


def test_the_run_has_fewer_states_but_the_same_numbers(site: Site) -> None:
    run, fewer = load(ASSETS / "gaussian-linear.npz"), load(site.folder / "files" / "gaussian-linear.npz")
    assert len(fewer) < len(run)
    at = np.searchsorted(run.iteration, fewer.iteration)
    for name in ("iteration", "p_gen", "d", "g", "w1", "loss_d", "sample_real"):
        np.testing.assert_array_equal(getattr(fewer, name), getattr(run, name)[at])
    assert fewer.diagnosis.kind == run.diagnosis.kind and fewer.metrics == run.metrics
    short = load(site.folder / "files" / "divergence.npz")
    assert len(short) == len(load(ASSETS / "divergence.npz")), "a small one has all"


@pytest.mark.parametrize(("iterations", "states", "least"), [(60, 30, 2), (60, 30, 4), (47, 47, 5), (50, 12, 3)])
def test_thinned_is_what_training_with_fewer_states_records(iterations: int, states: int, least: int) -> None:
    """Training itself says what it should be; means over several stretches are summed in another order."""
    numbers = {"training.iterations": iterations, "training.frames": states, "discriminator.hidden": [16]}
    run = gan1d.train(gan1d.scenarios["gaussian-linear"].config.replace(**numbers))
    found = thinned(run, sparser(run.config, least))
    assert len(found) < len(run)
    expected = gan1d.train(found.config)
    assert set(found.arrays) == set(expected.arrays)
    for name, values in expected.arrays.items():
        np.testing.assert_allclose(found.arrays[name], values, rtol=1e-5, atol=1e-6, err_msg=name)


# ---- maps


def test_a_map_has_every_cell_with_what_is_said_of_it() -> None:
    for drawn in maps():
        results = read(ASSETS / "maps" / drawn.name)
        cells = int(np.prod(results.sweep.shape))
        titles = re.findall(r"<title>(.+?)</title>", drawn.picture)
        assert len(titles) == cells == drawn.picture.count('class="s-cell"')
        said = [int(n) for title in titles for n in re.findall(r"(\d+) converged", title)]
        assert sum(said) == int((results.outcome == results.outcomes.index("converged")).sum())
        assert picture(drawn.name, results) == drawn.picture


# ---- where it is written


def small(folder: Path, **options: object) -> Site:
    only = {"divergence": SHIPPED["divergence"]}
    return write(folder, scenarios=only, lessons={}, **options)  # type: ignore[arg-type]


def everything(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_empty_folder_and_an_older_site_are_written_to_and_what_is_not_the_sites_stays(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    small(folder)
    (folder / "CNAME").write_text("gans.example")
    (folder / ".git").mkdir()
    (folder / ".git" / "HEAD").write_text("ref")
    known = json.loads((folder / MARK).read_text())
    (folder / "scenarios" / "old.html").write_text("old")
    (folder / MARK).write_text(json.dumps(known | {"files": [*known["files"], "scenarios/old.html", "../outside"]}))
    (tmp_path / "outside").write_text("not ours")
    (folder / "index.html").write_text("torn")
    small(folder)
    assert (folder / "CNAME").read_text() == "gans.example" and (folder / ".git" / "HEAD").exists()
    assert not (folder / "scenarios" / "old.html").exists() and (tmp_path / "outside").exists()
    assert "<h1>" in (folder / "index.html").read_text() and json.loads((folder / MARK).read_text()) == known
    assert not [path for path in folder.iterdir() if path.name.startswith(".gan1d")]


def test_a_folder_with_other_files_is_refused_unless_told_otherwise(tmp_path: Path) -> None:
    folder = tmp_path / "thesis"
    folder.mkdir()
    (folder / "chapter.tex").write_text("years of work")
    before = everything(folder)
    with pytest.raises(ConfigError, match=r"^DIR: .* is not allowed; it holds other files: .*--force") as caught:
        small(folder)
    assert "\n" not in str(caught.value) and everything(folder) == before
    small(folder, force=True)
    assert (folder / "chapter.tex").read_text() == "years of work" and (folder / "index.html").exists()


class GivenUpError(Exception):
    pass


@pytest.mark.parametrize("is_there", [False, True])
def test_one_that_is_given_up_changes_nothing(tmp_path: Path, is_there: bool) -> None:
    folder = tmp_path / "site"
    if is_there:
        small(folder)
        (folder / "CNAME").write_text("gans.example")

    def give_up(done: int, total: int, what: str) -> None:
        if done == total:
            raise GivenUpError

    before = everything(tmp_path)
    with pytest.raises(GivenUpError):
        small(folder, progress=give_up)
    assert everything(tmp_path) == before and folder.exists() == is_there
    assert not list(tmp_path.rglob(".gan1d*"))


def test_what_a_killed_one_left_is_in_nobodys_way_and_goes(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    for name, age in (("new", 60), ("old", 2 * 3600)):
        left = folder / f".gan1d-site-{name}"
        (left / "assets").mkdir(parents=True)
        os.utime(left, (time.time() - age,) * 2)
    small(folder)  # without --force
    assert (folder / "index.html").exists()
    assert [path.name for path in folder.glob(".gan1d*")] == [".gan1d-site-new"]  # which may still be being written


def test_a_file_that_is_in_the_way_leaves_the_old_site_whole(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    small(folder)
    with pytest.raises(OSError), writing(folder) as beside:
        (beside / "runs").mkdir()
        raise OSError("no space left")
    assert "<h1>" in (folder / "index.html").read_text() and not list(folder.glob(".gan1d*"))
