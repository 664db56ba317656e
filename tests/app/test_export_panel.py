"""The export panel without a browser: what each format offers, what is refused and where, and how an export goes."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit
from PIL import Image
from streamlit.testing.v1 import AppTest

import gan1d
from app import exporting
from app.export_choice import Choice, bytes_said, flags, said
from app.export_panel import PANEL
from app.export_preview import Previews, small
from app.exporting import Export, exports
from app.words import words
from gan1d.catalogue import HERE, scenarios
from gan1d.render.naming import file_name
from gan1d.render.options import FLAGS, FORMATS, Options
from tests.app.test_exporting import UNTIL_TOLD, WRITE, python, until

MAIN = Path(__file__).parents[2] / "app" / "main.py"
KINDS = ("selectbox", "select_slider", "number_input", "text_input", "checkbox", "button_group", "button")
text = words("export")


@pytest.fixture
def opened(gate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., AppTest]]:
    """The app with the panel open; the command that makes the files is a fake one."""

    def open_(code: str = WRITE, page: str = "") -> AppTest:
        monkeypatch.setattr(exporting, "COMMAND", python(code))
        streamlit.cache_resource.clear()
        return visit(page)

    yield open_
    gate.touch()
    for export in list(exports()._known.values()):
        exports().cancel(export.order.key)


def visit(page: str = "") -> AppTest:
    """A new tab."""
    app = AppTest.from_file(str(MAIN), default_timeout=60)
    app.session_state[PANEL] = True  # the expander, as if opened
    if page:
        app.switch_page(page)
    app.run()
    assert not app.exception
    return app


def options_in(app: AppTest) -> set[str]:
    """Names of the panel's controls, without their format."""
    found = {str(w.key) for kind in KINDS for w in app.sidebar.get(kind) if str(w.key).startswith("export ")}
    return {key.removeprefix("export ").partition(" ")[0] for key in found} - {"format"}


def choose(app: AppTest, name: str, value: Any) -> AppTest:
    [widget] = [w for kind in KINDS for w in app.sidebar.get(kind) if str(w.key).startswith(f"export {name}")]
    widget.set_value(value).run()
    assert not app.exception
    return app


def press(app: AppTest, label: str) -> AppTest:
    next(b for b in app.button if b.label == label).click().run()
    assert not app.exception
    return app


def labels(app: AppTest, kind: str) -> list[str]:
    return [element.proto.label for element in app.get(kind)]


def only() -> Export:
    [export] = exports()._known.values()
    return export


def done(app: AppTest, key: str = "") -> Export:
    export = exports()._known[key] if key else only()
    assert export.ended.wait(20)
    app.run()
    assert not app.exception
    return export


def test_closed_it_costs_nothing() -> None:
    app = AppTest.from_file(str(MAIN), default_timeout=60).run()
    assert text["title"] in [e.label for e in app.sidebar.expander]
    assert options_in(app) == set() and not app.get("image")


def test_the_lab_is_shown_without_what_paints() -> None:
    """Half a second of imports, which only an open panel needs."""
    code = "import sys, app.export_panel; print({'matplotlib', 'jax', 'imageio_ffmpeg', 'pypdf'} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", code], cwd=MAIN.parents[1], capture_output=True, text=True)
    assert told.stdout.strip() == "set()", told.stderr


def test_each_format_says_what_it_is_for_and_offers_what_changes_something_in_it(
    opened: Callable[..., AppTest],
) -> None:
    app = opened()
    box = app.selectbox(key="export format")
    assert list(box.options) == [text["formats"][kind][0] for kind in FORMATS]
    look = {"layers", "theme", "title", "sentence"}
    expected = {
        "movie": {"size", "fps", "seconds", "shown", *look},
        "still": {"size", "states", "at", "dpi", "transparent", *look},
        "page": {"shown", *look},
        "data": set(),
        "code": set(),
    }
    for kind, known in FORMATS.items():
        choose(app, "format", kind)
        assert options_in(app) == expected[known.kind] - ({"dpi"} if "dpi" not in known.options else set()), kind
        assert text["formats"][kind][1] in [c.value for c in app.caption]
        assert bool(app.get("image")) == (known.kind in ("movie", "still")), kind


def test_a_film_strip_is_of_a_stretch_and_has_the_map(opened: Callable[..., AppTest]) -> None:
    app = choose(choose(opened(), "format", "pdf"), "states", 4)
    assert {"shown"} <= options_in(app) and "at" not in options_in(app)
    assert text["preview_strip"].format(first="0", iteration="2,100") in str(app.get("image")[0].proto)
    choose(app, "format", "mp4")
    assert "states" not in options_in(app)


def test_the_defaults_are_those_of_the_command(opened: Callable[..., AppTest]) -> None:
    press(opened(), text["start"])
    assert only().order.flags == ()
    assert only().order.name == "gaussian-linear_seed-0.mp4"


def test_what_is_chosen_reaches_the_command(opened: Callable[..., AppTest]) -> None:
    app = opened()
    for name, value in {
        "size": "960x540",
        "fps": 12.5,
        "seconds": 2.0,
        "shown": (0, 600),
        "layers": ["real", "generated"],
        "theme": "dark",
        "title": "--title or not",
        "sentence": "none",
    }.items():
        choose(app, name, value)
    press(app, text["start"])
    wanted = "--size=960x540 --fps=12.5 --seconds=2 --to=600 --layers=real,generated --theme=dark --no-caption".split()
    assert sorted(only().order.flags) == sorted([*wanted, "--title=--title or not"])


@pytest.mark.parametrize(
    ("kind", "chosen", "wrong"),
    [
        ("mp4", {"size": "custom", "width": 641}, "641x720"),
        ("mp4", {"size": "custom", "width": 10}, "10"),
        ("mp4", {"fps": 0.0}, "0"),
        ("gif", {"fps": 60.0}, "at most 50"),
        ("webm", {"seconds": 500.0}, "at most 100"),
        ("mp4", {"title": "x" * 200}, "160 letters"),
        ("png", {"dpi": 5}, "5 is not allowed"),
        ("png", {"sentence": "own", "under": "x" * 500}, "400 letters"),
    ],
)
def test_a_bad_value_is_said_beside_its_control_and_nothing_begins(
    opened: Callable[..., AppTest], kind: str, chosen: dict[str, Any], wrong: str
) -> None:
    app = choose(opened(), "format", kind)
    for name, value in chosen.items():
        choose(app, name, value)
    [error] = app.sidebar.error
    assert wrong in error.value and "is not allowed; " in error.value and "--" not in error.value
    assert text["start"] not in [b.label for b in app.button] and not app.get("image")


def test_values_stay_when_the_format_changes_where_they_mean_something(opened: Callable[..., AppTest]) -> None:
    app = choose(choose(opened(), "theme", "print"), "fps", 60.0)
    choose(app, "format", "png")
    assert app.session_state["exporting"].options()[0].theme == "print"
    assert app.session_state["exporting"].options()[0].fps == 30
    choose(app, "format", "mp4")
    assert app.number_input(key="export fps").value == 60


def test_another_run_forgets_the_iterations_of_this_one(opened: Callable[..., AppTest]) -> None:
    app = choose(opened(), "shown", (600, 1200))
    assert app.session_state["exporting"].options()[0].first == 600
    app.selectbox(key="scenario").set_value("divergence").run()
    assert not app.exception
    options, wrong = app.session_state["exporting"].options()
    assert (options.first, options.last, wrong) == (None, None, None)


def test_progress_cancel_and_again(opened: Callable[..., AppTest], gate: Path) -> None:
    app = press(opened(UNTIL_TOLD), text["start"])
    until(lambda: only().total == 4)
    app.run()
    [bar] = app.get("progress")
    assert (bar.proto.value, bar.proto.text) == (25, "25 %")
    assert text["start"] not in [b.label for b in app.button]
    press(app, text["cancel"])
    assert exports()._known == {} and not app.get("progress")
    press(app, text["start"])
    gate.touch()
    export = done(app)
    assert labels(app, "download_button") == [text["download"].format(size=bytes_said(5))]
    assert export.content() == b"whole" and not app.get("progress")


def test_a_reload_finds_it_and_what_was_made_beside_it(opened: Callable[..., AppTest]) -> None:
    app = press(opened(), text["start"])
    done(app)
    choose(app, "theme", "dark")
    press(app, text["start"])
    dark = [key for key, e in exports()._known.items() if "--theme=dark" in e.order.flags]
    done(app, dark[0])
    app = visit()
    size = bytes_said(2)
    assert labels(app, "download_button") == [
        text["download"].format(size=size),
        text["download_of"].format(said="MP4 video 1280 × 720, dark", size=size),
    ]
    choose(app, "theme", "dark")
    assert labels(app, "download_button")[0] == text["download"].format(size=size)


def test_nobody_is_offered_what_somebody_else_wrote(opened: Callable[..., AppTest]) -> None:
    app = choose(opened(), "title", "For my love")
    press(app, text["start"])
    done(app)
    choose(app, "title", "")
    assert len(labels(app, "download_button")) == 1  # the tab's own
    assert labels(visit(), "download_button") == []


def test_what_failed_is_said_and_can_be_tried_again(opened: Callable[..., AppTest]) -> None:
    app = press(opened("import sys; sys.exit('gan1d: no room')"), text["start"])
    done(app)
    assert [e.value for e in app.sidebar.error] == [text["failed"].format(why="no room")]
    press(app, text["again"])
    done(app)


def test_a_comparison_leaves_as_one_with_its_labels(opened: Callable[..., AppTest]) -> None:
    app = opened(page="views/compare.py")
    box = app.selectbox(key="export format")
    assert list(box.options) == [text["formats"][kind][0] for kind in FORMATS]
    press(app, text["start"])
    labels_ = [flag for flag in only().order.flags if flag.startswith("--label=")]
    assert labels_ == ["--label=lr_G 0.1", "--label=lr_G 0.02"] == list(only().order.flags)
    assert "-vs-" in only().order.name


def test_it_can_be_hidden() -> None:
    app = AppTest.from_file(str(MAIN), default_timeout=60)
    app.query_params["hide"] = "export"
    app.run()
    assert not app.exception and text["title"] not in [e.label for e in app.sidebar.expander]


# ---- without the page


def test_every_option_has_its_flag() -> None:
    """Each one changed alone: its flag is there, in the words of the command line, and no other."""
    changed: dict[str, Any] = {
        "width": 640,
        "height": 360,
        "dpi": 200,
        "fps": 12.5,
        "seconds": 3.0,
        "first": 10,
        "last": 90,
        "at": 50,
        "states": 4,
        "layers": ("real", "d"),
        "theme": "print",
        "title": "a title",
        "caption": False,
        "under": "a sentence",
        "transparent": True,
    }
    assert set(changed) == set(FLAGS)
    for name, value in changed.items():
        kind = next(kind for kind, known in FORMATS.items() if name in known.options)
        [flag] = flags(Options(**{name: value}), kind)
        assert flag.partition("=")[0] == ("--no-caption" if name == "caption" else FLAGS[name])
    assert flags(Options(fps=12.5), "png") == ()


def test_a_sentence_of_ones_own_is_one() -> None:
    choice = Choice(values={"under": "mine"}, sentence="own")
    assert flags(choice.options()[0], "mp4") == ("--caption=mine",)
    choice.sentence = "none"
    assert flags(choice.options()[0], "mp4") == ("--no-caption",)


@pytest.mark.parametrize(
    ("count", "words_"), [(999, "999 bytes"), (1000, "1 kB"), (999_499, "999 kB"), (999_500, "1.0 MB")]
)
def test_sizes_are_said_as_people_say_them(count: int, words_: str) -> None:
    assert bytes_said(count) == words_


def test_what_was_made_is_said() -> None:
    assert said(Options(), "mp4") == "MP4 video 1280 × 720"
    assert said(Options(theme="print"), "csv") == "CSV tables"


def test_a_preview_is_small_and_painted_once() -> None:
    run = gan1d.load(HERE / "assets" / "divergence.npz")
    mine = Previews()
    options = Options(width=1920, height=1080, at=10)
    seen = mine.get(("a",), [run], (), options)
    with Image.open(io.BytesIO(seen.png)) as image:
        assert image.size == (640, 360)
    assert seen.iterations == (10,) and seen.caption
    assert mine.get(("a",), [run], (), Options(width=1280, height=720, at=10, fps=5)) is seen
    assert mine.get(("a",), [run], (), Options(at=11)) is not seen


def test_a_run_that_cannot_be_painted_leaves_the_panel_as_it_is(
    opened: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Previews, "_paint", lambda *_: 1 / 0)
    app = opened()
    assert text["preview_failed"].format(why=text["preview_broken"]) in [c.value for c in app.caption]
    assert text["start"] in [b.label for b in app.button]


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((1280, 720), (640, 360)),
        ((720, 1280), (360, 640)),
        ((640, 360), (640, 360)),
        ((3200, 576), (1600, 288)),
        ((1000, 200), (1000, 200)),
    ],
)
def test_previews_keep_the_shape(size: tuple[int, int], expected: tuple[int, int]) -> None:
    found = small(Options(width=size[0], height=size[1], dpi=300))
    assert (found.width, found.height, found.dpi) == (*expected, 100)


def test_names_are_those_of_the_command_line() -> None:
    run = gan1d.load(HERE / "assets" / "divergence.npz")
    assert file_name([run], "mp4") == f"divergence_seed-{scenarios['divergence'].config.training.seed}.mp4"
