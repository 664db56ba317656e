"""The notebook in docs: it runs from top to bottom in a fresh kernel, shows the player, and what its text says is so."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
PATH = ROOT / "docs" / "phenomena.ipynb"
LARGEST = 60_000
"""Letters of an output that may be stored: a line of text, a small picture."""


@pytest.fixture(scope="module")
def cells() -> list[Any]:
    """The notebook's cells with their outputs, run beside no other file and with nothing installed but what gan1d needs."""
    notebook = nbformat.read(PATH, as_version=4)
    for cell in notebook.cells:
        cell.pop("outputs", None)
        if cell.cell_type == "code":
            cell.outputs = []
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    client = NotebookClient(
        notebook, timeout=100, kernel_name="python3", resources={"metadata": {"path": str(PATH.parent)}}
    )
    client.execute(env=environment)
    return list(notebook.cells)


def outputs(cells: list[Any], ending: str) -> dict[str, Any]:
    """What a cell shows whose source ends so, by media type."""
    cell = next(cell for cell in cells if cell.cell_type == "code" and cell.source.endswith(ending))
    (shown,) = [output.data for output in cell.outputs if "data" in output]
    return dict(shown)


def printed(cells: list[Any], holding: str) -> str:
    cell = next(cell for cell in cells if cell.cell_type == "code" and holding in cell.source)
    return "".join(output.text for output in cell.outputs if output.output_type == "stream" and output.name == "stdout")


@pytest.mark.timeout(240)
def test_a_run_as_a_last_line_is_the_player_and_a_picture(cells: list[Any]) -> None:
    for name in ("converged", "averaged", "collapsed"):
        shown = outputs(cells, name)
        assert "<iframe" in shown["text/html"] and "createPlayer" in shown["text/html"]
        assert shown["image/png"].startswith("iVBORw0KGgo")
        assert shown["text/plain"].startswith("Trajectory(")
    assert "application/vnd.plotly.v1+json" in outputs(cells, "collapsed.figure()")


@pytest.mark.timeout(240)
def test_what_it_says_is_so(cells: list[Any]) -> None:
    converged = printed(cells, "scenario.rate")
    assert converged.startswith("converged\n")
    mean, std, w1, before = map(float, re.findall(r"-?\d+\.\d+", converged)[:4])
    assert abs(mean - 15) < 0.7 and abs(std - 7) < 1.05 and w1 < 0.1 * before
    averaged = printed(cells, "between =")
    assert averaged.startswith("mode averaging\n")
    mean, std, data, generated = map(float, re.findall(r"-?\d+\.\d+", averaged))
    assert abs(mean) < 0.35 * np.sqrt(10) and abs(std / np.sqrt(10) - 1) < 0.25
    assert generated > 3 * data
    collapsed = printed(cells, "generated mass within")
    assert collapsed.startswith("mode collapse\n") and "[1. 0.]" in collapsed
    seeds = printed(cells, "for seed").splitlines()
    assert [line.split()[0] for line in seeds] == ["1", "2", "3", "4"]
    assert sum("mode collapse" in line for line in seeds) >= 3


@pytest.mark.timeout(240)
def test_nothing_is_printed_that_should_not_be(cells: list[Any]) -> None:
    for cell in cells:
        for output in cell.get("outputs", []):
            assert output.output_type != "error"
            assert output.get("name") != "stderr", output.text


def test_little_is_stored() -> None:
    notebook = nbformat.read(PATH, as_version=4)
    nbformat.validate(notebook)
    stored = [
        str(data)
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        for data in output.get("data", {}).values()
    ]
    assert all(len(data) < LARGEST for data in stored)
    assert PATH.stat().st_size < 200_000
    assert not any(
        "text/html" in output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", [])
    )
