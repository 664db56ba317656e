"""The page of maps: what is there at once, what can be chosen, its link, a map of one's own, the lab that opens on a run."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import streamlit
from streamlit.testing.v1 import AppTest

from app import computing, maps, varying
from app.jobs import Jobs, jobs
from app.maps import Looked, made, query
from app.words import words
from gan1d.axes import Axis, Sweep
from gan1d.config import Config
from gan1d.results import Results

pytest.importorskip("plotly")
MAIN = Path(__file__).parents[2] / "app" / "main.py"
SMALL = Config.from_dict(
    {
        "data": {"means": [0], "stds": [1]},
        "discriminator": {"hidden": [8]},
        "training": {"batch": 4, "iterations": 50, "frames": 10},
    }
)
OWN = made(SMALL, [Axis("training.lr_d", (0.001, 0.01, 0.1)), Axis("training.k_d", (1, 2))], 2)
UNTIL_TOLD = "import pathlib, time\nwhile not pathlib.Path('go').exists(): time.sleep(0.02)\n"
text = words("map")


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The app with a folder of jobs of its own; what it starts waits for a file."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(computing, "COMMAND", (sys.executable, "-S", "-c", UNTIL_TOLD))
    streamlit.cache_resource.clear()
    yield AppTest.from_file(str(MAIN), default_timeout=60)
    for job in jobs().all():
        if job.is_alive:
            jobs().cancel(job.name)


def opened(app: AppTest, looked: Looked | None = None) -> AppTest:
    for name, value in (query(looked) if looked else {}).items():
        app.query_params[name] = value
    app.switch_page("views/map.py").run()
    assert not app.exception
    return app


def write(all_: Jobs, sweep: Sweep, rows: int) -> None:
    folder = all_.folder(computing.name_of(sweep)) / computing.FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    found = Results.empty(sweep)
    found.outcome[:rows] = 5
    for values in found.metrics.values():
        values[:rows] = 0.5
    found.save(folder)


def chart(app: AppTest) -> dict:
    (found,) = app.get("plotly_chart")
    return json.loads(found.proto.spec)


def said(app: AppTest) -> str:
    blocks = (app.markdown, app.caption, app.text, app.error)
    return " ".join(element.value for block in blocks for element in block)


def address(app: AppTest) -> dict[str, list[str]]:
    return {name: [v] if isinstance(v, str) else list(v) for name, v in app.query_params.items()}


def button(app: AppTest, label: str):  # type: ignore[no-untyped-def]
    return next(b for b in app.button if b.label == label)


def test_the_first_visit_shows_a_whole_map_with_its_sentence(app: AppTest) -> None:
    opened(app)
    first = next(iter(maps.shipped()))
    assert maps.shipped()[first].sentence in said(app)
    shape = maps.shipped()[first].sweep.shape
    layers = [np.array(t["z"], float) for t in chart(app)["data"] if t["type"] == "heatmap"]
    assert all(z.shape == shape[::-1] for z in layers)
    assert np.isfinite(layers).any(axis=0).all()
    assert address(app) == {"map": [first]}
    assert not list(jobs().all())


@pytest.mark.parametrize("show", maps.SHOWN)
@pytest.mark.parametrize("name", list(maps.shipped()))
def test_every_map_that_ships_is_shown_in_every_way(app: AppTest, name: str, show: str) -> None:
    opened(app, Looked(maps.shipped()[name].sweep, name, show))
    assert maps.shipped()[name].sentence in said(app)
    assert chart(app)["layout"]["xaxis"]["title"]["text"] == varying.label(
        maps.shipped()[name].sweep, maps.shipped()[name].sweep.axes[0]
    )


def test_another_map_and_another_metric_are_a_press_away_and_go_into_the_link(app: AppTest) -> None:
    opened(app)
    other = list(maps.shipped())[1]
    app.segmented_control(key="shipped map").set_value(other).run()
    app.segmented_control(key="map shows").set_value("w1").run()
    assert not app.exception
    assert maps.shipped()[other].sentence in said(app)
    assert address(app) == {"map": [other], "show": ["w1"]}
    assert "W1, data units" in chart(app)["data"][0]["colorbar"]["title"]["text"]


def test_what_is_wrong_with_a_link_is_said(app: AppTest) -> None:
    app.query_params["map"] = "nonesuch"
    app.switch_page("views/map.py").run()
    assert not app.exception
    assert "There is no map “nonesuch”" in said(app)


def test_a_linked_map_that_is_not_computed_can_be_begun_and_cancelled(app: AppTest) -> None:
    opened(app, Looked(OWN))
    assert maps.title(OWN) in said(app) and "12 GANs" in said(app)
    assert not app.get("plotly_chart") and not jobs().all()
    button(app, text["begin"]).click().run()
    assert not app.exception
    (job,) = jobs().all()
    assert job.name == computing.name_of(OWN) and job.is_alive
    button(app, text["cancel"]).click().run()
    assert jobs().find(job.name).state == "stopped"  # type: ignore[union-attr]
    assert button(app, text["resume"])


def test_who_comes_back_finds_the_map_as_far_as_it_is(app: AppTest) -> None:
    computing.start(OWN)
    write(jobs(), OWN, rows=1)
    opened(app, Looked(OWN))
    layers = [np.array(t["z"], float) for t in chart(app)["data"] if t["type"] == "heatmap"]
    assert sum(int(np.isfinite(z).sum()) for z in layers) == 6
    assert button(app, text["cancel"])
    (jobs().folder(computing.name_of(OWN)) / "go").touch()
    write(jobs(), OWN, rows=3)
    while jobs().all()[0].is_alive:
        time.sleep(0.02)
    app.run()
    assert not app.exception
    assert text["cancel"] not in [b.label for b in app.button]
    assert "12 of" not in said(app)


def test_a_map_that_failed_says_why_in_a_line(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(computing, "COMMAND", (sys.executable, "-S", "-c", "raise SystemExit('no room on the device')"))
    job = computing.start(OWN)
    while jobs().find(job.name).is_alive:  # type: ignore[union-attr]
        time.sleep(0.02)
    opened(app, Looked(OWN))
    assert app.error[0].value == text["failed"].format(why="no room on the device")
    assert button(app, text["again"])


def test_a_map_of_ones_own_starts_from_what_the_lab_shows(app: AppTest) -> None:
    app.run()
    app.select_slider(key="control training.lr_g").set_value(0.05).run()
    opened(app)
    of = computing.name_of(maps.shipped()[next(iter(maps.shipped()))].sweep)
    app.selectbox(key=f"base {of}").set_value("the lab").run()
    app.select_slider(key=f"seeds {of}").set_value(2).run()
    button(app, text["start"]).click().run()
    assert not app.exception
    (job,) = jobs().all()
    sweep = Sweep.from_dict(job.note["sweep"])
    assert sweep.config.training.lr_g == 0.05 and sweep.seeds == 2
    assert address(app)["seeds"] == ["2"] and len(address(app)["vary"]) == 2


def test_a_run_is_opened_in_the_lab_without_a_pointer(app: AppTest) -> None:
    opened(app)
    sweep = maps.shipped()[next(iter(maps.shipped()))].sweep
    of = computing.name_of(sweep)
    for axis in sweep.axes:
        app.select_slider(key=f"cell {axis.field} {of}").set_value(1).run()
    assert "seeds: " in said(app)
    seed = next(box for box in app.selectbox if box.label == text["seed"]).value
    app.query_params.clear()
    button(app, text["open_button"]).click().run()
    assert not app.exception
    assert app.session_state["session"].config == sweep.cell((1, 1), seed)


def test_the_table_is_there_to_read_and_to_take_along(app: AppTest) -> None:
    opened(app)
    assert not app.dataframe
    app.session_state["map table"] = True  # as opening it does
    app.run()
    assert not app.exception
    assert len(app.dataframe[0].value) == np.prod(next(iter(maps.shipped().values())).sweep.shape)
    assert "converged" in app.dataframe[0].value


def test_an_unwritable_folder_is_said(app: AppTest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    opened(app, Looked(OWN))
    button(app, text["begin"]).click().run()
    assert not app.exception
    assert "could not be begun" in app.error[0].value


def test_the_lab_is_shown_without_plotly() -> None:
    """It takes half a second to import, and only this page draws with it."""
    import ast

    for path in (Path(__file__).parents[2] / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.split(".")[0] == "plotly" for name in names), path
