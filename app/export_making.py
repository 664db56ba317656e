"""One export being made: `gan1d export` in a process of its own. It can be ended at any time, and then nothing of it is left."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from app.jobs import ROOT
from app.words import words
from gan1d.trajectory import Trajectory

LONGEST = 600.0
"""Seconds that one export may take."""
GRACE = 4.0
"""Seconds that a process has to tidy up before it is killed."""
NICENESS = 5
"""By how much an export steps back behind the players that run meanwhile."""
PACKED = 3
"""How hard several files are packed into one, of 9: tables of numbers hardly get smaller beyond."""
PROGRESS = ("--progress", "json")
text = words("export")


class ExportError(Exception):
    """An export that came to nothing; the message says why, in a line."""


class Making:
    """A process, from before it begins until nothing of it is left."""

    def __init__(self, command: Sequence[str]):
        self._command = tuple(command)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._given_up = self._too_long = False

    def run(
        self,
        runs: Sequence[Trajectory],
        name: str,
        flags: Sequence[str],
        folder: Path,
        told: Callable[[int, int], None],
    ) -> Path:
        """The finished file, of several a zip of them. told: is called with (done, in all).

        Raises:
          ExportError: with what the command said of it in its last line.
          OSError: no room, or no process.
          ValueError: a flag that no command line can hold.
        """
        given, made = folder / "given", folder / "made"
        given.mkdir()
        made.mkdir()
        names = []
        for i, run in enumerate(runs):
            names.append(str(given / f"{i}.npz"))
            run.save(names[-1])
        process = self._begin([*self._command, *names, str(made / name), *flags, *PROGRESS], folder)
        clock = threading.Timer(LONGEST, self._stop)
        clock.daemon = True
        clock.start()
        try:
            assert process.stderr is not None
            with process.stderr as lines:
                said = _follow(lines, told)
            code = _wait(process)
        finally:
            clock.cancel()
        if code != 0:
            raise ExportError(text["late"] if self._too_long else said or text["broken"])
        shutil.rmtree(given)
        return _one_of(made, name)

    def _begin(self, command: list[str], folder: Path) -> subprocess.Popen[str]:
        """The process, in a group of its own with whatever it starts."""
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        with self._lock:
            if self._given_up:
                raise ExportError
            self._process = process = subprocess.Popen(
                command,
                cwd=folder,
                env=os.environ | {"PYTHONPATH": path},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            )
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
        return process

    def end(self) -> None:
        """Asks the process, and all that it started, to end; after a while they are ended. One that has not begun never will."""
        with self._lock:
            self._given_up = True
            process = self._process
        if process is not None:
            _signal(process, signal.SIGTERM)
            killer = threading.Timer(GRACE, self.kill)
            killer.daemon = True
            killer.start()

    def kill(self) -> None:
        """Ends all of it at once."""
        if self._process is not None:
            _signal(self._process, signal.SIGKILL)

    def _stop(self) -> None:
        self._too_long = True
        self.end()


def _follow(lines: IO[str], told: Callable[[int, int], None]) -> str:
    """Tells how far it is until there is nothing more to be told; returns the last other line."""
    last = ""
    for line in lines:
        try:
            found = json.loads(line)
            told(int(found["done"]), int(found["total"]))
        except (ValueError, TypeError, LookupError):
            last = line.strip() or last
    return last.removeprefix("gan1d: ")[:500]


def _wait(process: subprocess.Popen[str]) -> int:
    """Until it has ended; what it started and left is ended too, while its number cannot yet be another's."""
    if hasattr(os, "waitid"):
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        _signal(process, signal.SIGKILL)
    return process.wait()


def _signal(process: subprocess.Popen[str], number: int) -> None:
    """To the whole group, which has the process's own number as long as that has not been asked for."""
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)


def _one_of(folder: Path, name: str) -> Path:
    """The file that was made; of several, a zip that holds them."""
    made = sorted(path for path in folder.iterdir() if path.is_file())
    if not made:
        raise ExportError(text["broken"])
    if len(made) == 1:
        return made[0]
    whole = folder / f"{name}.zip"
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED, compresslevel=PACKED) as archive:
        for path in made:
            archive.write(path, path.name)
            path.unlink()
    return whole
