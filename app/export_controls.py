"""The controls of the export panel: a format, and the options that change something in it."""

from __future__ import annotations

from typing import Any, NamedTuple

import streamlit as st

from app.export_choice import CUSTOM, NONE, OWN, RUNNING, Choice, control_of
from app.words import words
from gan1d.config import ConfigError
from gan1d.render.options import FORMATS, MAP, MOST_STATES, THEMES
from gan1d.render.scene import timeline
from gan1d.trajectory import Trajectory

KNOWN = ("size", "fps", "seconds", "shown", "heading", "under", "dpi")
"""Controls beside which errors are said; others are said below."""
THOUSANDS = "{:,}".format
text = words("export")


class Subject(NamedTuple):
    """What is exported. about: what the runs are known by; layers: name -> (label, whether it is on) of those that they have."""

    runs: tuple[Trajectory, ...]
    labels: tuple[str, ...]
    about: tuple[str, ...]
    layers: dict[str, tuple[str, bool]]

    @property
    def iterations(self) -> list[int]:
        """Those that can be shown."""
        if len(self.runs) == 1:
            return [int(i) for i in self.runs[0].iteration]
        return [int(i) for i in timeline([run.iteration for run in self.runs])]


def stand_at(key: str, value: Any) -> None:
    """Puts a widget where it is to stand; one that stands there is left alone, since somebody may be typing in it."""
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value


def draw_format(choice: Choice, subject: Subject) -> None:
    """Which kind of file, and what it is for."""
    key = "export format"
    stand_at(key, choice.kind)
    st.selectbox(
        text["format"],
        list(FORMATS),
        format_func=lambda kind: text["formats"][kind][0],
        key=key,
        on_change=lambda: setattr(choice, "kind", st.session_state[key]),
    )
    st.caption(text["formats"][choice.kind][1])


class Controls:
    """The options that change something in the format; what is wrong with one is said beside it."""

    def __init__(self, choice: Choice, subject: Subject, wrong: ConfigError | None):
        self.choice, self.subject, self.wrong = choice, subject, wrong
        self.names = choice.names

    def draw(self) -> None:
        """All of them, in the order in which one decides."""
        if "width" in self.names:
            self._size()
        if "fps" in self.names:
            self._numbers("fps", "seconds")
            self._say("fps", "seconds")
        if "states" in self.names:
            self._panels()
        if "at" in self.names:
            self._moment()
        if "first" in self.names:
            self._stretch()
        if "layers" in self.names:
            self._layers()
        if "theme" in self.names:
            self._theme()
        if "title" in self.names:
            self._words("title", text["heading"])
            self._say("heading")
        if "caption" in self.names:
            self._sentence()
        if "under" in self.names and ("caption" not in self.names or self.choice.sentence == OWN):
            self._words("under", text["under"])
            self._say("under")
        if "dpi" in self.names:
            self._number("dpi")
            self._say("dpi")
        if "transparent" in self.names:
            self._widget("transparent", self.choice.get("transparent"), st.checkbox, text["transparent"])
        if self.wrong is not None and control_of(self.wrong) not in KNOWN:
            st.error(_why(self.wrong))

    def _say(self, *controls: str) -> None:
        if self.wrong is not None and control_of(self.wrong) in controls:
            st.error(_why(self.wrong))

    def _widget(self, name: str, value: Any, widget: Any, *given: Any, **more: Any) -> None:
        """A widget that stands at a value, and sets the option of its name."""
        key = f"export {name}"
        stand_at(key, value)

        def take() -> None:
            self.choice.set(name, st.session_state[key])

        widget(*given, key=key, **({"on_change": take} | more))

    def _number(self, name: str) -> None:
        value = self.choice.get(name)
        more = {
            "step": type(value)(1),
            "format": "%d" if isinstance(value, int) else "%g",
            "help": text.get(f"{name}_help"),
        }
        self._widget(name, value, st.number_input, text[name], **more)

    def _numbers(self, *names: str) -> None:
        """Side by side."""
        for column, name in zip(st.columns(len(names), gap="small"), names, strict=True):
            with column:
                self._number(name)

    def _words(self, name: str, label: str) -> None:
        self._widget(name, self.choice.get(name), st.text_input, label)

    def _size(self) -> None:
        choice, key = self.choice, "export size"
        size = f"{choice.get('width')}x{choice.get('height')}"
        custom = choice.custom or size not in text["sizes"]

        def take() -> None:
            choice.custom = st.session_state[key] == CUSTOM
            if not choice.custom:
                width, _, height = st.session_state[key].partition("x")
                choice.set("width", int(width))
                choice.set("height", int(height))

        value = CUSTOM if custom else size
        sizes = list(text["sizes"])
        more = {"format_func": text["sizes"].get, "help": text["size_help"], "on_change": take}
        self._widget("size", value, st.selectbox, text["size"], sizes, **more)
        if custom:
            self._numbers("width", "height")
        self._say("size")

    def _panels(self) -> None:
        panels = list(range(1, MOST_STATES + 1))
        self._widget(
            "states", self.choice.get("states"), st.select_slider, text["states"], panels, help=text["states_help"]
        )

    def _moment(self) -> None:
        iterations = self.subject.iterations
        at = self.choice.get("at")
        self._widget(
            "at",
            at if at in iterations else iterations[-1],
            st.select_slider,
            text["at"],
            iterations,
            format_func=THOUSANDS,
            help=text["at_help"],
        )

    def _stretch(self) -> None:
        iterations = self.subject.iterations
        if len(iterations) < 2:
            return
        first, last = self.choice.get("first"), self.choice.get("last")
        key = f"export shown {' '.join(self.subject.about)}"

        def take() -> None:
            low, high = st.session_state[key]
            self.choice.set("first", None if low == iterations[0] else low)
            self.choice.set("last", None if high == iterations[-1] else high)

        # Only a value that is given here makes a slider of two ends.
        value = (iterations[0] if first is None else first, iterations[-1] if last is None else last)
        st.select_slider(
            text["shown"], iterations, value, format_func=THOUSANDS, key=key, help=text["shown_help"], on_change=take
        )
        self._say("shown")

    def _layers(self) -> None:
        key, known = "export layers", self.subject.layers
        usual = [name for name, (_, on) in known.items() if on or (name == MAP and self.choice.is_strip)]
        chosen = self.choice.get("layers")

        def take() -> None:
            found = st.session_state[key]
            self.choice.set("layers", None if set(found) == set(usual) else tuple(found))

        value = usual if chosen is None else [name for name in chosen if name in known]
        more = {"selection_mode": "multi", "format_func": lambda name: known[name][0], "on_change": take}
        self._widget("layers", value, st.pills, text["layers"], list(known), **more)

    def _theme(self) -> None:
        more = {"required": True, "format_func": text["themes"].get, "help": text["theme_help"]}
        self._widget("theme", self.choice.get("theme"), st.segmented_control, text["theme"], THEMES, **more)

    def _sentence(self) -> None:
        choice, key = self.choice, "export sentence"

        def take() -> None:
            choice.sentence = st.session_state[key]

        kinds = (RUNNING, OWN, NONE)
        more = {
            "required": True,
            "format_func": text["sentences"].get,
            "help": text["sentence_help"],
            "on_change": take,
        }
        self._widget("sentence", choice.sentence, st.segmented_control, text["sentence"], kinds, **more)


def _why(error: ConfigError) -> str:
    return f"{error.value!r} is not allowed; {error.allowed}"
