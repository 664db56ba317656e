"""Functions as compiled programs: made ahead, several at once, counted, timed, and given up before they are too many."""

from __future__ import annotations

import ctypes
import gc
import inspect
import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial, update_wrapper
from typing import Any

import jax
import jax.monitoring
from jax.extend.backend import register_backend_factory
from jaxlib import xla_client

from gan1d import store
from gan1d.config import Structure

COMPILER = {
    "xla_cpu_prefer_vector_width": "512",
    "xla_cpu_multi_thread_eigen": False,
    "xla_disable_hlo_passes": "cpu-parallel-task-assigner",
}
"""Where a processor has vectors of 512 bits, XLA's default is half of that. Neither a product of matrices of these sizes nor an elementwise
kernel of a few microseconds gains anything from a second thread, which something else can use; and a product's sum depends on it."""
ON_CPU = {"xla_backend_optimization_level": 1}
"""What LLVM does beyond it makes kernels as small as these no quicker, and takes an eighth of the time that compiling takes."""
ONCE = {"xla_cpu_use_fusion_emitters": False}
"""Kernels that take half the time to compile, and some of them twice as long to run."""
PROGRAMS = 24
"""Structures whose programs stay loaded. Each takes some 900 memory maps, more with half-steps, of the 65 530 that Linux gives a process;
past them the compiler ends it. Those given up are read again from the disk."""
KEPT = {-1: 2**27, -3: 2**25, -2: 2**24}
"""Bytes, by the numbers of malloc.h: what is free at the end before it is given back (M_TRIM_THRESHOLD), the least that is asked of Linux
alone (M_MMAP_THRESHOLD, at most 2^25), what is asked for beyond the need (M_TOP_PAD)."""
BESIDE = "beside"
"""What JAX calls its second client on the CPU."""

_second = list[jax.Device]()
_loaded: set[Structure] = set()
_programs = list["Program"]()
_compiling = ThreadPoolExecutor(2, "compiling")
_cached = threading.local()
_log = {"count": 0, "seconds": 0.0, "until": 0.0}
_log_lock = threading.Lock()


def make_room(s: Structure) -> bool:
    """Gives up all loaded programs when one more structure would be too many. Returns whether this one is new here."""
    with _log_lock:
        is_new = s not in _loaded
        if is_new and len(_loaded) >= PROGRAMS:
            _loaded.clear()
            for program in _programs:
                program.forget()
            jax.clear_caches()
        _loaded.add(s)
    return is_new


class Program:
    """A pure function of gan1d's (structure, *arguments), compiled for each structure and each shape of the arguments, which are arrays or
    trees of them.

    It is called as the function is. What it compiles for a CPU is kept on the disk (`store`), from where another process has it at once.
    once: it runs once, shortly: what counts is that it is compiled soon.
    """

    def __init__(self, function: Callable[..., Any], once: bool = False):
        self.function, self.name, self.on_cpu = function, function.__name__, ON_CPU | (ONCE if once else {})
        self._ready = dict[Any, Future[jax.stages.Compiled]]()
        update_wrapper(self, function)
        _programs.append(self)

    def __call__(self, s: Structure, *arguments: Any) -> Any:
        return self.ahead(s, *arguments).result()(*arguments)

    def __repr__(self) -> str:
        return f"{self.name}{inspect.signature(self.function)}"

    def ahead(self, s: Structure, *arguments: Any) -> Future[jax.stages.Compiled]:
        """Has it compiled, for these shapes; what takes Python is done when this returns, and the rest goes on beside what follows."""
        leaves, tree = jax.tree.flatten(arguments)
        on = device()
        key = (s, on, tree, *((leaf.shape, leaf.dtype) for leaf in leaves))
        with _log_lock:
            if found := self._ready.get(key):
                return found
            coming = self._ready[key] = Future()
        try:
            name = f"{self.name} {s} {key[2:]} {on.id}" if (on.platform, on.process_index) == ("cpu", 0) else None
            began = time.perf_counter()
            if name and (kept := store.read(name, on)):
                _count("read", time.perf_counter() - began)
                coming.set_result(kept)
            else:
                lowered = self._lowered(on, s, *arguments)
                _compiling.submit(self._compile, lowered, name, coming).add_done_callback(
                    lambda _: coming.exception() and self._ready.pop(key, None)
                )
        except BaseException as e:
            self._ready.pop(key, None)
            coming.set_exception(e)
            raise
        return coming

    def forget(self) -> None:
        """Gives up what is compiled."""
        self._ready.clear()

    def _lowered(self, on: jax.Device, *arguments: Any) -> jax.stages.Lowered:
        """Traced, without Python's collector, which finds nothing to collect there and takes a tenth of the time.

        JAX keeps programs, too, and one that it had kept could not be kept here: so for each version and number of a device its name is
        another. The CPU's two clients have one number, and read each other's.
        """
        function = partial(self.function)
        function.__name__ = f"{self.name}_{store.version()}_{on.id}"  # type: ignore[attr-defined]
        collects = gc.isenabled()
        gc.disable()
        try:
            options = COMPILER | (self.on_cpu if on.platform == "cpu" else {})
            return jax.jit(function, static_argnums=0, compiler_options=options).lower(*arguments)
        finally:
            if collects:
                gc.enable()

    def _compile(self, lowered: jax.stages.Lowered, name: str | None, coming: Future[jax.stages.Compiled]) -> None:
        _cached.hit = False
        try:
            compiled = lowered.compile()
        except BaseException as e:
            coming.set_exception(e)
            return
        coming.set_result(compiled)
        if name and not _cached.hit:
            store.write(name, compiled)


def device() -> jax.Device:
    """Where this thread's programs go."""
    on = jax.config.values["jax_default_device"]
    return on if isinstance(on, jax.Device) else jax.local_devices(backend=on)[0]


def beside() -> jax.Device:
    """Where programs go that are to run at the same time: the CPU as JAX's second client has it, where there is one (`for_single_runs`)."""
    on = device()
    return _second[0] if _second and on.platform == "cpu" else on


def _on_event(event: str, **_: Any) -> None:
    if event == "/jax/compilation_cache/cache_hits":
        _cached.hit = True


def _on_duration(event: str, duration_secs: float, **_: Any) -> None:
    if event.startswith("/jax/core/compile/"):
        _count(event, duration_secs)


def _count(event: str, seconds: float) -> None:
    with _log_lock:
        now = time.perf_counter()
        _log["seconds"] += min(seconds, now - _log["until"])  # two threads at once take no longer than one
        _log["until"] = now
        _log["count"] += event.endswith(("backend_compile_duration", "read"))


def compile_log() -> tuple[int, float]:
    """Programs that were compiled in this process so far, or read, and the seconds that took (tracing and lowering included)."""
    with _log_lock:
        return int(_log["count"]), _log["seconds"]


def for_single_runs() -> None:
    """Sets this process up to train one run at a time; what comes too late, or against the user's own wish, does nothing.

    JAX has two clients on the CPU from now on, each with a single thread: one trains, the other observes what has been recorded (`beside`).
    Threads of one client hand parts of a program to each other, kernels that take microseconds and parts of the other program too. And
    memory once used is kept: to give arrays of a megabyte back to Linux and to get them again cost a sixth of a run. Not for many runs at
    once, nor for images.
    """
    if sys.platform == "linux" and (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)):  # glibc has it
        for parameter, size in KEPT.items():
            mallopt(parameter, size)
    chosen = ("NPROC", "PJRT_NPROC", "JAX_NUM_CPU_DEVICES")
    if any(name in os.environ for name in chosen) or "device_count" in os.environ.get("XLA_FLAGS", ""):
        return
    platforms = (jax.config.values["jax_platforms"] or "cpu").split(",")
    if "cpu" not in platforms:
        return
    os.environ["PJRT_NPROC"] = "1"  # looked at when a CPU's client is made; nobody's children are to find it
    try:
        register_backend_factory(BESIDE, xla_client.make_cpu_client, priority=-1)
        if jax.config.values["jax_platforms"]:  # then JAX makes no others
            jax.config.update("jax_platforms", ",".join([*platforms, BESIDE]))
        jax.local_devices(backend="cpu")
        _second[:] = jax.local_devices(backend=BESIDE)
    except RuntimeError:  # too late
        pass
    finally:
        del os.environ["PJRT_NPROC"]


jax.monitoring.register_event_duration_secs_listener(_on_duration)
jax.monitoring.register_event_listener(_on_event)
