"""What a page carries of a run: the player's metadata and arrays as one short text, which ``player/page.js`` reads back.

The text is base64 of gzip of: the length of a JSON header (uint32, little-endian), the header ``{meta, arrays: [[name, type, rows, width,
order], ...]}``, and the arrays one after another, each with the first bytes of all its numbers before their second bytes: neighbours are
alike in their high bytes. Rows of codes that draw a smooth curve are stored as ``order``-fold differences along the row, signs last, which
are small; nothing is lost, for codes are whole numbers.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from gan1d.render.options import MAP, Options
from gan1d.render.scene import Scene

SMOOTH = ("p_gen", "d", "g")
"""Packed arrays whose rows are smooth curves."""
ORDER = 2
"""How often their differences are taken: straight pieces of a curve leave nothing."""
LEVEL = 6
"""Of gzip: more takes longer and gains a hundredth."""
HOST = frozenset({"link", "going", "editing", "steps", "ensemble", "action", "page_css"})
"""Names of the metadata by which a host offers what only it can do: a page has none."""
STANDING = frozenset({"x", "p_data", "z", "z_cdf", "ideal"})
"""Arrays that are not of one state each."""

Meta = Mapping[str, Any]
Arrays = Mapping[str, np.ndarray]


def packed(of: Scene, options: Options | None = None) -> str:
    """What a page carries of a scene: the states, layers and captions that the options ask for, all of them without options.

    Raises:
      ConfigError: a stretch of states that the runs do not have.
    """
    options = options or Options()
    first, last = (int(of.iteration[tick]) for tick in of.shown(options))
    if options.first is not None or options.last is not None:
        shown = [cut(meta, arrays, first, last) for meta, arrays in zip(of.metas, of.arrays, strict=True)]
        of = of._replace(metas=tuple(meta for meta, _ in shown), arrays=tuple(arrays for _, arrays in shown))
    meta, arrays = of.data()
    view: dict[str, Any] = {}
    if options.layers is not None:
        view = {"layers": [name for name in options.layers if name != MAP], "map": MAP in options.layers}
    return encoded({**meta, "view": view, "hide": [] if options.caption else ["captions"]}, arrays)


def encoded(meta: Meta, arrays: Arrays) -> str:
    """The (meta, arrays) of `frames`, or of `together`, as base64 text: letters, digits, "+", "/" and "=" alone."""
    header: list[tuple[str, str, int, int, int]] = []
    blocks: list[bytes] = []
    for name, values in arrays.items():
        coded = values.dtype == np.uint16
        rows = len(arrays[f"{name}_ends"]) // 2 if coded else 1
        order = (
            ORDER if coded and name.lstrip("0123_") in SMOOTH else 0
        )  # of several runs each name begins with its index
        table = np.asarray(values, "<u2" if coded else "<f4").reshape(rows, -1)
        header.append((name, "uint16" if coded else "float32", *table.shape, order))
        blocks.append(_planes(differences(table, order) if order else table))
    own = {name: value for name, value in meta.items() if name not in HOST}
    head = json.dumps({"meta": own, "arrays": header}, ensure_ascii=False, allow_nan=False).encode()
    whole = b"".join([len(head).to_bytes(4, "little"), head, *blocks])
    return base64.b64encode(gzip.compress(whole, LEVEL, mtime=0)).decode("ascii")


def differences(codes: np.ndarray, order: int) -> np.ndarray:
    """Differences (F,X) along rows of uint16 codes, `order` times, the first of a row against 0; 0, -1, 1, -2, ... as 0, 1, 2, 3, ..."""
    left = codes.astype(np.uint16)
    for _ in range(order):
        left = np.diff(left, axis=1, prepend=np.uint16(0))  # modulo 65536, as the sums that undo it
    signed = left.view(np.int16)
    return ((signed << 1) ^ (signed >> 15)).view(np.uint16)


def _planes(table: np.ndarray) -> bytes:
    """The numbers' first bytes, then their second ones."""
    return np.ascontiguousarray(table).view(np.uint8).reshape(-1, table.itemsize).T.tobytes()


def cut(
    meta: Meta, arrays: Arrays, first: int | None = None, last: int | None = None
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The (meta, arrays) of `frames` with only the recorded states from about iteration `first` to about `last`.

    What is said of the run as a whole stays: its outcome, and its axes.
    """
    iteration = arrays["iteration"]
    begin = 0 if first is None else int(np.argmin(np.abs(iteration - first)))
    end = len(iteration) - 1 if last is None else int(np.argmin(np.abs(iteration - last)))
    count = end - begin + 1
    kept = {
        name: values if name in STANDING else values.reshape(len(iteration), -1)[begin : end + 1].ravel()
        for name, values in arrays.items()
    }
    said = [(max(0, at - begin), sentence) for at, sentence in meta["captions"] if at <= end]
    told = [now for now, after in zip(said, [*said[1:], (count, "")], strict=True) if now[0] != after[0]]
    return {
        **meta,
        "frames": count,
        "parts": [max(0, at - begin) for at in meta["parts"] if at <= end],
        "captions": told,
        "events": [(at - begin, *rest) for at, *rest in meta["events"] if begin <= at <= end],
    }, kept
