"""What a picture is made of: one to four runs as plain numbers, on one timeline and with axes that they share."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from gan1d.catalogue import DISCRIMINATORS, scenarios
from gan1d.config import Config, field_names
from gan1d.fields import ConfigError
from gan1d.render.compare import NAMES, together
from gan1d.render.frames import frames
from gan1d.render.options import Options, text
from gan1d.trajectory import Trajectory

MOST_TICKS = 700
"""Of the timeline that several runs share, as in the player."""
TOLD = 3
"""Differences that a run's label tells."""


class Scene(NamedTuple):
    """R runs, T ticks of the timeline. A tick of one run is one of its recorded states."""

    metas: tuple[dict[str, Any], ...]
    """Each run's, as `frames` gives it, with the axes that all share."""
    arrays: tuple[Mapping[str, np.ndarray], ...]
    """Each run's, as `frames` gives them."""
    names: tuple[str, ...]
    """A, B, …; of one run alone ""."""
    labels: tuple[str, ...]
    """What each run has of its own; of one run alone ""."""
    headline: str
    """What differs, in a sentence; of one run alone ""."""
    iteration: np.ndarray
    """(T,) iterations."""
    states: np.ndarray
    """(R,T) the recorded state that each run shows; a shorter one rests at its end."""
    record: str
    """The JSON text that a file carries, from which the runs can be trained again."""

    def data(self) -> tuple[dict[str, Any], Mapping[str, Any]]:
        """(meta, arrays) for `createPlayer`, or for `createComparison` where there are several."""
        if len(self.metas) == 1:
            return self.metas[0], self.arrays[0]
        return together(list(zip(self.metas, self.arrays, strict=True)), self.labels, self.headline)

    def shown(self, options: Options) -> tuple[int, int]:
        """First and last tick of what is shown: those nearest to the iterations asked for.

        Raises:
          ConfigError: an iteration that no run has.
        """
        first = 0 if options.first is None else self._tick("--from", options.first)
        last = len(self.iteration) - 1 if options.last is None else self._tick("--to", options.last)
        return first, last

    def still(self, options: Options) -> tuple[int, ...]:
        """The ticks of a still picture: one, or those of a film strip, evenly spaced from the first to the last that is shown."""
        if options.states == 1 and options.at is not None:
            return (self._tick("--at", options.at),)
        first, last = self.shown(options)
        if options.states == 1:
            return (last,)
        places = np.linspace(self.iteration[first], self.iteration[last], options.states)
        return tuple(int(np.argmin(np.abs(self.iteration - place))) for place in places)

    def _tick(self, name: str, iteration: int) -> int:
        first, last = int(self.iteration[0]), int(self.iteration[-1])
        if not first <= iteration <= last:
            raise ConfigError(name, iteration, f"the run goes from iteration {first} to {last}")
        return int(np.argmin(np.abs(self.iteration - iteration)))


def scene(
    runs: Sequence[Trajectory], labels: Sequence[str] | None = None, headline: str | None = None, record: str = ""
) -> Scene:
    """The scene of one to four runs. Without labels and headline they say what differs in the settings.

    Raises:
      ConfigError: none or too many runs, or not a label for each.
    """
    if not 1 <= len(runs) <= len(NAMES):
        raise ConfigError("RUN", len(runs), f"there must be 1 to {len(NAMES)} runs")
    if labels is not None and len(labels) != len(runs):
        raise ConfigError("--label", list(labels), "there must be one for each run")
    told = [frames(run) for run in runs]
    if len(runs) == 1:
        meta, arrays = told[0]
        iteration = arrays["iteration"].astype(int)
        label = labels[0] if labels else ""
        return Scene((meta,), (arrays,), ("",), (label,), "", iteration, np.arange(len(iteration))[None], record)
    differ = differing([run.config for run in runs])
    labels = [_label(run.config, differ) for run in runs] if labels is None else labels
    headline = _headline(differ) if headline is None else headline
    metas = together(told, labels, headline)[0]["runs"]
    words = told[0][0]["text"]
    iteration = timeline([arrays["iteration"] for _, arrays in told])
    states = np.stack([nearest(arrays["iteration"], iteration) for _, arrays in told])
    return Scene(
        tuple({**meta, "text": words} for meta in metas),
        tuple(arrays for _, arrays in told),
        tuple(NAMES[: len(runs)]),
        tuple(labels),
        headline,
        iteration,
        states,
        record,
    )


def timeline(iterations: Sequence[np.ndarray]) -> np.ndarray:
    """The iterations (T,) that all runs are shown at: as fine as the finest recording, to the end of the longest run."""
    last = max(int(own[-1]) for own in iterations)
    finest = max(1, min(int(own[1] - own[0]) if len(own) > 1 else last for own in iterations))
    stride = finest * max(1, math.ceil(last / finest / MOST_TICKS))
    return np.minimum(np.arange(math.ceil(last / stride) + 1) * stride, last)


def nearest(recorded: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The recorded states nearest to iterations; of two as near the later one."""
    after = np.clip(np.searchsorted(recorded, wanted), 0, len(recorded) - 1)
    before = np.maximum(after - 1, 0)
    return np.where(wanted - recorded[before] < recorded[after] - wanted, before, after)


def differing(configs: Sequence[Config]) -> list[str]:
    """Dotted names of the settings in which configs differ."""
    found = []
    for name in dict.fromkeys([*field_names(), "data.kind"]):
        values = [_value(config, name) for config in configs]
        if any(value != values[0] for value in values):
            found.append(name)
    if "data.kind" in found:
        found = [name for name in found if name == "data.kind" or not name.startswith("data.")]
    return found


def _value(config: Config, name: str) -> Any:
    section, _, key = name.partition(".")
    return getattr(getattr(config, section), key, None)


def _name(field: str) -> str:
    return str(text()["fields"].get(field, field.partition(".")[2].replace("_", " ")))


def _label(config: Config, names: Sequence[str]) -> str:
    """The settings in which the runs differ, or, where these are many, the scenario that it is."""
    own = [(name, _value(config, name)) for name in names]
    told = [text()["own"].format(name=_name(name), value=_said(value)) for name, value in own if value is not None]
    if len(told) > TOLD and (title := _title(config)):
        return title
    return ", ".join([*told[:TOLD], *(["…"] if len(told) > TOLD else [])])


def _title(config: Config) -> str:
    """The title of the scenario that has these settings, whatever its seed; "" for none."""
    for known in scenarios.values():
        for kind in DISCRIMINATORS:
            like = known.with_discriminator(kind).config
            if like.replace(**{"training.seed": config.training.seed}) == config:
                return known.title
    return ""


def _said(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_said, value))
    plain = f"{value:.6g}" if isinstance(value, float) else str(value)
    return plain.replace("_", " ") if isinstance(value, str) else plain.replace("-", "−")


def _headline(names: Sequence[str]) -> str:
    if not names:
        return str(text()["alike"])
    if len(names) > TOLD + 1:
        return str(text()["many"]).format(count=len(names))
    *before, last = map(_name, names)
    return str(text()["few"].format(names=", ".join(before), last=last) if before else text()["only"].format(name=last))
