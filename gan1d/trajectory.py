"""The record of a run: what a player plays, a file keeps, and a notebook computes with."""

from __future__ import annotations

import dataclasses
import json
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from types import NoneType
from typing import Any

import numpy as np

from gan1d.config import Config
from gan1d.data import target
from gan1d.diagnosis import Diagnosis, diagnose
from gan1d.fields import number
from gan1d.metrics import modes_covered
from gan1d.writing import Writing

FORMAT = 1
"""Version of the npz layout."""
MAX_FILE = 512 * 1024 * 1024
"""Bytes that an npz may unpack to: the longest run is a tenth of that."""


class TrajectoryError(ValueError):
    """A file that is not a run, or not a whole one."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Trajectory:
    """A run: F recorded states on a grid of X points, K modes, Z noise quantiles. Arrays are NumPy and read-only.

    Divergences in nats, W1, positions, mean and std in data units, densities per data unit, probabilities from 0 to 1.
    State 0 is the one before any update. A run that diverged repeats its last finite state to the end.
    """

    config: Config
    summary: dict[str, Any]
    """output ("probability" or "score"), status ("ok" or "diverged"), diverged_at (iteration or None), start (first
    iteration), optimum (loss_d, loss_g and d where p_gen = p_data and D is optimal; null where a loss fixes none),
    noise_floor (mean, std, w1 of a batch of real data, data units) and best (the least jsd, kl_data_gen, kl_gen_data in nats and w1 in
    data units that this family of generators can reach; null where infinite), both as `floors.floors` has them."""
    iteration: np.ndarray
    """(F,) iterations done at each recorded state."""
    x: np.ndarray
    """(X,) centres of the grid's equal cells."""
    p_data: np.ndarray
    """(X,) the data's density at x."""
    p_gen: np.ndarray
    """(F,X) generated mass of the cell around x over the cell's width."""
    mass_outside: np.ndarray
    """(F,2) generated mass left and right of the grid."""
    d: np.ndarray
    """(F,X) D at x: a probability or a score, as `summary["output"]` says."""
    d_star: np.ndarray | None
    """(F,X) the pointwise optimal D against p_gen; None where the loss has none; NaN where both densities are 0."""
    z: np.ndarray
    """(Z,) quantiles of the noise, at (i + 1/2)/Z."""
    g: np.ndarray
    """(F,Z) G(z)."""
    loss_d: np.ndarray
    """(F,) the discriminator's objective without L2, penalty, instance noise or label smoothing, dropout off, in expectation; nats,
    or score units for losses on scores."""
    loss_g: np.ndarray
    """(F,) the generator's objective, likewise."""
    batch_loss_d: np.ndarray
    """(F,) what training saw, averaged since the state before (NaN at the first)."""
    batch_loss_g: np.ndarray
    """(F,) what training saw, averaged since the state before (NaN at the first)."""
    value: np.ndarray
    """(F,) V(D,G) = E[log D(x)] + E[log(1 - D(G(z)))], nats; -log 4 where D = 1/2 everywhere; NaN where D is a score."""
    p_real_on_real: np.ndarray
    """(F,) E[D(x)] over the data: what D calls real among the real; NaN where D is a score."""
    p_real_on_fake: np.ndarray
    """(F,) E[D(G(z))]: what D calls real among the generated; NaN where D is a score."""
    grad_norm_d: np.ndarray
    """(F,) norm of the discriminator's gradient, averaged since the state before (NaN at the first)."""
    grad_norm_g: np.ndarray
    """(F,) norm of the generator's gradient, likewise."""
    mean: np.ndarray
    """(F,) mean of the generated density."""
    std: np.ndarray
    """(F,) standard deviation of the generated density."""
    jsd: np.ndarray
    """(F,) Jensen-Shannon divergence, 0 to log 2 nats."""
    kl_data_gen: np.ndarray
    """(F,) KL(p_data, p_gen), nats; inf where infinite."""
    kl_gen_data: np.ndarray
    """(F,) KL(p_gen, p_data), nats; inf where infinite."""
    w1: np.ndarray
    """(F,) Wasserstein-1 distance, data units."""
    mode_mass: np.ndarray
    """(F,K) generated mass within 3 std of each mode of the data."""
    score_real: np.ndarray | None = None
    """(F,) E[D(x)] over the data where D is a score; None where it is a probability."""
    score_fake: np.ndarray | None = None
    """(F,) E[D(G(z))], likewise."""
    sample_real: np.ndarray | None = None
    """(F,S) real points of the batch that D's next update sees, data units; None in files that have none."""
    sample_fake: np.ndarray | None = None
    """(F,S) its generated points, data units."""
    sample_logit: np.ndarray | None = None
    """(F,S) D's logit, or its score, at the generated points."""
    sample_step: np.ndarray | None = None
    """(F,S) -dL_G/dx there, each sample's own, per data unit: where the generator would move it."""
    parts: tuple[tuple[int, Trajectory], ...] = ()
    """(first state, its own run) of each part of a run that went on under other settings. Not saved."""
    seconds: dict[str, float] = field(default_factory=dict)
    """compile, train: how long it took here. Not saved."""
    compilations: int = 0
    """Programs compiled for this run. Not saved."""
    checkpoints: tuple[tuple[int, Any], ...] = ()
    """(iteration, whole state) at the start and after each piece of training, for going on. Not saved: a loaded run replays them."""
    replay: Callable[[Trajectory, int], Any] | None = None
    """Finds the whole state at an iteration; given by whoever made or loaded the run."""

    def __post_init__(self) -> None:
        for array in self.arrays.values():
            array.setflags(write=False)

    def __len__(self) -> int:
        """Number of recorded states F."""
        return len(self.iteration)

    def __repr__(self) -> str:
        return f"Trajectory({len(self)} states, iteration {self.iteration[0]} to {self.iteration[-1]}, {self.diagnosis.kind})"

    def figure(self) -> Any:
        """A Plotly figure: the densities and D over x, with a slider and a play button over the recorded states."""
        from gan1d.render.figures import figure  # what draws lies above; only a notebook asks for it

        return figure(self)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """What a notebook shows of a run: the player; a still picture where scripts are off."""
        from gan1d.render.notebook import bundle

        return bundle(self)

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """Every array that this run has, by the name that it has in the npz too."""
        found = {name: getattr(self, name) for name in ARRAYS}
        return {name: array for name, array in found.items() if array is not None}

    @property
    def diagnosis(self) -> Diagnosis:
        """What happened: .kind, .also, .evidence."""
        return diagnose(self)

    @property
    def metrics(self) -> dict[str, float | int | None]:
        """The last recorded state's scalars; non-finite ones as None."""
        scores = ("score_real", "score_fake") if self.score_real is not None else ()
        scalars = {name: float(getattr(self, name)[-1]) for name in LAST + scores}
        weights = target(self.config.data).weights
        return {name: value if np.isfinite(value) else None for name, value in scalars.items()} | {
            "modes": len(weights),
            "modes_covered": int(modes_covered(self.mode_mass[-1], weights)),
        }

    def state_at(self, iteration: int) -> Any:
        """The whole state after `iteration` iterations, to go on from: `gan1d.train(config, start=run.state_at(1500))`.

        Raises:
          ConfigError: an iteration that the run does not have.
          ValueError: a run that cannot be replayed: one not loaded by `gan1d.load`, or saved after it went on from another.
        """
        first, last = int(self.iteration[0]), int(self.iteration[-1])
        iteration = number("iteration", iteration, first, last, integer=True)
        if self.replay is None:
            raise ValueError("this run cannot be replayed: load it with gan1d.load")
        return self.replay(self, iteration)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes an npz (NumPy, no pickle); whole or not at all."""
        content: dict[str, Any] = dict(self.arrays)
        content |= {"config": np.array(self.config.to_json()), "summary": np.array(json.dumps(self.summary))}
        with Writing(path) as beside, beside.open("wb") as file:  # given a name, NumPy would add an ending to it
            np.savez_compressed(file, **(content | {"format": np.int64(FORMAT)}))


NOT_ARRAYS = ("config", "summary", "parts", "seconds", "compilations", "checkpoints", "replay")
ARRAYS = tuple(f.name for f in dataclasses.fields(Trajectory) if f.name not in NOT_ARRAYS)
"""Names of the arrays, in the attributes and in the npz alike."""
SAMPLED = ("sample_real", "sample_fake", "sample_logit", "sample_step")
OPTIONAL = ("d_star", "score_real", "score_fake", *SAMPLED)
"""Arrays that some losses do not have, or that older files lack."""
LAST = (
    "jsd",
    "kl_data_gen",
    "kl_gen_data",
    "w1",
    "mean",
    "std",
    "p_real_on_real",
    "p_real_on_fake",
    "value",
)
"""Scalars of the last state that the command line prints."""


def load(path: str | os.PathLike[str], replay: Callable[[Trajectory, int], Any] | None = None) -> Trajectory:
    """Reads an npz that `Trajectory.save` wrote.

    Raises:
      FileNotFoundError: no such file.
      TrajectoryError: not an npz of this format, torn, or with arrays that do not fit together.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAX_FILE:
                raise TrajectoryError(f"{path}: too large to be a run")
        with np.load(path, allow_pickle=False) as file:
            content = {name: file[name] for name in file.files}
    except (FileNotFoundError, IsADirectoryError, PermissionError, TrajectoryError):
        raise
    except Exception as e:  # a file made to harm can have zipfile, zlib and NumPy raise almost anything
        raise TrajectoryError(f"{path}: not a run saved by gan1d, or a torn one ({e})") from None
    if "record" in content:
        raise TrajectoryError(
            f"{path}: it holds several runs, and this reads one; `gan1d train` takes one of them with --run"
        )
    needed = {"format", "config", "summary", *ARRAYS} - set(OPTIONAL)
    if missing := sorted(needed - content.keys()):
        raise TrajectoryError(f"{path}: not a run saved by gan1d: {', '.join(missing)} missing")
    version = content["format"]
    if version.shape or version.dtype.kind != "i" or version != FORMAT:
        raise TrajectoryError(f"{path}: format {version!r} is not known; this version reads format {FORMAT}")
    try:
        config = Config.from_json(str(content["config"]))
        summary = json.loads(str(content["summary"]))
        arrays = {name: content.get(name) for name in ARRAYS}
        _check_summary(summary)
        _check_shapes(arrays, len(target(config.data).weights))
    except (ValueError, TypeError, IndexError, RecursionError) as e:
        raise TrajectoryError(f"{path}: arrays that do not fit together ({e})") from None
    fields: dict[str, Any] = {"config": config, "summary": summary, "replay": replay, **arrays}
    return Trajectory(**fields)


def _check_summary(summary: Any) -> None:
    at, optimum = (summary.get("diverged_at"), summary.get("optimum")) if isinstance(summary, dict) else (None, None)
    if not (
        isinstance(optimum, dict)
        and all(isinstance(optimum.get(name, ""), (int, float, NoneType)) for name in ("loss_d", "loss_g", "d"))
        and summary.get("output") in ("probability", "score")
        and summary.get("status") == ("ok" if at is None else "diverged")
        and all(type(whole) is int for whole in (summary.get("start"), 0 if at is None else at))
    ):
        raise ValueError("summary is not that of a run")


def _check_shapes(arrays: dict[str, Any], modes: int) -> None:
    frames, cells, quantiles = len(arrays["iteration"]), len(arrays["x"]), len(arrays["z"])
    if min(frames, quantiles) < 1 or cells < 2:
        raise ValueError("nothing is recorded")
    if arrays["iteration"].dtype.kind != "i" or np.any(np.diff(arrays["iteration"]) <= 0):
        raise ValueError("iteration does not count up")
    shapes = {
        "x": (cells,),
        "p_data": (cells,),
        "z": (quantiles,),
        "g": (frames, quantiles),
        "mass_outside": (frames, 2),
    }
    samples = {len(row) for name in SAMPLED if (a := arrays[name]) is not None and a.ndim == 2 for row in a[:1]}
    shapes |= dict.fromkeys(SAMPLED, (frames, max(samples, default=0)))
    shapes |= dict.fromkeys(("p_gen", "d", "d_star"), (frames, cells)) | {"mode_mass": (frames, modes)}
    for name, array in arrays.items():
        shape = shapes.get(name, (frames,))
        if array is not None and (array.shape != shape or array.dtype.kind not in "fi"):
            raise ValueError(f"{name} is {array.dtype} {array.shape}, not numbers {shape}")
