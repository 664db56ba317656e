"""What training keeps is observed on the device and then measured, exactly, on the host, while training goes on."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from gan1d.config import Config, structure
from gan1d.data import Target
from gan1d.measuring import Measuring
from gan1d.programs import beside
from gan1d.pushforward import Grid
from gan1d.recording import Kept, Points, observed


class Recorder:
    """Takes states in the order of their iterations. As a context, at its end nothing is under way any more: a process must not end while
    something is."""

    def __init__(self, config: Config, data: Target, where: Grid, points: Points):
        self._structure, self._points, self._beside = structure(config), points, beside()
        self._coming = list[tuple[Kept, dict[str, Any]]]()
        self._rows = list[dict[str, np.ndarray]]()
        self._measuring = Measuring(config, data, where)

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        jax.block_until_ready(self._coming)

    def add(self, kept: Kept) -> None:
        """The next states; returns at once, whether or not there are any yet."""
        with jax.default_device(self._beside):
            rows = observed(self._structure, jax.device_put(kept, self._beside), self._points)
        self._coming.append((kept, rows))

    def measure(self, but: int = 0) -> None:
        """Measures what there is, as it comes, but for the last so many times that something was added."""
        while len(self._coming) > but:
            kept, rows = self._coming.pop(0)
            if count := int(kept.count):
                self._rows.append({name: np.asarray(values)[:count] for name, values in rows.items()})
                self._measuring.add(self._rows[-1]["g"])

    def rows(self, frames: int) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Rows (F, …) of `recording.observed` and of `measuring.generated`.

        The last one stands for those that a run which ended early does not have.
        """
        self.measure()
        rows = {name: np.concatenate([piece[name] for piece in self._rows]) for name in self._rows[0]}
        kept = np.minimum(np.arange(frames), self._measuring.done - 1)
        return {name: values[kept] for name, values in rows.items()}, self._measuring.rows(frames)
