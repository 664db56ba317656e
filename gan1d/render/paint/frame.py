"""What stands around the panels: title and counter over them, and the sentence of what is happening under them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.artist import Artist

from gan1d.render.paint import shapes
from gan1d.render.paint.boxes import Box, Look
from gan1d.render.paint.letters import Words, shortened, width, wrapped
from gan1d.render.palette import Colour, Dash, Line

LEADING = 1.32
"""Height of a line, in its letters."""
TITLE, COUNTER, SIDE, CAPTION, HEAD = 1.5, 1.6, 1.15, 1.25, 1.15
"""Sizes, in the picture's letters; of a head in its panel's."""
SWATCH = 2.0
"""Length of a piece of line before a name, in letters."""
SMALLER = (1.0, 0.85, 0.72)
"""What is too long for its lines is written smaller, in these steps."""
TITLE_LINES, CAPTION_LINES, MOST_LINES = 2, 2, 4


class Fitted(NamedTuple):
    """Words that fit: their size and how many lines they take."""

    size: float
    lines: int


def fitted(many: Sequence[str], size: float, room: float, lines: int, bold: bool = False) -> Fitted:
    """The largest size at which each of the sentences takes no more than so many lines; the smallest, if none does."""
    for smaller in SMALLER:
        found = Fitted(
            size * smaller, max((len(wrapped(words, size * smaller, room, bold)) for words in many), default=0)
        )
        if found.lines <= lines:
            break
    return found


class Head(NamedTuple):
    """What stands over a panel, or over a row of them: a run's name, or a state's."""

    name: str
    label: str
    colour: Colour
    """Of the name."""
    dash: Dash | None
    """Of the piece of line before the name; None: there is none."""
    short: str = ""
    """The name where there is little room."""


class State(NamedTuple):
    """What has become of a run."""

    words: str = ""
    short: str = ""
    alarm: bool = False


UNSAID = State()


class Heading:
    """A head at the top of a box, and at its right what has become of the run."""

    def __init__(self, head: Head, box: Box, look: Look):
        self.palette, self.label = look.palette, head.label
        size = HEAD * look.letters
        self.height = (LEADING + 0.2) * size
        self.y, self.from_, self.right = box.top - size, box.left, box.right
        self.artists: list[Artist] = []
        if head.dash is not None:
            line = shapes.curve(Line(head.colour, 2.0, head.dash), look, None)
            line.set_data([box.left, box.left + SWATCH * size], [self.y + 0.36 * size] * 2)
            self.artists.append(line)
            self.from_ += (SWATCH + 0.5) * size
        name = Words(size, head.colour, bold=True)
        called = head.name if width(head.name, size, True) <= self.right - self.from_ else head.short
        name.put(shortened(called, size, self.right - self.from_, True), self.from_, self.y)
        self.from_ += width(called, size, True) + 0.6 * size
        self.said, self.state = Words(size, self.palette.text), Words(size, self.palette.text, align="right")
        self.artists += [name, self.said, self.state]
        self.say()

    def say(self, now: State = UNSAID) -> None:
        """What has become of the run, in short where there is little room; its label gives way."""
        size, room = self.state.size, self.right - self.from_
        fits = width(now.words, size, now.alarm) <= room
        words = now.words if fits else shortened(now.short, size, room, now.alarm)
        self.state.restyle(self.palette.alarm if now.alarm else self.palette.text, now.alarm)
        self.state.put(words, self.right, self.y)
        taken = width(words, size, now.alarm) + size if words else 0.0
        self.said.put(shortened(self.label, size, room - taken), self.from_, self.y)


class Lines:
    """A block of lines, its first one at the top of a box."""

    def __init__(self, box: Box, fit: Fitted, colour: Colour, most: int, bold: bool = False):
        self.box, self.size, self.bold = box, fit.size, bold
        self.words = [Words(fit.size, colour, bold=bold) for _ in range(min(fit.lines, most))]

    @property
    def height(self) -> float:
        """Of all its lines."""
        return len(self.words) * LEADING * self.size

    def say(self, said: str) -> None:
        """Other words; what there is no line for is cut off."""
        found = wrapped(said, self.size, self.box.width, self.bold)
        if len(found) > len(self.words) and self.words:
            last = " ".join(found[len(self.words) - 1 :])
            found = [*found[: len(self.words) - 1], shortened(last, self.size, self.box.width, self.bold)]
        for k, words in enumerate(self.words):
            y = self.box.top - (1.0 + LEADING * k) * self.size
            words.put(found[k] if k < len(found) else None, self.box.left, y)


class Counter:
    """iteration 360 of 2 100, the number bold; and what is said at the right of it, or, where there is no room, under it."""

    def __init__(self, look: Look, box: Box, template: str, total: str, sides: Sequence[str], size: float = COUNTER):
        palette = look.palette
        before, _, after = template.partition("{n}")
        self.before, self.after = before.strip(), after.format(total=total).strip()
        self.size, self.left = size * look.letters, box.left
        own = self._wide(total)
        if own > box.width:  # a very small picture
            self.size *= 0.96 * box.width / own
            own = self._wide(total)
        self.number = Words(self.size, palette.text, bold=True, spelled=True)
        self.around = [Words(self.size, palette.muted), Words(self.size, palette.muted)]
        self.side = Words(SIDE * look.letters, palette.text, bold=False, align="right")
        room = box.width - own - 1.2 * self.size
        self.apart = any(width(words, self.side.size, True) > room for words in sides)
        self.side_room = box.width if self.apart else room
        self.y = box.top - 0.95 * self.size
        self.right = box.right
        self.side_y = self.y - (LEADING + 0.1) * self.side.size if self.apart else self.y
        self.height = 1.2 * self.size + (LEADING * self.side.size if self.apart else 0.0)
        if self.apart:
            self.side.set_horizontalalignment("left")
            self.right = box.left
        self.artists: list[Artist] = [*self.around, self.number, self.side]

    @property
    def _space(self) -> float:
        return width("n n", self.size) - width("nn", self.size)

    def _wide(self, number: str) -> float:
        words = width(self.before, self.size) + width(number, self.size, True) + width(self.after, self.size)
        return words + 2 * self._space

    def say(self, number: str, now: State, colour: Colour) -> None:
        """Counts, and says something beside it."""
        x = self.left
        self.around[0].put(self.before, x, self.y)
        x += width(self.before, self.size) + self._space
        self.number.put(number, x, self.y)
        x += width(number, self.size, True) + self._space
        self.around[1].put(self.after, x, self.y)
        self.side.restyle(colour, now.alarm)
        fits = width(now.words, self.side.size, now.alarm) <= self.side_room
        words = now.words if fits else shortened(now.short, self.side.size, self.side_room, now.alarm)
        self.side.put(words, self.right, self.side_y)
