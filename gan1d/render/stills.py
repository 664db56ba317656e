"""One state of a scene, or a film strip of several, as PNG, SVG or PDF."""

from __future__ import annotations

import io
import os
import re
import threading
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from matplotlib import rc_context
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from gan1d.fields import ConfigError
from gan1d.render.options import FORMATS, Options
from gan1d.render.paint.letters import RESOLUTION
from gan1d.render.painter import Painter
from gan1d.render.scene import Scene
from gan1d.writing import Writing

KINDS = tuple(name for name, known in FORMATS.items() if known.kind == "still")
RECORD = "gan1d"
"""Under which name a file carries the runs' record: PNG's text, SVG's metadata, PDF's information."""
STACK = "'DejaVu Sans', Verdana, 'Bitstream Vera Sans', Geneva, sans-serif"
"""Letters for an SVG: those it was laid out with, then those as wide."""
EXACT: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "gan1d",
    "pdf.fonttype": 42,
    "pdf.compression": 6,
    "path.simplify": True,
    "path.simplify_threshold": 0.1,
    "savefig.bbox": None,
}
"""Text as text, the same bytes for the same picture, and curves no farther than a tenth of a pixel from the numbers."""
_settings = threading.Lock()
"""Matplotlib's settings are the whole process's: one picture at a time is written by ours."""


def write_still(scene: Scene, options: Options, path: str | os.PathLike[str], kind: str | None = None) -> None:
    """Writes a still picture; whole or not at all. `kind`: png, svg or pdf; None is what the name ends in.

    A PNG has the pixels that the options say, at their dpi; an SVG as many units; a PDF's page is that many pixels at that dpi large.

    Raises:
      ConfigError: options that are not allowed, or an iteration that the runs do not have.
    """
    kind = kind or Path(path).suffix.removeprefix(".").lower()
    if kind not in KINDS:
        raise ConfigError("OUT", str(path), "its name must end in " + ", ".join(f".{known}" for known in KINDS))
    content = still(scene, options.checked(kind), kind)
    with Writing(path) as beside:
        beside.write_bytes(content)


def still(scene: Scene, options: Options, kind: str) -> bytes:
    """A still picture as the content of a file."""
    strip = scene.still(options)
    unit = RESOLUTION / options.dpi if kind == "pdf" else 1.0
    painter = Painter(scene, options, strip, unit)
    title = options.title or scene.headline or "gan1d"
    if kind == "png":
        return _png(painter, strip[-1], scene.record)
    return _svg(painter, scene.record, title) if kind == "svg" else _pdf(painter, scene.record, title)


def _png(painter: Painter, tick: int, record: str) -> bytes:
    carried = PngInfo()
    carried.add_text("Software", "gan1d")
    if record:
        carried.add_itxt(RECORD, record, zip=True)
    pixels = painter.draw(tick)
    image = Image.fromarray(pixels if painter.options.transparent else pixels[:, :, :3].copy())
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=6, dpi=(painter.options.dpi,) * 2, pnginfo=carried)
    return file.getvalue()


def _printed(painter: Painter, kind: str, metadata: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    painter.figure.set_facecolor(painter.paper)
    with _settings, rc_context(EXACT):
        painter.figure.savefig(
            file, format=kind, metadata=metadata, transparent=painter.options.transparent, facecolor=painter.paper
        )
    return file.getvalue()


def _svg(painter: Painter, record: str, title: str) -> bytes:
    text = _printed(painter, "svg", dict.fromkeys(("Creator", "Date", "Format", "Type"))).decode()
    width, height = painter.options.width, painter.options.height
    size = {"width": width, "height": height, "viewBox": f"0 0 {width} {height}"}
    tag = re.search(r"<svg\b[^>]*>", text)
    assert tag is not None
    kept = re.sub(r"\s(width|height|viewBox)=\"[^\"]*\"", "", tag.group(0))
    attributes = "".join(f' {name}="{value}"' for name, value in size.items())
    head = f"\n <title>{escape(title)}</title>"
    if record:
        head += f'\n <metadata id="{RECORD}">{escape(record)}</metadata>'
    text = text[: tag.start()] + kept.replace("<svg", f'<svg{attributes} role="img"', 1) + head + text[tag.end() :]
    text = re.sub(r"<!DOCTYPE[^>]*>\s*", "", text, count=1)  # it names an address, and nobody needs what lies there
    text = re.sub(r' transform="rotate\(-0 [^"]*"', "", text)
    return text.replace("'DejaVu Sans'", STACK).encode()


def _pdf(painter: Painter, record: str, title: str) -> bytes:
    about = {"Title": title, "Creator": "gan1d", "Producer": None, "CreationDate": None, "Keywords": record or None}
    return _printed(painter, "pdf", about)
