"""Runs on images as jobs: one at a time, paused, stopped, gone on with, forgotten; what they will take; files of one's own."""

from __future__ import annotations

import io
import json
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.images import settings, training, uploads
from app.images import state as progress
from app.images.runs import read
from app.jobs import Job, Jobs, jobs
from app.words import words
from gan1d.config import ConfigError
from gan1d.image.config import ImageConfig
from gan1d.image.presets import PRESETS, preset
from gan1d.image.recorder import Recorder

ROOT = Path(__file__).parents[2]
FAKE = (sys.executable, str(Path(__file__).with_name("fake_trainer.py")))
TINY = preset("digits-16-dcgan", width=4, batch=8, steps=400)


@pytest.fixture
def all_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Jobs]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(training, "COMMAND", FAKE)
    yield jobs()
    for job in jobs().all():
        if job.is_alive:
            jobs().cancel(job.name)


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def state(config: ImageConfig) -> str:
    found = training.find(training.name_of(config))
    return found.state if found else "none"


def step(config: ImageConfig) -> int:
    folder = jobs().folder(training.name_of(config)) / training.FOLDER
    return read(folder).step if (folder / "config.json").exists() else 0


def test_a_run_is_paused_gone_on_with_and_stopped(all_: Jobs) -> None:
    training.start(TINY)
    name = training.name_of(TINY)
    until(lambda: step(TINY) > 2)
    training.pause(name)
    assert state(TINY) == "paused"
    reached = step(TINY)
    training.start(TINY)
    until(lambda: step(TINY) > reached + 2)
    assert state(TINY) == "running"
    steps = read(all_.folder(name) / training.FOLDER).curves["step"]
    assert steps.tolist() == list(range(len(steps)))  # nothing twice, nothing left out
    training.stop(name)
    assert state(TINY) == "stopped"
    training.remove(name)
    assert state(TINY) == "none" and not all_.folder(name).exists()


def test_two_models_are_two_in_line_and_a_paused_one_lets_the_other_by(all_: Jobs) -> None:
    other = preset("digits-16-wgan-gp", width=4, steps=400)
    training.start(TINY)
    until(lambda: state(TINY) == "running")
    training.start(other)
    assert state(other) == "waiting"
    found = training.find(training.name_of(other))
    assert found and found.job.before == 1
    training.remove(training.name_of(other))  # a run on its way is not removed
    assert state(other) == "waiting"
    training.pause(training.name_of(TINY))
    until(lambda: state(other) == "running")
    assert [t.config for t in training.kept()] == [other, TINY]


def test_the_command_tells_every_setting_that_is_not_the_preset_s(all_: Jobs) -> None:
    config = PRESETS["digits-16-wgan-gp"].replace(seed=3, frozen_penalty=True, lr_g=1e-3, data="/some/file.zip")
    told = training.command(config)
    pairs = dict(zip(told[len(FAKE) :: 2], told[len(FAKE) + 1 :: 2], strict=False))
    assert pairs["--model"] == "digits-16-wgan-gp" and pairs["--data"] == "/some/file.zip" and pairs["--seed"] == "3"
    sets = {told[k + 1] for k, part in enumerate(told) if part == "--set"}
    assert sets == {"frozen_penalty=true", "lr_g=0.001"}
    assert told[-3:] == ["--out", "run", "--resume"]


def test_the_same_run_has_one_name_however_far_it_goes() -> None:
    name = training.name_of(TINY)
    assert name == training.name_of(TINY.replace(steps=9, sample_every=2))
    others = [TINY.replace(seed=1), TINY.replace(lr_g=0.1), TINY.replace(data="faces")]
    assert len({name, *map(training.name_of, others)}) == 4


def test_the_oldest_ended_runs_are_forgotten_but_no_paused_one(all_: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "KEPT", 2)
    monkeypatch.setattr(training, "COMMAND", (sys.executable, "-S", "-c", "pass"))
    runs = [TINY.replace(seed=k) for k in range(4)]
    for k, config in enumerate(runs):
        training.start(config)
        until(lambda c=config: state(c) == "done")  # type: ignore[misc]
        if k == 0:
            training.pause(training.name_of(config))  # a wish that came too late changes nothing
            assert state(config) == "done"
    assert {t.config.seed for t in training.kept()} >= {2, 3} and 1 not in {t.config.seed for t in training.kept()}


# ---- what it will take


def test_products_are_those_of_the_convolutions() -> None:
    """Two layers of 4 × 4 kernels, 16 × 16 grey, width 2, noise 3, by hand.

    G: 3·(4·4·4) for the stem, 16·4·2·16 to 8 × 8, 16·2·1·64 to 16 × 16. D: 16·1·2·64, 16·2·4·16, and 64 for the head.
    """
    config = preset("digits-16-dcgan", width=2, latent=3)
    assert training.products(config) == (192 + 2048 + 2048, 2048 + 2048 + 64)


def test_an_estimate_goes_by_what_was_trained_here(all_: Jobs) -> None:
    rough = training.seconds(TINY)
    assert training.measured() is None
    folder = all_.folder(training.name_of(TINY)) / training.FOLDER
    training.start(TINY)
    until(lambda: step(TINY) > 0)
    training.stop(training.name_of(TINY))
    (folder / "status.json").write_text(json.dumps({"step": 9, "steps": 9, "rate": 4.0, "left": 0}))
    assert training.measured() == 4.0 * training.work(TINY)
    assert training.seconds(TINY) == pytest.approx(training.GETTING_READY + TINY.steps / 4.0)
    twice = TINY.replace(batch=2 * TINY.batch)
    assert training.seconds(twice) == pytest.approx(training.GETTING_READY + TINY.steps / 2.0) and rough > 0


@pytest.mark.parametrize("family", settings.FAMILIES)
@pytest.mark.parametrize("size", settings.SIZES)
@pytest.mark.parametrize("data", [*settings.CHANNELS, "/a/file.zip"])
def test_every_choice_has_settings_of_its_family(data: str, size: int, family: str) -> None:
    channels = settings.CHANNELS.get(data, 1)
    config = settings.paced(settings.base(family, data, size, channels))
    assert (config.data, config.size, config.channels) == (data, size, channels)
    assert (config.loss == "wasserstein") == (family == "wgan-gp")
    assert settings.GRIDS / 2.5 <= config.steps / config.sample_every <= settings.GRIDS


def test_settings_under_more_are_fields_within_their_range() -> None:
    for field in settings.FIELDS:
        now = PRESETS["digits-16-wgan-gp" if field.family == "wgan-gp" else "digits-16-dcgan"]
        ends = {"rates": settings.RATES, "switch": (True, False), "slider": (field.low, field.high)}
        for value in ends.get(field.kind, field.options):
            assert now.replace(**{field.name: value}).to_dict()[field.name] == value
    with pytest.raises(ConfigError):
        PRESETS["digits-16-dcgan"].replace(nonesuch=1)


def test_a_run_gone_on_with_is_getting_ready_until_it_has_a_rate(all_: Jobs) -> None:
    """Its status says 0 steps a second while it compiles, though steps were done before."""
    out = all_.folder("image-x") / training.FOLDER
    recorder = Recorder(out, TINY)
    recorder.begin(0)
    recorder.tell("running", 50, 0.0, 9.0)
    mine = training.Training(Job("image-x", out.parent, "running", 0.0), TINY, paused=False)
    assert words("images")["progress"]["starting"] == progress.said(mine, read(out), 50, TINY.steps)


# ---- files of one's own


def archive(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as found:
        for name, content in files.items():
            found.writestr(name.replace("__", "/").replace("_png", ".png"), content)
    return out.getvalue()


def picture(value: int, side: int = 20) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.full((side, side, 3), (value, 0, 9), np.uint8)).save(out, "PNG")
    return out.getvalue()


def test_a_zip_of_pictures_is_looked_at_and_kept_under_what_it_holds(all_: Jobs) -> None:
    content = archive(cats__1_png=picture(1), cats__2_png=picture(2), dogs__1_png=picture(3))
    key = uploads.take("../My pets (1).zip", content)
    (own,) = uploads.kept().values()
    assert (own.images, own.channels, own.height, own.modes) == (3, 3, 16, 2)
    path = Path(own.path)
    assert path.parent == uploads.store() / key and path.name == "My-pets-1-.zip"
    assert uploads.take("again.zip", content) == key and len(uploads.kept()) == 1


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("one.zip", archive(a_png=picture(1)), "at least 2"),
        ("none.zip", archive(), "none with an ending"),
        ("note.txt", b"hello", "not a set of images"),
        ("model.pkl", b"\x80\x04cos\nsystem\n", "pickle"),
        ("one.png", picture(1), "single image"),
        ("empty.npz", b"", "not a set of images"),
        ("broken.zip", archive(a_png=picture(1), b_png=picture(2)[:60]), "b.png"),
    ],
)
def test_what_cannot_be_trained_on_is_refused_in_one_line_and_not_kept(
    all_: Jobs, name: str, content: bytes, said: str
) -> None:
    with pytest.raises(uploads.UploadError) as refusal:
        uploads.take(name, content)
    assert said in str(refusal.value) and "\n" not in str(refusal.value)
    assert str(uploads.store()) not in str(refusal.value)  # no path of this machine
    assert uploads.kept() == {} and not list(uploads.store().iterdir())


def test_too_large_a_file_is_refused_before_it_is_looked_at(all_: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "LARGEST", 0)
    with pytest.raises(uploads.UploadError, match="larger than 0 MB"):
        uploads.take("a.zip", archive(a_png=picture(1)))


def test_only_the_last_files_are_kept(all_: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "KEPT", 2)
    keys = [uploads.take(f"{k}.zip", archive(a_png=picture(k), b_png=picture(9))) for k in range(3)]
    assert set(uploads.kept()) <= set(keys) and len(uploads.kept()) == 2


def test_a_file_that_a_run_in_line_needs_is_not_forgotten(all_: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "KEPT", 1)
    needed = uploads.take("mine.zip", archive(a_png=picture(200), b_png=picture(9)))
    mine = TINY.replace(data=uploads.kept()[needed].path)
    training.start(mine)
    training.pause(training.name_of(mine))
    keys = [uploads.take(f"{k}.zip", archive(a_png=picture(k), b_png=picture(9))) for k in range(2)]
    assert set(uploads.kept()) == {needed, keys[1]}


def test_a_damaged_note_of_a_file_is_no_file(all_: Jobs) -> None:
    key = uploads.take("a.zip", archive(a_png=picture(1), b_png=picture(2)))
    about = uploads.store() / key / uploads.ABOUT
    for content in ('{"path": 1}', json.dumps(json.loads(about.read_text()) | {"path": 1})):
        about.write_text(content)
        assert uploads.kept() == {}
