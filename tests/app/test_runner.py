"""The server's memory of runs: bounded, shared, one training at a time, and nothing kept of what was given up."""

from __future__ import annotations

import threading
import time
from typing import Any

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


def test_a_run_of_several_parts_is_played_once_and_kept() -> None:
    runner = Runner({})
    later = numbered(0).replace(**{"training.lr_g": 0.5})
    parts = [(numbered(0), 20, False), (later, 50, False)]
    played = runner.play(parts)
    assert played.run.summary["seams"] == [20]
    assert len(played.meta["parts"]) == 2  # type: ignore[arg-type]
    assert runner.play(tuple(parts)) is played
    assert runner.play([(numbered(0), 20, True), (later, 50, False)]) is not played


def test_a_single_whole_part_is_the_plain_run() -> None:
    runner = Runner({})
    assert runner.play([(numbered(0), 50, False)]) is runner.get(numbered(0))
    assert runner.play([(numbered(0), 20, False)]) is not runner.get(numbered(0))


def test_what_is_kept_is_bounded_by_memory_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "ROOM", 1)
    runner = Runner({})
    runner.get(numbered(0))
    last = runner.get(numbered(1))
    assert list(runner._kept.values()) == [last]


def test_a_run_on_another_axis_is_the_same_training() -> None:
    runner = Runner({})
    own, wide = runner.get(numbered(0)), runner.get(numbered(0), axis=(-30.0, 40.0))
    assert (wide.run.x[0], wide.run.x[-1]) == pytest.approx((-30, 40), abs=0.2)
    assert (wide.run.g == own.run.g).all()
    assert runner.get(numbered(0), axis=(-30.0, 40.0)) is wide
    assert runner.get(numbered(0)) is own


def test_what_nobody_waits_for_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    runner = Runner({})
    order: list[int] = []
    begun, asked = threading.Event(), threading.Event()
    train = gan1d.train

    def slow(config: gan1d.Config, progress: Any = None, **options: object) -> gan1d.Trajectory:
        def pulse(done: int, total: int) -> None:
            begun.set()
            asked.wait(20)
            while config.training.seed == 1 and not order and not runner._waiting:
                time.sleep(0.001)
            if progress:
                progress(done, total)

        run = train(config, progress=pulse, **options)
        order.append(config.training.seed)
        return run

    monkeypatch.setattr(gan1d, "train", slow)
    found: list[gan1d.Trajectory | None] = []
    behind = threading.Thread(target=lambda: found.append(runner.aside([(numbered(1), 50, False)], lambda: False)))
    behind.start()
    assert begun.wait(20)
    asked.set()
    runner.get(numbered(2))
    behind.join()
    assert order == [2, 1]
    assert found[0] is not None and found[0].config == numbered(1)
    assert runner.aside([(numbered(3), 50, False)], lambda: True) is None


def test_what_nobody_asked_for_is_compiled_when_nobody_has_trained_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "QUIET", 0.6)
    runner, compiled = Runner({}), list[float]()
    monkeypatch.setattr(runner, "_compile", lambda _: compiled.append(time.monotonic()))
    other = BASE.replace(**{"discriminator.hidden": [9]})
    runner.get(numbered(1))
    aside = threading.Thread(target=runner._compile_when_quiet, args=(other,))
    aside.start()
    for seed in (2, 3, 4):
        time.sleep(0.3)
        runner.get(numbered(seed))
    last = time.monotonic()
    assert not compiled
    aside.join(10)
    assert len(compiled) == 1 and compiled[0] - last > 0.5
