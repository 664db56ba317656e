"""Batches: which images a step sees depends on seed and step alone; the thread is ahead, and ends when it is told to."""

import threading
import time
from itertools import islice

import numpy as np
import pytest

from gan1d.fields import ConfigError
from gan1d.image.data import Dataset
from gan1d.image.pipeline import AHEAD, Batches, batches, images_of, indices


@pytest.fixture(scope="module")
def numbered() -> Dataset:
    """Each image is of its own number."""
    pixels = np.broadcast_to(np.arange(23, dtype=np.uint8)[:, None, None, None], (23, 8, 8, 1)).copy()
    pixels[:, :, 0] = 255  # the left edge is white
    return Dataset("numbered", pixels)


def taken(dataset: Dataset, count: int, **keys) -> list[np.ndarray]:
    with batches(dataset, **keys) as them:
        return list(islice(them, count))


def test_each_image_comes_once_an_epoch() -> None:
    steps = np.concatenate([indices(23, 5, seed=1, step=k) for k in range(23)])
    for epoch in steps.reshape(5, 23):
        assert sorted(epoch) == list(range(23))
    assert not np.array_equal(steps[:23], steps[23:46])


def test_a_batch_may_be_larger_than_the_set() -> None:
    found = indices(3, 10, seed=0, step=3)
    assert sorted(np.bincount(found)) == [3, 3, 4]


def test_a_step_sees_the_same_wherever_one_begins(numbered: Dataset) -> None:
    whole = taken(numbered, 12, batch=7, seed=3, flips=True)
    rest = taken(numbered, 5, batch=7, seed=3, step=7, flips=True)
    np.testing.assert_array_equal(whole[7:], rest)
    np.testing.assert_array_equal(whole[9], images_of(numbered, 7, 3, 9, flips=True))
    assert not np.array_equal(whole, taken(numbered, 12, batch=7, seed=4, flips=True))


def test_flips_mirror_half_of_the_images(numbered: Dataset) -> None:
    images = np.concatenate(taken(numbered, 20, batch=50, seed=0, flips=True))
    right = (images[:, 0, -1, 0] == 255).mean()
    assert abs(right - 0.5) < 4 * 0.5 / np.sqrt(1000)
    plain = np.concatenate(taken(numbered, 20, batch=50, seed=0))
    assert (plain[:, 0, 0, 0] == 255).all()
    np.testing.assert_array_equal(plain[:, 0, 4], images[:, 0, 4])  # the same images in the same order


def test_processes_share_a_batch(numbered: Dataset) -> None:
    whole = taken(numbered, 2, batch=6, seed=0)
    parts = [taken(numbered, 2, batch=6, seed=0, rows=slice(k, k + 3)) for k in (0, 3)]
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole)


def test_the_thread_is_ahead_and_nobody_waits() -> None:
    made = threading.Semaphore(0)

    def make(step: int) -> int:
        made.release()
        return step

    with Batches(make) as them:
        for expected in range(20):
            for _ in range(AHEAD if expected == 0 else 1):
                assert made.acquire(timeout=10)
            assert next(them) == expected
        assert them.waited < 1


def test_closing_ends_the_thread_even_while_it_waits(numbered: Dataset) -> None:
    before = threading.active_count()
    them = batches(numbered, 4, 0)
    next(them)
    assert threading.active_count() == before + 1
    began = time.perf_counter()
    them.close()
    them.close()
    assert time.perf_counter() - began < 5
    assert threading.active_count() == before
    with pytest.raises(StopIteration):
        next(them)


def test_what_fails_in_the_thread_is_said_where_it_is_waited_for() -> None:
    def make(step: int) -> int:
        if step == 2:
            raise OSError("the disk is gone")
        return step

    them = Batches(make)
    assert [next(them), next(them)] == [0, 1]
    with pytest.raises(OSError, match="the disk is gone"):
        next(them)
    with pytest.raises(StopIteration):
        next(them)


def test_a_batch_is_put_where_it_is_needed_ahead_of_its_turn(numbered: Dataset) -> None:
    found = taken(numbered, 2, batch=4, seed=0, put=lambda images: (threading.current_thread().name, images.shape))
    assert found == [("batches", (4, 8, 8, 1))] * 2


def test_settings_are_checked(numbered: Dataset) -> None:
    for wrong in ({"batch": 0, "seed": 0}, {"batch": 4, "seed": -1}, {"batch": 4, "seed": 0, "step": -1}):
        with pytest.raises(ConfigError, match=r"is not allowed; it must be a whole number from"):
            batches(numbered, **wrong)
