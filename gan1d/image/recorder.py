"""What a run leaves in its folder while it trains, and reading that back. Light: no JAX.

config.json    the settings
metrics.jsonl  a line every `record_every` steps, and at each evaluation: step, seconds, what `updates.MEASURED` names, means since the
               last multiple of `record_every` (null where not finite), and "metrics" where it was evaluated
samples/       step-00000100.png, a grid of images of the same latents at every `sample_every` steps
seen/          step-00000100.npz, what D said then of a batch: real, fake (B,) and slopes (B,) between them
status.json    state, step, steps, rate (steps a second), seconds, left (seconds), process
checkpoints/   see `checkpoints.py`
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gan1d.image.config import ImageConfig
from gan1d.writing import Writing

CONFIG, METRICS, STATUS, SAMPLES, SEEN = "config.json", "metrics.jsonl", "status.json", "samples", "seen"
GRID = 8
"""Images in a row and in a column of a grid of samples."""
STATES = ("running", "done", "stopped", "diverged", "failed")
"""Words of `status.json`: stopped is Ctrl-C, or whoever asked for it."""
PULSE = 0.5
"""Least seconds between two writings of `status.json`."""

Line = dict[str, Any]


class Recorder:
    """Writes a run's folder; keeps the lines in memory too. Without a folder, or in a process that is not the first, it writes nothing."""

    def __init__(self, out: Path | None, config: ImageConfig, is_first: bool = True):
        self.out = out if is_first else None
        self.config, self.lines = config, list[Line]()
        self.status: dict[str, Any] = {}
        self._told = -math.inf

    def begin(self, step: int) -> float:
        """Makes the folder, or cuts what is there back to a step. Returns the seconds of training that are behind it."""
        if self.out is not None:
            for folder in (self.out, self.out / SAMPLES, self.out / SEEN):
                folder.mkdir(parents=True, exist_ok=True)
            self.lines = [line for line in read_lines(self.out) if line["step"] <= step]
            text(self.out / METRICS, "".join(map(as_json, self.lines)))
            text(self.out / CONFIG, self.config.to_json(indent=1) + "\n")
            for name in (SAMPLES, SEEN):
                for path in (self.out / name).glob("step-*"):
                    if step_of(path) > step:
                        path.unlink(missing_ok=True)
        return float(self.lines[-1].get("seconds", 0.0)) if self.lines else 0.0

    def line(self, values: Mapping[str, Any]) -> None:
        """One line of metrics.jsonl."""
        found = finite(values)
        self.lines.append(found)
        if self.out is not None:
            with (self.out / METRICS).open("a", encoding="utf-8") as file:
                file.write(as_json(found))

    def grid(self, step: int, images: np.ndarray) -> None:
        """One grid of samples: images (N,H,W,C) uint8."""
        if self.out is not None:
            with Writing(self.out / SAMPLES / f"step-{step:08d}.png") as beside:
                picture(images).save(beside, format="PNG", optimize=True)

    def seen(self, step: int, **arrays: np.ndarray) -> None:
        """What D said at a step: real, fake, slopes (B,)."""
        if self.out is not None:
            with Writing(self.out / SEEN / f"step-{step:08d}.npz") as beside, beside.open("wb") as file:
                np.savez(file, **{name: np.asarray(a, np.float32) for name, a in arrays.items()})  # type: ignore[arg-type]

    def tell(self, state: str, step: int, rate: float, seconds: float, note: str = "") -> None:
        """status.json; while it runs, at most every `PULSE` seconds."""
        now = time.monotonic()
        if state == "running" and now - self._told < PULSE:
            return
        self._told = now
        steps = self.config.steps
        left = (steps - step) / rate if state == "running" and rate > 0 else None
        self.status = {"state": state, "step": step, "steps": steps, "rate": rate, "seconds": seconds, "left": left}
        self.status |= {"process": os.getpid(), **({"note": note} if note else {})}
        if self.out is not None:
            text(self.out / STATUS, as_json(self.status))


def finite(values: Mapping[str, Any]) -> Line:
    """The same with None for what is not finite, as JSON has no other word for it; within mappings too."""

    def plain(value: Any) -> Any:
        if isinstance(value, Mapping):
            return finite(value)
        return None if isinstance(value, float) and not math.isfinite(value) else value

    return {name: plain(value) for name, value in values.items()}


def text(path: Path, content: str) -> None:
    """Writes a text file, whole or not at all."""
    with Writing(path) as beside:
        beside.write_text(content, "utf-8")


def as_json(values: Mapping[str, Any]) -> str:
    """One line of JSON."""
    return json.dumps(values, allow_nan=False) + "\n"


def step_of(path: Path) -> int:
    """The step in a file's name, step-00000100.png; 0 where it has none."""
    digits = path.stem.rpartition("-")[2]
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def read_lines(out: Path) -> list[Line]:
    """The lines of metrics.jsonl; one that was being written when its process ended is left out."""
    found: list[Line] = []
    with contextlib.suppress(OSError):
        for raw in (out / METRICS).read_text("utf-8", "replace").splitlines():
            with contextlib.suppress(ValueError):
                line = json.loads(raw)
                if isinstance(line, dict) and type(line.get("step")) is int:
                    found.append(line)
    return found


def read_status(out: Path) -> dict[str, Any]:
    """What status.json says; empty where there is none."""
    with contextlib.suppress(OSError, ValueError):
        found = json.loads((out / STATUS).read_text("utf-8"))
        return found if isinstance(found, dict) else {}
    return {}


def read_config(out: Path) -> ImageConfig:
    """The settings of a run.

    Raises:
      OSError: no such file.
      ConfigError: a file that holds no settings.
    """
    return ImageConfig.from_json((out / CONFIG).read_text("utf-8"))


def picture(images: np.ndarray, columns: int = 0) -> Image.Image:
    """Images (N,H,W,C) uint8 side by side, row after row; as many columns as rows, where not said, and black where there is none."""
    n, h, w, c = images.shape
    columns = columns or max(1, math.isqrt(max(n - 1, 0)) + 1)
    rows = max(1, -(-n // columns))
    sheet = np.zeros((rows * columns, h, w, c), np.uint8)
    sheet[:n] = images
    whole = sheet.reshape(rows, columns, h, w, c).swapaxes(1, 2).reshape(rows * h, columns * w, c)
    return Image.fromarray(whole[..., 0] if c == 1 else whole)
