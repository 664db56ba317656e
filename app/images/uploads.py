"""Images of one's own: a file is looked at once, kept beside the jobs under what it holds, and then trains as the embedded data do."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path
from typing import NamedTuple

import streamlit as st

from app.images import training
from app.jobs import jobs
from app.processes import read as read_json
from app.processes import write as write_json
from app.words import words
from gan1d.config import ConfigError

CHOICE, FILE = "image data", "image file"
"""Keys: of the choice of data, and of the file that is handed in."""
EMBEDDED = ("digits", "stacked-digits", "faces")
OWN = "own"
LARGEST = 200
"""Megabytes of a file: CIFAR-10 as one archive has 163, MNIST's images have 10."""
UNPACKED = 1024 * 1024**2
"""Bytes of all images of a file, which lie in memory."""
KEPT = 8
"""Files that are kept; beyond them the oldest is forgotten. One that a run in line still needs is spared."""
ABOUT = "about.json"
text = words("images")


class Own(NamedTuple):
    """A file that was handed in, and what is in it."""

    path: str
    name: str
    images: int
    channels: int
    height: int
    width: int
    modes: int


class UploadError(ValueError):
    """A file that cannot be used; the message says why in one line."""


def store() -> Path:
    """Where such files lie, beside the jobs."""
    return jobs().root.parent / "images"


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # another page forgot it just now
        return 0.0


def kept() -> dict[str, Own]:
    """What was handed in here, the last first: key -> what is in it."""
    found = {}
    for about in sorted(store().glob(f"*/{ABOUT}"), key=_changed, reverse=True):
        try:
            own = Own(**read_json(about))
            if Path(own.path).is_file():
                found[about.parent.name] = own
        except TypeError:  # of another version, or damaged
            continue
    return found


def take(name: str, content: bytes) -> str:
    """Looks at a file and keeps it; its key.

    Raises:
      UploadError: it is too large, cannot be kept, or is nothing to train on.
    """
    if len(content) > LARGEST * 1024**2:
        raise UploadError(text["upload"]["large"].format(most=LARGEST))
    key = hashlib.sha256(content).hexdigest()[:16]
    folder = store() / key
    path = folder / safe(name)
    if (folder / ABOUT).exists() and key in kept():
        return key
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        write_json(folder / ABOUT, _about(path, name)._asdict())
    except OSError as e:
        shutil.rmtree(folder, ignore_errors=True)
        raise UploadError(text["upload"]["unwritable"].format(why=e.strerror or e)) from None
    except UploadError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    needed = {mine.config.data for mine in training.kept() if mine.job.is_alive or mine.paused}
    for old, own in list(kept().items())[KEPT:]:
        if own.path not in needed:
            shutil.rmtree(store() / old, ignore_errors=True)
    return key


def safe(name: str) -> str:
    """A file's name without what a path could make of it; its ending stays, for it says what is in it."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name)[-60:].lstrip(".-") or "images"


def _about(path: Path, name: str) -> Own:
    """What is in a file.

    Raises:
      UploadError: nothing to train on; in the loader's words, without the folder that the file now lies in.
    """
    from gan1d.image.data import Limits, load

    try:
        found = load(path, limits=Limits(bytes=UNPACKED))
    except (ConfigError, ValueError) as e:
        said = str(e).replace(str(path), safe(name)).splitlines()
        raise UploadError(text["upload"]["refused"].format(why=said[0] if said else "–")) from None
    count, height, width, channels = found.images.shape
    return Own(str(path), name[:60], count, channels, height, width, found.modes)


def held(own: Own) -> str:
    """What is in a file, in words."""
    said = text["upload"]
    classes = said["classes"]["some" if own.modes else "none"].format(modes=own.modes)
    return str(said["holds"]).format(images=own.images, colour=said["colours"][str(own.channels)], classes=classes)


def draw_choice() -> dict[str, Own]:
    """The choice of data, and where a file is handed in; what was handed in here."""
    own = kept()
    options = [*EMBEDDED, *own, OWN]
    if st.session_state.get(CHOICE) not in options:
        st.session_state[CHOICE] = EMBEDDED[0]

    def said(name: str) -> str:
        if name in own:
            return own[name].name
        return str(text["data"][name]["title"])

    chosen = st.selectbox(text["data_label"], options, format_func=said, key=CHOICE)
    if chosen == OWN:
        st.file_uploader(
            text["upload"]["label"],
            key=FILE,
            help=text["upload"]["help"],
            max_upload_size=LARGEST,
            on_change=_taken,
        )
    elif chosen in own:
        st.caption(held(own[chosen]))
    else:
        st.caption(text["data"][chosen]["help"])
    if error := st.session_state.pop("image upload error", None):
        st.error(error)
    return own


def _taken() -> None:
    if (file := st.session_state.get(FILE)) is None:
        return
    try:
        st.session_state[CHOICE] = take(file.name, file.getvalue())
    except UploadError as e:
        st.session_state["image upload error"] = str(e)
