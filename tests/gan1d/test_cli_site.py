"""`gan1d site`: what is printed, and how it ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import gan1d
from gan1d import catalogue
from gan1d import lessons as course
from gan1d.render.site.folder import MARK

ROOT = Path(__file__).resolve().parents[2]


def everything(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    """A catalogue of one scenario, and no lessons."""
    monkeypatch.setattr(catalogue, "scenarios", {"divergence": gan1d.scenarios["divergence"]})
    monkeypatch.setattr(course, "lessons", dict)


def test_the_command_says_what_it_wrote(little: None, gan1d_, tmp_path: Path) -> None:
    code, out, err = gan1d_("site", "out", "--json")
    report = json.loads(out)
    assert code == 0 and "Traceback" not in err
    files = everything(tmp_path / "out")
    assert report["folder"] == "out" and report["pages"] == 2 and report["files"] == len(files) - 1  # but for the mark
    assert report["bytes"] == sum(len(content) for name, content in files.items() if name != MARK)
    assert report["seconds"] > 0 and report["trained"] == 0 and set(report["scenarios"]) == {"divergence"}
    code, out, _ = gan1d_("site", "out")
    assert code == 0 and out.startswith("out/index.html: 2 pages, ") and out.count("\n") == 1


@pytest.mark.parametrize(
    ("folder", "said"),
    [("a/b", "there is no folder 'a'"), ("file", "it must be a folder"), ("full", "it holds other files")],
)
def test_a_place_that_cannot_be_is_one_line(little: None, gan1d_, tmp_path: Path, folder: str, said: str) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("x")
    before = everything(tmp_path)
    code, out, err = gan1d_("site", folder)
    assert code == 2 and out == "" and err.count("\n") == 1
    assert err.startswith(f"gan1d: DIR: '{folder}' is not allowed; {said}") and everything(tmp_path) == before


def test_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "gan1d", "site", "out"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        stderr=subprocess.PIPE,
        text=True,
    ) as p:
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob(".gan1d-site-*/runs/*")) and time.monotonic() < deadline:
            time.sleep(0.05)
        p.send_signal(signal.SIGINT)
        try:
            _, err = p.communicate(timeout=60)
        finally:
            p.kill()
    assert p.returncode == 130 and "Traceback" not in err
    assert list(tmp_path.iterdir()) == []
