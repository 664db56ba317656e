"""The README's pictures, taken from the running app: an animation of the player, and the page in both themes and on a phone.

`python -m tools.screenshots` takes all, `python -m tools.screenshots maps images` these views alone.
"""

from __future__ import annotations

import io
import subprocess
import sys
import urllib.request
from collections.abc import Collection, Sequence
from itertools import product
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tools.browser import FLAGS, chromium_path, free_port

DOCS = Path(__file__).parents[1] / "docs"
FRAMES, SECONDS, REST = 70, 5.0, 1.5
"""Pictures in the animation, its length, and how long the last one stays."""
COLOURS = 128
"""Of the smaller pictures: they are many, and of few colours."""
LAYERS = "w.layers=real,generated,d,optimum,outside"
NEAR, FAR = "v=1&s=near-modes-linear&at=300", "v=1&s=far-modes-linear&at=600"
VIEWS = {
    "d_star": f"/?{NEAR}&{LAYERS},d_star,",
    "gap": f"/?{NEAR}&{LAYERS},d_star,gap,",
    "samples": f"/?{NEAR}&{LAYERS},samples,",
    "arrows": f"/?{NEAR}&{LAYERS},samples,arrows,",
    "map": f"/?{NEAR}&w.map=true",
    "heat": f"/?{FAR}&w.heat=true",
    "equations": f"/?{NEAR}&w.equations=true",
    "more-curves": f"/?{FAR}&w.curves.more=true",
    "projector": f"/?{NEAR}&w.size=projector",
    "going-on": "/?v=1&s=far-modes-linear&then=600;hold&at=600",
    "comparison": "/compare",
    "lesson": "/lessons?lesson=mode-collapse&step=explanation&answers=----1----",
    "lesson-images": "/lessons?lesson=from-line-to-images&step=explanation&answers=---------1",
    "teacher": "/teacher",
    "maps": "/map",
    "images": "/images?run=digits-dcgan&beside=digits-wgan-gp",
}
"""Name -> the link that shows it."""
SIZES = {"light": (1280, 1000), "dark": (1280, 1000), "phone": (390, 844)}
TALL, TALLER = ("heat", "more-curves", "lesson-images", "images"), 1000
"""What lies below the first screen, and by how much the window is higher for it."""
SLOW = ("comparison", "lesson", "lesson-images", "going-on", "maps", "images")
"""What takes longer than the lab to come to rest."""


def page_of(playwright_browser: object, url: str, width: int, height: int, scheme: str) -> Page:
    """The lab at a size and in a theme, paused."""
    context = playwright_browser.new_context(  # type: ignore[attr-defined]
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
    )
    page: Page = context.new_page()
    page.goto(url)
    page.wait_for_selector(".gan1d-player .picture canvas", timeout=30_000)
    page.wait_for_timeout(1500)
    return page


def seek(page: Page, frame: int) -> None:
    """Shows a recorded state."""
    page.locator(".scrub").evaluate(
        "(scrub, to) => { scrub.value = to; scrub.dispatchEvent(new Event('input')); }", frame
    )
    page.wait_for_timeout(60)


def animation(page: Page, out: Path) -> None:
    """The picture and its sentence, from the first recorded state to the last."""
    last = int(page.locator(".gan1d-player").get_attribute("data-frames") or 1) - 1
    top, below = (page.locator(f".gan1d-player {part}").bounding_box() for part in (".top", ".caption"))
    assert top and below
    clip = {
        "x": top["x"] - 12,
        "y": top["y"] - 8,
        "width": top["width"] + 24,
        "height": below["y"] + below["height"] - top["y"] + 8,
    }
    pictures = []
    for i in range(FRAMES):
        seek(page, round(last * (i / (FRAMES - 1)) ** 1.6))  # most happens early
        pictures.append(Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB"))  # type: ignore[arg-type]
    palette = pictures[FRAMES // 2].quantize(64)
    small = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
    step = int(1000 * SECONDS / FRAMES)
    small[0].save(
        out,
        save_all=True,
        append_images=small[1:],
        duration=[step] * (FRAMES - 1) + [int(1000 * REST)],
        loop=0,
        optimize=True,
    )


def views(browser: object, url: str, names: Collection[str]) -> None:
    """Layers, pages and lessons by their names, in both themes and on a phone."""
    folder = DOCS / "views"
    folder.mkdir(exist_ok=True)
    for (name, link), (size, (width, height)) in product(VIEWS.items(), SIZES.items()):
        if name not in names:
            continue
        context = browser.new_context(  # type: ignore[attr-defined]
            viewport={"width": width, "height": height + TALLER * (name in TALL)},
            color_scheme="dark" if size == "dark" else "light",
            reduced_motion="reduce",
        )
        page = context.new_page()
        page.goto(url + link)
        page.wait_for_selector(
            ".gan1d-player .picture canvas, .stMarkdown h1, .stHeading, .stPlotlyChart", timeout=60_000
        )
        page.wait_for_timeout(6000 if name in SLOW else 2000)
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        picture.quantize(COLOURS, dither=Image.Dither.NONE).save(folder / f"{name}-{size}.png", optimize=True)
        context.close()


def front(browser: object, url: str) -> None:
    """The animation, and the lab in both themes and on a phone."""
    animation(page_of(browser, url, 1180, 900, "light"), DOCS / "gaussian-linear.gif")
    for name, size, scheme in (
        ("lab-light", (1440, 1100), "light"),
        ("lab-dark", (1440, 1100), "dark"),
        ("lab-phone", (390, 844), "light"),
    ):
        page = page_of(browser, url, *size, scheme)
        seek(page, 60)
        page.screenshot(path=DOCS / f"{name}.png")


def main(names: Sequence[str] = ()) -> None:
    """Writes `docs/`, or only the views of these names."""
    if unknown := sorted(set(names) - set(VIEWS)):
        sys.exit(f"views: {', '.join(unknown)} is not allowed; it must be of {', '.join(VIEWS)}")
    path = chromium_path()
    if path is None:
        sys.exit("no browser: install chromium, or say where one is with CHROMIUM=")
    DOCS.mkdir(exist_ok=True)
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "gan1d", "app", "--port", str(port)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout
        url = server.stdout.readline().strip()
        urllib.request.urlopen(f"{url}/_stcore/health", timeout=30).read()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
            if not names:
                front(browser, url)
            views(browser, url, names or list(VIEWS))
            browser.close()
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main(sys.argv[1:])
