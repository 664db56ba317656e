"""The figures of the lessons: what they show is what was measured, in the colours of the theme, with words for who does not see them."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from gan1d.image.config import ImageConfig
from gan1d.lessons import IMAGES, Figure, figure_texts, lessons, pieces
from gan1d.render.lesson_figures import DIGITS, DRAWN, HELD, PENALTY, figure, slopes, styles
from gan1d.render.palette import PALETTES
from tools import penalty

SHIPPED = json.loads(PENALTY.read_text("utf-8"))


def drawn(name: str) -> str:
    return figure(name, lambda path: path.as_posix())


def heights(svg: str, kind: str) -> np.ndarray:
    """Values of a curve (K,), read off the picture by its own two lowest marks of the axis."""
    marks = re.findall(r'<text class="up" x="[\d.]+" y="([\d.]+)">([\d.\u2009]+)</text>', svg)
    (y0, low), (y1, high) = ((float(y), float(said.replace("\u2009", ""))) for y, said in marks[:2])
    path = re.findall(rf'<path class="{kind}" d="M([^"]+)"', svg)[0]
    y = np.array([float(point.split()[1]) for point in path.split("L")])
    return low * (high / low) ** ((y - y0) / (y1 - y0))


def test_every_figure_that_has_words_is_drawn_and_stands_in_a_lesson() -> None:
    texts = [text for lesson in lessons().values() for text in lesson.texts]
    used = {piece.name for text in texts for piece in pieces(text) if isinstance(piece, Figure)}
    assert used == set(figure_texts()) == set(DRAWN)


@pytest.mark.parametrize("name", list(DRAWN))
def test_a_figure_says_what_it_shows_and_all_its_words_are_filled_in(name: str) -> None:
    html = drawn(name)
    said = re.findall(r'(?:aria-label|alt)="([^"]+)"', html)
    assert said and all(len(words) > 40 for words in said)
    assert "<figcaption><strong>" in html and not re.search(r"[{}]|nan|inf\b", html)


# ---- the penalty


def test_the_right_penalty_keeps_the_slope_near_1_over_2000_critic_updates_and_the_frozen_one_does_not() -> None:
    """In every one of the shipped runs, over the last hundred updates."""
    found = slopes()
    assert found.updates[-1] == 2000 and len(SHIPPED["seeds"]) >= 5
    end = found.updates > 1900
    assert (np.abs(found.right[:, end].mean(1) - 1) < HELD).all()
    assert (found.frozen[:, end].mean(1) > 5).all()


def test_the_settings_that_ship_are_those_that_were_run() -> None:
    assert ImageConfig.from_dict(SHIPPED["config"]) == penalty.BASE
    assert SHIPPED["seeds"] == list(penalty.SEEDS)
    assert penalty.config("frozen", 3) == penalty.BASE.replace(frozen_penalty=True, seed=3)


@pytest.mark.parametrize("kind", list(penalty.KINDS))
def test_the_curves_begin_as_they_are_when_trained_anew(kind: str) -> None:
    """Forty critic updates. On another processor sums are rounded otherwise."""
    fresh = penalty.curve(penalty.config(kind, seed=1, steps=2 * penalty.BASE.record_every))
    np.testing.assert_allclose(fresh, SHIPPED[kind][1][:2], rtol=0.01)


@pytest.mark.deep
def test_a_whole_curve_is_what_it_is_when_trained_anew() -> None:
    """Rounding makes two games part in the end, but not what the penalty does."""
    fresh = np.array(penalty.curve(penalty.config("right", seed=2)))
    np.testing.assert_allclose(fresh[5:], SHIPPED["right"][2][5:], atol=0.1)


def test_the_chart_draws_the_medians_and_the_band() -> None:
    svg, found = drawn("penalty"), slopes()
    for kind in ("right", "frozen"):
        np.testing.assert_allclose(heights(svg, kind), np.median(getattr(found, kind), 0), rtol=0.02)
    y, height = map(float, re.findall(r'<rect class="held"[^>]* y="([\d.]+)"[^>]* height="([\d.]+)"', svg)[0])
    ends = f'<path class="right" d="M0 {y}L1 {y + height}"/>'
    np.testing.assert_allclose(heights(svg.split("<rect")[0] + ends, "right"), [1.2, 0.8], rtol=0.01)
    assert f"{np.median(found.frozen[:, -1]):.3g}" in re.findall(r"<figcaption>(.+)</figcaption>", svg)[0]


# ---- the digits


def test_the_digits_are_the_last_samples_with_what_was_measured_of_them() -> None:
    html = drawn("digits")
    for name in DIGITS:
        lines = (IMAGES / f"run-{name}" / "metrics.jsonl").read_text("utf-8").splitlines()
        last = json.loads(lines[-1])
        picture = IMAGES / f"run-{name}" / "samples" / f"step-{last['step']:08d}.png"
        assert f'src="{picture.as_posix()}"' in html
        found = last["metrics"]
        distance, baseline = found["frechet_distance"], found["frechet_distance_baseline"]
        said = f"{found['modes_covered']:.0f} of {found['modes']:.0f} digits; Fréchet distance {distance:.1f}"
        assert said in html and f"have {baseline:.1f}" in html


# ---- colours


def test_the_colours_are_the_palettes_on_light_and_dark() -> None:
    css = styles()
    for name, line in (("right", "real"), ("frozen", "generated")):
        pair = re.findall(rf"--{name}: light-dark\((#\w+), (#\w+)\)", css)[0]
        for colour, theme in zip(pair, ("light", "dark"), strict=True):
            wanted = getattr(PALETTES[theme], line).colour[:3]
            assert tuple(int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)) == pytest.approx(wanted)
        assert f"--{name}: {pair[0]};" in css, "where light-dark is not known"
    assert "stroke-dasharray" in css, "told apart without colours, too"
