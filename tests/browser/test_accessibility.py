"""For everybody: nothing serious by axe-core in our own elements, and curves that stay apart for every kind of colour vision."""

from __future__ import annotations

import io
from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
ROOT = "[data-gan1d-player]"
OURS = ("gan1d-player", "st-key-")
"""What the selectors of our own elements hold: the player's root, and keys that we gave."""
APART = 20.0
"""Least distance of two curves' colours in CIELAB (CIE76): 2.3 is just noticeable, 20 is another colour at a glance."""
VISIONS = ("none", "deuteranopia", "protanopia", "tritanopia")
WHITE = np.array([0.95047, 1.0, 1.08883])
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def settled(page: Page) -> None:
    """Waits until the app's script has ended and what it made is drawn."""
    page.wait_for_selector('[data-test-script-state="notRunning"]', timeout=30_000)
    expect(
        page.locator('[data-stale="true"], [data-testid="stAppSkeleton"], [data-testid="stSkeleton"]')
    ).to_have_count(0)
    page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")


def serious(page: Page) -> list[str]:
    """Serious and critical findings in our own elements."""
    found = []
    for violation in Axe().run(page).response["violations"]:
        for node in violation["nodes"]:
            if violation["impact"] in ("serious", "critical") and any(name in str(node["target"]) for name in OURS):
                found.append(f"{violation['id']}: {node['target']} {node['failureSummary']}")
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("place", ["/", "/compare", "/lessons", "/teacher"])
def test_axe_finds_nothing_serious(
    url: str, open_page: Callable[..., Page], place: str, width: int, scheme: str
) -> None:
    if place != "/" and (width, scheme) not in ((1280, "light"), (390, "dark")):
        pytest.skip("the same style sheets as the lab")
    page = open_page(
        url + place, viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    page.wait_for_selector(f"{ROOT} .picture canvas, .stMarkdown", timeout=30_000)
    settled(page)
    assert serious(page) == []


def lab(rgb: Any) -> np.ndarray:
    """CIELAB of an sRGB colour (IEC 61966-2-1; CIE 15)."""
    c = np.asarray(rgb, float) / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    t = TO_XYZ @ linear / WHITE
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def seen_colour(page: Page, role: str) -> np.ndarray:
    """The colour of a curve's swatch as it is seen on the screen: the pixel farthest from the background."""
    picture = page.locator(f"{ROOT} button[data-layer={role}] .swatch").screenshot()
    pixels = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).reshape(-1, 3)
    colours = np.array([lab(pixel) for pixel in np.unique(pixels, axis=0)])
    ground = lab(pixels[0])
    return np.asarray(colours[np.argmax(np.linalg.norm(colours - ground, axis=1))])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_three_curves_stay_apart_for_every_colour_vision(
    url: str, open_page: Callable[..., Page], scheme: str
) -> None:
    """On screenshots, with the deficiencies that Chromium simulates."""
    page = open_page(url, color_scheme=scheme, reduced_motion="reduce")
    page.wait_for_selector(f"{ROOT} .picture canvas", timeout=30_000)
    session = page.context.new_cdp_session(page)
    seen = {}
    for vision in VISIONS:
        session.send("Emulation.setEmulatedVisionDeficiency", {"type": vision})
        page.wait_for_timeout(200)
        seen[vision] = {role: seen_colour(page, role) for role in ("real", "generated", "d")}
    session.detach()  # and sees as everybody again
    for vision, colours in seen.items():
        for one, other in combinations(colours, 2):
            distance = np.linalg.norm(colours[one] - colours[other])
            assert distance > APART, f"{vision}: {one} and {other} are {distance:.0f} apart"
