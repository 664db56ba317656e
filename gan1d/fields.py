"""How a field of a config is declared: read and checked at the door, with its meaning, its range and whether it compiles.

Each helper here returns a dataclass field whose metadata holds a `Spec`. `config.py` is written in them.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import numbers
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Any, ClassVar, NamedTuple, Self


class ConfigError(ValueError):
    """A setting that is not allowed; the message names the field, the value and what is allowed."""

    def __init__(self, field: str, value: object, allowed: str):
        self.field, self.value, self.allowed = field, value, allowed
        name = field if field and field.isprintable() and len(field) <= 60 else _show(field)
        super().__init__(f"{name}: {_show(value)} is not allowed; {allowed}")


def _show(value: object, limit: int = 60) -> str:
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # an integer of thousands of digits, a list in a list in a list …
        text = f"that {type(value).__name__}"
    return text if len(text) <= limit else text[: limit - 1] + "…"


class Spec(NamedTuple):
    """A field's declaration: how a value is read, and whether it recompiles."""

    kind: str  # "static" or "traced"
    text: str
    read: Callable[[str, Any], Any]  # (dotted name, raw value) -> the value, or ConfigError
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] | None = None
    integer: bool = False


def number(name: str, value: Any, low: float, high: float, integer: bool) -> Any:
    """A float, or an int where `integer`, from low to high; a ConfigError that names the field for anything else."""
    allowed = (
        f"it must be a whole number from {low} to {high}"
        if integer
        else f"it must be a number from {low:g} to {high:g}"
    )
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise ConfigError(name, value, allowed)
    try:
        plain = float(value)
    except OverflowError:
        raise ConfigError(name, value, allowed) from None
    if not low <= plain <= high or (integer and plain != int(plain)):  # false for NaN too
        raise ConfigError(name, value, allowed)
    return int(plain) if integer else plain


def items(name: str, value: Any, least: int, most: int, allowed: str) -> Sequence[Any]:
    """The items of a list, a tuple or an array of `least` to `most`; a ConfigError that names the field for anything else."""
    found = value.tolist() if hasattr(value, "tolist") else value
    if not isinstance(found, (list, tuple)) or not least <= len(found) <= most:
        raise ConfigError(name, value, allowed)
    return found


def traced(default: float | None, text: str, low: float, high: float) -> Any:
    """A number that training reads as an argument: changing it never compiles. With None it must be given."""
    integer = isinstance(default, int)

    def read(name: str, value: Any) -> Any:
        return number(name, value, low, high, integer)

    metadata = {"spec": Spec("traced", text, read, low, high, None, integer)}
    return field(metadata=metadata) if default is None else field(default=default, metadata=metadata)


def traced_list(text: str, low: float, high: float, most: int, least: int = 1, **default: Any) -> Any:
    """A list of `least` to `most` numbers."""

    def read(name: str, value: Any) -> tuple[float, ...]:
        found = items(name, value, least, most, f"it must be a list of {least} to {most} numbers")
        return tuple(number(f"{name}[{i}]", item, low, high, False) for i, item in enumerate(found))

    return field(metadata={"spec": Spec("traced", text, read, low, high)}, **default)


def choice(default: str, text: str, choices: tuple[str, ...]) -> Any:
    """A word out of a vocabulary: changing it compiles."""

    def read(name: str, value: Any) -> str:
        if not isinstance(value, str) or value not in choices:
            raise ConfigError(name, value, "it must be one of " + ", ".join(choices) + nearest(value, choices))
        return value

    return field(default=default, metadata={"spec": Spec("static", text, read, choices=choices)})


def static_int(default: int, text: str, low: int, high: int) -> Any:
    """A whole number that shapes the program: changing it compiles."""

    def read(name: str, value: Any) -> int:
        return int(number(name, value, low, high, True))

    return field(default=default, metadata={"spec": Spec("static", text, read, low, high, None, True)})


def widths(default: tuple[int, ...], text: str) -> Any:
    """The widths of 1 to 4 hidden layers: changing them compiles."""

    def read(name: str, value: Any) -> tuple[int, ...]:
        found = items(name, value, 1, 4, "it must be a list of 1 to 4 layer widths, each from 1 to 512")
        return tuple(int(number(f"{name}[{i}]", item, 1, 512, True)) for i, item in enumerate(found))

    return field(default=default, metadata={"spec": Spec("static", text, read)})


def nearest(name: Any, known: Any) -> str:
    """What was probably meant, in brackets; nothing where no known name is close."""
    match = difflib.get_close_matches(str(name), list(known), n=1)
    return f" (nearest: {match[0]})" if match else ""


class Section:
    """A part of a config; reads and checks each of its fields when it is made."""

    section: ClassVar[str]

    def __post_init__(self) -> None:
        for f in dataclasses.fields(self):  # type: ignore[arg-type]
            value = f.metadata["spec"].read(f"{self.section}.{f.name}", getattr(self, f.name))
            object.__setattr__(self, f.name, value)

    @classmethod
    def from_fields(cls, raw: Mapping[str, Any]) -> Self:
        """Made of its fields by name; what is left out takes its default.

        Raises:
          ConfigError: an unknown field, one left out that has no default, or a value that is not allowed.
        """
        known = cls.specs()
        for key, value in raw.items():
            if key not in known:
                raise ConfigError(f"{cls.section}.{key}", value, "there is no such field" + nearest(key, known))
        required = [f.name for f in dataclasses.fields(cls) if f.default is dataclasses.MISSING]  # type: ignore[arg-type]
        return cls(**(dict.fromkeys(required) | dict(raw)))  # None is refused by each field's own reading

    @classmethod
    def specs(cls) -> dict[str, Spec]:
        """Field name -> its declaration."""
        return {f.name: f.metadata["spec"] for f in dataclasses.fields(cls)}  # type: ignore[arg-type]


def parse_json(field: str, text: str | bytes) -> Any:
    """What a JSON text holds.

    Raises:
      ConfigError: text that is no JSON; it names the field.
    """
    try:
        return json.loads(text)
    except (TypeError, ValueError, RecursionError) as e:
        raise ConfigError(field, text, f"it must be JSON ({e})") from None


def parse_value(text: str) -> Any:
    """A value typed by hand: JSON, a comma-separated list of numbers, or a bare word."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    if "," in text:
        return [parse_value(item.strip()) for item in text.split(",") if item.strip()]
    return text
