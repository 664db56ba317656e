"""Time in the player: both ways, marks where something happens, step by step, and the equations of what happens."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from gan1d.config import Config
from gan1d.render.equations import of
from gan1d.render.packing import pack
from tests.browser.harness import page as harness
from tests.browser.harness import runs
from tests.browser.test_player import PAUSED, PICTURE, frame, playing, seek, show, state, wait_until  # noqa: F401

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
Given = tuple[dict[str, Any], runs.Arrays]
EVENTS = [
    [40, "mode taken", "The generator takes the mode at 2."],
    [120, "D wins", "D wins."],
    [122, "mode lost", "The generator loses the mode at 2."],
    [300, "converged", "Converged."],
]
EQUATIONS = of(Config.from_dict({"data": {"means": [2], "stds": [1]}, "training": {"penalty": "r1"}}))


def a_run(**changes: Any) -> Given:
    """A run that a host can give the turns of."""
    meta, arrays = runs.run(**changes)
    meta |= {"events": EVENTS, "equations": {"sets": [EQUATIONS], "parts": [0]}, "steps": {"run": meta["run"]}}
    return meta, arrays


def with_steps(given: Given, around: int, begin: int, end: int, ends: bool = False) -> Given:
    """The run with the turns of some iterations: D's turn lowers D everywhere, G's moves the density; the losses tell which."""
    meta, arrays = given
    states = 2 * (end - begin) + 1
    turn = 2 * begin + np.arange(states)
    after_g, after_d = turn // 2, (turn + 1) // 2
    x = arrays["x"]
    rows = {
        "p_gen": runs.gaussian(x[None], -3 + 0.01 * after_g[:, None], 1.0),
        "d": 0.9 - 0.001 * after_d[:, None] + 0 * x[None],
        "g": -3 + 0.01 * after_g[:, None] + arrays["z"][None],
        "sample_real": np.zeros((states, 32)),
        "sample_fake": np.ones((states, 32)),
    }
    more: runs.Arrays = {
        "iteration": after_d,
        "loss_d": 1 - 0.001 * after_d,
        "loss_g": 2 - 0.001 * after_g,
        "mass_outside": np.zeros(2 * states),
    }
    found = {f"steps_{name}": np.asarray(values, np.float32) for name, values in more.items()}
    for name, values in rows.items():
        found[f"steps_{name}"], found[f"steps_{name}_ends"] = pack(values)
    steps = {
        "run": meta["run"],
        "around": around,
        "part": 0,
        "states": states,
        "ends": ends,
        "k_d": 1,
        "k_g": 1,
        "packed": [f"steps_{name}" for name in rows],
    }
    return {**meta, "steps": steps}, {**arrays, **found}


@pytest.fixture
def open_(tmp_path: Path, open_page: Open) -> Callable[..., Page]:
    """Opens a page with the player on one run; `give(page, run)` sends it another, as a host does."""

    def opened(given: Given, **options: object) -> Page:
        page = open_page(harness.write(tmp_path / "player.html", given).as_uri(), **{**PAUSED, **options})
        page.wait_for_selector(".picture .uplot canvas", state="attached")
        return page

    return opened


def give(page: Page, given: Given) -> None:
    page.evaluate(
        """(text) => {
          const block = document.createElement('script');
          block.type = 'application/json';
          block.id = 'next';
          block.textContent = text;
          document.getElementById('next')?.remove();
          document.body.append(block);
          window.updateWith('next');
        }""",
        harness.as_json(given),
    )


def press(page: Page, name: str) -> None:
    page.locator(f".turn.{name}").click(force=True)  # a turn that is not due is pressed too


# ---- both ways


def test_plays_backwards_and_stops_at_the_first_frame_without_loop(open_: Callable[..., Page]) -> None:
    page = open_(a_run(duration=1.0))
    page.get_by_role("button", name="Loop").click()
    page.get_by_role("button", name="To the end").click()
    assert frame(page) == 350
    page.get_by_role("button", name="Run backwards").click()
    playing(page, True)
    assert state(page)["direction"] == "-1"
    wait_until(page, "Number(d.frame) < 200")
    expect(page.locator(".tool.reverse")).to_have_attribute("aria-label", "Pause")
    expect(page.locator(".tool.play")).to_have_attribute("aria-label", "Play")
    wait_until(page, "d.frame === '0' && d.playing === 'false'")


def test_backwards_from_the_start_begins_at_the_end(open_: Callable[..., Page]) -> None:
    page = open_(a_run())
    page.locator(".picture").press("r")
    assert frame(page) == 350
    page.locator(".picture").press("r")
    playing(page, False)
    page.locator(".picture").press(" ")
    playing(page, True)
    assert state(page)["direction"] == "1"


def test_buttons_and_keys_go_to_both_ends(open_: Callable[..., Page]) -> None:
    page = open_(a_run())
    page.get_by_role("button", name="To the end").click()
    assert frame(page) == 350
    page.get_by_role("button", name="To the start").click()
    assert frame(page) == 0
    page.locator(".picture").press("End")
    assert frame(page) == 350


def test_speed_and_loop_are_as_the_view_says(open_: Callable[..., Page]) -> None:
    meta, arrays = a_run()
    page = open_(({**meta, "view": {"speed": 4, "loop": False}}, arrays))
    expect(page.locator("select.speed")).to_have_value("4")
    expect(page.get_by_role("button", name="Loop")).to_have_attribute("aria-pressed", "false")


def test_the_keys_are_listed_and_go_away(open_: Callable[..., Page]) -> None:
    page = open_(a_run())
    keys = page.get_by_role("button", name="Keys")
    keys.click()
    expect(page.locator(".keys-panel")).to_be_visible()
    expect(page.locator(".keys-panel")).to_contain_text("run backwards or pause")
    page.keyboard.press("Escape")
    expect(page.locator(".keys-panel")).to_be_hidden()
    expect(keys).to_be_focused()


# ---- marks


def test_marks_stand_where_something_happens_and_lead_there(open_: Callable[..., Page]) -> None:
    page = open_(a_run())
    marks = page.locator(".event")
    # Two at about the same time are one mark, which has the shape of the more telling.
    assert marks.evaluate_all("(all) => all.map((mark) => mark.dataset.kind)") == ["mode taken", "D wins", "converged"]
    track = page.locator(".scrub").bounding_box()
    third = marks.nth(2).bounding_box()
    assert track and third
    assert abs(third["x"] + third["width"] / 2 - (track["x"] + 10 + 300 / 350 * (track["width"] - 20))) < 1.5
    marks.nth(2).click()
    assert frame(page) == 300
    marks.nth(1).hover()
    tip = page.locator(".event-tip")
    expect(tip).to_be_visible()
    expect(tip).to_contain_text("Iteration 720: D wins.")
    expect(tip).to_contain_text("Iteration 732: The generator loses the mode at 2.")
    marks.nth(0).focus()
    expect(tip).to_contain_text("Iteration 240: The generator takes the mode at 2.")


def test_shift_and_an_arrow_jump_from_mark_to_mark(open_: Callable[..., Page]) -> None:
    page = open_(a_run())
    picture = page.locator(".picture")
    seen = []
    for _ in range(4):
        picture.press("Shift+ArrowRight")
        seen.append(frame(page))
    picture.press("Shift+ArrowLeft")
    assert [*seen, frame(page)] == [40, 120, 300, 350, 300]


def test_marks_stay_in_the_picture_on_a_phone(open_: Callable[..., Page]) -> None:
    page = open_(a_run(), viewport={"width": 390, "height": 844})
    page.locator(".event").last.hover()
    box = page.locator(".event-tip").bounding_box()
    assert box and box["x"] >= 0 and box["x"] + box["width"] <= 390
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


# ---- step by step


def entered(open_: Callable[..., Page]) -> Page:
    """Step mode at iteration 300, frame 50, with the turns of 250 to 350 at hand."""
    page = open_(a_run())
    seek(page, 50)
    page.get_by_role("button", name="Step by step").click()
    assert page.evaluate("window.sent") == [{"id": "steps", "iteration": 300}]
    give(page, with_steps(a_run(), 300, 250, 350))
    return page


def test_step_mode_asks_once_and_then_steps_by_itself(open_: Callable[..., Page]) -> None:
    page = entered(open_)
    panel = page.get_by_role("region", name="Step by step")
    expect(panel).to_contain_text("Iteration 300, after G’s turn")
    expect(panel).to_contain_text("Next it is D’s turn.")
    before = page.evaluate(PICTURE)["hash"]
    press(page, "d")
    expect(panel).to_contain_text("Iteration 301, after D’s turn")
    expect(panel).to_contain_text("Its loss went from 0.70000 to 0.69900.")
    expect(panel.locator("tbody tr").nth(0)).to_have_text("LD0.700000.69900−0.00100")
    expect(panel.locator("tbody tr").nth(1)).to_have_text("LG1.700001.700000.00000")
    page.wait_for_timeout(50)
    after_d = page.evaluate(PICTURE)["hash"]
    assert after_d != before
    press(page, "g")
    expect(panel).to_contain_text("Iteration 301, after G’s turn")
    expect(panel).to_contain_text("G took its turn. Its loss went from 1.70000 to 1.69900.")
    press(page, "both")
    expect(panel).to_contain_text("Iteration 302, after G’s turn")
    press(page, "back")
    expect(panel).to_contain_text("Iteration 302, after D’s turn")
    assert state(page)["iteration"] == "302" and state(page)["frame"] == "50"
    assert len(page.evaluate("window.sent")) == 1


def test_the_other_players_turn_is_not_taken_before_its_time(open_: Callable[..., Page]) -> None:
    page = entered(open_)
    expect(page.locator(".turn.g")).to_have_attribute("aria-disabled", "true")
    press(page, "g")
    expect(page.locator(".said")).to_have_text("Next it is D’s turn.")
    press(page, "d")
    expect(page.locator(".turn.d")).to_have_attribute("aria-disabled", "true")
    expect(page.locator(".turn.g")).to_have_attribute("aria-disabled", "false")


def test_the_equation_of_the_turn_is_marked(open_: Callable[..., Page]) -> None:
    page = entered(open_)
    now = "(all) => all.map((row) => row.dataset.row)"
    press(page, "d")
    assert page.locator('.equation[aria-current="step"]').evaluate_all(now) == ["d"]
    press(page, "g")
    assert page.locator('.equation[aria-current="step"]').evaluate_all(now) == ["g"]
    press(page, "both")
    assert page.locator('.equation[aria-current="step"]').evaluate_all(now) == ["d", "g"]
    page.get_by_role("button", name="Step by step").click()
    assert page.locator('.equation[aria-current="step"]').count() == 0


def test_turns_have_keys(open_: Callable[..., Page]) -> None:
    page = entered(open_)
    said = page.locator(".steps h3")
    for key, words in {
        "d": "301, after D",
        "g": "301, after G",
        "b": "302, after G",
        "Backspace": "302, after D",
    }.items():
        page.locator(".picture").press(key)
        expect(said).to_contain_text(words)


def test_near_the_end_of_what_is_there_the_next_turns_are_fetched(open_: Callable[..., Page]) -> None:
    page = entered(open_)
    for _ in range(46):
        press(page, "both")
    sent = page.evaluate("window.sent")
    assert len(sent) == 2 and sent[1]["iteration"] == 351
    give(page, with_steps(a_run(), 351, 301, 401))
    expect(page.locator(".steps h3")).to_contain_text("Iteration 346, after G’s turn")
    for _ in range(10):
        press(page, "both")
    expect(page.locator(".steps h3")).to_contain_text("Iteration 356, after G’s turn")
    assert len(page.evaluate("window.sent")) == 2


def test_a_step_beyond_what_is_there_is_taken_as_soon_as_it_comes(open_: Callable[..., Page]) -> None:
    page = open_(a_run())
    seek(page, 50)
    page.get_by_role("button", name="Step by step").click()
    expect(page.locator(".said")).to_have_text("The turns are being worked out …")
    give(page, a_run())  # a rerun for something else answers nothing
    expect(page.locator(".said")).to_have_text("The turns are being worked out …")
    give(page, with_steps(a_run(), 300, 250, 350))
    expect(page.locator(".steps h3")).to_contain_text("Iteration 300, after G’s turn")


def test_the_training_ends_where_it_ends(open_: Callable[..., Page]) -> None:
    page = open_(a_run())
    seek(page, 350)
    page.get_by_role("button", name="Step by step").click()
    give(page, with_steps(a_run(), 2100, 2050, 2100, ends=True))
    press(page, "d")
    expect(page.locator(".said")).to_have_text("The training ends here.")
    press(page, "back")
    expect(page.locator(".steps h3")).to_contain_text("Iteration 2\u202f100, after D’s turn")


def test_leaving_step_mode_shows_the_recorded_frame_nearest(open_: Callable[..., Page]) -> None:
    page = entered(open_)
    page.wait_for_timeout(50)
    for _ in range(4):
        press(page, "both")
    assert state(page)["iteration"] == "304"
    page.get_by_role("button", name="Step by step").click()
    expect(page.locator(".steps")).to_be_hidden()
    assert state(page)["frame"] == "51" and state(page)["iteration"] == "306"


def test_scrubbing_leaves_the_turn_and_the_next_step_begins_there(open_: Callable[..., Page]) -> None:
    page = entered(open_)
    press(page, "d")
    seek(page, 52)
    assert state(page)["iteration"] == "312"
    expect(page.locator(".steps h3")).to_have_text("Iteration 312")
    press(page, "d")
    expect(page.locator(".steps h3")).to_contain_text("Iteration 313, after D’s turn")
    seek(page, 100)
    press(page, "d")
    assert page.evaluate("window.sent")[-1] == {"id": "steps", "iteration": 601}
    give(page, with_steps(a_run(), 601, 551, 651))
    expect(page.locator(".steps h3")).to_contain_text("Iteration 601, after D’s turn")


def test_what_cannot_be_stepped_is_said(open_: Callable[..., Page]) -> None:
    page = open_(a_run())
    page.get_by_role("button", name="Step by step").click()
    meta, arrays = a_run()
    give(page, ({**meta, "steps": {"run": "one", "around": 0, "error": "No turns of this run: it is a file."}}, arrays))
    expect(page.locator(".said")).to_have_text("No turns of this run: it is a file.")


def test_without_a_host_step_mode_is_not_offered(open_: Callable[..., Page]) -> None:
    meta, arrays = a_run()
    page = open_(({name: value for name, value in meta.items() if name not in ("steps", "equations")}, arrays))
    expect(page.get_by_role("button", name="Keys")).to_be_visible()
    expect(page.get_by_role("button", name="Step by step")).to_be_hidden()
    expect(page.get_by_role("button", name="Equations")).to_be_hidden()


# ---- equations


def test_every_symbol_is_explained_where_it_is_pointed_at_tapped_or_focused(open_: Callable[..., Page]) -> None:
    page = open_(a_run())
    page.get_by_role("button", name="Equations").click()
    panel = page.get_by_role("region", name="Equations")
    line = panel.locator(".meaning-line")
    for symbol in EQUATIONS["symbols"]:
        panel.locator(f'.symbol[data-symbol="{symbol["name"]}"]').focus()
        page.keyboard.press("Shift")  # so that the focus counts as the keyboard's
        panel.locator(f'.symbol[data-symbol="{symbol["name"]}"]').hover()
        expect(line).to_have_text(symbol["meaning"])
    in_formula = panel.locator('.formula [data-symbol="gamma"]').first
    in_formula.hover()
    expect(line).to_contain_text("Weight of R1")
    assert (
        in_formula.evaluate("(node) => node.classList.contains('lit') && getComputedStyle(node).backgroundColor")
        != "rgba(0, 0, 0, 0)"
    )
    in_formula.click()
    page.mouse.move(5, 5)
    expect(line).to_contain_text("Weight of R1")
    in_formula.click()
    page.mouse.move(5, 5)
    expect(line).to_contain_text("Point at a symbol")
    formulas = panel.get_by_role("math")
    assert formulas.first.get_attribute("aria-label") == EQUATIONS["rows"][0]["said"]


def test_symbols_are_explained_by_key_alone(open_: Callable[..., Page]) -> None:
    page = open_(a_run())
    page.get_by_role("button", name="Equations").press("Enter")
    page.locator(".symbol").first.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    expect(page.locator(".meaning-line")).to_have_text(EQUATIONS["symbols"][0]["meaning"])


@pytest.mark.parametrize("width", [390, 1280])
def test_equations_stand_below_or_beside_the_picture(width: int, open_: Callable[..., Page]) -> None:
    page = open_(a_run(), viewport={"width": width, "height": 900})
    page.get_by_role("button", name="Equations").click()
    page.wait_for_timeout(200)
    picture, panel = page.locator(".picture").bounding_box(), page.locator(".equations").bounding_box()
    assert picture and panel
    if width < 900:
        assert panel["y"] >= picture["y"] + picture["height"] and panel["width"] <= width
    else:
        assert panel["x"] >= picture["x"] + picture["width"] and panel["y"] < picture["y"] + 50
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    wide = page.locator(".formula").evaluate_all("(all) => all.filter((f) => f.scrollWidth > f.clientWidth + 1).length")
    assert wide == 0


def test_a_part_under_another_loss_has_its_own_equations(open_: Callable[..., Page]) -> None:
    meta, arrays = a_run()
    other = of(Config.from_dict({"data": {"means": [2], "stds": [1]}, "training": {"loss": "hinge"}}))
    two = {"parts": [0, 175], "equations": {"sets": [EQUATIONS, other], "parts": [0, 1]}}
    doubled = {name: np.tile(arrays[name], 2) for name in ("p_data", "ideal")}
    page = open_(({**meta, **two}, {**arrays, **doubled}))
    page.get_by_role("button", name="Equations").click()
    said = page.locator('[data-row="g"] .formula')
    expect(said).to_have_attribute("aria-label", EQUATIONS["rows"][1]["said"])
    seek(page, 200)
    expect(said).to_have_attribute("aria-label", other["rows"][1]["said"])


def test_the_view_opens_the_equations(open_: Callable[..., Page]) -> None:
    meta, arrays = a_run()
    page = open_(({**meta, "view": {"equations": True}}, arrays))
    expect(page.get_by_role("region", name="Equations")).to_be_visible()
    assert json.loads(json.dumps(page.evaluate("window.sent"))) == []


# ---- for everybody


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_step_mode_and_equations_have_nothing_serious_by_axe(
    width: int, scheme: str, open_: Callable[..., Page]
) -> None:
    page = open_(a_run(), viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.get_by_role("button", name="Step by step").click()
    give(page, with_steps(a_run(), 0, 0, 100))
    press(page, "d")
    page.locator(".symbol").first.click()
    page.mouse.move(2, 2)
    page.get_by_role("button", name="Keys").click()
    ours = {"include": [[".side"], [".modes"], [".transport"]]}
    found = [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in Axe().run(page, context=ours).response["violations"]
        for node in violation["nodes"]
        if violation["impact"] in ("serious", "critical")
    ]
    assert found == []


TICKS = """() => new Promise((resolve) => {
  let ticks = 0;
  const start = performance.now();
  const tick = () => {
    ticks += 1;
    const passed = (performance.now() - start) / 1000;
    if (passed < 2) requestAnimationFrame(tick);
    else resolve(ticks / passed);
  };
  requestAnimationFrame(tick);
})"""


@pytest.mark.alone
def test_playing_stays_smooth_with_the_panels_open(open_: Callable[..., Page]) -> None:
    meta, arrays = a_run(duration=20)
    page = open_(({**meta, "view": {"equations": True}}, arrays))
    page.locator(".picture").press("r")
    assert page.evaluate(TICKS) > 30  # 60 on a quiet machine
    playing(page, True)
