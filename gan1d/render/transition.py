"""Sample grids over a training as one moving picture, GIF or MP4: what the generator makes of the same noise as it learns."""

from __future__ import annotations

import math
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
from PIL import Image

from gan1d.fields import ConfigError
from gan1d.render.movie import CODECS, EncoderError
from gan1d.writing import Writing

KINDS = ("gif", "mp4")
SIDE = 480
"""Least pixels of the longer side: small grids are enlarged by a whole number, so that their pixels stay sharp."""
SECONDS, HOLD = 6.0, 1.5
"""From the first grid to the last, and how long the last one stays."""
FASTEST = 25
"""Grids a second at most."""


def write_transition(grids: Sequence[Path], path: Path, kind: str | None = None, seconds: float = SECONDS) -> None:
    """Writes grids (PNG files, in order) as a GIF that repeats or an MP4 (H.264, yuv420p), whole or not at all.

    kind: "gif" or "mp4", by default the path's ending.

    Raises:
      ConfigError: no grids, or another kind.
      OSError: a grid that cannot be read, a path that cannot be written, or what the encoder said.
    """
    kind = kind or path.suffix.lower().removeprefix(".")
    if kind not in KINDS:
        raise ConfigError("kind", kind, "it must be one of " + ", ".join(KINDS))
    if not grids:
        raise ConfigError("grids", 0, "there must be at least one picture")
    if not 0 < seconds <= 600:
        raise ConfigError("seconds", seconds, "it must be more than 0 and at most 600")
    rate = min(FASTEST, max(1.0, len(grids) / seconds))
    with Writing(path) as beside:
        (_gif if kind == "gif" else _mp4)(grids, beside, rate)


def _large(grids: Sequence[Path]) -> Iterator[Image.Image]:
    """The pictures, all of the first one's size, enlarged alike."""
    size: tuple[int, int] | None = None
    for grid in grids:
        with Image.open(grid) as image:
            picture = image.convert("L" if image.mode in ("1", "L") else "RGB")
        size = size or picture.size
        times = max(1, math.ceil(SIDE / max(size)))
        yield picture.resize((size[0] * times, size[1] * times), Image.Resampling.NEAREST)


def _gif(grids: Sequence[Path], path: Path, rate: float) -> None:
    pictures = list(_large(grids))
    if pictures[0].mode == "RGB":
        palette = pictures[-1].quantize(256)
        pictures = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
    each = max(2, round(100 / rate)) * 10  # a GIF counts in hundredths of a second
    times = [each] * (len(pictures) - 1) + [int(1000 * HOLD)]
    pictures[0].save(path, "GIF", save_all=True, append_images=pictures[1:], duration=times, loop=0, disposal=1)


def _mp4(grids: Sequence[Path], path: Path, rate: float) -> None:
    from imageio_ffmpeg import get_ffmpeg_exe

    pictures = _large(grids)
    first = next(pictures)
    width, height = (side - side % 2 for side in first.size)  # yuv420p halves both
    raw = f"-f rawvideo -pix_fmt rgb24 -s {width}x{height} -r {rate:g} -i pipe:0".split()
    command = [get_ffmpeg_exe(), *"-v error -nostdin -y".split(), *raw, *CODECS["mp4"], f"file:{path}"]
    with tempfile.TemporaryFile() as said:
        encoder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said)
        assert encoder.stdin
        try:
            frame = b""
            for picture in chain([first], pictures):
                frame = np.ascontiguousarray(np.asarray(picture.convert("RGB"))[:height, :width]).tobytes()
                encoder.stdin.write(frame)
            for _ in range(round(HOLD * rate)):
                encoder.stdin.write(frame)
            encoder.stdin.close()
            code = encoder.wait()
        except BrokenPipeError:  # it is gone; why, it said itself
            code = encoder.wait()
        finally:
            encoder.kill()
            encoder.wait()
        if code:
            said.seek(0)
            lines = said.read().decode("utf-8", "replace").splitlines()
            raise EncoderError(lines[0].strip() if lines else f"the encoder ended with {code}")
