"""Pictures as bytes: of a file, of an array, many in one grid. PNG, so that every pixel is as it was."""

from __future__ import annotations

import base64
import io
import math
from functools import lru_cache
from html import escape
from pathlib import Path

import numpy as np

LARGEST = 1024
"""Pixels of a side beyond which a picture is made smaller for the screen: grids of large images."""


def file_bytes(path: Path) -> bytes:
    """A PNG for the screen; empty where it cannot be read."""
    try:
        return _file_bytes(path, path.stat().st_mtime_ns)
    except OSError:
        return b""


@lru_cache(maxsize=512)
def _file_bytes(path: Path, changed: int) -> bytes:
    content = path.read_bytes()
    width, height = (int.from_bytes(content[at : at + 4], "big") for at in (16, 20))  # of the header, which comes first
    if max(width, height) <= LARGEST:
        return content
    from PIL import Image

    with Image.open(io.BytesIO(content)) as image:
        smaller = image.copy()
    smaller.thumbnail((LARGEST, LARGEST), Image.Resampling.BOX)
    return _png(smaller)


def as_data_url(content: bytes) -> str:
    """A PNG as an address that holds it."""
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def grid(images: np.ndarray, columns: int | None = None) -> np.ndarray:
    """(N,H,W,C) -> (rows·H, columns·W, C), row by row; what is left of the last row is dark. columns: by default as square as can be."""
    count, height, width, channels = images.shape
    columns = columns or math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    whole = np.zeros((rows * columns, height, width, channels), images.dtype)
    whole[:count] = images
    together = whole.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    return together.reshape(rows * height, columns * width, channels)


def markup(image: np.ndarray, alt: str, width: int = 0) -> str:
    """(H,W,C) uint8 as HTML, with sharp pixels. width: CSS pixels at most; as wide as there is room for where it is 0."""
    size = f"width:{f'min(100%, {width}px)' if width else '100%'}"
    return f'<img src="{as_data_url(png(image))}" alt="{escape(alt)}" style="{size};image-rendering:pixelated;display:block">'


def png(image: np.ndarray, times: int = 1) -> bytes:
    """(H,W,C) uint8 as a PNG, every pixel `times` as large."""
    from PIL import Image

    larger = image.repeat(times, 0).repeat(times, 1)
    return _png(Image.fromarray(larger[..., 0] if larger.shape[-1] == 1 else larger))


def _png(image: object) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")  # type: ignore[attr-defined]
    return out.getvalue()
