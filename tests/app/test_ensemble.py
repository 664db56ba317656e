"""Many seeds of the same settings: exact bands and words, in the background, to be given up, kept without their seed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import streamlit
from streamlit.testing.v1 import AppTest

import gan1d
from app import ensemble as rooms
from app.ensemble import Ensemble, Ensembles, bands, open_seed, seedless, summary, told
from app.history import Plan
from app.runner import Runner
from app.state import Session

MAIN = Path(__file__).parents[2] / "app" / "main.py"
SMALL = gan1d.Config.from_dict(
    {
        "data": {"means": [-3, 8], "stds": [1, 1]},
        "discriminator": {"hidden": [8]},
        "training": {"batch": 4, "iterations": 50, "frames": 10},
    }
)
PLAIN = ((SMALL, 50, False),)
SEVERAL = ((SMALL, 20, False), (SMALL.replace(**{"training.lr_g": 0.5}), 50, True))


def finished(all_: Ensembles, parts: rooms.Key) -> Ensemble:
    begun = all_.start(parts)
    until = time.monotonic() + 60
    while not (begun.is_done or begun.failed) and time.monotonic() < until:
        time.sleep(0.01)
    assert begun.is_done and not begun.failed
    return begun


@pytest.mark.parametrize("parts", [PLAIN, SEVERAL], ids=["plain", "parts"])
def test_the_band_is_that_of_the_seeds_own_runs(parts: rooms.Key) -> None:
    runner = Runner({})
    found = finished(Ensembles(runner, seeds=6), parts)
    runs = [runner.play(seedless(parts, seed)).run for seed in range(6)]
    assert found.outcomes == [run.diagnosis.kind for run in runs]
    for key in ("mean", "w1", "p_real_on_fake"):
        low, high = np.quantile([getattr(run, key) for run in runs], [0.1, 0.9], axis=0)
        np.testing.assert_allclose(found.bands[f"band_{key}_low"], low, rtol=1e-5)
        np.testing.assert_allclose(found.bands[f"band_{key}_high"], high, rtol=1e-5)
    shown = told(runner.play(parts), found, 6)
    series = {s["key"] for c in shown.meta["curves"] for s in c["series"]}  # type: ignore[attr-defined]
    assert {f"band_{key}_{end}" for key in series for end in ("low", "high")} <= set(shown.tables)
    assert all(len(shown.tables[f"band_{key}_low"]) == len(shown.run) for key in series)


def test_a_band_has_gaps_where_there_is_nothing_to_say() -> None:
    rows = [np.array([1.0, np.nan, np.nan, 1.0]), np.array([3.0, 5.0, np.nan, np.inf])]
    found = bands({"w1": rows})
    np.testing.assert_allclose(found["band_w1_low"], [1.2, 5, np.nan, np.nan])
    np.testing.assert_allclose(found["band_w1_high"], [2.8, 5, np.nan, np.nan], rtol=1e-6)


def test_the_words_count() -> None:
    ends = ["mode collapse"] * 29 + ["still moving"] * 3
    assert summary(ends) == "29 of 32 mode collapse, 3 still moving"
    assert summary(["converged"] * 4) == "4 of 4 converged"


def test_it_is_kept_by_the_settings_without_their_seed() -> None:
    all_ = Ensembles(Runner({}), seeds=2)
    found = finished(all_, PLAIN)
    other = ((SMALL.replace(**{"training.seed": 7}), 50, False),)
    assert all_.find(other) is found and all_.start(other) is found
    assert all_.find(((SMALL.replace(**{"training.lr_g": 0.3}), 50, False),)) is None


def test_only_so_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "KEPT", 1)
    all_ = Ensembles(Runner({}), seeds=1)
    finished(all_, PLAIN)
    finished(all_, SEVERAL)
    assert all_.find(PLAIN) is None and all_.find(SEVERAL)


def test_it_can_be_given_up_and_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    runner, free = Runner({}), threading.Event()
    train = gan1d.train

    def slow(config: gan1d.Config, **options: object) -> gan1d.Trajectory:
        free.wait(20)
        return train(config, **options)

    monkeypatch.setattr(gan1d, "train", slow)
    all_ = Ensembles(runner, seeds=3)
    begun = all_.start(PLAIN)
    all_.cancel(PLAIN)
    assert all_.find(PLAIN) is None
    free.set()
    assert finished(all_, PLAIN) is not begun
    assert not begun.is_done


def test_what_fails_is_said_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    all_ = Ensembles(Runner({}), seeds=1)
    with monkeypatch.context() as broken:
        broken.setattr(gan1d, "train", lambda *_, **__: 1 / 0)
        begun = all_.start(PLAIN)
        while not begun.failed:
            time.sleep(0.01)
    assert "zero" in begun.failed
    assert finished(all_, PLAIN).outcomes


def test_another_seed_is_opened_in_all_parts() -> None:
    first, second = SEVERAL
    state = Session(gan1d.scenarios["far-modes-linear"], second[0], (first,), True)
    open_seed(state, {"seed": 5})
    assert state.plan.parts == seedless(SEVERAL, 5)
    assert state.plan == Plan(state.config, state.past, True)


@pytest.fixture
def app() -> Iterator[AppTest]:
    streamlit.cache_resource.clear()
    test = AppTest.from_file(str(MAIN), default_timeout=60)
    test.run()
    assert not test.exception
    yield test


def test_the_lab_shows_the_progress_until_all_are_there(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    session: Session = app.session_state["session"]
    session.config = SMALL
    app.run()
    free = threading.Event()
    train = gan1d.train

    def slow(config: gan1d.Config, **options: object) -> gan1d.Trajectory:
        free.wait(20)
        return train(config, **options)

    monkeypatch.setattr(gan1d, "train", slow)
    begun = rooms.ensembles().start(session.plan.parts)
    app.run()
    assert not app.exception
    assert any(button.key == "cancel ensemble" for button in app.button)
    free.set()
    while not begun.is_done:
        time.sleep(0.01)
    app.run()
    assert not app.exception
    assert not any(button.key == "cancel ensemble" for button in app.button)


def test_cancel_gives_it_up(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    session: Session = app.session_state["session"]
    monkeypatch.setattr(Runner, "aside", lambda *_: time.sleep(0.2))
    rooms.ensembles().start(session.plan.parts)
    app.run()
    app.button(key="cancel ensemble").click().run()
    assert not app.exception
    assert rooms.ensembles().find(session.plan.parts) is None
