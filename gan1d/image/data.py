"""Images to learn from: the built-in sets by name, anybody's own by path."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from gan1d.fields import ConfigError, nearest
from gan1d.image.config import CHANNELS, SIZES
from gan1d.image.dataset import DataError as DataError
from gan1d.image.dataset import Dataset as Dataset
from gan1d.image.dataset import Factor as Factor
from gan1d.image.dataset import checked_channels, checked_size
from gan1d.image.digits import digits, stacked_digits
from gan1d.image.faces import faces
from gan1d.image.limits import Limits as Limits
from gan1d.image.loading import Progress, load_path


class Embedded(NamedTuple):
    """A set of images that comes with the package. make: (size, channels) -> the set; the rest is what there may be."""

    make: Callable[[int, int], Dataset]
    size: int
    """The size where none is asked for."""
    channels: tuple[int, ...]
    """The first is the one where none is asked for."""


DATASETS: dict[str, Embedded] = {
    "digits": Embedded(digits, 16, CHANNELS),
    "stacked-digits": Embedded(stacked_digits, 16, (3,)),
    "faces": Embedded(faces, 32, (3,)),
}
"""Name -> a set of images that is made here, without a download."""


def load(
    name_or_path: str | Path,
    size: int | None = None,
    channels: int | None = None,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> Dataset:
    """A built-in set by its name, or a person's own images by their path; `./digits` is a path.

    Args:
      size: height and width; None takes the built-in set's own, or one that fits the images, up to 64.
      channels: 1 or 3; None takes the set's own.
      limits: what is read of a path at most.
      progress: called with (images done, images in all) while a path is read.

    Raises:
      ConfigError: a size or channels that there are not, or neither a name nor a path.
      DataError: files that cannot be used, in one line.
    """
    if size is not None:
        checked_size(size)
    known = DATASETS.get(name_or_path) if isinstance(name_or_path, str) else None
    if known is not None:
        channels = known.channels[0] if channels is None else checked_channels(channels, known.channels)
        return known.make(known.size if size is None else size, channels)
    if channels is not None:
        checked_channels(channels)
    path = Path(name_or_path)
    bare = path.name == str(name_or_path) and not path.suffix
    try:
        there = path.exists()
    except (OSError, ValueError):  # a name too long for the system, or with a zero byte
        there = False
    if not there:
        what = "it must be one of " + ", ".join(DATASETS) + ", or the path of a file or folder that exists"
        raise ConfigError("data", str(name_or_path), what + (nearest(name_or_path, DATASETS) if bare else ""))
    return load_path(path, size, channels, limits or Limits(), progress)


assert all(e.size in SIZES for e in DATASETS.values())
