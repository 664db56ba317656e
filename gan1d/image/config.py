"""What is trained on images: one `ImageConfig`, checked once, at the door. No JAX here: importing this module is cheap.

As in `gan1d.config`, each field says in its metadata whether changing it compiles (static) or not (traced).
"""

from __future__ import annotations

import dataclasses
import json
import numbers
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, ClassVar, Self

from gan1d.config import LOSSES, PENALTIES
from gan1d.fields import ConfigError, Section, Spec, choice, nearest, parse_json, static_int, traced

SIZES = (8, 16, 32, 64, 128, 256)
"""Sides of a square image, in pixels: 4 * 2^n, n the stride-2 layers of each network. 8 is for tests and toys."""
CHANNELS = (1, 3)
NOISES = ("normal", "uniform", "mixed")
NORMS_G = ("batch", "none")
NORMS_D = ("batch", "layer", "none")
INITS = ("normal", "he_uniform")
MAX_WIDTH = 512
"""Most channels of the layer next to the image."""
MAX_STEPS = 10_000_000
MAX_TEXT = 4096
"""Most characters of a path."""


def one_of(default: int, text: str, values: tuple[int, ...]) -> Any:
    """A whole number out of a few: changing it compiles."""

    def read(name: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, numbers.Real) or value not in values:
            raise ConfigError(name, value, "it must be one of " + ", ".join(map(str, values)))
        return int(float(value))

    return field(default=default, metadata={"spec": Spec("static", text, read, integer=True)})


def switch(default: bool, text: str) -> Any:
    """On or off: changing it compiles."""

    def read(name: str, value: Any) -> bool:
        if not isinstance(value, bool):
            raise ConfigError(name, value, "it must be true or false")
        return value

    return field(default=default, metadata={"spec": Spec("static", text, read)})


def words(default: str, text: str) -> Any:
    """Free text that no program depends on: a name or a path."""

    def read(name: str, value: Any) -> str:
        if not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT or "\0" in value:
            raise ConfigError(name, value, f"it must be text of 1 to {MAX_TEXT} characters")
        return value

    return field(default=default, metadata={"spec": Spec("traced", text, read)})


@dataclass(frozen=True, kw_only=True)
class ImageConfig(Section):
    """Everything that decides a run on images. Equal configs give equal runs, bit for bit on one platform.

    Made of a preset by `presets.preset("dcgan", size=32)`, or of a file by `from_dict`. Images are (B, size, size, channels).
    """

    section: ClassVar[str] = "image"

    model: str = words("dcgan", "name of the preset that it began as; decides nothing")
    size: int = one_of(64, "side of the square images, in pixels", SIZES)
    channels: int = one_of(3, "1 for grey, 3 for colour", CHANNELS)
    width: int = static_int(
        128, "channels of the layer next to the image; each layer away from it has twice as many", 1, MAX_WIDTH
    )
    latent: int = static_int(100, "numbers in the noise z", 1, 1024)
    latent_kind: str = choice(
        "uniform",
        "distribution of z: N(0, 1), U(-1, 1), or mixed: signs in the first half, N(0, 1) in the rest",
        NOISES,
    )
    kernel_g: int = one_of(5, "side of the generator's kernels", (3, 4, 5))
    kernel_d: int = one_of(5, "side of the critic's kernels", (3, 4, 5))
    norm_g: str = choice("batch", "normalisation in the generator, after each layer but the last", NORMS_G)
    norm_d: str = choice("batch", "normalisation in the critic, after each layer but the first and the head", NORMS_D)
    init: str = choice("normal", "initial weights: N(0, 0.02^2), or He's uniform ones", INITS)
    spectral_norm: bool = switch(False, "divide each of the critic's kernels by its largest singular value")

    loss: str = choice("non_saturating", "objective of both players", LOSSES)
    penalty: str = choice("none", "what holds the critic back", PENALTIES)
    penalty_weight: float = traced(10.0, "lambda of gradient_penalty, gamma of r1, c of weight_clipping", 0.0, 1000.0)
    frozen_penalty: bool = switch(
        False,
        "take the penalty for a constant, as the source's code does: no gradient flows through it, and it holds nothing back",
    )
    drift: float = traced(0.0, "weight of E[l(x)^2] on the real, which keeps a critic's scores near 0", 0.0, 10.0)
    label_smoothing: float = traced(0.0, "share of the real images that D is told are generated", 0.0, 0.5)
    instance_noise: float = traced(
        0.0, "standard deviation of noise added to all that D sees; pixels are from -1 to 1", 0.0, 2.0
    )
    flips: bool = switch(False, "mirror each real image left to right with probability 1/2")

    n_critic: int = static_int(1, "critic updates for each generator update", 1, 20)
    lr_d: float = traced(2e-4, "the critic's learning rate (Adam)", 0.0, 1.0)
    lr_g: float = traced(2e-4, "the generator's learning rate (Adam)", 0.0, 1.0)
    beta1: float = traced(0.5, "decay of Adam's mean gradient", 0.0, 0.999)
    beta2: float = traced(0.999, "decay of Adam's mean squared gradient", 0.0, 0.9999)
    batch: int = static_int(128, "images of each kind in one update, over all devices", 1, 4096)
    steps: int = traced(20_000, "generator updates", 1, MAX_STEPS)
    ema: float = traced(
        0.999, "decay of the averaged generator that samples are drawn from; 0 is the generator itself", 0.0, 0.99999
    )
    seed: int = traced(0, "seed of every random number of the run", 0, 2**31 - 1)

    data: str = words("digits", "name of a built-in dataset, or a path")
    record_every: int = traced(
        10, "steps between two recorded lines, each a mean over them; an evaluation has a line of its own", 1, MAX_STEPS
    )
    sample_every: int = traced(100, "steps between two grids of samples", 1, MAX_STEPS)
    checkpoint_every: int = traced(500, "steps between two checkpoints", 1, MAX_STEPS)
    evaluate_every: int = traced(500, "steps between two evaluations; 0 is never", 0, MAX_STEPS)
    evaluate_samples: int = traced(1000, "generated images that an evaluation sees", 2, 1_000_000)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.norm_d == "batch" and self.penalty in ("gradient_penalty", "r1"):
            raise ConfigError(
                "image.norm_d",
                self.norm_d,
                f"with {self.penalty} it must be layer or none: batch norm mixes the images of a batch",
            )
        if self.frozen_penalty and self.penalty not in ("gradient_penalty", "r1"):
            raise ConfigError(
                "image.frozen_penalty", True, "there is a penalty to freeze only with gradient_penalty or r1"
            )

    @cached_property
    def levels(self) -> int:
        """n of size = 4 * 2^n: the stride-2 layers of each network."""
        return self.size.bit_length() - 3

    @property
    def shape(self) -> tuple[int, int, int]:
        """An image's height, width and channels."""
        return self.size, self.size, self.channels

    # ---- reading and writing

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Self:
        """Reads fields by name; what is left out is taken from the preset that `model` names, or from `presets.DEFAULT`.

        Raises:
          ConfigError: an unknown field or preset, a wrong type, or a value out of range.
        """
        from gan1d.image.presets import DEFAULT, PRESETS

        if not isinstance(raw, Mapping):
            raise ConfigError("image", raw, "it must be an object of fields")
        model = raw.get("model", DEFAULT)
        if not isinstance(model, str) or model not in PRESETS:
            raise ConfigError("image.model", model, "it must be one of " + ", ".join(PRESETS) + nearest(model, PRESETS))
        return cls.from_fields(PRESETS[model].to_dict() | {str(key): value for key, value in raw.items()})

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Reads the JSON text that `to_json` writes.

        Raises:
          ConfigError: text that is no JSON, and what `from_dict` refuses.
        """
        return cls.from_dict(parse_json("image", text))

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and words; `from_dict` reads it back to an equal config."""
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}

    def to_json(self, indent: int | None = None) -> str:
        """`to_dict` as JSON text."""
        return json.dumps(self.to_dict(), indent=indent)

    def replace(self, **changes: Any) -> Self:
        """A copy with fields changed: `config.replace(lr_g=1e-4)`.

        Raises:
          ConfigError: an unknown field, a wrong type, or a value out of range.
        """
        return type(self).from_fields(self.to_dict() | changes)


OFF_COMPILES = ("drift", "instance_noise")
"""Numbers that cost nothing while they are 0: on or off compiles, the number does not."""


@lru_cache(maxsize=64)
def structure(config: ImageConfig) -> ImageConfig:
    """What decides the compiled programs: the config with every traced field at its default, and those of `OFF_COMPILES` at 0 or 1."""
    plain = {f.name: f.default for f in dataclasses.fields(config) if f.metadata["spec"].kind == "traced"}
    return config.replace(**plain | {name: float(getattr(config, name) > 0) for name in OFF_COMPILES})


def same_run(config: ImageConfig, other: ImageConfig) -> list[str]:
    """Names of the fields in which two configs differ so that one's checkpoint cannot go on as the other's.

    How far it goes, how often it is looked at and what the data are called may differ.
    """
    free = {"model", "steps", "data", "sample_every", "checkpoint_every", "evaluate_every", "evaluate_samples"}
    mine, theirs = config.to_dict(), other.to_dict()
    return [name for name in mine if name not in free and mine[name] != theirs[name]]
