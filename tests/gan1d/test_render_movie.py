"""Movies, decoded by PyAV, which is no part of what wrote them: how many pictures, how large and long, and that each shows its state."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from gan1d import carried
from gan1d.config import ConfigError
from gan1d.render import movie
from gan1d.render.movie import EncoderError, ticks, write_movie
from gan1d.render.options import Options
from gan1d.render.painter import Painter
from gan1d.render.palette import PALETTES
from gan1d.render.scene import Scene, scene

KINDS = {"mp4": ("h264", "yuv420p"), "webm": ("vp9", "yuv420p"), "gif": ("gif", None)}
SMALL = Options(width=320, height=180, fps=10, seconds=1.2)
FAR = 12.0
"""Pixels: so far off counts a column that has nothing of the colour."""
ORANGE, INK = (np.array(line.colour[:3]) * 255 for line in (PALETTES["light"].generated, PALETTES["light"].d))


@pytest.fixture(scope="module")
def one(linear_run) -> Scene:
    return scene([linear_run], record=carried.record([linear_run]))


def decoded(path: Path) -> list[np.ndarray]:
    """Every picture (H,W,3): of H.264 and VP9 by the matrix of BT.709, which the stream has to name."""
    pictures = []
    with av.open(str(path)) as file:
        for frame in file.decode(video=0):
            if frame.format.name == "yuv420p":
                assert (frame.colorspace, frame.color_range) == (av.video.reformatter.Colorspace.ITU709, 1)
                frame = frame.reformat(format="rgb24", src_colorspace="ITU709")
            pictures.append(frame.to_ndarray(format="rgb24"))
    return pictures


@pytest.mark.parametrize(("fps", "seconds"), [(10, 1.2), (24, 0.5), (50, 0.3), (12.5, 0.8)])
@pytest.mark.parametrize("kind", KINDS)
def test_number_size_and_length(kind: str, fps: float, seconds: float, one: Scene, tmp_path: Path) -> None:
    out = tmp_path / f"a.{kind}"
    write_movie(one, Options(width=322, height=182, fps=fps, seconds=seconds), out, kind)
    with av.open(str(out)) as file:
        assert len(file.streams) == 1
        stream = file.streams.video[0]
        assert (stream.codec_context.name, stream.width, stream.height) == (KINDS[kind][0], 322, 182)
        assert KINDS[kind][1] in (None, stream.codec_context.pix_fmt)
        times = [float(frame.pts * frame.time_base) for frame in file.decode(stream)]
        length = file.duration / av.time_base
    frames = round(fps * seconds)
    tick = {"mp4": 1e-4, "webm": 1e-3, "gif": 1e-2}[kind]  # the finest time that the format can say
    assert len(times) == frames
    np.testing.assert_allclose(times, np.arange(frames) / fps, atol=tick)
    assert length == pytest.approx(frames / fps, abs=1.5 * tick)


def test_an_mp4_begins_to_play_before_it_is_there(one: Scene, tmp_path: Path) -> None:
    """Its index stands before its pictures."""
    write_movie(one, SMALL, tmp_path / "a.mp4", "mp4")
    content = (tmp_path / "a.mp4").read_bytes()
    assert 0 < content.index(b"moov") < content.index(b"mdat")


def test_a_gif_goes_round(one: Scene, tmp_path: Path) -> None:
    write_movie(one, SMALL, tmp_path / "a.gif", "gif")
    with Image.open(tmp_path / "a.gif") as gif:
        assert (gif.n_frames, gif.info["loop"]) == (12, 0)


# ---- what is seen


def away(picture: np.ndarray, painter: Painter, curve: np.ndarray, panel: int = 0, is_d: bool = False) -> np.ndarray:
    """How far, in pixels, a curve's colour is from where a curve (X,) belongs, for each column that holds it; `FAR` at most."""
    plot = painter.panels[panel].plot
    x, to_y, colour = painter.runs[panel].x, plot.d if is_d else plot.density, INK if is_d else ORANGE
    columns = np.arange(int(plot.box.left) + 3, int(plot.box.right) - 3)
    heights = to_y(np.interp(plot.x.back(columns + 0.5), x, curve))
    inside = heights < plot.box.top - 2
    columns, rows = columns[inside], painter.options.height - heights[inside] - 0.5
    near = 200 if is_d else 130  # D's line is thin, and paler for it
    there = np.abs(picture[:, columns].astype(float) - colour).sum(axis=2) < near
    distance = np.abs(np.arange(len(picture))[:, None] - rows)
    return np.where(there, distance, FAR).clip(max=FAR).min(axis=0)


def off(picture: np.ndarray, painter: Painter, density: np.ndarray, panel: int = 0) -> float:
    """How far a generated density is from its place on average: a name may stand on a few columns."""
    return float(away(picture, painter, density, panel).mean())


def drawn(picture: np.ndarray, painter: Painter, d: np.ndarray) -> float:
    """The share of the columns in which D's colour is where it belongs, to a pixel and a half: of a dashed line that of its dashes."""
    return float((away(picture, painter, d, is_d=True) < 1.5).mean())


def filmed(one: Scene, layer: str, path: Path) -> tuple[Painter, list[np.ndarray]]:
    """What painted a movie of 16 pictures with one layer, and its pictures as another program decodes them."""
    options = Options(width=640, height=360, fps=8, seconds=2, layers=(layer,), caption=False)
    write_movie(one, options, path, path.suffix[1:])
    pictures = decoded(path)
    assert len(pictures) == 16
    return Painter(one, options), pictures


@pytest.mark.parametrize("kind", KINDS)
def test_each_picture_shows_its_state(kind: str, one: Scene, linear_run, tmp_path: Path) -> None:
    """31 recorded states in 16 pictures: picture j shows state 2 j. Found by colour, compared with the run's own numbers."""
    painter, pictures = filmed(one, "generated", tmp_path / f"a.{kind}")
    assert len(linear_run) == 31
    for j in (0, 1, 2, 4, 8, 15):
        states = list(range(31))
        distances = [off(pictures[j], painter, linear_run.p_gen[state]) for state in states]
        assert distances[2 * j] < 1
        assert abs(states[int(np.argmin(distances))] - 2 * j) <= 1
        if j < 8:  # later ones look alike
            assert off(pictures[j], painter, linear_run.p_gen[30]) > 3 * distances[2 * j]


@pytest.mark.parametrize("kind", KINDS)
def test_each_picture_shows_its_discriminator(kind: str, one: Scene, linear_run, tmp_path: Path) -> None:
    """Of D's line 7 parts in 12 are dashes: so many columns have its colour where the numbers of picture j's state put it."""
    painter, pictures = filmed(one, "d", tmp_path / f"a.{kind}")
    for j in (0, 1, 2, 4, 8, 15):
        shares = [drawn(pictures[j], painter, d) for d in linear_run.d]
        assert shares[2 * j] == pytest.approx(7 / 12, abs=0.08)
        assert int(np.argmax(shares)) == 2 * j
        others = [share for state, share in enumerate(shares) if abs(state - 2 * j) > 2]
        assert max(others) < 0.8 * shares[2 * j]


def test_a_gif_without_a_record_has_all_its_pictures(linear_run, tmp_path: Path) -> None:
    write_movie(scene([linear_run]), SMALL, tmp_path / "a.gif", "gif")
    assert len(decoded(tmp_path / "a.gif")) == 12


def test_several_runs_side_by_side(linear_run, critic_run, tmp_path: Path) -> None:
    both = scene([linear_run, critic_run])
    options = Options(width=1280, height=480, fps=4, seconds=1, layers=("generated",), caption=False)
    write_movie(both, options, tmp_path / "a.mp4", "mp4")
    painter = Painter(both, options)
    pictures = decoded(tmp_path / "a.mp4")
    for panel, run in enumerate((linear_run, critic_run)):
        for j, state in enumerate((0, 10, 20, 30)):
            assert off(pictures[j], painter, run.p_gen[state], panel) < 1.5


def test_a_stretch_of_the_run(one: Scene, linear_run, tmp_path: Path) -> None:
    options = Options(width=640, height=360, fps=5, seconds=1, first=50, last=90, layers=("generated",), caption=False)
    write_movie(one, options, tmp_path / "a.mp4", "mp4")
    painter = Painter(one, options)
    for picture, state in zip(decoded(tmp_path / "a.mp4"), (5, 6, 7, 8, 9), strict=True):
        assert linear_run.iteration[state] == 10 * state
        assert off(picture, painter, linear_run.p_gen[state]) < 1.5


@pytest.mark.parametrize(("states", "frames"), [(31, 7), (31, 31), (31, 100), (5, 240), (1, 3)])
def test_first_and_last_are_shown_and_the_others_at_their_share(states: int, frames: int) -> None:
    shown = ticks(0, states - 1, frames)
    assert len(shown) == frames and (shown[0], shown[-1]) == (0, states - 1)
    exact = [j * (states - 1) / (frames - 1) for j in range(frames)]
    assert all(abs(tick - place) <= 0.5 for tick, place in zip(shown, exact, strict=True))


class Counting:
    """Pictures of one colour each, and how often one was drawn."""

    def __init__(self, options: Options):
        self.shape, self.drawn = (options.height, options.width, 4), 0

    def draw(self, i: int, /) -> np.ndarray:
        self.drawn += 1
        return np.full(self.shape, 40 + 6 * i, np.uint8)


def test_a_state_that_is_shown_again_is_not_drawn_again(one: Scene, tmp_path: Path) -> None:
    options = Options(width=160, height=120, fps=50, seconds=3)
    painter = Counting(options)
    write_movie(one, options, tmp_path / "a.mp4", "mp4", painter=painter)
    assert painter.drawn == 31
    grey = [picture.mean() for picture in decoded(tmp_path / "a.mp4")]
    np.testing.assert_allclose(grey, 40 + 6 * ticks(0, 30, 150), atol=2)


@pytest.mark.parametrize(
    ("options", "kind", "says"),
    [
        (Options(width=321, height=180), "mp4", "--size: '321x180' is not allowed; both must be even"),
        (Options(fps=60), "gif", "--fps: 60.0 is not allowed"),
        (Options(transparent=True), "webm", "--transparent"),
        (Options(first=10_000), "mp4", "--from: 10000 is not allowed"),
    ],
)
def test_what_no_movie_can_be(options: Options, kind: str, says: str, one: Scene, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        write_movie(one, options, tmp_path / f"a.{kind}", kind)
    assert says in str(caught.value) and os.listdir(tmp_path) == []


# ---- how it ends


def children() -> set[str]:
    """Processes that this one has started and that still run."""
    found: set[str] = set()
    for thread in Path("/proc/self/task").iterdir():
        found |= set((thread / "children").read_text().split())
    return {pid for pid in found if "ffmpeg" in Path(f"/proc/{pid}/cmdline").read_text()}


@pytest.fixture
def nothing_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for a movie, and one for what is temporary: both are empty in the end, and no encoder runs."""
    (tmp_path / "out").mkdir()
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    yield tmp_path / "out"
    assert os.listdir(tmp_path / "out") == [] and os.listdir(tmp_path / "temporary") == []
    if Path("/proc/self").exists():
        assert children() == set()
    assert [t for t in threading.enumerate() if "hand_over" in t.name] == []


class CancelledError(Exception):
    pass


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("after", [0, 7])
def test_a_cancelled_one_leaves_nothing(kind: str, after: int, one: Scene, nothing_left: Path) -> None:
    def progress(done: int, total: int) -> None:
        assert total == 12
        if done == after:
            raise CancelledError

    with pytest.raises(CancelledError):
        write_movie(one, SMALL, nothing_left / f"a.{kind}", kind, progress)


def test_what_was_there_stays_when_it_is_cancelled(one: Scene, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_text("before")

    def progress(done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_movie(one, SMALL, tmp_path / "a.mp4", "mp4", progress)
    assert os.listdir(tmp_path) == ["a.mp4"] and (tmp_path / "a.mp4").read_text() == "before"


@pytest.mark.parametrize("reads", ["exec true", "head -c 400000 > /dev/null"], ids=["at once", "on the way"])
def test_an_encoder_that_fails_is_said_in_one_line(reads: str, one: Scene, nothing_left: Path, monkeypatch) -> None:
    program = nothing_left.parent / "encoder"
    program.write_text(
        f"#!/bin/sh\necho 'No space left on device' >&2\necho 'Conversion failed!' >&2\n({reads})\nexit 1\n"
    )
    program.chmod(0o755)
    monkeypatch.setattr("imageio_ffmpeg.get_ffmpeg_exe", lambda: str(program))
    with pytest.raises(EncoderError) as caught:
        write_movie(one, SMALL, nothing_left / "a.mp4", "mp4")
    assert caught.value.strerror == "No space left on device"


def test_progress_counts_to_the_end(one: Scene, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    write_movie(one, SMALL, tmp_path / "a.gif", "gif", lambda done, total: told.append((done, total)))
    assert told == [(done, 12) for done in range(13)]


def test_several_at_once_do_not_disturb_each_other(one: Scene, critic_run, tmp_path: Path) -> None:
    other = scene([critic_run])
    jobs = [(one, "mp4"), (other, "mp4"), (one, "gif"), (other, "webm")]

    def write(name: str, job: tuple[Scene, str]) -> list[np.ndarray]:
        path = tmp_path / f"{name}.{job[1]}"
        write_movie(job[0], SMALL, path, job[1])
        return decoded(path)

    alone = [write(f"alone{i}", job) for i, job in enumerate(jobs)]
    with ThreadPoolExecutor(len(jobs)) as pool:
        together = list(pool.map(write, [f"together{i}" for i in range(len(jobs))], jobs))
    for mine, theirs in zip(alone, together, strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.deep
@pytest.mark.parametrize(("kind", "budget"), [("mp4", 3.0), ("webm", 3.0), ("gif", 5.0)])
def test_as_quick_as_promised(kind: str, budget: float, tmp_path: Path) -> None:
    """300 states at 960x540, by the time of both cores, which others that work beside us change little."""
    from gan1d.catalogue import HERE
    from gan1d.trajectory import load

    run = load(HERE / "assets" / "far-modes-mlp.npz")
    options = Options(width=960, height=540, seconds=10)
    write_movie(scene([run]), SMALL, tmp_path / f"warm.{kind}", kind)
    before = os.times()
    write_movie(scene([run]), options, tmp_path / f"a.{kind}", kind)
    after = os.times()
    assert sum(after[:4]) - sum(before[:4]) < 2 * budget


def test_the_encoder_is_the_one_that_is_packaged() -> None:
    from imageio_ffmpeg import get_ffmpeg_exe

    said = subprocess.run(
        [get_ffmpeg_exe(), "-v", "error", "-encoders"], capture_output=True, text=True, check=True
    ).stdout
    assert all(name in said for name in ("libx264", "libvpx-vp9", " gif "))
    assert set(movie.CODECS) == set(KINDS)
