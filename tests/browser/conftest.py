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
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, sync_playwright

from tools.browser import FLAGS, NAMES, chromium_path, free_port

ROOT = Path(__file__).resolve().parents[2]
VIEWPORT = {"width": 1280, "height": 900}
SETTINGS = {"color_scheme": "light", "reduced_motion": "no-preference"}
"""What a page is told unless a test says otherwise."""
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


@pytest.fixture(scope="session")
def idle() -> list[Page]:
    """Pages that tests have given back: a tab costs half a second of the machine, and the cache spares it the app's scripts."""
    return []


@pytest.fixture
def open_page(browser: Browser, idle: list[Page]) -> Iterator[Callable[..., Page]]:
    """Opens an address in a context that holds nothing of others; a console or page error fails the test."""
    complaints: list[str] = []
    lent: list[Page] = []
    own: list[Page] = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error" and not _seeks_server(message):
            complaints.append(message.text)

    def on_error(error: Error) -> None:
        complaints.append(str(error))

    def open_(url: str, **options: Any) -> Page:
        if options.keys() <= {*SETTINGS, "viewport"}:
            page = idle.pop() if idle else browser.new_context().new_page()
            lent.append(page)
            page.set_viewport_size(options.get("viewport", VIEWPORT))
            page.emulate_media(media="null", **{name: options.get(name, usual) for name, usual in SETTINGS.items()})
        else:
            page = browser.new_context(**{"viewport": VIEWPORT, **options}).new_page()
            own.append(page)
        page.on("console", on_console)
        page.on("pageerror", on_error)
        page.goto(url)
        return page

    yield open_
    for page in lent:
        page.remove_listener("console", on_console)
        page.remove_listener("pageerror", on_error)
        if _blank(page):
            idle.append(page)
        else:
            own.append(page)
    for page in own:
        page.context.close()
    assert complaints == []


def _blank(page: Page) -> bool:
    """Leaves nothing on a page and in its context. False if there is something that stays."""
    if page.is_closed() or page.context.pages != [page]:
        return False
    try:
        origin = str(page.evaluate("() => { try { sessionStorage.clear(); } catch {} return location.origin; }"))
        page.goto("about:blank")
        page.mouse.move(0, 0)
        page.unroute_all()
        page.context.set_offline(False)
        page.context.clear_cookies()
        if origin != "null":
            session = page.context.new_cdp_session(page)
            session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
            session.detach()
    except Error:
        return False
    return True


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
    """Serves the app as `make app` does, on a free port, and waits until it has said where it is."""
    port = free_port()
    with serving([sys.executable, "-m", "gan1d", "app", "--port", str(port)], port, log) as url:
        address = url.replace("127.0.0.1", "localhost")
        deadline = time.monotonic() + STARTUP
        while address not in log.read_text() and time.monotonic() < deadline:
            time.sleep(0.05)
        yield address


class Served(NamedTuple):
    """The app as the tests share it: where it is, what it says, where it keeps what is temporary, and its jobs."""

    address: str
    log: Path
    temporary: Path
    state: Path


@pytest.fixture(scope="session")
def served(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for all files. It first says where it is, and leaves nothing."""
    from app.exporting import PREFIX  # slow to import, and not every run of the tests has a browser's

    log, temporary, state = (tmp_path_factory.mktemp("served") / name for name in ("server.log", "temporary", "state"))
    temporary.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(temporary))
        patch.setenv("XDG_STATE_HOME", str(state))
        with app_server(log) as address:
            patch.undo()  # they are the server's alone
            yield Served(address, log, temporary, state)
    said = log.read_text().split()
    assert (said[0], said[-1]) == (address, "Stopping...")
    assert list(temporary.glob(f"{PREFIX}*")) == []


@pytest.fixture
def url(served: Served) -> Iterator[str]:
    """The app's address; a test during which the server reports an error fails."""
    said = served.log.stat().st_size
    yield served.address
    now = served.log.read_bytes()[said:].decode()
    assert "Traceback" not in now, now
