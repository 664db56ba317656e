"""Several processes of one sweep: the same numbers as one, and all end when one does."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from gan1d import hosts
from gan1d.config import Config, ConfigError
from gan1d.results import Rows
from gan1d.sweep import Axis, Sweep, read, run

ROOT = Path(__file__).resolve().parents[2]
CONFIG = {
    "data": {"means": [-2, 3], "stds": [1, 0.7], "weights": [2, 1]},
    "discriminator": {"hidden": [8]},
    "training": {"iterations": 100, "lr_g": 0.05},
}
VARY = "training.lr_g=1e-3:1:5:log"
SEEDS = 7


def test_two_processes_find_what_one_finds(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "gan1d",
        "sweep",
        str(tmp_path / "config.json"),
        "--vary",
        VARY,
        "--seeds",
        str(SEEDS),
    ]
    command += ["--json", "-o", str(tmp_path / "two"), "--coordinator", f"localhost:{port}", "--processes", "2"]
    both = [
        subprocess.Popen(
            [*command, "--process-id", str(i)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for i in range(2)
    ]
    try:
        (out, errors), (nothing, more) = (process.communicate(timeout=110) for process in both)
    finally:
        for process in both:
            process.kill()
    assert [process.returncode for process in both] == [0, 0], errors + more
    assert nothing == "" and json.loads(out)["done"] == 5 * SEEDS
    one = run(Sweep(Config.from_dict(CONFIG), (Axis.parse(VARY),), SEEDS), tmp_path / "one")
    two = read(tmp_path / "two")
    assert np.array_equal(one.outcome, two.outcome)
    for name, values in one.metrics.items():
        np.testing.assert_allclose(two.metrics[name], values, rtol=1e-6, err_msg=name)


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (("there", 2, 0), ("--coordinator", "there", "HOST:PORT")),
        (("there:80", None, 0), ("--processes", "whole number from 1")),
        (("there:80", 0, 0), ("--processes", "0", "whole number from 1")),
        (("there:80", 2, 2), ("--process-id", "2", "from 0 to 1")),
        (("there:80", 2, None), ("--process-id", "from 0 to 1")),
        ((None, 2, 0), ("--coordinator", "HOST:PORT")),
    ],
)
def test_who_else_there_is_must_be_said_whole(given: tuple, names: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as refused:
        hosts.join(*given)
    assert all(name in str(refused.value) for name in names)


def test_alone_nothing_is_joined() -> None:
    hosts.join(None, None, None)
    assert hosts.place() == (0, 1)
    assert hosts.shares([1, 2, 3]) == (slice(0, None, 1), 3)
    assert hosts.told(np.array([1, 2]), np.zeros(2)).tolist() == [1, 2]


# ---- how processes tell each other, with another one played here


def chunks(*places: list[int]) -> Iterator[Rows]:
    for some in places:
        yield np.array(some), np.full((len(some), 3), some[0], float)


@pytest.fixture
def other(monkeypatch):
    """The other process: what it says each round, and what this one said to it."""
    said: list[np.ndarray] = []
    says: list[tuple[Rows, bool]] = []

    def together(sent: np.ndarray) -> np.ndarray:
        said.append(sent)
        (places, rows), ends = says[len(said) - 1]
        theirs = np.full_like(sent, -1)
        theirs[0, 0] = ends
        theirs[1 : 1 + len(places), 0], theirs[1 : 1 + len(places), 1:] = places, rows
        return np.stack([sent, theirs])

    monkeypatch.setattr(hosts.multihost_utils, "process_allgather", together)
    return says, said


NOTHING: Rows = (np.zeros(0), np.zeros((0, 3)))


def test_everyone_gets_all_that_is_found(other) -> None:
    says, _ = other
    says += [(next(chunks([4, 5])), False), (NOTHING, False)]
    found = list(hosts.pooled(chunks([0, 1], [2]), 2, size=2, columns=3))
    assert [places.tolist() for places, _ in found] == [[0, 1, 4, 5], [2]]
    assert found[0][1][:, 0].tolist() == [0, 0, 4, 4]


def test_one_that_ends_ends_the_others(other) -> None:
    says, _ = other
    says += [(NOTHING, False), (NOTHING, True)]
    with pytest.raises(hosts.OtherEndedError, match="before its time"):
        list(hosts.pooled(chunks([0], [1], [2]), 3, size=1, columns=3))


def failing() -> Iterator[Rows]:
    yield from chunks([0])
    raise KeyboardInterrupt


def test_one_that_fails_says_so_and_fails(other) -> None:
    says, said = other
    says += [(NOTHING, False)] * 2
    with pytest.raises(KeyboardInterrupt):
        list(hosts.pooled(failing(), 3, size=1, columns=3))
    assert [sent[0, 0] for sent in said] == [0, 1]


def test_one_whose_results_cannot_be_kept_says_so(other) -> None:
    says, said = other
    says += [(NOTHING, False)] * 2
    found = hosts.pooled(chunks([0], [1], [2]), 3, size=1, columns=3)
    next(found)
    found.close()
    assert [sent[0, 0] for sent in said] == [0, 1]


def test_ctrl_c_while_they_talk_waits_for_the_next_round(other, monkeypatch) -> None:
    """Else the others would wait for an answer that never comes."""
    says, said = other
    says += [(NOTHING, False)] * 2
    talk = hosts.multihost_utils.process_allgather

    def interrupted(sent: np.ndarray) -> np.ndarray:
        if not said:
            os.kill(os.getpid(), signal.SIGINT)
        return talk(sent)

    monkeypatch.setattr(hosts.multihost_utils, "process_allgather", interrupted)
    with pytest.raises(KeyboardInterrupt):
        list(hosts.pooled(chunks([0], [1], [2]), 3, size=1, columns=3))
    assert [sent[0, 0] for sent in said] == [0, 1]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
