"""The page of maps in a real browser: a click opens the lab on that run, and a map goes on while nobody looks."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from app import maps, varying
from app.maps import Looked, made, query
from gan1d.axes import Axis
from gan1d.config import Config
from gan1d.render.maps.cells import cells
from gan1d.results import read
from tests.browser.conftest import Served, app_server
from tests.browser.test_accessibility import serious

pytestmark = pytest.mark.browser
PLOT = ".js-plotly-plot"
SMALL = Config.from_dict(
    {
        "data": {"means": [0], "stds": [1]},
        "discriminator": {"hidden": [8]},
        "training": {"batch": 4, "iterations": 40_000, "frames": 10},
    }
)
"""A map of it takes long enough to be looked at on its way."""
AXES = Axis("training.lr_d", (0.001, 0.003, 0.01, 0.03)), Axis("training.k_d", (1, 2, 3, 4))
FIRST = next(iter(maps.shipped()))


def plot(page: Page) -> Locator:
    page.wait_for_selector(f"{PLOT} .hm, {PLOT} .heatmaplayer image", timeout=30_000, state="attached")
    return page.locator(f"{PLOT} .nsewdrag").first


def at(page: Page, x: int, y: int, shape: tuple[int, ...]) -> tuple[float, float]:
    """A place in a cell, near its upper right corner."""
    box = plot(page).bounding_box()
    assert box
    return box["x"] + box["width"] * (x + 0.9) / shape[0], box["y"] + box["height"] * (1 - (y + 0.9) / shape[1])


@pytest.mark.parametrize("touch", [False, True])
def test_a_click_on_a_cell_opens_the_lab_on_its_run(url: str, open_page: Callable[..., Page], touch: bool) -> None:
    """With a mouse on a large screen; with a finger on a phone, where the first tap says what is under it."""
    shipped = maps.shipped()[FIRST]
    width = 390 if touch else 1280
    page = open_page(f"{url}/map", viewport={"width": width, "height": 1000}, has_touch=touch, is_mobile=touch)
    plot(page).scroll_into_view_if_needed()
    page.wait_for_timeout(500)  # until it has its size
    x, y = at(page, 8, 9, shipped.sweep.shape)
    press = page.touchscreen.tap if touch else page.mouse.click
    press(x, y) if touch else page.mouse.move(x, y)
    axis = varying.side_of(shipped.sweep.axes[0])
    expect(page.locator(f"{PLOT} .hoverlayer")).to_contain_text(f"Learning rate of D: {axis.labels[8]}")
    page.wait_for_timeout(600)  # quicker ones would be a double click
    press(x, y)
    page.wait_for_selector("[data-gan1d-player] .picture canvas", timeout=60_000)
    found = read(shipped.folder)
    seed = int(cells(found.outcome, found.outcomes).first[8, 9])
    config = shipped.sweep.cell((8, 9), seed)
    expect(page).to_have_url(
        re.compile(rf"training\.lr_d={config.training.lr_d:g}&training\.lr_g={config.training.lr_g:g}")
    )
    assert maps.link.decode(page.url.partition("?")[2]).config == config


def test_a_map_goes_on_through_a_reload_and_a_new_server(
    url: str, served: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, open_page: Callable[..., Page]
) -> None:
    address = urlencode(query(Looked(made(SMALL, AXES, 16))), doseq=True)
    on_its_way = re.compile(r"\d+ of 256 GANs")
    monkeypatch.setenv("XDG_STATE_HOME", str(served.state))
    with app_server(tmp_path / "first.log") as first:
        page = open_page(f"{first}/map?{address}")
        page.get_by_role("button", name="Begin").click()
        expect(page.get_by_text(on_its_way)).to_be_visible(timeout=60_000)
        page.reload()
        expect(page.get_by_text(on_its_way)).to_be_visible(timeout=30_000)
        page.close()
    page = open_page(f"{url}/map?{address}")
    expect(page.get_by_text(on_its_way)).to_be_visible(timeout=30_000)
    plot(page)  # as far as it is
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Stopped at")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("button", name="Go on")).to_be_visible()
    assert page.get_by_test_id("stException").count() == 0


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_axe_finds_nothing_serious_and_nothing_sticks_out(
    url: str, open_page: Callable[..., Page], width: int, scheme: str
) -> None:
    page = open_page(f"{url}/map", viewport={"width": width, "height": 900}, color_scheme=scheme)
    plot(page)
    page.wait_for_timeout(1000)
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    box = page.locator(PLOT).bounding_box()
    assert box and box["x"] >= 0 and box["x"] + box["width"] <= width


def test_the_lab_is_served_without_plotly(url: str, open_page: Callable[..., Page]) -> None:
    """Its script, 4.7 MB, is loaded by the page of maps alone."""
    page = open_page("about:blank")
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    page.goto(url)
    page.wait_for_selector("[data-gan1d-player] .picture canvas", timeout=30_000)
    assert not any("plotly" in address.lower() for address in loaded)
    page.goto(f"{url}/map")
    plot(page)
    assert np.any(["plotly" in address.lower() for address in loaded])
