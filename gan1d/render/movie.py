"""A scene as a movie: its pictures, drawn one after another, go raw to the encoder, which works beside the drawing on another core."""

from __future__ import annotations

import errno
import queue
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol

import numpy as np

from gan1d.render.options import Options
from gan1d.render.scene import Scene
from gan1d.writing import Writing

Progress = Callable[[int, int], None]
"""(pictures done, pictures in all) -> None; what it raises ends the export, and leaves nothing."""

YUV = (
    "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,"
    "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
)
"""Colours as every player reads those of a movie that says so, and as most do where nothing is said."""
CODECS: Mapping[str, list[str]] = {
    "mp4": f"-vf {YUV} -c:v libx264 -preset veryfast -subq 1 -trellis 0 -crf 20 -movflags +faststart -f mp4".split(),
    "webm": f"-vf {YUV} -c:v libvpx-vp9 -crf 28 -b:v 0 -deadline realtime -cpu-used 8 -row-mt 1 -tile-columns 2 "
    "-tune-content screen -f webm".split(),
    "gif": "-lavfi paletteuse=dither=none:diff_mode=rectangle -loop 0 -f gif".split(),
}
"""Few colours and thin lines that must stay thin: constant quality; in a GIF no dither, which would dot the flat parts."""
SEEK = 2.0
"""Seconds between pictures that a player can jump to."""
SEEN = 12
"""Pictures that a GIF's palette is made of."""
AHEAD = 4
"""Pictures drawn before the encoder has taken them."""
COMMENT = 254
"""Byte after 0x21 that begins a comment in a GIF."""


class EncoderError(OSError):
    """The encoder ended before the movie did; the message is what it said, in one line."""

    def __init__(self, said: str):
        super().__init__(errno.EIO, said)


class Draws(Protocol):
    """What draws a tick of a scene: (H,W,4) uint8, red, green, blue and opacity, an array of its own each time."""

    def draw(self, i: int, /) -> np.ndarray:
        """The picture of tick i."""


def ticks(first: int, last: int, frames: int) -> np.ndarray:
    """(frames,) the tick that each frame shows: the nearest to its share of the way, the first and the last among them."""
    return first + np.rint(np.linspace(0, last - first, frames)).astype(int)


def write_movie(
    scene: Scene,
    options: Options,
    path: Path,
    kind: str,
    progress: Progress | None = None,
    painter: Draws | None = None,
) -> None:
    """Writes an MP4 (H.264), a WebM (VP9), both yuv420p, or a GIF, whole or not at all; the record of the runs is inside.

    Raises:
      ConfigError: options that no movie has.
      EncoderError: what the encoder said.
      OSError: a path that cannot be written.
    """
    options = options.checked(kind)
    if painter is None:
        from gan1d.render.painter import Painter  # matplotlib

        painter = Painter(scene, options)
    shown = ticks(*scene.shown(options), options.frames)
    pictures = _counted(_pictures(painter, shown), len(shown), progress)
    with Writing(path) as beside, tempfile.TemporaryDirectory(prefix="gan1d-") as folder:
        if kind == "gif":
            palette = Path(folder) / "palette.png"
            some = np.unique(shown[np.linspace(0, len(shown) - 1, SEEN).astype(int)])
            _encode(_pictures(painter, some), options, "-lavfi palettegen -f image2".split(), palette)
            said = ["-i", str(palette)]
        else:
            tags = Path(folder) / "tags"
            tags.write_text(_tags(scene, options), "utf-8")
            said = [
                "-f",
                "ffmetadata",
                "-i",
                str(tags),
                "-map_metadata",
                "1",
                "-g",
                str(max(1, round(SEEK * options.fps))),
            ]
        _encode(pictures, options, [*said, *CODECS[kind]], beside)
        if kind == "gif" and scene.record:  # behind an empty comment some decoders find no second picture
            _comment(beside, scene.record)


def _pictures(painter: Draws, shown: Iterable[int]) -> Iterator[np.ndarray]:
    """The pictures of ticks; one that is shown again is not drawn again."""
    before, picture = None, None
    for tick in shown:
        if picture is None or tick != before:
            before, picture = tick, np.ascontiguousarray(painter.draw(int(tick)), np.uint8)
        yield picture


def _counted(pictures: Iterator[np.ndarray], total: int, progress: Progress | None) -> Iterator[np.ndarray]:
    for done, picture in enumerate(pictures):
        if progress:
            progress(done, total)
        yield picture
    if progress:
        progress(total, total)


def _tags(scene: Scene, options: Options) -> str:
    """What stands in a movie's container, as the encoder reads it."""
    rows = {"title": options.title, "comment": scene.record}
    escaped = {ord(c): f"\\{c}" for c in "=;#\\\n"}
    return ";FFMETADATA1\n" + "".join(f"{key}={value.translate(escaped)}\n" for key, value in rows.items() if value)


def _encode(pictures: Iterator[np.ndarray], options: Options, codec: list[str], out: Path) -> None:
    shape = (options.height, options.width, 4)
    raw = f"-f rawvideo -pix_fmt rgba -s {options.width}x{options.height} -r {options.fps:g} -i pipe:0".split()
    with _Encoder([*raw, *codec], out) as encoder:
        for picture in pictures:
            assert picture.shape == shape, f"a picture of {picture.shape}, not {shape}"
            encoder.put(picture)


class _Encoder:
    """A running encoder, and the thread that hands it pictures. Left by an error, it is ended at once, whatever it has written."""

    def __init__(self, arguments: list[str], out: Path):
        from imageio_ffmpeg import get_ffmpeg_exe

        self.said = tempfile.TemporaryFile()  # noqa: SIM115
        command = [get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", *arguments, f"file:{out}"]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self.said,
            bufsize=0,
            pipesize=1 << 20,
        )
        self.waiting: queue.Queue[np.ndarray | None] = queue.Queue(AHEAD)
        self.broken = False
        self.hand = threading.Thread(target=self._hand_over, daemon=True)
        self.hand.start()

    def __enter__(self) -> _Encoder:
        return self

    def put(self, picture: np.ndarray) -> None:
        """Takes a picture, or waits until those before are taken."""
        self.waiting.put(picture)
        if self.broken:
            self._finish()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            self.process.kill()
            self.process.wait()
            self._stop()
            self.said.close()

    def _finish(self) -> None:
        """Waits for the end of the movie.

        Raises:
          EncoderError: a movie that came to no good end.
        """
        self._stop()
        if self.process.wait() or self.broken:
            self.said.seek(0)
            lines = self.said.read().decode("utf-8", "replace").splitlines()
            raise EncoderError(lines[0].strip() if lines else f"the encoder ended with {self.process.returncode}")

    def _stop(self) -> None:
        """No more pictures: those that wait are handed over first, unless the encoder is gone."""
        if self.hand.is_alive():
            self.waiting.put(None)
            self.hand.join()

    def _hand_over(self) -> None:
        pipe = self.process.stdin
        assert pipe is not None
        while (picture := self.waiting.get()) is not None:
            if not self.broken:
                try:
                    _write(pipe, picture)
                except OSError:  # the encoder is gone; why, it said itself
                    self.broken = True
        try:
            pipe.close()
        except OSError:
            self.broken = True


def _write(pipe: IO[bytes], picture: np.ndarray) -> None:
    left = memoryview(picture.data).cast("B")
    while left:
        left = left[pipe.write(left) :]


def _comment(path: Path, text: str) -> None:
    """Puts a comment into a GIF, before its first picture, in pieces of 255 bytes; the encoder leaves it out."""
    content = path.read_bytes()
    flags = content[10]
    at = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)  # the header, and the palette of all pictures
    raw = text.encode("ascii", "backslashreplace")
    pieces = [raw[i : i + 255] for i in range(0, len(raw), 255)]
    block = bytes([0x21, COMMENT]) + b"".join(bytes([len(piece)]) + piece for piece in pieces) + b"\0"
    path.write_bytes(content[:at] + block + content[at:])
