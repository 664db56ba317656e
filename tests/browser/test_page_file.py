"""An exported page, opened from a file with the network cut: it plays, shows the run's numbers, and asks for nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

import gan1d
from gan1d.render.notebook import bundle
from gan1d.render.options import Options
from gan1d.render.page import page as page_of
from gan1d.trajectory import Trajectory

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
ROOT = "[data-gan1d-player]"
PAUSED = {"reduced_motion": "reduce"}  # the player then waits on its first frame
ASSETS = Path(gan1d.__file__).parent / "assets"
FIRST_PAINT = 1500.0  # ms, on a machine that does other things too
THREE_DIGITS = 6e-4  # half a unit of the third decimal, which numbers are shown to, and the codes' share
PAINTED = """() => {
  const canvas = document.querySelector('.picture canvas');
  const pixels = new Uint32Array(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer);
  let hash = 0;
  for (const pixel of pixels) hash = (Math.imul(hash, 31) + pixel) | 0;
  return hash;
}"""
BACKGROUND = "(node) => getComputedStyle(node).backgroundColor"


@pytest.fixture(scope="module")
def run() -> Trajectory:
    return gan1d.load(ASSETS / "far-modes-linear.npz")


@pytest.fixture(scope="module")
def other() -> Trajectory:
    return gan1d.load(ASSETS / "oscillation.npz")


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def show(tmp_path: Path, open_page: Open, asked: list[str]) -> Callable[..., Page]:
    """Opens HTML from a file in a context without a network: ``show(html, **browser options)``; what it asks for is in `asked`."""

    def show_(html: str, **options: object) -> Page:
        path = tmp_path / "page.html"
        path.write_text(html, "utf-8")
        page = open_page("about:blank", **options)
        page.context.set_offline(True)

        def refuse(route: Route) -> None:
            asked.append(route.request.url)
            if route.request.url == path.as_uri():
                route.continue_()
            else:
                route.abort()

        page.route("**/*", refuse)
        page.goto(path.as_uri())
        return page

    return show_


def ready(page: Page) -> Page:
    page.wait_for_selector(".picture canvas")
    page.wait_for_selector(".curves .panel canvas")
    return page


def state(page: Page) -> dict[str, str]:
    return page.locator(ROOT).evaluate("(root) => ({...root.dataset})")


def seek(page: Page, to: int) -> None:
    page.locator(".scrub").evaluate("(scrub, to) => { scrub.value = to; scrub.dispatchEvent(new Event('input')); }", to)


def number(words: str) -> float:
    return float(words.replace("−", "-").replace("\u202f", ""))


def test_it_plays_and_asks_for_nothing(run: Trajectory, show: Callable[..., Page], asked: list[str]) -> None:
    page = ready(show(page_of([run])))
    page.wait_for_function(f"() => Number(document.querySelector('{ROOT}').dataset.frame) > 3")
    assert state(page)["frames"] == str(len(run))
    expect(page).to_have_title("Two far modes: mode collapse")
    expect(page.locator("h1")).to_have_text("Two far modes: mode collapse")
    assert len(asked) == 1 and asked[0].startswith("file://")
    paints = page.evaluate("() => performance.getEntriesByType('paint').map((each) => each.startTime)")
    print(f"first paint after {min(paints):.0f} ms")
    assert min(paints) < FIRST_PAINT


@pytest.mark.parametrize("frame", [0, 57, 200, 350])
def test_a_state_has_the_runs_numbers(run: Trajectory, show: Callable[..., Page], frame: int) -> None:
    page = ready(show(page_of([run]), **PAUSED))
    seek(page, frame)
    assert state(page)["iteration"] == str(run.iteration[frame])
    shown = page.locator("[data-panel=mean] .value").first.inner_text()
    assert number(shown) == pytest.approx(float(run.mean[frame]), rel=6e-3, abs=6e-3)
    # Under the pointer: the densities and D at that place, of the arrays.
    box = page.locator(".picture .u-over").bounding_box()
    assert box
    for share in (0.3, 0.45, 0.6):
        page.mouse.move(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
        values = {
            name: number(page.locator(f".readout .{name} b").inner_text()) for name in ("x", "real", "generated", "d")
        }
        at = int(np.argmin(np.abs(run.x - values["x"])))
        assert abs(run.x[at] - values["x"]) < 0.02
        assert values["generated"] == pytest.approx(float(run.p_gen[frame, at]), rel=6e-3, abs=THREE_DIGITS)
        assert values["real"] == pytest.approx(float(run.p_data[at]), rel=6e-3, abs=THREE_DIGITS)
        assert values["d"] == pytest.approx(float(run.d[frame, at]), rel=6e-3, abs=THREE_DIGITS)


def test_the_curve_lies_where_the_density_is(run: Trajectory, show: Callable[..., Page]) -> None:
    """The generated curve's own colour, column by column, on a linear scale: rows follow the density at every place."""
    page = ready(show(page_of([run], options=Options(layers=("generated",))), **PAUSED))
    seek(page, 100)
    rows = np.array(
        page.evaluate("""() => {
          const canvas = document.querySelector('.picture canvas');
          const {width, height} = canvas;
          const data = canvas.getContext('2d').getImageData(0, 0, width, height).data;
          const found = [];
          for (let x = 0; x < width; x++) {
            let sum = 0, count = 0;
            for (let y = 0; y < height; y++) {
              const i = 4 * (y * width + x);
              if (data[i] > 190 && data[i + 1] > 70 && data[i + 1] < 120 && data[i + 2] < 40 && data[i + 3] > 200) { sum += y; count += 1; }
            }
            if (count) found.push([x, sum / count]);
          }
          return found;
        }""")
    )
    over = page.evaluate("""() => {
      const canvas = document.querySelector('.picture canvas').getBoundingClientRect();
      const box = document.querySelector('.picture .u-over').getBoundingClientRect();
      return [box.left - canvas.left, box.width];
    }""")
    where = run.x[0] + (rows[:, 0] + 0.5 - over[0]) / over[1] * (run.x[-1] - run.x[0])
    inside = (where > run.x[0]) & (where < run.x[-1])
    density = np.interp(where[inside], run.x, run.p_gen[100])
    slope = np.abs(np.interp(where[inside], run.x, np.gradient(run.p_gen[100], run.x)))
    gentle = slope < 0.5 * slope.max()  # on a steep piece a column holds many rows
    height = np.polyfit(density[gentle], rows[inside, 1][gentle], 1)
    error = np.abs(np.polyval(height, density[gentle]) - rows[inside, 1][gentle])
    assert len(error) > 400 and np.median(error) < 1.5 and np.quantile(error, 0.95) < 6
    assert -height[0] * density.max() > 50  # pixels high, and upwards


def test_it_is_driven_by_keys(run: Trajectory, show: Callable[..., Page]) -> None:
    page = ready(show(page_of([run]), **PAUSED))
    picture = page.locator(".picture")
    before = page.evaluate(PAINTED)
    picture.press("End")
    assert state(page)["frame"] == str(len(run) - 1)
    assert page.evaluate(PAINTED) != before
    picture.press("ArrowLeft")
    assert state(page)["frame"] == str(len(run) - 2)
    picture.press("Home")
    assert state(page)["frame"] == "0" and page.evaluate(PAINTED) == before
    picture.press(" ")
    expect(page.locator(ROOT)).to_have_attribute("data-playing", "true")


def test_it_offers_nothing_that_only_a_server_can_do(run: Trajectory, show: Callable[..., Page]) -> None:
    page = ready(show(page_of([run]), **PAUSED))
    for name in ("Copy link", "Go on from here", "Drag the data", "Step by step", "seeds"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    page.get_by_role("button", name="Keys").click()
    expect(page.locator(".keys-panel")).to_contain_text("play or pause")
    expect(page.get_by_text("step by step: one turn back")).to_be_hidden()
    page.get_by_role("button", name="Equations").click()
    expect(page.locator(".equations .formula").first).to_be_visible()
    page.get_by_text("Settings", exact=True).click()
    expect(page.get_by_role("row", name="data.means -3, 8")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_goes_with_the_readers_theme_and_can_be_turned(
    run: Trajectory, show: Callable[..., Page], scheme: str
) -> None:
    page = ready(show(page_of([run]), color_scheme=scheme, **PAUSED))
    white, black = "rgb(255, 255, 255)", "rgb(20, 23, 28)"
    first, second = (white, black) if scheme == "light" else (black, white)
    for background in (first, second, first):
        assert page.locator("body").evaluate(BACKGROUND) == background
        assert page.locator(ROOT).evaluate(BACKGROUND) == background
        expect(page.locator(ROOT)).to_have_attribute("data-theme", "light" if background == white else "dark")
        page.get_by_role("button", name="Light or dark").click()


def test_a_theme_can_be_chosen_beforehand(run: Trajectory, show: Callable[..., Page]) -> None:
    page = ready(show(page_of([run], options=Options(theme="dark")), color_scheme="light", **PAUSED))
    assert page.locator("body").evaluate(BACKGROUND) == "rgb(20, 23, 28)"
    expect(page.locator(ROOT)).to_have_attribute("data-theme", "dark")


@pytest.mark.parametrize("count", [1, 2])
def test_it_fits_a_phone(run: Trajectory, other: Trajectory, show: Callable[..., Page], count: int) -> None:
    title = "An_unreasonably_long_word_that_somebody_has_put_into_a_title_without_any_space"
    page = ready(
        show(page_of([run, other][:count], options=Options(title=title)), viewport={"width": 390, "height": 844})
    )
    page.get_by_text("Settings", exact=True).click()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
    for canvas in page.locator(".picture canvas").all():
        box = canvas.bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= 390


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_axe_finds_nothing_serious(
    run: Trajectory, other: Trajectory, show: Callable[..., Page], width: int, scheme: str
) -> None:
    runs = [run] if width > 400 else [run, other]
    options = Options(under="A sentence of one’s own.")
    html = page_of(runs, options=options, link="https://example.org/")
    page = ready(show(html, viewport={"width": width, "height": 900}, color_scheme=scheme, **PAUSED))
    page.get_by_text("Settings", exact=True).click()
    findings = [
        f"{violation['id']}: {node['target']}"
        for violation in Axe().run(page).response["violations"]
        for node in violation["nodes"]
        if violation["impact"] in ("serious", "critical")
    ]
    # Words in a curve's own colour, which is Okabe and Ito's for every kind of colour vision, not for its contrast.
    assert [found for found in findings if not ("color-contrast" in found and ".generated" in found)] == []


def test_a_comparison_is_one_page_too(
    run: Trajectory, other: Trajectory, show: Callable[..., Page], asked: list[str]
) -> None:
    page = ready(show(page_of([run, other], ["<b>collapsed</b>", "swings"]), **PAUSED))
    expect(page.locator(".column canvas")).to_have_count(2)
    expect(page.locator(".run-name .own")).to_have_text(["<b>collapsed</b>", "swings"])
    page.locator(".picture").first.press("End")
    for column, kind in zip(page.locator(".column").all(), ["mode collapse", "oscillating"], strict=True):
        expect(column.locator(".outcome b")).to_have_text(kind)
    shown = [number(words) for words in page.locator("[data-panel=mean-mean] .value").all_inner_texts()]
    assert shown == pytest.approx([float(run.mean[-1]), float(other.mean[-1])], rel=6e-3, abs=6e-3)
    assert len(asked) == 1


def test_titles_run_no_scripts(run: Trajectory, show: Callable[..., Page], asked: list[str]) -> None:
    mark = "</h1></title><script>window.got=1</script><img src=https://example.org/x onerror=window.got=1>"
    page = ready(show(page_of([run, run], [mark, "b"], Options(title=mark, under=mark)), **PAUSED))
    expect(page.locator("h1")).to_have_text(mark)
    assert page.evaluate("() => window.got") is None
    assert len(asked) == 1


def test_what_gets_into_a_page_all_the_same_is_stopped(run: Trajectory, browser: Browser) -> None:
    page = browser.new_page()
    stopped: list[str | None] = []
    answered: list[str] = []
    page.on("requestfailed", lambda request: stopped.append(request.failure))
    page.on("response", lambda response: answered.append(response.url))
    got_in = "<img src=http://127.0.0.1:9/x onerror=window.got=1><script>window.got=1</script>"
    page.set_content(page_of([run]).replace("</h1>", f"</h1>{got_in}"))
    ready(page)
    assert page.evaluate("() => window.got") is None
    assert set(stopped) <= {"csp"} and answered == []
    page.close()


def test_without_scripts_the_last_state_is_there_as_a_picture(run: Trajectory, browser: Browser) -> None:
    """In a frame that may not run scripts."""
    page = browser.new_page()
    inner = page_of([run]).replace("&", "&amp;").replace('"', "&quot;")
    page.set_content(f'<iframe sandbox width=1200 height=900 srcdoc="{inner}"></iframe>')
    frame = page.frame_locator("iframe")
    picture = frame.get_by_role("img", name="at iteration 2\u202f100. Outcome: mode collapse.")
    expect(picture).to_be_visible()
    box = picture.bounding_box()
    assert box and box["width"] == 960 and box["height"] == 540
    expect(frame.locator(".page-note")).to_contain_text("A still picture")
    expect(frame.get_by_role("button")).to_have_count(0)
    page.close()


def test_a_browser_that_cannot_unpack_says_so(run: Trajectory, show: Callable[..., Page], tmp_path: Path) -> None:
    html = page_of([run]).replace("new DecompressionStream", "new NoSuchThing")
    assert "NoSuchThing" in html
    page = show(without_policy(html))
    expect(page.get_by_role("alert")).to_contain_text("could not start")
    expect(page.locator(f"{ROOT} img")).to_be_visible()


def without_policy(html: str) -> str:
    """The page was changed, and its policy knows the script that it had."""
    return html.replace("Content-Security-Policy", "nothing")


NOTEBOOK = (
    "<!doctype html><meta charset=utf-8><link rel=icon href='data:,'><body style='background: {colour}'>{output}</body>"
)


@pytest.mark.parametrize(("colour", "theme"), [("#ffffff", "light"), ("#111111", "dark")])
def test_a_notebooks_player_has_its_theme_and_height(
    run: Trajectory, show: Callable[..., Page], asked: list[str], colour: str, theme: str
) -> None:
    page = show(NOTEBOOK.format(colour=colour, output=bundle(run)["text/html"]))
    frame = page.frame_locator("iframe")
    expect(frame.locator(".picture canvas")).to_be_visible()
    expect(frame.locator(ROOT)).to_have_attribute("data-playing", "true")
    expect(frame.locator(ROOT)).to_have_attribute("data-theme", theme)
    expect(frame.locator("h1")).to_have_count(0)
    page.wait_for_function(  # all of it is seen: nothing scrolls in the frame, nothing is left over
        "() => document.querySelector('iframe').clientHeight !== 1200 && document.querySelector('iframe').clientHeight > 500"
    )
    high = frame.locator("html").evaluate("(root) => [root.scrollHeight, root.clientHeight]")
    assert high[0] <= high[1]
    assert [url for url in asked if not url.startswith(("file:", "about:"))] == []


def test_a_notebook_that_takes_frames_out_shows_the_picture(run: Trajectory, show: Callable[..., Page]) -> None:
    output = re.sub(r"<(iframe|script).*?</\1>", "", bundle(run)["text/html"], flags=re.DOTALL)
    page = show(NOTEBOOK.format(colour="#ffffff", output=output))
    expect(page.get_by_role("img", name="Outcome: mode collapse.")).to_be_visible()
