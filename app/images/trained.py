"""A run's generator, ready to draw: its weights out of the folder, its program compiled once. Only this imports JAX, and late."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from app.images import choosing
from app.images.runs import RunError, read
from app.words import words
from gan1d.config import ConfigError
from gan1d.image.config import ImageConfig

KEPT = 8
"""Generators in memory."""
TRAINING_IMAGES = 4096
"""Of the training images, those that a sample's neighbours are looked for among."""
BLOCK = 2**23
"""Pixels that are compared at once."""
STEP = 0.5
"""How far a number of the noise is moved to see what it does."""


class TrainedError(ValueError):
    """A generator that cannot be had, or data that cannot; the message says why in one line."""


class Trained:
    """A generator of fixed weights."""

    def __init__(self, config: ImageConfig, weights: Any):
        self.config = config
        self._weights = weights

    def sample(self, z: np.ndarray) -> np.ndarray:
        """Images (N,H,W,C), uint8, of noise (N,Z)."""
        from gan1d.image import training

        return training.as_bytes(training.draw(self.config, self._weights, np.asarray(z, np.float32)))

    @property
    def weights(self) -> dict[str, np.ndarray]:
        """Every array of the generator by name."""
        from gan1d.image.weights import arrays

        return arrays(self._weights)

    @cached_property
    def _moving(self) -> np.ndarray:
        """(Z,) places in the noise, those first that move the picture most, on average over a few samples."""
        size, rng = self.config.latent, np.random.default_rng(0)
        total = np.zeros(size)
        for z in rng.standard_normal((4, size)).clip(-1, 1):
            there = self.sample(np.concatenate([z + STEP * np.eye(size), z - STEP * np.eye(size)])).astype(np.int16)
            total += np.abs(there[:size] - there[size:]).mean((1, 2, 3))
        return np.argsort(-total, kind="stable")

    def strongest(self, count: int) -> list[int]:
        """The places in the noise that move the picture most."""
        return [int(place) for place in self._moving[:count]]

    @cached_property
    def _real(self) -> np.ndarray:
        """Training images (N, H·W·C), uint8, evenly out of all."""
        from gan1d.image.data import load

        try:
            data = load(self.config.data, size=self.config.size, channels=self.config.channels)
        except (ConfigError, ValueError, OSError) as e:
            raise TrainedError(words("images")["play"]["no_data"].format(why=str(e).splitlines()[0])) from None
        which = np.unique(np.linspace(0, len(data.images) - 1, min(len(data.images), TRAINING_IMAGES)).astype(int))
        return data.images[which].reshape(len(which), -1)

    def nearest(self, images: np.ndarray, count: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """For each image the training images nearest to it, (count,H,W,C), and how far: root mean square, in shares of a pixel's range.

        Raises:
          TrainedError: the data cannot be loaded.
        """
        found = []
        for image in images:
            away = _distances(image.ravel(), self._real)
            near = np.argsort(away)[:count]
            found.append((self._real[near].reshape(-1, *self.config.shape), away[near]))
        return found

    def typical(self) -> float:
        """The median distance from a training image to the nearest other one."""
        return self._typical

    @cached_property
    def _typical(self) -> float:
        some = range(0, len(self._real), max(1, len(self._real) // 64))
        return float(np.median([np.partition(_distances(self._real[k], self._real), 1)[1] for k in some]))


def _distances(one: np.ndarray, many: np.ndarray) -> np.ndarray:
    """(N,) root mean square differences of pixels (P,) and (N,P), uint8, in shares of their range."""
    most = max(1, BLOCK // one.size)  # a block at a time: thousands of large images are gigabytes as floats
    parts = (many[k : k + most] - one.astype(np.float32) for k in range(0, len(many), most))
    return np.concatenate([np.sqrt(np.square(part).mean(1)) / 255 for part in parts])


def trained(name: str) -> Trained:
    """The generator of a run, as it was last saved.

    Raises:
      TrainedError: nothing is saved yet, or it cannot be read.
    """
    folder = choosing.folder_of(name)
    return _trained(str(folder), saved(folder))


def saved(folder: Path) -> str:
    """A text that is another once other weights are saved; empty where none are."""
    kept, shipped = folder / "checkpoints", folder / "generator.npz"
    is_there = any(path.name.isdigit() for path in kept.glob("*"))  # the folder alone is there before its first one
    places = [kept] * is_there + [shipped] * shipped.exists()
    return " ".join(str(path.stat().st_mtime_ns) for path in places)


@st.cache_resource(show_spinner=False, max_entries=KEPT)
def _trained(folder: str, changed: str) -> Trained:
    text = words("images")["play"]
    if not changed:
        raise TrainedError(text["not_yet"])
    try:
        config = read(Path(folder)).config
        return Trained(config, _weights(Path(folder), config))
    except (RunError, ConfigError, ValueError, OSError, LookupError) as e:
        raise TrainedError(text["unreadable"].format(why=(str(e).splitlines() or ["–"])[0])) from None


def _weights(folder: Path, config: ImageConfig) -> Any:
    from gan1d.image import training, weights

    if (folder / weights.FILE).exists():
        return weights.load(folder / weights.FILE, config)
    from gan1d.image import run

    return training.weights(config, run.restore(folder)[1])
