"""What is trained: one `Config`, checked once, at the door.

A config is four plain frozen dataclasses. Every field says in its own metadata whether it is *static* (a choice: changing it
compiles a new program) or *traced* (a number: changing it never compiles), what it means, and what is allowed. The training code,
the command line, the app's controls and the tests all read that one declaration. No JAX here: importing this module is cheap.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple
from urllib.parse import parse_qsl, urlencode

from gan1d.fields import ConfigError as ConfigError
from gan1d.fields import Section, choice, nearest, parse_value, static_int, traced, traced_list, widths

MAX_MODES = 8
"""Modes of a mixture; arrays are padded to this number, so that adding a mode does not compile."""
MIN_SHARE = 1e-6
"""Smallest share of a mode."""
MAX_FRAMES = 600
"""Recorded states after the first one; the recording buffers have this length, so that `frames` does not compile."""
MAX_ITERATIONS = 100_000
"""Most iterations of one run."""
MAX_UPDATES = 10
"""Largest k_d and k_g."""

# The vocabularies. Each registry refuses a name that is not listed here, and a test checks that each name listed is registered.
LOSSES = ("non_saturating", "minimax")
PENALTIES = ("none", "r1")
OPTIMIZERS = ("adam",)
GENERATORS = ("linear", "mlp")
NOISES = ("normal",)
ACTIVATIONS = ("relu", "leaky_relu", "tanh")


@dataclass(frozen=True, kw_only=True)
class Mixture(Section):
    """Target density: a mixture of 1 to 8 normals. Weights are relative; they are stored summing to 1."""

    section: ClassVar[str] = "data"
    kind: ClassVar[str] = "mixture"
    means: tuple[float, ...] = traced_list("centre of each mode, in data units", -100.0, 100.0, MAX_MODES)
    stds: tuple[float, ...] = traced_list("standard deviation of each mode, in data units", 0.05, 100.0, MAX_MODES)
    weights: tuple[float, ...] = traced_list(
        "share of each mode; made to sum to 1", MIN_SHARE, 1e6, MAX_MODES, default=None
    )

    def __post_init__(self) -> None:
        set_ = object.__setattr__
        if self.weights is None:
            set_(self, "weights", (1.0,) * _length(self.means))
        super().__post_init__()
        for name in ("stds", "weights"):
            if len(getattr(self, name)) != len(self.means):
                raise ConfigError(
                    f"data.{name}",
                    getattr(self, name),
                    f"it must have one value a mode, as data.means has: {len(self.means)}",
                )
        total = math.fsum(self.weights)
        if abs(total - 1.0) > 1e-9:  # left alone otherwise, so that reading back what was written changes nothing
            set_(self, "weights", tuple(w / total for w in self.weights))
        if min(self.weights) < MIN_SHARE:
            raise ConfigError("data.weights", self.weights, f"each must be at least {MIN_SHARE:g} of their sum")


def _length(value: Any) -> int:
    return len(value) if isinstance(value, (list, tuple)) else getattr(value, "size", 1)


DATA_KINDS: dict[str, type[Mixture]] = {"mixture": Mixture}


@dataclass(frozen=True, kw_only=True)
class Generator(Section):
    """G: noise z to a point x on the real line."""

    section: ClassVar[str] = "generator"
    kind: str = choice("linear", "linear: G(z) = |s| z + m; mlp: a small network", GENERATORS)
    mean: float = traced(0.0, "m at the start (linear generator), in data units", -100.0, 100.0)
    std: float = traced(1.0, "s at the start (linear generator), in data units", 0.01, 100.0)
    hidden: tuple[int, ...] = widths((64, 64), "widths of the hidden layers (mlp)")
    activation: str = choice("relu", "activation of the hidden layers (mlp)", ACTIVATIONS)
    noise: str = choice("normal", "distribution of z", NOISES)


@dataclass(frozen=True, kw_only=True)
class Discriminator(Section):
    """D: a point x to a logit; D(x) = sigmoid(logit)."""

    section: ClassVar[str] = "discriminator"
    hidden: tuple[int, ...] = widths((64, 64), "widths of the hidden layers")
    activation: str = choice("relu", "activation of the hidden layers", ACTIVATIONS)
    dropout: float = traced(
        0.0,
        "share of hidden units dropped in each update; on or off compiles, the rate does not",
        0.0,
        0.9,
    )
    l2: float = traced(0.0, "weight of the sum of half the squared weights", 0.0, 1.0)


@dataclass(frozen=True, kw_only=True)
class Training(Section):
    """The game: objective, penalty, optimiser, schedule, seed."""

    section: ClassVar[str] = "training"
    loss: str = choice("non_saturating", "objective of both players", LOSSES)
    penalty: str = choice("none", "penalty on the discriminator", PENALTIES)
    penalty_weight: float = traced(1.0, "weight of the penalty: gamma of gamma/2 E[(dD/dx)^2] for r1", 0.0, 100.0)
    optimizer: str = choice("adam", "optimiser of both players", OPTIMIZERS)
    lr_d: float = traced(0.01, "learning rate of the discriminator", 0.0, 1.0)
    lr_g: float = traced(0.02, "learning rate of the generator", 0.0, 1.0)
    beta1: float = traced(0.9, "Adam's decay of the mean gradient", 0.0, 0.999)
    beta2: float = traced(0.999, "Adam's decay of the mean squared gradient", 0.0, 0.9999)
    batch: int = static_int(32, "samples of each kind in one update", 1, 1024)
    k_d: int = traced(1, "discriminator updates in one iteration", 1, MAX_UPDATES)
    k_g: int = traced(1, "generator updates in one iteration", 1, MAX_UPDATES)
    iterations: int = traced(2100, "iterations of training", 1, MAX_ITERATIONS)
    frames: int = traced(350, "states recorded after the first one", 1, MAX_FRAMES)
    seed: int = traced(0, "seed of every random number of the run", 0, 2**31 - 1)


SECTIONS: dict[str, type[Section]] = {
    "data": Mixture,
    "generator": Generator,
    "discriminator": Discriminator,
    "training": Training,
}


@dataclass(frozen=True, kw_only=True)
class Config:
    """Everything that decides a run. Equal configs give equal runs, bit for bit on one platform."""

    data: Mixture
    generator: Generator = field(default_factory=Generator)
    discriminator: Discriminator = field(default_factory=Discriminator)
    training: Training = field(default_factory=Training)

    def __post_init__(self) -> None:
        for name, section in SECTIONS.items():
            if not isinstance(part := getattr(self, name), section):
                raise ConfigError(name, part, f"it must be a {section.__name__}")

    # ---- reading

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Config:
        """Reads `{"data": {...}, "generator": {...}, ...}`; what is left out takes its default.

        Raises:
          ConfigError: an unknown field (with the nearest known name), a wrong type, or a value out of range.
        """
        if not isinstance(raw, Mapping):
            raise ConfigError("config", raw, "it must be an object with the parts " + ", ".join(SECTIONS))
        for name in raw:
            if name not in SECTIONS:
                raise ConfigError(
                    str(name),
                    raw[name],
                    "the parts are " + ", ".join(SECTIONS) + nearest(name, SECTIONS),
                )
        if "data" not in raw:
            raise ConfigError(
                "data",
                None,
                "it must be given, for example " + '{"kind": "mixture", "means": [0], "stds": [1]}',
            )
        return cls(**{name: _read_section(name, part) for name, part in raw.items()})

    @classmethod
    def from_json(cls, text: str | bytes) -> Config:
        """Reads the JSON text that `to_json` writes."""
        try:
            raw = json.loads(text)
        except (TypeError, ValueError, RecursionError) as e:
            raise ConfigError("config", text, f"it must be JSON ({e})") from None
        return cls.from_dict(raw)

    @classmethod
    def from_query(cls, query: str) -> Config:
        """Reads a URL query as `to_query` writes it."""
        raw: dict[str, dict[str, Any]] = {}
        for name, text in parse_qsl(query.removeprefix("?"), keep_blank_values=True):
            part, _, key = name.partition(".")
            if part not in SECTIONS or not key:
                known = [f"{s}.{k}" for s, section in SECTIONS.items() for k in section.specs()]
                raise ConfigError(name, text, "there is no such field" + nearest(name, known))
            raw.setdefault(part, {})[key] = parse_value(text)
        return cls.from_dict(raw)

    # ---- writing

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, words and lists; `from_dict` reads it back to an equal config."""
        parts: dict[str, Any] = {}
        for name in SECTIONS:
            part = getattr(self, name)
            head = {"kind": part.kind} if name == "data" else {}
            parts[name] = head | {k: list(v) if isinstance(v, tuple) else v for k, v in _values(part).items()}
        return parts

    def to_json(self, indent: int | None = None) -> str:
        """`to_dict` as JSON text."""
        return json.dumps(self.to_dict(), indent=indent)

    def to_query(self) -> str:
        """A URL query: the data, and each field that is not at its default, in full precision."""
        pairs = []
        for name, section in SECTIONS.items():
            for key, value in _values(getattr(self, name)).items():
                default = next(f.default for f in dataclasses.fields(section) if f.name == key)  # type: ignore[arg-type]
                if value != default:
                    text = "".join(f"{v!r}," for v in value) if isinstance(value, tuple) else str(value)
                    pairs.append((f"{name}.{key}", text))
        return urlencode(pairs, safe=",")

    def replace(self, **changes: Any) -> Config:
        """A copy with dotted fields changed: `config.replace(**{"training.lr_g": 0.02})`."""
        raw = self.to_dict()
        for name, value in changes.items():
            part, _, key = name.partition(".")
            if part not in SECTIONS or not key:
                known = [f"{s}.{k}" for s in SECTIONS for k in raw[s]]
                raise ConfigError(name, value, "there is no such field" + nearest(name, known))
            raw[part][key] = value
            if name == "data.means" and "data.weights" not in changes and _length(value) != len(self.data.means):
                raw[part].pop("weights")  # another number of modes: equal shares, unless they are given too
        return Config.from_dict(raw)

    def get(self, name: str) -> Any:
        """The value of a dotted field."""
        part, _, key = name.partition(".")
        return getattr(getattr(self, part), key)


def _values(part: Any) -> dict[str, Any]:
    return {f.name: getattr(part, f.name) for f in dataclasses.fields(part)}


def _read_section(name: str, raw: Any) -> Any:
    section = SECTIONS[name]
    if not isinstance(raw, Mapping):
        raise ConfigError(name, raw, "it must be an object of fields")
    raw = dict(raw)
    if name == "data":
        kind = raw.pop("kind", "mixture")
        if not isinstance(kind, str) or kind not in DATA_KINDS:
            raise ConfigError(
                "data.kind",
                kind,
                "it must be one of " + ", ".join(DATA_KINDS) + nearest(kind, DATA_KINDS),
            )
        section = DATA_KINDS[kind]
        for required in ("means", "stds"):
            if required not in raw:
                raise ConfigError(f"data.{required}", None, f"it must be a list of 1 to {MAX_MODES} numbers")
    known = section.specs()
    for key, value in raw.items():
        if key not in known:
            raise ConfigError(f"{name}.{key}", value, "there is no such field" + nearest(key, known))
    return section(**raw)


class Structure(NamedTuple):
    """The static part of a config: one compiled program for each. Hashable."""

    data: str
    generator: tuple[str, tuple[int, ...], str, str]  # kind, hidden, activation, noise
    discriminator: tuple[tuple[int, ...], str, bool]  # hidden, activation, dropout on
    loss: str
    penalty: str
    optimizer: str
    batch: int


def structure(config: Config) -> Structure:
    """What decides the compiled program. A linear generator has no layers: changing them does not compile."""
    g, d, t = config.generator, config.discriminator, config.training
    hidden, activation = (g.hidden, g.activation) if g.kind == "mlp" else ((), "")
    return Structure(
        data=config.data.kind,
        generator=(g.kind, hidden, activation, g.noise),
        discriminator=(d.hidden, d.activation, d.dropout > 0),
        loss=t.loss,
        penalty=t.penalty,
        optimizer=t.optimizer,
        batch=t.batch,
    )
