"""README's promises that a machine can check."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
CACHE = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
ENVIRONMENT = {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": CACHE}
"""Programs that other tests compiled are at hand; nothing else of this user is."""
README = (ROOT / "README.md").read_text("utf-8")


def test_it_names_only_files_that_are_there() -> None:
    names = re.findall(r"\]\(([^)#:]+)\)", README)
    assert names
    assert [name for name in names if not (ROOT / name).exists()] == []


def test_its_python_runs(tmp_path: Path) -> None:
    [code] = re.findall(r"```python\n(.*?)```", README, re.S)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=ENVIRONMENT | {"HOME": str(tmp_path)},
        text=True,
        stderr=-1,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run.npz").exists()


def test_its_commands_run(tmp_path: Path) -> None:
    [block] = [b for b in re.findall(r"```\n(.*?)```", README, re.S) if "gan1d scenarios" in b]
    for line in block.splitlines()[1:]:
        command = line.split("#")[0].split()
        assert command[0] == "gan1d"
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=tmp_path,
            env=ENVIRONMENT | {"HOME": str(tmp_path)},
            text=True,
            stdout=-1,
            stderr=-1,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout
