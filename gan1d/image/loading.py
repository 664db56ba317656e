"""A person's own images: a folder or a zip of image files, IDX, CIFAR-10's binary batches, npz. What comes in is checked here.

What a file holds decides how it is read; its name hardly does. Nothing is unpacked to the disk, and nothing of pickle is loaded.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np

from gan1d.image import archives, arrays
from gan1d.image.archives import Member
from gan1d.image.config import SIZES
from gan1d.image.dataset import DataError, Dataset, Factor
from gan1d.image.limits import Limits
from gan1d.image.pictures import ENDINGS, has_colour, is_picture, opened, pixels
from gan1d.image.scaling import resized, with_channels

Progress = Callable[[int, int], None]
"""Called with images done and images in all."""
LARGEST = 64
"""The largest size that is chosen where none is asked for: a CPU trains it."""
LOOKED_AT = 200
"""Image files of which the size and colour are looked at, evenly spread, where none is asked for."""
AT_ONCE = 256
"""Image files read before the next ones are."""
KINDS = "a folder or .zip of image files, IDX (also .gz), CIFAR-10's binary .bin, or .npz"
PICKLES = (".pkl", ".pickle", ".pt", ".pth", ".joblib", ".ckpt")


def load_path(
    path: Path, size: int | None, channels: int | None, limits: Limits, progress: Progress | None = None
) -> Dataset:
    """Images of a file or folder, each the middle square, resized.

    size: None takes the nearest that the networks have to the images' own, at most 64. channels: None takes grey where all are grey.

    Raises:
      DataError: one line that names the file and says what is wrong with it.
    """
    if path.is_dir():
        return _of_folder(path, size, channels, limits, progress)
    if not path.is_file():
        raise DataError(f"{path}: there is no such file or folder")
    try:
        with path.open("rb") as file:
            head = file.read(4)
    except OSError as e:
        raise DataError(f"{path}: cannot be read ({e.strerror})") from None
    if head[:2] == b"PK":
        with closing(archives.opened(path, limits)) as archive:
            if arrays.is_npz(archive):
                return _of_table(path.stem, str(path), arrays.npz(archive, path), size, channels, limits)
            return _of_members(path, archives.of_zip(archive), size, channels, limits, progress)
    if head[:2] == arrays.GZIP or arrays.is_idx(head):
        return _of_table(path.stem, str(path), arrays.idx(path, limits), size, channels, limits)
    if arrays.is_cifar(path):
        return _of_table(path.stem, str(path), arrays.cifar([path], limits), size, channels, limits)
    if path.suffix.lower() in PICKLES:
        raise DataError(f"{path}: pickle is never loaded, for it can run code; it must be {KINDS}")
    if is_picture(path.name):
        raise DataError(f"{path}: a single image; at least 2 are needed, in a folder or a .zip")
    raise DataError(f"{path}: not a set of images; it must be {KINDS}")


def _of_folder(
    path: Path, size: int | None, channels: int | None, limits: Limits, progress: Progress | None
) -> Dataset:
    """Image files; where there are none, CIFAR-10's training batches or an IDX file of images."""
    members = archives.of_folder(path, limits)
    name = path.resolve().name
    if not any(is_picture(m.name) for m in members):
        batches = [path / m.name for m in members if arrays.is_cifar(path / m.name)]
        if batches:
            training = [b for b in batches if "test" not in b.name] or batches
            return _of_table(name, str(path), arrays.cifar(training, limits), size, channels, limits)
        tables = [path / m.name for m in members if "images" in m.name and "idx" in m.name]
        if tables:
            training = [t for t in tables if "train" in t.name] or tables
            return _of_table(name, str(path), arrays.idx(training[0], limits), size, channels, limits)
    return _of_members(path, members, size, channels, limits, progress)


def _of_table(
    name: str, path: str, table: arrays.Table, size: int | None, channels: int | None, limits: Limits
) -> Dataset:
    images, labels, classes = table
    size = size or nearest_size(min(images.shape[1:3]))
    channels = channels or images.shape[3]
    limits.check_images(path, len(images), size, channels)
    limits.check_pixels(path, *images.shape[1:3])
    made = np.ascontiguousarray(with_channels(resized(images, size), channels))
    factors = (Factor("class", classes),) if labels is not None and len(classes) > 1 else ()
    return Dataset(name, made, labels if factors else None, factors)


def _of_members(
    path: Path,
    members: Sequence[Member],
    size: int | None,
    channels: int | None,
    limits: Limits,
    progress: Progress | None,
) -> Dataset:
    pictures = [m for m in members if is_picture(m.name)]
    left_out = [f"{m.name}: not an image file" for m in members if not is_picture(m.name)]
    if not pictures:
        held = f"{len(members):,} files, " if members else "nothing, "
        raise DataError(f"{path}: {held}none with an ending of {', '.join(ENDINGS)}")
    size, channels = _chosen(pictures, size, channels, limits)
    limits.check_images(str(path), len(pictures), size, channels)
    made = np.empty((len(pictures), size, size, channels), np.uint8)
    good: list[int] = []
    for i, found in enumerate(_read(path, pictures, size, channels, limits)):
        if isinstance(found, DataError):
            if i - len(good) >= limits.damaged:
                raise found
            left_out.append(str(found))
        else:
            made[len(good)] = found
            good.append(i)
        if progress is not None:
            progress(i + 1, len(pictures))
    limits.check_images(str(path), len(good), size, channels)
    labels, classes = _classes([pictures[i].name for i in good])
    factors = (Factor("class", classes),) if labels is not None else ()
    return Dataset(path.resolve().stem, made[: len(good)], labels, factors, left_out=tuple(left_out))


def _read(
    path: Path, pictures: Sequence[Member], size: int, channels: int, limits: Limits
) -> Iterator[np.ndarray | DataError]:
    """Each image, or what is wrong with it, in order; decoded on every core."""

    def one(member: Member) -> np.ndarray | DataError:
        try:
            return pixels(member.read(), f"{path}: {member.name}", size, channels, limits)
        except DataError as e:
            return e

    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
        for start in range(0, len(pictures), AT_ONCE):
            yield from pool.map(one, pictures[start : start + AT_ONCE])


def _chosen(pictures: Sequence[Member], size: int | None, channels: int | None, limits: Limits) -> tuple[int, int]:
    """The size and channels asked for, or else those that fit the images: the median of their shorter sides, and any colour."""
    if size is not None and channels is not None:
        return size, channels
    sides: list[int] = []
    colour = False
    for member in pictures[:: max(1, len(pictures) // LOOKED_AT)]:
        try:
            image = opened(member.read(), member.name, limits)
        except DataError:
            continue  # said when it is its turn
        sides.append(min(image.size))
        colour = colour or has_colour(image)
    return size or nearest_size(int(np.median(sides)) if sides else LARGEST), channels or (3 if colour else 1)


def nearest_size(side: int) -> int:
    """The size nearest to a side in proportion, from 16 to 64."""
    return min((s for s in SIZES if 16 <= s <= LARGEST), key=lambda s: abs(np.log(s / max(side, 1))))


def _classes(names: Sequence[str]) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """A class for each folder, where every image lies in one and there are at least two: their labels and names.

    Folders around all of them do not count: `cats-and-dogs/cat/1.png` and `cats-and-dogs/dog/1.png` are two classes.
    """
    parts = [name.split("/")[:-1] for name in names]
    around = 0
    while len({tuple(p[: around + 1]) for p in parts}) == 1 and len(parts[0]) > around:
        around += 1
    folders = ["".join(p[around : around + 1]) for p in parts]
    words = tuple(sorted(set(folders)))
    if "" in words or not 2 <= len(words) <= arrays.MAX_CLASSES:
        return None, ()
    place = {word: i for i, word in enumerate(words)}
    return np.array([place[folder] for folder in folders], np.int32), words
