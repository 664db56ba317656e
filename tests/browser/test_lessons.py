"""The lessons and the teacher's page in a real browser: by keyboard, on a phone, on paper."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from app.words import words
from gan1d.lessons import lessons
from gan1d.render.palette import PALETTES

pytestmark = pytest.mark.browser
ROOT = "[data-gan1d-player]"
CANVAS = f"{ROOT} .picture canvas"
COLLAPSE = lessons()["mode-collapse"]
EXPLAINED = "lessons?lesson=mode-collapse&step=explanation&answers=----2----"
text = words("lessons")
WAIT = 40_000
"""Milliseconds that a first run may take on a busy machine."""


def outline(part: Locator) -> str:
    return str(part.evaluate("(node) => getComputedStyle(node).outlineStyle"))


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def test_the_run_is_not_shown_before_a_prediction_and_all_is_done_by_keyboard(
    url: str, open_page: Callable[..., Page]
) -> None:
    page = open_page(f"{url}/lessons?lesson=mode-collapse")
    expect(page.get_by_role("heading", name="5. Mode collapse")).to_be_visible(timeout=WAIT)
    group = page.get_by_role("radiogroup", name=COLLAPSE.question)
    expect(group).to_be_visible(timeout=WAIT)
    assert page.locator(ROOT).count() == 0
    expect(button(page, text["answer"])).to_be_disabled()
    group.get_by_role("radio").nth(1).focus()
    page.keyboard.press("Space")
    expect(button(page, text["answer"])).to_be_enabled(timeout=WAIT)
    button(page, text["answer"]).focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(CANVAS, timeout=WAIT)
    expect(page.locator(ROOT).first).to_have_attribute("data-playing", "true")
    assert page.get_by_text(COLLAPSE.choices[1].text).first.is_visible()
    button(page, text["to_explanation"]).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text(text["wrong"], timeout=WAIT)
    expect(page.locator(ROOT).first).to_have_attribute("data-iteration", "2100", timeout=WAIT)
    assert "answers=----2-----" in page.url and "step=explanation" in page.url


def test_what_to_look_at_is_marked_and_nothing_else(url: str, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{url}/{EXPLAINED}")
    page.wait_for_selector(CANVAS, timeout=WAIT)
    root = page.locator(ROOT)
    expect(root).to_have_attribute("data-playing", "false")
    assert set(COLLAPSE.scene.highlight) == {"generated", "samples", "w1"}
    for name in ("generated", "samples"):
        chip = root.locator(f".chip[data-layer={name}]")
        expect(chip).to_have_attribute("aria-pressed", "true")
        assert outline(chip) == "solid"
    assert outline(root.locator(".label.generated")) == "solid"
    assert outline(root.locator("[data-panel=w1]")) == "solid"
    for other in (".chip[data-layer=d]", "[data-panel=mean]", ".caption"):
        assert outline(root.locator(other)) == "none"


def test_marks_are_calm_where_less_motion_is_asked_for(url: str, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{url}/{EXPLAINED}", reduced_motion="reduce")
    page.wait_for_selector(CANVAS, timeout=WAIT)
    chip = page.locator(f"{ROOT} .chip[data-layer=generated]")
    assert outline(chip) == "solid"
    assert chip.evaluate("(node) => getComputedStyle(node).animationName") == "none"


def test_a_reload_keeps_the_place_and_the_lab_opens_with_the_same_run(url: str, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{url}/{EXPLAINED}")
    page.wait_for_selector(CANVAS, timeout=WAIT)
    run = page.locator(ROOT).get_attribute("data-run") or ""
    page.reload()
    page.wait_for_selector(CANVAS, timeout=WAIT)
    expect(page.locator(ROOT).first).to_have_attribute("data-run", run)
    expect(page.get_by_text(text["progress"].format(done=1, all=10))).to_be_visible()
    address = page.get_by_role("link", name=text["open_in_lab"]).evaluate("(link) => link.href")
    page.goto(str(address))
    page.wait_for_selector(CANVAS, timeout=WAIT)
    expect(page.locator(ROOT).first).to_have_attribute("data-run", run, timeout=WAIT)


def test_the_steps_can_be_gone_through_both_ways(url: str, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{url}/{EXPLAINED}")
    page.wait_for_selector(CANVAS, timeout=WAIT)
    run = page.locator(ROOT).get_attribute("data-run") or ""
    button(page, text["to_try"]).click()
    expect(page.get_by_text(COLLAPSE.trial_text[:40])).to_be_visible(timeout=WAIT)
    expect(page.locator(f'{ROOT}:not([data-run="{run}"])')).to_be_visible(timeout=WAIT)
    expect(page.locator(ROOT)).to_have_count(1, timeout=WAIT)  # the page may show both for a moment
    expect(page.locator(f"{ROOT} .outcome")).to_contain_text("mode collapse")
    page.get_by_role("radio", name=f"1 {text['steps']['question']}").click()
    asked = page.get_by_role("radiogroup", name=COLLAPSE.question)
    expect(asked.get_by_role("radio").nth(1)).to_be_checked(timeout=WAIT)
    expect(page.locator(ROOT)).to_have_count(0, timeout=WAIT)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_what_to_look_at_the_picture_and_then_the_reasons(
    url: str, open_page: Callable[..., Page], scheme: str
) -> None:
    page = open_page(f"{url}/{EXPLAINED}", viewport={"width": 390, "height": 844}, has_touch=True, color_scheme=scheme)
    page.wait_for_selector(CANVAS, timeout=WAIT)
    expect(page.get_by_role("heading", name=text["why"])).to_be_attached(timeout=WAIT)

    def top(part: Locator) -> float:
        box = part.bounding_box()
        assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 390
        return box["y"]

    tops = [
        top(part)
        for part in (
            page.get_by_role("heading", name=text["look"]),
            page.locator(CANVAS),
            page.get_by_role("heading", name=text["why"]),
            button(page, text["to_try"]),
        )
    ]
    assert tops == sorted(tops)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_figures_are_seen_on_a_phone_in_the_colours_of_the_theme(url: str, open_page: Callable[..., Page]) -> None:
    lesson = lessons()["from-line-to-images"]
    address = f"{url}/lessons?lesson={lesson.name}&step=explanation&answers=---------s"
    page = open_page(address, viewport={"width": 390, "height": 844}, color_scheme="dark")
    chart = page.get_by_role("img", name=re.compile("critic’s mean slope"))
    expect(chart).to_be_visible(timeout=WAIT)
    curve = chart.locator("path.right:not(.range)")
    dark = tuple(round(255 * part) for part in PALETTES["dark"].real.colour[:3])
    expect(curve).to_have_css("stroke", f"rgb{dark}")
    for picture in (chart, *page.locator("figure.taught img").all()):
        box = picture.bounding_box()
        assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 390 and box["width"] > 120
    letters = chart.locator("text").first.evaluate("(text) => 14 * text.getScreenCTM().a")
    assert letters >= 11, "CSS pixels"
    assert page.locator("figure.taught img").evaluate_all("(all) => all.map((image) => image.naturalWidth)") == [
        128,
        128,
    ]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(page.get_by_role("link", name=text["to_images"])).to_be_visible()


@pytest.mark.parametrize(("with_key", "pages"), [(True, 3), (False, 2)])
def test_only_the_worksheet_is_printed_on_whole_pages(
    url: str, open_page: Callable[..., Page], with_key: bool, pages: int
) -> None:
    page = open_page(f"{url}/teacher")
    said = words("teacher")
    expect(button(page, said["print"])).to_be_visible(timeout=WAIT)
    if not with_key:
        page.get_by_text(said["with_key"]).click()
        expect(page.locator(".worksheet.key")).to_have_count(0, timeout=WAIT)
    expect(page.locator(".worksheet").first).to_be_visible()
    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == pages
    page.emulate_media(media="print")
    for part in ("stSidebar", "stHeader"):
        assert not page.get_by_test_id(part).first.is_visible()
    assert not page.get_by_role("heading", name="A lesson of 45 minutes").is_visible()
    expect(page.get_by_role("heading", name=words("worksheet")["title"])).to_be_visible()


def test_the_print_button_prints_and_the_file_opens_alone(
    url: str, open_page: Callable[..., Page], tmp_path: Path
) -> None:
    page = open_page(f"{url}/teacher")
    said = words("teacher")
    page.evaluate("() => { window.print = () => { window.printed = true; }; }")
    button(page, said["print"]).click(timeout=WAIT)
    assert page.evaluate("window.printed") is True
    with page.expect_download() as caught:
        page.get_by_role("button", name=said["download"]).click()
    path = tmp_path / caught.value.suggested_filename
    caught.value.save_as(path)
    assert path.name == words("worksheet")["file"]
    alone = open_page(path.as_uri())
    assert alone.locator("ol > li").count() == 20
    assert len(re.findall(rb"/Type\s*/Page\b", alone.pdf(prefer_css_page_size=True))) == 3


def test_the_plan_leads_to_the_lessons_and_fits_a_phone(url: str, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{url}/teacher", viewport={"width": 390, "height": 844})
    found = page.get_by_role("link", name="5. Mode collapse")
    expect(found).to_be_visible(timeout=WAIT)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.goto(str(found.evaluate("(link) => link.href")))
    expect(page.get_by_role("heading", name="5. Mode collapse")).to_be_visible(timeout=WAIT)
