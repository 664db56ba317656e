"""Painted pictures, looked at as pixels: the right curves at the right places, nothing cut and nothing written over something else."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

import gan1d
from gan1d.config import ConfigError
from gan1d.render.axes import drawn_d
from gan1d.render.options import LAYERS, Options
from gan1d.render.paint.letters import Words, width
from gan1d.render.paint.numbers import integer
from gan1d.render.painter import Painter
from gan1d.render.palette import Colour
from gan1d.render.scene import Scene, scene
from gan1d.trajectory import Trajectory

SIZES = [(160, 120), (320, 180), (960, 540), (1920, 1080), (720, 1280)]
NEAR = 1.6
"""Pixels between a curve and the numbers: half a pixel of either, and as much as neighbouring columns mix."""


def load(name: str) -> Trajectory:
    return gan1d.load(f"{gan1d.__path__[0]}/assets/{name}.npz")


@pytest.fixture(scope="module")
def shipped() -> Trajectory:
    return load("near-modes-linear")


@pytest.fixture(scope="module")
def divergence() -> Trajectory:
    """A critic that ran away, and a generator far beyond both edges of the picture."""
    return load("divergence")


@pytest.fixture(scope="module")
def four(shipped: Trajectory, divergence: Trajectory) -> Scene:
    return scene([divergence, load("far-modes-mlp"), shipped, load("oscillation")])


def painted_like(pixels: np.ndarray, colour: Colour) -> np.ndarray:
    """Where a picture (H,W,4) has a colour, or one hardly apart from it."""
    wanted = 255 * np.array(colour[:3])
    return np.asarray(np.abs(pixels[:, :, :3].astype(float) - wanted).max(axis=2) < 40)


def off(pixels: np.ndarray, colour: Colour, x: np.ndarray, y: np.ndarray, columns: Sequence[int]) -> np.ndarray:
    """For each column the pixels from the height that a curve through (x, y), in pixels, has there to the nearest of a colour."""
    where = painted_like(pixels, colour)
    expected = len(pixels) - np.interp(np.asarray(columns) + 0.5, x, y)
    found = [np.flatnonzero(where[:, column]) + 0.5 for column in columns]
    return np.array([np.abs(rows - e).min() if len(rows) else np.inf for rows, e in zip(found, expected, strict=True)])


@pytest.mark.parametrize(("theme", "size"), [("light", (960, 540)), ("dark", (720, 1280)), ("print", (1280, 720))])
def test_the_generated_curve_is_where_the_numbers_are(shipped: Trajectory, theme: str, size: tuple[int, int]) -> None:
    painter = Painter(scene([shipped]), Options(width=size[0], height=size[1], theme=theme, layers=("generated",)))
    plot = painter.panels[0].plot
    for state in (3, 20, 150, 350):
        pixels = painter.draw(state)
        density = np.minimum(shipped.p_gen[state], 2 * painter.runs[0].meta["density_max"])
        inside = shipped.p_gen[state] < painter.runs[0].meta["density_max"]
        y = plot.density(density)
        columns = range(int(plot.box.left) + 2, int(plot.box.right) - 2)
        seen = np.interp(columns, plot.px, inside.astype(float)) == 1
        steep = np.abs(np.gradient(np.interp(columns, plot.px, y))) > 4
        wrong = off(pixels, painter.palette.generated.colour, plot.px, y, columns)[seen & ~steep]
        assert np.mean(wrong < NEAR) > 0.97 and np.median(wrong) < 1


def test_d_and_the_real_density_are_where_the_numbers_are(shipped: Trajectory, least_squares_run) -> None:
    for run in (shipped, least_squares_run, load("oscillation")):
        painter = Painter(scene([run]), Options(width=1280, height=720, layers=("d", "real")))
        plot = painter.panels[0].plot
        state = min(30, len(run) // 2)
        pixels = painter.draw(state)
        columns = range(int(plot.box.left) + 2, int(plot.box.right) - 2)
        real = off(pixels, painter.palette.real.colour, plot.px, plot.density(run.p_data), columns)
        assert np.mean(real < 2.5) > 0.8  # D's line and its name lie over it
        y = plot.d(drawn_d(run)[state])
        d = off(pixels, painter.palette.d.colour, plot.px, y, columns)
        drawn = np.mean(d < NEAR)
        assert 0.4 < drawn < 0.85, "dashed: 7 on, 5 off"
        above = off(pixels, painter.palette.d.colour, plot.px, y + 9, columns)
        assert np.mean(above < NEAR) < 0.25


def test_the_axes_are_what_they_say(shipped: Trajectory) -> None:
    """Each tick's letters stand at the place of their number, and the grid's lines at the densities."""
    painter = Painter(scene([shipped]), Options())
    plot = painter.panels[0].plot
    pixels = painter.draw(350)
    low, high = shipped.x[0], shipped.x[-1]
    assert plot.x(low) == pytest.approx(plot.box.left) and plot.x(high) == pytest.approx(plot.box.right)
    assert plot.density(0) == plot.d(0) == pytest.approx(plot.box.bottom)
    said = [words for words in plot.still if isinstance(words, Words)]
    along = [words for words in said if words.get_horizontalalignment() == "center"]
    assert len(along) > 5
    for words in along:
        number = float(words.get_text().replace("−", "-"))
        assert words.get_position()[0] == pytest.approx(float(plot.x(number)))
    upwards = [words for words in said if words.get_horizontalalignment() == "right"]
    column = int(plot.box.right) - 8
    paper = np.round(255 * np.array(painter.palette.background)).astype(int)
    for words in upwards:
        row = 720 - float(plot.density(float(words.get_text())))
        assert (pixels[round(row) - 2 : round(row) + 2, column] != paper).any()
    assert [words.get_text() for words in said if words.get_horizontalalignment() == "left"] == ["0", "½", "1"]


def words_of(painter: Painter) -> Iterator[tuple[str, float, float, float, float]]:
    """(what is said, left, bottom, right, top) of everything written."""
    for artist in (*painter.still, *painter.moving):
        if isinstance(artist, Words) and artist.get_visible() and artist.get_text():
            x, y = artist.get_position()
            wide = width(artist.get_text(), artist.size, artist.bold)
            x -= {"left": 0.0, "center": 0.5, "right": 1.0}[str(artist.get_horizontalalignment())] * wide
            yield artist.get_text(), x, y - 0.2 * artist.size, x + wide, y + 0.73 * artist.size


def check(painter: Painter) -> None:
    """Nothing is cut and nothing overlaps, by the room that letters take and by the pixels at the picture's edge."""
    boxes = list(words_of(painter))
    assert boxes
    for said, left, bottom, right, top in boxes:
        assert left >= 0 and right <= painter.width and bottom >= 0 and top <= painter.height, said
    for (one, a, b, c, d), (other, e, f, g, h) in itertools.combinations(boxes, 2):
        assert c <= e + 0.5 or g <= a + 0.5 or d <= f + 0.5 or h <= b + 0.5, f"{one!r} lies on {other!r}"


@pytest.fixture(scope="module")
def alone(divergence: Trajectory, least_squares_run) -> list[Scene]:
    return [scene([run]) for run in (divergence, least_squares_run, load("near-modes-mlp"))]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_nothing_is_cut_or_written_over(alone: list[Scene], four: Scene, size: tuple[int, int]) -> None:
    plain = Options(width=size[0], height=size[1])
    long = "A title that is rather long, as titles of talks are when nobody has thought of a shorter one"
    full = dataclasses.replace(plain, title=long, under=f"{long}: {long.lower()}.", layers=LAYERS)
    for found, options in ((alone[0], plain), (alone[1], full), (alone[2], plain), (alone[2], full)):
        painter = Painter(found, options)
        for state in (0, 3, 30):
            pixels = painter.draw(state)
            check(painter)
        assert pixels.shape == (size[1], size[0], 4) and pixels.dtype == np.uint8 and (pixels[:, :, 3] == 255).all()
        edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
        assert (edge == pixels[0, 0]).all()
    painter = Painter(four, plain)
    for at in (0, 10, 30):
        painter.show(at)
        check(painter)
    for found, states in ((alone[2], 4), (alone[1], 7), (four, 3)):
        options = dataclasses.replace(plain, states=states)
        if found is four and size[1] < 200:
            with pytest.raises(ConfigError, match="too small for 12 panels"):
                Painter(found, options, found.still(options))
            continue
        painter = Painter(found, options, found.still(options))
        check(painter)
        assert len(painter.panels) == states * len(found.metas)


def test_a_state_looks_the_same_in_whatever_order_it_is_painted(shipped: Trajectory) -> None:
    found, options = scene([shipped]), Options(width=640, height=360)
    forth, back = Painter(found, options), Painter(found, options)
    states = [0, 5, 40, 41, 42, 200]
    first = {state: forth.draw(state) for state in states}
    second = {state: back.draw(state) for state in reversed(states)}
    for state in states:
        np.testing.assert_array_equal(first[state], second[state])
    assert not np.array_equal(first[0], first[200])
    with pytest.raises(IndexError):
        forth.draw(351)


def said_by(painter: Painter) -> str:
    return " ".join(said for said, *_ in words_of(painter))


def test_it_says_what_the_player_says(shipped: Trajectory, divergence: Trajectory) -> None:
    painter = Painter(scene([shipped]), Options())
    painter.draw(100)
    said = said_by(painter)
    assert "iteration" in said and integer(shipped.iteration[100]) in said and "of 2\u202f100" in said
    assert "One normal cannot have two bumps" in said and "Outcome" not in said
    painter.draw(350)
    assert "Outcome: mode averaging" in said_by(painter)
    at = divergence.summary["diverged_at"]
    painter = Painter(scene([divergence]), Options())
    for state in range(len(divergence)):
        painter.show(state)
        told = f"diverged at iteration {at}" in said_by(painter)
        assert told == (divergence.iteration[state] >= at)


def test_what_is_off_is_not_there(shipped: Trajectory) -> None:
    painter = Painter(scene([shipped]), Options(layers=(), caption=False))
    pixels = painter.draw(100)
    assert not painted_like(pixels, painter.palette.generated.colour).any()
    assert "real" not in said_by(painter) and "D(x)" not in said_by(painter) and "½" not in said_by(painter)
    assert "bumps" not in said_by(painter)
    own = Painter(scene([shipped]), Options(under="In one's own words.", title="Mine"))
    own.draw(100)
    assert "own words" in said_by(own) and "Mine" in said_by(own) and "bumps" not in said_by(own)


def test_the_other_layers_show_their_numbers(shipped: Trajectory) -> None:
    """Arrows end at G(z), bars stand at the real points, the hatching joins D and D*, steps point where the loss wants the points."""
    painter = Painter(scene([shipped]), Options(width=1280, height=720, layers=LAYERS))
    state = 60
    painter.draw(state)
    panel = painter.panels[0]
    plot, mapping = panel.plot, panel.map
    assert mapping is not None
    tips = mapping.heads.get_path().vertices.reshape(-1, 4, 2)[:, 1]
    noise = mapping.shafts.get_path().vertices.reshape(-1, 2, 2)[:, 0]
    box = mapping.box
    air = 0.04 * (shipped.z[-1] - shipped.z[0])
    stride = -(-len(shipped.z) // 64)
    z = shipped.z[::stride]
    low, high = z[0] - 0.04 * (z[-1] - z[0]), z[-1] + 0.04 * (z[-1] - z[0])
    assert air > 0
    at = low + (noise[:, 0] - box.left) / box.width * (high - low)
    wanted = np.interp(at, shipped.z, shipped.g[state])
    np.testing.assert_allclose(plot.x.back(tips[:, 0]), wanted, atol=0.02)
    bars = plot.rugs.bars.get_path().vertices.reshape(-1, 2, 2)[:, 0, 0]
    real = shipped.sample_real
    assert real is not None
    inside = real[state][(real[state] > shipped.x[0]) & (real[state] < shipped.x[-1])]
    np.testing.assert_allclose(plot.x.back(bars), inside, atol=1e-3)
    ends = plot.hatch.get_path().vertices.reshape(-1, 2, 2)
    p, q = shipped.p_data, shipped.p_gen[state]
    with np.errstate(invalid="ignore"):
        best = np.interp(plot.x.back(ends[:, 1, 0]), shipped.x, p / (p + q))
    np.testing.assert_allclose(
        plot.d.back(ends[:, 0, 1]), np.interp(plot.x.back(ends[:, 0, 0]), shipped.x, shipped.d[state]), atol=1e-3
    )
    np.testing.assert_allclose(plot.d.back(ends[:, 1, 1]), best, atol=1e-3)
    shafts = (
        plot.rugs.heads.get_path().vertices.reshape(-1, 4, 2)[:, 1, 0]
        - plot.rugs.shafts.get_path().vertices.reshape(-1, 2, 2)[:, 0, 0]
    )
    steps, fake = shipped.sample_step, shipped.sample_fake
    assert steps is not None and fake is not None
    seen = np.sign(steps[state][(fake[state] > shipped.x[0]) & (fake[state] < shipped.x[-1])])
    assert set(np.sign(shafts)) <= set(seen) and len(shafts) <= len(seen)


def test_where_other_data_begin_they_are_drawn(linear_config) -> None:
    from gan1d.history import Part, play

    run = play([Part(linear_config, 100), Part(linear_config.replace(**{"data.means": [6, 9]}), 300)])
    painter = Painter(scene([run]), Options(width=640, height=360, layers=("real",)))
    plot = painter.panels[0].plot
    for state, (_, part) in ((5, run.parts[0]), (25, run.parts[1])):
        pixels = painter.draw(state)
        columns = range(int(plot.box.left) + 2, int(plot.box.right) - 2)
        wrong = off(pixels, painter.palette.real.colour, plot.px, plot.density(part.p_data), columns)
        assert np.mean(wrong < NEAR) > 0.9


def test_letters_that_no_font_has_are_refused(shipped: Trajectory) -> None:
    """U+E000 is for private use: no font has it. Greek, Cyrillic and signs are there."""
    found = scene([shipped])
    for options, flag in ((Options(title="a \ue000"), "--title"), (Options(under="\ue000"), "--caption")):
        with pytest.raises(ConfigError, match=f"^{flag}: .*no font here has the letter"):
            Painter(found, options)
    Painter(found, Options(title="Вероятность π ≈ 3", under="→ ½ ∇"))
