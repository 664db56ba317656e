"""Exports in a real browser: the file that comes down is decoded by another library; a reload keeps it; cancelled, nothing is left."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import av
import pytest
from playwright.sync_api import Error, Locator, Page, expect

import gan1d
from app.exporting import PREFIX
from app.words import words
from gan1d.carried import read
from tests.browser.conftest import Served
from tests.browser.test_accessibility import serious

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
ROOT = "[data-gan1d-player]"
SLOW = 90_000
"""Milliseconds that an export may take on a machine with other work."""
text = words("export")


@pytest.fixture
def temporary(served: Served) -> Path:
    """Where the server keeps what is temporary."""
    return served.temporary


def visit(open_page: Callable[..., Page], address: str, **options: object) -> Page:
    """A page with the panel open."""
    page = open_page(address, **options)
    page.wait_for_selector(f"{ROOT} .picture canvas", timeout=30_000)
    open_panel(page)
    return page


def open_panel(page: Page) -> None:
    page.get_by_test_id("stExpander").get_by_text(text["title"], exact=True).click(timeout=30_000)
    expect(page.get_by_test_id("stImage").locator("img")).to_be_visible(timeout=30_000)


def choose(page: Page, control: str, option: str) -> None:
    for _ in range(5):  # a rerun that comes in between closes the list
        page.get_by_role("combobox", name=control).click()
        with suppress(Error):
            page.get_by_role("option", name=option).click(timeout=3000)
            break


def type_(page: Page, control: str, value: str) -> None:
    field = page.get_by_role("spinbutton", name=control)
    field.fill(value)
    field.press("Enter")


def button(page: Page, label: str) -> Locator:
    return page.get_by_role("button", name=label, exact=True)


def small_gif(page: Page) -> None:
    """Twelve pictures of 640 × 360."""
    choose(page, text["format"], text["formats"]["gif"][0])
    choose(page, text["size"], text["sizes"]["640x360"])
    type_(page, text["fps"], "12")
    type_(page, text["seconds"], "1")
    expect(page.get_by_test_id("stImage").locator("img")).to_be_visible()


def exporting(temporary: Path) -> list[str]:
    """Command lines of processes that work in the server's folder."""
    found = []
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace")
        except OSError:
            continue
        if f"{temporary}/{PREFIX}" in command:
            found.append(command)
    return found


def test_a_gif_leaves_the_lab_while_the_player_plays_on_and_outlives_a_reload(
    url: str, open_page: Callable[..., Page], tmp_path: Path
) -> None:
    page = visit(open_page, url, viewport={"width": 1280, "height": 1400})
    root = page.locator(ROOT)
    root.evaluate("(root) => { root.dataset.mine = 'the same element'; }")
    small_gif(page)
    button(page, text["start"]).click()
    expect(page.get_by_test_id("stProgress")).to_be_visible(timeout=30_000)
    frame = root.get_attribute("data-frame") or ""
    expect(root).not_to_have_attribute("data-frame", frame)
    download = page.get_by_role("button", name="Download")
    expect(download).to_be_visible(timeout=SLOW)
    assert root.get_attribute("data-mine") == "the same element"
    expect(root).to_have_attribute("data-playing", "true")
    with page.expect_download() as waited:
        download.click()
    name = waited.value.suggested_filename
    assert name == "gaussian-linear_seed-0.gif"
    waited.value.save_as(tmp_path / name)
    with av.open(str(tmp_path / name)) as movie:
        frames = list(movie.decode(video=0))
    assert len(frames) == 12 and {(f.width, f.height) for f in frames} == {(640, 360)}
    assert [run.config for run in read(tmp_path / name)] == [gan1d.scenarios["gaussian-linear"].config]

    page.reload()
    page.wait_for_selector(f"{ROOT} .picture canvas", timeout=30_000)
    open_panel(page)
    expect(page.get_by_text(text["others"])).to_be_visible()
    small_gif(page)
    with page.expect_download() as again:
        page.get_by_role("button", name="Download").click()
    again.value.save_as(tmp_path / "again.gif")
    assert (tmp_path / "again.gif").read_bytes() == (tmp_path / name).read_bytes()


def test_cancelled_it_leaves_no_process_and_no_file(
    url: str, open_page: Callable[..., Page], temporary: Path, tmp_path: Path
) -> None:
    page = visit(open_page, f"{url}/?s=divergence", viewport={"width": 1280, "height": 1400})
    type_(page, text["seconds"], "90")  # 2700 pictures: time enough
    expect(page.get_by_test_id("stImage").locator("img")).to_be_visible()
    button(page, text["start"]).click()
    expect(page.get_by_test_id("stProgress")).to_contain_text("%", timeout=SLOW)
    assert exporting(temporary)
    button(page, text["cancel"]).click()
    expect(button(page, text["start"])).to_be_visible(timeout=30_000)
    assert exporting(temporary) == []
    assert [p for p in temporary.rglob("*") if "divergence" in p.name] == []


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_axe_finds_nothing_serious_in_the_panel(
    url: str, open_page: Callable[..., Page], width: int, scheme: str
) -> None:
    page = open_page(url, viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce")
    page.wait_for_selector(f"{ROOT} .picture canvas", timeout=30_000)
    if width < 640:
        page.get_by_test_id("stExpandSidebarButton").click(timeout=30_000)
    open_panel(page)
    choose(page, text["format"], text["formats"]["png"][0])
    expect(page.get_by_text(text["transparent"])).to_be_visible()
    assert serious(page) == []
    box = page.locator(".st-key-export").bounding_box()
    assert box and box["x"] >= 0 and box["x"] + box["width"] <= width
