"""What an export shows and how large, how long and in which colours: checked once, at the door."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, Self

from gan1d.fields import ConfigError, items, number
from gan1d.render.layers import PLAIN
from gan1d.wording import wording

THEMES = ("light", "dark", "print")
MAP = "map"
"""The layer that shows the generator as arrows z -> x; the other layers are `layers.layers`'s."""
LAYERS = (*PLAIN, "d_star", "gap", "samples", "arrows", MAP)
"""Every layer that a picture can show."""
WIDTH, HEIGHT, DPI = (160, 3840), (120, 2160), (36, 1200)
"""Pixels, pixels, and pixels an inch: least and most."""
FPS, GIF_FPS, SECONDS = (1, 60), 50, (0.1, 600)
"""Frames a second; what a GIF, which counts in hundredths of a second, can say at most; seconds."""
MOST_FRAMES = 3000
MOST_STATES = 12
"""Panels of a film strip."""
MOST_ITERATION = 10**9
LONGEST = {"title": 160, "under": 400}
"""Letters."""
LABEL = 160
"""Letters of a run's label."""
FLAGS = {
    "width": "--size",
    "height": "--size",
    "dpi": "--dpi",
    "fps": "--fps",
    "seconds": "--seconds",
    "first": "--from",
    "last": "--to",
    "at": "--at",
    "states": "--states",
    "layers": "--layers",
    "theme": "--theme",
    "title": "--title",
    "caption": "--caption",
    "under": "--caption",
    "transparent": "--transparent",
}
"""A field's name on the command line, which errors speak of."""


class Format(NamedTuple):
    """A kind of file."""

    kind: str
    """movie, still, page, data or code."""
    mime: str
    options: tuple[str, ...]
    """The options that change something in it."""


_LOOK = ("layers", "theme", "title", "caption", "under")
_MOVIE = ("width", "height", "fps", "seconds", "first", "last", *_LOOK)
_STILL = ("width", "height", "dpi", "first", "last", "at", "states", *_LOOK, "transparent")
FORMATS: dict[str, Format] = {
    "mp4": Format("movie", "video/mp4", _MOVIE),
    "webm": Format("movie", "video/webm", _MOVIE),
    "gif": Format("movie", "image/gif", _MOVIE),
    "html": Format("page", "text/html", ("first", "last", "layers", "theme", "title", "caption", "under")),
    "png": Format("still", "image/png", _STILL),
    "svg": Format("still", "image/svg+xml", tuple(name for name in _STILL if name != "dpi")),
    "pdf": Format("still", "application/pdf", _STILL),
    "csv": Format("data", "text/csv", ()),
    "json": Format("data", "application/json", ()),
    "npz": Format("data", "application/octet-stream", ()),
    "py": Format("code", "text/x-python", ()),
}
"""Ending -> what it is."""


text = partial(wording, "export")
"""What is written in exported pictures, and what is said of exports."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How an export looks. Formats that have no use for an option leave it alone, as `FORMATS` says."""

    width: int = 1280
    """Pixels, exactly; even for a movie."""
    height: int = 720
    """Pixels, exactly; even for a movie."""
    dpi: int = 100
    """Pixels an inch of a still picture: how large it is on paper. The pixels stay as many."""
    fps: float = 30.0
    """Frames a second of a movie."""
    seconds: float = 8.0
    """Length of a movie."""
    first: int | None = None
    """Iteration from which states are shown, the nearest recorded; None is the first."""
    last: int | None = None
    """Iteration to which states are shown; None is the last."""
    at: int | None = None
    """Iteration that a still picture shows; None is the last that is shown."""
    states: int = 1
    """Panels of a still picture: more than one are a film strip, over what is shown."""
    layers: tuple[str, ...] | None = None
    """Names from `LAYERS`, those that a run has not are left out; None: those that are on in the player, in a film strip the map too."""
    theme: str = "light"
    """light, dark, or print: dark on white, told apart without colours."""
    title: str = ""
    """Over the picture."""
    caption: bool = True
    """Whether the sentence of what is happening stands under the picture."""
    under: str = ""
    """A sentence of one's own in its place."""
    transparent: bool = False
    """No background, in still pictures only."""

    @property
    def frames(self) -> int:
        """Frames of a movie."""
        return max(1, round(self.fps * self.seconds))

    def checked(self, kind: str | None = None) -> Self:
        """The same options as plain values, each in its range, and fit for a format of `FORMATS` where one is named.

        Raises:
          ConfigError: one that is not, named as on the command line.
        """
        if kind is not None and kind not in FORMATS:
            raise ConfigError("OUT", kind, "its name must end in " + ", ".join(f".{known}" for known in FORMATS))
        what = FORMATS[kind].kind if kind else ""
        found: dict[str, Any] = {}
        for name, (low, high), integer in (
            ("width", WIDTH, True),
            ("height", HEIGHT, True),
            ("dpi", DPI, True),
            ("fps", FPS, False),
            ("seconds", SECONDS, False),
            ("states", (1, MOST_STATES), True),
        ):
            found[name] = number(FLAGS[name], getattr(self, name), low, high, integer)
        for name in ("first", "last", "at"):
            if (value := getattr(self, name)) is not None:
                found[name] = number(FLAGS[name], value, 0, MOST_ITERATION, True)
        for name in ("caption", "transparent"):
            if not isinstance(getattr(self, name), bool):
                raise ConfigError(FLAGS[name], getattr(self, name), "it must be true or false")
        if self.theme not in THEMES:
            raise ConfigError(FLAGS["theme"], self.theme, "it must be " + " or ".join(THEMES))
        found["layers"] = None if self.layers is None else _layers(self.layers)
        found |= {name: line(FLAGS[name], getattr(self, name), most) for name, most in LONGEST.items()}
        new = dataclasses.replace(self, **found)
        new._fit(what, kind or "")
        return new

    def _fit(self, what: str, kind: str) -> None:
        """What must go with something else."""
        if self.first is not None and self.last is not None and self.first > self.last:
            raise ConfigError("--to", self.last, f"it must not be before --from {self.first}")
        if what and what != "still":
            if self.transparent:
                raise ConfigError("--transparent", True, "only png, svg and pdf have no background")
            if self.states > 1:
                raise ConfigError("--states", self.states, "only png, svg and pdf can be a film strip")
            if self.at is not None:
                raise ConfigError("--at", self.at, "only png, svg and pdf show one state")
        if self.at is not None and self.states > 1:
            raise ConfigError("--at", self.at, "a film strip shows several states: use --from and --to")
        if what != "movie":
            return
        if self.width % 2 or self.height % 2:
            raise ConfigError("--size", f"{self.width}x{self.height}", "both must be even for a movie")
        if kind == "gif" and self.fps > GIF_FPS:
            raise ConfigError("--fps", self.fps, f"a GIF has at most {GIF_FPS} frames a second")
        if self.fps * self.seconds > MOST_FRAMES:
            most = math.floor(MOST_FRAMES / self.fps)
            raise ConfigError("--seconds", self.seconds, f"at {self.fps:g} frames a second it must be at most {most}")


def _layers(names: Any) -> tuple[str, ...]:
    """The layers in the order of `LAYERS`, each once."""
    allowed = "it must be names from " + ", ".join(LAYERS)
    names = items("--layers", list(names) if isinstance(names, set | frozenset) else names, 0, 100, allowed)
    for name in names:
        if name not in LAYERS:
            raise ConfigError("--layers", name, allowed)
    return tuple(name for name in LAYERS if name in names)


def line(flag: str, value: Any, longest: int) -> str:
    """Words on one line, whatever white space they came with.

    Raises:
      ConfigError: too many letters, or what cannot be printed; it names the flag.
    """
    if not isinstance(value, str) or len(value) > 10 * longest:
        raise ConfigError(flag, value, f"it must be text of at most {longest} letters")
    words = " ".join(value.split())
    if len(words) > longest or not words.isprintable():
        raise ConfigError(flag, value, f"it must be printable text of at most {longest} letters")
    return words
