"""The static site as it is opened from a disk, and from a host's sub-folder: with no network, by keyboard, on a phone, quickly."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, Route, expect

import gan1d
from gan1d.lessons import lessons
from gan1d.render.site import write
from gan1d.trajectory import load

pytestmark = pytest.mark.browser
ROOT = "[data-gan1d-player]"
CANVAS = f"{ROOT} .picture canvas"
ASSETS = Path(gan1d.__file__).parent / "assets"
NAMES = ("gaussian-linear", "near-modes-mlp", "far-modes-mlp", "divergence")
LESSON = lessons()["expressive-generator"]
"""Its runs are two of the scenarios': nothing is trained here."""
PAINT = 1.5
"""Seconds until something is seen, at most; and frames a second, at least, in the best of three seconds."""
FPS = 30.0
COUNT = f"""() => new Promise((done) => {{
  const root = document.querySelector('{ROOT}');
  const first = Number(root.dataset.frame);
  let frames = 0;
  let began = null;
  const step = (now) => {{
    if (began === null) began = now; else frames += 1;
    if (now - began < 1000) requestAnimationFrame(step);
    else done([1000 * frames / (now - began), Math.abs(Number(root.dataset.frame) - first)]);
  }};
  requestAnimationFrame(step);
}})"""
"""Frames a second that the browser draws, and how many states the player went on, in a second."""
OURS = {"exclude": [[ROOT]]}
"""What axe looks at: the player has a test of its own. It may not read style sheets again: from a disk no script may."""
PAGES = ("index.html", "scenarios/gaussian-linear.html", f"lessons/{LESSON.name}.html")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("a course") / "site"  # a name that an address must escape
    scenarios = {name: gan1d.scenarios[name] for name in NAMES}
    return write(folder, scenarios=scenarios, lessons={LESSON.name: LESSON}).folder


@pytest.fixture
def open_(open_page: Callable[..., Page], site: Path) -> Callable[..., Page]:
    """Opens a page of the site from the disk, without a network: whatever it asks of one fails the test."""

    def opened(name: str, **options: object) -> Page:
        page = open_page("about:blank", offline=True, **options)
        asked: list[str] = []

        def look(route: Route) -> None:
            if not route.request.url.startswith(("file:", "data:", "blob:")):
                asked.append(route.request.url)
            route.continue_()

        page.context.route("**/*", look)
        page.goto(site.as_uri() + f"/{name}")
        page.asked = asked  # type: ignore[attr-defined]
        return page

    return opened


def playing(page: Page) -> Locator:
    page.wait_for_selector(CANVAS)
    return page.locator(ROOT)


def plain(markup: str) -> str:
    """A text without its marks, as it is read."""
    return " ".join(re.sub(r"\*\*?|\\", "", markup).split())


# ---- scenarios


def test_a_scenario_plays_from_a_disk_without_a_network(open_: Callable[..., Page], site: Path) -> None:
    page = open_("index.html")
    page.get_by_role("link", name="One Gaussian", exact=True).click()
    root = playing(page)
    expect(root).to_have_attribute("data-playing", "true")
    first = int(root.get_attribute("data-frame") or 0)
    page.wait_for_function(f"Number(document.querySelector('{ROOT}').dataset.frame) > {first + 5}")
    assert page.title().startswith("One Gaussian") and page.asked == []  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", NAMES)
def test_the_numbers_shown_are_the_runs(open_: Callable[..., Page], name: str) -> None:
    """At the end: iteration, outcome, and the mean that stands over its curve."""
    run = load(ASSETS / f"{name}.npz")
    page = open_(f"scenarios/{name}.html", reduced_motion="reduce")
    root = playing(page)
    root.locator(".picture").focus()
    page.keyboard.press("End")
    expect(root).to_have_attribute("data-iteration", str(run.iteration[-1]))
    expect(root.locator(".outcome")).to_contain_text(run.diagnosis.kind)
    if run.summary["status"] == "ok":
        shown = root.locator("[data-panel=mean] .value").first.inner_text()
        assert float(shown.replace("−", "-")) == pytest.approx(run.mean[-1], rel=0.01, abs=0.006)


def test_what_only_a_server_can_do_is_not_offered_and_the_rest_is(open_: Callable[..., Page]) -> None:
    page = open_("scenarios/gaussian-linear.html", reduced_motion="reduce")
    root = playing(page)
    for gone in (".tool-button", ".seeds-start", '[data-block="steps"]', ".action"):
        assert not any(part.is_visible() for part in root.locator(gone).all()), gone
    root.get_by_role("button", name="Equations").click()
    expect(root.locator(".equations math").first).to_be_visible()
    root.locator(".chip[data-layer=samples]").click()
    expect(root.locator(".chip[data-layer=samples]")).to_have_attribute("aria-pressed", "true")


def test_downloads_are_the_files(open_: Callable[..., Page], site: Path, tmp_path: Path) -> None:
    page = open_("scenarios/divergence.html", reduced_motion="reduce")
    links = page.locator(".s-files a[download]")
    assert links.count() == 6
    with page.expect_download() as caught:
        links.filter(has_text="npz").click()
    caught.value.save_as(tmp_path / "run.npz")
    assert caught.value.suggested_filename == "divergence.npz"
    assert load(tmp_path / "run.npz").config == gan1d.scenarios["divergence"].config


@pytest.mark.alone
def test_first_paint_and_frames_a_second(open_: Callable[..., Page], capsys: pytest.CaptureFixture[str]) -> None:
    """Measured in the browser: its own first contentful paint, and what `requestAnimationFrame` counts while a run plays."""
    found = {}
    for name in PAGES[:2]:
        page = open_(name)
        page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length > 0")
        found[name] = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime") / 1000
    playing(page)
    drawn = page.evaluate("performance.now()") / 1000
    rates = [page.evaluate(COUNT) for _ in range(3)]
    fps, moved = max(rates)
    with capsys.disabled():
        print(f"\nsite: first paint {found}, player drawn {drawn:.2f} s, {fps:.0f} frames a second")
    assert max(found.values()) < PAINT
    assert fps >= FPS and moved > 10


# ---- lessons


def test_predict_run_explain_try_by_keyboard(open_: Callable[..., Page]) -> None:
    page = open_(PAGES[2])
    wrong = 0
    assert LESSON.right != wrong
    assert page.locator(CANVAS).count() == 0 and not page.get_by_text(plain(LESSON.run)[:30]).is_visible()
    assert page.locator("[type=submit]").is_disabled()
    page.locator("input[type=radio]").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    root = playing(page)
    expect(root).to_have_attribute("data-playing", "true")
    run = root.get_attribute("data-run")
    assert page.locator(".s-said .s-now").inner_text().endswith(plain(LESSON.choices[wrong].text))
    page.locator(".s-words.s-now .primary").focus()
    page.keyboard.press("Enter")
    reply = page.locator(".s-reply.s-now")
    expect(reply).to_have_count(1)
    for said in (LESSON.choices[wrong].reply, LESSON.choices[LESSON.right].reply):
        expect(reply).to_contain_text(plain(said))
    expect(root).to_have_attribute("data-iteration", str(LESSON.scene.view["iteration"]))
    expect(root).to_have_attribute("data-playing", "false")
    for name in LESSON.scene.highlight:
        marked = root.locator(f'[data-layer="{name}"], [data-panel="{name}"]').first
        assert marked.evaluate("(node) => getComputedStyle(node).outlineStyle") == "solid"
    assert page.get_by_role("heading", name="Why it is so").is_visible()
    page.locator(".s-reasons.s-now .primary").focus()
    page.keyboard.press("Enter")
    expect(root).not_to_have_attribute("data-run", run or "")
    expect(page.get_by_text(plain(LESSON.trial_text)[:40])).to_be_visible()
    assert page.asked == []  # type: ignore[attr-defined]


def test_a_prediction_is_kept_and_the_list_of_lessons_knows_it(open_: Callable[..., Page], site: Path) -> None:
    page = open_(PAGES[2])
    page.get_by_text(plain(LESSON.choices[LESSON.right].text), exact=True).click()
    page.get_by_role("button", name="See what happens").click()
    page.get_by_role("button", name="Explain it").click()
    expect(page.locator(".s-reply.s-now.right")).to_contain_text("Right.")
    page.reload()
    expect(page.locator(".s-reply.s-now.right")).to_be_visible()
    page.get_by_role("button", name="1 Predict").click()
    expect(page.locator("input[type=radio]").nth(LESSON.right)).to_be_checked()
    expect(page.locator(CANVAS)).to_have_count(0)
    page.go_back()
    expect(page.locator(".s-reply.s-now.right")).to_be_visible()
    page.goto(f"{site.as_uri()}/index.html")
    expect(page.locator(".s-tick")).to_be_visible()
    expect(page.locator(".s-done")).to_have_text("1 of 1 done")


def test_nothing_is_shown_before_a_prediction_and_damage_in_the_store_does_no_harm(open_: Callable[..., Page]) -> None:
    page = open_(f"{PAGES[2]}#explanation")
    for damaged in ("{", "[1]", '"x"', json.dumps({LESSON.name: {"choice": 9}}), json.dumps({LESSON.name: 7})):
        page.evaluate("(text) => localStorage.setItem('gan1d-lessons', text)", damaged)
        page.reload()
        expect(page.locator("form")).to_be_visible()
        expect(page.locator(".s-reply").first).not_to_be_visible()
        expect(page.locator(CANVAS)).to_have_count(0)
    page.get_by_role("button", name="Skip the question").click()
    playing(page)
    assert page.locator(".s-said .s-now").inner_text() == "No prediction made."


def test_without_storage_a_lesson_still_goes_on(open_: Callable[..., Page]) -> None:
    page = open_("index.html")
    page.context.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new Error('denied'); }});"
    )
    page.goto(page.url.replace("index.html", PAGES[2]))
    page.get_by_role("button", name="Skip the question").click()
    playing(page)
    page.get_by_role("button", name="Explain it").click()
    expect(page.get_by_role("heading", name="Why it is so")).to_be_visible()


# ---- everywhere


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_pages_fit_and_axe_finds_nothing(open_: Callable[..., Page], width: int, scheme: str) -> None:
    for name in PAGES:
        page = open_(name, viewport={"width": width, "height": 844}, color_scheme=scheme, reduced_motion="reduce")
        if name.startswith("lessons"):
            page.get_by_role("button", name="Skip the question").click()
            page.get_by_role("button", name="Explain it").click()
        if name != "index.html":
            playing(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 28)"
        assert dark == (scheme == "dark")
        bad = [
            v
            for v in Axe().run(page, context=OURS, options={"preload": False}).response["violations"]
            if v["impact"] in ("serious", "critical")
        ]
        assert bad == [], [(v["id"], [node["target"] for node in v["nodes"]][:3]) for v in bad]
        page.close()


def test_a_theme_that_was_chosen_stays_on_other_pages(open_: Callable[..., Page], site: Path) -> None:
    page = open_("index.html", color_scheme="light")
    page.get_by_role("button", name="Light or dark").click()
    dark = "rgb(20, 23, 28)"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
    page.goto(f"{site.as_uri()}/scenarios/gaussian-linear.html")
    root = playing(page)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
    expect(root).to_have_attribute("data-theme", "dark")


def test_without_scripts_all_texts_and_pictures_are_there(open_: Callable[..., Page]) -> None:
    page = open_(PAGES[2], java_script_enabled=False)
    for text in (LESSON.intro, LESSON.run, LESSON.explanation, LESSON.trial_text):
        expect(page.get_by_text(plain(text.split("\n\n")[0])[:40]).first).to_be_visible()
    assert all(reply.is_visible() for reply in page.locator(".s-reply").all())
    expect(page.locator("svg.s-sketch")).to_be_visible()
    expect(page.get_by_text("needs JavaScript")).to_be_visible()
    assert not page.locator(".s-steps").is_visible()


def test_a_run_that_is_missing_is_said_where_it_would_play(browser: Browser, site: Path, tmp_path: Path) -> None:
    (tmp_path / "assets").symlink_to(site / "assets")
    (tmp_path / "scenarios").symlink_to(site / "scenarios")
    page = browser.new_page()
    page.goto((tmp_path / "scenarios" / "divergence.html").as_uri().replace("%20", " "))
    expect(page.get_by_role("alert")).to_contain_text("could not be loaded")
    expect(page.locator("svg.s-sketch")).to_be_visible()
    page.close()


class _Quiet(SimpleHTTPRequestHandler):
    """Serves files, and keeps what was asked for."""

    asked: list[str] = []  # noqa: RUF012

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        self.asked.append(self.path)
        super().do_GET()


@pytest.fixture
def host(site: Path) -> Iterator[str]:
    """A web host that has the site in a sub-folder."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(site.parent)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/site"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_host_serves_it_from_a_sub_folder(open_page: Callable[..., Page], host: str) -> None:
    """Also by the folder's own address; a lesson loads its runs, and shared files come once."""
    _Quiet.asked.clear()
    page = open_page(f"{host}/")
    page.get_by_role("link", name=LESSON.title).click()
    page.get_by_role("button", name="Skip the question").click()
    playing(page)
    page.get_by_role("link", name="GANs on the real line", exact=True).click()
    page.get_by_role("link", name="Divergence", exact=True).click()
    playing(page)
    assert {path for path in _Quiet.asked if not path.startswith("/site/")} <= {"/favicon.ico"}
    assert {"/site/runs/near-modes-mlp.js", "/site/runs/divergence.js"} <= set(_Quiet.asked)
    assert _Quiet.asked.count("/site/assets/player.js") <= 2  # the second time it is only asked whether it has changed
