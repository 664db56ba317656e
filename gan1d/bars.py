"""How far a command is, on stderr: a bar where a terminal shows it, else a line now and then, for a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Self

EVERY = 30.0
"""Seconds between two lines of a log."""
WIDTH = 20
"""Letters of a bar: what is said stands behind it and may be long."""


class Bar:
    """A bar and what is being done, while the block runs. first: of what is counted, how much was done when it began."""

    def __init__(self, text: str = "", hidden: bool = False):
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        console = Console(stderr=True)
        self.first, self.told = 0, time.monotonic()
        self.in_log = not hidden and not console.is_terminal
        columns = BarColumn(bar_width=WIDTH), TextColumn("{task.description}", markup=False)
        self.bar = Progress(*columns, console=console, transient=True, disable=hidden or self.in_log)
        self.task = self.bar.add_task(text, total=None)

    def __enter__(self) -> Self:
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def say(self, text: str, done: int, total: int) -> None:
        """Moves the bar on."""
        self.bar.update(self.task, description=text, completed=done, total=total)
        if self.in_log and time.monotonic() - self.told > EVERY:
            self.told = time.monotonic()
            print(text, file=sys.stderr, flush=True)

    def counting(self, text: str, things: str) -> Callable[[int, int], None]:
        """What is called with how many things are done, and how many there are: it says the rate and the time left, too.

        The rate is of what came after the first call that had something done: before it lie compilation, and what a resumed run had.
        """
        told, since, began = False, 0, 0.0

        def report(done: int, total: int) -> None:
            nonlocal told, since, began
            now = time.monotonic()
            if not told:
                self.first, told = done, True
            if done and not began:
                since, began = done, now
            said = f"{text}, {done} of {total} {things}"
            if began and done > since:
                rate = (done - since) / max(now - began, 1e-9)
                left = round((total - done) / rate)
                said += f", {rate:.3g} a second, {left // 3600}:{left // 60 % 60:02}:{left % 60:02} left"
            self.say(said, done, total)

        return report
