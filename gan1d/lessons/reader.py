"""The lesson in a Markdown file, or what is wrong with the file; its form is in `gan1d.lessons`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from gan1d.catalogue import HERE as PACKAGE
from gan1d.catalogue import scenarios
from gan1d.config import Config, ConfigError
from gan1d.lessons.lesson import (
    IN_DATA_UNITS,
    METRICS,
    VIEW,
    Choice,
    Claim,
    Comparison,
    Figure,
    Lesson,
    LessonError,
    Scene,
)
from gan1d.outcomes import LABELS
from gan1d.wording import wording

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

figure_texts = partial(wording, "figures")
"""Name -> the words of a figure: those in it, its caption, and what it shows for who does not see it."""


def pieces(text: str) -> Iterator[str | Figure]:
    """A lesson's text taken apart: Markdown, and the figures between."""
    for i, part in enumerate(FIGURE.split(text)):
        if i % 2:
            yield Figure(part)
        elif part.strip():
            yield part.strip()


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
