"""The script of a run: run as it stands, it makes the same run; whatever its labels say, it runs nothing else."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gan1d
from gan1d import carried
from gan1d.catalogue import scenarios
from gan1d.config import Config
from gan1d.history import Part, play
from gan1d.render.script import own_settings, script
from gan1d.trajectory import Trajectory


def executed(code: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Trajectory]:
    """Runs a script in a folder; the runs that it has saved, by name."""
    monkeypatch.chdir(folder)
    exec(compile(code, "script.py", "exec"), {"__name__": "__main__"})
    return [gan1d.load(path) for path in sorted(folder.glob("*.npz"))]


def same(first: Trajectory, second: Trajectory) -> None:
    assert first.config == second.config
    for name, values in first.arrays.items():
        np.testing.assert_array_equal(values, second.arrays[name])


def test_it_makes_the_same_run_and_says_how_it_ended(
    linear_run: Trajectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code = script([linear_run])
    (again,) = executed(code, tmp_path, monkeypatch)
    same(linear_run, again)
    assert capsys.readouterr().out == f"{linear_run.diagnosis.kind}. {linear_run.diagnosis.evidence}\n"
    assert len(code.split("# What")[0].splitlines()) < 20


def test_it_makes_several_and_those_that_went_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Config.from_dict(
        {
            "data": {"means": [2], "stds": [1]},
            "discriminator": {"hidden": [8]},
            "training": {"iterations": 30, "frames": 15},
        }
    )
    slower = first.replace(**{"training.lr_g": 0.005, "data.means": [2.5]})
    other = first.replace(**{"data.kind": "uniform", "data.low": -1.0, "data.high": 2.0})
    runs = [
        gan1d.train(first),
        play([Part(first, 10), Part(slower, 20), Part(slower, 30, hold_g=True)]),
        gan1d.train(other),
        gan1d.train(first, iterations=20),
    ]
    found = executed(script(runs, ["first", "it goes on", "uniform", "short"]), tmp_path, monkeypatch)
    assert len(found) == 4
    for run, again in zip(runs, found, strict=True):
        same(run, again)


@pytest.mark.parametrize("name", scenarios)
def test_only_what_is_not_the_default_is_written(name: str) -> None:
    config = scenarios[name].config
    run = carried.Carried("", (carried.Stretch(config, config.training.iterations),))
    tree = ast.parse(script([run]))
    call = next(n for n in ast.walk(tree) if isinstance(n, ast.Call) and "from_dict" in ast.unparse(n.func))
    written = ast.literal_eval(call.args[0])
    assert Config.from_dict(written) == config
    usual = Config.from_dict({"data": written["data"]}).to_dict()
    for section, fields in written.items():
        for field, value in fields.items():
            assert section == "data" or usual[section][field] != value, f"{section}.{field}"
    assert max(map(len, script([run]).split("# What")[0].splitlines())) <= 120


def test_the_record_is_read_back(linear_run: Trajectory, critic_run: Trajectory, tmp_path: Path) -> None:
    path = tmp_path / "runs.py"
    path.write_text(script([linear_run, critic_run], ["one", "the 'other' \\ <one>"]), "utf-8")
    found = carried.read(path)
    assert [run.config for run in found] == [linear_run.config, critic_run.config]
    assert [run.label for run in found] == ["one", "the 'other' \\ <one>"]


@settings(deadline=None, max_examples=60)
@given(
    st.text(st.characters(codec="utf-8"))
    | st.sampled_from(["\nimport os", "'''", '"""', "\\", "'\nx='", "\x00", "\r", "\x0c", "\u2028"])
)
def test_a_label_is_never_code(label: str) -> None:
    config = scenarios["gaussian-linear"].config
    run = carried.Carried("", (carried.Stretch(config, config.training.iterations),))
    code = script([run, run], [label, "b"])
    plain = script([run, run], ["", "b"])
    names = re.compile(r"RECORD = .*")
    bare = [ast.dump(ast.parse(names.sub("", text))) for text in (code, plain)]
    assert bare[0] == bare[1]
    assert [each.label for each in carried.parse(ast.literal_eval(code.split("RECORD = ")[-1].strip()))] == [label, "b"]


def test_equal_shares_are_not_written() -> None:
    equal = Config.from_dict({"data": {"means": [1, 2, 3], "stds": [1, 1, 1]}})
    assert own_settings(equal)["data"] == {"means": (1.0, 2.0, 3.0), "stds": (1.0, 1.0, 1.0)}
    other = Config.from_dict({"data": {"means": [1, 2], "stds": [1, 1], "weights": [1, 3]}})
    assert own_settings(other)["data"]["weights"] == (0.25, 0.75)
    t = {"kind": "student_t", "df": 3.0, "loc": 1.0, "scale": 2.0}
    assert own_settings(Config.from_dict({"data": t}))["data"] == t


def test_a_run_that_went_on_from_another_says_so(linear_run: Trajectory) -> None:
    later = gan1d.train(linear_run.config, start=linear_run.state_at(100), iterations=50)
    assert "It went on from iteration 100" in script([later])
