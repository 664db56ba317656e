"""Programs on the disk: another process has them without tracing, whole or not at all, and never those of another gan1d."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from gan1d import store

ROOT = Path(__file__).parents[2]
RUN = """
import json, jax.monitoring
import gan1d.store
seen = []
jax.monitoring.register_event_duration_secs_listener(lambda event, *_, **about: seen.append((event, about.get("fun_name", ""))))
config = gan1d.Config.from_dict({"data": {"means": [0], "stds": [1]}, "discriminator": {"hidden": [8]}, "training": {"batch": 4}})
run = gan1d.train(config)
traced = [name for event, name in seen if "trace" in event]
mine = [name for name in ("run", "observed", "begin") if any(f"{name}_{gan1d.store.version()}" in one for one in traced)]
print(json.dumps([mine, run.compilations, run.jsd.tolist()]))
"""


def another_process(cache: Path, **environment: str) -> Any:
    """Which programs it traced, how many it compiled or read, and what came out."""
    known = {k: v for k, v in os.environ.items() if not k.startswith("JAX_COMPILATION_CACHE")}
    command = [sys.executable, "-c", RUN]
    known |= {"XDG_CACHE_HOME": str(cache)} | environment
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env=known)
    assert not done.stderr, done.stderr
    return json.loads(done.stdout)


def test_another_process_traces_nothing_and_gets_the_same(tmp_path: Path) -> None:
    """Also where a file was damaged, and where programs are not kept."""
    first = another_process(tmp_path)
    assert first[0] == ["run", "observed", "begin"] and first[1] >= 3
    assert another_process(tmp_path) == [[], 3, first[2]]
    (folder,) = (tmp_path / "gan1d" / "jax").glob("gan1d-*")
    files = sorted(folder.iterdir())
    assert len(files) == 3
    whole = files[0].read_bytes()
    files[0].write_bytes(whole[:-1])
    files[1].write_bytes(b"")
    again = another_process(tmp_path)
    assert len(again[0]) == 2 and again[2] == first[2]
    without = another_process(tmp_path / "nothing", JAX_ENABLE_COMPILATION_CACHE="false")
    assert without[0] == first[0] and without[2] == first[2]
    assert not list((tmp_path / "nothing").rglob("gan1d-*"))


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(store, "folder", lambda: tmp_path / "gan1d-today")
    return tmp_path / "gan1d-today"


def doubled() -> jax.stages.Compiled:
    compiled: jax.stages.Compiled = jax.jit(lambda x: 2 * x).lower(np.ones(3, np.float32)).compile()
    return compiled


def test_what_is_written_is_read(kept: Path) -> None:
    device = jax.devices("cpu")[0]
    assert store.read("a program", device) is None
    store.write("a program", doubled())
    np.testing.assert_array_equal(store.read("a program", device)(np.arange(3, dtype=np.float32)), [0, 2, 4])
    assert store.read("another", device) is None


def test_other_versions_go_when_nothing_was_added_for_long(kept: Path) -> None:
    for name, days in (("gan1d-old", 40), ("gan1d-recent", 20), ("other", 40)):
        folder = kept.parent / name
        folder.mkdir()
        os.utime(folder, (time.time() - 86400 * days,) * 2)
    store.write("a program", doubled())
    assert {path.name for path in kept.parent.iterdir()} == {"gan1d-recent", "gan1d-today", "other"}


def test_where_nothing_can_be_written_nothing_is_kept_and_nothing_is_lost(tmp_path: Path, monkeypatch: Any) -> None:
    file = tmp_path / "a file"
    file.touch()
    monkeypatch.setattr(store, "folder", lambda: file / "gan1d-today")
    store.write("a program", doubled())
    assert store.read("a program", jax.devices("cpu")[0]) is None
    monkeypatch.setattr(store, "folder", lambda: None)
    store.write("a program", doubled())
    assert store.read("a program", jax.devices("cpu")[0]) is None and store.make_folder() is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("XLA_FLAGS", "--xla_cpu_enable_fast_math=true"),
        ("_processor", "another"),
        ("LIBRARIES", ("jax",)),
        ("__file__", ""),
    ],
)
def test_a_version_is_all_that_a_program_depends_on(name: str, value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The compiler's options, the processor, the libraries, the sources."""
    before = store.version.__wrapped__()
    assert before == store.version.__wrapped__() == store.version()
    if name == "XLA_FLAGS":
        monkeypatch.setenv(name, value)
    else:
        monkeypatch.setattr(store, name, (lambda: value) if name == "_processor" else value)
    assert store.version.__wrapped__() != before


def test_it_lies_beside_what_jax_keeps_on_a_disk() -> None:
    kept = jax.config.values["jax_compilation_cache_dir"]
    assert store.folder() == (Path(kept) / f"gan1d-{store.version()}" if kept else None)
    jax.config.update("jax_compilation_cache_dir", "gs://a-bucket/programs")
    try:
        assert store.folder() is None
    finally:
        jax.config.update("jax_compilation_cache_dir", kept)
