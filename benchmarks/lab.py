"""What the lab costs the wire and the screen: `python -m benchmarks.lab`, part of `make bench`.

Bytes are those of the frames that the browser's socket received. Prints one JSON object.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.app import ROOT, SECONDS, TICKS, open_page, ours, serving
from gan1d.catalogue import scenarios
from gan1d.render.frames import frames
from gan1d.training import train
from tools.browser import FLAGS, chromium_path

CHANGES = 10
SLOWED = 4
EVERYTHING = (
    "v=1&s=gaussian-linear&w.layers=real,generated,d,d_star,gap,optimum,outside,samples,arrows,&w.map=true&w.heat=true"
)
"""The link that turns all layers on."""
THREE = "run=s%3Dgaussian-linear&run=s%3Dgaussian-linear%26training.lr_g%3D0.02&run=s%3Dnear-modes-linear"
"""The query of a comparison of three runs."""
OPACITY = """(root) => {
  window.lowest = 1;
  const look = () => {
    for (let node = root.getRootNode().host || root; node; node = node.parentElement) {
      window.lowest = Math.min(window.lowest, Number(getComputedStyle(node).opacity));
    }
    requestAnimationFrame(look);
  };
  look();
}"""


def listening(page: Page) -> list[int]:
    """The lengths of the frames that the page's socket receives from now on; to be called before the page is opened."""
    received: list[int] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: received.append(len(frame))))
    return received


def rates(page: Page) -> dict[str, float]:
    """Ticks and distinct states a second."""
    return {name: round(rate, 1) for name, rate in page.locator(ROOT).first.evaluate(TICKS, SECONDS).items()}


def payload(changes: dict[str, Any]) -> int:
    """Bytes of a run on its way to the player."""
    meta, arrays = frames(train(scenarios["gaussian-linear"].config.replace(**changes)))
    return sum(a.nbytes for a in arrays.values()) + len(json.dumps(meta))


def lab(browser: Browser, url: str) -> dict[str, Any]:
    """The lab itself."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    received = listening(page)
    page.goto(url)
    page.wait_for_selector(f"{ROOT} .picture canvas")
    page.wait_for_timeout(8000)
    found: dict[str, Any] = {"first view, bytes": sum(received)}
    root = page.locator(ROOT)
    root.evaluate("(root) => { root.isTheFirst = true; }")
    root.evaluate(OPACITY)
    received.clear()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("r")  # Streamlit's key for a rerun
    page.wait_for_timeout(2500)
    found["an unrelated rerun, bytes"] = sum(received)
    received.clear()
    for i in range(CHANGES):
        run = root.get_attribute("data-run")
        page.get_by_role("slider", name="Mode 1: mean").focus()
        page.keyboard.press("ArrowLeft")
        page.wait_for_function("(run) => document.querySelector('.gan1d-player')?.dataset.run !== run", arg=run)
        page.wait_for_timeout(600)
        if i == 0:
            found["a slider's new run, bytes"] = sum(received)
    found["one mount over ten changes"] = root.evaluate("(root) => root.isTheFirst === true")
    found["lowest opacity"] = page.evaluate("window.lowest")
    page.context.close()
    page, _ = open_page(browser, f"{url}/?{EVERYTHING}")
    page.wait_for_timeout(3000)
    found["all layers, frames/s"] = rates(page)
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
    found[f"all layers, CPU slowed {SLOWED} times, frames/s"] = rates(page)
    page.context.close()
    return found


def comparison(browser: Browser, url: str) -> dict[str, Any]:
    """Three runs side by side."""
    page, _ = open_page(browser, f"{url}/compare?{THREE}")
    page.wait_for_timeout(8000)
    count = page.locator(f"{ROOT} .picture canvas").count()
    return {"pictures side by side": count, "comparison, frames/s": rates(page)}


def main() -> None:
    """Measures, and prints JSON."""
    path = chromium_path()
    if path is None:
        sys.exit("no browser: install chromium, or say where one is with CHROMIUM=")
    result: dict[str, Any] = {
        "payload of the default run, bytes": payload({}),
        "payload of 600 x 256, bytes": payload({"training.frames": 600, "training.iterations": 6000}),
    }
    command, port = ours()
    with sync_playwright() as playwright, serving(command, port) as (url, _):
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        result |= lab(browser, url) | comparison(browser, url)
        browser.close()
    print(json.dumps(result, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
