"""Colours of exported pictures: the player's, read from its style sheets; and print's, told apart without colours."""

from __future__ import annotations

import itertools
import re

import pytest

from gan1d import player
from gan1d.render.options import THEMES
from gan1d.render.palette import D_DASH, OPTIMUM_DASH, PALETTES, RUN_DASHES, STAR_DASH, Colour, Palette


def style(dark: bool) -> dict[str, str]:
    """The custom properties of a light or a dark page that says nothing itself: of two with a name the first or the last."""
    found = re.findall(r"--((?:own|player)-[\w-]+):\s*(#\w+|rgba\([^)]*\));", player.css())
    return dict(found if dark else reversed(found))


def parsed(words: str) -> Colour:
    if words.startswith("#"):
        return (*(int(words[i : i + 2], 16) / 255 for i in (1, 3, 5)), 1.0)  # type: ignore[return-value]
    *rgb, opacity = (float(n) for n in re.findall(r"[\d.]+", words))
    return (*(c / 255 for c in rgb), opacity)  # type: ignore[return-value]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_light_and_dark_are_the_players(theme: str) -> None:
    css, palette = style(theme == "dark"), PALETTES[theme]
    ours = {
        "own-text": palette.text,
        "own-bg": palette.background,
        "player-real": palette.real.colour,
        "player-real-fill": palette.real_fill,
        "player-generated": palette.generated.colour,
        "player-generated-fill": palette.generated_fill,
        "player-best": palette.d_star.colour,
        "player-alarm": palette.alarm,
        **{f"player-run{i}": colour for i, colour in enumerate(palette.runs)},
    }
    for name, colour in ours.items():
        assert colour == pytest.approx(parsed(css[name]), abs=1e-9), name
    share = float(re.search(r"--player-muted: color-mix\(in srgb, var\(--player-text\) (\d+)%", player.css())[1]) / 100  # type: ignore[index]
    mixed = [share * a + (1 - share) * b for a, b in zip(palette.text, palette.background, strict=True)]
    assert palette.muted == pytest.approx(mixed)
    assert palette.d.colour == palette.text


def test_dashes_and_weights_are_the_players() -> None:
    js = player.core_js()
    numbers = lambda words: tuple(float(n) for n in re.findall(r"[\d.]+", words))  # noqa: E731
    assert numbers(re.search(r"STAR_DASH = \[(.*?)\]", js)[1]) == STAR_DASH  # type: ignore[index]
    runs = re.search(r"RUN_DASHES = \{(.*?)\};", js)[1]  # type: ignore[index]
    assert tuple(numbers(words) for words in re.findall(r"\[(.*?)\]", runs)) == RUN_DASHES
    assert numbers(re.search(r"line\('d',.*?dash: \[(.*?)\]", js)[1].replace("* thick", "")) == D_DASH  # type: ignore[index]
    assert OPTIMUM_DASH == (1.5, 3.5) and "setLineDash([1.5 * devicePixelRatio, 3.5 * devicePixelRatio])" in js
    for name, line in (("real", "real"), ("generated", "generated"), ("d", "d")):
        width = re.search(rf"line\('{name}',.*?width: ([\d.]+) \* thick", js)[1]  # type: ignore[index]
        assert getattr(PALETTES["light"], line).width == float(width)


def luminance(colour: Colour, paper: Colour) -> float:
    """Relative luminance (WCAG 2.2) of a colour that lies on paper."""
    seen = [colour[3] * c + (1 - colour[3]) * p for c, p in zip(colour[:3], paper[:3], strict=True)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in seen]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: Colour, palette: Palette) -> float:
    one, other = luminance(a, palette.background), luminance(palette.background, palette.background)
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


@pytest.mark.parametrize("theme", THEMES)
def test_what_is_written_can_be_read(theme: str) -> None:
    """WCAG's contrast for large letters, 3, and for the others, 4.5."""
    palette = PALETTES[theme]
    for colour in (palette.text, palette.muted, palette.alarm, palette.d.colour, palette.d_star.colour, *palette.runs):
        assert contrast(colour, palette) >= 4.5
    for colour in (palette.real.colour, palette.generated.colour):
        assert contrast(colour, palette) >= 3


def test_print_needs_no_colours() -> None:
    """All greys; and no two curves have both the same dash and weights that look alike."""
    palette = PALETTES["print"]
    lines = {
        "real": palette.real,
        "generated": palette.generated,
        "d": palette.d,
        "d_star": palette.d_star,
        "optimum": palette.optimum,
    }
    for line in lines.values():
        assert line.colour[0] == line.colour[1] == line.colour[2]
    for one, other in itertools.combinations(lines.values(), 2):
        assert one.dash != other.dash or max(one.width, other.width) >= 1.75 * min(one.width, other.width)
    assert len(set(RUN_DASHES)) == 4 and palette.background[:3] == (1, 1, 1)
