"""A page for each lesson: the question, the run, the explanation, something to try. All of it is in the page; a script turns it over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from gan1d.lessons import Figure, Lesson, Scene, pieces
from gan1d.render.markup import marked_up, paragraphs
from gan1d.render.site.pages import Shown
from gan1d.render.site.parts import frame, player_place, turn
from gan1d.render.site.words import text

STEPS = ("question", "run", "explanation", "try")


def page(
    lessons: Sequence[Lesson],
    at: int,
    runs: tuple[str, str],
    still: str,
    scenarios: Mapping[str, Shown],
    figures: Mapping[str, str],
) -> str:
    """The page of one of the lessons.

    runs: names of its two runs' data; still: the first one's picture; scenarios: by their runs; figures: by their names, as HTML.
    """
    lesson, words = lessons[at], text()["lesson"]

    def said(markdown: str) -> str:
        return "".join(figures[p.name] if isinstance(p, Figure) else paragraphs(p) for p in pieces(markdown))

    title = f"{lesson.order}. {lesson.title}"
    scenes = {
        "run": _scene(runs[0], lesson.scene, pointing=False),
        "explanation": _scene(runs[0], lesson.scene, pointing=True),
        "try": _scene(runs[1], lesson.trial, pointing=True),
    }
    steps = "".join(
        f'<li><button type="button" data-step="{step}">{i} {escape(words["steps"][step])}</button></li>'
        for i, step in enumerate(STEPS, start=1)
    )
    last = f'<p class="s-done">{escape(words["last"])}</p>' if at == len(lessons) - 1 else ""
    main = (
        f'<p class="s-kind">{escape(words["kind"])}</p><h1>{escape(title)}</h1>'
        f'<ol class="s-steps" aria-label="{escape(words["steps_label"])}">{steps}</ol>'
        f'<div class="lesson-body" data-lesson="{lesson.name}" data-right="{lesson.right}">'
        + _part("question", said(lesson.intro) + _question(lesson))
        + _part("run", _run(lesson, said(lesson.run)))
        + _part("explanation", f"{_replies(lesson)}<h2>{escape(words['look'])}</h2>{said(lesson.look)}")
        + _part("try", said(lesson.trial_text) + last + _leads(runs[1], scenarios))
        + f'<div class="s-show">{player_place(still, scenes, "../")}</div>'
        + _part(
            "explanation",
            f"<h2>{escape(words['why'])}</h2>{said(lesson.explanation)}{_to('try', words['to_try'])}",
            "s-reasons",
        )
        + "</div>"
        + turn(*(_beside(lessons, at + by, name) for by, name in ((-1, "before"), (1, "after"))))
    )
    return frame(title, words["description"], main, up="../", player=True, kind="lesson")


def _scene(run: str, scene: Scene, pointing: bool) -> dict[str, Any]:
    """How a step plays a run: from the beginning, or where there is something to see, which is pointed at."""
    held = scene.config.training.lr_g == 0  # of a generator that is held no outcome can be told
    more: dict[str, Any] = {"hide": ["outcome"]} if held else {}
    if pointing:
        more |= {"view": scene.view, "highlight": list(scene.highlight)}
    return {"run": run, "more": more}


def _part(step: str, content: str, kind: str = "s-words") -> str:
    return f'<section class="{kind}" data-part="{step}">{content}</section>'


def _to(step: str, words: str) -> str:
    return f'<p class="s-buttons"><button type="button" class="s-button primary" data-step="{step}">{escape(words)}</button></p>'


def _question(lesson: Lesson) -> str:
    words = text()["lesson"]
    choices = "".join(
        f'<label><input type="radio" name="choice" value="{i}"> <span>{marked_up(choice.text)}</span></label>'
        for i, choice in enumerate(lesson.choices)
    )
    return (
        f'<h2>{escape(words["predict"])}</h2><form class="s-question">'
        f"<fieldset><legend>{marked_up(lesson.question)}</legend>{choices}</fieldset>"
        f'<p class="s-buttons"><button type="submit" class="s-button primary" disabled>{escape(words["answer"])}</button>'
        f'<button type="button" class="s-button" data-skip>{escape(words["skip"])}</button></p></form>'
    )


def _run(lesson: Lesson, watch: str) -> str:
    words = text()["lesson"]
    said = "".join(
        f'<span data-when="{i}">{marked_up(words["you_said"].format(choice=choice.text))}</span>'
        for i, choice in enumerate(lesson.choices)
    )
    said += f'<span data-when="skipped">{escape(words["skipped"])}</span>'
    return f'<p class="s-note s-said">{said}</p><p class="s-note">{marked_up(lesson.setting)}</p>{watch}' + _to(
        "explanation", words["to_explanation"]
    )


def _replies(lesson: Lesson) -> str:
    """What is replied to each answer, and to none; one of them is shown."""
    words, right = text()["lesson"], lesson.choices[lesson.right]
    happens = f"<p><strong>{marked_up(words['the_answer'].format(choice=right.text))}</strong></p><p>{marked_up(right.reply)}</p>"
    replies = []
    for i, choice in enumerate(lesson.choices):
        verdict = "right" if choice.is_right else "wrong"
        said = (
            f"<p><strong>{escape(words[verdict])}</strong> {marked_up(choice.text)}</p><p>{marked_up(choice.reply)}</p>"
        )
        said += "" if choice.is_right else happens
        replies.append(f'<div class="s-reply {verdict}" data-when="{i}">{said}</div>')
    replies.append(f'<div class="s-reply" data-when="skipped">{happens}</div>')
    heading = f'<h2 class="s-unscripted">{escape(words["answers"])}</h2>'
    return f'{heading}<div role="status">{"".join(replies)}</div>'


def _leads(run: str, scenarios: Mapping[str, Shown]) -> str:
    """To the scenario that the last run is, where it is one."""
    if run not in scenarios:
        return ""
    s = scenarios[run].scenario
    said = text()["lesson"]["scenario"].format(title=s.title)
    return f'<p><a href="../scenarios/{s.name}.html">{escape(said)}</a></p>'


def _beside(lessons: Sequence[Lesson], at: int, name: str) -> tuple[str, str] | None:
    if not 0 <= at < len(lessons):
        return None
    return f"{lessons[at].name}.html", text()["lesson"][name].format(title=lessons[at].title)
