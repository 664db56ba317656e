"""Where a site is written: beside its place, then moved there. What else a folder holds stays as it is."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gan1d import __version__
from gan1d.config import ConfigError

MARK = "gan1d-site.json"
"""The file by which a site is known: its version, and the names of its files."""
BESIDE = ".gan1d-site-"
"""How the folder's name begins in which a site is being made."""
LEFT = 3600.0
"""Seconds after which such a folder was left by a process that was killed: a site takes minutes."""


def check(folder: Path, force: bool) -> None:
    """Whether a site may be written to a folder.

    Raises:
      ConfigError: no folder and none to make it in, one that cannot be written, or one that holds other things than a site.
    """
    if folder.is_dir():
        if not os.access(folder, os.W_OK | os.X_OK):
            raise _refused(folder, "it must be a folder that can be written")
        others = (path for path in folder.iterdir() if not path.name.startswith(BESIDE))
        if not force and not (folder / MARK).is_file() and any(others):
            raise _refused(
                folder, "it holds other files: give a new or an empty folder, or --force to put the site among them"
            )
        return
    if folder.exists() or folder.is_symlink():
        raise _refused(folder, "it must be a folder")
    if not folder.parent.is_dir():
        raise _refused(folder, f"there is no folder {str(folder.parent)!r}")
    if not os.access(folder.parent, os.W_OK | os.X_OK):
        raise _refused(folder, "it must be a folder that can be written")


@contextmanager
def writing(folder: Path, force: bool = False) -> Iterator[Path]:
    """Yields an empty folder to write to. At the end all of it is in its place; after an error or Ctrl-C nothing has changed there.

    A new folder comes at once, under its name. In one that is there, each file takes the place of the old one, pages last, and what an
    older site had and this one has not goes away.

    Raises:
      ConfigError: as `check`.
    """
    check(folder, force)
    folder = folder.absolute()  # whoever changes the working folder meanwhile
    is_new = not folder.is_dir()
    place = folder.parent if is_new else folder
    _sweep(place)
    beside = Path(tempfile.mkdtemp(dir=place, prefix=BESIDE))
    try:
        yield beside
        names = sorted(path.relative_to(beside).as_posix() for path in beside.rglob("*") if path.is_file())
        (beside / MARK).write_text(json.dumps({"gan1d": __version__, "files": names}, indent=1), "utf-8")
        if is_new:
            umask = os.umask(0)
            os.umask(umask)
            beside.chmod(0o777 & ~umask)  # mkdtemp's folder is the owner's alone
            beside.rename(folder)
        else:
            _move(beside, folder, [*sorted(names, key=lambda name: name.endswith(".html")), MARK])
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _sweep(place: Path) -> None:
    """Takes away what a killed process left of a site that it was making."""
    for left in place.glob(f"{BESIDE}*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > LEFT:
                shutil.rmtree(left, ignore_errors=True)


def _move(beside: Path, folder: Path, names: list[str]) -> None:
    old = _files(folder)
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (beside / name).replace(folder / name)
    for name in old - set(names):
        path = folder / name
        path.unlink(missing_ok=True)
        for parent in list(path.relative_to(folder).parents)[:-1]:
            if (folder / parent).is_dir() and not any((folder / parent).iterdir()):
                (folder / parent).rmdir()


def _files(folder: Path) -> set[str]:
    """The files of the site that is there; of a torn list none, and never one outside the folder."""
    try:
        names = json.loads((folder / MARK).read_text("utf-8"))["files"]
        return {name for name in names if not name.startswith("/") and ".." not in Path(name).parts}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return set()


def _refused(folder: Path, allowed: str) -> ConfigError:
    return ConfigError("DIR", str(folder), allowed)
