"""How long until there is something: imports, the first compilation of a structure, and a restart that finds it compiled.

Each is a fresh process; the compilation cache is a folder of its own, empty at first.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.machine import child, seconds
from benchmarks.peers.cases import CASES
from benchmarks.timing import Times, summary

IMPORT = """
import json, time
began = time.perf_counter()
import gan1d
print(json.dumps(time.perf_counter() - began))
"""
FIRST = """
import json, sys, time
import gan1d, gan1d.programs, gan1d.training
gan1d.programs.for_single_runs()
config = gan1d.Config.from_json(sys.argv[1])
began = time.perf_counter()
run = gan1d.train(config)
first = time.perf_counter() - began
again = time.perf_counter()
gan1d.train(config)
print(json.dumps({"first": first, "compile": run.seconds["compile"], "second": time.perf_counter() - again}))
"""
TARGETS = {"import gan1d": 0.1, "gan1d --help": 0.5, "first compile": 2.0, "restart to first result": 1.0}
"""Seconds, on a quiet machine."""


def imports(repeats: int) -> dict[str, Times]:
    """Seconds of `import gan1d` within a process, and of the whole process of `gan1d --help`."""
    command = [str(Path(sys.executable).with_name("gan1d")), "--help"]
    child(IMPORT), seconds(command)
    return {
        "import gan1d": summary([child(IMPORT) for _ in range(repeats)]),
        "gan1d --help": summary([seconds(command) for _ in range(repeats)]),
    }


def compilations(repeats: int, names: list[str]) -> dict[str, dict[str, Times]]:
    """By case: "first compile" with an empty cache, "restart to first result" of a process that finds it filled; after imports."""
    found: dict[str, dict[str, Times]] = {}
    for name in names:
        config = CASES[name].config.to_json()
        cold: list[dict[str, Any]] = []
        warm: list[dict[str, Any]] = []
        for _ in range(repeats):
            with tempfile.TemporaryDirectory() as cache:
                cold.append(child(FIRST, config, XDG_CACHE_HOME=cache))
                warm.append(child(FIRST, config, XDG_CACHE_HOME=cache))
        found[name] = {
            "first compile": summary([run["compile"] for run in cold]),
            "first result": summary([run["first"] for run in cold]),
            "restart to first result": summary([run["first"] for run in warm]),
        }
    return found
