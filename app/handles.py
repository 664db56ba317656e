"""What of the data can be dragged in the picture: the same numbers as the sliders', in finer steps."""

from __future__ import annotations

from typing import Any

from app.controls import data_controls
from app.state import RANGES, current
from app.words import words
from gan1d.config import Config

FINER = 5
"""Steps of a handle in one step of the slider."""
WIDTHS = {"stds": "means", "scale": "loc"}
"""Fields that are a width -> the place from which it is drawn."""


def handles(config: Config) -> list[dict[str, Any]]:
    """One for each place and width of the data: name, index, value, low, high, step, label and `of`, the place that a width belongs to."""
    found = []
    for control in data_controls(config)[0]:
        name, _, index = control.name.removeprefix("data.").removesuffix("]").partition("[")
        if name not in RANGES:
            continue
        low, high, step = RANGES[name]
        found.append(
            {
                "name": name,
                "index": int(index) if index else None,
                "value": current(config, control.name),
                "low": low,
                "high": high,
                "step": step / FINER,
                "label": words("lab")["handles"][name].format(number=int(index or 0) + 1),
                "of": WIDTHS.get(name),
            }
        )
    return found
