"""The server's memory of runs: bounded, shared, one training at a time, and nothing kept of what was given up."""

from __future__ import annotations

import threading

import pytest

import gan1d
from app import runner as rooms
from app.runner import Runner

BASE = gan1d.Config.from_dict(
    {
        "data": {"means": [0], "stds": [1]},
        "discriminator": {"hidden": [8]},
        "training": {"batch": 4, "iterations": 50, "frames": 5},
    }
)


def numbered(seed: int) -> gan1d.Config:
    return BASE.replace(**{"training.seed": seed})


def test_a_run_is_trained_once_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    trained: list[int] = []
    train = gan1d.train

    def counting(config: gan1d.Config, **options: object) -> gan1d.Trajectory:
        if config.data == BASE.data:  # and not what another test's server warms
            trained.append(config.training.seed)
        return train(config, **options)

    monkeypatch.setattr(gan1d, "train", counting)
    runner = Runner({})
    threads = [threading.Thread(target=runner.get, args=(numbered(seed % 3),)) for seed in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(trained) == [0, 1, 2]
    assert runner.get(numbered(1)) is runner.get(numbered(1))


def test_the_oldest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "KEPT", 3)
    runner = Runner({})
    first = runner.get(numbered(0))
    for seed in (1, 2):
        runner.get(numbered(seed))
    assert runner.get(numbered(0)) is first  # asked for again: now the youngest
    runner.get(numbered(3))
    assert runner.get(numbered(0)) is first
    assert len(runner._kept) == 3


def test_whoever_waits_for_another_run_can_give_up() -> None:
    runner = Runner({})
    begun, free = threading.Event(), threading.Event()

    def slow(done: int, total: int) -> None:
        begun.set()
        free.wait(20)

    class GivenUpError(Exception):
        pass

    def impatient(done: int, total: int) -> None:
        raise GivenUpError

    long = threading.Thread(target=runner.get, args=(numbered(0), slow))
    long.start()
    assert begun.wait(20)
    with pytest.raises(GivenUpError):
        runner.get(numbered(1), impatient)
    free.set()
    long.join()
    with pytest.raises(GivenUpError):  # in the middle of a training: nothing is kept, and the next one's turn comes
        runner.get(numbered(2), impatient)
    assert runner.get(numbered(2)).run.config == numbered(2)
