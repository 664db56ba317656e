"""What an exported file says about the run that it shows: enough to train it again, read back from any format.

The record is one line of JSON text, ``{"gan1d": VERSION, "runs": [{"label", "start", "parts": [{"config", "until", "hold_g"}]}]}``. It lies
in the comment of a movie or GIF, a text chunk of a PNG, the metadata of SVG and PDF, a script element of a page, a literal of a script, a
field of an npz or JSON of several runs; a saved run and its JSON hold the same in their own fields. No JAX until something is trained.
"""

from __future__ import annotations

import ast
import io
import json
import os
import re
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gan1d import __version__
from gan1d.config import Config, ConfigError
from gan1d.fields import number
from gan1d.trajectory import Trajectory

KEY = "gan1d"
"""The record's first key, and its name where a format names what it holds."""
MAX_RUNS, MAX_PARTS, MAX_ITERATION = 64, 64, 10**7
"""Of a record that is read; more than anything here writes."""
MAX_FILE = 512 * 1024 * 1024
"""Bytes of a file that is searched."""
FIRST = re.compile(r'\{\s*"gan1d"\s*:')
ESCAPES = {ord(c): f"\\u{ord(c):04x}" for c in "<>&'"}
"""Escaped within the record's strings, so that it stands unchanged in HTML, XML and a quoted Python literal."""
SECONDS = 30.0
"""For a movie's metadata to be read, at most."""


class Stretch(NamedTuple):
    """A stretch of a run, as `gan1d.history.Part` has it: settings, the iteration at which it ends, and whether G stood still."""

    config: Config
    until: int
    hold_g: bool = False


class Carried(NamedTuple):
    """One run that a file carries. start: not 0 where it went on from the state of another run, which no file holds."""

    label: str
    parts: tuple[Stretch, ...]
    start: int = 0

    @property
    def config(self) -> Config:
        """The settings, of a run of several parts those of the last."""
        return self.parts[-1].config

    def replace(self, **changes: Any) -> Carried:
        """The same run with dotted fields of the config changed, in all of its parts.

        Raises:
          ConfigError: what cannot be, and the length of a run of several parts, which is that of the parts.
        """
        length = "training.iterations"
        if len(self.parts) > 1 and length in changes:
            raise ConfigError(length, changes[length], "a run of several parts is as long as they are")
        parts = []
        for config, until, hold_g in self.parts:
            new = config.replace(**changes)
            parts.append(Stretch(new, new.training.iterations if length in changes else until, hold_g))
        return self._replace(parts=tuple(parts))


def of(run: Trajectory, label: str = "") -> Carried:
    """What is carried of a run."""
    told = run.summary.get("parts") or [
        {"config": run.config.to_dict(), "until": int(run.iteration[-1]), "hold_g": False}
    ]
    return _carried({"label": label, "start": int(run.iteration[0]), "parts": told})


def record(runs: Sequence[Trajectory | Carried], labels: Sequence[str] | None = None) -> str:
    """The JSON text that a file of these runs carries: ASCII, one line, with no character that HTML, XML or '...' would need escaped."""
    given = labels or [run.label if isinstance(run, Carried) else "" for run in runs]
    rows = []
    for run, label in zip(runs, given, strict=True):
        found = run if isinstance(run, Carried) else of(run)
        parts = [{"config": p.config.to_dict(), "until": p.until, "hold_g": p.hold_g} for p in found.parts]
        rows.append({"label": label} | ({"start": found.start} if found.start else {}) | {"parts": parts})
    return json.dumps({KEY: __version__, "runs": rows}, allow_nan=False).translate(ESCAPES)


def parse(text: str) -> list[Carried]:
    """The runs of the first record in a text.

    Raises:
      ConfigError: no record, one that is torn, or settings that are not allowed.
    """
    if (found := FIRST.search(text)) is None:
        raise ConfigError("record", text[:60], "there is no record of a run in it")
    try:
        raw, _ = json.JSONDecoder().raw_decode(text, found.start())
    except (ValueError, RecursionError) as e:
        raise ConfigError("record", text[found.start() :][:60], f"the record of a run in it is torn ({e})") from None
    return _of_record(raw)


def read(path: str | os.PathLike[str]) -> list[Carried]:
    """The runs that a file carries, whatever its name ends in: npz, JSON (a config too), MP4, WebM, GIF, PNG, SVG, PDF, HTML, a script.

    Raises:
      ConfigError: one line that says what is wrong: a file that carries none, is torn, or cannot be read.
    """
    name = str(path)
    try:
        with Path(path).open("rb") as file:
            if os.fstat(file.fileno()).st_size > MAX_FILE:
                raise ConfigError("FILE", name, f"it must not have more than {MAX_FILE // 1024**2} MB")
            head = file.read(16)
        return _reader(head)(Path(path))
    except OSError as e:
        raise ConfigError("FILE", name, f"it must be a file that can be read ({e.strerror or _line(e)})") from None
    except ConfigError as e:
        if e.field != "record":
            raise
        raise ConfigError("FILE", name, e.allowed) from None


def train(run: Carried, progress: Callable[[int, int], None] | None = None, device: str = "auto") -> Trajectory:
    """The run again, from its settings: bit for bit what it was, on one platform; one that went on from another begins at its beginning.

    Raises:
      ConfigError: parts that do not fit together, or a device that is not there.
    """
    from gan1d import history, training

    if len(run.parts) == 1 and not run.parts[0].hold_g:
        config, until, _ = run.parts[0]
        return training.train(config, iterations=until, device=device, progress=progress)
    if training.find_device(device) != training.find_device("auto"):
        raise ConfigError("device", device, "a run of several parts is trained on auto")
    return history.play([history.Part(*part) for part in run.parts], progress)


def _reader(head: bytes) -> Callable[[Path], list[Carried]]:
    """How a file that begins so is read."""
    if head[:2] == b"PK":
        return _read_npz
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return _read_png
    if head[:4] == b"GIF8":
        return _read_gif
    if head[:5] == b"%PDF-":
        return _read_pdf
    if head[4:8] == b"ftyp" or head[:4] == b"\x1a\x45\xdf\xa3":
        return _read_movie
    return _read_text


def _read_npz(path: Path) -> list[Carried]:
    """A saved run's own fields; its arrays are not unpacked."""
    try:
        with np.load(path, allow_pickle=False) as file:
            if "record" in file:  # of several runs
                return parse(_scalar(file, "record"))
            config, summary = json.loads(_scalar(file, "config")), json.loads(_scalar(file, "summary"))
            last, start = int(file["iteration"][-1]), int(file["iteration"][0])
    except (OSError, ConfigError):
        raise
    except Exception as e:  # a file made to harm can have zipfile, zlib and NumPy raise almost anything
        raise ConfigError("record", "", f"it is not a run saved by gan1d, or a torn one ({_line(e)})") from None
    return [_of_run(config, summary, start, last)]


def _scalar(file: Any, name: str) -> str:
    return str(file[name])


def _read_png(path: Path) -> list[Carried]:
    return parse(_told(path, "PNG", lambda image: "\n".join(str(text) for text in getattr(image, "text", {}).values())))


def _read_gif(path: Path) -> list[Carried]:
    return parse(_told(path, "GIF", lambda image: bytes(image.info.get("comment", b"")).decode("latin-1")))


def _told(path: Path, kind: str, text: Callable[[Any], str]) -> str:
    """The text in a picture, whose pixels are not unpacked."""
    from PIL import Image

    try:
        with Image.open(path, formats=[kind]) as image:
            return text(image)
    except OSError as e:
        if e.errno:  # of the disk; those of Pillow have no number
            raise
        raise _torn(kind, e) from None
    except Exception as e:  # of a torn file it raises almost anything
        raise _torn(kind, e) from None


def _read_pdf(path: Path) -> list[Carried]:
    import logging

    import pypdf

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it warns of what is repaired; the record is whole or not
    try:
        found: Any = pypdf.PdfReader(io.BytesIO(path.read_bytes())).metadata or {}
        text = "\n".join(str(value) for value in found.values())
    except Exception as e:  # of a torn file it raises almost anything
        raise _torn("PDF", e) from None
    return parse(text)


def _read_movie(path: Path) -> list[Carried]:
    """The tags of the container, as the encoder's own program lists them."""
    from imageio_ffmpeg import get_ffmpeg_exe

    where = f"file:{path}"  # or a name with a colon would be taken for a protocol
    command = [
        get_ffmpeg_exe(),
        "-v",
        "error",
        "-protocol_whitelist",
        "file",
        "-i",
        where,
        "-f",
        "ffmetadata",
        "pipe:1",
    ]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS)
    except subprocess.TimeoutExpired as e:
        raise _torn("movie", e) from None
    if done.returncode:
        raise _torn("movie", done.stderr.decode("utf-8", "replace").rpartition(": ")[2])
    return parse(re.sub(r"\\(.)", r"\1", done.stdout.decode("utf-8", "replace"), flags=re.DOTALL))


def _read_text(path: Path) -> list[Carried]:
    """SVG, HTML, a script: the record that stands in it. JSON: a record, an exported run, or a config."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError("record", "", "it carries no run: it is of no kind that gan1d exports") from None
    if FIRST.search(text):
        return parse(text if text.lstrip()[:1] == "<" else _literal(text) or text)
    if text.lstrip()[:1] not in ("{", "["):
        raise ConfigError("record", "", "it carries no run: no record of one is in it")
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as e:
        raise ConfigError("record", "", f"it must be JSON ({_line(e)})") from None
    if isinstance(raw, dict) and isinstance(raw.get("summary"), dict):
        steps = raw.get("iteration")
        if not isinstance(steps, list) or not steps:
            raise ConfigError("record", "", "it is not a run exported by gan1d: iteration missing")
        return [_of_run(raw.get("config"), raw["summary"], steps[0], steps[-1])]
    config = Config.from_dict(raw)
    return [Carried("", (Stretch(config, config.training.iterations),))]


def _literal(code: str) -> str | None:
    """The record where it is a literal of a Python script, in which backslashes may be doubled. The script is not run."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    found = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return next((value for value in found if FIRST.match(value)), None)


def _of_run(config: Any, summary: Any, start: Any, last: Any) -> Carried:
    """What a saved or an exported run says of itself."""
    told = summary.get("parts") if isinstance(summary, dict) else None
    parts = told or [{"config": config, "until": last, "hold_g": False}]
    return _carried({"start": start, "parts": parts})


def _of_record(raw: dict[str, Any]) -> list[Carried]:
    rows = raw.get("runs")
    if not isinstance(rows, list) or not 1 <= len(rows) <= MAX_RUNS:
        raise ConfigError("record", "", f"the record in it must have 1 to {MAX_RUNS} runs")
    return [_carried(row) for row in rows]


def _carried(row: Any) -> Carried:
    """A run of a record, checked."""
    if not isinstance(row, dict) or not isinstance(row.get("parts"), list) or not 1 <= len(row["parts"]) <= MAX_PARTS:
        raise ConfigError("record", "", f"each run in it must have 1 to {MAX_PARTS} parts")
    label, parts = row.get("label", ""), []
    for part in row["parts"]:
        if not isinstance(part, dict) or not isinstance(part.get("hold_g", False), bool):
            raise ConfigError("record", "", "each part in it must have a config, until and hold_g")
        until = number("until", part.get("until"), 1, MAX_ITERATION, integer=True)
        parts.append(Stretch(Config.from_dict(part.get("config", {})), until, part.get("hold_g", False)))
    start = number("start", row.get("start", 0), 0, MAX_ITERATION, integer=True)
    return Carried(label if isinstance(label, str) else "", tuple(parts), start)


def _torn(kind: str, why: object) -> ConfigError:
    return ConfigError("record", "", f"it is not a {kind} that can be read, or a torn one ({_line(why)})")


def _line(why: object) -> str:
    text = " ".join(str(why).split())
    return text if len(text) <= 160 else text[:159] + "…"
