"""Lessons, read from Markdown files with TOML front matter: what is asked, trained, claimed and shown.

A file: front matter between two lines ``+++``, the introduction, then the sections of `SECTIONS` under headings of the second level.
The front matter::

    title = "Mode collapse"
    order = 5
    setting = "Data: …"           # what is trained, in words, for the worksheet
    [config]                      # what is trained: a scenario, and the settings that differ from it
    scenario = "far-modes-linear"
    "data.means" = [-3, 8]
    [claim]                       # what must come out: `Claim`
    outcome = "mode collapse"
    w1 = "> 0.8 sigma"
    at_least = 0.9
    [view]                        # how the explanation shows it: `VIEW`, and what is marked in the picture
    layers = ["real", "generated"]
    iteration = 2100
    highlight = ["generated", "w1", "caption"]
    [try.config]                  # the last step's run: settings that differ from the above, or another scenario; also claim and view

Before the tables may stand ``images = ["digits-dcgan"]``: shipped runs on images, which the lesson leads to.

The question's choices are a list, ``- [x]`` the right one and ``- [ ]`` the others, each with its reply in indented lines below it.
In the other sections a line ``figure: NAME`` stands where one of `figure_texts` is to be seen.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gan1d.catalogue import HERE as PACKAGE
from gan1d.catalogue import scenarios
from gan1d.config import Config, ConfigError
from gan1d.data import target
from gan1d.outcomes import LABELS
from gan1d.trajectory import Trajectory

HERE = PACKAGE / "text" / "lessons"
LANGUAGE = "en"
IMAGES = PACKAGE / "assets" / "image"
"""Where the shipped runs on images lie, each in a folder ``run-NAME``."""
FENCE = "+++"
SECTIONS = ("question", "run", "explanation", "look", "try")
"""Headings of a file, in this order; what stands before the first is the introduction."""
MOST_CHOICES = 9
"""Choices of a question: the address bar has one digit for an answer."""
FIGURE = re.compile(r"^figure:[ \t]*(.*?)[ \t]*$", re.MULTILINE)
NAME = re.compile(r"[a-z][a-z0-9_]*")
NUMBER = r"-?\d+(?:\.\d+)?"
COMPARISON = re.compile(
    rf"(?:(?P<sign>[<>]) (?P<bound>{NUMBER})|(?P<near>{NUMBER}) ± (?P<by>\d+(?:\.\d+)?))(?P<unit> sigma)?"
)


class LessonError(ValueError):
    """A lesson's file that cannot be read; the message names the file, the field, the value and what is allowed."""

    def __init__(self, file: str, field: str, value: object, allowed: str):
        self.file, self.field, self.value, self.allowed = file, field, value, allowed
        super().__init__(f"{file}: {field}: {value!r} is not allowed; {allowed}")


def distance_to_best(run: Trajectory) -> float:
    """Mean distance of D from the best D at the end, over real and generated points in equal number; NaN where there is no best."""
    if run.d_star is None:
        return float("nan")
    where = run.p_data + run.p_gen[-1]
    return float(np.sum(where * np.abs(run.d[-1] - run.d_star[-1])) / np.sum(where))


METRICS: dict[str, Callable[[Trajectory], float]] = {
    name: (lambda run, name=name: float(getattr(run, name)[-1]))
    for name in ("w1", "mean", "std", "jsd", "loss_d", "loss_g")
} | {"d_gap": distance_to_best}
"""What a claim can compare, on the last recorded state."""
IN_DATA_UNITS = ("w1", "mean", "std")
"""Those that may be compared in standard deviations of the data."""
VIEW: dict[str, type | tuple[type, ...]] = {
    "layers": list,
    "iteration": int,
    "curves": dict,
    "heat": bool,
    "map": bool,
    "steps": bool,
    "equations": bool,
    "speed": (int, float),
}
"""What of the player's view a lesson may set, and of which type it is."""
BLOCKS = ("caption", "outcome")
"""Parts of the player that can be marked beside layers and charts."""


class Comparison(NamedTuple):
    """low < metric - near < high; low and high in standard deviations of the data where `sigma`."""

    metric: str
    near: float
    low: float
    high: float
    sigma: bool

    def holds(self, run: Trajectory) -> bool:
        """Whether it is true of a run; of what is not a number nothing is."""
        value = METRICS[self.metric](run)
        unit = target(run.config.data).std if self.sigma else 1.0
        return bool(self.low * unit < value - self.near < self.high * unit)


class Claim(NamedTuple):
    """What must come out: an outcome by the inequality of `gan1d.outcomes`, and comparisons; in at least a share of all seeds."""

    outcome: str | None
    comparisons: tuple[Comparison, ...]
    at_least: float

    def holds(self, run: Trajectory) -> bool:
        """Whether it is true of a run."""
        right = self.outcome is None or LABELS[self.outcome](run)
        return right and all(comparison.holds(run) for comparison in self.comparisons)


class Figure(NamedTuple):
    """A place in a text where a figure stands."""

    name: str


class Scene(NamedTuple):
    """A run and how it is shown. view: what the player starts from; highlight: names of layers, charts and blocks that are marked."""

    config: Config
    claim: Claim
    view: dict[str, Any]
    highlight: tuple[str, ...]


class Choice(NamedTuple):
    """An answer that can be given to a question, and what is replied."""

    text: str
    reply: str
    is_right: bool


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """One lesson; the texts are Markdown, but for their figures: see `pieces`. images: shipped runs on images that it leads to."""

    name: str
    title: str
    order: int
    setting: str
    scene: Scene
    trial: Scene
    intro: str
    question: str
    choices: tuple[Choice, ...]
    run: str
    explanation: str
    look: str
    trial_text: str
    images: tuple[str, ...] = ()

    @property
    def right(self) -> int:
        """Index of the right choice."""
        return next(i for i, choice in enumerate(self.choices) if choice.is_right)

    @property
    def texts(self) -> tuple[str, ...]:
        """Those that figures may stand in."""
        return self.intro, self.run, self.explanation, self.look, self.trial_text


@cache
def figure_texts() -> Mapping[str, Mapping[str, str]]:
    """Name -> the words of a figure: those in it, its caption, and what it shows for who does not see it."""
    words: dict[str, dict[str, str]] = json.loads((HERE.parent / f"figures.{LANGUAGE}.json").read_text("utf-8"))
    return words


def pieces(text: str) -> Iterator[str | Figure]:
    """A lesson's text taken apart: Markdown, and the figures between."""
    for i, part in enumerate(FIGURE.split(text)):
        if i % 2:
            yield Figure(part)
        elif part.strip():
            yield part.strip()


@cache
def lessons() -> Mapping[str, Lesson]:
    """Name -> lesson, in the order of the course.

    Raises:
      LessonError: a file that cannot be read, or numbers that do not follow one another.
    """
    found = sorted((read(path) for path in HERE.glob(f"*.{LANGUAGE}.md")), key=lambda lesson: lesson.order)
    for number, lesson in enumerate(found, start=1):
        if lesson.order != number:
            raise LessonError(f"{lesson.name}.{LANGUAGE}.md", "order", lesson.order, f"the next number is {number}")
    return {lesson.name: lesson for lesson in found}


def read(path: Path) -> Lesson:
    """The lesson in a file.

    Raises:
      LessonError: whatever is wrong with the file.
    """
    return _Reader(path.name).lesson(path.name.split(".")[0], path.read_text("utf-8"))


class _Reader:
    """Reads one file; it knows the file's name, which every error says."""

    def __init__(self, file: str):
        self.file = file

    def error(self, field: str, value: object, allowed: str) -> LessonError:
        return LessonError(self.file, field, value, allowed)

    def lesson(self, name: str, text: str) -> Lesson:
        head, _, body = text.removeprefix(FENCE).partition(f"\n{FENCE}\n")
        if not text.startswith(FENCE + "\n") or not body:
            raise self.error(
                "front matter", text[:20], f"a file begins with TOML between two lines {FENCE}, and a text follows"
            )
        try:
            raw = tomllib.loads(head)
        except tomllib.TOMLDecodeError as e:
            raise self.error("front matter", str(e), "it must be TOML") from None
        self.known("", raw, ("title", "order", "setting", "images", "config", "claim", "view", "try"))
        for field, kind in {
            "title": str,
            "setting": str,
            "order": int,
            "config": dict,
            "claim": dict,
            "view": dict,
            "try": dict,
        }.items():
            if not isinstance(raw.get(field), kind):
                raise self.error(field, raw.get(field), f"it must be given, as {_NAMES[kind]}")
        self.known("try.", raw["try"], ("config", "claim", "view"))
        scene = self.scene("", raw, None)
        sections = self.sections(body)
        question, choices = self.question(sections["question"])
        return Lesson(
            name=name,
            title=raw["title"],
            order=raw["order"],
            setting=raw["setting"],
            scene=scene,
            trial=self.scene("try.", raw["try"], scene.config),
            intro=sections[""],
            question=question,
            choices=choices,
            run=sections["run"],
            explanation=sections["explanation"],
            look=sections["look"],
            trial_text=sections["try"],
            images=self.images(raw.get("images", [])),
        )

    def images(self, names: object) -> tuple[str, ...]:
        there = sorted(path.name.removeprefix("run-") for path in IMAGES.glob("run-*"))
        if not isinstance(names, list) or len(names) > 2 or any(name not in there for name in names):
            raise self.error("images", names, "it must be a list of one or two of " + ", ".join(there))
        return tuple(names)

    def known(self, prefix: str, table: Mapping[str, Any], allowed: Iterable[str]) -> None:
        for key in table:
            if key not in allowed:
                raise self.error(prefix + key, table[key], "the fields here are " + ", ".join(allowed))

    def scene(self, prefix: str, raw: Mapping[str, Any], base: Config | None) -> Scene:
        for field in ("config", "claim", "view"):
            if not isinstance(raw.get(field), dict):
                raise self.error(prefix + field, raw.get(field), "it must be given, as a table")
        config = self.config(f"{prefix}config", raw["config"], base)
        view = dict(raw["view"])
        highlight = view.pop("highlight", [])
        self.view(f"{prefix}view", view, highlight, config)
        return Scene(config, self.claim(f"{prefix}claim", raw["claim"]), view, tuple(highlight))

    def config(self, field: str, raw: Mapping[str, Any], base: Config | None) -> Config:
        changes = dict(raw)
        name = changes.pop("scenario", None)
        if name is not None or base is None:
            if name not in scenarios:
                raise self.error(f"{field}.scenario", name, "it must be one of " + ", ".join(scenarios))
            base = scenarios[name].config
        try:
            return base.replace(**changes)
        except ConfigError as e:
            raise self.error(f"{field}.{e.field}", e.value, e.allowed) from None

    def claim(self, field: str, raw: Mapping[str, Any]) -> Claim:
        claims = dict(raw)
        share = claims.pop("at_least", None)
        if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 < share <= 1:
            raise self.error(f"{field}.at_least", share, "it must be the share of seeds, more than 0 and up to 1")
        outcome = claims.pop("outcome", None)
        if outcome is not None and outcome not in LABELS:
            raise self.error(f"{field}.outcome", outcome, "it must be one of " + ", ".join(LABELS))
        self.known(f"{field}.", claims, METRICS)
        if outcome is None and not claims:
            raise self.error(field, raw, "it must have an outcome or a comparison: outcome, " + ", ".join(METRICS))
        return Claim(outcome, tuple(self.comparison(field, *item) for item in claims.items()), float(share))

    def comparison(self, field: str, metric: str, text: object) -> Comparison:
        match = COMPARISON.fullmatch(text) if isinstance(text, str) else None
        sigma = bool(match and match["unit"])
        if match is None or (sigma and metric not in IN_DATA_UNITS):
            allowed = "it must be as in '< 0.1', '> 0.5' or '1.386 ± 0.02'"
            allowed += (
                ", with ' sigma' behind it for standard deviations of the data" if metric in IN_DATA_UNITS else ""
            )
            raise self.error(f"{field}.{metric}", text, allowed)
        if match["near"]:
            near, by = float(match["near"]), float(match["by"])
            return Comparison(metric, near, -by, by, sigma)
        bound = float(match["bound"])
        low, high = (-np.inf, bound) if match["sign"] == "<" else (bound, np.inf)
        return Comparison(metric, 0.0, low, high, sigma)

    def view(self, field: str, view: Mapping[str, Any], highlight: object, config: Config) -> None:
        self.known(f"{field}.", view, VIEW)
        for key, value in view.items():
            kind = VIEW[key]
            if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
                raise self.error(f"{field}.{key}", value, f"it must be {_NAMES[kind]}")
        end = config.training.iterations
        if not 0 <= view.get("iteration", 0) <= end:
            raise self.error(f"{field}.iteration", view["iteration"], f"it must be an iteration of the run, 0 to {end}")
        for key, names in (("layers", view.get("layers", [])), ("highlight", highlight)):
            if not isinstance(names, list):
                raise self.error(f"{field}.{key}", names, "it must be a list of names")
            for name in names:
                if not isinstance(name, str) or not NAME.fullmatch(name):
                    raise self.error(f"{field}.{key}", name, "a name is of small letters, digits and underscores")

    def sections(self, body: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for part in re.split(r"^## ", "\n" + body, flags=re.MULTILINE):
            heading, _, text = part.partition("\n")
            found[heading.strip().lower()] = text.strip()
        if tuple(found) != ("", *SECTIONS):
            raise self.error(
                "headings", [name for name in found if name], "they must be, in this order: " + ", ".join(SECTIONS)
            )
        for name, text in found.items():
            if not text:
                raise self.error(name or "introduction", "", "it must not be empty")
            allowed = () if name == "question" else tuple(figure_texts())
            for figure in FIGURE.findall(text):
                if figure not in allowed:
                    known = "it must be one of " + ", ".join(allowed) if allowed else "no figure may stand here"
                    raise self.error(f"{name or 'introduction'}.figure", figure, known)
        return found

    def question(self, text: str) -> tuple[str, tuple[Choice, ...]]:
        question, *items = re.split(r"^- \[(?=[ x]\] )", text, flags=re.MULTILINE)
        choices = []
        for item in items:
            line, _, reply = item[3:].partition("\n")
            reply = " ".join(reply.split())
            if not reply:
                raise self.error("question", line, "every choice must have a reply, in indented lines below it")
            choices.append(Choice(line.strip(), reply, item.startswith("x")))
        if not 2 <= len(choices) <= MOST_CHOICES:
            raise self.error(
                "question", f"{len(choices)} choices", f"there must be 2 to {MOST_CHOICES}: '- [x] …' and '- [ ] …'"
            )
        if (right := sum(choice.is_right for choice in choices)) != 1:
            raise self.error("question", f"{right} right choices", "there must be one: '- [x] …'")
        if not question.strip():
            raise self.error("question", "", "it must be asked before its choices")
        return question.strip(), tuple(choices)


_NAMES: dict[Any, str] = {
    str: "a text",
    int: "a whole number",
    dict: "a table",
    list: "a list of names",
    bool: "true or false",
    (int, float): "a number",
}
