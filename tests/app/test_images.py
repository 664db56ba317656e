"""The page of images: what is there at once, settings, a run that is started, paused and deleted, two side by side, play, damage."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit
from streamlit.testing.v1 import AppTest

from app.images import choosing, settings, training
from app.jobs import jobs
from app.words import words
from gan1d.image.config import ImageConfig
from gan1d.image.presets import preset
from tests.app.fake_trainer import write_run
from tests.app.test_images_jobs import FAKE, archive, picture

pytest.importorskip("plotly")
MAIN = Path(__file__).parents[2] / "app" / "main.py"
TINY = preset("digits-16-dcgan", width=4, batch=8, steps=400)
text = words("images")


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The app with a folder of jobs of its own, and a trainer that only counts."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(training, "COMMAND", FAKE)
    streamlit.cache_resource.clear()
    yield AppTest.from_file(str(MAIN), default_timeout=60)
    for job in jobs().all():
        if job.is_alive:
            jobs().cancel(job.name)


def opened(app: AppTest, *names: str) -> AppTest:
    for key, name in zip((choosing.ONE, choosing.BESIDE), names, strict=False):
        app.query_params[key] = name
    app.switch_page("views/images.py").run()
    assert not app.exception
    return app


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def said(app: AppTest) -> str:
    blocks = (app.markdown, app.caption, app.text, app.error, app.warning, app.info)
    return " ".join(element.value for block in blocks for element in block)


def address(app: AppTest) -> dict[str, str]:
    return {name: v if isinstance(v, str) else v[0] for name, v in app.query_params.items()}


def button(app: AppTest, label: str) -> Any:
    return next(b for b in app.button if b.label == label)


def labels(app: AppTest) -> list[str]:
    return [b.label for b in app.button]


def finished(config: ImageConfig, modes: tuple[int, ...] = (10,)) -> str:
    """A run that has ended, in this user's folder; its name."""
    name = training.name_of(config)
    command = (sys.executable, "-S", "-c", "pass")
    jobs().start(name, command, note={"config": config.to_dict()})
    write_run(jobs().folder(name) / training.FOLDER, config, [0, 200, 400], modes)
    until(lambda: jobs().find(name).state == "done")  # type: ignore[union-attr]
    return name


def test_the_first_visit_shows_finished_runs_with_what_they_mean(app: AppTest) -> None:
    opened(app)
    assert choosing.shipped(), "no run ships"
    assert all(choosing.title(name) in said(app) for name in choosing.FIRST if name in choosing.shipped())
    assert len(app.get("plotly_chart")) >= 3
    assert text["missing"].split("“")[0] not in said(app)
    assert not jobs().all() and "progress" not in {e.type for e in app.main}


def test_the_page_does_not_import_jax() -> None:
    import subprocess

    code = (
        "import sys; from streamlit.testing.v1 import AppTest\n"
        f"app = AppTest.from_file({str(MAIN)!r}, default_timeout=60)\n"
        "app.switch_page('views/images.py').run(); assert not app.exception\n"
        "print('jax' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=MAIN.parents[1])
    assert done.stdout.strip() == "False", done.stderr[-500:]


def test_a_run_is_started_watched_paused_gone_on_with_and_deleted(app: AppTest) -> None:
    opened(app)
    button(app, text["start"]).click().run()
    assert not app.exception
    (job,) = jobs().all()
    config = ImageConfig.from_dict(job.note["config"])
    assert (config.model, config.data, config.size) == ("digits-16-dcgan", "digits", 16)
    assert address(app) == {"run": job.name}
    until(lambda: len(list((job.folder / "run").glob("samples/*.png"))) > 2)
    app.run()
    assert not app.exception and "steps a second" in said_progress(app)
    button(app, text["progress"]["pause"]).click().run()
    assert not app.exception
    assert "Paused at step" in said_progress(app)
    button(app, text["progress"]["resume"]).click().run()
    until(lambda: jobs().find(job.name).state == "running")  # type: ignore[union-attr]
    app.run()
    button(app, text["progress"]["stop"]).click().run()
    assert "Stopped at step" in said_progress(app)
    button(app, text["progress"]["remove"]).click().run()
    assert not app.exception and not jobs().all()
    assert "There is no run" not in said(app)


def said_progress(app: AppTest) -> str:
    return " ".join(str(element.proto.text) for element in app.get("progress"))


def test_both_models_are_two_jobs_in_line_shown_side_by_side(app: AppTest) -> None:
    opened(app)
    app.segmented_control(key="image family").set_value(settings.BOTH).run()
    button(app, text["start_both"]).click().run()
    assert not app.exception
    second, first = jobs().all()
    configs = [ImageConfig.from_dict(job.note["config"]) for job in (first, second)]
    assert [c.loss for c in configs] == ["non_saturating", "wasserstein"]
    assert configs[0].seed == configs[1].seed and configs[0].data == configs[1].data
    assert address(app) == {"run": first.name, "beside": second.name}
    app.run()
    assert text["progress"]["waiting"].format(before=1) in said_progress(app)
    assert labels(app).count(text["progress"]["pause"]) == 2


def test_settings_go_into_the_run(app: AppTest) -> None:
    opened(app)
    app.segmented_control(key="image family").set_value("wgan-gp").run()
    of = "digits-16-wgan-gp digits 16"
    app.toggle(key=f"image frozen_penalty {of}").set_value(True).run()
    app.select_slider(key=f"image width {of}").set_value(8).run()
    app.number_input(key=f"image seed {of}").set_value(7).run()
    app.select_slider(key=f"image steps {of}").set_value(500).run()
    assert not app.exception and "About" in said(app)
    button(app, text["start"]).click().run()
    config = ImageConfig.from_dict(jobs().all()[0].note["config"])
    assert (config.frozen_penalty, config.width, config.seed, config.steps) == (True, 8, 7, 500)
    assert config.model == "digits-16-wgan-gp"


def test_a_long_run_is_said_to_be_long(app: AppTest) -> None:
    opened(app)
    app.select_slider(key="image size").set_value(256).run()
    assert not app.exception
    assert any("long for a CPU" in w.value for w in app.warning)


def test_a_collapse_is_said_in_words(app: AppTest) -> None:
    opened(app, finished(TINY, (10, 3)))
    assert "3 of 10 kinds left" in said(app)
    assert text["charts"]["modes"]["title"] in said(app) and text["charts"]["metric"]["title"] in said(app)


def test_two_runs_share_their_figures(app: AppTest) -> None:
    names = finished(TINY), finished(preset("digits-16-wgan-gp", width=4, steps=400))
    opened(app, *names)
    specs = [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]
    assert len(specs[0]["data"]) == 4  # both players of both runs
    assert "DCGAN" in said(app) and "WGAN-GP" in said(app)


def test_an_unknown_run_in_the_address_is_said_in_a_line(app: AppTest) -> None:
    opened(app, "image-nonesuch")
    assert text["missing"].format(name="image-nonesuch") in said(app)
    assert len(app.get("plotly_chart")) >= 3


def test_a_damaged_run_is_said_in_a_line(app: AppTest) -> None:
    name = finished(TINY)
    folder = jobs().folder(name) / training.FOLDER
    (folder / "samples" / "step-00000200.png").write_bytes(b"\x89PNG")
    opened(app, name)
    assert "Not all of this run could be read (1): samples/step-00000200.png" in said(app)
    (folder / "config.json").write_text("{")
    app.run()
    assert not app.exception and len(app.error) == 1
    assert app.error[0].value.endswith("config.json is damaged: it is no JSON object of settings.")


def test_a_run_that_failed_says_why(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "COMMAND", (sys.executable, "-S", "-c", "raise SystemExit('no room on the device')"))
    training.start(TINY)
    until(lambda: not jobs().all()[0].is_alive)
    opened(app, training.name_of(TINY))
    assert text["progress"]["failed"].format(why="no room on the device") in said(app)
    assert text["progress"]["again"] in labels(app)


def test_an_unwritable_folder_is_said(app: AppTest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    opened(app)
    button(app, text["start"]).click().run()
    assert not app.exception and "could not be begun" in said(app)


def test_a_file_of_ones_own_is_trained_on_and_a_bad_one_refused(app: AppTest) -> None:
    opened(app)
    app.selectbox(key="image data").set_value("own").run()
    assert text["start"] not in labels(app)
    app.file_uploader(key="image file").set_value(("bad.zip", archive(a_png=picture(1)), "application/zip")).run()
    assert not app.exception and "at least 2 are needed" in said(app)
    good = archive(a_png=picture(1), b_png=picture(2))
    app.file_uploader(key="image file").set_value(("good.zip", good, "application/zip")).run()
    assert not app.exception and "2 images, in colour; no classes" in said(app)
    button(app, text["start"]).click().run()
    config = ImageConfig.from_dict(jobs().all()[0].note["config"])
    assert config.data.endswith("good.zip") and config.channels == 3


def test_what_can_be_taken_along_is_there(app: AppTest) -> None:
    from app.images import downloads

    name = finished(TINY)
    opened(app, name)

    def offered() -> list[str]:
        return [element.proto.label for element in app.get("download_button")]

    everything = [text["take"][k] for k in ("samples", "gif", "mp4", "weights", "curves", "settings")]
    assert offered() == [label for label in everything if label != text["take"]["weights"]]  # none are saved
    opened(app, "digits-dcgan")
    assert offered() == everything
    run = choosing.run_of(name)
    assert not isinstance(run, str)
    lines = downloads.curves(run).splitlines()
    assert lines[0].startswith("step,seconds,loss_d") and len(lines) == 4
    assert downloads.transition(run, "gif")[:6] == b"GIF89a"
    assert b"ftyp" in downloads.transition(run, "mp4")[:16]


def test_every_run_that_ships_is_whole_and_small() -> None:
    total = sum(path.stat().st_size for path in choosing.SHIPPED.rglob("*") if path.is_file())
    assert total <= 3 * 1024**2
    for name in choosing.shipped():
        run = choosing.run_of(name)
        assert not isinstance(run, str) and not run.damaged and len(run.samples) >= 20 and run.scores


def test_texts_are_there_for_every_setting_metric_and_note() -> None:
    assert {field.name for field in settings.FIELDS} <= set(text["fields"])
    assert set(settings.CHANNELS) <= set(text["data"])
    assert all("{" not in entry["title"] for entry in text["metrics"].values())


def test_playing_before_anything_is_saved_is_said(app: AppTest) -> None:
    name = finished(TINY)
    (choosing.folder_of(name) / "checkpoints").mkdir()  # as a run has it from its beginning
    opened(app, name)
    app.session_state["image playground"] = True  # as opening it does
    app.run()
    assert not app.exception
    assert text["play"]["not_yet"] in said(app)


def test_a_shipped_generator_is_played_with(app: AppTest) -> None:
    name = next(iter(choosing.shipped()))
    opened(app, name)
    app.session_state["image playground"] = True
    app.run()
    assert not app.exception
    for mode in ("sliders", "sums", "nearest"):
        app.segmented_control(key="play mode").set_value(mode).run()
        assert not app.exception, mode
    assert "Distance to the nearest" in said(app)
