"""What a set of images is, whoever made it: pixels, labels, and the factors that its countable modes are made of. NumPy, no JAX."""

from __future__ import annotations

import hashlib
import itertools
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np

from gan1d.fields import ConfigError
from gan1d.image.config import CHANNELS, SIZES


class DataError(ValueError):
    """Images that cannot be used; one line that names the file and says why."""


class Images(Protocol):
    """Pixels (N,H,W,C), uint8: an array, or something that makes them when they are asked for."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, H, W, C)."""

    def __len__(self) -> int: ...

    def __getitem__(self, which: Any, /) -> np.ndarray:
        """The images of a slice or of an array of indices."""


class Factor(NamedTuple):
    """One thing that tells modes apart: its name, and a word for each of its values."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images of one size, with labels where there are any.

    A label counts the combinations of the factors' values, the last factor quickest: with factors of sizes a, b, c a mode (i, j, k) is
    (i b + j) c + k. Each combination is one countable mode. A set without labels has no factors and no modes.
    """

    name: str
    images: Images
    """(N,H,W,C) uint8."""
    labels: np.ndarray | None = None
    """(N,) int32, or None."""
    factors: tuple[Factor, ...] = ()
    version: str = ""
    """Stands for the content where that is known beforehand; else the content itself is hashed."""
    left_out: tuple[str, ...] = ()
    """Files that were left out, each with the reason."""

    def __len__(self) -> int:
        return len(self.images)

    @property
    def size(self) -> int:
        """Height and width."""
        return self.images.shape[1]

    @property
    def channels(self) -> int:
        """1 grey, 3 colour."""
        return self.images.shape[3]

    @property
    def modes(self) -> int:
        """Countable modes; 0 where there are no labels."""
        return math.prod(len(f.values) for f in self.factors) if self.factors else 0

    @cached_property
    def mode_names(self) -> tuple[str, ...]:
        """A name for each mode: its factors' values."""
        combined = itertools.product(*(f.values for f in self.factors)) if self.factors else ()
        return tuple(", ".join(word for word in words if word) for words in combined)

    @cached_property
    def weights(self) -> np.ndarray:
        """(modes,) share of the images in each mode."""
        if self.labels is None:
            return np.zeros(0)
        return np.bincount(self.labels, minlength=self.modes) / len(self.labels)

    @cached_property
    def fingerprint(self) -> str:
        """Twelve hexadecimal digits that stand for the images and labels."""
        if self.version:
            text = f"{self.name} {self.version} {self.images.shape}".encode()
            return hashlib.sha256(text).hexdigest()[:12]
        found = hashlib.sha256(repr((self.images.shape, self.factors)).encode())
        for start in range(0, len(self), 4096):
            found.update(self.images[start : start + 4096].tobytes())
        if self.labels is not None:
            found.update(self.labels.tobytes())
        return found.hexdigest()[:12]

    def split(self, labels: np.ndarray) -> tuple[np.ndarray, ...]:
        """Each factor's own values of labels (N,): one (N,) a factor."""
        return np.unravel_index(labels, tuple(len(f.values) for f in self.factors)) if self.factors else ()


def checked_size(size: Any) -> int:
    """A size that the networks have.

    Raises:
      ConfigError: any other.
    """
    if isinstance(size, bool) or size not in SIZES:
        raise ConfigError("size", size, "it must be one of " + ", ".join(map(str, SIZES)))
    return int(size)


def checked_channels(channels: Any, allowed: tuple[int, ...] = CHANNELS) -> int:
    """A number of channels that these images have.

    Raises:
      ConfigError: any other.
    """
    if isinstance(channels, bool) or channels not in allowed:
        raise ConfigError("channels", channels, "these images have " + " or ".join(map(str, allowed)))
    return int(channels)
