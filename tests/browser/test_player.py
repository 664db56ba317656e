"""The player in a real browser, on made-up runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from gan1d import player
from tests.browser.conftest import streamlit_server
from tests.browser.harness import page as harness
from tests.browser.harness import runs

pytestmark = pytest.mark.browser

Open = Callable[..., Page]

ROOT = "[data-gan1d-player]"
PAUSED = {"reduced_motion": "reduce"}  # the player then waits on its first frame

# A number that changes with any pixel of the main canvas, and the share of it that is painted.
PICTURE = """() => {
  const canvas = document.querySelector('.picture canvas');
  const pixels = new Uint32Array(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer);
  let hash = 0, painted = 0;
  for (const pixel of pixels) { hash = (Math.imul(hash, 31) + pixel) | 0; painted += pixel !== 0; }
  return {hash, painted: painted / pixels.length};
}"""

FRAMES_PER_SECOND = """(seconds) => new Promise((resolve) => {
  const root = document.querySelector('[data-gan1d-player]');
  let drawn = 0, ticks = 0, before = root.dataset.frame;
  const start = performance.now();
  const tick = (now) => {
    ticks += 1;
    drawn += root.dataset.frame !== before;
    before = root.dataset.frame;
    const passed = (performance.now() - start) / 1000;
    if (passed < seconds) requestAnimationFrame(tick);
    else resolve({ticks: ticks / passed, drawn: drawn / passed});
  };
  requestAnimationFrame(tick);
})"""

# Every frame in turn: pairs of labels of the main picture that touch, and labels that stick out.
LABEL_FAULTS = """async () => {
  const root = document.querySelector('[data-gan1d-player]');
  const scrub = root.querySelector('.scrub');
  const faults = [];
  for (let frame = 0; frame <= Number(scrub.max); frame += 1) {
    scrub.value = frame;
    scrub.dispatchEvent(new Event('input'));
    await new Promise((resolve) => setTimeout(resolve));
    const area = root.querySelector('.picture .u-over').getBoundingClientRect();
    const boxes = [...root.querySelectorAll('.picture .label:not([hidden])')].map((node) => [node.className, node.getBoundingClientRect()]);
    boxes.forEach(([name, a], i) => {
      const inside = a.left >= area.left - 1 && a.right <= area.right + 1 && a.top >= area.top - 1 && a.bottom <= area.bottom + 1;
      if (!inside) faults.push([frame, name]);
      for (const [other, b] of boxes.slice(i + 1))
        if (a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom) faults.push([frame, name, other]);
    });
  }
  return faults;
}"""


@pytest.fixture
def show(tmp_path: Path, open_page: Open) -> Callable[..., Page]:
    """Opens a page with the player on it: ``show(run, another, **browser options)``."""

    def show_(*shown: tuple, **options: object) -> Page:
        path = harness.write(tmp_path / "player.html", *(shown or (runs.run(),)))
        page = open_page(path.as_uri(), **options)
        page.wait_for_selector(".picture canvas")
        page.wait_for_selector(".curves .panel canvas")
        return page

    return show_


def state(page: Page) -> dict[str, str]:
    return page.locator(ROOT).evaluate("(root) => ({...root.dataset})")


def frame(page: Page) -> int:
    return int(state(page)["frame"])


def seek(page: Page, to: int) -> None:
    page.locator(".scrub").evaluate("(scrub, to) => { scrub.value = to; scrub.dispatchEvent(new Event('input')); }", to)


def wait_until(page: Page, condition: str) -> None:
    page.wait_for_function(f"() => {{ const d = document.querySelector('{ROOT}').dataset; return {condition}; }}")


def playing(page: Page, expected: bool) -> None:
    expect(page.locator(ROOT)).to_have_attribute("data-playing", str(expected).lower())


OWN = [name for name in (*player.SCRIPTS, "streamlit.js", "page.js") if not name.startswith("vendor/")]
FOLDER = Path(player.__file__).parent


def test_every_script_is_named_and_joined_into_one_module() -> None:
    found = {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.js")}
    assert found == {*player.SCRIPTS, "streamlit.js", "page.js"}
    assert "</script" not in (player.js() + player.page_js()).lower()
    for name in OWN:
        lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
        assert not [line for line in lines if line.startswith("import ")]
        exports = [line for line in lines if line.startswith("export ")]
        assert len(exports) == (name == "streamlit.js")


def test_every_word_is_in_the_text_and_used() -> None:
    source = "\n".join((FOLDER / name).read_text(encoding="utf-8") for name in OWN)
    for key, words in player.text().items():
        assert f"text.{key}" in source, key
        if isinstance(words, str) and " " in words:
            assert words not in source


def test_the_component_is_one_module_with_a_default_export(open_page: Open) -> None:
    page = open_page("about:blank")
    kind = page.evaluate(
        """async (source) => {
          const url = URL.createObjectURL(new Blob([source], {type: 'text/javascript'}));
          return typeof (await import(url)).default;
        }""",
        player.js(),
    )
    assert kind == "function"


def test_plays_at_once_and_pauses(show: Callable[..., Page]) -> None:
    page = show()
    first = page.evaluate(PICTURE)
    assert first["painted"] > 0.02
    playing(page, True)
    at = frame(page)
    wait_until(page, f"Number(d.frame) > {at} + 10")
    assert page.evaluate(PICTURE)["hash"] != first["hash"]

    page.get_by_role("button", name="Pause").click()
    playing(page, False)
    still, at = page.evaluate(PICTURE), frame(page)
    page.wait_for_timeout(400)
    assert page.evaluate(PICTURE) == still
    assert frame(page) == at


@pytest.mark.alone
def test_frames_per_second(show: Callable[..., Page]) -> None:
    page = show(runs.run(duration=12))
    page.wait_for_timeout(500)
    plain = page.evaluate(FRAMES_PER_SECOND, 3)
    page.locator(".speed").select_option("2")
    twice = page.evaluate(FRAMES_PER_SECOND, 2)
    print(f"frames per second: {plain['ticks']:.1f}")
    # 351 frames in 12 s are 29 a second, at twice the speed 58.
    assert plain["ticks"] >= 45
    assert 24 <= plain["drawn"] <= 31
    assert twice["drawn"] >= 40


def test_nothing_is_drawn_while_out_of_sight(show: Callable[..., Page]) -> None:
    page = show()
    page.locator(ROOT).evaluate("(root) => { root.parentElement.style.display = 'none'; }")
    page.wait_for_timeout(300)
    at = frame(page)
    page.wait_for_timeout(400)
    assert frame(page) == at
    page.locator(ROOT).evaluate("(root) => { root.parentElement.style.display = ''; }")
    wait_until(page, f"Number(d.frame) > {at}")
    assert page.evaluate(PICTURE)["painted"] > 0.02


def test_a_player_that_begins_hidden_draws_when_it_is_shown(tmp_path: Path, open_page: Open) -> None:
    path = harness.write(tmp_path / "hidden.html", runs.run(), style="display: none")
    page = open_page(path.as_uri())
    page.wait_for_timeout(300)
    assert page.locator(".picture canvas").count() == 0
    page.evaluate("document.body.style.display = 'block'")
    page.wait_for_selector(".picture canvas")
    page.wait_for_timeout(100)
    assert page.evaluate(PICTURE)["painted"] > 0.02


def test_reduced_motion_waits_on_the_first_frame(show: Callable[..., Page]) -> None:
    page = show(**PAUSED)
    playing(page, False)
    page.wait_for_timeout(300)
    assert frame(page) == 0
    page.get_by_role("button", name="Play").click()
    wait_until(page, "Number(d.frame) > 5")


def test_steps_keys_and_scrub(show: Callable[..., Page]) -> None:
    page = show(**PAUSED)
    page.get_by_role("button", name="Step forward").click()
    page.get_by_role("button", name="Step forward").click()
    page.get_by_role("button", name="Step back").click()
    assert frame(page) == 1

    page.locator(".picture").focus()
    for key, expected in [
        ("ArrowRight", 2),
        ("ArrowLeft", 1),
        ("End", 350),
        ("ArrowRight", 350),
        ("Home", 0),
        ("ArrowLeft", 0),
    ]:
        page.keyboard.press(key)
        assert frame(page) == expected, key
    page.keyboard.press("Space")
    playing(page, True)
    page.keyboard.press("Space")
    playing(page, False)

    box = page.locator(".scrub").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert abs(frame(page) - 175) <= 2
    at = frame(page)
    page.keyboard.press("ArrowRight")
    assert frame(page) == at + 1
    assert state(page)["iteration"] == str(6 * (at + 1))
    expect(page.locator(".counter")).to_contain_text("of 2\u202f100")
    assert page.locator(".scrub").get_attribute("aria-valuetext").startswith("iteration 1\u202f0")


def test_scrubbing_while_playing_goes_on_from_there(show: Callable[..., Page]) -> None:
    page = show(runs.run(duration=60))
    box = page.locator(".scrub").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] / 2)
    page.mouse.down()
    at = frame(page)
    page.wait_for_timeout(400)
    assert frame(page) == at
    page.mouse.up()
    wait_until(page, f"Number(d.frame) > {at}")
    playing(page, True)


def test_keys_do_not_leak(show: Callable[..., Page]) -> None:
    page = show(**PAUSED)
    page.locator(".picture").focus()
    for key in ["r", "c", " ", "ArrowLeft", "Escape"]:
        page.keyboard.press(key)
    assert page.evaluate("heard") == []
    page.keyboard.press("Tab")
    assert page.evaluate("heard") == ["Tab"]
    assert page.evaluate("document.activeElement.className") != "picture"


def test_space_on_a_button_is_the_buttons(show: Callable[..., Page]) -> None:
    page = show(**PAUSED)
    loop = page.get_by_role("button", name="Loop")
    expect(loop).to_have_attribute("aria-pressed", "true")
    loop.focus()
    page.keyboard.press("Space")
    expect(loop).to_have_attribute("aria-pressed", "false")
    playing(page, False)


@pytest.mark.alone
def test_speed_changes_the_rate(show: Callable[..., Page]) -> None:
    page = show(runs.run(duration=40))

    def rate() -> float:
        start = frame(page)
        passed = page.evaluate(
            "() => new Promise((resolve) => { const t = performance.now();"
            " setTimeout(() => resolve((performance.now() - t) / 1000), 900); })"
        )
        return (frame(page) - start) / passed

    wait_until(page, "Number(d.frame) > 0")  # the first state rests a moment
    usual = rate()
    page.locator(".speed").select_option("4")
    fast = rate()
    assert usual == pytest.approx(350 / 40, rel=0.3)
    assert fast == pytest.approx(4 * 350 / 40, rel=0.3)


@pytest.mark.alone
def test_loops_after_a_rest_or_stops_at_the_end(show: Callable[..., Page]) -> None:
    page = show(runs.run(duration=2))
    wait_until(page, "d.frame === '350'")
    page.wait_for_timeout(800)
    assert frame(page) == 350
    wait_until(page, "Number(d.frame) < 200")
    playing(page, True)

    page.get_by_role("button", name="Loop").click()
    playing_until = "d.frame === '350' && d.playing === 'false'"
    wait_until(page, playing_until)
    page.get_by_role("button", name="Play").click()
    wait_until(page, "Number(d.frame) < 200 && d.playing === 'true'")


def test_update_swaps_in_place(show: Callable[..., Page]) -> None:
    long = runs.run("long", iterations=4200, means=(1.0, 4.0), duration=60)
    page = show(runs.run(duration=60), long)
    page.locator(".speed").select_option("2")
    page.get_by_role("button", name="Loop").click()
    page.evaluate("() => { window.kept = [...document.querySelectorAll('canvas')]; }")
    before = page.evaluate(PICTURE)["hash"]
    now = page.evaluate("""() => {
      const scrub = document.querySelector('.scrub');
      scrub.value = 100;
      scrub.dispatchEvent(new Event('input'));
      updateWith('long');
      return {...document.querySelector('[data-gan1d-player]').dataset};
    }""")
    assert now["run"] == "long"
    assert now["playing"] == "true"
    assert 600 <= float(now["iteration"]) <= 650  # twelve iterations a frame now: the same place in training
    page.wait_for_timeout(60)
    assert page.evaluate(PICTURE)["hash"] != before
    same = """() => {
      const now = [...document.querySelectorAll('canvas')];
      return now.length === kept.length && now.every((canvas, i) => canvas === kept[i]);
    }"""
    assert page.evaluate(same)
    assert page.locator(".speed").input_value() == "2"
    expect(page.get_by_role("button", name="Loop")).to_have_attribute("aria-pressed", "false")


def test_update_leaves_a_pause_a_pause_and_clamps(show: Callable[..., Page]) -> None:
    page = show(runs.run(), runs.run("short", iterations=300, frames=101), **PAUSED)
    seek(page, 300)
    page.evaluate("updateWith('short')")
    playing(page, False)
    assert state(page)["iteration"] == "300"
    assert frame(page) == 100


def test_destroy_leaves_nothing(show: Callable[..., Page]) -> None:
    page = show()
    page.evaluate("player.destroy()")
    page.wait_for_timeout(100)
    assert page.locator("canvas").count() == 0


def test_divergence_is_marked_and_said(show: Callable[..., Page]) -> None:
    page = show(runs.run(diverged_at=812), runs.run("fine"), **PAUSED)
    expect(page.locator(".diverged")).to_have_text("diverged at iteration 812")
    mark, scrub = page.locator(".event").bounding_box(), page.locator(".scrub").bounding_box()
    share = (mark["x"] + mark["width"] / 2 - scrub["x"]) / scrub["width"]
    assert share == pytest.approx(812 / 2100, abs=0.02)
    page.evaluate("updateWith('fine')")
    expect(page.locator(".diverged")).to_be_hidden()
    expect(page.locator(".event")).to_have_count(0)


def test_mass_outside_and_a_peak_beyond_the_top_are_pointed_at(show: Callable[..., Page]) -> None:
    page = show(runs.run(start=-8.5, spread=0.3), **PAUSED)
    edge = page.locator(".edge.left")
    expect(edge).to_be_visible()
    assert "% beyond" in edge.inner_text()
    expect(page.locator(".edge.right")).to_be_hidden()
    seek(page, 350)
    expect(edge).to_be_hidden()
    expect(page.locator(".overflow")).to_be_visible()
    # The density of a normal with std 0.3 at its mean: 1 / (0.3 sqrt(2 pi)) = 1.33.
    peak = float(page.locator(".overflow").inner_text())
    assert peak == pytest.approx(1.33, abs=0.02)


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"means": (-4.0, 4.0), "start": 0.0, "end": 4.0, "density_max": 0.3},
        {"start": 7.9, "spread": 0.3},
        {"start": -8.0, "spread": 0.7, "density_max": 0.42},
        {"output": "score"},
    ],
    ids=["slide", "two modes", "spike", "no headroom", "score"],
)
def test_labels_keep_apart_and_inside(show: Callable[..., Page], width: int, options: dict) -> None:
    page = show(runs.run(frames=121, **options), viewport={"width": width, "height": 844}, **PAUSED)
    page.wait_for_timeout(200)
    assert page.evaluate(LABEL_FAULTS) == []


def test_labels_keep_apart_while_playing(show: Callable[..., Page]) -> None:
    page = show(runs.run(duration=3))
    faults = page.evaluate(
        """() => new Promise((resolve) => {
          const faults = [];
          const start = performance.now();
          const look = () => {
            const boxes = [...document.querySelectorAll('.picture .label:not([hidden])')].map((n) => n.getBoundingClientRect());
            boxes.forEach((a, i) => boxes.slice(i + 1).forEach((b) => {
              if (a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom) faults.push([a.left, b.left]);
            }));
            if (performance.now() - start < 3000) requestAnimationFrame(look);
            else resolve(faults);
          };
          requestAnimationFrame(look);
        })"""
    )
    assert faults == []


def test_values_under_the_pointer_and_zoom(show: Callable[..., Page]) -> None:
    page = show(runs.run(), runs.run("other", start=3.0), **PAUSED)
    box = page.locator(".picture .u-over").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 10 / 16, middle)  # x = 2, the top of the real density
    expect(page.locator(".readout .real b")).to_have_text("0.399")  # 1 / sqrt(2 pi)
    assert float(page.locator(".readout .d b").inner_text()) == pytest.approx(1, abs=0.001)

    reset = page.get_by_role("button", name="Reset zoom")
    expect(reset).to_be_hidden()
    page.mouse.move(box["x"] + box["width"] * 0.5, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.75, middle, steps=5)
    page.mouse.up()
    expect(reset).to_be_visible()
    page.evaluate("updateWith('other')")
    expect(reset).to_be_visible()
    reset.click()
    expect(reset).to_be_hidden()

    # The points under the pointer go with their curves.
    page.mouse.move(box["x"] + box["width"] * 0.7, middle)
    points = "() => [...document.querySelectorAll('.picture .u-cursor-pt')].map((n) => n.style.transform)"
    before = page.evaluate(points)
    seek(page, 100)
    after = page.evaluate(points)
    assert before[0] == after[0]
    assert before[1] != after[1]
    assert before[2] != after[2]

    page.mouse.move(box["x"] + box["width"] * 0.5, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.75, middle, steps=5)
    page.mouse.up()
    expect(reset).to_be_visible()
    page.mouse.dblclick(box["x"] + box["width"] * 0.3, middle)
    expect(reset).to_be_hidden()


def test_small_charts_follow_and_seek(show: Callable[..., Page]) -> None:
    page = show(**PAUSED)
    seek(page, 175)
    panel = page.locator("[data-panel=mean]")
    panel.scroll_into_view_if_needed()
    area = panel.locator(".u-over").bounding_box()
    line = panel.locator(".follower").bounding_box()
    at = (line["x"] + line["width"] / 2 - area["x"]) / area["width"]
    assert at == pytest.approx(0.5, abs=0.01)
    page.mouse.move(area["x"] + area["width"] * 0.25, area["y"] + 30)
    page.mouse.down()
    assert abs(frame(page) - 87) <= 2
    page.mouse.move(area["x"] + area["width"] * 0.75, area["y"] + 30)
    assert abs(frame(page) - 262) <= 2
    page.mouse.up()
    page.mouse.move(area["x"] + 10, area["y"] + 30)
    assert abs(frame(page) - 262) <= 2
    values = runs.run()[1]["mean"]
    page.mouse.move(2, area["y"] + 30)  # else they are those under the pointer
    expect(panel.locator(".value")).to_have_text(f"{values[frame(page)]:.2f}")


def test_help_is_reached_by_key_and_touch(show: Callable[..., Page]) -> None:
    page = show(**PAUSED)
    help_ = page.get_by_role("button", name="About: Losses")
    tip = page.locator("[data-panel=loss] [role=tooltip]")
    expect(tip).to_be_hidden()
    help_.click()
    expect(tip).to_be_visible()
    page.keyboard.press("Escape")
    page.mouse.move(5, 5)
    page.locator(".picture").focus()
    expect(tip).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_by_the_page(show: Callable[..., Page], scheme: str) -> None:
    page = show(color_scheme=scheme, **PAUSED)
    assert state(page)["theme"] == scheme
    before = page.evaluate(PICTURE)["hash"]
    page.emulate_media(color_scheme="dark" if scheme == "light" else "light")
    wait_until(page, f"d.theme !== '{scheme}'")
    page.wait_for_timeout(100)
    assert page.evaluate(PICTURE)["hash"] != before


@pytest.mark.parametrize("width", [320, 390, 768, 1440, 3840])
def test_no_sideways_scroll_and_no_small_targets(show: Callable[..., Page], width: int) -> None:
    page = show(runs.run(diverged_at=812), viewport={"width": width, "height": 844}, **PAUSED)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for box in page.locator(".tool, .speed").evaluate_all(
        "(nodes) => nodes.map((n) => [n.offsetWidth, n.offsetHeight])"
    ):
        assert min(box) >= 40
    columns = page.locator(".curves").evaluate("(node) => getComputedStyle(node).gridTemplateColumns.split(' ').length")
    assert columns == {320: 1, 390: 1, 768: 2, 1440: 3, 3840: 3}[width]


def test_only_the_newest_calls_cleanup_ends_the_player(open_page: Open, tmp_path: Path) -> None:
    """Streamlit cleans up after a call that a newer one overtook while the module was loading."""
    page = open_page(harness.write(tmp_path / "player.html", runs.run()).as_uri())
    alive = page.evaluate(
        """async (source) => {
          const url = URL.createObjectURL(new Blob([source], {type: 'text/javascript'}));
          const mount = (await import(url)).default;
          const host = document.body.appendChild(document.createElement('div'));
          host.innerHTML = '<div data-gan1d-player></div>';
          const {meta, arrays} = JSON.parse(document.getElementById('first').textContent);
          const data = {meta};
          for (const [name, text] of Object.entries(arrays)) {
            const values = new Float32Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
            data[name] = {getChildAt: () => ({toArray: () => values, nullCount: 0})};
          }
          const settled = () => new Promise((resolve) => setTimeout(resolve, 50));
          const first = mount({data, parentElement: host});
          first();
          const second = mount({data, parentElement: host});
          await settled();
          const after = [host.querySelectorAll('.transport').length];
          second();
          await settled();
          return [...after, host.querySelectorAll('.transport').length];
        }""",
        player.js(),
    )
    assert alive == [1, 0]


def test_a_rerun_of_streamlit_keeps_element_and_playback(tmp_path: Path, open_page: Open) -> None:
    with streamlit_server(Path(harness.__file__).with_name("app.py"), tmp_path / "server.log") as url:
        page = open_page(url)
        root = page.locator(ROOT)
        page.wait_for_selector(".picture canvas", timeout=30_000)
        root.locator(".speed").select_option("2")
        expect(root).to_have_attribute("data-run", "start -4")
        # NaN, which pandas hands on as null, is shown as undefined: made-up W1 has none at frame 12.
        pause = root.get_by_role("button", name="Pause")
        pause.click()
        seek(page, 12)
        expect(root.locator("[data-panel=w1] .value")).to_have_text("–")
        root.get_by_role("button", name="Play").click()
        canvas = root.locator(".picture canvas")
        canvas.evaluate("(node) => { window.kept = node; }")
        at = float(root.get_attribute("data-iteration"))

        sockets: list[str] = []
        page.on("websocket", lambda socket: sockets.append(socket.url))

        page.get_by_role("slider").first.focus()
        page.keyboard.press("ArrowRight")
        expect(root).to_have_attribute("data-run", "start -3", timeout=10_000)
        assert canvas.evaluate("(node) => node === window.kept")
        assert root.get_attribute("data-playing") == "true"
        assert root.locator(".speed").input_value() == "2"
        assert float(root.get_attribute("data-iteration")) >= at
        assert sockets == []  # the connection was not made anew

        # Playing is the browser's business alone.
        sent: list[object] = []
        page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
        page.reload()
        page.wait_for_selector(".picture canvas", timeout=30_000)
        page.wait_for_timeout(1000)
        assert sent
        sent.clear()
        before = int(root.get_attribute("data-frame"))
        page.wait_for_timeout(1500)
        assert int(root.get_attribute("data-frame")) > before
        assert sent == []

        # A script that takes long neither stops nor fades the player.
        page.get_by_text("slow").click()
        page.wait_for_timeout(1800)
        before = int(root.get_attribute("data-frame"))
        opacities = root.evaluate(
            """(root) => {
              const found = [];
              for (let node = root.getRootNode().host; node; node = node.parentElement) found.push(getComputedStyle(node).opacity);
              return found;
            }"""
        )
        assert set(opacities) == {"1"}
        page.wait_for_timeout(300)
        assert int(root.get_attribute("data-frame")) != before

        # Streamlit's r would run the script again, its c open a dialog.
        root.locator(".picture").focus()
        page.keyboard.press("c")
        page.wait_for_timeout(300)
        assert page.get_by_role("dialog").count() == 0

        page.get_by_text("gone").click()
        expect(root).to_have_count(0, timeout=15_000)
        page.get_by_text("gone").click()
        expect(root).to_have_attribute("data-run", "start -4", timeout=15_000)
        page.close()  # before the server goes, whose absence it would report
