"""The lessons: their flow on the page, and what is printed of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import streamlit
from streamlit.testing.v1 import AppTest

import gan1d
from app import link
from app.course import STEPS, Course
from app.images import choosing
from app.words import words
from app.worksheet import body, document
from gan1d.lessons import lessons, pieces
from gan1d.render.markup import marked_up

ROOT = Path(__file__).parents[2]
NAMES = list(lessons())


# ---- where one is


def test_the_address_holds_the_state() -> None:
    course = Course.read({})
    assert (course.lesson.name, course.step, course.answers) == (NAMES[0], "question", {})
    course.answer(1)
    course.go("explanation")
    course.open(NAMES[4])
    course.answer(None)
    again = Course.read(course.query())
    assert (again.lesson, again.step, again.answers, again.seen) == (
        course.lesson,
        "run",
        {NAMES[0]: 1, NAMES[4]: None},
        {NAMES[0]},
    )
    assert again.query() == course.query()


@pytest.mark.parametrize(
    "query",
    [
        {"lesson": "nonesuch"},
        {"step": "try"},
        {"lesson": "mode-collapse", "step": "explanation", "answers": "9999999999999"},
        {"answers": "<b>", "step": "…"},
        {"answers": "²³"},
    ],
)
def test_a_damaged_address_opens_a_question(query: dict[str, str]) -> None:
    course = Course.read(query)
    assert course.step == "question" and course.answers == {}


def test_nothing_after_the_question_is_reached_before_an_answer() -> None:
    course = Course.read({"lesson": "mode-collapse"})
    for step in STEPS:
        course.go(step)
        assert course.step == "question"
    course.answer(None)
    assert course.step == "run"


# ---- the page


@pytest.fixture
def page() -> Iterator[AppTest]:
    """The lessons, freshly opened at mode collapse."""
    streamlit.cache_resource.clear()
    test = AppTest.from_file(str(ROOT / "app" / "views" / "lessons.py"), default_timeout=100)
    test.query_params["lesson"] = "mode-collapse"
    yield test.run()


def press(page: AppTest, label: str) -> AppTest:
    next(button for button in page.button if button.label == label).click()
    page.run()
    assert not page.exception
    return page


def players(page: AppTest) -> list[object]:
    return [element for element in page.main if "bidi_component" in str(getattr(element, "type", ""))]


def described(element: Any) -> str:
    """A text as it stands, or the key of a component."""
    return getattr(element, "value", None) or re.sub(
        r".*(figure \w+).*", r"\1", str(getattr(element.proto, "id", "")), flags=re.S
    )


def address(page: AppTest) -> dict[str, str]:
    return {name: value if isinstance(value, str) else value[-1] for name, value in page.query_params.items()}


def spoken(page: AppTest) -> str:
    kinds = (page.markdown, page.caption, page.success, page.warning, page.info)
    return "\n".join(element.value for kind in kinds for element in kind)


def test_predict_run_explain_try(page: AppTest) -> None:
    text, lesson = words("lessons"), lessons()["mode-collapse"]
    assert lesson.intro in spoken(page) and players(page) == []
    assert lesson.explanation not in spoken(page)
    assert next(b for b in page.button if b.label == text["answer"]).disabled
    wrong = 1
    page.radio[0].set_value(wrong).run()
    press(page, text["answer"])
    assert len(players(page)) == 1 and lesson.run in spoken(page)
    assert lesson.choices[wrong].text in spoken(page) and lesson.explanation not in spoken(page)
    press(page, text["to_explanation"])
    assert lesson.choices[wrong].reply in page.warning[0].value
    assert lesson.choices[lesson.right].reply in page.warning[0].value
    assert lesson.look in spoken(page) and lesson.explanation in spoken(page)
    press(page, text["to_try"])
    assert lesson.trial_text in spoken(page) and len(players(page)) == 1
    assert text["progress"].format(done=1, all=10) in spoken(page)
    assert address(page) == {"lesson": "mode-collapse", "step": "try", "answers": "----2-----"}


def test_the_right_answer_is_called_right(page: AppTest) -> None:
    text, lesson = words("lessons"), lessons()["mode-collapse"]
    page.radio[0].set_value(lesson.right).run()
    press(page, text["answer"])
    press(page, text["to_explanation"])
    assert lesson.choices[lesson.right].reply in page.success[0].value and not page.warning


def test_a_question_can_be_skipped_and_lessons_gone_through(page: AppTest) -> None:
    text = words("lessons")
    press(page, text["skip"])
    assert text["skipped"] in spoken(page) and len(players(page)) == 1
    press(page, text["after"].format(title=lessons()["saturating-loss"].title))
    assert address(page)["lesson"] == "saturating-loss" and players(page) == []
    press(page, text["before"].format(title=lessons()["mode-collapse"].title))
    press(page, "1. What a GAN is")
    assert lessons()["what-is-a-gan"].intro in spoken(page)


def test_a_training_that_was_given_up_can_be_asked_for_again(page: AppTest) -> None:
    text, config = words("lessons"), lessons()["mode-collapse"].scene.config
    page.session_state[f"given up {config.to_query()}"] = True
    press(page, text["skip"])
    assert text["cancelled"] in spoken(page) and players(page) == []
    press(page, text["train"])
    assert len(players(page)) == 1


def test_a_link_opens_a_lesson_as_it_was(page: AppTest) -> None:
    for name, value in {"lesson": "what-is-a-gan", "step": "explanation", "answers": "2--------"}.items():
        page.query_params[name] = value
    page.session_state["course"] = None
    del page.session_state["course"]
    page.run()
    assert not page.exception and page.success and len(players(page)) == 1


def test_the_last_lesson_shows_its_figures_between_its_words_and_leads_to_the_images(page: AppTest) -> None:
    lesson = lessons()["from-line-to-images"]
    for name, value in {"lesson": lesson.name, "step": "explanation", "answers": "---------s"}.items():
        page.query_params[name] = value
    del page.session_state["course"]
    page.run()
    assert not page.exception
    order = [part if isinstance(part, str) else f"figure {part.name}" for part in pieces(lesson.explanation)]
    assert [part for part in order if part.startswith("figure ")] == ["figure penalty", "figure digits"]
    shown = [described(element) for element in page.main]
    assert [part for part in shown if part in order] == order
    assert len(players(page)) == 3, "two figures and the run"
    link = next(e.proto.url for e in page.main if getattr(e.proto, "url", "").startswith("./images"))
    query = dict(parse_qsl(urlsplit(link).query))
    assert tuple(query.values()) == lesson.images == choosing.FIRST
    images = AppTest.from_file(str(ROOT / "app" / "views" / "images.py"), default_timeout=100)
    for name, value in query.items():
        images.query_params[name] = value
    images.run()
    assert not images.exception and not images.warning
    assert any(f"{lesson.title}](./lessons?lesson={lesson.name})" in said.value for said in images.markdown)


@pytest.mark.parametrize("name", NAMES)
def test_the_lab_opens_with_the_settings_of_the_lesson(name: str) -> None:
    for scene in (lessons()[name].scene, lessons()[name].trial):
        opened = link.decode(f"v={link.VERSION}&{link.encode(scene.config)}")
        assert opened.config == scene.config and opened.problems == ()


def test_most_lessons_are_shown_without_training() -> None:
    """What ships with the package needs no JAX: the first lesson and at least four others."""
    shipped = {s.config for s in gan1d.scenarios.values() if (ROOT / "gan1d" / "assets" / f"{s.name}.npz").exists()}
    there = [name for name in NAMES if lessons()[name].scene.config in shipped]
    assert NAMES[0] in there and len(there) >= 5


# ---- the teacher's page


def test_the_plan_takes_forty_five_minutes_and_leads_to_lessons() -> None:
    test = AppTest.from_file(str(ROOT / "app" / "views" / "teacher.py"), default_timeout=60).run()
    assert not test.exception
    plan = test.markdown[0].value
    spans = [(int(a), int(b)) for a, b in re.findall(r"^\| (\d+)–(\d+) \|", plan, re.MULTILINE)]
    assert spans[0][0] == 0 and spans[-1][1] == 45
    assert [a for a, _ in spans[1:]] == [b for _, b in spans[:-1]]
    assert all(f"./lessons?lesson={name})" in plan for name in NAMES)
    address = re.findall(r"\(\./\?(.+?)\)", plan)
    assert address and all(link.decode(query).problems == () for query in address)


def test_the_worksheet_asks_every_question_and_answers_on_another_page() -> None:
    sheet, both = body(with_key=False), body(with_key=True)
    assert both.startswith(sheet)
    for lesson in lessons().values():
        assert marked_up(lesson.question) in sheet and lesson.setting in sheet.replace("&#x27;", "'")
        assert all(marked_up(choice.text) in sheet for choice in lesson.choices)
        assert marked_up(lesson.choices[lesson.right].reply) not in sheet
        assert marked_up(lesson.choices[lesson.right].reply) in both


def test_the_worksheet_file_needs_nothing_else() -> None:
    page = document(with_key=True)
    assert page.startswith("<!doctype html>") and "<style>" in page
    assert not re.search(r"(src|href)=|@import|url\(", page)


def test_texts_on_paper_have_no_formulas() -> None:
    """The sheet knows no KaTeX; nor do the labels of choices."""
    for lesson in lessons().values():
        assert "$" not in lesson.question + lesson.setting
        assert all("$" not in choice.text + choice.reply for choice in lesson.choices)
