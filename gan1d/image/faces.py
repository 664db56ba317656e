"""Drawn faces: six attributes with a few values each, every combination of them one of 288 countable modes. Pillow and NumPy."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from gan1d.image.dataset import Dataset, Factor

Colour = tuple[int, int, int]

SKINS: dict[str, Colour] = {"light skin": (250, 215, 185), "tan skin": (208, 148, 104), "dark skin": (116, 74, 50)}
HAIRS: dict[str, Colour] = {
    "black": (34, 28, 30),
    "blond": (236, 200, 104),
    "ginger": (196, 76, 26),
    "grey": (186, 188, 196),
}
FACTORS = (
    Factor("skin", tuple(SKINS)),
    Factor("hair colour", tuple(HAIRS)),
    Factor("hair", ("short hair", "long hair", "curly hair")),
    Factor("mouth", ("smiling", "mouth open")),
    Factor("glasses", ("", "glasses")),
    Factor("hat", ("", "hat")),
)
MODES = math.prod(len(f.values) for f in FACTORS)
EACH = 25
"""Faces of each mode."""
FINER = 4
"""Drawn this many times larger, then averaged: that is what smooths the edges."""
SEED = 288
VERSION = "1"
"""Changes when the images would."""
WHITE, INK, LIPS, MOUTH = (250, 250, 248), (30, 26, 30), (186, 58, 66), (96, 20, 30)


def faces(size: int, channels: int) -> Dataset:
    """7 200 drawn faces, 25 of each mode, in an order without a pattern; the same faces at every size."""
    labels = np.random.default_rng(SEED).permutation(np.repeat(np.arange(MODES, dtype=np.int32), EACH))
    return Dataset("faces", Drawn(size, labels), labels, FACTORS, VERSION)


class Drawn:
    """Faces, drawn when they are first asked for and then kept."""

    def __init__(self, size: int, labels: np.ndarray):
        self.size, self.labels = size, labels
        self.kept = np.zeros(self.shape, np.uint8)  # memory is taken as it is written
        self.known = np.zeros(len(labels), bool)

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, H, W, 3)."""
        return (len(self.labels), self.size, self.size, 3)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, which: Any, /) -> np.ndarray:
        wanted = np.ravel(np.arange(len(self))[which])
        for i in wanted[~self.known[wanted]]:
            self.kept[i] = face(int(self.labels[i]), int(i), self.size)
            self.known[i] = True  # only now: another thread may look
        return self.kept[which]


def face(mode: int, variant: int, size: int) -> np.ndarray:
    """One face (size,size,3) uint8 of a mode; a variant fixes all else: place, size, tilt, background, shirt, shades."""
    rng = np.random.default_rng([SEED, variant])
    values = np.unravel_index(mode, tuple(len(f.values) for f in FACTORS))
    skin, hair, style, mouth, glasses, hat = (f.values[int(i)] for f, i in zip(FACTORS, values, strict=True))
    drawing = Drawing(size * FINER, rng)
    drawing.paint(_shaded(SKINS[skin], rng), _shaded(HAIRS[hair], rng), style, mouth, bool(glasses), bool(hat))
    return np.asarray(drawing.image.reduce(FINER))


def _shaded(colour: Iterable[float], rng: np.random.Generator, by: float = 9.0) -> Colour:
    """A colour a little lighter or darker, warmer or cooler."""
    moved = np.asarray(list(colour)) + rng.normal(0, by) + rng.normal(0, by / 3, 3)
    r, g, b = np.clip(moved, 0, 255).astype(int).tolist()
    return r, g, b


def _darker(colour: Colour, share: float) -> Colour:
    r, g, b = (int(c * share) for c in colour)
    return r, g, b


def _hue(rng: np.random.Generator, low: float, high: float) -> Colour:
    """Any hue, with channels from low to high."""
    phase = rng.uniform(0, 2 * math.pi)
    wave = 0.5 + 0.5 * np.cos(phase + np.array([0, 2, 4]) * math.pi / 3)
    r, g, b = (low + (high - low) * wave).astype(int).tolist()
    return r, g, b


class Drawing:
    """A face in the making. Coordinates are shares of the image's side, (0.5, 0.5) its middle, y downwards."""

    def __init__(self, side: int, rng: np.random.Generator):
        self.side, self.rng = side, rng
        angle, scale = rng.normal(0, 0.035), rng.uniform(0.93, 1.06)
        wide = scale * rng.uniform(0.95, 1.05)
        self.centre = np.array([0.5, 0.5])
        self.shift = rng.uniform((-0.035, -0.015), (0.035, 0.025))
        turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        self.matrix = turn * np.array([wide, scale])
        top, bottom = _hue(rng, 150, 235), _hue(rng, 90, 200)
        ends = Image.fromarray(np.array([[top], [bottom]], np.uint8))
        self.image = ends.resize((1, side), Image.Resampling.BILINEAR).resize((side, side), Image.Resampling.NEAREST)
        self.draw = ImageDraw.Draw(self.image)

    def shape(self, points: np.ndarray, colour: Colour, turned: bool = True) -> None:
        """A filled polygon (P,2)."""
        if turned:
            points = (points - self.centre) @ self.matrix.T + self.centre + self.shift
        self.draw.polygon((points * self.side).ravel().tolist(), fill=colour)

    def blob(self, x: float, y: float, rx: float, ry: float, colour: Colour, power: float = 2.0) -> None:
        """A superellipse |u|^power + |v|^power = 1: an ellipse at 2, boxier above."""
        self.shape(_blob(x, y, rx, ry, power), colour)

    def band(self, upper: np.ndarray, lower: np.ndarray, colour: Colour) -> None:
        """What lies between two lines (P,2) that both run from left to right."""
        self.shape(np.concatenate([upper, lower[::-1]]), colour)

    def paint(self, skin: Colour, hair: Colour, style: str, mouth: str, glasses: bool, hat: bool) -> None:
        """Everything, from the back to the front."""
        self.behind(hair, style)
        self.body(skin)
        self.blob(0.5, 0.52, 0.215, 0.275, skin, 2.3)
        self.fringe(hair, style)
        self.features(skin, hair)
        (self.smile if mouth == "smiling" else self.open)()
        if glasses:
            self.glasses()
        if hat:
            self.hat()

    def behind(self, hair: Colour, style: str) -> None:
        """Hair that the head stands before."""
        if style == "long hair":
            self.blob(0.5, 0.56, 0.31, 0.42, _darker(hair, 0.86), 3.0)
        elif style == "curly hair":
            for a in np.linspace(0.75, 2.25, 11) * math.pi:
                x, y = 0.5 + 0.235 * math.sin(a + math.pi / 2), 0.42 + 0.25 * -math.cos(a + math.pi / 2)
                rx, ry = self.rng.uniform(0.085, 0.105, 2).tolist()
                self.blob(x, y, rx, ry, hair)

    def body(self, skin: Colour) -> None:
        """Shirt, neck and ears."""
        shirt = _hue(self.rng, 40, 220)
        self.shape(_blob(0.5 + self.shift[0], 1.1, 0.4, 0.24, 2.6), shirt, turned=False)
        self.blob(0.5, 0.82, 0.085, 0.13, _darker(skin, 0.84), 4.0)
        for x in (0.285, 0.715):
            self.blob(x, 0.53, 0.035, 0.06, _darker(skin, 0.92))

    def fringe(self, hair: Colour, style: str) -> None:
        """Hair before the forehead and at the temples."""
        x = np.linspace(-1, 1, 25)
        side = self.rng.choice([-1.0, 1.0])
        if style == "short hair":
            upper = _line(x * 0.235, 0.40 - 0.19 * (1 - np.abs(x) ** 2.6) ** 0.5)
            lower = _line(x * 0.235, 0.40 - 0.075 * (1 - np.abs(x) ** 6) + 0.012 * side * x)
            for at in (-0.212, 0.212):
                self.blob(0.5 + at, 0.45, 0.026, 0.09, hair, 4.0)
        elif style == "long hair":
            upper = _line(x * 0.27, 0.44 - 0.24 * (1 - np.abs(x) ** 2.4) ** 0.5)
            lower = _line(x * 0.27, 0.44 - 0.13 * (1 - np.abs(x - 0.25 * side).clip(0, 1) ** 1.6))
            for at in (-0.24, 0.24):
                self.blob(0.5 + at, 0.63, 0.062, 0.25, hair, 3.2)
        else:
            upper = _line(x * 0.25, 0.40 - 0.21 * (1 - np.abs(x) ** 2.4) ** 0.5)
            lower = _line(x * 0.25, 0.41 - 0.075 * (1 - np.abs(x) ** 3) + 0.014 * np.cos(14 * x))
        self.band(upper, lower, hair)

    def features(self, skin: Colour, hair: Colour) -> None:
        """Eyes, brows, nose."""
        apart, look = self.rng.uniform(0.088, 0.102), self.rng.uniform(-0.008, 0.008)
        iris = _darker(_hue(self.rng, 30, 120), 0.8)
        for sign in (-1, 1):
            x = 0.5 + sign * apart
            self.blob(x, 0.515, 0.045, 0.032, WHITE)
            self.blob(x + look, 0.517, 0.026, 0.03, iris)
            arch = np.linspace(-0.052, 0.052, 9)
            y = 0.452 + 3.5 * arch**2
            self.band(_line(x - 0.5 + arch, y - 0.011), _line(x - 0.5 + arch, y + 0.011), _darker(hair, 0.78))
        self.blob(0.5, 0.60, 0.026, 0.045, _darker(skin, 0.85), 2.5)

    def smile(self) -> None:
        """Lips drawn wide, with teeth."""
        x, wide = np.linspace(-1, 1, 17), self.rng.uniform(0.105, 0.12)
        for grow, colour in ((1.0, LIPS), (0.72, WHITE)):
            top = 0.684 + 0.018 * (1 - x**2) + 0.01 * (1 - grow)
            bottom = top + 0.072 * grow * (1 - x**2)
            self.band(_line(x * wide * grow, top), _line(x * wide * grow, bottom), colour)

    def open(self) -> None:
        """A round mouth."""
        rx, ry = self.rng.uniform(0.05, 0.06), self.rng.uniform(0.058, 0.066)
        self.blob(0.5, 0.715, rx + 0.016, ry + 0.014, LIPS)
        self.blob(0.5, 0.715, rx - 0.004, ry - 0.004, MOUTH)

    def glasses(self) -> None:
        """Dark frames, the eyes seen through them."""
        for sign in (-1, 1):
            ring = _blob(0.5 + sign * 0.1, 0.52, 0.086, 0.074, 2.8), _blob(0.5 + sign * 0.1, 0.52, 0.063, 0.052, 2.8)
            self.shape(np.concatenate([ring[0], ring[0][:1], ring[1][:1], ring[1][::-1]]), INK)
            self.band(_line(sign * np.array([0.18, 0.225]), 0.5), _line(sign * np.array([0.18, 0.225]), 0.52), INK)
        self.band(_line(np.array([-0.02, 0.02]), 0.505), _line(np.array([-0.02, 0.02]), 0.527), INK)

    def hat(self) -> None:
        """A woollen hat with a brim, in a strong colour."""
        colour = _hue(self.rng, 20, 230)
        x = np.linspace(-1, 1, 25)
        crown = _line(x * 0.265, 0.37 - 0.29 * (1 - np.abs(x) ** 2.6) ** 0.5)
        self.band(crown, _line(x * 0.265, 0.38 + 0 * x), colour)
        self.band(_line(x * 0.285, 0.315 + 0.02 * x**2), _line(x * 0.285, 0.395 + 0.02 * x**2), _darker(colour, 0.68))
        self.blob(0.5, 0.085, 0.05, 0.045, _darker(colour, 0.68))


@lru_cache
def _round(power: float) -> np.ndarray:
    """Points (36,2) of |u|^power + |v|^power = 1."""
    turn = np.linspace(0, 2 * math.pi, 36, endpoint=False)
    circle = np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    return np.sign(circle) * np.abs(circle) ** (2 / power)


def _blob(x: float, y: float, rx: float, ry: float, power: float) -> np.ndarray:
    return _round(power) * (rx, ry) + (x, y)


def _line(x: np.ndarray, y: np.ndarray | float) -> np.ndarray:
    """Points about the middle of the face: x from it, y from the top."""
    points = np.empty((len(x), 2))
    points[:, 0], points[:, 1] = 0.5 + x, y
    return points
