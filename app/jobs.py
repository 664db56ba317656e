"""Work of its own process: it survives a reload, a closed tab and a restarted server. One job runs at a time, the others wait in line.

All that is known of a job lies in its folder, so that whoever comes back finds it: what to run, how far it is, what it printed
(`app.keeper` has the files), and whatever the command writes there. A job that was stopped begins anew, or goes on, with the same command.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, NamedTuple

from app.keeper import GRACE, JOB, KEEPER, STATE, TURN, waiting
from app.processes import identity, is_alive, read, write

State = Literal["waiting", "running", "done", "stopped", "failed"]
ROOT = Path(__file__).parents[1]
"""Where `app` and `gan1d` lie, for processes started elsewhere."""
LOOK = 0.05
"""Seconds between two looks at whether a job has ended."""


class Job(NamedTuple):
    """A job as it stands. `before`: jobs that come first; times in seconds since 1970, of the last start; `why` it failed, in a line;
    `note`: what whoever started it wanted to be kept."""

    name: str
    folder: Path
    state: State
    queued: float
    started: float | None = None
    ended: float | None = None
    before: int = 0
    why: str = ""
    note: dict[str, Any] = {}  # noqa: RUF012  (never changed)

    @property
    def is_alive(self) -> bool:
        """Whether it runs or will run by itself."""
        return self.state in ("waiting", "running")


class Jobs:
    """The jobs of one folder, each in a folder of its own name beneath it."""

    def __init__(self, root: Path):
        self.root = root

    def folder(self, name: str) -> Path:
        """Where a job's files lie, and where its command runs."""
        return self.root / name

    def start(
        self,
        name: str,
        command: Sequence[str],
        files: Mapping[str, str] | None = None,
        note: Mapping[str, Any] | None = None,
    ) -> Job:
        """Puts a job at the end of the line, unless it is there or runs. files: name -> text, written into its folder first.

        Raises:
          OSError: the folder cannot be written, or no process can be started.
        """
        folder = self.folder(name)
        folder.mkdir(parents=True, exist_ok=True)
        with self._alone():
            known = self.find(name)
            if known is None or not known.is_alive:
                for file, text in (files or {}).items():
                    (folder / file).write_text(text, "utf-8")
                (folder / STATE).unlink(missing_ok=True)
                write(folder / JOB, {"command": list(command), "queued": time.time(), "note": dict(note or {})})
                keeper = subprocess.Popen(
                    [sys.executable, "-m", "app.keeper", str(folder)],
                    cwd=folder,
                    env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *_path()])},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,  # what ends the server does not end it
                )
                write(folder / KEEPER, identity(keeper.pid))
                threading.Thread(target=keeper.wait, name="job", daemon=True).start()  # an ended child is asked for
        found = self.find(name)
        assert found is not None
        return found

    def find(self, name: str) -> Job | None:
        """A job as it stands now; None where there is none of that name."""
        folder = self.folder(name)
        if "queued" not in (job := read(folder / JOB)):
            return None
        state, known = _state(folder)
        queued = float(job["queued"])
        before = self._before(name, queued) if state == "waiting" else 0
        why, note = str(known.get("why", "")), job.get("note", {})
        return Job(name, folder, state, queued, known.get("started"), known.get("ended"), before, why, note)

    def all(self, prefix: str = "") -> list[Job]:
        """Every job whose name begins so, the last asked for first."""
        names = [path.parent.name for path in self.root.glob(f"{prefix}*/{JOB}")]
        return sorted(filter(None, map(self.find, names)), key=lambda job: -job.queued)

    def cancel(self, name: str) -> None:
        """Ends a job and waits until it has ended; what it wrote stays."""
        folder = self.folder(name)
        keeper, child = read(folder / KEEPER), read(folder / STATE).get("child")
        who, how = (keeper, signal.SIGTERM) if is_alive(keeper) else (child, signal.SIGINT)
        if is_alive(who):
            with suppress(ProcessLookupError):
                os.kill(who["pid"], how)
        until = time.monotonic() + GRACE + 1
        while is_alive(who) and time.monotonic() < until:
            time.sleep(LOOK)

    def keep(self, prefix: str, most: int, spare: str = "") -> None:
        """Forgets the oldest ended jobs of this prefix beyond a number; one is spared, and does not count."""
        ended = [job for job in self.all(prefix) if not job.is_alive and job.name != spare]
        for job in ended[most:]:
            shutil.rmtree(job.folder, ignore_errors=True)

    def _before(self, name: str, queued: float) -> int:
        running = sum(_state(path.parent)[0] == "running" for path in self.root.glob(f"*/{STATE}"))
        return running + sum(place < (queued, name) for place in waiting(self.root))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One start at a time, of all servers of this folder."""
        with (self.root / f"{TURN}.start").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _state(folder: Path) -> tuple[State, dict[str, Any]]:
    """How a job stands, and what its keeper last said."""
    keeper, known = read(folder / KEEPER), read(folder / STATE)
    kept = is_alive(keeper)
    if kept and known.get("keeper") != keeper:  # it has said nothing yet
        return "waiting", {}
    state: State = known.get("state", "stopped")
    if (state == "waiting" and not kept) or (state == "running" and not kept and not is_alive(known.get("child"))):
        return "stopped", known
    return state, known


def _path() -> list[str]:
    return [path] if (path := os.environ.get("PYTHONPATH")) else []


def jobs() -> Jobs:
    """This user's jobs, where the XDG base directories have them: ``$XDG_STATE_HOME/gan1d/jobs``, by default in ``~/.local/state``."""
    given = os.environ.get("XDG_STATE_HOME", "")
    state = Path(given) if os.path.isabs(given) else Path.home() / ".local" / "state"  # a relative one is to be ignored
    return Jobs(state / "gan1d" / "jobs")
