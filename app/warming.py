"""The programs of all structures that the app offers, compiled ahead, likeliest first: `python -m app.warming`.

The server starts it once its first pages are served. It is a process of its own, of the lowest priority: the compiler takes whole
cores and cannot be stopped half-way, and so a user never waits behind it. What it compiles stays on the disk (`gan1d.store`), from
where the server, and every later one, has it at once. What is there already is not looked at again.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from app.keeper import NICE
from app.state import KINDS
from gan1d.catalogue import DISCRIMINATORS, scenarios
from gan1d.config import GENERATORS, LOSSES, OPTIMIZERS, PENALTIES, Config, Structure, structure
from gan1d.lessons import lessons

ENABLED = "GAN1D_WARM"
"""Set to 0 in the environment, nothing is compiled ahead."""


def likely() -> dict[Structure, Config]:
    """A config of each structure that the app offers by one choice, in the order in which they are likely to be asked for."""
    found: dict[Structure, Config] = {}
    for config in _offered():
        found.setdefault(structure(config), config)
    return found


def _offered() -> Iterator[Config]:
    """The scenarios, each with all discriminators, then the lessons, then the first scenario with every other choice, one at a time."""
    for scenario in scenarios.values():
        yield scenario.config
        yield from (scenario.with_discriminator(kind).config for kind in DISCRIMINATORS)
    for lesson in lessons().values():
        yield from (lesson.scene.config, lesson.trial.config)
    first = next(iter(scenarios.values())).config
    choices = {
        "generator.kind": GENERATORS,
        "training.loss": LOSSES,
        "training.penalty": PENALTIES,
        "training.optimizer": OPTIMIZERS,
    }
    for field, values in choices.items():
        for value in values:
            yield first.replace(**{field: value})
    for kind, fields in KINDS.items():
        yield Config.from_dict(first.to_dict() | {"data": {"kind": kind, **fields(0.0, 1.0)}})


def start() -> subprocess.Popen[bytes] | None:
    """The process that compiles them; None where that is not wanted."""
    if os.environ.get(ENABLED) == "0":
        return None
    command = [sys.executable, "-m", "app.warming"]
    root = Path(__file__).parents[1]
    return subprocess.Popen(
        command, cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


class Done:
    """The structures that have been compiled: a line each in a file beside the programs."""

    def __init__(self, folder: Path):
        self._path = folder / "structures"
        self._known = set(self._path.read_text("utf-8").splitlines()) if self._path.exists() else set()

    def __contains__(self, s: Structure) -> bool:
        return repr(s) in self._known

    def add(self, s: Structure) -> None:
        """Notes one more."""
        self._known.add(repr(s))
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{s!r}\n")


def main() -> None:
    """Compiles until all are there, or until whoever started it is gone."""
    os.nice(NICE)
    if hasattr(os, "SCHED_IDLE"):  # Linux: only what would else stand still
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    parent = os.getppid()
    import gan1d
    from gan1d.programs import for_single_runs
    from gan1d.store import make_folder

    try:
        kept = make_folder()
    except OSError:
        return
    if kept is None:  # nowhere to keep them
        return
    for_single_runs()  # like the server, which is to find the very same programs
    done = Done(kept)
    for s, config in likely().items():
        if os.getppid() != parent:
            return
        if s not in done:
            gan1d.train(config.replace(**{"training.iterations": 1}))
            done.add(s)


if __name__ == "__main__":
    main()
