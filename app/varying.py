"""What a map can vary: which settings make an axis, what values it is offered, and what they are called."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import numpy as np

from app import controls
from app.controls import Control
from app.words import words
from gan1d.axes import Axis, Sweep
from gan1d.config import Config
from gan1d.render.maps.cells import Side, number, side

FIGURES = 3
"""Of a value on an axis: what a person reads there is what the run has."""
CHOICES = ("training.loss", "training.optimizer", "training.batch", "generator.noise", "discriminator.activation")
"""Settings that are words or compile, and mean something whatever the others are."""
LEFT_OUT = ("training.frames", "training.seed", "data.modes")
"""Numbers that are none of the game's."""
NARROW = 10.0
"""Half of an axis that is offered, where the slider reaches much farther, in units of the setting."""
WIDE = 2.5
"""How many such halves are much farther."""


def fields(config: Config) -> list[Control]:
    """The numbers that the lab's sliders show for this config."""
    return [
        c
        for c in controls.shown_controls(config)
        if c.is_numeric and c.name not in LEFT_OUT and not c.name.startswith("data.weights")
    ]


def choices(config: Config) -> list[Control]:
    """The settings that are chosen from a list."""
    return [c for c in controls.shown_controls(config) if c.kind == "choice" and c.name in CHOICES]


def is_log(control: Control) -> bool:
    """Whether its values go by ratios: 1, 2, 5 of every power of ten."""
    positive = [v for v in control.options if v > 0] if control.kind == "steps" else []
    return len(positive) > 1 and all(1.9 < b / a < 2.6 for a, b in pairwise(positive))


def is_listed(control: Control) -> bool:
    """Whether its values are those of its list, and no others between them."""
    return control.kind == "choice" or (control.kind == "steps" and not is_log(control))


def span(control: Control, value: float) -> tuple[Any, Any]:
    """The ends that an axis is offered with: around the value where the slider reaches much farther."""
    low, high = ends(control)
    if is_log(control):
        middle = value if value > 0 else (low * high) ** 0.5
        near = [v for v in scale(control) if middle / 10.001 <= v <= middle * 10.001]
        return (near[0], near[-1]) if len(near) > 1 else (low, high)
    if not is_listed(control) and high - low > 2 * WIDE * NARROW:
        near_ends = max(low, value - NARROW), min(high, value + NARROW)
        return (type(low)(near_ends[0]), type(low)(near_ends[1])) if near_ends[0] < near_ends[1] else (low, high)
    return low, high


def ends(control: Control) -> tuple[Any, Any]:
    """The least and greatest value of an axis; of ratios above 0."""
    return (scale(control)[0], scale(control)[-1]) if control.options else (control.low, control.high)


def scale(control: Control) -> tuple[float, ...]:
    """The values that an end of an axis of steps can have."""
    return tuple(v for v in control.options if v > 0 or not is_log(control))


def values(control: Control, low: float, high: float, count: int) -> tuple[Any, ...]:
    """An axis's values from end to end: even in steps, or in ratios, or those of its list; whole numbers each once."""
    if is_listed(control):
        return tuple(v for v in control.options if low <= v <= high)
    if low == high:
        return (low,)
    spaced = np.geomspace(low, high, count) if is_log(control) else np.linspace(low, high, count)
    if isinstance(control.low, int) and isinstance(control.step, int):
        return tuple(dict.fromkeys(round(v) for v in spaced))
    return tuple(dict.fromkeys(float(f"{v:.{FIGURES}g}") for v in spaced))


def label(sweep: Sweep, axis: Axis) -> str:
    """A setting's name, with its unit."""
    control = next((c for c in controls.shown_controls(sweep.config) if c.name == axis.field), None)
    base = axis.field.partition("[")[0]
    name = controls.wording(control)[0] if control else words("compare")["fields"].get(base, [axis.field])[0]
    unit = words("map")["units"].get(base)
    return f"{name} ({unit})" if unit else str(name)


def short(axis: Axis) -> str:
    """A setting's short name."""
    base, _, index = axis.field.removesuffix("]").partition("[")
    name = str(words("compare")["fields"].get(base, [base])[0])
    return f"{name} {int(index) + 1}" if index else name


def said(value: Any) -> str:
    """A value of an axis as a person writes it."""
    if isinstance(value, tuple):
        return ", ".join(map(said, value))
    return str(words("lab")["choices"].get(value, value)) if isinstance(value, str) else number(value)


def side_of(axis: Axis) -> Side:
    """Where the cells of an axis lie."""
    return side(axis.values, [said(value) for value in axis.values])


def written(axis: Axis) -> str:
    """An axis as text, which `Axis.parse` reads."""
    return f"{axis.field}=" + ",".join(v if isinstance(v, str) else json.dumps(v) for v in axis.values)
