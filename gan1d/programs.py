"""Compiled programs: counted, timed, kept between processes, and given up before they are too many."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import jax
import jax.monitoring

from gan1d.config import Structure

COMPILER = {"xla_cpu_prefer_vector_width": "512", "xla_cpu_multi_thread_eigen": False}
"""Where a processor has vectors of 512 bits, XLA's default is half of that. A product of matrices of these sizes gains nothing from a
second thread, which something else can use; and its sum depends on it."""
PROGRAMS = 24
"""Structures whose programs stay loaded. Each takes some 900 memory maps, more with half-steps, of the 65 530 that Linux gives a process;
past them the compiler ends it. Those given up are read again from the disk."""
KEPT = {-1: 2**27, -3: 2**25, -2: 2**24}
"""Bytes, by the numbers of malloc.h: what is free at the end before it is given back (M_TRIM_THRESHOLD), the least that is asked of Linux
alone (M_MMAP_THRESHOLD, at most 2^25), what is asked for beyond the need (M_TOP_PAD)."""

_loaded: set[Structure] = set()
_log = {"count": 0, "seconds": 0.0, "until": 0.0}
_log_lock = threading.Lock()


def make_room(s: Structure) -> bool:
    """Gives up all loaded programs when one more structure would be too many. Returns whether this one is new here."""
    with _log_lock:
        is_new = s not in _loaded
        if is_new and len(_loaded) >= PROGRAMS:
            _loaded.clear()
            jax.clear_caches()
        _loaded.add(s)
    return is_new


def _on_duration(event: str, duration_secs: float, **_: Any) -> None:
    if event.startswith("/jax/core/compile/"):
        with _log_lock:
            now = time.perf_counter()
            _log["seconds"] += min(duration_secs, now - _log["until"])  # two threads at once take no longer than one
            _log["until"] = now
            _log["count"] += event.endswith("backend_compile_duration")


def compile_log() -> tuple[int, float]:
    """Programs that JAX compiled in this process so far, and the seconds that took (tracing and lowering included)."""
    with _log_lock:
        return int(_log["count"]), _log["seconds"]


def for_single_runs() -> None:
    """Sets this process up to train one run at a time; what comes too late, or against the user's own wish, does nothing.

    XLA has two threads on the CPU from now on: one trains, one observes what has been recorded. With more, it hands parts of kernels
    that take microseconds from core to core. And memory once used is kept: to give arrays of a megabyte back to Linux and to get them
    again cost a sixth of a run. Not for many runs at once, nor for images.
    """
    if sys.platform == "linux" and (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)):  # glibc has it
        for parameter, size in KEPT.items():
            mallopt(parameter, size)
    if "NPROC" in os.environ or "PJRT_NPROC" in os.environ:
        return
    os.environ["PJRT_NPROC"] = "2"  # looked at when the CPU's client is made; nobody's children are to find it
    try:
        jax.local_devices(backend="cpu")
    finally:
        del os.environ["PJRT_NPROC"]


def folder() -> Path | None:
    """Where programs are kept between processes; None where they are not."""
    kept: str | None = jax.config.values["jax_compilation_cache_dir"]
    return Path(kept) if kept else None


def _set_up() -> None:
    jax.monitoring.register_event_duration_secs_listener(_on_duration)
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
