"""Checkpoints of a run, by Orbax: the last two, and the best by a metric. Each is whole or not there, and says of itself what it holds.

A checkpoint's arrays are named by their places in `State`, with a digest over all of them: one that is damaged, however little, is
found out, and the one before it is taken.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import logging
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

import jax
import numpy as np
import orbax.checkpoint as ocp
from jax.experimental import multihost_utils
from jax.sharding import Mesh
from orbax.checkpoint.checkpoint_managers import AnyPreservationPolicy, BestN, LatestN

from gan1d.image.devices import everywhere, put
from gan1d.image.spectral import named

FOLDER = "checkpoints"
KEPT = 2
"""Checkpoints that are kept besides the best: the last, and the one to fall back to."""
FORMAT = 1
Tree = Any
Which = Literal["last", "best"]
logging.getLogger("absl").setLevel(logging.ERROR)  # it tells of each file it writes


class CheckpointError(ValueError):
    """No checkpoint that could be read; one line."""


class Found(NamedTuple):
    """What was restored: the state, the step it is of, the metrics it was saved with, and a line for each one that was damaged."""

    state: Tree
    step: int
    metrics: dict[str, float]
    damaged: list[str]


class Checkpoints:
    """The checkpoints in a run's folder.

    best: the metric to keep the best by; lower_is_better says which way. read_only: nothing is written, nor made.
    """

    def __init__(self, out: Path, best: str = "", lower_is_better: bool = True, read_only: bool = False):
        self.folder = (out / FOLDER).absolute()
        self.best, self.read_only = best, read_only

        def value(metrics: Mapping[str, float]) -> float:
            found = float(metrics.get(best, np.nan))
            return found if np.isfinite(found) else (np.inf if lower_is_better else -np.inf)

        ranked = BestN(get_metric_fn=value, reverse=lower_is_better, n=1, keep_checkpoints_without_metrics=False)
        policy = AnyPreservationPolicy([LatestN(KEPT), ranked] if best else [LatestN(KEPT)])
        self.manager = ocp.CheckpointManager(
            self.folder,
            options=ocp.CheckpointManagerOptions(
                preservation_policy=policy,
                best_fn=value if best else None,
                best_mode="min" if lower_is_better else "max",
                step_format_fixed_length=8,
                cleanup_tmp_directories=not read_only,
                create=not read_only,
                read_only=read_only,
                save_root_metadata=False,
                enable_async_checkpointing=False,  # else a process killed while one is written would lose two intervals
            ),
        )

    def __enter__(self) -> Checkpoints:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the folder."""
        self.manager.close()

    @property
    def steps(self) -> list[int]:
        """Steps of which there are checkpoints, in order."""
        return sorted(self.manager.all_steps())

    def save(self, step: int, state: Tree, metrics: Mapping[str, float] | None = None) -> None:
        """Writes a checkpoint, whole or not at all, and gives up those that are no longer wanted. All processes together."""
        leaves = flat(state)
        about = {"format": FORMAT, "digest": digest(leaves)}
        numbers = {k: float(v) for k, v in (metrics or {}).items() if np.isfinite(v)}
        items = ocp.args.Composite(state=ocp.args.StandardSave(leaves), about=ocp.args.JsonSave(about))
        self.manager.save(step, args=items, metrics=numbers if self.best in numbers else None, force=True)
        self.manager.wait_until_finished()

    def restore(self, like: Tree, on: Mesh, which: Which = "last") -> Found:
        """The newest checkpoint that is whole, or the best one; damaged ones that were met are removed, unless read only.

        like: a state of the same networks, whose shapes are asked for.

        Raises:
          CheckpointError: there is none that can be read.
        """
        steps = self.steps[::-1]
        if which == "best":
            best = self.manager.best_step() if self.best else None
            steps = sorted(steps, key=lambda step: step != best)
        damaged: dict[int, str] = {}
        for step in steps:
            try:
                with _no_echo():
                    found = self._read(step, like, on)
            except Exception as e:  # torn files have Orbax, TensorStore and JSON raise almost anything
                damaged[step] = f"checkpoint {step} is damaged and left out: {one_line(e)}"
                continue
            if not self.read_only:
                self._remove(list(damaged))
            return found._replace(damaged=list(damaged.values()))
        raise CheckpointError("; ".join([f"{self.folder}: no checkpoint that can be read", *damaged.values()]))

    def _read(self, step: int, like: Tree, on: Mesh) -> Found:
        about = self.manager.restore(step, args=ocp.args.Composite(about=ocp.args.JsonRestore()))["about"]
        if about.get("format") != FORMAT:
            raise CheckpointError(f"format {about.get('format')!r} is not known; this version reads format {FORMAT}")
        shapes = {
            name: jax.ShapeDtypeStruct(np.shape(leaf), leaf.dtype, sharding=everywhere(on))
            for name, leaf in flat(like).items()
        }
        leaves = self.manager.restore(step, args=ocp.args.Composite(state=ocp.args.StandardRestore(shapes)))["state"]
        if digest(leaves) != about["digest"]:
            raise CheckpointError("its numbers are not those that were saved")
        fresh = put({name: local(leaf) for name, leaf in leaves.items()}, on)  # memory that can be donated
        return Found(unflat(fresh, like), step, self._metrics(step), [])

    def _metrics(self, step: int) -> dict[str, float]:
        with contextlib.suppress(Exception):
            return dict(self.manager.metrics(step) or {})
        return {}

    def _remove(self, steps: list[int]) -> None:
        if not steps:
            return
        if jax.process_index() == 0:
            for step in steps:
                with contextlib.suppress(OSError):
                    shutil.rmtree(self.folder / f"{step:08d}")
        if jax.process_count() > 1:
            multihost_utils.sync_global_devices("damaged checkpoints removed")
        self.manager.reload()


@contextlib.contextmanager
def _no_echo() -> Iterator[None]:
    """Where a file cannot be read, other reads that were under way fail too, and Python would tell of each when it throws it away."""
    before, sys.unraisablehook = sys.unraisablehook, lambda _: None
    try:
        yield
    except Exception as e:
        e.__traceback__ = None
        gc.collect()
        raise
    finally:
        sys.unraisablehook = before


def flat(state: Tree) -> dict[str, Any]:
    """A state's arrays by their places in it, "g/params/stem/kernel" and so on."""
    return {named(path): leaf for path, leaf in jax.tree_util.tree_leaves_with_path(state)}


def unflat(leaves: Mapping[str, Any], like: Tree) -> Tree:
    """The inverse: arrays by their places, as a state of the same networks as `like`."""
    return jax.tree_util.tree_map_with_path(lambda path, _: leaves[named(path)], like)


def local(leaf: Any) -> np.ndarray:
    """An array that is whole on every device, as NumPy."""
    return np.asarray(leaf.addressable_data(0) if isinstance(leaf, jax.Array) else leaf)


def digest(leaves: Mapping[str, Any]) -> str:
    """SHA-256 over names, types, shapes and bytes, in hexadecimal digits."""
    found = hashlib.sha256()
    for name in sorted(leaves):
        array = local(leaves[name])
        found.update(f"{name} {array.dtype} {array.shape}\n".encode())
        found.update(array.tobytes())
    return found.hexdigest()


def one_line(error: BaseException, limit: int = 160) -> str:
    """The first sentence of what an error says, in one line."""
    text = " ".join(str(error).split()).split(". ")[0].rstrip(".") or type(error).__name__
    return text if len(text) <= limit else text[: limit - 1] + "…"
