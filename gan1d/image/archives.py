"""Folders and zips as lists of files that are read one by one, in memory: nothing is ever unpacked to the disk."""

from __future__ import annotations

import os
import stat
import struct
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from gan1d.image.dataset import DataError
from gan1d.image.limits import Limits, exactly, reason

END, END64, PLACE64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
ENTRY = 46
"""Bytes of a zip's directory entry, its name not counted."""
NAME = 160
"""Bytes of a name and its notes, on average, beyond which a directory is not that of a set of images."""


class Member(NamedTuple):
    """A file of a folder or a zip: its name from there, bytes, and a function that reads them."""

    name: str
    length: int
    read: Callable[[], bytes]


def of_folder(folder: Path, limits: Limits) -> list[Member]:
    """All files under a folder, by name; hidden ones left out.

    Raises:
      DataError: too many of them or too many bytes, or a link that leads out of the folder.
    """
    inside = folder.resolve()
    found: list[Member] = []
    total = 0
    for path in _files(folder):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() and not limits.links and not path.resolve().is_relative_to(inside):
            raise DataError(
                f"{folder / name}: a link that leads out of the folder; it is followed only with limits.links"
            )
        try:
            state = path.stat()
        except OSError as e:
            raise DataError(f"{folder / name}: cannot be read ({e.strerror})") from None
        if not stat.S_ISREG(state.st_mode):
            continue  # reading a pipe or a device might never end
        total += state.st_size
        found.append(Member(name, state.st_size, lambda path=path: _bytes(path)))  # type: ignore[misc]
        limits.check_files(str(folder), len(found))
        limits.check_bytes(str(folder), total)
    return found


def _files(folder: Path) -> Iterator[Path]:
    """Each file, folder by folder in the order of their names; folders that are links are not entered."""

    def refuse(error: OSError) -> None:
        raise DataError(f"{error.filename}: cannot be read ({error.strerror})")

    for top, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        yield from (Path(top) / f for f in sorted(files) if not f.startswith("."))


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as e:
        raise DataError(f"{path}: cannot be read ({e.strerror})") from None


def opened(path: Path, limits: Limits) -> zipfile.ZipFile:
    """A zip all of whose entries are allowed; to be closed.

    Raises:
      DataError: damaged, encrypted, too many or too large or too tightly packed files, or a name that would lead out of a folder.
    """
    _check_directory(path, limits)
    try:
        archive = zipfile.ZipFile(path)
    except Exception as e:  # a file made to harm can have zipfile raise almost anything
        raise DataError(f"{path}: not a zip, or a damaged one ({reason(e)})") from None
    try:
        entries = archive.infolist()
        limits.check_files(str(path), len(entries))
        for entry in entries:
            _check_entry(path, entry)
        total = sum(e.file_size for e in entries)
        limits.check_bytes(str(path), total)
        limits.check_ratio(str(path), total, path.stat().st_size)
    except BaseException:
        archive.close()
        raise
    return archive


def of_zip(archive: zipfile.ZipFile) -> list[Member]:
    """All files of an opened zip, by name; hidden ones left out. They may be read from several threads, while it is open."""
    one = threading.Lock()

    def reading(entry: zipfile.ZipInfo) -> Callable[[], bytes]:
        def read() -> bytes:
            with one:
                return content(archive, entry)

        return read

    def hidden(name: str) -> bool:
        return any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)

    shown = [e for e in archive.infolist() if not e.is_dir() and not hidden(e.filename)]
    return [Member(e.filename, e.file_size, reading(e)) for e in sorted(shown, key=lambda e: e.filename)]


def content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """A file of a zip: never more than the size that was checked.

    Raises:
      DataError: it is damaged.
    """
    name = f"{archive.filename}: {entry.filename}"
    try:
        with archive.open(entry) as file:
            return exactly(file, entry.file_size, name)
    except DataError:
        raise
    except Exception as e:  # zipfile and zlib raise almost anything
        raise DataError(f"{name}: damaged ({reason(e)})") from None


def _check_entry(path: Path, entry: zipfile.ZipInfo) -> None:
    name = entry.orig_filename
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0] or "\0" in name:
        raise DataError(f"{path}: {name!r}: a name that leads out of the archive")
    if entry.flag_bits & 1:
        raise DataError(f"{path}: {name}: encrypted; save the zip without a password")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DataError(f"{path}: {name}: packed in way {entry.compress_type}; only stored and deflated files are read")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise DataError(f"{path}: {name}: a link, not an image")


def _check_directory(path: Path, limits: Limits) -> None:
    """Refuses a directory of too many entries before it is read into memory. What is no zip at all is left to zipfile."""
    try:
        with path.open("rb") as file:
            length = file.seek(0, os.SEEK_END)
            file.seek(max(0, length - 65_535 - 22 - 20))
            tail = file.read()
            at = tail.rfind(END)
            if at < 0 or len(tail) < at + 22:
                return
            (size,) = struct.unpack_from("<I", tail, at + 12)
            if at >= 20 and tail[at - 20 : at - 16] == PLACE64:
                (where,) = struct.unpack_from("<Q", tail, at - 20 + 8)
                file.seek(min(where, length))
                record = file.read(56)
                if record[:4] == END64 and len(record) == 56:
                    (size,) = struct.unpack_from("<Q", record, 40)
    except OSError as e:
        raise DataError(f"{path}: cannot be read ({e.strerror})") from None
    if size > limits.files * (ENTRY + NAME):
        raise DataError(f"{path}: a directory of {size:,} bytes, too large for limits.files = {limits.files:,}")
