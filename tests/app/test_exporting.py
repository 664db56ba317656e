"""Exports: made by processes of their own, two at a time; cancelled without a trace; kept within bounds and found again."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import gan1d
from app.exporting import PREFIX, Export, Exports, Order
from app.temporary import OWNER
from app.words import words
from gan1d.catalogue import HERE
from gan1d.trajectory import Trajectory

ROOT = Path(__file__).parents[2]
text = words("export")
HEAD = """
import json, os, pathlib, signal, subprocess, sys, time
*runs, out = [pathlib.Path(a) for a in sys.argv[1:] if not a.startswith("-")][:-1]  # the last is of --progress
say = lambda done, total: print(json.dumps({"done": done, "total": total}), file=sys.stderr, flush=True)
gate = pathlib.Path(os.environ["GATE"])
"""
WRITE = (
    HEAD
    + "say(0, 3); say(3, 3); out.write_bytes(b''.join(run.read_bytes()[:2] for run in runs)); print('log', file=sys.stderr)"
)
UNTIL_TOLD = HEAD + "say(1, 4)\nwhile not gate.exists(): time.sleep(0.02)\nout.write_text('whole')"


def python(code: str) -> tuple[str, ...]:
    return sys.executable, "-S", "-c", code


@pytest.fixture(scope="module")
def run() -> Trajectory:
    return gan1d.load(HERE / "assets" / "divergence.npz")


@pytest.fixture
def store(gate: Path) -> Iterator[Callable[..., Exports]]:
    made: list[Exports] = []

    def make(code: str, **bounds: Any) -> Exports:
        made.append(Exports(python(code), **bounds))
        return made[-1]

    yield make
    gate.touch()
    for exports in made:
        for export in list(exports._known.values()):
            exports.cancel(export.order.key)


def order(run: Trajectory, name: str = "run.mp4", *flags: str, runs: int = 1) -> Order:
    return Order((run,) * runs, name, flags, ("fingerprint",))


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def ended(export: Export) -> Export:
    assert export.ended.wait(20)
    return export


def left(place: Path) -> list[str]:
    """Files of exports."""
    return sorted(p.name for p in place.glob(f"{PREFIX}*/*/**/*") if p.is_file())


def test_the_command_gets_the_runs_and_flags_and_its_file_is_kept(
    store: Callable[..., Exports], run: Trajectory, tmp_path: Path
) -> None:
    exports = store(HEAD + "gan = [r.suffix for r in runs]; out.write_text(json.dumps([gan, sys.argv[-4:]]))")
    export = ended(exports.start(order(run, "a b.mp4", "--fps=25", "--title=--x", runs=2)))
    assert (export.state, export.why) == ("done", "")
    told = [[".npz", ".npz"], ["--fps=25", "--title=--x", "--progress", "json"]]
    assert json.loads(export.content()) == told and export.size == len(export.content())
    assert left(tmp_path) == ["a b.mp4"]
    assert export.order.runs == ()


def test_the_saved_run_is_the_run(store: Callable[..., Exports], run: Trajectory) -> None:
    exports = store(HEAD + "out.write_bytes(runs[0].read_bytes())")
    export = ended(exports.start(order(run, "a.npz")))
    assert export.path and gan1d.load(export.path).config == run.config


def test_progress_is_the_commands_own(store: Callable[..., Exports], run: Trajectory, gate: Path) -> None:
    exports = store(UNTIL_TOLD)
    export = exports.start(order(run))
    assert export.is_alive
    until(lambda: export.total > 0)
    assert (export.state, export.done, export.total) == ("running", 1, 4)
    gate.touch()
    assert ended(export).content() == b"whole"


def test_two_run_and_the_others_wait_in_line(store: Callable[..., Exports], run: Trajectory, gate: Path) -> None:
    exports = store(UNTIL_TOLD)
    made = [exports.start(order(run, f"{i}.mp4")) for i in range(4)]
    until(lambda: all(e.total for e in made[:2]))
    assert [e.state for e in made] == ["running", "running", "waiting", "waiting"]
    assert [exports.before(e) for e in made] == [0, 1, 2, 3]
    exports.start(made[2].order)  # asked for again, it keeps its place
    assert [exports.before(e) for e in made] == [0, 1, 2, 3]
    exports.cancel(made[2].order.key)
    assert made[2].state == "cancelled" and exports.before(made[3]) == 2
    gate.touch()
    assert [ended(e).state for e in (made[0], made[1], made[3])] == ["done"] * 3


def test_a_line_that_is_too_long_is_said(
    store: Callable[..., Exports], run: Trajectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.exporting.LINE", 1)
    exports = store(UNTIL_TOLD, at_once=1)
    states = [exports.start(order(run, f"{i}.mp4")).state for i in range(3)]
    assert states == ["running", "waiting", "failed"]
    assert exports.start(order(run, "3.mp4")).why == text["full"]


def test_the_same_is_made_once_whoever_asks(store: Callable[..., Exports], run: Trajectory, gate: Path) -> None:
    exports = store(WRITE)
    first = ended(exports.start(order(run), "anna"))
    assert exports.start(order(run), "bert") is first
    assert exports.find(order(run).key) is first
    assert exports.start(order(run, "run.mp4", "--fps=5")) is not first
    assert len(exports.all(("fingerprint",))) == 2 and exports.all(("other",)) == []


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def test_cancelled_it_leaves_no_process_and_no_file(
    store: Callable[..., Exports], run: Trajectory, gate: Path, tmp_path: Path
) -> None:
    """Nor what the command started: an encoder that would go on."""
    code = """
child = subprocess.Popen([sys.executable, "-S", "-c", "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(60)"])
out.with_name(".half").write_text("half")
gate.with_name("pids").write_text(f"{os.getpid()} {child.pid}")
say(1, 2)
time.sleep(60)
"""
    exports = store(HEAD + code)
    export = exports.start(order(run))
    until(lambda: export.total == 2)
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert all(map(alive, pids))
    exports.cancel(export.order.key)
    assert export.ended.is_set() and export.state == "cancelled" and exports.find(export.order.key) is None
    assert left(tmp_path) == []
    until(lambda: not any(map(alive, pids)), 5)


def test_given_up_before_it_began_it_never_begins(
    store: Callable[..., Exports], run: Trajectory, gate: Path, tmp_path: Path
) -> None:
    exports = store(HEAD + "gate.with_name(out.name).touch()\nwhile not gate.exists(): time.sleep(0.02)", at_once=1)
    first = exports.start(order(run, "first"))
    exports.cancel(exports.start(order(run, "second")).order.key)
    until((tmp_path / "first").exists)
    gate.touch()
    ended(first)
    assert not (tmp_path / "second").exists()


def test_what_others_look_at_goes_on_for_them(store: Callable[..., Exports], run: Trajectory, gate: Path) -> None:
    exports = store(UNTIL_TOLD)
    export = exports.start(order(run), "anna")
    exports.start(order(run), "bert")
    exports.cancel(export.order.key, "anna")
    assert export.is_alive
    exports.cancel(export.order.key, "bert")
    assert export.state == "cancelled"


def test_one_that_nobody_looks_at_any_more_can_be_cancelled_after_a_reload(
    store: Callable[..., Exports], run: Trajectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.exporting.LOOKED", 0.05)
    exports = store(UNTIL_TOLD)
    export = exports.start(order(run), "the closed tab")
    time.sleep(0.1)
    assert exports.find(export.order.key, "the new one") is export
    exports.cancel(export.order.key, "the new one")
    assert export.state == "cancelled"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("print('gan1d: --fps: 0 is not allowed', file=sys.stderr); sys.exit(2)", "--fps: 0 is not allowed"),
        ("pass", text["broken"]),
        ("os.kill(os.getpid(), 9)", text["broken"]),
        ("say(1, 2); print('[1, 2]', file=sys.stderr); sys.exit(1)", "[1, 2]"),
    ],
)
def test_what_goes_wrong_is_said_in_a_line_and_leaves_nothing(
    store: Callable[..., Exports], run: Trajectory, tmp_path: Path, code: str, why: str
) -> None:
    exports = store(HEAD + code)
    export = ended(exports.start(order(run)))
    assert (export.state, export.why) == ("failed", why)
    assert left(tmp_path) == []
    assert exports.start(order(run)) is not export  # asked for again it is tried again


def test_words_that_no_command_can_take_are_said(store: Callable[..., Exports], run: Trajectory) -> None:
    export = ended(store(WRITE).start(order(run, "run.mp4", "--title=a\0b")))
    assert export.state == "failed" and "null" in export.why


def test_one_that_takes_too_long_is_ended(
    store: Callable[..., Exports], run: Trajectory, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("app.export_making.LONGEST", 0.3)
    export = ended(store(UNTIL_TOLD).start(order(run)))
    assert (export.state, export.why) == ("failed", text["late"]) and left(tmp_path) == []


def test_several_files_become_one(store: Callable[..., Exports], run: Trajectory) -> None:
    exports = store(HEAD + "out.write_text('1'); out.with_suffix('.densities.csv').write_text('2')")
    export = ended(exports.start(order(run, "run.csv")))
    assert export.path and export.path.name == "run.csv.zip"
    with zipfile.ZipFile(export.path) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {"run.csv": b"1", "run.densities.csv": b"2"}


def test_what_is_kept_is_bounded_in_number_and_bytes(
    store: Callable[..., Exports], run: Trajectory, tmp_path: Path
) -> None:
    few = store(WRITE, kept=2)
    made = [ended(few.start(order(run, f"{i}.mp4"))) for i in range(4)]
    assert [few.find(e.order.key) is e for e in made] == [False, False, True, True]
    assert left(tmp_path) == ["2.mp4", "3.mp4"]
    with pytest.raises(OSError):
        made[0].content()
    small = store(HEAD + "out.write_bytes(bytes(600))", room=1000)
    made = [ended(small.start(order(run, f"{i}.gif"))) for i in range(3)]
    assert [small.find(e.order.key) is e for e in made] == [False, False, True]


def test_nothing_is_left_when_the_server_ends(gate: Path, tmp_path: Path) -> None:
    """However it ends: one that is killed is tidied up after by the next."""
    code = f"""
import os, sys, time
from pathlib import Path
import gan1d
from app.exporting import Exports, Order
run = gan1d.load({str(HERE / "assets" / "divergence.npz")!r})
exports = Exports({python(UNTIL_TOLD)!r})
export = exports.start(Order((run,), "run.mp4", (), ("x",)))
while not export.total:
    time.sleep(0.01)
print(export.making._process.pid, flush=True)
if sys.argv[1] == "killed":
    os.kill(os.getpid(), 9)
"""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ended_ = subprocess.run([sys.executable, "-c", code, "ends"], env=environment, capture_output=True, text=True)
    assert ended_.returncode == 0, ended_.stderr
    until(lambda: not alive(int(ended_.stdout)))
    assert list(tmp_path.glob(f"{PREFIX}*")) == []
    killed = subprocess.run([sys.executable, "-c", code, "killed"], env=environment, capture_output=True, text=True)
    gate.touch()
    [folder] = tmp_path.glob(f"{PREFIX}*")
    os.utime(folder / OWNER, (0, 0))
    until(lambda: not alive(int(killed.stdout)))
    mine = Exports(python(WRITE))
    run = gan1d.load(HERE / "assets" / "divergence.npz")
    ended(mine.start(order(run)))
    [mine_] = tmp_path.glob(f"{PREFIX}*")
    assert mine_ != folder
    Exports(python(WRITE))._folder()
    assert mine_.exists()  # a living server's stays
    del mine
    gc.collect()
    until(lambda: not mine_.exists())
