"""What images are compared by: an extractor gives each image features and class probabilities, and says its own name.

The default is a small network trained here on the very dataset, and kept on disk: see `classifier.py`. Inception-v3 is another, for
those who have its weights: see `inception.py`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import jax
import numpy as np

from gan1d.image import classifier
from gan1d.image.classifier import Progress, Trained
from gan1d.image.dataset import Dataset
from gan1d.image.digits import digits
from gan1d.writing import Writing

VERSION = 1
"""Changes when a kept network would come out otherwise."""
KEPT = 32
"""Networks kept on disk, the newest."""


class Seen(NamedTuple):
    """What an extractor sees in N images: features (N,D), probabilities (N,K); K = 0 where it tells no classes apart. float32."""

    features: np.ndarray
    probabilities: np.ndarray


class Extractor(Protocol):
    """Turns images into numbers that they are compared by."""

    @property
    def name(self) -> str:
        """What its values are called after."""

    def see(self, images: np.ndarray) -> Seen:
        """Images (N,H,W,C) uint8 -> features and probabilities."""


class Classifier:
    """A network trained here. Its classes are the dataset's modes, each mode's probability the product of its factors'."""

    def __init__(self, name: str, trained: Trained, classes: bool):
        self.name, self.trained, self.classes = name, trained, classes

    @property
    def accuracy(self) -> float:
        """Share of held-out images of which it named the mode, or the turn."""
        return self.trained.accuracy

    def see(self, images: np.ndarray) -> Seen:
        """Images (N,H,W,C) uint8 -> features (N,64) and probabilities (N,modes)."""
        features, heads = classifier.look(self.trained.graph, self.trained.weights, images)
        return Seen(features, combined(heads) if self.classes else np.zeros((len(images), 0), np.float32))


class PerChannel:
    """The digits' network, which looks at each colour channel of stacked digits apart."""

    def __init__(self, single: Classifier):
        self.single = single
        self.name = f"{single.name}, each channel"

    @property
    def accuracy(self) -> float:
        """Share of held-out stacks of which it would name all three digits."""
        return self.single.accuracy**3

    def see(self, images: np.ndarray) -> Seen:
        """Images (N,H,W,3) uint8 -> features (N,192) and probabilities (N,1000)."""
        parts = [self.single.see(images[..., c : c + 1]) for c in range(images.shape[-1])]
        return Seen(np.concatenate([p.features for p in parts], axis=1), combined([p.probabilities for p in parts]))


def combined(heads: Sequence[np.ndarray]) -> np.ndarray:
    """Probabilities (N,K) of all combinations of independent factors' values, each (N,values); the last factor quickest."""
    found = heads[0]
    for head in heads[1:]:
        found = (found[:, :, None] * head[:, None, :]).reshape(len(found), -1)
    return found


def extractor(
    dataset: Dataset, folder: Path | None = None, seed: int = 0, progress: Progress | None = None
) -> Classifier | PerChannel:
    """The dataset's own extractor, from the disk or trained now; stacked digits have the digits'.

    Args:
      folder: where networks are kept; None is `home()`.
      progress: called with (updates done, updates in all) while it is trained.
    """
    if dataset.name == "stacked-digits" and dataset.version:
        return PerChannel(_classifier(digits(dataset.size, 1), folder, seed, progress))
    return _classifier(dataset, folder, seed, progress)


def _classifier(dataset: Dataset, folder: Path | None, seed: int, progress: Progress | None) -> Classifier:
    kind = "classifier" if dataset.factors else "rotation classifier"
    path = kept_at(dataset, seed, home() if folder is None else folder)
    trained = read(path, dataset)
    if trained is None:
        trained = classifier.train(dataset, seed, progress)
        keep(path, trained)
    return Classifier(f"{dataset.name} {kind} {dataset.size}x{dataset.size}", trained, bool(dataset.factors))


# ---- on disk


def home() -> Path:
    """Where networks are kept, as the XDG base directories have it: `$XDG_CACHE_HOME/gan1d/extractors`, by default in `~/.cache`."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    try:
        cache = Path(given) if os.path.isabs(given) else Path.home() / ".cache"
    except RuntimeError:  # no home
        cache = Path(".cache")
    return cache / "gan1d" / "extractors"


def kept_at(dataset: Dataset, seed: int, folder: Path) -> Path:
    """The file of a dataset's network: its name, size, channels, a hash of its content, and this version."""
    name = re.sub(r"[^a-z0-9]+", "-", dataset.name.lower()).strip("-")[:40] or "images"
    return folder / f"{name}-{dataset.size}x{dataset.channels}-{dataset.fingerprint}-{seed}-v{VERSION}.npz"


def keep(path: Path, trained: Trained) -> None:
    """Writes a network, whole or not at all, and removes the oldest ones; a disk that cannot be written is no error."""
    leaves = {f"weight_{i}": np.asarray(leaf) for i, leaf in enumerate(jax.tree.leaves(trained.weights))}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with Writing(path) as beside, beside.open("wb") as file:
            np.savez_compressed(file, accuracy=np.float64(trained.accuracy), **leaves)  # type: ignore[arg-type]
        found = sorted(path.parent.glob("*.npz"), key=lambda p: p.stat().st_mtime, reverse=True)
        for old in found[KEPT:]:
            old.unlink(missing_ok=True)
    except OSError:
        pass


def read(path: Path, dataset: Dataset) -> Trained | None:
    """A kept network; None where there is none or where it is damaged: it is then trained anew."""
    graph, empty = classifier.blank(dataset.size, dataset.channels, classifier.factors_of(dataset))
    wanted = jax.tree.leaves(empty)
    try:
        with np.load(path, allow_pickle=False) as file:
            leaves: list[Any] = [file[f"weight_{i}"] for i in range(len(wanted))]
            accuracy = float(file["accuracy"])
    except Exception:  # damaged in one way or another: zipfile, zlib and NumPy raise almost anything
        return None
    if any(
        a.shape != b.shape or a.dtype != b.dtype or not np.isfinite(a).all()
        for a, b in zip(leaves, wanted, strict=True)
    ):
        return None
    return Trained(graph, jax.tree.unflatten(jax.tree.structure(empty), leaves), accuracy)
