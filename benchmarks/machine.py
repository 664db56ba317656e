"""The machine that a benchmark ran on, and how to run a piece of it in a process of its own."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LIBRARIES = ("jax", "flax", "optax", "numpy", "torch")


def describe() -> dict[str, Any]:
    """Processor, cores that this process may use, load at the moment, versions."""
    return {
        "cpu": cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 1),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        **{name: found for name in LIBRARIES if (found := _version(name))},
    }


def cpu_model() -> str:
    """The processor's name as the kernel has it."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def child(code: str, *arguments: str, **environment: str) -> Any:
    """What a fresh Python process prints as JSON; the compilation cache is gan1d's own unless XDG_CACHE_HOME says otherwise.

    Raises:
      RuntimeError: with what the process said, if it fails.
    """
    kept = {key: value for key, value in os.environ.items() if key != "JAX_COMPILATION_CACHE_DIR"}
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=kept | environment, capture_output=True, text=True, timeout=600)
    if done.returncode:
        raise RuntimeError(done.stderr.strip() or f"a child process ended with {done.returncode}")
    return json.loads(done.stdout)


def seconds(command: list[str]) -> float:
    """How long a command takes, start of its process included."""
    began = time.perf_counter()
    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=True, timeout=600)
    return time.perf_counter() - began
