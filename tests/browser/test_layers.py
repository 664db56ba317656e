"""The layers of the picture in a real browser, on made-up runs: what is drawn, what can be turned on and off, and what it says."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from gan1d.render.packing import unpack
from tests.browser.harness import page as harness
from tests.browser.harness import runs
from tests.browser.test_app import TICKS
from tests.browser.test_player import LABEL_FAULTS, PAUSED, PICTURE, ROOT, seek

pytestmark = pytest.mark.browser
Show = Callable[..., Page]

ALL = ["real", "generated", "d", "d_star", "gap", "optimum", "outside", "samples", "arrows"]
EVERYTHING = {"layers": ALL, "map": True}
# How many pixels of a canvas have about this colour.
COUNT = """(canvas, [red, green, blue]) => {
  const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let i = 0; i < data.length; i += 4)
    count += data[i + 3] > 200 && Math.abs(data[i] - red) + Math.abs(data[i + 1] - green) + Math.abs(data[i + 2] - blue) < 24;
  return count;
}"""
BLUE, VERMILLION, GREEN = [0, 114, 178], [213, 94, 0], [0, 120, 90]


def seen(run: tuple[dict[str, Any], runs.Arrays], **view: Any) -> tuple[dict[str, Any], runs.Arrays]:
    """The run as a link opens it."""
    return {**copy.deepcopy(run[0]), "view": view}, run[1]


@pytest.fixture
def show(tmp_path: Path, open_page: Callable[..., Page]) -> Show:
    def show_(*shown: tuple, **options: object) -> Page:
        page = open_page(harness.write(tmp_path / "player.html", *shown).as_uri(), **options)
        page.wait_for_selector(".picture canvas")
        page.wait_for_timeout(200)
        return page

    return show_


def chip(page: Page, layer: str) -> Any:
    return page.locator(f".layers .chip[data-layer={layer}]")


def label(page: Page, layer: str) -> Any:
    return page.locator(f".picture .label[data-layer={layer}]").first


def painted(page: Page, color: list[int], canvas: str = ".picture canvas") -> int:
    return int(page.locator(canvas).evaluate(COUNT, color))


def test_the_first_picture_is_calm(show: Show) -> None:
    page = show(runs.run(), **PAUSED)
    pressed = page.locator(".layers .chip[aria-pressed=true]").evaluate_all(
        "(all) => all.map((one) => one.dataset.layer)"
    )
    assert pressed == ["real", "generated", "d", "optimum", "outside"]
    expect(page.locator(".mapping.arrows")).to_be_hidden()
    expect(label(page, "d_star")).to_be_hidden()
    assert painted(page, GREEN) == 0


def test_a_layer_goes_on_and_off_with_its_name(show: Show) -> None:
    page = show(runs.run(), **PAUSED)
    seek(page, 60)
    before = page.evaluate(PICTURE)["hash"]
    for layer in ("real", "generated", "d", "d_star", "gap", "optimum", "samples", "arrows"):
        was = chip(page, layer).get_attribute("aria-pressed") == "true"
        chip(page, layer).focus()
        page.keyboard.press("Space" if layer == "d" else "Enter")
        expect(chip(page, layer)).to_have_attribute("aria-pressed", str(not was).lower())
        page.wait_for_timeout(150)
        assert page.evaluate(PICTURE)["hash"] != before, layer
        expect(label(page, layer)).to_be_visible(visible=not was)
        chip(page, layer).click()
        page.wait_for_timeout(150)
        assert page.evaluate(PICTURE)["hash"] == before, layer
        expect(label(page, layer)).to_be_visible(visible=was)


def test_mass_beyond_an_edge_can_be_left_out(show: Show) -> None:
    page = show(runs.run(start=-8.5, spread=0.3), **PAUSED)
    expect(page.locator(".edge.left")).to_be_visible()
    chip(page, "outside").click()
    expect(page.locator(".edge.left")).to_be_hidden()


@pytest.mark.parametrize("output", ["probability", "score"])
def test_the_best_d_is_that_of_the_two_densities(show: Show, output: str) -> None:
    """Goodfellow et al. 2014, proposition 1: p/(p + q); for hinge sign(p - q). Read where the pointer is."""
    run = runs.run(output=output)
    page = show(seen(run, layers=ALL), **PAUSED)
    seek(page, 60)
    arrays = run[1]
    q = unpack(arrays["p_gen"], arrays["p_gen_ends"])[60]
    box = page.locator(".picture .u-over").bounding_box()
    for place in (-1.0, 0.4, 1.0, 3.0):
        index = int(np.abs(arrays["x"] - place).argmin())
        share = float((arrays["x"][index] - arrays["x"][0]) / (arrays["x"][-1] - arrays["x"][0]))
        page.mouse.move(box["x"] + box["width"] * share, box["y"] + 40)
        p = arrays["p_data"][index]
        best = p / (p + q[index]) if output == "probability" else np.sign(p - q[index])
        said = page.locator(".readout .d_star b").inner_text().replace("\u2212", "-")
        assert float(said) == pytest.approx(best, abs=2e-3), place


def test_where_neither_density_is_the_best_d_is_not_made_up(show: Show) -> None:
    """At x = -8 and 8 both made-up densities are nothing, and packing leaves less."""
    page = show(seen(runs.run(), layers=ALL), **PAUSED)
    seek(page, 60)
    box = page.locator(".picture .u-over").bounding_box()
    page.mouse.move(box["x"] + 2, box["y"] + 40)
    expect(page.locator(".readout .d_star b")).to_have_text("–")


def test_a_loss_without_a_best_d_offers_none(show: Show) -> None:
    critic, score = runs.run("critic", output="score"), runs.run("score", output="score")
    critic[0]["layers"]["all"] = [layer for layer in critic[0]["layers"]["all"] if layer["id"] not in ("d_star", "gap")]
    critic[0]["layers"]["best"] = [None]
    page = show(seen(score, layers=ALL), critic, **PAUSED)
    expect(chip(page, "d_star")).to_be_visible()
    page.evaluate("updateWith('critic')")
    expect(chip(page, "d_star")).to_have_count(0)
    expect(label(page, "d_star")).to_be_hidden()
    assert painted(page, GREEN) == 0


def test_samples_are_bars_and_triangles_under_the_densities(show: Show) -> None:
    """The strip of the samples takes its room from the picture: the densities stand above it, and nothing lies on them."""
    page = show(seen(runs.run(), layers=["samples"]), **PAUSED)
    seek(page, 200)
    page.wait_for_timeout(150)
    assert painted(page, BLUE) > 100 and painted(page, VERMILLION) > 100
    rows = page.locator(".picture canvas").evaluate(
        """(canvas) => {
          const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
          const near = (i, color) => data[i + 3] > 200 && Math.abs(data[i] - color[0]) + Math.abs(data[i + 1] - color[1]) < 24;
          const rows = {blue: [], orange: []};
          for (let i = 0; i < data.length; i += 4) {
            const row = Math.floor(i / 4 / canvas.width) / canvas.height;
            if (near(i, [0, 114])) rows.blue.push(row);
            if (near(i, [213, 94])) rows.orange.push(row);
          }
          return [Math.min(...rows.blue), Math.max(...rows.blue), Math.min(...rows.orange), Math.max(...rows.orange)];
        }"""
    )
    assert 0.6 < rows[0] < rows[1] <= rows[2] < rows[3] < 0.95


def test_arrows_are_the_samples_own_steps_at_one_scale(show: Show) -> None:
    """Twice the scale, longer arrows; the saturating ones are shorter where D is sure, and longer where it is fooled."""
    long = runs.run("long")
    long[0]["layers"]["step_scale"] *= 2
    page = show(seen(runs.run(), layers=["arrows"]), long, **PAUSED)
    seek(page, 20)
    page.wait_for_timeout(150)
    own, other = painted(page, VERMILLION), painted(page, GREEN)
    assert own > 200 and other > 50
    page.evaluate("updateWith('long')")
    seek(page, 20)
    page.wait_for_timeout(150)
    assert painted(page, VERMILLION) > own
    expect(page.locator(".label.own")).to_have_text("this loss")
    expect(page.locator(".label.other")).to_have_text("saturating")


def test_a_score_has_its_own_arrows_only(show: Show) -> None:
    page = show(seen(runs.run(output="score"), layers=["arrows"]), **PAUSED)
    seek(page, 20)
    page.wait_for_timeout(150)
    assert painted(page, VERMILLION) > 200 and painted(page, GREEN) == 0
    expect(page.locator(".label.other")).to_be_hidden()


def test_every_layer_says_what_it_means(show: Show) -> None:
    """By its button, to a pointer and to a screen reader, and by its name in the picture."""
    run = runs.run()
    page = show(seen(run, layers=ALL), **PAUSED)
    seek(page, 60)
    tip = page.locator(".layer-bar .layer-tip")
    for layer in run[0]["layers"]["all"]:
        button = chip(page, layer["id"])
        button.hover()
        expect(tip).to_be_visible()
        expect(tip).to_have_text(layer["help"])
        described = button.get_attribute("aria-describedby")
        assert page.locator(f"#{described}").text_content() == layer["help"]
    page.locator(".counter").hover()
    expect(tip).to_be_hidden()
    meaning = page.locator(".main .layer-tip")
    box = label(page, "generated").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(meaning).to_be_visible()
    expect(meaning).to_contain_text("The density that the generator makes")
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] - 60)
    expect(meaning).to_be_hidden()


def test_the_map_stands_under_the_picture_and_follows_its_axis(show: Show) -> None:
    page = show(seen(runs.run(), map=True), **PAUSED)
    arrows, picture = page.locator(".mapping.arrows canvas"), page.locator(".picture")
    assert arrows.bounding_box()["x"] == pytest.approx(picture.bounding_box()["x"], abs=1)
    assert arrows.bounding_box()["width"] == pytest.approx(picture.bounding_box()["width"], abs=1)
    start = painted(page, VERMILLION, ".mapping.arrows canvas")
    assert start > 300 and painted(page, BLUE, ".map-curve canvas") > 50

    # At frame 0 the made-up G(z) is -4 + z: the heads crowd about -4 of an axis from -8 to 8, that is about a quarter.
    heads = """(canvas) => {
      const {data, width} = canvas.getContext('2d').getImageData(0, 2, canvas.width, 3);
      let sum = 0, count = 0;
      for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 200 && data[i] > 180) { sum += (i / 4) % width; count += 1; }
      return sum / count / width;
    }"""
    over, whole = page.locator(".picture .u-over").bounding_box(), picture.bounding_box()
    wanted = (over["x"] - whole["x"] + 0.25 * over["width"]) / whole["width"]
    assert arrows.evaluate(heads) == pytest.approx(wanted, abs=0.02)

    page.mouse.move(over["x"] + 5, over["y"] + 50)
    page.mouse.down()
    page.mouse.move(over["x"] + over["width"] / 2, over["y"] + 50, steps=4)
    page.mouse.up()
    page.wait_for_timeout(150)
    wanted = (over["x"] - whole["x"] + 0.5 * over["width"]) / whole["width"]
    assert arrows.evaluate(heads) == pytest.approx(wanted, abs=0.03)

    chip(page, "map").click()
    expect(page.locator(".mapping.arrows")).to_be_hidden()
    expect(page.locator(".map-curve")).to_be_hidden()


def test_a_pinned_run_stays_as_a_ghost_behind_the_next(show: Show) -> None:
    page = show(runs.run(), runs.run("other", means=(-2.0, 3.0)), **PAUSED)
    seek(page, 60)
    chip(page, "pin").click()
    expect(chip(page, "pin")).to_have_attribute("aria-pressed", "true")
    expect(label(page, "pinned")).to_be_hidden()  # it is the run that is shown
    page.evaluate("updateWith('other')")
    expect(label(page, "pinned")).to_be_visible()
    page.wait_for_timeout(150)
    with_ghost = page.evaluate(PICTURE)["hash"]
    chip(page, "pin").click()
    expect(label(page, "pinned")).to_be_hidden()
    page.wait_for_timeout(150)
    assert page.evaluate(PICTURE)["hash"] != with_ghost


def test_a_projectors_letters_are_larger(show: Show) -> None:
    page = show(runs.run(), **PAUSED)
    size = "(node) => parseFloat(getComputedStyle(node).fontSize)"
    parts = [
        label(page, "real"),
        page.locator(".counter"),
        page.locator(".caption"),
        page.locator(".readout"),
        chip(page, "real"),
    ]
    before = [part.evaluate(size) for part in parts]
    axis = page.locator(".picture .u-over").bounding_box()
    chip(page, "projector").click()
    assert [part.evaluate(size) for part in parts] == pytest.approx([1.4 * b for b in before], rel=0.01)
    page.wait_for_timeout(200)
    now = page.locator(".picture .u-over").bounding_box()
    assert now["x"] - page.locator(".picture").bounding_box()["x"] > 1.2 * (
        axis["x"] - 16
    )  # the axis's letters have grown too
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    chip(page, "projector").click()
    assert label(page, "real").evaluate(size) == pytest.approx(before[0])


def test_what_the_picture_shows_is_said_when_time_stands_still(show: Show) -> None:
    run = runs.run(duration=30)
    page = show(run)
    said = page.locator(".description")
    page.wait_for_timeout(1200)
    assert page.locator(ROOT).get_attribute("data-playing") == "true"
    expect(said).to_be_empty()
    expect(said).to_have_attribute("aria-live", "polite")
    page.get_by_role("button", name="Pause").click()
    seek(page, 350)
    expect(said).to_contain_text("Iteration 2\u202f100 of 2\u202f100.")
    mean, std = (run[1][name][-1] for name in ("mean", "std"))
    expect(said).to_contain_text(f"Generated: mean {mean:.2f}, standard deviation {std:.2f}.")
    expect(said).to_contain_text("Real: mean 2.00, standard deviation 1.00.")
    d = unpack(run[1]["d"], run[1]["d_ends"])[-1]
    expect(said).to_contain_text(f"D(x) at the real mean: {np.interp(2.0, run[1]['x'], d):.3f}.")
    expect(said).to_contain_text("The two densities agree")
    page.get_by_role("button", name="Step back").click()
    expect(said).to_contain_text("Iteration 2\u202f094 of")
    assert page.locator(".caption [aria-live]").count() == 0


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"means": (-4.0, 4.0), "start": 0.0, "end": 4.0, "density_max": 0.3},
        {"start": 7.9, "spread": 0.3},
        {"output": "score"},
    ],
    ids=["slide", "two modes", "spike", "score"],
)
def test_no_name_lies_on_another_with_all_layers_on(show: Show, width: int, options: dict) -> None:
    page = show(seen(runs.run(frames=61, **options), **EVERYTHING), viewport={"width": width, "height": 844}, **PAUSED)
    assert page.evaluate(LABEL_FAULTS) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_scrolls_the_row_and_not_the_page(show: Show, scheme: str) -> None:
    page = show(seen(runs.run(), **EVERYTHING), viewport={"width": 390, "height": 844}, color_scheme=scheme, **PAUSED)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    row = page.locator(".layers")
    assert row.evaluate("(node) => node.scrollWidth > node.clientWidth")
    assert row.bounding_box()["height"] < 50
    chip(page, "projector").focus()  # comes into sight by key
    box = chip(page, "projector").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    below = page.locator(".map-curve").bounding_box()["y"]
    assert below > page.locator(".mapping.arrows").bounding_box()["y"]


@pytest.mark.alone
def test_smooth_with_everything_on(show: Show) -> None:
    page = show(seen(runs.run(duration=12), **EVERYTHING))
    page.wait_for_timeout(800)
    rate = page.locator(ROOT).evaluate(TICKS, 3)
    print(f"ticks {rate['ticks']:.1f} a second with every layer on")
    assert rate["ticks"] >= 45  # 55 and more on a quiet machine
