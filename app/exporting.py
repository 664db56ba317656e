"""Exports: each is made by a process of its own, a few at once, the others wait in line. Finished files are kept for a while.

What is asked for is known by what is in it: the same export of the same run is made once, whoever asks, and who comes back after a
reload finds it. Everything lies in one temporary folder, which goes with the server.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import tempfile
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

import streamlit as st

from app.export_making import GRACE, ExportError, Making
from app.temporary import Temporary, temporary
from app.words import words
from gan1d.trajectory import Trajectory

State = Literal["waiting", "running", "done", "failed", "cancelled"]
COMMAND = (sys.executable, "-m", "gan1d", "export")
"""What makes a file of saved runs."""
AT_ONCE = 2
"""Exports that run side by side: as many as the smallest machine has cores."""
LINE = 20
"""Exports that may wait; more are refused, in words."""
KEPT, ROOM = 48, 512 * 1024**2
"""Finished files, and their bytes, beyond which the one asked for longest ago goes."""
LOOKED = 5.0
"""Seconds for which somebody who has looked at an export counts as waiting for it."""
PREFIX = "gan1d-exports-"
text = words("export")


class Order(NamedTuple):
    """What is asked for. name: the file's, with its ending; flags: of `gan1d export`; about: what the runs are known by; said: in words;
    typed: whether somebody's own words are in it, so that it is offered to nobody else."""

    runs: tuple[Trajectory, ...]
    name: str
    flags: tuple[str, ...]
    about: tuple[str, ...]
    said: str = ""
    typed: bool = False

    @property
    def key(self) -> str:
        """The same for the same file."""
        return hashlib.sha256(json.dumps([self.about, self.name, self.flags]).encode()).hexdigest()[:24]


@dataclass(eq=False)
class Export:
    """One export, as far as it is. done of total: pictures or other steps, 0 of 0 before the first word of it; size in bytes."""

    order: Order
    making: Making
    state: State = "waiting"
    done: int = 0
    total: int = 0
    why: str = ""
    path: Path | None = None
    size: int = 0
    looked: dict[str, float] = field(default_factory=dict)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def is_alive(self) -> bool:
        """Whether it is on its way."""
        return self.state in ("waiting", "running")

    def content(self) -> bytes:
        """The finished file.

        Raises:
          OSError: it has gone.
        """
        assert self.path is not None
        return self.path.read_bytes()

    def told(self, done: int, total: int) -> None:
        """Takes down how far it is."""
        self.done, self.total = done, total


class Exports:
    """One for the whole server."""

    def __init__(self, command: Sequence[str], at_once: int = AT_ONCE, kept: int = KEPT, room: int = ROOM):
        self._command, self._at_once, self._kept, self._room = tuple(command), at_once, kept, room
        self._known: OrderedDict[str, Export] = OrderedDict()
        self._lock = threading.RLock()
        self._place: Temporary | None = None

    def find(self, key: str, who: str = "") -> Export | None:
        """An export that was asked for, as it stands. who: the one that looks, and counts as waiting for it."""
        with self._lock:
            found = self._known.get(key)
            if found and who:
                found.looked[who] = time.monotonic()
            return found

    def all(self, about: tuple[str, ...]) -> list[Export]:
        """Every export of these runs, the last asked for first."""
        with self._lock:
            return [export for export in reversed(self._known.values()) if export.order.about == about]

    def before(self, export: Export) -> int:
        """How many go first of those that are on their way."""
        with self._lock:
            alive = [e for e in self._known.values() if e.is_alive]
            return alive.index(export) if export in alive else 0

    def start(self, order: Order, who: str = "") -> Export:
        """Puts an export at the end of the line, unless it is there, runs or is done. Where too many wait it fails at once, and says so."""
        with self._lock:
            key = order.key
            found = self._known.get(key)
            if found is None or not (found.is_alive or found.state == "done"):
                self._known.pop(key, None)
                found = self._known[key] = Export(order, Making(self._command))
                if sum(e.state == "waiting" for e in self._known.values()) > LINE:
                    found.state, found.why = "failed", text["full"]
                    found.ended.set()
            if not found.is_alive:  # the line stays as it is
                self._known.move_to_end(key)
            if who:
                found.looked[who] = time.monotonic()
            self._next()
            return found

    def cancel(self, key: str, who: str = "") -> None:
        """Ends an export and waits until nothing is left of it, unless somebody else looks at it: then it goes on for them."""
        with self._lock:
            export = self._known.get(key)
            if export is None or not export.is_alive:
                return
            export.looked.pop(who, None)
            if any(time.monotonic() - at < LOOKED for at in export.looked.values()):
                return
            was, export.state = export.state, "cancelled"
            del self._known[key]
        export.making.end()
        if was == "waiting":
            export.ended.set()
        export.ended.wait(GRACE + 1)

    def _next(self) -> None:
        """Begins what is next in line."""
        with self._lock:
            free = self._at_once - sum(e.state == "running" for e in self._known.values())
            for export in [e for e in self._known.values() if e.state == "waiting"][: max(free, 0)]:
                export.state = "running"
                # A daemon: a server that ends waits for no export, and ends its processes itself.
                threading.Thread(target=self._make, args=(export,), name="export", daemon=True).start()

    def _make(self, export: Export) -> None:
        order, folder = export.order, None
        try:
            folder = Path(tempfile.mkdtemp(prefix=f"{order.key[:8]}-", dir=self._folder()))
            path = export.making.run(order.runs, order.name, order.flags, folder, export.told)
        except (OSError, ValueError, ExportError) as e:  # ValueError: a word that no command line can hold
            self._finish(export, folder, why=str(e))
        except BaseException:
            self._finish(export, folder, why=text["broken"])
            raise
        else:
            self._finish(export, folder, path)
        finally:
            export.ended.set()
            self._next()

    def _finish(self, export: Export, folder: Path | None, path: Path | None = None, why: str = "") -> None:
        """Says how it ended, and makes room."""
        with self._lock:
            if path is not None:
                with suppress(OSError):
                    export.size = path.stat().st_size
            if export.state == "running":
                export.path, export.why = path, why[:500]
                export.state = "done" if path else "failed"
            export.order = export.order._replace(runs=())
            export.looked.clear()
            if export.state != "done" and folder is not None:
                shutil.rmtree(folder, ignore_errors=True)
            self._make_room()

    def _make_room(self) -> None:
        ended = [(key, e) for key, e in self._known.items() if not e.is_alive]
        bytes_ = sum(e.size for _, e in ended)
        while len(ended) > self._kept or (len(ended) > 1 and bytes_ > self._room):
            key, old = ended.pop(0)
            bytes_ -= old.size
            del self._known[key]
            if old.path is not None:
                shutil.rmtree(old.path.parents[1], ignore_errors=True)

    def _folder(self) -> Path:
        """Where all of it lies; made when it is first needed."""
        with self._lock:
            if self._place is None:
                self._place = temporary(PREFIX)
                weakref.finalize(self, _leave, self._place, self._known)  # also when the server ends
            return self._place.path


def _leave(place: Temporary, known: OrderedDict[str, Export]) -> None:
    """Nothing is left when the server goes."""
    for export in list(known.values()):
        export.making.kill()
    place.leave()


@st.cache_resource(show_spinner=False)
def exports() -> Exports:
    """The server's exports."""
    return Exports(COMMAND)
