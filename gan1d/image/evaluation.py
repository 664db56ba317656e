"""Generated images judged beside real ones: every value with its real-versus-real baseline, its extractor and its sample size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gan1d.fields import ConfigError
from gan1d.image import metrics
from gan1d.image.dataset import Dataset
from gan1d.image.extractor import Extractor, Seen, extractor
from gan1d.image.inception import Inception
from gan1d.image.metrics import Modes

PAIRS = 5000
"""Most images of each kind of which all pairs are compared."""
NEIGHBOURS = 5
"""k of precision, recall, density and coverage."""
FEWEST = 2 * NEIGHBOURS
"""Fewest generated images that are judged."""
TRAINING = 10_000
"""Most training images among which the nearest one is looked for."""
SEED = 7
"""Which real images are compared with."""


class Value(NamedTuple):
    """A metric's value, the same of real images against other real ones, and how many images of each kind were compared."""

    value: float
    baseline: float
    samples: int


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What generated images are worth, by one extractor.

    metrics: name -> Value; "fid", "is" and "kid" are Inception-v3's, "frechet_distance", "class_score" and "kernel_distance" the same by
    another network. modes: how all images fall on the countable modes; None where there are none.
    """

    extractor: str
    samples: int
    """Generated images."""
    metrics: dict[str, Value]
    modes: Modes | None

    def scalars(self) -> dict[str, float]:
        """What a run records: each metric, its baseline as NAME_baseline, modes, modes_covered and modes_held where countable, samples."""
        found = {name: v.value for name, v in self.metrics.items()}
        found |= {f"{name}_baseline": v.baseline for name, v in self.metrics.items()}
        if (m := self.modes) is not None:
            found |= {"modes": len(m.counts), "modes_covered": m.covered, "modes_held": m.held}
        return found | {"samples": self.samples}

    def to_dict(self) -> dict[str, Any]:
        """For JSON: extractor, samples, metrics {name: {value, baseline, samples}}, and the modes'; null where not finite or not there."""
        found: dict[str, Any] = {"extractor": self.extractor, "samples": self.samples}
        found["metrics"] = {
            name: {"value": _plain(v.value), "baseline": _plain(v.baseline), "samples": v.samples}
            for name, v in self.metrics.items()
        }
        m = self.modes
        found |= {"modes": m and len(m.counts), "modes_covered": m and m.covered, "modes_held": m and m.held}
        return found | {"confidence": m and m.confidence, "counts": m and m.counts.tolist()}


def _plain(value: float) -> float | None:
    return value if np.isfinite(value) else None


class Evaluator:
    """Judges generated images against one dataset: what is known of the real ones is worked out once.

    The real images are two random parts of n each, without an image in common: the generated ones are compared with the first, and so is
    the second, which makes the baseline. n is `samples`, or half of the dataset where that is less. The nearest training image is looked
    for among both parts, and further ones up to `TRAINING`.

    Raises:
      ConfigError: too few samples, or too small a dataset.
    """

    def __init__(self, dataset: Dataset, by: Extractor | None = None, samples: int = 1000, seed: int = SEED):
        if len(dataset) // 2 < FEWEST:
            raise ConfigError(
                "data", dataset.name, f"it has {len(dataset)} images; at least {2 * FEWEST} are needed to evaluate"
            )
        if samples < FEWEST:
            raise ConfigError("samples", samples, f"at least {FEWEST} are needed")
        self.dataset = dataset
        self.by: Extractor = extractor(dataset) if by is None else by
        self.n = min(samples, len(dataset) // 2)
        slow = isinstance(self.by, Inception)
        wanted = 2 * self.n if slow else max(2 * self.n, min(TRAINING, len(dataset)))
        seen = self.by.see(dataset.images[np.random.default_rng(seed).permutation(len(dataset))[:wanted]])
        self.training = seen.features[:TRAINING]
        self.real, self.other = (Seen(*(a[part] for a in seen)) for part in (slice(self.n), slice(self.n, 2 * self.n)))
        self.moments = metrics.moments(self.real.features)
        self.counted = dataset.modes > 0 and dataset.modes == seen.probabilities.shape[1]
        self.baseline = self._values(self.other)

    def __call__(self, images: np.ndarray) -> Evaluation:
        """Judges images (N,H,W,C) uint8, N at least n: the modes are counted of all, the rest is of the first n.

        Raises:
          ConfigError: too few images, or of another shape than the dataset's.
        """
        shape = tuple(self.dataset.images.shape[1:])
        if images.ndim != 4 or images.shape[1:] != shape or images.dtype != np.uint8:
            wanted = "(N, " + ", ".join(map(str, shape)) + ")"
            raise ConfigError("images", f"{images.dtype} {images.shape}", f"they must be uint8 {wanted}")
        if len(images) < self.n:
            raise ConfigError("images", len(images), f"there must be at least {self.n}, as many as the baseline has")
        seen = self.by.see(images)
        values = self._values(Seen(*(a[: self.n] for a in seen)))
        found = {name: Value(value, self.baseline[name][0], n) for name, (value, n) in values.items()}
        spread = metrics.modes(seen.probabilities, self.dataset.weights) if self.counted else None
        return Evaluation(self.by.name, len(images), found, spread)

    def _values(self, seen: Seen) -> dict[str, tuple[float, int]]:
        """Each metric of n images against the first part of the real ones, and how many of each kind it compared."""
        n, pairs = self.n, min(self.n, PAIRS)
        x, y = self.real.features[:PAIRS], seen.features[:PAIRS]
        named = INCEPTION if isinstance(self.by, Inception) else OURS
        found = {named.frechet: (metrics.frechet(self.moments, metrics.moments(seen.features)), n)}
        if seen.probabilities.shape[1]:
            found[named.score] = metrics.class_score(seen.probabilities), n
        found[named.kernel] = metrics.kernel_distance(x, y), pairs
        for name, value in metrics.overlap(x, y, NEIGHBOURS)._asdict().items():
            found[name] = value, pairs
        found["nearest_distance"] = self._nearest(seen), pairs
        if self.counted:
            m = metrics.modes(seen.probabilities, self.dataset.weights)
            found |= {"modes_covered": (float(m.covered), n), "mode_kl": (m.kl, n)}
        return found

    def _nearest(self, seen: Seen) -> float:
        """Distance to the nearest training image; of real ones, which are among them, to the nearest other."""
        if seen is self.other:
            return metrics.nearest_distance(self.training[: min(self.n, PAIRS)], self.training, same=True)
        return metrics.nearest_distance(seen.features[:PAIRS], self.training)


class Names(NamedTuple):
    """What three of the metrics are called."""

    frechet: str
    score: str
    kernel: str


OURS, INCEPTION = Names("frechet_distance", "class_score", "kernel_distance"), Names("fid", "is", "kid")


def evaluate(dataset: Dataset, images: np.ndarray, by: Extractor | None = None) -> Evaluation:
    """Judges generated images (N,H,W,C) uint8 against a dataset; by its own extractor where none is given."""
    return Evaluator(dataset, by, samples=len(images))(images)
