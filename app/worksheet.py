"""The worksheet: the questions of the lessons with room to write, and their answers on a page of their own. Plain HTML, for paper."""

from __future__ import annotations

from html import escape
from pathlib import Path

from app.words import words
from gan1d.lessons import Lesson, lessons
from gan1d.render.markup import marked_up
from gan1d.wording import LANGUAGE

STYLE = Path(__file__).parent / "worksheet.css"
LINES = 2
"""Lines to write on, below each question."""


def body(with_key: bool) -> str:
    """The sheet, and where asked for the answers, each in a section that begins on a page of its own."""
    text = words("worksheet")
    questions = "".join(_question(lesson) for lesson in lessons().values())
    sheet = (
        f'<section class="worksheet"><h2>{escape(text["title"])}</h2>'
        f'<p class="who"><span>{escape(text["name"])}</span><span>{escape(text["date"])}</span></p>'
        f'<p class="how">{escape(text["how"])}</p><ol>{questions}</ol></section>'
    )
    if not with_key:
        return sheet
    answers = "".join(_answer(lesson) for lesson in lessons().values())
    return (
        sheet + f'<section class="worksheet key"><h2>{escape(text["key"])}</h2>'
        f'<p class="how">{escape(text["key_note"])}</p><ol>{answers}</ol></section>'
    )


def document(with_key: bool) -> str:
    """The whole as one HTML file that needs nothing else."""
    title = escape(words("worksheet")["title"])
    style = STYLE.read_text("utf-8")
    return (
        f'<!doctype html>\n<html lang="{LANGUAGE}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>'
        f"<style>{style}</style></head><body><main>{body(with_key)}</main></body></html>\n"
    )


def _question(lesson: Lesson) -> str:
    text = words("worksheet")
    choices = "".join(
        f'<li><span class="box">{text["letters"][i]}</span> {marked_up(choice.text)}</li>'
        for i, choice in enumerate(lesson.choices)
    )
    lines = '<span class="line"></span>' * LINES
    return (
        f'<li><h3>{escape(lesson.title)}</h3><p class="setting">{marked_up(lesson.setting)}</p>'
        f"<p>{marked_up(lesson.question)}</p>"
        f'<ul>{choices}</ul><p class="why">{escape(text["why"])}{lines}</p></li>'
    )


def _answer(lesson: Lesson) -> str:
    right = lesson.choices[lesson.right]
    letter = words("worksheet")["letters"][lesson.right]
    return (
        f"<li><h3>{escape(lesson.title)}</h3><p><strong>{letter}</strong> {marked_up(right.text)} "
        f"<span>{marked_up(right.reply)}</span></p></li>"
    )
