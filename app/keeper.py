"""A process of its own that keeps one job: waits until it is its turn, runs its command, and says how it ended.

`app.jobs` starts it. It needs no server: a job that waits comes to its turn with no page open. Needs no package, so that a job that
waits takes no room. The folders of all jobs lie beside one another; one of them runs at a time.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Any

from app.processes import identity, is_alive, read, write

JOB, KEEPER, STATE, LOG, TURN = "job.json", "keeper.json", "state.json", "log.txt", "turn"
"""Files of a job's folder: what to run, who keeps it, how far it is, what it printed. `turn` lies beside the folders."""
NICE = 19
"""Priority of jobs, the lowest: what the user does goes first."""
LOOK = 0.3
"""Seconds between two looks at whether it is this job's turn."""
GRACE = 15.0
"""Seconds that a command has to end by itself, after Ctrl-C, before it is killed."""


class Keeper:
    """One job on its way. It alone writes its state."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.job = read(folder / JOB)
        self.state: dict[str, Any] = {"state": "waiting", "keeper": identity(os.getpid())}
        self.given_up = False

    def say(self, **known: Any) -> None:
        """Writes how far it is, for whoever looks."""
        self.state |= known
        write(self.folder / STATE, self.state)

    def give_up(self, *_: object) -> None:
        """Asked to stop, by a signal."""
        self.given_up = True

    def run(self) -> None:
        """From the end of the line to the end of the command."""
        os.nice(NICE)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.give_up)
        self.say()
        with (self.folder.parent / TURN).open("w") as turn:
            while not self.given_up and not (self._is_first() and _locked(turn)):
                time.sleep(LOOK)
            if self.given_up:
                self.say(state="stopped", ended=time.time())
                return
            self._command(turn)

    def _is_first(self) -> bool:
        mine = (self.job["queued"], self.folder.name)
        return not any(place < mine for place in waiting(self.folder.parent))

    def _command(self, turn: IO[str]) -> None:
        """Runs it. It holds on to the turn itself: were the keeper killed, nobody would begin beside it."""
        with (self.folder / LOG).open("w") as log:
            try:
                child = subprocess.Popen(
                    self.job["command"],
                    cwd=self.folder,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=[turn.fileno()],
                )
            except OSError as e:
                self.say(state="failed", why=str(e), ended=time.time())
                return
            self.say(state="running", child=identity(child.pid), started=time.time())
            code = self._wait(child)
        state = "done" if code == 0 else "stopped" if self.given_up else "failed"
        self.say(state=state, code=code, why=self._last_words() if state == "failed" else "", ended=time.time())

    def _wait(self, child: subprocess.Popen[bytes]) -> int:
        until: float | None = None
        while True:
            try:
                return child.wait(LOOK)
            except subprocess.TimeoutExpired:
                if self.given_up and until is None:
                    child.send_signal(signal.SIGINT)
                    until = time.monotonic() + GRACE
                elif until is not None and time.monotonic() > until:
                    child.kill()

    def _last_words(self) -> str:
        lines = (self.folder / LOG).read_text("utf-8", "replace").strip().splitlines()
        return lines[-1].strip()[:500] if lines else ""


def waiting(root: Path) -> list[tuple[float, str]]:
    """(when it was queued, its folder's name) of every job that waits for its turn."""
    found = []
    for path in root.glob(f"*/{KEEPER}"):
        state = read(path.parent / STATE)
        keeper = read(path)
        is_waiting = (
            state.get("keeper") != keeper or state.get("state") == "waiting"
        )  # at first it has said nothing yet
        if is_waiting and is_alive(keeper):
            found.append((float(read(path.parent / JOB)["queued"]), path.parent.name))
    return found


def _locked(turn: IO[str]) -> bool:
    try:
        fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


if __name__ == "__main__":
    Keeper(Path(sys.argv[1])).run()
