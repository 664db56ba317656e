"""A real Chromium for the tests of what people see."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tools.browser import FLAGS, NAMES, chromium_path, free_port

ROOT = Path(__file__).resolve().parents[2]
STARTUP = 60.0  # seconds a server may take


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium_path()
    if path is None:
        reason = f"no browser: install {NAMES[0]}, or say where one is with CHROMIUM="
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens an address in a context of its own; a console or page error fails the test."""
    complaints: list[str] = []
    contexts = []

    def open_(url: str, **options: object) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: complaints.append(m.text) if m.type == "error" and not _seeks_server(m) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(url)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


def _seeks_server(message: ConsoleMessage) -> bool:
    """Streamlit, opened at a page's own address, first asks there for its server, and finds it one step up."""
    return "/_stcore/" in str(message.location.get("url", ""))


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


@contextmanager
def serving(command: list[str], port: int, log: Path) -> Iterator[str]:
    """Runs a server until the end of the block, and yields its address once it answers."""
    with log.open("w") as output:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        try:
            url = f"http://127.0.0.1:{port}"
            deadline = time.monotonic() + STARTUP
            while not _answers(f"{url}/_stcore/health"):
                if server.poll() is not None or time.monotonic() > deadline:
                    pytest.fail(f"the server did not start:\n{log.read_text()}")
                time.sleep(0.05)
            yield url
        finally:
            server.terminate()
            try:
                server.wait(timeout=10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


@contextmanager
def streamlit_server(script: Path, log: Path) -> Iterator[str]:
    """Serves a Streamlit script on a free port, and yields its address."""
    port = free_port()
    options = {
        "server.port": port,
        "server.address": "127.0.0.1",
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
    }
    flags = [f"--{name}={value}" for name, value in options.items()]
    with serving([sys.executable, "-m", "streamlit", "run", str(script), *flags], port, log) as url:
        yield url


@contextmanager
def app_server(log: Path) -> Iterator[str]:
    """Serves the app as `make app` does, on a free port."""
    port = free_port()
    with serving([sys.executable, "-m", "gan1d", "app", "--port", str(port)], port, log) as url:
        yield url.replace("127.0.0.1", "localhost")
