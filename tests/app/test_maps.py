"""Maps as the page knows them: what can be varied, links there and back, how long one takes, jobs, and what is kept."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app import computing, mapped, maps, varying
from app.controls import shown_controls
from app.jobs import Job, Jobs
from app.maps import Looked, from_query, made, query
from app.state import current
from gan1d.axes import Axis, Sweep
from gan1d.catalogue import scenarios
from gan1d.config import Config, ConfigError
from gan1d.render.maps.cells import cells
from gan1d.results import Results, read

SMALL = Config.from_dict(
    {
        "data": {"means": [0, 4], "stds": [1, 1]},
        "discriminator": {"hidden": [8]},
        "training": {"batch": 4, "iterations": 40, "frames": 10},
    }
)
RATES = Axis("training.lr_d", (0.001, 0.01, 0.1))
LOSSES = Axis("training.loss", ("minimax", "non_saturating"))


def sweep_of(*axes: Axis, seeds: int = 2) -> Sweep:
    return made(SMALL, axes or (RATES, LOSSES), seeds)


@pytest.fixture
def all_(tmp_path: Path) -> Iterator[Jobs]:
    found = Jobs(tmp_path / "jobs")
    yield found
    for job in found.all():
        if job.is_alive:
            found.cancel(job.name)


# ---- what can be varied


@pytest.mark.parametrize("name", list(scenarios))
def test_every_number_of_the_lab_makes_an_axis_that_every_cell_can_have(name: str) -> None:
    config = scenarios[name].config
    other = Axis("training.lr_d", (0.01, 0.02))
    offered = varying.fields(config)
    assert {"training.lr_g", "training.lr_d", "training.k_d", "discriminator.l2"} <= {c.name for c in offered}
    for control in offered:
        if control.name == other.field:
            continue
        for low, high in (varying.span(control, current(config, control.name)), varying.ends(control)):
            if control.name.startswith("data.") and config.data.kind != "mixture":
                continue  # ends of a density push one another
            values = varying.values(control, low, high, 8)
            sweep = made(config, [Axis(control.name, values), other], 1)
            assert sweep.shape[0] == len(set(values)) >= 2
            assert values[0] == pytest.approx(low, rel=0.01) and values[-1] == pytest.approx(high, rel=0.01)


def test_rates_are_spaced_in_ratios_and_whole_numbers_come_once() -> None:
    controls = {c.name: c for c in shown_controls(SMALL)}
    rates = varying.values(controls["training.lr_g"], 0.001, 0.1, 5)
    assert rates == (0.001, 0.00316, 0.01, 0.0316, 0.1)
    assert varying.values(controls["training.k_d"], 1, 10, 24) == tuple(range(1, 11))
    assert varying.values(controls["generator.std"], 1.0, 3.0, 3) == (1.0, 2.0, 3.0)


def test_settings_that_are_chosen_make_an_axis_too() -> None:
    for control in varying.choices(SMALL):
        assert made(SMALL, [RATES, Axis(control.name, control.options)], 1).shape == (3, len(control.options))


@pytest.mark.parametrize(
    ("axes", "said"),
    [
        ([RATES], "two different settings"),
        ([RATES, RATES], "two different settings"),
        ([RATES, Axis("training.lr_g", tuple(np.geomspace(1e-3, 1, 25).tolist()))], "1 to 24 values"),
        ([RATES, Axis("data.means[7]", (1.0, 2.0))], "elements 0 to 1"),
        ([RATES, Axis("training.lr_g", (0.1, 7.0))], "7.0 is not allowed"),
    ],
)
def test_what_is_no_map_is_refused(axes: list[Axis], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        made(SMALL, axes, 1)


def test_axes_and_values_have_names_and_units() -> None:
    sweep = made(scenarios["far-modes-linear"].config, [Axis("data.means[1]", (4.0, 8.0)), LOSSES], 1)
    assert [varying.label(sweep, axis) for axis in sweep.axes] == ["Mode 2: mean (data units)", "Loss"]
    assert varying.side_of(LOSSES).labels == ("minimax (saturating)", "non-saturating")
    assert maps.title(sweep) == "means 2 × loss: 2 × 2 cells, 1 seeds"


# ---- links


def address(looked: Looked) -> str:
    return urlencode(query(looked), doseq=True)


@pytest.mark.parametrize("name", list(scenarios))
@pytest.mark.parametrize("show", maps.SHOWN)
def test_a_link_holds_a_map_exactly(name: str, show: str) -> None:
    config = scenarios[name].config.replace(**{"training.lr_d": 0.0123})
    axes = Axis("training.lr_g", (0.00152, 0.1)), Axis("training.k_d", (1, 5))
    looked = Looked(made(config, axes, 4), None, show)
    assert from_query("?" + address(looked)) == looked


@pytest.mark.parametrize("name", list(maps.shipped()))
def test_a_map_that_ships_is_linked_by_its_name(name: str) -> None:
    looked = Looked(maps.shipped()[name].sweep, name, "w1")
    assert address(looked) == f"map={name}&show=w1"
    assert from_query(address(looked)) == looked


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("map=nonesuch", "There is no map “nonesuch”"),
        ("show=colour", "“colour” is nothing that a map can show"),
        ("map=vanishing&show=colour", "“colour” is nothing that a map can show"),
        ("vary=training.lr_d=1,2", "two different settings"),
        ("vary=training.lr_d=0.1,7&vary=training.lr_g=0.1,0.2", "7"),
        ("vary=training.lr_q=0.1,0.2&vary=training.lr_g=0.1,0.2", "training.lr_q"),
        ("vary=training.lr_d=0.1,0.2&vary=training.lr_g=0.1,0.2&seeds=0", "1 to 64"),
        ("vary=training.lr_d=0.1,0.2&vary=training.lr_g=0.1,0.2&seeds=999999", "1 to 64"),
        ("vary=training.lr_d=0.1,0.2&vary=training.lr_g=0.1,0.2&training.k_d=99", "training.k_d"),
    ],
)
def test_what_is_wrong_with_a_link_is_said_and_a_map_is_shown(text: str, said: str) -> None:
    found = from_query(text)
    assert any(said in problem for problem in found.problems), found.problems
    assert len(found.sweep.axes) == 2


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=20))
@settings(max_examples=100, deadline=None)
def test_no_link_breaks_the_page(one: str, other: str, seeds: str) -> None:
    found = from_query(urlencode({"vary": [one, other], "seeds": seeds}, doseq=True))
    assert len(found.sweep.axes) == 2


# ---- how long it takes


def test_more_and_longer_and_larger_runs_are_more_work() -> None:
    sweep = sweep_of(seeds=16)
    work = computing.work(sweep)
    assert computing.work(sweep_of(seeds=32)) == pytest.approx(2 * work)
    assert computing.work(made(SMALL.replace(**{"training.iterations": 80}), sweep.axes, 16)) == pytest.approx(2 * work)
    assert computing.work(made(SMALL.replace(**{"discriminator.hidden": [64, 64]}), sweep.axes, 16)) > work
    k_d = made(SMALL, [Axis("training.k_d", (1, 2, 3)), LOSSES], 16)
    assert computing.work(k_d) == pytest.approx(1.5 * work)  # 2, 3 and 4 updates an iteration in place of 2


def test_runs_that_fill_no_chunk_take_as_long_as_a_chunk() -> None:
    from gan1d.lanes import LANES

    assert LANES["cpu"] == computing.LANES
    few, full = (made(SMALL, [Axis("training.k_d", (1, 2)), LOSSES], seeds) for seeds in (1, computing.LANES))
    assert computing.work(few) == computing.work(full)


def test_the_estimate_goes_by_what_this_machine_has_shown(all_: Jobs) -> None:
    sweep = sweep_of()
    assert not computing.is_measured(all_)
    rough = computing.seconds(sweep, all_)
    note = {"sweep": sweep.to_dict(), "done": 0, "work": 1e9}
    all_.start("map-1", [sys.executable, "-S", "-c", "pass"], note=note)
    while (job := all_.find("map-1")) and job.is_alive:
        time.sleep(0.02)
    assert computing.is_measured(all_)
    assert computing.seconds(sweep, all_) < rough


def test_the_time_left_goes_by_what_was_done_since_the_start() -> None:
    job = Job("map-1", Path(), "running", 0.0, started=100.0, note={"done": 20})
    assert computing.left(job, 20, 100, now=105.0) is None
    assert computing.left(job, 60, 100, now=100.0 + computing.GETTING_READY + 10) == pytest.approx(10.0)


# ---- jobs and results


def saved(sweep: Sweep, folder: Path, rows: int = 3) -> Results:
    """Results as far as the first rows."""
    found = Results.empty(sweep)
    found.outcome[:rows] = np.arange(sweep.seeds) % 2 + 4
    for values in found.metrics.values():
        values[:rows] = 0.5
    folder.mkdir(parents=True, exist_ok=True)
    found.save(folder)
    return found


def test_a_map_has_the_same_job_wherever_it_comes_from() -> None:
    sweep = sweep_of()
    assert computing.name_of(from_query(address(Looked(sweep))).sweep) == computing.name_of(sweep)
    assert computing.name_of(sweep_of(seeds=4)) != computing.name_of(sweep)


def test_the_job_runs_the_command_line_on_exactly_this_map(all_: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(computing, "COMMAND", (sys.executable, "-S", "-c", "pass"))
    job = computing.start(sweep_of(), all_)
    command = json.loads((job.folder / "job.json").read_text())["command"][4:]
    assert Config.from_json((job.folder / command[0]).read_text()) == SMALL
    axes = tuple(Axis.parse(command[i + 1]) for i, word in enumerate(command) if word == "--vary")
    assert Sweep(SMALL, axes, int(command[command.index("--seeds") + 1])) == sweep_of()
    assert "--resume" in command and command[command.index("-o") + 1] == computing.FOLDER
    assert [sweep for _, sweep in computing.kept(all_)] == [sweep_of()]


def test_results_are_read_as_far_as_they_are_and_damage_is_as_nothing(
    all_: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = sweep_of()
    folder = all_.folder(computing.name_of(sweep)) / computing.FOLDER
    assert computing.results(sweep, all_) is None
    saved(sweep, folder, rows=1)
    found = computing.results(sweep, all_)
    assert found and found.done == 4
    (folder / "results.npz").write_bytes(b"torn")
    assert computing.results(sweep, all_) is None
    monkeypatch.setattr(computing, "COMMAND", (sys.executable, "-S", "-c", "pass"))
    computing.start(sweep, all_)
    assert not folder.exists()  # or the command would refuse to go on with it


def test_only_so_many_maps_are_kept(all_: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(computing, "COMMAND", (sys.executable, "-S", "-c", "pass"))
    monkeypatch.setattr(computing, "KEPT", 3)
    for seeds in range(1, 6):
        computing.start(sweep_of(seeds=seeds), all_)
        while all_.all()[0].is_alive:
            time.sleep(0.02)
    assert [sweep.seeds for _, sweep in computing.kept(all_)] == [5, 4, 3]
    saved(sweep_of(seeds=3), all_.folder(computing.name_of(sweep_of(seeds=3))) / computing.FOLDER, rows=1)
    computing.start(sweep_of(seeds=3), all_)  # the oldest goes on, with what it has
    found = computing.results(sweep_of(seeds=3), all_)
    assert found and found.done == 6
    assert {sweep.seeds for _, sweep in computing.kept(all_)} == {5, 4, 3}


def test_the_table_has_every_cell_and_csv_reads_back(tmp_path: Path) -> None:
    import csv

    sweep = sweep_of()
    saved(sweep, tmp_path, rows=2)
    found = read(tmp_path)
    rows = mapped.table(sweep, found, cells(found.outcome, found.outcomes))
    assert rows["training.lr_d"] == [0.001, 0.001, 0.01, 0.01, 0.1, 0.1]
    assert rows["training.loss"] == ["minimax", "non_saturating"] * 3
    assert rows["outcome"] == ["tie"] * 4 + ["not done yet"] * 2
    assert rows["converged"] == [1] * 4 + [0] * 2 and rows["W1 (data units)"][4:] == [None, None]
    back = list(csv.DictReader(mapped.csv(rows).splitlines()))
    assert len(back) == 6 and back[0]["W1 (data units)"] == "0.5" and back[5]["W1 (data units)"] == ""


def test_noise_floors_belong_to_the_data_of_each_cell() -> None:
    """std / sqrt(batch) is the standard deviation of a mean."""
    sweep = made(SMALL.replace(**{"data.means": [0], "data.stds": [1]}), [Axis("data.stds[0]", (1.0, 2.0)), RATES], 1)
    floors = maps.floors_of(sweep, "mean")
    assert floors is not None
    np.testing.assert_allclose(floors, [[0.5] * 3, [1.0] * 3])
    assert maps.floors_of(sweep, "jsd") is None
