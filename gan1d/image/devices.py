"""Data parallel: each device has the whole state and a share of each batch. On one host, or on several that `gan1d.hosts.join` joined."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from gan1d.fields import ConfigError

DEVICES = ("auto", "cpu", "gpu")


def mesh(batch: int, device: str = "auto") -> Mesh:
    """All devices of all hosts in a row, among which a batch is shared out. device: "cpu", "gpu", or "auto", JAX's own choice.

    Raises:
      ConfigError: a device that is not there, or a batch that cannot be shared out evenly.
    """
    if device not in DEVICES:
        raise ConfigError("device", device, "it must be one of " + ", ".join(DEVICES))
    try:
        found = jax.devices() if device == "auto" else jax.devices(device)
    except RuntimeError:
        raise ConfigError("device", device, "no such device here; it must be auto or cpu") from None
    if batch % len(found):
        raise ConfigError("image.batch", batch, f"it must be a multiple of the number of devices, {len(found)}")
    return Mesh(np.array(found), ("data",))


def alone() -> Mesh:
    """This process's first device."""
    return Mesh(np.array(jax.local_devices()[:1]), ("data",))


def everywhere(on: Mesh) -> NamedSharding:
    """The whole array on every device."""
    return NamedSharding(on, PartitionSpec())


def shared_out(on: Mesh, axis: int) -> NamedSharding:
    """One axis shared out among the devices."""
    return NamedSharding(on, PartitionSpec(*[None] * axis, "data"))


def deliver(on: Mesh, images: np.ndarray, axis: int) -> jax.Array:
    """A host's images, whole batches along `axis`, to the devices: each its share; each process keeps its own part."""
    sharding = shared_out(on, axis)
    return jax.make_array_from_callback(images.shape, sharding, lambda at: np.ascontiguousarray(images[at]))


def put(tree: Any, on: Mesh) -> Any:
    """A tree of NumPy arrays, whole on every device; each leaf in memory of its own, so that it can be donated."""

    def whole(leaf: Any) -> jax.Array:
        return jax.make_array_from_callback(np.shape(leaf), everywhere(on), lambda at: np.array(leaf[at]))

    return jax.tree.map(whole, tree)


def brought_home(tree: Any) -> Any:
    """Arrays that are whole on every device, as this process's own on one device."""
    return jax.tree.map(lambda leaf: leaf.addressable_data(0) if isinstance(leaf, jax.Array) else leaf, tree)
