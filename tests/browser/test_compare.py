"""Runs side by side in a real browser, alone on a page and in the app; and the many seeds of the lab."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from app.compare import VARIATIONS, to_link
from gan1d.catalogue import scenarios
from tests.browser.conftest import app_server
from tests.browser.harness import compare, runs
from tests.browser.test_app import PAINTED, TICKS

pytestmark = pytest.mark.browser
ROOT = "[data-gan1d-player]"
GAUSSIAN = scenarios["gaussian-linear"].config


def three() -> list[tuple[dict, runs.Arrays]]:
    return [runs.run(f"run {i}", start=float(i) - 4, low=-10, high=10) for i in range(3)]


@pytest.fixture
def page(tmp_path: Path, open_page: Callable[..., Page]) -> Page:
    short = runs.run("short", start=0.0, frames=101, iterations=600, low=-10, high=10)
    path = compare.write(tmp_path / "page.html", first=three(), two=[three()[0], short], four=[*three(), short])
    found = open_page(path.as_uri())
    found.wait_for_function(f"document.querySelectorAll('{ROOT} .picture canvas').length === 3")
    return found


def root(page: Page) -> Locator:
    return page.locator(ROOT)


def hashes(page: Page) -> list[int]:
    return [canvas.evaluate(PAINTED)["hash"] for canvas in page.locator(f"{ROOT} .picture canvas").all()]


def seek(page: Page, tick: int) -> None:
    page.locator(".scrub").evaluate(
        "(scrub, to) => { scrub.value = to; scrub.dispatchEvent(new Event('input')); }", tick
    )


def pause(page: Page) -> None:
    page.get_by_role("button", name="Pause").click()


def test_all_pictures_follow_one_clock(page: Page) -> None:
    pause(page)
    seek(page, 100)
    at = hashes(page)
    assert len(set(at)) == 3
    frames = [column.get_attribute("data-frame") for column in page.locator(".column").all()]
    assert frames == ["100"] * 3
    page.get_by_role("button", name="Step forward").click()
    assert all(new != old for new, old in zip(hashes(page), at, strict=True))
    assert root(page).get_attribute("data-frame") == "101"
    assert page.locator(".transport").count() == 1


def test_keys_drive_all_of_them(page: Page) -> None:
    pause(page)
    page.locator(".picture").nth(1).focus()
    page.keyboard.press("Home")
    assert root(page).get_attribute("data-frame") == "0"
    page.keyboard.press("ArrowRight")
    assert root(page).get_attribute("data-frame") == "1"
    page.keyboard.press("Space")
    expect(root(page)).to_have_attribute("data-playing", "true")


def test_what_differs_is_said_and_every_run_has_a_name(page: Page) -> None:
    expect(page.get_by_text("Only start differs.")).to_be_visible()
    for letter, label in zip("ABC", ("start 0", "start 1", "start 2"), strict=True):
        expect(page.get_by_role("region", name=f"Run {letter}: {label}", exact=True)).to_be_visible()
        expect(page.get_by_role("group", name=f"Run {letter}: {label}")).to_be_visible()


def test_curves_lie_on_one_another_told_apart_by_colour_and_dash(page: Page) -> None:
    panel = page.locator("[data-panel='mean-mean']")
    lines = panel.locator(".panel-values line")
    looks = {(line.get_attribute("stroke"), line.get_attribute("stroke-dasharray")) for line in lines.all()}
    assert len({colour for colour, _ in looks}) == len({dash for _, dash in looks}) == 3
    assert panel.locator(".name").all_inner_texts() == ["A", "B", "C"]
    assert [p.get_attribute("data-panel") for p in page.locator(".panel").all()] == [
        "mean-mean",
        "std-std",
        "jsd-jsd",
        "w1-w1",
    ]


def test_a_shorter_run_rests_at_its_end_and_says_so(page: Page) -> None:
    page.evaluate("updateWith('two')")
    pause(page)
    seek(page, 100)
    short = page.locator(".column").nth(1)
    expect(short).to_have_attribute("data-frame", "100")
    expect(short.locator(".caption")).not_to_contain_text("At its end")
    seek(page, 300)
    expect(short).to_have_attribute("data-frame", "100")
    expect(short.locator(".caption")).to_contain_text("At its end since iteration 600.")
    expect(page.locator("[data-panel='mean-mean'] .value").nth(1)).to_have_text("–")
    expect(page.locator(".column").nth(0)).to_have_attribute("data-frame", "300")


def test_other_runs_keep_the_pictures_and_the_place(page: Page) -> None:
    pause(page)
    seek(page, 150)
    page.evaluate("window.kept = document.querySelector('.picture canvas')")
    for name, count in (("four", 4), ("two", 2), ("first", 3)):
        page.evaluate(f"updateWith('{name}')")
        page.wait_for_function(f"document.querySelectorAll('{ROOT} .picture canvas').length === {count}")
        assert root(page).get_attribute("data-frame") == "150"
        assert root(page).get_attribute("data-playing") == "false"
        assert page.evaluate("window.kept === document.querySelector('.picture canvas')")


@pytest.mark.parametrize("name", ["first", "four"])
def test_a_phone_stacks_them_and_nothing_sticks_out(tmp_path: Path, open_page: Callable[..., Page], name: str) -> None:
    shown = three() if name == "first" else [*three(), three()[0]]
    path = compare.write(tmp_path / "page.html", first=shown)
    page = open_page(path.as_uri(), viewport={"width": 390, "height": 844}, has_touch=True)
    page.wait_for_function(f"document.querySelectorAll('{ROOT} .picture canvas').length === {len(shown)}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    boxes = [column.bounding_box() for column in page.locator(".column").all()]
    assert len({box["x"] for box in boxes if box}) == 1
    expect(page.get_by_role("button", name="Pause")).to_be_in_viewport()


@pytest.mark.alone
def test_three_players_side_by_side_can_be_drawn_50_times_a_second(page: Page) -> None:
    """The main thread's own time for a frame leaves room in a 50th of a second, whatever else the machine does meanwhile."""
    page.wait_for_timeout(1000)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def busy() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return float(next(m["value"] for m in metrics if m["name"] == "TaskDuration"))

    before = busy()
    rate = root(page).evaluate(TICKS, 3)
    assert (busy() - before) / (3 * rate["drawn"]) <= 1 / 50, rate
    if os.environ.get("QUIET"):
        assert rate["drawn"] >= 50, rate


# ---- in the app


@pytest.fixture
def lab(url: str, open_page: Callable[..., Page]) -> Page:
    """Where less motion is asked for: what costs time here is the server's training."""
    found = open_page(url, reduced_motion="reduce")
    found.wait_for_selector(f"{ROOT} .picture canvas", timeout=30_000)
    return found


def columns(page: Page, count: int) -> None:
    expect(page.locator(f"{ROOT} .column canvas")).to_have_count(count, timeout=60_000)


def other_run(page: Page, run: str) -> None:
    expect(root(page)).not_to_have_attribute("data-run", run, timeout=60_000)


def test_the_labs_run_is_compared_changed_and_kept_by_a_reload(lab: Page) -> None:
    lab.get_by_role("link", name="Compare…").click()
    columns(lab, 2)
    expect(lab.get_by_text("Only lr_G differs.")).to_be_visible()
    expect(lab.get_by_text("lr_G 0.02", exact=True)).to_be_visible()
    canvas = lab.locator(f"{ROOT} canvas").first
    canvas.evaluate("(node) => { window.kept = node; }")
    run = root(lab).get_attribute("data-run") or ""
    lab.get_by_role("slider", name="Learning rate of D").focus()
    lab.keyboard.press("ArrowRight")
    other_run(lab, run)
    expect(lab.get_by_text("lr_D and lr_G differ.")).to_be_visible()
    assert canvas.evaluate("(node) => node === window.kept")
    run = root(lab).get_attribute("data-run") or ""
    address = lab.url
    assert address.count("run=") == 2
    lab.get_by_role("button", name="Four discriminators").click()
    columns(lab, 4)
    expect(lab.get_by_text("Only discriminator differs.")).to_be_visible()
    lab.get_by_role("radio", name="B", exact=True).or_(lab.get_by_role("button", name="B", exact=True)).first.click()
    lab.get_by_role("button", name="Remove run B").click()
    columns(lab, 3)


def test_a_link_opens_its_runs_and_a_reload_keeps_them(url: str, open_page: Callable[..., Page]) -> None:
    link = f"{url}/compare?" + urlencode([("run", run) for run in to_link(VARIATIONS["discriminators"](GAUSSIAN))])
    page = open_page(link, reduced_motion="reduce")
    columns(page, 4)
    run = root(page).get_attribute("data-run") or ""
    page.reload()
    columns(page, 4)
    assert root(page).get_attribute("data-run") == run


def test_a_new_servers_first_visitor_may_come_by_a_link(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """No page has told the server of the others yet."""
    with app_server(tmp_path_factory.mktemp("app") / "server.log") as address:
        context = browser.new_context(reduced_motion="reduce")
        page = context.new_page()
        page.goto(f"{address}/compare")
        columns(page, 2)
        expect(page.get_by_role("link", name="Lessons")).to_be_visible()
        context.close()


def test_32_seeds_are_counted_in_words_and_each_can_be_opened(lab: Page) -> None:
    run = root(lab).get_attribute("data-run") or ""
    lab.get_by_role("button", name="32 seeds").click()
    expect(lab.get_by_text("seeds trained.")).to_be_visible(timeout=10_000)
    words = lab.locator(".ensemble-words")
    expect(words).to_contain_text("of 32", timeout=120_000)
    assert lab.locator(".seed").count() == 32
    expect(lab.locator(".seed[aria-current]")).to_have_text("0")
    assert root(lab).get_attribute("data-run") == run
    lab.locator(".seed[data-seed='5']").click()
    other_run(lab, run)
    expect(lab.locator(".seed[aria-current]")).to_have_text("5")
    lab.locator(".seed[data-seed='5']").focus()
    at = [root(lab).get_attribute(f"data-{name}") for name in ("playing", "frame")]
    lab.keyboard.press("ArrowRight")
    expect(lab.locator(".seed:focus")).to_have_count(1)
    expect(lab.locator(".seed[data-seed='5']:focus")).to_have_count(0)
    assert [root(lab).get_attribute(f"data-{name}") for name in ("playing", "frame")] == at
