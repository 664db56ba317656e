"""Drawn faces: every mode is there, equally often, the same at every size, and each attribute can be seen where it should be."""

import numpy as np
import pytest

from gan1d.image.data import load
from gan1d.image.faces import EACH, FACTORS, HAIRS, MODES, SKINS, face

PLACE = {f.name: i for i, f in enumerate(FACTORS)}


def mode(**values: str) -> int:
    """The mode with these values, the first of each other factor."""
    picked = [f.values.index(values.get(f.name.replace(" ", "_"), f.values[0])) for f in FACTORS]
    return int(np.ravel_multi_index(picked, tuple(len(f.values) for f in FACTORS)))


def average(size: int, **values: str) -> np.ndarray:
    """Mean of eight faces of a mode."""
    return np.mean([face(mode(**values), variant, size) for variant in range(8)], axis=0)


def test_every_mode_is_there_equally_often() -> None:
    data = load("faces")
    assert data.modes == MODES == 3 * 4 * 3 * 2 * 2 * 2
    assert (np.bincount(data.labels) == EACH).all()
    assert "light skin, ginger, long hair, smiling, glasses, hat" in data.mode_names


def test_no_two_faces_are_alike() -> None:
    images = load("faces", size=16).images[:200]
    assert len({image.tobytes() for image in images}) == 200


def test_a_face_is_the_same_at_every_size() -> None:
    small, large = face(17, 3, 32), face(17, 3, 64)
    halved = large.reshape(32, 2, 32, 2, 3).mean(axis=(1, 3))
    assert np.abs(halved - small).mean() < 3


def test_edges_are_smooth() -> None:
    """Without smoothing there are 64 rows of background and fewer than 26 paints, and no other colours."""
    assert len(np.unique(face(5, 0, 64).reshape(-1, 3), axis=0)) > 2 * (64 + 26)


@pytest.mark.parametrize("size", [32, 64])
def test_the_skin_is_seen_in_the_cheeks(size: int) -> None:
    y, x = int(0.62 * size), int(0.42 * size)
    for name, colour in SKINS.items():
        assert np.abs(average(size, skin=name)[y, x] - colour).max() < 25


def test_the_hair_is_seen_at_the_sides() -> None:
    for name, colour in HAIRS.items():
        beside = average(64, hair_colour=name, hair="long hair", hat="hat")[40, 16]
        assert np.abs(beside - colour).max() < 40


@pytest.mark.parametrize("factor, rows", [("glasses", (27, 40)), ("hat", (2, 26)), ("mouth", (40, 52))])
def test_an_attribute_changes_its_own_part_of_the_face(factor: str, rows: tuple[int, int]) -> None:
    low, high = (average(64, **{factor: value}) for value in FACTORS[PLACE[factor]].values)
    changed = np.abs(low - high).sum(axis=(1, 2))
    assert changed[slice(*rows)].sum() > 0.9 * changed.sum() > 1000


def test_faces_are_drawn_when_they_are_asked_for() -> None:
    images = load("faces", size=16).images
    assert images.known.sum() == 0
    images[[3, 5]]
    assert list(np.flatnonzero(images.known)) == [3, 5]
