"""PNG, SVG and PDF of one state or of several, read back by Pillow, an XML parser and PDFium, and held against the run's numbers."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pypdfium2
import pytest
from PIL import Image

import gan1d
from gan1d import carried
from gan1d.config import ConfigError
from gan1d.render.options import Options
from gan1d.render.scene import Scene, scene
from gan1d.render.stills import write_still
from gan1d.trajectory import Trajectory

SVG = "{http://www.w3.org/2000/svg}"
KINDS = ("png", "svg", "pdf")


@pytest.fixture(scope="module")
def shipped() -> Trajectory:
    return gan1d.load(f"{gan1d.__path__[0]}/assets/gaussian-linear.npz")


@pytest.fixture(scope="module")
def found(shipped: Trajectory) -> Scene:
    return scene([shipped], record=carried.record([shipped]))


def said(root: ElementTree.Element) -> list[tuple[str, float, float]]:
    """Everything written in an SVG: (words, x, y)."""
    return [
        ("".join(t.itertext()), float(t.get("x", "nan")), float(t.get("y", "nan"))) for t in root.iter(f"{SVG}text")
    ]


def line(values: list[tuple[float, float]]) -> Any:
    """The straight line through ticks: (number, place) pairs, all of which lie on it."""
    numbers, places = np.array(values).T
    slope, start = np.polyfit(numbers, places, 1)
    np.testing.assert_allclose(start + slope * numbers, places, atol=0.1)
    return lambda number: start + slope * np.asarray(number)


def points(root: ElementTree.Element, name: str) -> np.ndarray:
    """The points (N,2) of a curve."""
    group = next(g for g in root.iter(f"{SVG}g") if g.get("id") == name)
    path = next(group.iter(f"{SVG}path")).get("d") or ""
    return np.array(re.findall(r"[ML] (-?[\d.]+) (-?[\d.]+)", path), float)


def test_an_svgs_curves_are_the_numbers_by_its_own_ticks(found: Scene, shipped: Trajectory, tmp_path: Path) -> None:
    """The axes are read from the letters beside them, as somebody would who measures in the picture."""
    for at, state in ((240, 40), (2100, 350)):
        write_still(found, Options(at=at), tmp_path / "a.svg")
        root = ElementTree.parse(tmp_path / "a.svg").getroot()
        assert root.get("viewBox") == "0 0 1280 720" and (root.get("width"), root.get("height")) == ("1280", "720")
        ticks = [(float(w.replace("−", "-")), x, y) for w, x, y in said(root) if re.fullmatch(r"−?[\d.]+", w)]
        foot = max(y for _, _, y in ticks)
        to_x = line([(number, x) for number, x, y in ticks if y == foot])
        letters = 0.36 * 20  # from the line that a tick's letters stand on to their middle
        left = min(x for _, x, _ in ticks)
        to_y = line([(number, y - letters) for number, x, y in ticks if x == left])
        for name, density in (("generated-0", shipped.p_gen[state]), ("real-0", shipped.p_data)):
            drawn = points(root, name)
            assert len(drawn) > 40 and drawn[0, 0] == pytest.approx(to_x(shipped.x[0]), abs=0.2)
            expected = np.interp(drawn[:, 0], to_x(shipped.x), to_y(density))
            np.testing.assert_allclose(drawn[:, 1], expected, atol=0.35)
        right = max(x for _, x, _ in ticks)
        half = next(y for words, x, y in said(root) if words == "½")
        zero = next(y for number, x, y in ticks if x == right and number == 0)
        to_d = line([(0, zero - letters), (0.5, half - letters)])
        drawn = points(root, "d-0")
        expected = np.interp(drawn[:, 0], to_x(shipped.x), to_d(shipped.d[state]))
        np.testing.assert_allclose(drawn[:, 1], expected, atol=0.35)


def test_an_svg_is_text_and_curves_and_asks_for_nothing(found: Scene, tmp_path: Path) -> None:
    write_still(found, Options(title="a < b & c"), tmp_path / "a.svg")
    text = (tmp_path / "a.svg").read_text("utf-8")
    root = ElementTree.fromstring(text)
    words = [w for w, _, _ in said(root)]
    assert "a < b & c" in words and "generated" in words and "Outcome: converged" in words
    assert "<image" not in text and "DOCTYPE" not in text
    assert set(re.findall(r'(?:href|src)="([^#"][^"]*)"', text)) == set()
    assert (root.findtext(f"{SVG}title") or "") == "a < b & c"
    runs = json.loads(root.findtext(f"{SVG}metadata") or "")["runs"]
    assert runs[0]["parts"][0]["config"]["data"]["means"] == [15.0]
    assert all(re.search(r"font-family: 'DejaVu Sans', Verdana", t.get("style", "")) for t in root.iter(f"{SVG}text"))


def test_a_png_has_its_pixels_its_dpi_and_the_curve(found: Scene, shipped: Trajectory, tmp_path: Path) -> None:
    write_still(found, Options(width=801, height=451, dpi=200, at=0, layers=("generated", "real")), tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        assert image.size == (801, 451) and image.mode == "RGB"
        assert image.info["dpi"] == pytest.approx((200, 200), abs=0.1)
        assert carried.parse(image.text["gan1d"])[0].config == shipped.config  # type: ignore[attr-defined]
        pixels = np.asarray(image).astype(int)
    orange = np.flatnonzero((np.abs(pixels - [213, 94, 0]).max(axis=2) < 30)[200])
    blue = np.flatnonzero((np.abs(pixels - [0, 114, 178]).max(axis=2) < 30)[200])
    # The generator starts as a normal of mean 0 and is drawn from the axis' left to its right end, the data have mean 15.
    ends = np.flatnonzero((np.abs(pixels - [213, 94, 0]).max(axis=2) < 60).any(axis=0))[[0, -1]]
    x = np.interp([(orange[0] + orange[-1]) / 2, (blue[0] + blue[-1]) / 2], ends, shipped.x[[0, -1]])
    np.testing.assert_allclose(x, [0, 15], atol=0.3)


def test_pdf_pages_are_as_large_as_the_dpi_say_and_hold_text(found: Scene, tmp_path: Path) -> None:
    write_still(found, Options(dpi=200, at=240), tmp_path / "a.pdf")
    with pypdfium2.PdfDocument(tmp_path / "a.pdf") as document:
        assert len(document) == 1
        assert document[0].get_size() == pytest.approx((1280 * 72 / 200, 720 * 72 / 200), abs=0.01)
        text = document[0].get_textpage().get_text_range()
        pixels = np.asarray(document[0].render(scale=200 / 72).to_pil().convert("RGB")).astype(int)
        objects = {obj.type for obj in document[0].get_objects()}
    assert "generated" in text and "iteration" in text and "where real data is more frequent" in text
    assert abs(np.array(pixels.shape[:2]) - [720, 1280]).max() <= 1  # PDFium rounds up
    pixels = pixels[:720, :1280]
    assert pypdfium2.raw.FPDF_PAGEOBJ_IMAGE not in objects
    assert carried.read(tmp_path / "a.pdf")[0].config.data.means == (15.0,)  # type: ignore[attr-defined]
    # The same picture as pixels: most of either lies where the other has it too.
    write_still(found, Options(at=240), tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        painted = np.asarray(image.convert("RGB")).astype(int)
    for colour in ([213, 94, 0], [0, 114, 178], [36, 41, 47]):
        one, other = (np.abs(p - colour).max(axis=2) < 60 for p in (pixels, painted))
        wide = np.zeros_like(other)
        for dy in range(-2, 3):
            for dx in range(-2, 3):
                wide |= np.roll(other, (dy, dx), (0, 1))
        assert one.any() and np.mean(wide[one]) > 0.9  # letters stand on whole pixels in the one only


@pytest.mark.parametrize("kind", KINDS)
def test_a_film_strip_has_a_panel_for_each_state(found: Scene, shipped: Trajectory, kind: str, tmp_path: Path) -> None:
    """Densities, D, and under them the arrows from z to x, as in Figure 1 of Goodfellow et al. (2014)."""
    path = tmp_path / f"strip.{kind}"
    write_still(found, Options(states=4, first=0, last=600, width=1600, height=600), path)
    if kind == "svg":
        root = ElementTree.parse(path).getroot()
        words = [w for w, _, _ in said(root)]
        assert [w for w in words if w.startswith("iteration")] == [f"iteration {n}" for n in (0, 198, 402, 600)]
        assert words.count("noise z") == 4 and words.count("D(x)") == 4
        peaks = [points(root, f"generated-{k}") for k in range(4)]
        for k, (drawn, state) in enumerate(zip(peaks, (0, 33, 67, 100), strict=True)):
            span = drawn[-1, 0] - drawn[0, 0]
            high = drawn[drawn[:, 1] <= drawn[:, 1].min() + 0.05, 0].mean()  # of a peak beyond the picture the middle
            mean = np.average(shipped.x, weights=shipped.p_gen[state])
            assert (high - drawn[0, 0]) / span == pytest.approx((mean - shipped.x[0]) / np.ptp(shipped.x), abs=0.03), k
    elif kind == "png":
        with Image.open(path) as image:
            assert image.size == (1600, 600)
            orange = np.abs(np.asarray(image.convert("RGB")).astype(int) - [213, 94, 0]).max(axis=2) < 30
        assert all(orange[:, k * 400 : (k + 1) * 400].sum() > 1500 for k in range(4))
    else:
        with pypdfium2.PdfDocument(path) as document:
            text = document[0].get_textpage().get_text_range()
        assert text.count("generated") >= 4 and "402" in text


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_lies_behind_a_transparent_picture(found: Scene, kind: str, tmp_path: Path) -> None:
    clear, solid = tmp_path / f"clear.{kind}", tmp_path / f"solid.{kind}"
    for path, transparent in ((clear, True), (solid, False)):
        write_still(found, Options(width=640, height=360, transparent=transparent, theme="dark"), path)
    if kind == "png":
        with Image.open(clear) as image:
            pixels = np.asarray(image)
        assert image.mode == "RGBA" and pixels[0, 0, 3] == 0 and (pixels[:, :, 3] == 0).mean() > 0.5
        orange = np.abs(pixels[:, :, :3].astype(int) - [255, 140, 66]).max(axis=2) < 12
        assert (pixels[:, :, 3][orange] == 255).sum() > 400
    elif kind == "svg":
        assert "#14171c" in solid.read_text() and "fill: #14171c" not in clear.read_text()
    else:
        from pypdfium2 import PdfDocument

        for path, paper in ((clear, (9, 200, 9)), (solid, (20, 23, 28))):
            with PdfDocument(path) as document:
                image = document[0].render(scale=1, fill_color=(9, 200, 9, 255)).to_pil().convert("RGB")
            assert image.getpixel((2, 2)) == paper


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_picture_is_the_same_file_and_carries_the_run(found: Scene, kind: str, tmp_path: Path) -> None:
    one, other = tmp_path / f"1.{kind}", tmp_path / f"2.{kind}"
    for path in (one, other):
        write_still(found, Options(width=480, height=270), path)
    assert one.read_bytes() == other.read_bytes()
    assert carried.read(one) == carried.parse(found.record)
    assert sorted(tmp_path.iterdir()) == [one, other]


def test_what_cannot_be_written_leaves_nothing(found: Scene, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^OUT"):
        write_still(found, Options(), tmp_path / "a.jpg")
    with pytest.raises(ConfigError, match=r"^--at: 9999"):
        write_still(found, Options(at=9999), tmp_path / "a.png")
    with pytest.raises(OSError):
        write_still(found, Options(width=320, height=180), tmp_path / "no" / "a.png")
    assert list(tmp_path.iterdir()) == []


def test_several_runs_side_by_side(found: Scene, linear_run, hinge_run, tmp_path: Path) -> None:
    runs = [linear_run, hinge_run]
    both = scene(runs, labels=["one & the same", "<other>"], record=carried.record(runs))
    write_still(both, Options(theme="print"), tmp_path / "a.svg")
    root = ElementTree.parse(tmp_path / "a.svg").getroot()
    words = [w for w, _, _ in said(root)]
    assert {"A", "B", "one & the same", "<other>"} <= set(words)
    assert len(points(root, "generated-1")) > 20 and len(carried.read(tmp_path / "a.svg")) == 2
    assert dataclasses.replace(Options(), theme="print").checked("svg").theme == "print"
