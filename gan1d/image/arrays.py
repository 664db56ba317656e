"""Files that hold a whole set of images as numbers: IDX (MNIST and its relatives), CIFAR-10's binary batches, npz. Never pickle.

Each reader gives images (N,h,w,1 or 3) uint8, not yet of the size wanted, and class labels (N,) or None.
"""

from __future__ import annotations

import gzip
import io
import re
import struct
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from gan1d.image.archives import content
from gan1d.image.dataset import DataError
from gan1d.image.limits import Limits, exactly, reason

GZIP = b"\x1f\x8b"
IDX_TYPES = {8: "unsigned bytes", 9: "signed bytes", 11: "int16", 12: "int32", 13: "float32", 14: "float64"}
CIFAR_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
CIFAR_SIDE = 32
CIFAR_ROW = 1 + 3 * CIFAR_SIDE**2
IMAGE_KEYS = ("images", "x_train", "train_images", "x", "data", "arr_0")
LABEL_KEYS = ("labels", "y_train", "train_labels", "y", "targets", "arr_1")
MAX_CLASSES = 1000
"""Most classes that labels may have."""


class Table(NamedTuple):
    """A set of images as a file has it."""

    images: np.ndarray
    labels: np.ndarray | None = None
    classes: tuple[str, ...] = ()


# ---- IDX


def idx(path: Path, limits: Limits) -> Table:
    """An IDX file of images, packed by gzip or not, with the labels of the file beside it where there is one.

    Source: the format as Y. LeCun's MNIST page has it: 0, 0, type, dimensions, then each dimension as a big-endian uint32.

    Raises:
      DataError: a file that is cut off, of other numbers or shapes, or too large.
    """
    images = _idx(path, limits)
    if images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[3] not in (1, 3)) or not images.size:
        raise DataError(f"{path}: an IDX file of shape {images.shape}, not of images (N, H, W)")
    beside = labels_beside(path)
    labels = None if beside is None else _labels(beside, _idx(beside, limits), len(images))
    return Table(images.reshape(*images.shape[:3], -1), labels, _numbered(labels))


def labels_beside(path: Path) -> Path | None:
    """The file of labels that belongs to a file of images by its name; None where there is none."""
    name = re.sub(r"images([-.])idx\d", r"labels\1idx1", path.name)
    stem = name.removesuffix(".gz")
    for other in (name, stem, stem + ".gz"):
        if other != path.name and (path.parent / other).is_file():
            return path.parent / other
    return None


def is_idx(head: bytes) -> bool:
    """Whether a file's first bytes are those of an IDX file of some images or labels."""
    return len(head) >= 4 and head[:2] == b"\0\0" and head[2] in IDX_TYPES and 1 <= head[3] <= 4


def _idx(path: Path, limits: Limits) -> np.ndarray:
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == GZIP
            raw.seek(0)
            file: Any = gzip.GzipFile(fileobj=raw) if packed else raw
            with closing(file):
                return _idx_of(file, path, limits, packed)
    except DataError:
        raise
    except Exception as e:  # OSError, EOFError, zlib.error, MemoryError
        raise DataError(f"{path}: cannot be read ({reason(e)})") from None


def _idx_of(file: IO[bytes], path: Path, limits: Limits, packed: bool) -> np.ndarray:
    head = exactly(file, 4, str(path))
    if not is_idx(head):
        raise DataError(f"{path}: not an IDX file{' inside; unpack any other archive first' * packed}")
    if head[2] != 8:
        raise DataError(f"{path}: an IDX file of {IDX_TYPES[head[2]]}; only unsigned bytes are read")
    shape = struct.unpack(f">{head[3]}I", exactly(file, 4 * head[3], str(path)))
    count = 1
    for side in shape:
        count *= side
    limits.check_bytes(str(path), count)
    limits.check_files(str(path), shape[0])
    if packed:
        limits.check_ratio(str(path), count, path.stat().st_size)
    values = exactly(file, count, str(path))
    if file.read(1):
        raise DataError(f"{path}: more bytes than the {' x '.join(map(str, shape))} of its head")
    return np.frombuffer(values, np.uint8).reshape(shape)


# ---- CIFAR-10


def is_cifar(path: Path) -> bool:
    """Whether a file can be one of CIFAR-10's binary batches."""
    return path.suffix.lower() == ".bin" and path.stat().st_size > 0 and path.stat().st_size % CIFAR_ROW == 0


def cifar(paths: list[Path], limits: Limits) -> Table:
    """CIFAR-10's binary batches: rows of a label byte and 32 x 32 bytes each of red, green and blue.

    Source: A. Krizhevsky, https://www.cs.toronto.edu/~kriz/cifar.html, "binary version".

    Raises:
      DataError: a file of another length, or too large.
    """
    total = sum(path.stat().st_size for path in paths)
    limits.check_bytes(str(paths[0].parent), total)
    limits.check_files(str(paths[0].parent), total // CIFAR_ROW)
    parts = []
    for path in paths:
        rows = np.fromfile(path, np.uint8).reshape(-1, CIFAR_ROW)
        if rows[:, 0].max() >= len(CIFAR_CLASSES):
            raise DataError(f"{path}: a label of {rows[:, 0].max()}; CIFAR-10's go from 0 to 9")
        parts.append(rows)
    rows = np.concatenate(parts)
    images = rows[:, 1:].reshape(-1, 3, CIFAR_SIDE, CIFAR_SIDE).transpose(0, 2, 3, 1)
    return Table(images, rows[:, 0].astype(np.int32), CIFAR_CLASSES)


# ---- npz


def is_npz(archive: zipfile.ZipFile) -> bool:
    """Whether a zip holds NumPy's arrays and nothing else."""
    names = archive.namelist()
    return bool(names) and all(name.endswith(".npy") for name in names)


def npz(archive: zipfile.ZipFile, path: Path) -> Table:
    """An array of images in an npz: (N,H,W), (N,H,W,C) or (N,C,H,W), of C = 1, 3 or 4 (the fourth is dropped), with labels (N,) or none.

    Values are uint8; whole numbers up to 255; uint16, made smaller; bool; or floating point from 0 to 1 or from -1 to 1.

    Raises:
      DataError: a damaged file, no images or several sets, other shapes or numbers.
    """
    found = {}
    for entry in archive.infolist():
        file = io.BytesIO(content(archive, entry))
        try:
            _check_head(file, entry, path)
            found[entry.filename.removesuffix(".npy")] = np.load(file, allow_pickle=False)
        except DataError:
            raise
        except Exception as e:  # a file made to harm can have NumPy raise almost anything
            raise DataError(f"{path}: {entry.filename}: damaged ({reason(e)})") from None
    name = _pick(path, found)
    images = channels_last(found[name], f"{path}: {name}")
    key = next((k for k in LABEL_KEYS if k in found and k != name), None)
    labels = None if key is None else _labels(path, found[key], len(images))
    return Table(as_bytes(images, f"{path}: {name}"), labels, _numbered(labels))


def _check_head(file: io.BytesIO, entry: zipfile.ZipInfo, path: Path) -> None:
    version = np.lib.format.read_magic(file)
    read: Callable[..., Any] = (
        np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    )
    shape, _, dtype = read(file)
    if dtype.hasobject:
        raise DataError(f"{path}: {entry.filename} holds Python objects (pickle), which are never loaded")
    count = dtype.itemsize
    for side in shape:
        count *= side
    if count != entry.file_size - file.tell():
        raise DataError(f"{path}: {entry.filename}: its head says {count:,} bytes of numbers, and it has other ones")
    file.seek(0)


def _pick(path: Path, found: dict[str, np.ndarray]) -> str:
    fits = [name for name, array in found.items() if array.ndim in (3, 4)]
    name = next((k for k in IMAGE_KEYS if k in fits), None) or (fits[0] if len(fits) == 1 else None)
    if name is None:
        shapes = ", ".join(f"{k} {a.shape}" for k, a in list(found.items())[:6]) or "nothing"
        raise DataError(
            f"{path}: no array of images (N, H, W, C) called {' or '.join(IMAGE_KEYS[:3])}; it has {shapes}"
        )
    return name


def channels_last(images: np.ndarray, name: str) -> np.ndarray:
    """Images of any order of their axes as (N,H,W,1 or 3). Raises DataError for other shapes."""
    if images.ndim == 3:
        images = images[..., None]
    elif images.shape[3] not in (1, 3, 4) and images.shape[1] in (1, 3, 4):
        images = np.moveaxis(images, 1, 3)
    if images.shape[3] not in (1, 3, 4) or 0 in images.shape:
        raise DataError(f"{name} has shape {images.shape}; it must be (N, H, W), (N, H, W, C) or (N, C, H, W)")
    return images[..., :3]


def as_bytes(images: np.ndarray, name: str) -> np.ndarray:
    """Numbers of any kind that pixels come in as uint8. Raises DataError for others."""
    if images.dtype == np.uint8:
        return images
    if images.dtype == np.bool_:
        return images.astype(np.uint8) * np.uint8(255)
    low, high = (float(images.min()), float(images.max())) if images.dtype.kind in "iuf" else (np.nan, np.nan)
    if images.dtype.kind == "f" and -1 <= low <= high <= 1:
        zero = -1.0 if low < 0 else 0.0
        return _rounded((images - zero) * (255 / (1 - zero)))
    if 0 <= low <= high <= 255 and images.dtype.kind in "iuf":
        return _rounded(images)
    if images.dtype == np.uint16:
        return _rounded(images * (255 / 65535))
    raise DataError(
        f"{name} has {images.dtype} values from {low:g} to {high:g}; they must be whole from 0 to 255, uint16, or from -1 or 0 to 1"
    )


def _rounded(values: np.ndarray) -> np.ndarray:
    return np.rint(values).astype(np.uint8)


# ---- labels


def _labels(path: Path, labels: np.ndarray, count: int) -> np.ndarray:
    labels = labels.reshape(-1) if labels.ndim == 2 and 1 in labels.shape else labels
    if labels.shape != (count,) or labels.dtype.kind not in "iu":
        raise DataError(
            f"{path}: labels of {labels.dtype} {labels.shape} for {count:,} images; they must be whole numbers ({count},)"
        )
    if labels.min() < 0 or labels.max() >= MAX_CLASSES:
        raise DataError(
            f"{path}: labels from {labels.min()} to {labels.max()}; they must be from 0 to {MAX_CLASSES - 1}"
        )
    return labels.astype(np.int32)


def _numbered(labels: np.ndarray | None) -> tuple[str, ...]:
    return () if labels is None else tuple(map(str, range(int(labels.max()) + 1)))
