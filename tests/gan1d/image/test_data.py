"""The built-in sets: the digits are scikit-learn's, three of them stack to a thousand modes, and what there is not is refused by name."""

from itertools import product

import numpy as np
import pytest

from gan1d.fields import ConfigError
from gan1d.image.data import DATASETS, Dataset, Factor, load
from gan1d.image.digits import ASSET, counts, enlarged
from gan1d.image.scaling import resized, with_channels


def test_the_digits_are_scikit_learns() -> None:
    oracle = pytest.importorskip("sklearn.datasets").load_digits()
    images, labels = counts()
    np.testing.assert_array_equal(images, oracle.images)
    np.testing.assert_array_equal(labels, oracle.target)
    assert ASSET.stat().st_size <= 100_000


@pytest.mark.parametrize("size", [8, 16, 32, 64])
def test_enlarged_digits_keep_their_ink(size: int) -> None:
    """Lanczos' filter passes a constant unchanged, so the mean stays but for the overshoots that are cut off at black and white."""
    images, _ = counts()
    given = np.pad(images, ((0, 0), (1, 1), (1, 1))).mean(axis=(1, 2)) * 255 / 16
    assert np.corrcoef(given, enlarged(size).mean(axis=(1, 2)))[0, 1] > 0.99
    assert np.abs(enlarged(size).mean(axis=(1, 2)) / given - 1).mean() < 0.06


@pytest.mark.parametrize("name", DATASETS)
def test_each_set_is_whole(name: str) -> None:
    data = load(name, size=16)
    assert data.name == name and data.size == 16 and data.channels in DATASETS[name].channels
    some = data.images[np.array([5, 0, 5])]
    assert some.dtype == np.uint8 and some.shape == (3, *data.images.shape[1:])
    np.testing.assert_array_equal(some[0], some[2])
    np.testing.assert_array_equal(some[1], data.images[0])
    np.testing.assert_array_equal(data.images[:2][1], data.images[1])
    assert data.labels is not None and data.labels.dtype == np.int32 and data.labels.shape == (len(data),)
    assert data.modes == len(data.mode_names) == len(set(data.mode_names)) == len(np.unique(data.labels))
    assert data.weights.sum() == pytest.approx(1)
    again = load(name, size=16)
    np.testing.assert_array_equal(again.images[7:9], data.images[7:9])
    assert again.fingerprint == data.fingerprint != load(name, size=32).fingerprint


def test_modes_count_all_combinations() -> None:
    data = load("stacked-digits")
    assert data.modes == 1000 and len(data) == 128_000
    assert data.mode_names == tuple(", ".join(three) for three in product("0123456789", repeat=3))
    assert [int(part[0]) for part in data.split(np.array([123]))] == [1, 2, 3]
    assert np.bincount(data.labels).min() > 80  # 128 expected, standard deviation 11


def test_each_colour_of_a_stack_is_the_digit_that_it_says() -> None:
    singles = load("digits")
    stacked = load("stacked-digits")
    assert singles.labels is not None and stacked.labels is not None
    which = np.arange(50)
    images = stacked.images[which]
    for channel, values in enumerate(stacked.split(stacked.labels[which])):
        for image, value in zip(images[..., channel], values, strict=True):
            same = np.flatnonzero((singles.images[:][..., 0] == image).all(axis=(1, 2)))
            assert len(same) and singles.labels[same[0]] == value


def test_what_a_label_stands_for() -> None:
    factors = (Factor("shape", ("round", "square")), Factor("ring", ("", "ring", "two rings")))
    data = Dataset("toy", np.zeros((6, 8, 8, 1), np.uint8), np.arange(6, dtype=np.int32), factors)
    assert data.mode_names == (
        "round",
        "round, ring",
        "round, two rings",
        "square",
        "square, ring",
        "square, two rings",
    )
    shape, ring = data.split(np.array([0, 2, 4]))
    assert (list(shape), list(ring)) == ([0, 0, 1], [0, 2, 1])


def test_a_set_without_labels_has_no_modes() -> None:
    data = Dataset("mine", np.zeros((3, 8, 8, 1), np.uint8))
    assert (data.modes, data.mode_names, len(data.weights)) == (0, (), 0)


def test_a_fingerprint_tells_sets_apart() -> None:
    pixels = np.arange(2 * 64, dtype=np.uint8).reshape(2, 8, 8, 1)
    changed = pixels.copy()
    changed[1, 7, 7, 0] ^= 1
    marks = {Dataset("a", pixels).fingerprint, Dataset("b", pixels).fingerprint}
    assert len(marks) == 1 and Dataset("a", changed).fingerprint not in marks
    assert Dataset("a", pixels, np.zeros(2, np.int32), (Factor("class", ("x",)),)).fingerprint not in marks


@pytest.mark.parametrize(
    "given, said",
    [
        ({"name_or_path": "digit"}, r"^data: 'digit' is not allowed; .*stacked-digits.*\(nearest: digits\)"),
        ({"name_or_path": "/no/where"}, "data: '/no/where' is not allowed; .*exists"),
        ({"name_or_path": "a\0b"}, "data: "),
        ({"name_or_path": "digits", "size": 20}, "size: 20 is not allowed; it must be one of 8, 16, 32, 64, 128, 256"),
        ({"name_or_path": "digits", "size": "16"}, "size: '16' is not allowed"),
        ({"name_or_path": "digits", "channels": 2}, "channels: 2 is not allowed; these images have 1 or 3"),
        ({"name_or_path": "stacked-digits", "channels": 1}, "channels: 1 is not allowed; these images have 3"),
        ({"name_or_path": "faces", "channels": True}, "channels: True"),
    ],
)
def test_what_there_is_not_is_refused_by_name(given: dict, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as refused:
        load(**given)
    assert "\n" not in str(refused.value)


def test_grey_becomes_colour_and_back() -> None:
    grey = load("digits", size=8).images[:4]
    colour = with_channels(grey, 3)
    np.testing.assert_array_equal(colour, load("digits", size=8, channels=3).images[:4])
    np.testing.assert_array_equal(with_channels(colour, 1), grey)
    red = np.zeros((1, 8, 8, 3), np.uint8)
    red[..., 0] = 255
    assert with_channels(red, 1)[0, 0, 0, 0] == round(0.299 * 255)  # ITU-R BT.601


def test_what_is_not_square_loses_its_ends() -> None:
    wide = np.zeros((1, 16, 48, 1), np.uint8)
    wide[:, :, 16:32] = 200
    np.testing.assert_array_equal(resized(wide, 16), 200)


def test_making_smaller_does_not_alias() -> None:
    """Stripes finer than the pixels average to grey."""
    fine = np.zeros((1, 256, 256, 1), np.uint8)
    fine[:, :, ::2] = 255
    assert np.abs(resized(fine, 16)[0, 4:-4, 4:-4].astype(int) - 127.5).max() < 3
