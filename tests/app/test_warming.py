"""What is compiled ahead: every structure that one choice leads to, once, in a process that ends with its server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import gan1d
from app.warming import likely
from gan1d.catalogue import DISCRIMINATORS, scenarios
from gan1d.config import LOSSES, structure
from gan1d.lessons import lessons

ROOT = Path(__file__).parents[2]


def test_all_that_is_offered_is_warmed_the_first_scenario_first() -> None:
    order = list(likely())
    assert order[0] == structure(next(iter(scenarios.values())).config)
    for scenario in scenarios.values():
        for kind in DISCRIMINATORS:
            assert structure(scenario.with_discriminator(kind).config) in order
    for lesson in lessons().values():
        assert {structure(lesson.scene.config), structure(lesson.trial.config)} <= set(order)
    assert {s.loss for s in order} == set(LOSSES)


def test_what_one_server_compiled_the_next_one_reads(tmp_path: Path) -> None:
    """The second process compiles nothing anew, and the first result comes out of the folder's programs."""
    code = (
        "import gan1d, app.warming as w\n"
        "from gan1d.config import Config, structure\n"
        "c = Config.from_dict({'data': {'means': [0], 'stds': [1]}, 'discriminator': {'hidden': [8]}, 'training': {'batch': 4}})\n"
        "w.likely = lambda: {structure(c): c}\n"
        "trained = []\n"
        "train = gan1d.train\n"
        "gan1d.train = lambda *a, **k: trained.append(1) or train(*a, **k)\n"
        "w.main()\n"
        "print(len(trained))"
    )
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path)}
    environment.pop("JAX_COMPILATION_CACHE_DIR", None)
    counts = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=110
        )
        assert done.returncode == 0, done.stderr
        counts.append(done.stdout.strip())
    assert counts == ["1", "0"]
    kept = {path.name for path in (tmp_path / "gan1d" / "jax").glob("gan1d-*/*")}
    assert "structures" in kept and len(kept) == 4  # and three programs


def test_it_ends_with_whoever_started_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from app import warming

    parents = iter([1, 2])
    monkeypatch.setattr(os, "getppid", lambda: next(parents))
    monkeypatch.setattr(os, "nice", lambda _: 0)
    monkeypatch.setattr("gan1d.store.folder", lambda: tmp_path / "kept")
    monkeypatch.setattr(gan1d, "train", lambda *_, **__: 1 / 0)
    warming.main()
