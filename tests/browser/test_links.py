"""The state of a session in a real browser: the address, reloads, going on, data of one's own, the page in another one."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

import gan1d

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
ROOT = "[data-gan1d-player]"
SLOW = 45_000
"""Milliseconds that a run may take which must be compiled first, on a machine with other work."""


@pytest.fixture
def visit(url: str, open_page: Callable[..., Page]) -> Callable[..., Page]:
    def visit(query: str = "", **options: object) -> Page:
        page = open_page(f"{url}/{query}", **options)
        page.wait_for_selector(f"{ROOT} .picture canvas", timeout=SLOW)
        return page

    return visit


def root_of(page: Page) -> Locator:
    return page.locator(ROOT)


def data(page: Page, name: str) -> str:
    return root_of(page).get_attribute(f"data-{name}") or ""


def seek(page: Page, frame: int) -> None:
    page.locator(".scrub").evaluate(
        "(scrub, to) => { scrub.value = to; scrub.dispatchEvent(new Event('input')); }", frame
    )


def other_run(page: Page, run: str) -> str:
    expect(root_of(page)).not_to_have_attribute("data-run", run, timeout=SLOW)
    return data(page, "run")


def address(page: Page, pattern: str) -> None:
    expect(page).to_have_url(re.compile(pattern), timeout=SLOW)


def button(page: Page, name: str) -> Locator:
    return root_of(page).get_by_role("button", name=name, exact=True)


def test_the_address_follows_and_a_reload_keeps_everything(visit: Callable[..., Page]) -> None:
    page = visit()
    address(page, r"\?v=1&s=gaussian-linear$")
    run = data(page, "run")
    page.get_by_role("slider", name="Mode 1: mean").focus()
    page.keyboard.press("ArrowLeft")
    run = other_run(page, run)
    page.get_by_role("button", name="Pause").click()
    seek(page, 200)
    root_of(page).locator("button[data-layer=d_star]").click()
    address(page, r"\?v=1&s=gaussian-linear&data\.means=14\.5,&at=1200&w\.layers=.*d_star,")
    there = page.url
    page.reload()
    page.wait_for_selector(f"{ROOT} .picture canvas", timeout=SLOW)
    expect(root_of(page)).to_have_attribute("data-run", run, timeout=SLOW)
    assert (data(page, "iteration"), data(page, "playing")) == ("1200", "false")
    expect(root_of(page).locator("button[data-layer=d_star]")).to_have_attribute("aria-pressed", "true")
    assert page.url == there


def test_the_address_is_left_alone_while_it_plays(visit: Callable[..., Page]) -> None:
    page = visit("?s=gaussian-linear&foreign=kept")
    address(page, r"\?v=1&s=gaussian-linear&foreign=kept")
    page.evaluate("""() => {
      window.written = 0;
      const replace = history.replaceState.bind(history);
      history.replaceState = (...all) => { window.written += 1; replace(...all); };
    }""")
    page.wait_for_timeout(1500)
    assert page.evaluate("window.written") == 0 and data(page, "playing") == "true"


def test_a_copied_link_opens_the_same_picture_for_somebody_else(visit: Callable[..., Page]) -> None:
    page = visit(
        "?v=1&s=far-modes-linear&training.seed=3&at=900&w.map=true", permissions=["clipboard-read", "clipboard-write"]
    )
    button(page, "Copy link").click()
    expect(page.get_by_text("Link copied.")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    second = visit("?" + link.partition("?")[2])
    expect(root_of(second)).to_have_attribute("data-run", data(page, "run"), timeout=SLOW)
    assert data(second, "iteration") == data(page, "iteration") == "900"
    expect(root_of(second).locator("button[data-layer=map]")).to_have_attribute("aria-pressed", "true")


def test_a_link_is_copied_without_a_clipboard_of_the_browser(visit: Callable[..., Page]) -> None:
    page = visit("?s=gaussian-linear&at=600")
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    button(page, "Copy link").click()
    expect(page.get_by_text(re.compile(r"Link copied\.|The link: http"))).to_be_visible()


def test_a_damaged_link_is_explained_beside_the_nearest_run(visit: Callable[..., Page]) -> None:
    page = visit("?v=1&s=far-modes&training.lr_g=7")
    expect(page.get_by_text("There is no scenario “far-modes”")).to_be_visible()
    expect(page.get_by_text("training.lr_g: 7 is not allowed; it must be a number from 0 to 1")).to_be_visible()
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.get_by_text("There is no scenario")).to_have_count(0)


def test_going_on_holding_g_and_undoing(visit: Callable[..., Page]) -> None:
    page = visit("?s=gaussian-linear&at=600")
    whole = data(page, "run")
    button(page, "Go on from here").click()
    address(page, r"then=600&at=600")
    page.get_by_role("slider", name="Learning rate of G").focus()
    page.keyboard.press("Home")
    address(page, r"then=600;training\.lr_g:1e-05")
    run = other_run(page, whole)
    expect(page.locator(".tool-status")).to_contain_text("Part 2, from iteration 600")
    seek(page, 250)
    button(page, "Train D to its optimum here").click()
    run = other_run(page, run)
    address(page, r"then=1500;hold;")
    expect(button(page, "Train D to its optimum here")).to_be_hidden()
    button(page, "Release G").click()
    run = other_run(page, run)
    address(page, r"then=\d+;hold;.*&then=")
    second = visit("?" + page.url.partition("?")[2])
    expect(root_of(second)).to_have_attribute("data-run", run, timeout=SLOW)
    for part in (3, 2):
        button(page, "Undo").click()
        expect(page.locator(".tool-status")).to_contain_text(f"Part {part}, from", timeout=SLOW)
    button(page, "Undo").click()
    expect(root_of(page)).to_have_attribute("data-run", whole, timeout=SLOW)
    expect(button(page, "Undo")).to_be_hidden()


def test_a_dragged_mode_moves_the_data_under_the_pointer(visit: Callable[..., Page]) -> None:
    page = visit("?s=gaussian-linear&at=1200")
    page.wait_for_timeout(2000)
    run = data(page, "run")
    handle = root_of(page).get_by_role("slider", name="Mean of mode 1")
    page.locator(f"{ROOT} .u-over").first.hover()
    box = handle.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 21):
        page.mouse.move(x - 8 * step, y)
        page.wait_for_timeout(50)
    run = other_run(page, run)  # while the button is still down
    held = handle.bounding_box()
    assert held is not None and abs(held["x"] + held["width"] / 2 - (x - 160)) < 4
    value = handle.get_attribute("aria-valuenow")
    page.mouse.up()
    address(page, rf"data\.means={value},")
    assert 0 < float(value or 0) < 15
    expect(page.get_by_text(f"{float(value or 0):.2f}", exact=True)).to_be_visible()  # the slider goes along


def test_a_width_is_changed_by_keys_and_the_run_is_not_stepped(visit: Callable[..., Page]) -> None:
    page = visit("?s=gaussian-linear&at=1200")
    run = data(page, "run")
    handle = root_of(page).get_by_role("slider", name="Spread of mode 1")
    handle.focus()
    expect(handle).to_have_css("opacity", "1")
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    other_run(page, run)
    address(page, r"data\.stds=6\.85,&at=1200")
    assert handle.get_attribute("aria-valuenow") == "6.85"


def test_a_finger_drags_too(visit: Callable[..., Page]) -> None:
    page = visit("?s=gaussian-linear&at=1200", viewport={"width": 390, "height": 844}, has_touch=True)
    run = data(page, "run")
    button(page, "Drag the data").click()
    handle = root_of(page).get_by_role("slider", name="Mean of mode 1")
    handle.evaluate("""(node) => {
      const {x, y, width} = node.getBoundingClientRect();
      node.setPointerCapture = () => {};
      const fire = (type, by) => node.dispatchEvent(new PointerEvent(type, {
        pointerId: 7, pointerType: 'touch', clientX: x + width / 2 + by, clientY: y, bubbles: true,
        button: type === 'pointermove' ? -1 : 0}));
      fire('pointerdown', 0);
      for (const by of [-10, -20, -40]) fire('pointermove', by);
      fire('pointerup', -40);
    }""")
    other_run(page, run)
    address(page, r"data\.means=")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_drawn_density_becomes_the_data(visit: Callable[..., Page]) -> None:
    page = visit("?s=gaussian-linear&at=1200")
    run = data(page, "run")
    button(page, "Draw the data").click()
    box = page.locator(".drawing").bounding_box()
    assert box is not None

    def at(share: float) -> tuple[float, float]:
        height = 0.8 * math.sin(2 * math.pi * share) ** 2
        return box["x"] + (0.2 + 0.6 * share) * box["width"], box["y"] + box["height"] * (0.99 - height)

    page.mouse.move(*at(0))
    page.mouse.down()
    for i in range(1, 41):
        page.mouse.move(*at(i / 40))
    page.mouse.up()
    other_run(page, run)
    address(page, r"data\.kind=quantiles&data\.values=(-?[\d.]+,){64}")
    expect(page.locator(".drawing")).to_have_count(0)
    expect(page.get_by_text("Drawn: 64 quantiles of your curve")).to_be_visible()


def test_a_density_is_drawn_by_keys_and_given_up_by_escape(visit: Callable[..., Page]) -> None:
    page = visit("?s=gaussian-linear&at=1200")
    run = data(page, "run")
    button(page, "Draw the data").click()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing was drawn yet.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".drawing")).to_have_count(0)
    button(page, "Draw the data").click()
    for key in ["ArrowLeft"] * 6 + ["ArrowUp"] * 5 + ["Enter"]:
        page.keyboard.press(key)
    other_run(page, run)
    assert data(page, "iteration") == "1200"


def test_files_good_and_bad(visit: Callable[..., Page], tmp_path: Path) -> None:
    page = visit("?s=gaussian-linear&at=1200")
    page.get_by_text("More", exact=True).click()
    run = data(page, "run")

    def give(name: str, content: bytes) -> None:
        path = tmp_path / name
        path.write_bytes(content)
        field = page.locator("input[type=file]")
        expect(field).to_have_count(1)  # for a moment the last one's stands beside the next one's
        field.set_input_files(path)

    give("bad.csv", b"1\n2\ninf\n")
    expect(page.get_by_text("Line 3: “inf” is not a finite number.")).to_be_visible(timeout=SLOW)
    give("torn.npz", b"PK\x03\x04torn")
    expect(page.get_by_text("not a run saved by gan1d")).to_be_visible(timeout=SLOW)
    assert data(page, "run") == run
    give("sample.csv", b"size\n" + b"\n".join(b"%d" % (k % 17) for k in range(500)))
    expect(page.get_by_text("Read 500 numbers, skipped 1 that are none.")).to_be_visible(timeout=SLOW)
    run = other_run(page, run)
    address(page, r"data\.kind=quantiles")
    far = Path(gan1d.__file__).parent / "assets" / "far-modes-linear.npz"
    give("run.npz", far.read_bytes())
    expect(page.get_by_text("Opened run.npz: shown as it was saved.")).to_be_visible(timeout=SLOW)
    other_run(page, run)
    address(page, r"\?v=1&s=far-modes-linear")


def test_embedded_it_is_the_player_alone(visit: Callable[..., Page]) -> None:
    page = visit("?s=gaussian-linear&at=1200&embed=1&hide=curves,going,captions")
    expect(page.locator("[data-testid=stSidebar]")).to_be_hidden()
    expect(page.locator("[data-testid=stHeader]")).to_be_hidden()
    for name in (".curves", ".caption"):
        expect(root_of(page).locator(name).first).to_be_hidden()
    expect(button(page, "Go on from here")).to_be_hidden()
    expect(root_of(page).locator(".transport")).to_be_visible()
    address(page, "embed=1&hide=curves,going,captions")  # stays in the address
    top = page.locator(f"{ROOT} .picture").bounding_box()
    assert top is not None and top["y"] < 250


def test_single_controls_are_hidden(visit: Callable[..., Page]) -> None:
    page = visit("?s=gaussian-linear&hide=training.lr_d,scenario,outcome")
    expect(page.get_by_role("slider", name="Learning rate of G")).to_be_visible()
    expect(page.get_by_role("slider", name="Learning rate of D")).to_have_count(0)
    expect(page.get_by_role("combobox", name="Scenario")).to_have_count(0)
    expect(root_of(page).locator(".outcome")).to_be_hidden()


def test_another_page_and_back_keeps_run_place_and_layers(visit: Callable[..., Page]) -> None:
    page = visit("?s=far-modes-linear&at=900")
    root_of(page).locator("button[data-layer=d_star]").click()
    address(page, "d_star")
    run, there = data(page, "run"), page.url
    page.get_by_role("link", name="Lessons").click()
    address(page, "/lessons")
    page.wait_for_timeout(1500)
    page.get_by_role("link", name="Lab").click()
    expect(root_of(page)).to_have_attribute("data-run", run, timeout=SLOW)
    expect(page).to_have_url(there)
    assert (data(page, "iteration"), data(page, "playing")) == ("900", "false")
    expect(root_of(page).locator("button[data-layer=d_star]")).to_have_attribute("aria-pressed", "true")
