"""Compiled programs on the disk: what one process has compiled the next one has at once, without tracing or compiling anything.

JAX keeps compiled programs, too, but by what tracing a function leads to; to trace is a second's work. Here a program's name is what it is
made of: the sources of gan1d, the versions of what it stands on, the processor, and the arguments' shapes.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import platform
import shutil
import time
import zlib
from functools import cache
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

import jax
from jax.experimental.serialize_executable import deserialize_and_load, serialize

from gan1d.writing import Writing

LIBRARIES = ("jax", "jaxlib", "flax", "optax", "numpy", "scipy")
SETTINGS = ("jax_enable_x64", "jax_default_matmul_precision", "jax_debug_nans", "jax_debug_infs")
"""Of JAX's settings those that lead to another program."""
UNUSED = 30 * 86400.0
"""Seconds after which the programs of another version, to which none has been added since, are taken away."""
DIGEST = 32
"""Bytes in front of a file that tell whether the rest is whole: a damaged program could end the process."""


def folder() -> Path | None:
    """Where programs of this `version` are kept between processes, beside JAX's own; None where they are not."""
    beside: str | None = jax.config.values["jax_compilation_cache_dir"]
    is_wanted = jax.config.values["jax_enable_compilation_cache"]
    if not beside or not is_wanted or "://" in beside:  # JAX can also keep its own in a bucket
        return None
    return Path(beside) / f"gan1d-{version()}"


@cache
def version() -> str:
    """What all programs depend on, as 16 hexadecimal digits."""
    parts = [path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py"))]
    parts += [f"{name} {version_of(name)}".encode() for name in LIBRARIES]
    parts += [f"{name} {jax.config.values[name]}".encode() for name in SETTINGS]
    parts += [os.environ.get("XLA_FLAGS", "").encode(), _processor().encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def make_folder() -> Path | None:
    """The folder, which is there now; those of other versions that have long been left are taken away. Raises OSError where it can't be."""
    own = folder()
    if own and not own.is_dir():
        own.mkdir(parents=True, exist_ok=True)
        for other in own.parent.glob("gan1d-*"):
            if time.time() - other.stat().st_mtime > UNUSED:
                shutil.rmtree(other, ignore_errors=True)
    return own


def read(name: str, device: Any) -> Any:
    """The compiled program of a name, for a device; None where there is none that is whole."""
    if (path := _path(name)) is None:
        return None
    try:
        found = path.read_bytes()
    except OSError:
        return None
    if hashlib.sha256(found[DIGEST:]).digest() != found[:DIGEST]:
        return None
    try:
        program, arguments, results = pickle.loads(zlib.decompress(found[DIGEST:]))
        return deserialize_and_load(program, arguments, results, device.client, [device])
    except Exception:  # whatever is wrong with it, it can be compiled again
        return None


def write(name: str, compiled: jax.stages.Compiled) -> None:
    """Keeps a compiled program under a name; where that is not possible, it is not kept."""
    if (path := _path(name)) is None:
        return
    content = zlib.compress(pickle.dumps(serialize(compiled)), 1)
    try:
        make_folder()
        with Writing(path) as beside:
            beside.write_bytes(hashlib.sha256(content).digest() + content)
    except OSError:  # a full disk, or one that may not be written to
        pass


def _path(name: str) -> Path | None:
    where = folder()
    return where / hashlib.sha256(name.encode()).hexdigest()[:32] if where else None


def _processor() -> str:
    """The processor's model and instruction sets, as far as the system tells: a program has no others."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
        return "".join(sorted({line for line in lines if line.startswith(("model name", "flags", "Features"))}))
    except OSError:
        return " ".join(platform.uname()[4:]) + platform.processor()


def _set_up() -> None:
    if "JAX_COMPILATION_CACHE_DIR" in os.environ:
        return
    try:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gan1d" / "jax"
        cache.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # no home, or not a writable one: then each process compiles for itself
        return
    jax.config.update("jax_compilation_cache_dir", str(cache))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.2)


_set_up()
