"""Jobs: they run in line, outlive what started them, are cancelled and begun again, and are never mistaken for another process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.jobs import Job, Jobs, jobs
from app.keeper import KEEPER, LOG, STATE
from app.processes import born, identity, is_alive, read, write

ROOT = Path(__file__).parents[2]
UNTIL_TOLD = "import pathlib, time\nwhile not pathlib.Path('go').exists(): time.sleep(0.02)\n"


def python(code: str) -> list[str]:
    return [sys.executable, "-S", "-c", code]


@pytest.fixture
def all_(tmp_path: Path) -> Iterator[Jobs]:
    found = Jobs(tmp_path / "jobs")
    yield found
    for job in found.all():
        if job.is_alive:
            found.cancel(job.name)


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def state(all_: Jobs, name: str) -> str:
    job = all_.find(name)
    return job.state if job else "none"


def in_state(all_: Jobs, name: str, wanted: str) -> Job:
    until(lambda: state(all_, name) == wanted)
    found = all_.find(name)
    assert found
    return found


def test_a_job_runs_in_its_folder_with_its_files_and_ends(all_: Jobs) -> None:
    code = "import pathlib; pathlib.Path('out.txt').write_text(pathlib.Path('in.txt').read_text().upper())"
    begun = all_.start("a", python(code), {"in.txt": "words"}, {"of": "mine"})
    assert begun.state == "waiting" and begun.note == {"of": "mine"}
    job = in_state(all_, "a", "done")
    assert (job.folder / "out.txt").read_text() == "WORDS"
    assert job.started and job.ended and job.queued <= job.started <= job.ended
    assert all_.find("b") is None


def test_what_goes_wrong_is_said_in_its_last_line(all_: Jobs) -> None:
    all_.start("a", python("import sys; print('first', file=sys.stderr); sys.exit('training.lr_g: 7 is not allowed')"))
    assert in_state(all_, "a", "failed").why == "training.lr_g: 7 is not allowed"
    all_.start("b", ["/no/such/program"])
    assert "No such file" in in_state(all_, "b", "failed").why


def test_jobs_run_one_at_a_time_in_the_order_they_were_asked_for(all_: Jobs) -> None:
    for name in "abc":
        all_.start(name, python(UNTIL_TOLD))
    in_state(all_, "a", "running")
    assert [state(all_, name) for name in "bc"] == ["waiting", "waiting"]
    assert [all_.find(name).before for name in "bc"] == [1, 2]  # type: ignore[union-attr]
    all_.cancel("b")
    assert state(all_, "b") == "stopped"
    assert all_.find("c").before == 1  # type: ignore[union-attr]
    (all_.folder("a") / "go").touch()
    in_state(all_, "c", "running")
    assert state(all_, "a") == "done"
    assert [job.name for job in all_.all()] == ["c", "b", "a"]


def test_starting_twice_starts_once(all_: Jobs) -> None:
    all_.start("a", python(UNTIL_TOLD))
    first = in_state(all_, "a", "running")
    assert all_.start("a", python("")) == first
    assert first.started == in_state(all_, "a", "running").started


def test_a_cancelled_job_is_stopped_as_by_ctrl_c_and_begins_again(all_: Jobs) -> None:
    code = "import pathlib, time\ntry: time.sleep(60)\nexcept KeyboardInterrupt: pathlib.Path('tidy').touch(); raise SystemExit(130)"
    all_.start("a", python(code))
    in_state(all_, "a", "running")
    time.sleep(0.3)  # the command is in its sleep
    all_.cancel("a")
    assert state(all_, "a") == "stopped" and (all_.folder("a") / "tidy").exists()
    all_.start("a", python("pass"))
    in_state(all_, "a", "done")


def test_a_job_outlives_the_process_that_started_it(all_: Jobs) -> None:
    """As a server that ends, or is killed, with its whole process group."""
    start = (
        "from app.jobs import Jobs; from pathlib import Path; import sys, os, signal\n"
        f"Jobs(Path(sys.argv[1])).start('a', [sys.executable, '-S', '-c', {UNTIL_TOLD!r}])\n"
        "os.killpg(0, signal.SIGKILL)"
    )
    server = subprocess.Popen([sys.executable, "-c", start, str(all_.root)], cwd=ROOT, start_new_session=True)
    assert server.wait(20) == -signal.SIGKILL
    in_state(all_, "a", "running")
    (all_.folder("a") / "go").touch()
    in_state(all_, "a", "done")


def test_a_killed_keeper_leaves_its_command_the_turn_until_it_ends(all_: Jobs) -> None:
    all_.start("a", python(UNTIL_TOLD))
    in_state(all_, "a", "running")
    os.kill(read(all_.folder("a") / KEEPER)["pid"], signal.SIGKILL)
    until(lambda: not is_alive(read(all_.folder("a") / KEEPER)))
    all_.start("b", python(UNTIL_TOLD))
    time.sleep(0.8)  # more than two looks
    assert (state(all_, "a"), state(all_, "b")) == ("running", "waiting")
    all_.cancel("a")
    assert state(all_, "a") == "stopped"
    in_state(all_, "b", "running")


def test_after_a_restart_of_the_machine_a_job_is_stopped(all_: Jobs) -> None:
    """Its numbers then belong to other processes, here to this one."""
    all_.start("a", python("pass"))
    in_state(all_, "a", "done")
    other = {"pid": os.getpid(), "born": "another boot 17"}
    write(all_.folder("a") / KEEPER, other)
    write(all_.folder("a") / STATE, {"state": "running", "keeper": other, "child": other})
    assert state(all_, "a") == "stopped"
    all_.cancel("a")  # and this process is left alone


def test_no_ended_process_is_left_behind(all_: Jobs) -> None:
    all_.start("a", python("pass"))
    pid = read(all_.folder("a") / KEEPER)["pid"]
    in_state(all_, "a", "done")
    until(lambda: not Path(f"/proc/{pid}").exists())


def test_jobs_leave_the_cores_to_what_the_user_does(all_: Jobs) -> None:
    all_.start("a", python("import os; print(os.nice(0))"))
    assert (in_state(all_, "a", "done").folder / LOG).read_text().strip() == "19"


def test_the_oldest_ended_jobs_are_forgotten(all_: Jobs) -> None:
    for name in ("map-1", "map-2", "other-1", "map-3"):
        all_.start(name, python("pass"))
    for name in ("map-1", "map-2", "other-1", "map-3"):
        in_state(all_, name, "done")
    all_.keep("map-", 2)
    assert [job.name for job in all_.all()] == ["map-3", "other-1", "map-2"]


def test_damaged_files_are_no_job(all_: Jobs) -> None:
    all_.folder("a").mkdir(parents=True)
    (all_.folder("a") / "job.json").write_text('{"queued": 1.0')
    assert all_.find("a") is None and all_.all() == []


def test_a_process_is_known_by_more_than_its_number() -> None:
    child = subprocess.Popen(python("input()"), stdin=subprocess.PIPE)
    known = identity(child.pid)
    assert is_alive(known) and not is_alive(known | {"born": "0"}) and not is_alive(None)
    child.kill()
    until(lambda: born(child.pid) is None)  # not yet waited for: a zombie is no process
    child.wait()
    assert not is_alive(known)


def test_the_place_follows_the_xdg_base_directories(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert jobs().root == tmp_path / "gan1d" / "jobs"
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert jobs().root == tmp_path / "home" / ".local" / "state" / "gan1d" / "jobs"
