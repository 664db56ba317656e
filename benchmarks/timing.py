"""Timing side by side: what is compared takes turns, so that a busy minute of the machine meets everyone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import median
from typing import Any, NamedTuple

Stages = dict[str, float]
"""Seconds by the name of a stage."""


class Times(NamedTuple):
    """Seconds over the repeats: median, fastest, slowest, how many."""

    median: float
    low: float
    high: float
    n: int


def take_turns(runs: Mapping[Any, Callable[[], Stages]], repeats: int) -> dict[Any, dict[str, Times]]:
    """Runs each in turn, `repeats` times after one that does not count, every other round backwards."""
    found: dict[Any, dict[str, list[float]]] = {name: {} for name in runs}
    for i in range(-1, repeats):
        for name in list(runs)[:: 1 if i % 2 else -1]:
            for stage, seconds in runs[name]().items():
                found[name].setdefault(stage, [])
                if i >= 0:
                    found[name][stage].append(seconds)
    return {name: {stage: summary(values) for stage, values in stages.items()} for name, stages in found.items()}


def summary(values: list[float]) -> Times:
    """Median, fastest and slowest."""
    return Times(median(values), min(values), max(values), len(values))
