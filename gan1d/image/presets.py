"""Settings known to work: those of the papers, those of the source, and small ones that a CPU trains in minutes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gan1d.fields import ConfigError, nearest
from gan1d.image.config import ImageConfig

PRESETS: dict[str, ImageConfig] = {}
DEFAULT = "digits-16-dcgan"
"""The preset of a config that names none."""


def register_preset(name: str) -> Callable[[Callable[[], dict[str, Any]]], Callable[[], dict[str, Any]]]:
    """Adds a preset under the name that `model` and `--model` use; the function gives the fields that differ from the defaults."""

    def add(make: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
        PRESETS[name] = ImageConfig(**({"model": name} | make()))
        return make

    return add


def preset(name: str, **changes: Any) -> ImageConfig:
    """A preset with fields changed: `preset("dcgan", size=32, data="faces")`.

    Raises:
      ConfigError: an unknown preset or field, or a value that is not allowed.
    """
    if name not in PRESETS:
        raise ConfigError("image.model", name, "it must be one of " + ", ".join(PRESETS) + nearest(name, PRESETS))
    return PRESETS[name].replace(**changes)


CRITIC: dict[str, Any] = {
    "latent_kind": "normal",
    "loss": "wasserstein",
    "penalty": "gradient_penalty",
    "penalty_weight": 10.0,
    "n_critic": 5,
}
"""What makes a game WGAN-GP's."""


@register_preset("dcgan")
def dcgan() -> dict[str, Any]:
    """DCGAN, 64x64 in colour: 5x5 kernels, batch norm except G's output and D's input, weights N(0, 0.02^2), z ~ U(-1, 1)^100.

    Adam 2e-4, beta1 0.5, batch 128. Source: Radford et al. 2016, arXiv:1511.06434, section 4.
    """
    return {"data": "faces"}


@register_preset("wgan-gp")
def wgan_gp() -> dict[str, Any]:
    """WGAN-GP, 32x32 in colour: no normalisation in the critic, He's weights, lambda 10, five critic updates for one of G.

    Adam 1e-4, betas 0.5 and 0.9, batch 64, z ~ N(0, 1)^128. Source: Gulrajani et al. 2017, arXiv:1704.00028, the authors' CIFAR-10 code.
    """
    adam = {"lr_d": 1e-4, "lr_g": 1e-4, "beta1": 0.5, "beta2": 0.9}
    return (
        CRITIC
        | adam
        | {"size": 32, "latent": 128, "batch": 64, "init": "he_uniform", "norm_d": "none", "data": "faces"}
    )


@register_preset("source-dcgan")
def source_dcgan() -> dict[str, Any]:
    """The source's DCGAN, 256x256: G 1024-512-256-128-64-32-3 with 5x5 kernels, D 32…1024 with 3x3 kernels, batch norm in both.

    Adam 1e-4, beta1 0.5, batch 32, 50 000 steps.
    """
    adam = {"lr_d": 1e-4, "lr_g": 1e-4, "beta1": 0.5}
    return adam | {
        "size": 256,
        "width": 32,
        "kernel_d": 3,
        "latent_kind": "normal",
        "batch": 32,
        "steps": 50_000,
        "data": "faces",
    }


@register_preset("source-wgan-gp")
def source_wgan_gp() -> dict[str, Any]:
    """The source's WGAN-GP, 256x256: as its DCGAN, with LayerNorm in the critic, lambda 10, five critic updates for one of G.

    Adam 1e-4, beta1 0, batch 32, 50 000 steps. Its code takes the penalty for a constant: `frozen_penalty` does so too.
    """
    adam = {"lr_d": 1e-4, "lr_g": 1e-4, "beta1": 0.0}
    size = {"size": 256, "width": 32, "kernel_d": 3, "norm_d": "layer", "batch": 32, "steps": 50_000, "data": "faces"}
    return CRITIC | adam | size


DIGITS: dict[str, Any] = {"channels": 1, "latent": 28}
STACKED: dict[str, Any] = {"data": "stacked-digits", "latent": 60}
"""Twice the noise of one digit, and some, for three: with much more the signs in it are hardly used, with less G learns a list."""
FACES: dict[str, Any] = {"data": "faces", "latent": 64}


def small(size: int, width: int) -> dict[str, Any]:
    """What both have on a CPU: kernels of 4x4 with stride 2, which touch every pixel equally often, and mixed noise for kinds apart."""
    kernels = {"kernel_g": 4, "kernel_d": 4}
    return kernels | {"size": size, "width": width, "latent_kind": "mixed", "batch": 64, "ema": 0.998}


def small_dcgan(size: int, width: int) -> dict[str, Any]:
    """DCGAN's settings for small images on a CPU.

    G is three times as quick as D, and both real and generated images are blurred by noise: a few thousand small images are soon known by
    heart by a D that sees them sharp, and what it says of others is then worth little.
    """
    return small(size, width) | {"lr_d": 4e-4, "lr_g": 1.2e-3, "instance_noise": 0.1}


def small_critic(size: int, width: int) -> dict[str, Any]:
    """WGAN-GP's settings for small images on a CPU: quicker steps, and three critic updates for one of G."""
    adam = {"lr_d": 5e-4, "lr_g": 5e-4, "beta1": 0.0, "beta2": 0.9}
    return CRITIC | adam | small(size, width) | {"norm_d": "none", "init": "he_uniform", "n_critic": 3}


@register_preset("digits-16-dcgan")
def digits_16_dcgan() -> dict[str, Any]:
    """DCGAN on 16x16 digits."""
    return small_dcgan(16, 32) | DIGITS | {"steps": 6500}


@register_preset("digits-16-wgan-gp")
def digits_16_wgan_gp() -> dict[str, Any]:
    """WGAN-GP on 16x16 digits."""
    return small_critic(16, 32) | DIGITS | {"steps": 5000}


@register_preset("digits-32-dcgan")
def digits_32_dcgan() -> dict[str, Any]:
    """DCGAN on 32x32 digits."""
    return small_dcgan(32, 24) | DIGITS | {"latent": 20, "steps": 3000}


@register_preset("digits-32-wgan-gp")
def digits_32_wgan_gp() -> dict[str, Any]:
    """WGAN-GP on 32x32 digits."""
    return small_critic(32, 24) | DIGITS | {"latent": 20, "steps": 6000}


@register_preset("stacked-16-dcgan")
def stacked_16_dcgan() -> dict[str, Any]:
    """DCGAN on 16x16 digits stacked in three channels: 1 000 countable modes."""
    return small_dcgan(16, 32) | STACKED | {"steps": 4000}


@register_preset("stacked-16-wgan-gp")
def stacked_16_wgan_gp() -> dict[str, Any]:
    """WGAN-GP on 16x16 digits stacked in three channels: 1 000 countable modes."""
    return small_critic(16, 32) | STACKED | {"steps": 4000}


@register_preset("faces-32-dcgan")
def faces_32_dcgan() -> dict[str, Any]:
    """DCGAN on 32x32 drawn faces."""
    return small_dcgan(32, 24) | FACES | {"steps": 4000}


@register_preset("faces-32-wgan-gp")
def faces_32_wgan_gp() -> dict[str, Any]:
    """WGAN-GP on 32x32 drawn faces."""
    return small_critic(32, 24) | FACES | {"steps": 4000}


assert DEFAULT in PRESETS
