"""What a tab wants exported: a format, and the options as the panel's controls stand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from app.words import words
from gan1d.config import ConfigError
from gan1d.render.options import FLAGS, FORMATS, Options

STATE = "exporting"
"""Where a tab keeps it."""
MOMENTS = ("first", "last", "at")
"""Options that are iterations: they belong to one run."""
WORDS = ("title", "under")
"""Options that somebody types."""
RUNNING, OWN, NONE = "running", "own", "none"
"""The sentence under the picture: what is happening, one's own, or none."""
CUSTOM = "custom"
DEFAULTS = Options()
CONTROLS = {"--size": "size", "--from": "shown", "--to": "shown", "--title": "heading", "--caption": "under"}
"""An option's name in errors -> the control beside which they are said, where that is not called like it."""
text = words("export")


@dataclass
class Choice:
    """values: what was chosen, by the option's name; custom: the size is typed; about: the runs that iterations of it belong to;
    asked: keys of the exports that this tab has asked for; pressed: that one is to begin."""

    kind: str = "mp4"
    values: dict[str, Any] = field(default_factory=dict)
    custom: bool = False
    sentence: str = RUNNING
    about: tuple[str, ...] = ()
    asked: set[str] = field(default_factory=set)
    pressed: bool = False

    def of(self, about: tuple[str, ...]) -> Choice:
        """The same for these runs: iterations of others are forgotten."""
        if self.about != about:
            for name in MOMENTS:
                self.values.pop(name, None)
            self.about = about
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Options that change something as the others stand: a film strip has a stretch, a single picture a moment."""
        moot = () if "at" not in FORMATS[self.kind].options else ("at",) if self.is_strip else ("first", "last")
        return tuple(name for name in FORMATS[self.kind].options if name not in moot)

    @property
    def is_strip(self) -> bool:
        """Whether several states stand side by side."""
        states = self.get("states")
        return "states" in FORMATS[self.kind].options and isinstance(states, int) and states > 1

    def get(self, name: str) -> Any:
        """An option as it stands."""
        return self.values.get(name, getattr(DEFAULTS, name))

    def set(self, name: str, value: Any) -> None:
        """Chooses; None is the default."""
        if value is None:
            self.values.pop(name, None)
        else:
            self.values[name] = value

    def options(self) -> tuple[Options, ConfigError | None]:
        """(the options that mean something here, what is wrong with them)."""
        fields = {name: self.values[name] for name in self.names if name in self.values}
        if "caption" in self.names:
            fields["caption"] = self.sentence != NONE
            if self.sentence != OWN:
                fields.pop("under", None)
        wanted = Options(**fields)
        try:
            return wanted.checked(self.kind), None
        except ConfigError as e:
            return wanted, e


def control_of(error: ConfigError) -> str:
    """The control beside which an error is said."""
    return CONTROLS.get(error.field, error.field.removeprefix("--"))


def flags(options: Options, kind: str) -> tuple[str, ...]:
    """The same options for `gan1d export`: those that change something and are not as they are anyway."""
    changed = [n for n in FORMATS[kind].options if getattr(options, n) != getattr(DEFAULTS, n)]
    found: dict[str, str] = {}
    for name in changed:
        value = getattr(options, name)
        if name in ("width", "height"):
            found[name] = f"--size={options.width}x{options.height}"
        elif name == "caption":
            found[name] = "--no-caption"
        elif name == "transparent":
            found[name] = FLAGS[name]
        elif name == "layers":
            found[name] = f"{FLAGS[name]}={','.join(value)}"
        else:
            found[name] = f"{FLAGS[name]}={value:g}" if isinstance(value, float) else f"{FLAGS[name]}={value}"
    if options.under:
        found.pop("caption", None)  # one's own sentence is one
    return tuple(dict.fromkeys(found.values()))


def said(options: Options, kind: str) -> str:
    """An export in a few words: its format, size and colours."""
    has = FORMATS[kind].options
    size = text["said_size"].format(width=options.width, height=options.height) if "width" in has else ""
    dark = "theme" in has and options.theme != DEFAULTS.theme
    theme = text["said_theme"].format(theme=text["themes"][options.theme]) if dark else ""
    return str(text["said"].format(format=text["formats"][kind][0], size=size, theme=theme))


def bytes_said(count: int) -> str:
    """How large a file is, as a person says it."""
    unit, n = ("B", count) if count < 1000 else ("kB", count / 1e3) if count < 999_500 else ("MB", count / 1e6)
    return str(text["bytes"][unit].format(n=n))
