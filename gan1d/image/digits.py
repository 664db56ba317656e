"""Handwritten digits that ship with the package, and three of them stacked as red, green and blue: a thousand countable modes.

Source of the digits: E. Alpaydin and C. Kaynak 1998, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository
(CC BY 4.0), its test part of 1 797 images of 8 x 8 counts from 0 to 16, as scikit-learn has it. `python -m tools.digits` wrote the file.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gan1d.image.dataset import Dataset, Factor
from gan1d.image.scaling import with_channels

ASSET = Path(__file__).resolve().parents[1] / "assets" / "image" / "digits.npz"
WHITE = 16
"""A full count."""
MARGIN = 1
"""Empty pixels put around the 8 x 8 before they are enlarged, since many digits touch the edge."""
STACKS = 128_000
"""Stacked digits in a set, as in Lin et al. 2018 (PacGAN), arXiv:1712.04086."""
SEED = 1797
"""Which digits are stacked."""
NAMES = tuple(map(str, range(10)))
VERSION = "1"
"""Changes when the images would."""


@lru_cache(maxsize=1)
def counts() -> tuple[np.ndarray, np.ndarray]:
    """The images as they were measured (1797,8,8), 0 to 16, and their labels (1797,); uint8, read-only."""
    with np.load(ASSET, allow_pickle=False) as file:
        images, labels = file["images"], file["labels"]
    images.setflags(write=False)
    labels.setflags(write=False)
    return images, labels


@lru_cache(maxsize=4)
def enlarged(size: int) -> np.ndarray:
    """The digits (1797,size,size) uint8, white on black, enlarged by Lanczos' filter in floating point; read-only."""
    images, _ = counts()
    padded = np.pad(images, ((0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN))).astype(np.float32) * (255 / WHITE)
    made = np.empty((len(images), size, size), np.uint8)
    for i, pixels in enumerate(padded):
        large = np.asarray(Image.fromarray(pixels).resize((size, size), Image.Resampling.LANCZOS))
        made[i] = np.clip(np.rint(large), 0, 255)
    made.setflags(write=False)
    return made


def digits(size: int, channels: int) -> Dataset:
    """1 797 handwritten digits in 10 modes, not augmented."""
    labels = counts()[1].astype(np.int32)
    images = with_channels(enlarged(size)[..., None], channels)
    return Dataset("digits", images, labels, (Factor("digit", NAMES),), VERSION)


class Stacked:
    """Stacked digits, put together when they are asked for: which (N,3) indices of digits, red, green and blue."""

    def __init__(self, singles: np.ndarray, which: np.ndarray):
        self.singles, self.which = singles, which

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, H, W, 3)."""
        return (len(self.which), *self.singles.shape[1:], 3)

    def __len__(self) -> int:
        return len(self.which)

    def __getitem__(self, which: Any, /) -> np.ndarray:
        return np.stack([self.singles[c] for c in np.moveaxis(self.which[which], -1, 0)], axis=-1)


def stacked_digits(size: int, channels: int) -> Dataset:
    """128 000 images of three digits drawn independently, one in each colour channel: 1 000 modes, the label 100 r + 10 g + b.

    Source: Metz et al. 2017 (unrolled GANs), arXiv:1611.02163, which stacks MNIST's.
    """
    which = np.random.default_rng(SEED).integers(len(counts()[1]), size=(STACKS, 3))
    labels = counts()[1][which].astype(np.int32) @ np.array([100, 10, 1], np.int32)
    factors = tuple(Factor(colour, NAMES) for colour in ("red", "green", "blue"))
    return Dataset("stacked-digits", Stacked(enlarged(size), which), labels, factors, VERSION)
