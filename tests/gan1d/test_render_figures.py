"""The Plotly figure of a run: its curves are the run's own numbers, at the states that its slider names."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest

import gan1d
from gan1d.catalogue import HERE
from gan1d.config import ConfigError
from gan1d.history import Part, play
from gan1d.render.axes import drawn_d
from gan1d.render.figures import MOST, STATES, figure
from gan1d.trajectory import Trajectory


def numbers(values: object) -> np.ndarray:
    """An array as Plotly writes it into JSON: a list, or base64 of its bytes."""
    if isinstance(values, dict):
        return np.frombuffer(base64.b64decode(values["bdata"]), values["dtype"])
    return np.asarray(values, float)


def drawn(run: Trajectory, states: int = STATES) -> dict:
    return json.loads(figure(run, states).to_json())


def test_every_state_has_its_curves(linear_run: Trajectory) -> None:
    found = drawn(linear_run)
    assert [int(frame["name"]) for frame in found["frames"]] == linear_run.iteration.tolist()
    assert [step["args"][0] for step in found["layout"]["sliders"][0]["steps"]] == [
        [f["name"]] for f in found["frames"]
    ]
    real, generated, d = found["data"]
    assert (real["name"], generated["name"], d["name"]) == ("real", "generated", "D(x)")
    assert d["yaxis"] == "y2" and "yaxis" not in real
    np.testing.assert_allclose(numbers(real["x"]), linear_run.x, rtol=1e-6)
    np.testing.assert_allclose(numbers(real["y"]), linear_run.p_data, rtol=1e-6)
    np.testing.assert_array_equal(numbers(generated["y"]), linear_run.p_gen[0])
    for state in (0, 7, len(linear_run) - 1):
        frame = found["frames"][state]
        assert frame["traces"] == [1, 2]
        np.testing.assert_array_equal(numbers(frame["data"][0]["y"]), linear_run.p_gen[state])
        np.testing.assert_array_equal(numbers(frame["data"][1]["y"]), linear_run.d[state])


def test_a_long_run_is_thinned_from_its_first_state_to_its_last() -> None:
    run = gan1d.load(HERE / "assets" / "gaussian-linear.npz")
    found = drawn(run)
    names = [int(frame["name"]) for frame in found["frames"]]
    assert len(names) == STATES and (names[0], names[-1]) == (0, int(run.iteration[-1]))
    assert np.ptp(np.diff(names)) <= 2 * 6  # a state is 6 iterations
    assert len(json.dumps(found)) < 1e6
    assert len(drawn(run, 2)["frames"]) == 2


@pytest.mark.parametrize("states", [1, MOST + 1, 2.5, "all"])
def test_states_out_of_range(linear_run: Trajectory, states: object) -> None:
    with pytest.raises(ConfigError, match=r"^states: "):
        figure(linear_run, states)  # type: ignore[arg-type]


def test_a_score_has_an_axis_of_its_own(critic_run: Trajectory, linear_run: Trajectory) -> None:
    found = drawn(critic_run)
    low, high = found["layout"]["yaxis2"]["range"]
    d = numbers(found["frames"][-1]["data"][1]["y"])
    np.testing.assert_array_equal(d, drawn_d(critic_run)[-1].astype(np.float32))
    assert low < 0 < high and "critic" in found["layout"]["yaxis2"]["title"]["text"]
    assert "shapes" not in found["layout"]  # no optimum
    assert drawn(linear_run)["layout"]["yaxis2"]["tickvals"] == [0, 0.5, 1]
    assert [shape["y0"] for shape in drawn(linear_run)["layout"]["shapes"]] == [0.5]


def test_other_data_from_some_state_on_is_seen() -> None:
    config = gan1d.Config.from_dict({"data": {"means": [0], "stds": [1]}, "training": {"iterations": 40, "frames": 20}})
    run = play([Part(config, 20), Part(config.replace(**{"data.means": [3.0]}), 40)])
    found = drawn(run)
    before, after = (numbers(found["frames"][state]["data"][0]["y"]) for state in (0, -1))
    assert run.x[np.argmax(before)] == pytest.approx(0, abs=0.2)
    assert run.x[np.argmax(after)] == pytest.approx(3, abs=0.2)


def test_a_run_has_its_figure_at_hand(linear_run: Trajectory) -> None:
    assert linear_run.figure().to_json() == figure(linear_run).to_json()
