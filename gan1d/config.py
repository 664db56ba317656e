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
from itertools import pairwise
from typing import Any, ClassVar, NamedTuple
from urllib.parse import parse_qsl, urlencode

from gan1d.fields import ConfigError as ConfigError
from gan1d.fields import Section, choice, nearest, parse_json, parse_value, static_int, traced, traced_list, widths

MAX_MODES = 8
"""Modes of a mixture; arrays are padded to this number, so that adding a mode does not compile."""
MIN_SHARE = 1e-6
"""Smallest share of a mode."""
NARROWEST = 0.1
"""Least width of a bounded density, in data units."""
MAX_QUANTILES = 128
"""Quantiles of an uploaded sample or a drawn density; arrays are padded to this number."""
FINEST = 1e-4
"""Least distance between two neighbouring quantiles, in data units: the density stays finite."""
MAX_FRAMES = 600
"""Recorded states after the first one."""
MAX_ITERATIONS = 100_000
"""Most iterations of one run."""
MAX_UPDATES = 10
"""Largest k_d and k_g."""

# The vocabularies. Each registry refuses a name that is not listed here, and a test checks that each name listed is registered.
LOSSES = ("non_saturating", "minimax", "least_squares", "hinge", "wasserstein")
PENALTIES = ("none", "weight_clipping", "gradient_penalty", "r1")
OPTIMIZERS = ("adam", "sgd", "rmsprop")
GENERATORS = ("linear", "mlp")
NOISES = ("normal", "uniform")
ACTIVATIONS = ("relu", "leaky_relu", "tanh")


@dataclass(frozen=True, kw_only=True)
class Data(Section):
    """A target density; each kind is a class of its own below."""

    section: ClassVar[str] = "data"
    kind: ClassVar[str]


@dataclass(frozen=True, kw_only=True)
class Mixture(Data):
    """A mixture of 1 to 8 normals. Weights are relative; they are stored summing to 1."""

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


@dataclass(frozen=True, kw_only=True)
class Uniform(Data):
    """The same density everywhere between two ends."""

    kind: ClassVar[str] = "uniform"
    low: float = traced(None, "left end, in data units", -100.0, 100.0)
    high: float = traced(None, "right end, in data units", -100.0, 100.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        _at_least_apart("data.high", self.high, "data.low", self.low)


@dataclass(frozen=True, kw_only=True)
class Laplace(Data):
    """Two exponentials back to back; its standard deviation is sqrt(2) times its scale."""

    kind: ClassVar[str] = "laplace"
    loc: float = traced(None, "centre, in data units", -100.0, 100.0)
    scale: float = traced(None, "scale b of exp(-|x - loc| / b), in data units", 0.05, 100.0)


@dataclass(frozen=True, kw_only=True)
class StudentT(Data):
    """Student's t: heavy tails. More than two degrees of freedom, so that it has a standard deviation."""

    kind: ClassVar[str] = "student_t"
    df: float = traced(None, "degrees of freedom, more than 2", 2.0, 1000.0)
    loc: float = traced(None, "centre, in data units", -100.0, 100.0)
    scale: float = traced(None, "scale, in data units", 0.05, 100.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.df <= 2:
            raise ConfigError("data.df", self.df, "it must be a number more than 2, up to 1000")


@dataclass(frozen=True, kw_only=True)
class Triangular(Data):
    """A density that rises in a straight line from one end to its mode, and falls to the other end."""

    kind: ClassVar[str] = "triangular"
    low: float = traced(None, "left end, in data units", -100.0, 100.0)
    mode: float = traced(None, "where the density is highest, in data units", -100.0, 100.0)
    high: float = traced(None, "right end, in data units", -100.0, 100.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        _at_least_apart("data.high", self.high, "data.low", self.low)
        if not self.low <= self.mode <= self.high:
            raise ConfigError(
                "data.mode", self.mode, f"it must be a number from data.low to data.high: {self.low:g} to {self.high:g}"
            )


@dataclass(frozen=True, kw_only=True)
class Quantiles(Data):
    """An uploaded sample or a drawn density, kept as n quantiles: values[i] is the quantile at i/(n-1), straight lines between them."""

    kind: ClassVar[str] = "quantiles"
    values: tuple[float, ...] = traced_list(
        "quantiles in increasing order, in data units", -1000.0, 1000.0, MAX_QUANTILES, least=2
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        for i, (left, right) in enumerate(pairwise(self.values)):
            if right - left < FINEST * (1 - 1e-6):  # the difference of two decimals is rounded
                raise ConfigError(
                    f"data.values[{i + 1}]",
                    right,
                    f"it must be at least {FINEST:g} more than the value before, {left!r}",
                )
        if self.values[-1] - self.values[0] < NARROWEST * (1 - 1e-6):
            raise ConfigError(
                "data.values", self.values, f"the last must be at least {NARROWEST:g} more than the first"
            )


def _at_least_apart(name: str, right: float, other: str, left: float) -> None:
    if right - left < NARROWEST * (1 - 1e-6):
        raise ConfigError(name, right, f"it must be at least {NARROWEST:g} more than {other}, {left!r}")


DATA_KINDS: dict[str, type[Data]] = {
    kind.kind: kind for kind in (Mixture, Uniform, Laplace, StudentT, Triangular, Quantiles)
}
DEFAULT_KIND = Mixture.kind


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
    penalty_weight: float = traced(
        1.0, "c of weight_clipping, lambda of gradient_penalty, gamma of gamma/2 E[(dl/dx)^2] for r1", 0.0, 100.0
    )
    instance_noise: float = traced(
        0.0, "standard deviation of the noise added to all that D sees, in data units", 0.0, 10.0
    )
    label_smoothing: float = traced(0.0, "share of the real samples that D is told are generated", 0.0, 0.5)
    optimizer: str = choice("adam", "optimiser of both players", OPTIMIZERS)
    lr_d: float = traced(0.01, "learning rate of the discriminator", 0.0, 1.0)
    lr_g: float = traced(0.02, "learning rate of the generator", 0.0, 1.0)
    beta1: float = traced(0.9, "decay of the mean gradient (adam)", 0.0, 0.999)
    beta2: float = traced(0.999, "decay of the mean squared gradient (adam, rmsprop)", 0.0, 0.9999)
    batch: int = static_int(32, "samples of each kind in one update", 1, 1024)
    k_d: int = traced(1, "discriminator updates in one iteration", 1, MAX_UPDATES)
    k_g: int = traced(1, "generator updates in one iteration", 1, MAX_UPDATES)
    iterations: int = traced(2100, "iterations of training", 1, MAX_ITERATIONS)
    frames: int = traced(350, "states recorded after the first one", 1, MAX_FRAMES)
    seed: int = traced(0, "seed of every random number of the run", 0, 2**31 - 1)


SECTIONS: dict[str, type[Section]] = {
    "data": Data,
    "generator": Generator,
    "discriminator": Discriminator,
    "training": Training,
}


@dataclass(frozen=True, kw_only=True)
class Config:
    """Everything that decides a run. Equal configs give equal runs, bit for bit on one platform."""

    data: Data
    generator: Generator = field(default_factory=Generator)
    discriminator: Discriminator = field(default_factory=Discriminator)
    training: Training = field(default_factory=Training)

    def __post_init__(self) -> None:
        for name, section in SECTIONS.items():
            kinds = tuple(DATA_KINDS.values()) if section is Data else (section,)
            if not isinstance(part := getattr(self, name), kinds):
                raise ConfigError(name, part, "it must be a " + " or ".join(kind.__name__ for kind in kinds))

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
        """Reads the JSON text that `to_json` writes.

        Raises:
          ConfigError: text that is no JSON, and what `from_dict` refuses.
        """
        return cls.from_dict(parse_json("config", text))

    @classmethod
    def from_query(cls, query: str) -> Config:
        """Reads a URL query as `to_query` writes it.

        Raises:
          ConfigError: a field that is unknown or given twice, and what `from_dict` refuses.
        """
        raw: dict[str, dict[str, Any]] = {}
        for name, text in parse_qsl(query.removeprefix("?"), keep_blank_values=True):
            part, _, key = name.partition(".")
            if part not in SECTIONS or not key:
                raise ConfigError(name, text, "there is no such field" + nearest(name, field_names()))
            if key in raw.get(part, {}):
                raise ConfigError(name, text, "it must be given once")
            raw.setdefault(part, {})[key] = parse_value(text)
        return cls.from_dict(raw)

    # ---- writing

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, words and lists; `from_dict` reads it back to an equal config."""
        parts: dict[str, Any] = {}
        for name in SECTIONS:
            part = getattr(self, name)
            head = {"kind": part.kind} if isinstance(part, Data) else {}
            parts[name] = head | {k: list(v) if isinstance(v, tuple) else v for k, v in _values(part).items()}
        return parts

    def to_json(self, indent: int | None = None) -> str:
        """`to_dict` as JSON text."""
        return json.dumps(self.to_dict(), indent=indent)

    def to_query(self) -> str:
        """A URL query: the data, and each field that is not at its default, in full precision."""
        pairs = [] if self.data.kind == DEFAULT_KIND else [("data.kind", self.data.kind)]
        for name in SECTIONS:
            part = getattr(self, name)
            defaults = {f.name: f.default for f in dataclasses.fields(part)}
            for key, value in _values(part).items():
                if value != defaults[key]:
                    text = "".join(f"{v!r}," for v in value) if isinstance(value, tuple) else str(value)
                    pairs.append((f"{name}.{key}", text))
        return urlencode(pairs, safe=",")

    def replace(self, **changes: Any) -> Config:
        """A copy with dotted fields changed: `config.replace(**{"training.lr_g": 0.02})`.

        Another `data.kind` needs all fields of that kind; other `data.means` without `data.weights` make equal shares.

        Raises:
          ConfigError: an unknown field, and what `from_dict` refuses.
        """
        raw = self.to_dict()
        if changes.get("data.kind", self.data.kind) != self.data.kind:
            raw["data"] = {}  # another kind has other fields
        for name, value in changes.items():
            part, _, key = name.partition(".")
            if part not in SECTIONS or not key:
                raise ConfigError(name, value, "there is no such field" + nearest(name, field_names()))
            raw[part][key] = value
        means = changes.get("data.means")
        if isinstance(self.data, Mixture) and means is not None and _length(means) != len(self.data.means):
            raw["data"]["weights"] = changes.get(
                "data.weights"
            )  # another number of modes: equal shares, if not given too
        return Config.from_dict(raw)

    def get(self, name: str) -> Any:
        """The value of a dotted field."""
        part, _, key = name.partition(".")
        return getattr(getattr(self, part), key)


def _values(part: Any) -> dict[str, Any]:
    return {f.name: getattr(part, f.name) for f in dataclasses.fields(part)}


def field_names() -> list[str]:
    """Dotted names of every field, those of every kind of data among them."""
    sections = [*DATA_KINDS.values(), *SECTIONS.values()]
    return ["data.kind", *dict.fromkeys(f"{section.section}.{key}" for section in sections for key in section.specs())]


def _read_section(name: str, raw: Any) -> Any:
    if not isinstance(raw, Mapping):
        raise ConfigError(name, raw, "it must be an object of fields")
    if name != "data":
        return SECTIONS[name].from_fields(raw)
    raw = dict(raw)
    kind = raw.pop("kind", DEFAULT_KIND)
    if not isinstance(kind, str) or kind not in DATA_KINDS:
        raise ConfigError("data.kind", kind, "it must be one of " + ", ".join(DATA_KINDS) + nearest(kind, DATA_KINDS))
    return DATA_KINDS[kind].from_fields(raw)


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
