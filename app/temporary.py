"""Temporary folders that go with the process that made them, however it ends: one that was killed is tidied up after by the next."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple

OWNER = "owner"
"""A file in each folder that its process keeps locked."""
NEW = 60.0
"""Seconds in which the process of a folder may still be about to lock it."""


class Temporary(NamedTuple):
    """A folder, and the lock on it: the system gives it back when the process ends."""

    path: Path
    owned: IO[str]

    def leave(self) -> None:
        """Takes the folder away."""
        shutil.rmtree(self.path, ignore_errors=True)
        self.owned.close()


def temporary(prefix: str) -> Temporary:
    """A new folder whose name begins so. Those of processes that are no more are taken away first.

    Raises:
      OSError: there is no room for it.
    """
    _sweep(prefix)
    path = Path(tempfile.mkdtemp(prefix=prefix))
    owned = (path / OWNER).open("w")
    fcntl.flock(owned, fcntl.LOCK_EX)
    return Temporary(path, owned)


def _sweep(prefix: str) -> None:
    for owner in Path(tempfile.gettempdir()).glob(f"{prefix}*/{OWNER}"):
        with (
            suppress(OSError),
            owner.open("a") as held,
        ):  # another user's cannot be opened, a living process's is locked
            if time.time() - owner.stat().st_mtime > NEW:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(owner.parent, ignore_errors=True)
