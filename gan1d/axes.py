"""What a sweep is made of: a config, the fields that vary with their values, and how many seeds. Checked once, at the door. No JAX."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gan1d.config import Config, ConfigError
from gan1d.fields import number, parse_value

MAX_AXES = 3
"""Most fields that vary in one sweep."""
MAX_VALUES = 1000
"""Most values of one axis."""
MAX_SEEDS = 10_000
"""Most seeds of one cell."""
MAX_GANS = 100_000
"""Most GANs of one sweep: their results are some 5 MB."""
DIGITS = 10
"""Significant digits of a range's values: as many as a link or a command line carries."""
NOT_AXES = {
    "training.seed": "seeds are not an axis: say how many, from the config's own on",
    "training.frames": "it cannot vary: it changes what is recorded, not what is trained",
    "data.kind": "it cannot vary: each kind of data has fields of its own",
}
"""Fields that make no axis, and why."""
RANGE = re.compile(r"^([^:,]+):([^:,]+):([^:,]+)(:[^:,]*)?$")
FORMS = "it must be START:STOP:COUNT, START:STOP:COUNT:log, or values a,b,c"


@dataclass(frozen=True)
class Axis:
    """A field that varies, and its values.

    field: a dotted name, or one element of a list: `data.means[1]`. values: numbers, words, or lists as tuples; each once.
    """

    field: str
    values: tuple[Any, ...]

    def __post_init__(self) -> None:
        if self.field in NOT_AXES:
            raise ConfigError("--vary", self.field, NOT_AXES[self.field])
        values = tuple(_frozen(v) for v in self.values)
        object.__setattr__(self, "values", values)
        if not 1 <= len(values) <= MAX_VALUES:
            raise ConfigError(self.field, f"{len(values)} values", f"an axis must have 1 to {MAX_VALUES}")
        for i, value in enumerate(values):
            if value in values[:i]:
                raise ConfigError(self.field, value, "each value of an axis must be given once")

    @classmethod
    def parse(cls, text: str) -> Axis:
        """Reads FIELD=START:STOP:COUNT (even steps), FIELD=START:STOP:COUNT:log (even ratios), or FIELD=a,b,c.

        Raises:
          ConfigError: text of another form, a log range with an end that is not positive, a value given twice.
        """
        field, equals, values = (part.strip() for part in text.partition("="))
        if not equals or not field or not values:
            raise ConfigError(
                "--vary", text, "it must be FIELD=START:STOP:COUNT, with :log for even ratios, or FIELD=a,b,c"
            )
        found = RANGE.match(values)
        return cls(field, _spaced(field, values, *found.groups()) if found else _listed(values))

    @property
    def place(self) -> tuple[str, int | None]:
        """The field's own name, and which element of it varies (None: all of it)."""
        found = re.match(r"^(.+)\[(\d{1,6})\]$", self.field)
        return (found[1], int(found[2])) if found else (self.field, None)

    def array(self) -> np.ndarray:
        """The values as numbers (N,), or as text where any is a word or a list."""
        if all(map(_is_number, self.values)):
            return np.array(self.values)
        return np.array([v if isinstance(v, str) else json.dumps(v) for v in self.values])


def _frozen(value: Any) -> Any:
    return tuple(_frozen(v) for v in value) if isinstance(value, list | tuple) else value


def _spaced(field: str, text: str, start: str, stop: str, count: str, kind: str | None) -> tuple[float, ...]:
    try:
        low, high, n = float(start), float(stop), float(count)
    except ValueError:
        raise ConfigError(field, text, FORMS) from None
    if kind not in (None, ":log") or not (math.isfinite(low) and math.isfinite(high)):
        raise ConfigError(field, text, FORMS)
    if not (n == n // 1 and 2 <= n <= MAX_VALUES):
        raise ConfigError(field, text, f"COUNT must be a whole number from 2 to {MAX_VALUES}")
    if kind and min(low, high) <= 0:
        raise ConfigError(field, text, "both ends of a log range must be more than 0")
    values = (np.geomspace if kind else np.linspace)(low, high, int(n))
    return tuple(float(f"{v:.{DIGITS}g}") for v in values)


def _listed(text: str) -> tuple[Any, ...]:
    try:
        found = json.loads(f"[{text}]")
    except (ValueError, RecursionError):
        found = [parse_value(item.strip()) for item in text.split(",")]
    return tuple(found)


@dataclass(frozen=True)
class Sweep:
    """Every combination of the axes' values, each with `seeds` seeds: the config's own seed and those that follow it.

    Every cell's config is checked when a sweep is made, before anything runs.

    Raises:
      ConfigError: no axis or too many, two axes of one field, too many GANs, or a cell whose config is not allowed.
    """

    config: Config
    axes: tuple[Axis, ...]
    seeds: int = 1

    def __post_init__(self) -> None:
        set_ = object.__setattr__
        set_(self, "axes", tuple(self.axes))
        set_(self, "seeds", number("seeds", self.seeds, 1, MAX_SEEDS, integer=True))
        if not 1 <= len(self.axes) <= MAX_AXES:
            raise ConfigError("--vary", f"{len(self.axes)} axes", f"a sweep must have 1 to {MAX_AXES}")
        for axis, other in itertools.combinations(self.axes, 2):
            (name, i), (again, j) = axis.place, other.place
            if name == again and (i == j or i is None or j is None):
                raise ConfigError("--vary", other.field, f"{name} already varies in another axis")
        if self.total > MAX_GANS:
            raise ConfigError("--vary", f"{self.total} GANs", f"a sweep must have at most {MAX_GANS}")
        number("training.seed", self.config.training.seed + self.seeds - 1, 0, 2**31 - 1, integer=True)
        for index in np.ndindex(self.shape):
            self.cell(index)
        set_(self, "axes", tuple(self._typed(axis) for axis in self.axes))

    def _typed(self, axis: Axis) -> Axis:
        """An axis whose numbers are whole where the field's are, and floats where they are not."""
        read = _element(self.cell((0,) * len(self.axes)), *axis.place)
        return dataclasses.replace(axis, values=tuple(map(type(read), axis.values))) if _is_number(read) else axis

    @property
    def shape(self) -> tuple[int, ...]:
        """How many values each axis has."""
        return tuple(len(axis.values) for axis in self.axes)

    @property
    def total(self) -> int:
        """How many GANs there are, seeds counted."""
        return math.prod(self.shape) * self.seeds

    def cell(self, index: Sequence[int], seed: int = 0) -> Config:
        """The config of one GAN: `gan1d.train(sweep.cell((3, 5), 0))` is its whole trajectory.

        index: the place on each axis; seed: 0 for the config's own, 1 for the one after it, and so on.

        Raises:
          ConfigError: values that cannot be together, a list that has no such element.
        """
        changes: dict[str, Any] = {"training.seed": self.config.training.seed + seed}
        for axis, i in zip(self.axes, index, strict=True):
            name, place = axis.place
            if place is None:
                changes[name] = axis.values[i]
                continue
            items = list(changes[name] if name in changes else _list(self.config, axis.field, name, axis.values[i]))
            if place >= len(items):
                raise ConfigError(axis.field, place, f"{name} has the elements 0 to {len(items) - 1} here")
            items[place] = axis.values[i]
            changes[name] = items
        return self.config.replace(**changes)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, words and lists; `from_dict` reads it back to an equal sweep."""
        axes = [{"field": axis.field, "values": _thawed(axis.values)} for axis in self.axes]
        return {"config": self.config.to_dict(), "axes": axes, "seeds": self.seeds}

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Sweep:
        """Reads what `to_dict` writes.

        Raises:
          ConfigError: anything else, and what a sweep refuses.
        """
        try:
            axes = tuple(Axis(str(axis["field"]), tuple(axis["values"])) for axis in raw["axes"])
            return cls(Config.from_dict(raw["config"]), axes, raw["seeds"])
        except (LookupError, TypeError) as e:
            raise ConfigError("sweep", raw, f"it must have config, axes and seeds ({e!r})") from None


class Cells(Sequence[Config]):
    """The configs of some GANs of a sweep, each made when it is asked for. places: numbers of the GANs, counted row by row, seeds last."""

    def __init__(self, sweep: Sweep, places: np.ndarray):
        self.sweep, self.places = sweep, places

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, i: Any) -> Any:
        *index, seed = np.unravel_index(int(self.places[i]), (*self.sweep.shape, self.sweep.seeds))
        return self.sweep.cell([int(k) for k in index], int(seed))

    def __iter__(self) -> Iterator[Config]:
        return (self[i] for i in range(len(self)))


def _list(config: Config, field: str, name: str, value: Any) -> tuple[Any, ...]:
    """The list of which one element varies."""
    try:
        found = config.get(name)
    except AttributeError:
        return tuple(config.replace(**{name: value}).get(name))  # refused, with the nearest name
    if not isinstance(found, tuple):
        raise ConfigError("--vary", field, f"{name} is not a list")
    return found


def _element(config: Config, name: str, place: int | None) -> Any:
    return config.get(name) if place is None else config.get(name)[place]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def _thawed(value: Any) -> Any:
    return [_thawed(v) for v in value] if isinstance(value, tuple) else value
