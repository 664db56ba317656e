"""The app in a real browser, served as `make app` serves it: what a newcomer sees and does."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from playwright.sync_api import Error as PlaywrightError

import gan1d
from tests.browser.conftest import Served

pytestmark = pytest.mark.browser
ROOT = "[data-gan1d-player]"
PAINTED = """(canvas) => {
  const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let hash = 0, painted = 0;
  for (let i = 0; i < data.length; i += 4) {
    painted += data[i + 3] > 0;
    hash = (hash * 31 + data[i] + data[i + 1] * 3 + data[i + 2] * 7 + data[i + 3]) | 0;
  }
  return {hash, share: painted / (canvas.width * canvas.height)};
}"""
TICKS = """(root, seconds) => new Promise((done) => {
  let ticks = 0;
  const drawn = new Set(), end = performance.now() + 1000 * seconds;
  const tick = (now) => {
    ticks += 1;
    drawn.add(root.dataset.frame);
    now < end ? requestAnimationFrame(tick) : done({ticks: ticks / seconds, drawn: drawn.size / seconds});
  };
  requestAnimationFrame(tick);
})"""


@pytest.fixture(scope="module", autouse=True)
def nothing_said(served: Served) -> Iterator[None]:
    """The server says no more than where it is, whatever is done here."""
    before = served.log.stat().st_size
    yield
    assert served.log.read_bytes()[before:].split() == []


@pytest.fixture
def page(url: str, open_page: Callable[..., Page]) -> Page:
    found = open_page(url)
    found.wait_for_selector(f"{ROOT} .picture canvas", timeout=30_000)
    return found


@pytest.fixture
def still(url: str, open_page: Callable[..., Page]) -> Page:
    """The same where less motion is asked for: it waits on its first state, and the machine has time for the server."""
    found = open_page(url, reduced_motion="reduce")
    found.wait_for_selector(f"{ROOT} .picture canvas", timeout=30_000)
    return found


def root_of(page: Page) -> Locator:
    return page.locator(ROOT)


def data(page: Page, name: str) -> str:
    return root_of(page).get_attribute(f"data-{name}") or ""


def picture(page: Page) -> dict[str, float]:
    return page.locator(f"{ROOT} .picture canvas").evaluate(PAINTED)


def seek(page: Page, frame: int) -> None:
    page.locator(".scrub").evaluate(
        "(scrub, to) => { scrub.value = to; scrub.dispatchEvent(new Event('input')); }", frame
    )


def other_run(page: Page, run: str) -> None:
    expect(root_of(page)).not_to_have_attribute("data-run", run, timeout=30_000)


def press(page: Page, slider: str, key: str) -> None:
    page.get_by_role("slider", name=slider).focus()
    page.keyboard.press(key)


def test_the_first_view_plays_and_says_what_the_curves_are(page: Page) -> None:
    expect(root_of(page)).to_have_attribute("data-playing", "true")
    first = picture(page)
    assert first["share"] > 0.02
    for label in ("real", "generated", "D(x)"):
        expect(page.locator(ROOT).get_by_text(label, exact=True).first).to_be_visible()
    expect(page.locator(f"{ROOT} .caption")).not_to_be_empty()
    expect(page.get_by_role("button", name="Next: two modes")).to_be_visible()
    expect(root_of(page)).not_to_have_attribute("data-frame", "0")
    page.wait_for_timeout(500)
    assert picture(page)["hash"] != first["hash"]


def test_pause_scrub_and_step(page: Page) -> None:
    page.get_by_role("button", name="Pause").click()
    still = picture(page)
    page.wait_for_timeout(300)
    assert picture(page) == still
    seek(page, 200)
    assert data(page, "frame") == "200" and data(page, "iteration") == "1200"
    page.get_by_role("button", name="Step forward").click()
    assert data(page, "frame") == "201"
    assert picture(page)["hash"] != still["hash"]


SWAPS = """(root) => {
  let frame = Number(root.dataset.frame);
  window.swaps = [];
  new MutationObserver((records) => {
    const now = Number(root.dataset.frame);
    if (records.some((record) => record.attributeName === 'data-run')) window.swaps.push([frame, now]);
    frame = now;
  }).observe(root, {attributes: true});
}"""
"""Notes the state that is shown before another run comes, and after."""


def test_moving_a_slider_swaps_the_curves_and_keeps_the_playback(page: Page) -> None:
    page.locator(f"{ROOT} .speed").select_option("0.5")
    canvas = page.locator(f"{ROOT} .picture canvas")
    canvas.evaluate("(node) => { window.kept = node; }")
    root_of(page).evaluate(SWAPS)
    run = data(page, "run")
    for slider in ("Mode 1: mean", "Learning rate of D", "Mode 1: std"):
        seek(page, 60)
        press(page, slider, "ArrowLeft")
        other_run(page, run)
        run = data(page, "run")
        assert canvas.evaluate("(node) => node === window.kept")
        assert data(page, "playing") == "true"
        assert page.locator(f"{ROOT} .speed").input_value() == "0.5"
    swaps = page.evaluate("window.swaps")
    assert len(swaps) == 3 and all((after - before) % 351 < 60 for before, after in swaps), swaps
    page.get_by_role("button", name="Pause").click()
    at = data(page, "frame")
    press(page, "Mode 1: mean", "ArrowRight")
    other_run(page, run)
    assert (data(page, "frame"), data(page, "playing")) == (at, "false")


def test_every_slider_up_front_at_both_ends(still: Page) -> None:
    """Nothing breaks, and the picture stays."""
    for slider, key in itertools.product(
        ("Mode 1: mean", "Mode 1: std", "Learning rate of G", "Learning rate of D"), ("Home", "End")
    ):
        run = data(still, "run")
        press(still, slider, key)
        other_run(still, run)
        assert picture(still)["share"] > 0.01
        assert still.get_by_test_id("stException").count() == 0


def test_a_newcomer_goes_on_to_two_modes_and_to_mode_collapse(still: Page) -> None:
    run = data(still, "run")
    still.get_by_role("button", name="Next: two modes").click()
    other_run(still, run)
    expect(still.get_by_text(gan1d.scenarios["near-modes-linear"].text)).to_be_visible()
    run = data(still, "run")
    still.get_by_role("combobox", name="Scenario").click()
    still.get_by_role("option", name="mode collapse").click()
    other_run(still, run)
    seek(still, 350)
    expect(still.locator(f"{ROOT} .caption")).to_contain_text("The generator sits on one mode")
    run = data(still, "run")
    press(still, "Mode 2: mean", "Home")  # both modes on the left now: the history changes
    other_run(still, run)
    still.get_by_role("button", name="Reset to the scenario").click()
    expect(root_of(still)).to_have_attribute("data-run", run, timeout=30_000)


def test_more_controls_and_an_impossible_setting(still: Page) -> None:
    still.get_by_text("More", exact=True).click()
    run = data(still, "run")
    field = still.get_by_role("textbox", name="Hidden layers of D")
    field.fill("64, many")
    field.press("Enter")
    expect(still.get_by_text("'many' is not allowed; it must be a whole number from 1 to 512")).to_be_visible()
    assert data(still, "run") == run
    field.fill("32, 32")
    field.press("Enter")
    other_run(still, run)
    expect(still.get_by_text("is not allowed")).to_have_count(0)


def choose(page: Page, control: str, option: str) -> None:
    """Takes an option of a box in the sidebar, and waits for the run that it makes."""
    run = data(page, "run")
    box = page.get_by_role("combobox", name=control)
    wanted = page.get_by_role("option", name=option)
    for _ in range(5):  # a rerun that comes in between closes the list
        box.scroll_into_view_if_needed()
        box.click()
        with suppress(PlaywrightError):
            wanted.click(timeout=3000)
            break
    other_run(page, run)


def test_a_critic_is_drawn_and_spoken_of_as_one(still: Page) -> None:
    """From probability to score and back, in the page that is already there: axis, units, lines, the value under the pointer."""
    still.get_by_text("More", exact=True).click()
    choose(still, "Loss", "Wasserstein (critic)")
    choose(still, "Penalty on D", "gradient penalty")
    seek(still, 350)
    root = root_of(still)
    expect(root).to_contain_text("critic D(x), from its mean on real data")
    expect(root.locator("[data-panel=d_says]")).to_contain_text("score")
    expect(root.locator("[data-panel=d_says]")).not_to_contain_text("P(real")
    still.locator(f"{ROOT} .picture .u-over").hover(position={"x": 100, "y": 100})  # beside the data's handle
    expect(root.locator(".readout")).to_contain_text("D(x) − mean on real")
    assert picture(still)["share"] > 0.02
    choose(still, "Loss", "non-saturating")
    expect(root).to_contain_text("D(x), probability of real")


def test_lines_in_the_small_charts_say_what_they_are(still: Page) -> None:
    """The noise floor and the best reachable value, by their names' hover and in the chart's help."""
    run = data(still, "run")
    still.get_by_role("button", name="Next: two modes").click()
    other_run(still, run)
    panel = root_of(still).locator("[data-panel=w1]")
    panel.get_by_text("best", exact=True).hover()
    expect(panel.locator(".meaning")).to_contain_text("No normal comes nearer to this data.")
    expect(panel.locator(".meaning")).to_be_visible()
    panel.get_by_role("button").hover()
    expect(panel.get_by_role("tooltip")).to_contain_text("what a batch of 32 real points is already away")
    expect(root_of(still).locator(".outcome")).to_contain_text("mode averaging")


def test_data_of_every_shape_is_drawn(still: Page) -> None:
    still.get_by_text("More", exact=True).click()
    for shape in ("uniform", "Laplace", "Student's t", "triangular"):
        choose(still, "Shape of the data", shape)
        assert picture(still)["share"] > 0.02, shape
        assert still.get_by_test_id("stException").count() == 0, shape


@pytest.mark.alone
def test_playback_is_smooth_and_asks_the_server_nothing(url: str, open_page: Callable[..., Page]) -> None:
    page = open_page("about:blank")
    sent: list[object] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    page.goto(url)
    page.wait_for_selector(f"{ROOT} .picture canvas", timeout=30_000)
    page.wait_for_timeout(2500)
    sent.clear()
    rate = root_of(page).evaluate(TICKS, 3)
    print(f"ticks {rate['ticks']:.1f}, states drawn {rate['drawn']:.1f} a second")
    assert sent == []
    assert rate["ticks"] >= 45  # 55 and more on a quiet machine: benchmarks/app.py measures it


def test_a_rerun_that_changes_nothing_sends_next_to_nothing(url: str, open_page: Callable[..., Page]) -> None:
    """The run is not sent again; 5 kB on a quiet day (benchmarks/lab.py), and the page keeps its style."""
    page = open_page("about:blank")
    received: list[int] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: received.append(len(frame))))
    page.goto(url)
    page.wait_for_selector(f"{ROOT} .picture canvas", timeout=30_000)
    page.wait_for_timeout(2500)
    box = page.locator(f"{ROOT} .picture").bounding_box()
    received.clear()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("r")  # Streamlit's key for a rerun
    page.wait_for_timeout(1500)
    assert 0 < sum(received) <= 8000
    assert page.locator(f"{ROOT} .picture").bounding_box() == box


@pytest.mark.parametrize(("scheme", "dark"), [("light", False), ("dark", True)])
def test_light_and_dark(url: str, open_page: Callable[..., Page], scheme: str, dark: bool) -> None:
    page = open_page(url, color_scheme=scheme)
    page.wait_for_selector(f"{ROOT} .picture canvas", timeout=30_000)
    background = page.locator(".stApp").evaluate(
        "(node) => getComputedStyle(node).backgroundColor.match(/\\d+/g).map(Number)"
    )
    assert (sum(background[:3]) < 200) is dark
    assert data(page, "theme") == scheme
    assert picture(page)["share"] > 0.02


def test_a_phone_shows_the_picture_first_and_scrolls_one_way(url: str, open_page: Callable[..., Page]) -> None:
    page = open_page(url, viewport={"width": 390, "height": 844}, has_touch=True)
    canvas = page.wait_for_selector(f"{ROOT} .picture canvas", timeout=30_000)
    assert canvas is not None
    box = canvas.bounding_box()
    assert box is not None and box["y"] < 300 and box["width"] <= 390
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(page.get_by_role("button", name="Next: two modes")).to_be_visible()


def test_nothing_is_asked_of_any_other_host(url: str, browser: Browser) -> None:
    context = browser.new_context()
    asked: list[str] = []
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(url)
    page.wait_for_selector(f"{ROOT} .picture canvas", timeout=30_000)
    page.get_by_text("More", exact=True).click()
    page.wait_for_timeout(1000)
    context.close()
    assert {u for u in asked if not u.startswith((url, "data:", "blob:"))} == set()


def test_a_second_visitor_has_settings_of_their_own(page: Page, url: str, open_page: Callable[..., Page]) -> None:
    run = data(page, "run")
    press(page, "Mode 1: mean", "ArrowLeft")
    other_run(page, run)
    second = open_page(url)
    second.wait_for_selector(f"{ROOT} .picture canvas", timeout=30_000)
    assert data(second, "run") == run
