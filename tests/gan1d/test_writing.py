"""Files that are written whole or not at all."""

import os
import time
from pathlib import Path

import pytest

from gan1d.writing import Writing


@pytest.mark.parametrize("end", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_end_half_way_leaves_what_was_there(end: type[BaseException], tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("before")
    with pytest.raises(end), Writing(path) as beside:
        beside.write_text("half")
        raise end
    assert path.read_text() == "before" and os.listdir(tmp_path) == ["a.txt"]


def test_a_written_file_is_as_readable_as_any_other(tmp_path: Path) -> None:
    old = os.umask(0o022)
    try:
        with Writing(tmp_path / "a.txt") as beside:
            beside.write_text("x")
    finally:
        os.umask(old)
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o644


def test_what_a_killed_process_left_goes_when_the_file_is_written_again(tmp_path: Path) -> None:
    old = [tmp_path / ".a-k3_x90ab.txt"]
    kept = [tmp_path / name for name in (".a-notes.txt", ".b-k3_x90ab.txt", ".a-k3_x90ab.txt~", ".a-abcdefgh.txt")]
    for path in (*old, *kept):
        path.write_text("half")
        os.utime(path, (time.time() - 2 * 3600,) * 2)
    os.utime(kept[-1])  # another process may be writing it
    with Writing(tmp_path / "a.txt") as beside:
        beside.write_text("whole")
    assert sorted(tmp_path.iterdir()) == sorted([*kept, tmp_path / "a.txt"])


def test_a_name_may_be_as_long_as_the_system_allows(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 251 + ".txt")
    with Writing(path) as beside:
        beside.write_text("whole")
    assert path.read_text() == "whole"
