"""Sample grids as a moving picture: every grid is in it, sharp, in order; the last one stays; what cannot be is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan1d.fields import ConfigError
from gan1d.render.transition import HOLD, SIDE, write_transition

GREYS = [0, 60, 120, 180, 240]


@pytest.fixture
def grids(tmp_path: Path) -> list[Path]:
    """Five grids of 32 x 16, each of another grey."""
    found = [tmp_path / f"{k}.png" for k in range(len(GREYS))]
    for path, grey in zip(found, GREYS, strict=True):
        Image.fromarray(np.full((16, 32), grey, np.uint8)).save(path)
    return found


def test_a_gif_has_every_grid_and_stays_on_the_last(grids: list[Path], tmp_path: Path) -> None:
    write_transition(grids, tmp_path / "t.gif", seconds=2.5)
    with Image.open(tmp_path / "t.gif") as movie:
        assert movie.n_frames == len(GREYS) and movie.info["loop"] == 0
        assert movie.size == (SIDE, SIDE // 2)  # enlarged fifteen times
        shown, times = [], []
        for frame in range(movie.n_frames):
            movie.seek(frame)
            shown.append(movie.convert("L").getpixel((3, 3)))
            times.append(movie.info["duration"])
    assert shown == GREYS
    assert times == [500] * 4 + [1000 * HOLD]


def test_an_mp4_has_every_grid_in_order(grids: list[Path], tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    write_transition(grids, tmp_path / "t.mp4", seconds=1.0)
    with av.open(str(tmp_path / "t.mp4")) as movie:
        stream = movie.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        greys = [int(frame.to_ndarray(format="gray")[100, 100]) for frame in movie.decode(stream)]
    assert len(greys) == len(GREYS) + round(HOLD * len(GREYS))
    assert np.all(np.diff(greys[:5]) > 40) and np.ptp(greys[4:]) <= 2


def test_colours_stay(tmp_path: Path) -> None:
    path = tmp_path / "c.png"
    Image.fromarray(np.tile(np.array([[[200, 30, 30], [30, 30, 200]]], np.uint8), (4, 2, 1))).save(path)
    write_transition([path, path], tmp_path / "t.gif")
    with Image.open(tmp_path / "t.gif") as movie:
        red, _, blue = movie.convert("RGB").getpixel((5, 5))  # type: ignore[misc]
    assert red > 150 > 80 > blue


@pytest.mark.parametrize("name", ["t.webm", "t"])
def test_other_kinds_are_refused(grids: list[Path], tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="kind"):
        write_transition(grids, tmp_path / name)


def test_nothing_half_written_is_left(grids: list[Path], tmp_path: Path) -> None:
    (tmp_path / "4.png").write_bytes(b"no picture")
    for name in ("t.gif", "t.mp4"):
        with pytest.raises(OSError):
            write_transition(grids, tmp_path / name)
    with pytest.raises(ConfigError, match="grids"):
        write_transition([], tmp_path / "t.gif")
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"{k}.png" for k in range(5)]
