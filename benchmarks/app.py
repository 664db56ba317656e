"""How quick the app is for a person: `python -m benchmarks.app`, part of `make bench`.

The server is started as `make app` starts it and driven by a headless Chromium on the same machine. Beside each figure of a page load
stands that of the smallest Streamlit page there is, loaded in turn with ours: what is left is ours. Prints one JSON object.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles

from playwright.sync_api import Browser, Page, sync_playwright

from tools.browser import FLAGS, chromium_path, free_port

LOADS, MOVES, SECONDS = 7, 40, 5
WARMED, WARMED_TURNS = 20, 2
"""Moves of a slider beside compilation ahead, and how often on a new server with none and with it."""
PAGES = {
    "the lab": ("", ".picture canvas"),
    "Images": ("/images", "[data-gallery] canvas[data-step]"),
    "Map": ("/map", ".nsewdrag"),
}
"""Name -> where a page is, and what is there once its picture is."""
ROOT = "[data-gan1d-player]"
SMALLEST = "import streamlit as st\nst.html('<div class=\"picture\"><canvas></canvas></div>')\n"
WATCH = """(root) => {
  window.moved = [];
  const swapped = () => requestAnimationFrame(() => window.moved.push(performance.now() - window.released));
  new MutationObserver(swapped).observe(root, {attributes: true, attributeFilter: ['data-run']});
  addEventListener('keyup', () => { window.released = performance.now(); }, true);
}"""
TICKS = """(root, seconds) => new Promise((done) => {
  let ticks = 0;
  const drawn = [], end = performance.now() + 1000 * seconds;
  const tick = (now) => {
    ticks += 1;
    if (drawn.at(-1) !== root.dataset.frame) drawn.push(root.dataset.frame);
    now < end ? requestAnimationFrame(tick) : done({ticks: ticks / seconds, drawn: drawn.length / seconds});
  };
  requestAnimationFrame(tick);
})"""


@contextmanager
def serving(command: list[str], port: int, environment: Mapping[str, str] | None = None) -> Iterator[tuple[str, float]]:
    """(address, moment of the start) of a server that answers."""
    began = time.perf_counter()
    variables = {**os.environ, **(environment or {})}
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=variables)
    url = f"http://localhost:{port}"
    try:
        while True:
            try:
                urllib.request.urlopen(f"{url}/_stcore/health", timeout=2).read()
                break
            except (urllib.error.URLError, OSError):
                time.sleep(0.02)
        yield url, began
    finally:
        server.terminate()
        server.wait()


def ours() -> tuple[list[str], int]:
    """The command that serves the app, and its port."""
    port = free_port()
    return [sys.executable, "-m", "gan1d", "app", "--port", str(port)], port


def open_page(browser: Browser, url: str, picture: str = PAGES["the lab"][1]) -> tuple[Page, float]:
    """A new visitor's page, and the seconds until its picture is there."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    began = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.wait_for_selector(picture)
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return page, time.perf_counter() - began


def main() -> None:
    """Measures, and prints JSON."""
    path = chromium_path()
    if path is None:
        sys.exit("no browser: install chromium, or say where one is with CHROMIUM=")
    result: dict[str, object] = {}
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        starts = []
        for _ in range(3):
            command, port = ours()
            with serving(command, port) as (url, began):
                page, _ = open_page(browser, url)
                starts.append(time.perf_counter() - began)
                page.context.close()
        result["server start to first picture, s"] = summary(starts)

        script = Path(folder) / "smallest.py"
        script.write_text(SMALLEST)
        peer_port = free_port()
        flags = [
            f"--server.port={peer_port}",
            "--server.headless=true",
            "--browser.gatherUsageStats=false",
            "--server.fileWatcherType=none",
        ]
        peer = [sys.executable, "-m", "streamlit", "run", str(script), *flags]
        command, port = ours()
        with serving(command, port) as (url, _), serving(peer, peer_port) as (peer_url, _):
            page, _ = open_page(browser, url)
            page.wait_for_timeout(8000)  # JAX is warm now
            page.context.close()
            addresses = {name: (url + path, picture) for name, (path, picture) in PAGES.items()}
            addresses["the smallest Streamlit page"] = (peer_url, PAGES["the lab"][1])
            loads: dict[str, list[float]] = {name: [] for name in addresses}
            for _ in range(LOADS):
                for name, (address, picture) in addresses.items():
                    page, seconds = open_page(browser, address, picture)
                    loads[name].append(seconds)
                    page.context.close()
            result["page load to picture, s"] = {name: summary(seconds) for name, seconds in loads.items()}
            page, _ = open_page(browser, url)
            page.wait_for_timeout(1000)
            rates = page.locator(ROOT).evaluate(TICKS, SECONDS)
            result["playback, frames/s"] = {name: round(rate, 1) for name, rate in rates.items()}
            result["slider released to new curves, ms"] = summary(slider(page, MOVES))
        result["the same on a new machine, ms"] = beside_compilation(browser)
        browser.close()
    print(json.dumps(result, indent=1, ensure_ascii=False))


def beside_compilation(browser: Browser) -> dict[str, dict[str, float]]:
    """The slider on servers that have compiled nothing yet, without and with compilation ahead, in turn."""
    found: dict[str, list[float]] = {"nothing compiled ahead": [], "all structures being compiled": []}
    for _ in range(WARMED_TURNS):
        for name, moved in found.items():
            with tempfile.TemporaryDirectory() as cache:
                ahead = "0" if name == "nothing compiled ahead" else "1"
                command, port = ours()
                with serving(command, port, {"XDG_CACHE_HOME": cache, "GAN1D_WARM": ahead}) as (url, _):
                    page, _ = open_page(browser, url)
                    page.wait_for_timeout(10_000)  # the first structure is there now
                    moved += slider(page, WARMED)
                    page.context.close()
    return {name: summary(moved) for name, moved in found.items()}


def slider(page: Page, moves: int) -> list[float]:
    """Milliseconds from releasing a slider to the first frame with the new run, over values that were not asked for before."""
    page.locator(ROOT).evaluate(WATCH)
    for i in range(moves):
        name, key = (("Mode 1: mean", "ArrowLeft"), ("Mode 1: std", "ArrowLeft"))[i % 3 == 0]
        page.get_by_role("slider", name=name).focus()
        page.keyboard.press(key)
        page.wait_for_function(f"window.moved.length > {i}")
        page.wait_for_timeout(250)
    return list(page.evaluate("window.moved"))


def summary(values: list[float]) -> dict[str, float]:
    """Median, slowest of twenty, and how many."""
    return {
        "median": round(median(values), 3),
        "p95": round(quantiles(values, n=20, method="inclusive")[-1], 3),
        "n": len(values),
    }


if __name__ == "__main__":
    main()
