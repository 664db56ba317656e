"""What a sweep has found so far, in memory and on disk: outcome and last-frame metrics of every GAN. NumPy, no JAX."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from gan1d.axes import Sweep
from gan1d.config import ConfigError
from gan1d.diagnosis import KINDS
from gan1d.trajectory import LAST
from gan1d.writing import Writing

FORMAT = 1
"""Version of a sweep folder's layout."""
OUTCOMES = KINDS
"""Names of the outcome codes 0, 1, …: the diagnosis' words."""
METRICS = (*LAST, "score_real", "score_fake", "modes", "modes_covered", "diverged_at")
"""Names of what is kept of each GAN's last recorded state; units as in `Trajectory`. diverged_at is an iteration."""
UNDONE = -1
"""Outcome code of a GAN that is not trained yet."""
SETTINGS, NUMBERS = "sweep.json", "results.npz"
"""The two files of a sweep folder."""

Rows = tuple[np.ndarray, np.ndarray]
"""Finished GANs: places (P,) in a list of them, and (P, 1 + metrics) of each the outcome's code, then `METRICS`."""


class SweepError(ValueError):
    """A folder that is not a sweep's, or not this sweep's, or whose files are damaged; one line."""


@dataclass(frozen=True, eq=False)
class Results:
    """Results of a sweep over axes of N, M, … values and S seeds.

    outcome: (N, M, …, S) int8, an index into `outcomes`, -1 where not yet done. metrics: name of `METRICS` -> (N, M, …, S) float32; NaN
    where not yet done or where a run has no such thing, inf where infinite.
    """

    sweep: Sweep
    outcome: np.ndarray
    metrics: dict[str, np.ndarray]
    outcomes: tuple[str, ...] = OUTCOMES

    @classmethod
    def empty(cls, sweep: Sweep) -> Results:
        """Nothing done yet."""
        shape = (*sweep.shape, sweep.seeds)
        metrics = {name: np.full(shape, np.nan, np.float32) for name in METRICS}
        return cls(sweep, np.full(shape, UNDONE, np.int8), metrics)

    @property
    def shape(self) -> tuple[int, ...]:
        """Values of each axis, then seeds."""
        return self.outcome.shape

    @property
    def total(self) -> int:
        """How many GANs there are."""
        return self.outcome.size

    @property
    def done(self) -> int:
        """How many of them are done."""
        return int(np.sum(self.outcome != UNDONE))

    def put(self, places: np.ndarray, rows: np.ndarray) -> None:
        """Adds finished GANs. places (P,) count them row by row, seeds last; rows (P, 1 + metrics) as `Rows` has them."""
        self.outcome.reshape(-1)[places] = rows[:, 0]
        for name, values in zip(METRICS, rows.T[1:], strict=True):
            self.metrics[name].reshape(-1)[places] = values

    def counts(self) -> dict[str, int]:
        """How many GANs of the whole sweep ended in each outcome; those that there are."""
        found = {name: int(np.sum(self.outcome == code)) for code, name in enumerate(self.outcomes)}
        return {name: count for name, count in found.items() if count}

    def shares(self) -> np.ndarray:
        """Share of a cell's seeds that ended in each outcome (N, M, …, outcomes), of those done; NaN where none is."""
        counts = np.stack([np.sum(self.outcome == code, axis=-1) for code in range(len(self.outcomes))], axis=-1)
        with np.errstate(invalid="ignore"):
            return counts / counts.sum(axis=-1, keepdims=True)

    def most(self) -> np.ndarray:
        """Code of each cell's most frequent outcome (N, M, …): -1 where none is done; of equals the first in rank."""
        shares = self.shares()
        return np.where(np.isnan(shares[..., 0]), UNDONE, np.argmax(np.nan_to_num(shares), axis=-1))

    def median(self, metric: str) -> np.ndarray:
        """A metric's median over each cell's seeds (N, M, …), of those that have it; NaN where none has.

        Raises:
          ConfigError: a metric that is not in `METRICS`.
        """
        if metric not in self.metrics:
            raise ConfigError("metric", metric, "it must be one of " + ", ".join(self.metrics))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a cell of which nothing is done
            return np.nanmedian(self.metrics[metric], axis=-1)

    # ---- on disk

    def save(self, folder: Path) -> None:
        """Writes both files, each whole or not at all: who reads beside sees the old one or the new one."""
        written = {"format": FORMAT, **self.sweep.to_dict(), "done": self.done, "total": self.total}
        with Writing(folder / SETTINGS) as beside:
            beside.write_text(json.dumps(written), "utf-8")
        arrays = {f"axis_{i}": axis.array() for i, axis in enumerate(self.sweep.axes)}
        arrays |= {"outcome": self.outcome, "outcomes": np.array(self.outcomes), **self.metrics}
        with Writing(folder / NUMBERS) as beside, beside.open("wb") as file:
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def read(folder: str | Path) -> Results:
    """The results of a sweep folder, finished or not; also while it is being written.

    Raises:
      FileNotFoundError: no such sweep.
      SweepError: a file that is damaged, of another version, or does not fit the other.
    """
    folder = Path(folder)
    sweep = _settings(folder / SETTINGS)
    empty = Results.empty(sweep)
    path = folder / NUMBERS
    try:
        with np.load(path, allow_pickle=False) as file:
            content = {name: file[name] for name in ("outcome", "outcomes", *METRICS)}
    except FileNotFoundError:
        return empty
    except PermissionError:
        raise
    except Exception as e:  # damaged in one way or another: zipfile, zlib and NumPy raise almost anything
        raise SweepError(f"{path}: not the results of a sweep, or damaged ({e})") from None
    outcome, names = content.pop("outcome"), tuple(map(str, np.ravel(content.pop("outcomes"))))
    fits = all(values.shape == empty.shape and values.dtype.kind == "f" for values in content.values())
    if not fits or outcome.shape != empty.shape or outcome.dtype.kind != "i":
        raise SweepError(f"{path}: its arrays do not fit the sweep in {SETTINGS}")
    if names != OUTCOMES or outcome.min() < UNDONE or outcome.max() >= len(names):
        raise SweepError(f"{path}: its outcomes are not those of this version")
    return Results(sweep, outcome, content)


def _settings(path: Path) -> Sweep:
    try:
        found = json.loads(path.read_text("utf-8"))
        version = found["format"]
    except (LookupError, TypeError, ValueError, RecursionError) as e:
        raise SweepError(f"{path}: not the settings of a sweep, or damaged ({e})") from None
    if version != FORMAT:
        raise SweepError(f"{path}: format {version!r} is not known; this version reads format {FORMAT}")
    try:
        return _sweep(json.dumps({name: found[name] for name in ("config", "axes", "seeds")}))
    except KeyError as e:
        raise SweepError(f"{path}: not the settings of a sweep: {e} is missing") from None
    except ConfigError as e:
        raise SweepError(f"{path}: not the settings of a sweep ({e})") from None


@lru_cache(maxsize=8)
def _sweep(text: str) -> Sweep:
    """Kept, because to check every cell takes a while, and who watches a sweep reads it again and again."""
    return Sweep.from_dict(json.loads(text))
