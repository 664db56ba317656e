"""A trajectory as CSV and JSON, for a spreadsheet or another language."""

from __future__ import annotations

import csv
import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gan1d.config import ConfigError
from gan1d.trajectory import Trajectory
from gan1d.writing import Writing

FORMATS = ("npz", "csv", "json")


def export(run: Trajectory, out: str | os.PathLike[str], kind: str | None = None) -> list[Path]:
    """Writes a run in the format that the name ends in, or in `kind`; whole or not at all. Returns the files written.

    Raises:
      ConfigError: an ending that is not known.
    """
    path, kind = Path(out), _kind(out, kind)
    if kind == "npz":
        run.save(path)
    elif kind == "json":
        with Writing(path) as beside:
            beside.write_text(json.dumps(as_json(run), allow_nan=False), "utf-8")
    else:
        second = path.with_suffix(".densities.csv")
        with Writing(path) as beside, Writing(second) as beside_second:
            _write_csv(beside, *scalars(run))
            _write_csv(beside_second, *densities(run))
        return [path, second]
    return [path]


def export_several(
    runs: Mapping[str, Trajectory], record: str, out: str | os.PathLike[str], kind: str | None = None
) -> list[Path]:
    """Writes runs by their names in one file, whole or not at all. Returns the files written.

    npz: `record`, and each run's arrays, config and summary as NAME_KEY. json: the record, its runs with all that `as_json` has. csv: the
    tables of all one after another, with the run's name in the first column; what a run does not have is empty.

    Args:
      runs: name -> run.
      record: JSON text of an object with a list "runs", what the file carries of each.

    Raises:
      ConfigError: an ending that is not known.
    """
    path, kind = Path(out), _kind(out, kind)
    if kind == "csv":
        second = path.with_suffix(".densities.csv")
        with Writing(path) as beside, Writing(second) as beside_second:
            _write_csv(beside, *_joined({name: scalars(run) for name, run in runs.items()}))
            _write_csv(beside_second, *_joined({name: densities(run) for name, run in runs.items()}))
        return [path, second]
    with Writing(path) as beside:
        if kind == "json":
            carried = json.loads(record)
            rows = zip(carried["runs"], runs.items(), strict=True)
            carried["runs"] = [row | {"name": name} | as_json(run) for row, (name, run) in rows]
            beside.write_text(json.dumps(carried, allow_nan=False), "utf-8")
        else:
            content: dict[str, Any] = {"record": np.array(record)}
            for name, run in runs.items():
                texts = {"config": run.config.to_json(), "summary": json.dumps(run.summary)}
                own = run.arrays | {key: np.array(text) for key, text in texts.items()}
                content |= {f"{name}_{key}": values for key, values in own.items()}
            with beside.open("wb") as file:
                np.savez_compressed(file, **content)
    return [path]


def _kind(out: str | os.PathLike[str], kind: str | None) -> str:
    kind = kind or Path(out).suffix.removeprefix(".").lower()
    if kind not in FORMATS:
        raise ConfigError("OUT", str(out), "its name must end in " + ", ".join(f".{f}" for f in FORMATS))
    return kind


def _joined(tables: Mapping[str, tuple[list[str], list[np.ndarray]]]) -> tuple[list[str], list[np.ndarray]]:
    """Tables under one another, with the name of each in the first column; None where one has not the column of another."""
    columns = list(dict.fromkeys(column for names, _ in tables.values() for column in names))
    parts: dict[str, list[np.ndarray]] = {column: [] for column in ("run", *columns)}
    for name, (names, values) in tables.items():
        own = dict(zip(names, values, strict=True))
        rows = len(values[0])
        parts["run"].append(np.full(rows, name, object))
        for column in columns:
            parts[column].append(own.get(column, np.full(rows, None, object)))
    return list(parts), [np.concatenate(found) for found in parts.values()]


def as_json(run: Trajectory) -> dict[str, Any]:
    """Config, summary, diagnosis and every array as nested lists; what is not finite as null."""
    arrays = {name: _plain(array) for name, array in run.arrays.items()}
    return {
        "config": run.config.to_dict(),
        "summary": run.summary,
        "diagnosis": run.diagnosis._asdict(),
        **arrays,
    }


def scalars(run: Trajectory) -> tuple[list[str], list[np.ndarray]]:
    """One row a recorded state, one column a scalar; names and columns (F,)."""
    not_states = {"x", "z", "p_data"}
    flat = {name: values for name, values in run.arrays.items() if values.ndim == 1 and name not in not_states}
    flat |= {f"mode_mass_{k}": run.mode_mass[:, k] for k in range(run.mode_mass.shape[1])}
    flat |= {"mass_left": run.mass_outside[:, 0], "mass_right": run.mass_outside[:, 1]}
    return list(flat), list(flat.values())


def densities(run: Trajectory) -> tuple[list[str], list[np.ndarray]]:
    """One row a recorded state and grid point: iteration, x, p_data, p_gen, d, d_star."""
    frames, cells = run.p_gen.shape
    columns = {
        "iteration": np.repeat(run.iteration, cells),
        "x": np.tile(run.x, frames),
        "p_data": np.tile(run.p_data, frames),
        "p_gen": run.p_gen.ravel(),
        "d": run.d.ravel(),
    }
    if run.d_star is not None:
        columns["d_star"] = run.d_star.ravel()
    return list(columns), list(columns.values())


def _write_csv(path: Path, names: list[str], columns: list[np.ndarray]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows(zip(*(column.tolist() for column in columns), strict=True))


def _plain(values: Any) -> Any:
    if isinstance(values, np.ndarray):
        return _plain(values.tolist())
    if isinstance(values, list):
        return [_plain(v) for v in values]
    return values if not isinstance(values, float) or math.isfinite(values) else None
