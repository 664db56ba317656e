"""The page of images in a real browser: a run goes on without page and server; its pictures are played, scrubbed, and never flicker."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from app.images import choosing
from app.images.runs import read
from app.jobs import Jobs
from tests.browser.conftest import serving
from tests.browser.test_accessibility import serious
from tools.browser import free_port

pytestmark = pytest.mark.browser
HARNESS = Path(__file__).parent / "harness" / "images.py"
CANVAS = "[data-gallery] canvas[data-step]"
PATIENCE = 60_000
"""Milliseconds, on a busy machine."""


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the servers of this file keep their jobs."""
    folder = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder))
        yield folder
        all_ = Jobs(folder / "gan1d" / "jobs")
        for job in all_.all() if all_.root.exists() else []:
            all_.cancel(job.name)


@contextmanager
def server(log: Path) -> Iterator[tuple[str, int]]:
    """The app's address, and the process that a test may kill."""
    port = free_port()
    with serving([sys.executable, str(HARNESS), str(port)], port, log) as url:
        found = subprocess.run(["pgrep", "-f", f"{HARNESS} {port}"], capture_output=True, text=True)
        yield url.replace("127.0.0.1", "localhost"), int(found.stdout.split()[0])


@pytest.fixture(scope="module")
def url(browser: Browser, state: Path) -> Iterator[str]:
    with server(state / "server.log") as (address, _):
        yield address
    assert "Traceback" not in (state / "server.log").read_text()


def shown(page: Page) -> Locator:
    page.wait_for_selector(CANVAS, timeout=PATIENCE)
    return page.locator(CANVAS).first


def step(page: Page) -> int:
    return int(shown(page).get_attribute("data-step") or -1)


def until_past(page: Page, least: int) -> int:
    """Waits for samples of a later step than this."""
    page.wait_for_function(
        """least => [document, ...[...document.querySelectorAll('*')].map(e => e.shadowRoot).filter(Boolean)]
        .flatMap(root => [...root.querySelectorAll('canvas[data-step]')]).some(c => Number(c.dataset.step) > least)""",
        arg=least,
        timeout=PATIENCE,
    )
    return step(page)


def pixels(page: Page) -> list[int]:
    """The corner's column of the picture that is shown."""
    found: list[int] = shown(page).evaluate(
        "c => [...c.getContext('2d').getImageData(0, 0, 1, 64).data].filter((_, i) => i % 4 === 0)"
    )
    return found


@pytest.mark.timeout(300)  # two servers, on a machine that may be busy
def test_a_run_goes_on_through_a_closed_tab_and_a_killed_server(
    browser: Browser, state: Path, open_page: Callable[..., Page]
) -> None:
    with server(state / "first.log") as (first, pid):
        page = (
            browser.new_context().new_page()
        )  # of its own: what it asks for when its server is killed is no complaint
        page.goto(f"{first}/images")
        shown(page)
        page.get_by_role("button", name="Train", exact=True).click()
        page.wait_for_url(re.compile("run=image-"), timeout=PATIENCE)
        page.wait_for_selector('canvas[aria-label*="seed 0"]', timeout=PATIENCE)  # no more those of the shipped ones
        expect(page.locator(CANVAS)).to_have_count(1)
        seen = until_past(page, 1)
        shown(page).evaluate("canvas => { canvas.marked = true; }")
        seen = until_past(page, seen)
        assert shown(page).evaluate("canvas => canvas.marked"), "the picture was made anew"
        name = page.url.partition("run=")[2]
        page.context.close()
        os.kill(pid, signal.SIGKILL)
    folder = Jobs(state / "gan1d" / "jobs").folder(name) / "run"
    alone = read(folder).step
    with server(state / "second.log") as (second, _):
        page = open_page(f"{second}/images?run={name}")
        now = until_past(page, max(alone, seen))
        assert now > alone
        page.get_by_role("button", name="Pause", exact=True).last.click()
        expect(page.get_by_text("Paused at step")).to_be_visible(timeout=PATIENCE)
        held = read(folder).step
        page.get_by_role("button", name="Go on").click()
        until_past(page, held)
        page.get_by_test_id("stMainBlockContainer").get_by_role("button", name="Stop").click()
        expect(page.get_by_text("Stopped at step")).to_be_visible(timeout=PATIENCE)
        assert page.get_by_test_id("stException").count() == 0
        page.close()
    assert "Traceback" not in (state / "second.log").read_text()


def test_the_pictures_are_played_stepped_and_scrubbed(url: str, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{url}/images?run={next(iter(choosing.shipped()))}")
    last = step(page)
    scrub = page.get_by_role("slider", name="Step of the training")
    scrub.press("Home")
    expect(shown(page)).to_have_attribute("data-step", "0")
    first = pixels(page)
    scrub.press("ArrowRight")
    until_past(page, 0)
    assert pixels(page) != first
    scrub.press("Home")
    scrub.press(" ")
    until_past(page, 0)
    assert step(page) <= last
    page.get_by_role("button", name="Pause").click()
    stood = step(page)
    page.wait_for_timeout(300)
    assert step(page) == stood
    expect(page.get_by_text(re.compile(f"step {stood:,}$".replace(",", " "))).first).to_be_visible(timeout=PATIENCE)
    assert shown(page).evaluate("c => getComputedStyle(c).imageRendering") == "pixelated"


def test_two_runs_are_scrubbed_together(url: str, open_page: Callable[..., Page]) -> None:
    if len(choosing.shipped()) < 2:
        pytest.skip("one run ships")
    page = open_page(f"{url}/images")
    shown(page)
    expect(page.locator(CANVAS)).to_have_count(2)
    page.get_by_role("slider", name="Step of the training").press("Home")
    for canvas in page.locator(CANVAS).all():
        expect(canvas).to_have_attribute("data-step", "0")


def test_samples_are_picked_and_played_with(url: str, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{url}/images?run={next(iter(choosing.shipped()))}")
    shown(page)
    page.get_by_text("Play with the generator").click()
    cell = page.get_by_role("button", name="Sample 5")
    expect(cell).to_be_visible(timeout=PATIENCE)
    way = page.get_by_role("slider", name="From the first sample to the second")
    expect(way).to_be_visible(timeout=PATIENCE)
    way.press("Home")
    place = page.locator("[data-gallery] canvas[data-step]").last
    expect(place).to_have_attribute("data-step", "0")
    read_ = "c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].join()"
    before = place.evaluate(read_)
    cell.click()
    expect(page.get_by_role("button", name="Sample 5: 1")).to_be_visible(timeout=PATIENCE)
    page.wait_for_function("true", timeout=1000)
    way.press("Home")
    for _ in range(100):
        if place.evaluate(read_) != before:
            break
        page.wait_for_timeout(100)
    assert place.evaluate(read_) != before
    assert page.get_by_test_id("stException").count() == 0


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_axe_finds_nothing_serious_and_nothing_sticks_out(
    url: str, open_page: Callable[..., Page], width: int, scheme: str
) -> None:
    page = open_page(f"{url}/images", viewport={"width": width, "height": 900}, color_scheme=scheme)
    shown(page)
    page.wait_for_selector(".js-plotly-plot .main-svg", timeout=PATIENCE)
    page.wait_for_timeout(1000)
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for canvas in page.locator(CANVAS).all():
        box = canvas.bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= width
