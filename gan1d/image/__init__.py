"""Image models: DCGAN and WGAN-GP trained for real. Importing this package is cheap: JAX is loaded when something is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gan1d.image.config import ImageConfig as ImageConfig
    from gan1d.image.data import load as load
    from gan1d.image.presets import PRESETS as PRESETS
    from gan1d.image.presets import preset as preset
    from gan1d.image.run import Run as Run
    from gan1d.image.run import restore as restore
    from gan1d.image.run import train as train

_HOME = {
    "ImageConfig": "gan1d.image.config",
    "PRESETS": "gan1d.image.presets",
    "Run": "gan1d.image.run",
    "load": "gan1d.image.data",
    "preset": "gan1d.image.presets",
    "restore": "gan1d.image.run",
    "train": "gan1d.image.run",
}
__all__ = ["PRESETS", "ImageConfig", "Run", "load", "preset", "restore", "train"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'gan1d.image' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOME[name]), name)
