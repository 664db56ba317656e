"""A generator's weights alone, as NumPy arrays: what is needed to sample, and a small file that needs neither Orbax nor pickle."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
from flax import nnx

from gan1d.image import networks
from gan1d.image.config import ImageConfig, structure
from gan1d.image.training import Weights
from gan1d.writing import Writing

FILE = "generator.npz"
"""Its name in a run's folder."""


class WeightsError(ValueError):
    """Arrays that are not the weights of a generator of these settings; the message says why in one line."""


def arrays(weights: Weights) -> dict[str, np.ndarray]:
    """Name -> float32 array: "layers/0/kernel" and so on, batch statistics among them."""
    both = (*nnx.to_flat_state(weights.params), *nnx.to_flat_state(weights.stats))
    return {"/".join(map(str, path)): np.asarray(leaf[...], np.float32) for path, leaf in both}


def from_arrays(config: ImageConfig, found: Mapping[str, np.ndarray]) -> Weights:
    """The weights of a config's generator, of what `arrays` gives.

    Raises:
      WeightsError: one is missing, or has another shape, or holds numbers that are not finite.
    """
    module = nnx.eval_shape(lambda: networks.generator(structure(config), None))
    return Weights(*(_filled(state, found) for state in nnx.state(module, nnx.Param, nnx.BatchStat)))


def _filled(state: Any, found: Mapping[str, np.ndarray]) -> Any:
    flat = []
    for path, leaf in nnx.to_flat_state(state):
        name, shape = "/".join(map(str, path)), tuple(leaf.get_value().shape)
        if name not in found:
            raise WeightsError(f"{name}: it is missing")
        values = np.asarray(found[name])
        if values.shape != shape or values.dtype.kind != "f":
            raise WeightsError(f"{name}: {values.dtype} {values.shape}, where there must be floats {shape}")
        if not np.isfinite(values).all():
            raise WeightsError(f"{name}: it holds numbers that are not finite")
        flat.append((path, leaf.replace(jnp.asarray(values, jnp.float32))))
    return nnx.from_flat_state(flat)


def save(path: str | os.PathLike[str], weights: Weights, half: bool = False) -> None:
    """Writes the weights as an npz, whole or not at all. half: in 16 bits a number, for what is shipped."""
    kind = np.float16 if half else np.float32
    with Writing(path) as beside, beside.open("wb") as file:
        np.savez_compressed(file, **{name: values.astype(kind) for name, values in arrays(weights).items()})  # type: ignore[arg-type]


def load(path: str | os.PathLike[str], config: ImageConfig) -> Weights:
    """Reads what `save` wrote, of a generator of these settings.

    Raises:
      WeightsError: a damaged file, or one of other settings.
      OSError: a file that cannot be read.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            found = {name: file[name] for name in file.files}
    except (ValueError, TypeError, LookupError, EOFError, NotImplementedError, zipfile.BadZipFile, zlib.error) as e:
        raise WeightsError(f"{os.fspath(path)}: it cannot be read ({e})") from None
    return from_arrays(config, found)
