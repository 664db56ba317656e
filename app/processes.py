"""Processes that outlive their parent, told apart for certain: a number alone may by now be another program's. Needs no package."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any, TypeGuard

BOOT = Path("/proc/sys/kernel/random/boot_id")


def born(pid: int) -> str | None:
    """When a process began, as a text that no other process of that number has; None where it is not, or has ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return None if BOOT.exists() else _asked(pid)
    state, *fields = stat.rpartition(")")[2].split()  # the name before it may hold anything
    if state in ("Z", "X"):  # ended, and not yet asked for
        return None
    return f"{BOOT.read_text('utf-8').strip()} {fields[18]}"  # clock ticks from the machine's start to the process's


def _asked(pid: int) -> str | None:
    """The same where there is no /proc."""
    answer = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True)
    state, _, began = answer.stdout.strip().partition(" ")
    return began.strip() if began and not state.startswith("Z") else None


def is_alive(known: Any) -> TypeGuard[dict[str, Any]]:
    """Whether the process that `identity` told of is still there."""
    return bool(known) and born(known["pid"]) == known["born"]


def identity(pid: int) -> dict[str, Any]:
    """What `is_alive` and a later process need to find it again."""
    return {"pid": pid, "born": born(pid)}


def write(path: Path, content: dict[str, Any]) -> None:
    """JSON, whole or not at all: written beside, then renamed."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(json.dumps(content), "utf-8")
    beside.replace(path)


def read(path: Path) -> dict[str, Any]:
    """What `write` wrote; empty where there is none, or where it is damaged."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
