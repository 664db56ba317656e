"""What tests of the app's exports share."""

from pathlib import Path

import pytest


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file for which the fake commands wait; and the folder for what is temporary is this test's own."""
    monkeypatch.setenv("GATE", str(tmp_path / "gate"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    return tmp_path / "gate"
