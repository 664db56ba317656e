"""The small charts and the heat map in a real browser, on made-up runs."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from gan1d import player
from tests.browser.harness import page as harness
from tests.browser.harness import runs

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
Run = tuple[dict[str, Any], runs.Arrays]

PAUSED = {"reduced_motion": "reduce"}
TALL = {"viewport": {"width": 1280, "height": 2400}, **PAUSED}
AT_ONCE = 6

# A number that changes with any pixel of a chart.
HASH = """(canvas) => {
  let hash = 0;
  const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  for (const value of new Uint32Array(pixels.buffer)) hash = (Math.imul(hash, 31) + value) | 0;
  return hash;
}"""

# Where in the map a row has most of the density, as a share of its width, and the lightness there and at the left end.
PEAK = """([share, dark]) => {
  const canvas = document.querySelector('.heat-chart > canvas');
  const area = document.querySelector('.heat-area').getBoundingClientRect();
  const own = canvas.getBoundingClientRect();
  const ratio = canvas.width / own.width;
  const y = Math.round((area.top - own.top + share * area.height) * ratio);
  const left = Math.round((area.left - own.left + 3) * ratio);
  const width = Math.round((area.width - 6) * ratio);
  const row = canvas.getContext('2d').getImageData(left, y, width, 1).data;
  const light = Array.from({length: width}, (_, i) => 0.2126 * row[4 * i] + 0.7152 * row[4 * i + 1] + 0.0722 * row[4 * i + 2]);
  const best = dark ? Math.max(...light) : Math.min(...light);
  const there = light.flatMap((value, i) => (value === best ? [i] : []));
  return {at: there[there.length >> 1] / width, best, empty: light[0]};
}"""

# Milliseconds of script per frame at the median, which other work of the machine does not move, and how often a layout was asked for.
COST = """async () => {
  const scrub = document.querySelector('.scrub');
  const read = Element.prototype.getBoundingClientRect;
  let asked = 0;
  Element.prototype.getBoundingClientRect = function () { asked += 1; return read.call(this); };
  const times = [];
  for (let at = 100; at < 300; at++) {
    const start = performance.now();
    scrub.value = at;
    scrub.dispatchEvent(new Event('input'));
    await Promise.resolve();
    times.push(performance.now() - start);
  }
  Element.prototype.getBoundingClientRect = read;
  return {asked, median: times.sort((a, b) => a - b)[100]};
}"""


def panel(name: str, series: list[tuple[str, str]], **options: Any) -> dict[str, Any]:
    made = {
        "id": name,
        "title": name,
        "unit": "nats",
        "help": f"What {name} is.",
        "range": [0, 1],
        "log": False,
        "more": True,
        "series": [{"key": key, "label": key, "role": role} for key, role in series],
        "batch": None,
        "references": [],
    }
    return made | options


def full(name: str = "one", *, view: dict[str, Any] | None = None, **options: Any) -> Run:
    """A made-up run with every kind of panel: losses of a batch, an axis of powers with infinite values, a curve for each mode."""
    meta, arrays = runs.run(name, **options)
    time = np.linspace(0, 1, meta["frames"])
    more = {
        "batch_loss_d": arrays["loss_d"] + 10,
        "batch_loss_g": arrays["loss_g"] + 10,
        "kl_data_gen": np.where(time < 0.3, np.inf, 1000.0 ** (0.5 - time)),
        "kl_gen_data": 10.0 ** (-3 * time),
        "mode_0": time,
        "mode_1": 1 - time,
    }
    losses = next(p for p in meta["curves"] if p["id"] == "loss")
    seen = [{**s, "key": f"batch_{s['key']}"} for s in losses["series"]]
    losses["batch"] = {"series": seen, "range": [8, 16], "help": "On batches."}
    meta["curves"] += [
        panel("kl", [("kl_data_gen", "real"), ("kl_gen_data", "generated")], log=True, range=[1e-3, 100]),
        panel("modes", [("mode_0", "mode"), ("mode_1", "mode")]),
    ]
    meta["view"] = view or {}
    return meta, arrays | {key: np.asarray(values, np.float32) for key, values in more.items()}


@pytest.fixture
def show(tmp_path: Path, open_page: Open) -> Callable[..., Page]:
    """Opens a page with the player on it: ``show(run, another, **browser options)``."""

    def show_(*shown: Run, **options: object) -> Page:
        page = open_page(harness.write(tmp_path / "player.html", *(shown or (full(),))).as_uri(), **options)
        page.wait_for_selector(".picture canvas")
        page.wait_for_selector(".curves .panel canvas")
        return page

    return show_


def frame(page: Page) -> int:
    return int(page.locator("[data-gan1d-player]").get_attribute("data-frame"))


def seek(page: Page, to: int) -> None:
    page.locator(".scrub").evaluate("(scrub, to) => { scrub.value = to; scrub.dispatchEvent(new Event('input')); }", to)


def value(page: Page, name: str, index: int = 0) -> str:
    return page.locator(f"[data-panel={name}] .value").nth(index).inner_text()


def hover(page: Page, selector: str, x: float, y: float = 0.5) -> None:
    box = page.locator(selector).bounding_box()
    page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
    page.wait_for_timeout(80)


def toggle(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()
    page.wait_for_timeout(120)


def test_more_curves_come_when_they_are_asked_for(show: Callable[..., Page]) -> None:
    page = show(**TALL)
    expect(page.locator(".curves .panel:visible")).to_have_count(AT_ONCE)
    assert page.locator(".curves .panel canvas").count() == AT_ONCE
    page.evaluate("() => { window.kept = [...document.querySelectorAll('.curves .panel canvas')]; }")
    toggle(page, "More curves")
    expect(page.locator(".curves .panel:visible")).to_have_count(AT_ONCE + 2)
    expect(page.get_by_role("button", name="More curves", exact=True)).to_have_attribute("aria-pressed", "true")
    assert page.locator("[data-panel=kl] canvas").count() == 1
    assert page.evaluate("kept.every((canvas) => canvas.isConnected)")
    assert page.evaluate("document.activeElement.textContent") == "More curves"
    toggle(page, "More curves")
    expect(page.locator(".curves .panel:visible")).to_have_count(AT_ONCE)


def test_without_further_curves_there_is_no_button_for_them(show: Callable[..., Page]) -> None:
    page = show(runs.run(), **PAUSED)
    expect(page.get_by_role("button", name="More curves", exact=True)).to_be_hidden()
    expect(page.get_by_role("button", name="Heat map", exact=True)).to_be_visible()


def test_a_view_that_is_given_is_taken_up(show: Callable[..., Page]) -> None:
    page = show(full(view={"curves": {"source": "batch", "more": True}, "heat": True}), **TALL)
    expect(page.locator(".curves .panel:visible")).to_have_count(AT_ONCE + 2)
    expect(page.get_by_role("button", name="batch", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".heat")).to_be_visible()


def test_losses_are_switched_between_expectation_and_batch(show: Callable[..., Page]) -> None:
    page = show(full(), full("two"), **TALL)
    seek(page, 100)
    exact = float(value(page, "loss"))
    page.get_by_role("button", name="batch", exact=True).focus()
    page.keyboard.press("Space")
    assert float(value(page, "loss")) == pytest.approx(exact + 10, abs=0.1)
    assert "On batches." in page.locator("[data-panel=loss] [role=tooltip]").text_content()
    assert page.evaluate("document.activeElement.textContent") == "batch"
    page.evaluate("updateWith('two')")
    assert float(value(page, "loss")) == pytest.approx(exact + 10, abs=0.1)
    toggle(page, "expectation")
    assert float(value(page, "loss")) == pytest.approx(exact, abs=0.01)


def test_values_at_the_pointer_are_shown_in_every_chart(show: Callable[..., Page]) -> None:
    meta, arrays = full()
    page = show((meta, arrays), **TALL)
    seek(page, 20)
    at_rest = value(page, "jsd")
    hover(page, "[data-panel=mean] .u-over", 0.5)
    at = 175
    for name, key in (("mean", "mean"), ("jsd", "jsd"), ("w1", "w1")):
        assert float(value(page, name).replace("−", "-")) == pytest.approx(arrays[key][at], abs=0.02), name
    assert value(page, "jsd") != at_rest
    places = page.locator(".curves .panel:visible").evaluate_all(
        """(panels) => panels.map((panel) => {
          const over = panel.querySelector('.u-over').getBoundingClientRect();
          return (panel.querySelector('.pointer').getBoundingClientRect().left - over.left) / over.width;
        })"""
    )
    assert len(places) == AT_ONCE and places == pytest.approx([0.5] * AT_ONCE, abs=0.02)
    expect(page.locator("[data-panel=mean] .where")).to_have_text("1\u202f050")
    expect(page.locator("[data-panel=jsd] .where")).to_be_hidden()
    seek(page, 30)  # the values stay the pointer's
    assert float(value(page, "mean").replace("−", "-")) == pytest.approx(arrays["mean"][at], abs=0.02)
    page.mouse.move(5, 5)
    page.wait_for_timeout(80)
    expect(page.locator("[data-panel=mean] .pointer")).to_be_hidden()
    assert float(value(page, "mean").replace("−", "-")) == pytest.approx(arrays["mean"][30], abs=0.01)


def test_infinite_values_are_said_and_marked(show: Callable[..., Page]) -> None:
    view = {"curves": {"more": True}}
    infinite = full(view=view)
    finite = full("finite", view=view)
    finite[1]["kl_data_gen"] = np.where(np.isinf(finite[1]["kl_data_gen"]), np.nan, finite[1]["kl_data_gen"])
    page = show(infinite, finite, **TALL)
    assert value(page, "kl") == "∞"
    before = page.locator("[data-panel=kl] canvas").evaluate(HASH)
    page.evaluate("updateWith('finite')")
    page.wait_for_timeout(100)
    assert value(page, "kl") == "–"
    assert page.locator("[data-panel=kl] canvas").evaluate(HASH) != before  # the line along the edge
    seek(page, 200)
    assert float(value(page, "kl")) == pytest.approx(1000 ** (0.5 - 200 / 350), rel=0.01)


@pytest.mark.parametrize(
    ("low", "high", "most", "expected"),
    [
        (1e-3, 100, 6, [0.001, 0.01, 0.1, 1, 10, 100]),
        (1e-6, 100, 3, [1e-4, 0.1, 100]),
        (0.3, 3, 5, [0.5, 1, 2]),
        (0.11, 0.9, 5, [0.2, 0.5]),
    ],
)
def test_powers_of_ten_have_round_ticks(
    open_page: Open, low: float, high: float, most: int, expected: list[float]
) -> None:
    page = open_page("about:blank")
    script = f"(args) => {{ {player.core_js()}\nreturn [powerSplits(...args), [1e-5, 0.01, 1, 1000, 0.2].map(formatPower)]; }}"
    splits, words = page.evaluate(script, [low, high, most])
    assert splits == pytest.approx(expected)
    assert words == ["10⁻⁵", "0.01", "1", "10³", "0.2"]


def test_every_curve_of_many_has_a_look_of_its_own(open_page: Open) -> None:
    page = open_page("about:blank")
    script = (
        f"() => {{ {player.core_js()}\nconst theme = {{lines: ['a', 'b', 'c', 'd']}};"
        " return Array.from({length: 16}, (_, i) => strokeOf('mode', i, theme)).map(({color, dash}) => [color, dash.join()]); }"
    )
    looks = [tuple(look) for look in page.evaluate(script)]
    assert len(set(looks)) == 16
    assert all(a[0] != b[0] and a[1] != b[1] for a, b in pairwise(looks))


def test_bands_and_other_runs_are_drawn_and_named(show: Callable[..., Page]) -> None:
    plain, banded = full("plain"), full("banded")
    banded[0]["ensemble"] = {"label": "10–90 % of 32 seeds", "count": 32, "outcomes": []}
    banded[1]["band_mean_low"] = banded[1]["mean"] - np.float32(0.5)
    banded[1]["band_mean_high"] = banded[1]["mean"] + np.float32(0.5)
    other = full("other")
    other[0]["others"] = [{"label": "lr 0.1", "prefix": "b"}]
    other[1]["b_jsd"] = other[1]["jsd"][::-1].copy()
    page = show(plain, banded, other, **TALL)
    seek(page, 350)

    def hashes() -> dict[str, int]:
        page.wait_for_timeout(120)
        return {name: page.locator(f"[data-panel={name}] canvas").evaluate(HASH) for name in ("mean", "std", "jsd")}

    expect(page.locator(".curve-legend")).to_have_text("")
    first = hashes()
    page.evaluate("updateWith('banded')")
    second = hashes()
    assert second["mean"] != first["mean"] and second["std"] == first["std"]
    expect(page.locator(".curve-legend")).to_have_text("10–90 % of 32 seeds")
    page.evaluate("updateWith('other')")
    third = hashes()
    assert third["jsd"] != first["jsd"] and third["mean"] == first["mean"]
    expect(page.locator(".curve-legend")).to_have_text("lr 0.1")


def seamed(name: str = "seamed") -> Run:
    """Half-way the data move by 4."""
    meta, arrays = full(name)
    meta["parts"] = [0, 175]
    moved = runs.gaussian(arrays["x"], 6.0, 1.0).astype(np.float32)
    arrays["p_data"] = np.concatenate([arrays["p_data"], moved])
    arrays["ideal"] = np.concatenate([arrays["ideal"], arrays["ideal"] + np.float32(4)])
    best = meta["layers"]["best"], meta["layers"]["data"]
    for told in best:
        told.append(dict(told[0]))
    meta["layers"]["data"][1]["mean"] += 4
    mean = next(p for p in meta["curves"] if p["id"] == "mean")
    mean["references"][0]["pieces"] = [[0, 1050, 2.0, 0.2], [1050, 2100, 6.0, 0.4]]
    mean["range"] = [-5, 8]
    return meta, arrays


def test_seams_are_lines_in_every_chart_and_in_the_map(show: Callable[..., Page]) -> None:
    whole, broken = full("whole"), seamed()
    next(p for p in whole[0]["curves"] if p["id"] == "mean")["range"] = [-5, 8]
    page = show(whole, broken, **TALL)
    toggle(page, "Heat map")
    seek(page, 350)

    def hashes() -> list[int]:
        page.wait_for_timeout(150)
        return page.locator(".curves .panel:visible canvas, .heat-chart > canvas").evaluate_all(
            f"(all) => all.map({HASH})"
        )

    before = hashes()
    page.evaluate("updateWith('seamed')")
    after = hashes()
    assert len(before) == len(after) == AT_ONCE + 1
    assert all(a != b for a, b in zip(before, after, strict=True))


def test_the_datas_strip_is_that_of_the_part_that_is_shown(show: Callable[..., Page]) -> None:
    page = show(seamed(), **TALL)
    toggle(page, "Heat map")
    strip = """() => {
      const canvas = document.querySelector('.heat-chart > canvas');
      const area = document.querySelector('.heat-area').getBoundingClientRect();
      const own = canvas.getBoundingClientRect();
      const ratio = canvas.width / own.width;
      const width = Math.round(area.width * ratio) - 8;
      const [left, top] = [(area.left - own.left) * ratio + 4, (area.bottom - own.top + 15) * ratio];
      const row = canvas.getContext('2d').getImageData(left, top, width, 1).data;
      const light = (i) => 0.2126 * row[4 * i] + 0.7152 * row[4 * i + 1] + 0.0722 * row[4 * i + 2];
      let best = 0;
      for (let i = 0; i < width; i++) if (light(i) < light(best)) best = i;
      return best / width;
    }"""
    page.wait_for_timeout(100)
    assert page.evaluate(strip) == pytest.approx((2 + 8) / 16, abs=0.03)
    seek(page, 300)
    page.wait_for_timeout(100)
    assert page.evaluate(strip) == pytest.approx((6 + 8) / 16, abs=0.03)


# ---- the heat map


def test_the_map_is_made_only_when_it_is_wanted(show: Callable[..., Page]) -> None:
    page = show(**TALL)
    expect(page.locator(".heat")).to_be_hidden()
    toggle(page, "Heat map")
    expect(page.locator(".heat")).to_be_visible()
    expect(page.get_by_role("button", name="Heat map", exact=True)).to_have_attribute("aria-pressed", "true")
    toggle(page, "Heat map")
    expect(page.locator(".heat")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_rows_are_the_generated_density_at_their_iteration(show: Callable[..., Page], scheme: str) -> None:
    meta, arrays = full()
    page = show((meta, arrays), color_scheme=scheme, **TALL)
    toggle(page, "Heat map")
    for share in (0.02, 0.3, 0.9):
        mean = arrays["mean"][round(share * 350)]
        found = page.evaluate(PEAK, [share, scheme == "dark"])
        assert found["at"] == pytest.approx((mean + 8) / 16, abs=0.03)
        assert (found["best"] > found["empty"] + 60) if scheme == "dark" else (found["best"] < found["empty"] - 60)
        assert found["empty"] < 30 if scheme == "dark" else found["empty"] > 225


def test_the_map_goes_with_a_theme_that_changes(show: Callable[..., Page]) -> None:
    page = show(full(view={"heat": True}), color_scheme="light", **TALL)
    page.wait_for_timeout(150)
    assert page.evaluate(PEAK, [0.5, False])["empty"] > 225
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(300)
    assert page.evaluate(PEAK, [0.5, True])["empty"] < 30


def test_the_colours_are_ordered_by_lightness(open_page: Open) -> None:
    page = open_page("about:blank")
    for dark in (False, True):
        script = f"(dark) => {{ {player.core_js()}\nreturn Array.from(shades(dark)); }}"
        colors = np.array(page.evaluate(script, dark)).reshape(-1, 4)
        light = np.diff(colors[:, :3] @ [0.2126, 0.7152, 0.0722])
        assert len(colors) == 256 and (light > -0.6).all() if dark else (light < 0.6).all()


def test_the_map_has_the_pictures_axis_zoomed_or_not(show: Callable[..., Page]) -> None:
    meta, arrays = full(view={"heat": True})
    page = show((meta, arrays), **TALL)
    page.wait_for_timeout(150)

    def ends(selector: str) -> list[float]:
        box = page.locator(selector).bounding_box()
        return [box["x"], box["x"] + box["width"]]

    assert ends(".heat-area") == pytest.approx(ends(".picture .u-over"), abs=1)
    box = page.locator(".picture .u-over").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.5, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.75, middle, steps=5)
    page.mouse.up()  # x from 0 to 4
    page.wait_for_timeout(200)
    found = page.evaluate(PEAK, [0.98, False])["at"]
    assert found == pytest.approx(arrays["mean"][343] / 4, abs=0.05)
    page.set_viewport_size({"width": 900, "height": 2400})
    page.wait_for_timeout(400)
    assert ends(".heat-area") == pytest.approx(ends(".picture .u-over"), abs=1)
    assert page.evaluate(PEAK, [0.98, False])["at"] == pytest.approx(found, abs=0.03)


def test_the_map_seeks_by_pointer_and_by_key(show: Callable[..., Page]) -> None:
    meta, arrays = full(view={"heat": True})
    page = show((meta, arrays), **TALL)
    page.wait_for_timeout(150)
    slider = page.get_by_role("slider", name=meta["text"]["heat"]["seek"])
    box = slider.bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + box["height"] * 0.5)
    page.mouse.down()
    assert abs(frame(page) - 175) <= 2
    page.mouse.move(box["x"] + 40, box["y"] + box["height"] * 0.8)
    assert abs(frame(page) - 280) <= 2
    page.mouse.up()
    page.mouse.move(box["x"] + 40, box["y"] + box["height"] * 0.2)
    at = frame(page)
    assert abs(at - 280) <= 2
    assert slider.get_attribute("aria-valuenow") == str(6 * at)
    assert slider.get_attribute("aria-valuetext") == f"iteration {6 * at:,} of 2,100".replace(",", "\u202f")
    line = page.locator(".heat-line").first.bounding_box()
    assert line["y"] + line["height"] / 2 - box["y"] == pytest.approx(at / 350 * box["height"], abs=2)
    slider.focus()
    for key, step in (("ArrowDown", 1), ("ArrowUp", -1), ("PageDown", 10), ("PageUp", -10)):
        page.keyboard.press(key)
        at += step
        assert frame(page) == at, key


def test_pointing_at_the_map_tells_the_densities_and_the_curves(show: Callable[..., Page]) -> None:
    meta, arrays = full(view={"heat": True})
    page = show((meta, arrays), **TALL)
    page.wait_for_timeout(150)
    hover(page, ".heat-area", (2 + 8) / 16, 1.0 - 1e-3)
    expect(page.locator(".heat-readout")).to_contain_text("iteration 2\u202f100: at x = 1.98")
    expect(page.locator(".heat-readout")).to_contain_text("real 0.39")
    assert float(value(page, "mean").replace("−", "-")) == pytest.approx(arrays["mean"][-1], abs=0.01)
    page.mouse.move(5, 5)
    expect(page.locator(".heat-readout")).to_have_text("")


def test_another_run_has_another_map(show: Callable[..., Page]) -> None:
    view = {"heat": True}
    page = show(full(view=view), full("other", view=view, start=7.0), **TALL)
    page.wait_for_timeout(150)
    assert page.evaluate(PEAK, [0.01, False])["at"] < 0.4
    page.evaluate("updateWith('other')")
    page.wait_for_timeout(150)
    assert page.evaluate(PEAK, [0.01, False])["at"] > 0.8


def test_on_a_phone_it_fits_and_a_tap_seeks(show: Callable[..., Page]) -> None:
    view = {"heat": True, "curves": {"more": True}}
    page = show(full(view=view), viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, **PAUSED)
    page.wait_for_timeout(200)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    area = page.locator(".heat-area")
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    page.touchscreen.tap(box["x"] + 60, box["y"] + box["height"] * 0.5)
    page.wait_for_timeout(100)
    assert abs(frame(page) - 175) <= 2
    expect(page.locator("[data-panel=mean] .pointer")).to_be_hidden()
    heights = page.locator(".curve-tools .chip").evaluate_all("(all) => all.map((one) => one.offsetHeight)")
    assert min(heights) >= 40


@pytest.mark.alone
def test_a_frame_with_everything_on_costs_little(show: Callable[..., Page]) -> None:
    page = show(full(view={"heat": True, "curves": {"more": True}}), **TALL)
    page.wait_for_timeout(500)
    cost = page.evaluate(COST)
    print(f"script per frame: {cost['median']:.2f} ms")
    assert cost["median"] < 5 and cost["asked"] == 0


def test_destroying_leaves_nothing_behind(show: Callable[..., Page]) -> None:
    page = show(full(view={"heat": True, "curves": {"more": True}}))
    page.evaluate("player.destroy()")
    page.wait_for_timeout(200)
    assert page.locator("canvas").count() == 0
