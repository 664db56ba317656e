"""Files that are written whole or not at all."""

from __future__ import annotations

import glob
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path

NAMED = 40
"""Letters that a file's name while it is being written has of the one it gets: a name may be as long as the system allows."""
LEFT = 3600.0
"""Seconds without a word written after which such a file is one that a killed process left."""


class Writing:
    """Writes beside a path, then renames: `with Writing(path) as beside: ...`. An error or Ctrl-C leaves what was there before; what a
    killed process left beside it goes with the next time that the same file is written."""

    def __init__(self, path: str | os.PathLike[str]):
        self.path = Path(path)

    def __enter__(self) -> Path:
        beginning = f".{self.path.stem[:NAMED]}-"
        _sweep(self.path.parent, beginning, self.path.suffix)
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=beginning, suffix=self.path.suffix)
        os.close(handle)
        self.beside = Path(name)
        return self.beside

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                umask = os.umask(0)
                os.umask(umask)
                self.beside.chmod(0o666 & ~umask)  # mkstemp's file is the owner's alone
                self.beside.replace(self.path)
        finally:
            self.beside.unlink(missing_ok=True)


def _sweep(folder: Path, beginning: str, ending: str) -> None:
    """Takes away what lies beside a file since its process was killed, to which nothing has been written for long."""
    for left in folder.glob(f"{glob.escape(beginning)}{'[a-z0-9_]' * 8}{glob.escape(ending)}"):  # as mkstemp names it
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > LEFT:
                left.unlink()
