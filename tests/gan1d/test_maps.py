"""Maps as numbers and as a figure: where cells lie, how their seeds ended, what is said of them, and that none is lost."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gan1d.diagnosis import KINDS
from gan1d.render.maps import cells as maps
from gan1d.render.maps import figure as drawn
from gan1d.render.maps.cells import NONE, STATES, TIE, cells, measured, metric, number, side, summary, told

NAMES = ("converged", "oscillating", "diverged")
CONVERGED, OSCILLATING, DIVERGED = range(3)


def of(*seeds: int) -> np.ndarray:
    """A map of one cell."""
    return np.array([[seeds]])


def state(*seeds: int) -> str:
    return STATES[cells(of(*seeds), NAMES).state[0, 0]]


# ---- where the cells lie


def test_even_values_lie_where_they_are() -> None:
    found = side([0, 2, 4])
    assert found.kind == "linear"
    assert found.at.tolist() == [0, 2, 4] and found.edges.tolist() == [-1, 1, 3, 5]


def test_even_ratios_lie_on_a_log_axis_with_edges_at_geometric_means() -> None:
    found = side([0.001, 0.01, 0.1])
    assert found.kind == "log"
    np.testing.assert_allclose(found.edges, [10**-3.5, 10**-2.5, 10**-1.5, 10**-0.5])
    assert [label for _, label in found.marks] == [
        "0.0005",
        "0.001",
        "0.002",
        "0.005",
        "0.01",
        "0.02",
        "0.05",
        "0.1",
        "0.2",
    ]


@pytest.mark.parametrize("count", [8, 12, 16, 24])
@pytest.mark.parametrize("ends", [(1e-3, 1e-1), (1e-5, 1.0), (0.02, 2.0)])
def test_values_rounded_to_three_figures_are_still_even(count: int, ends: tuple[float, float]) -> None:
    assert side([float(f"{v:.3g}") for v in np.geomspace(*ends, count)]).kind == "log"
    assert side([float(f"{v:.3g}") for v in np.linspace(*ends, count)]).kind == "linear"


@pytest.mark.parametrize("values", [["minimax", "hinge"], [1, 2, 4, 5, 9], [8, 16], [3.0], ["hinge"]])
def test_all_else_is_listed_in_its_order(values: list) -> None:
    found = side(values)
    assert found.kind == "listed"
    assert found.at.tolist() == list(range(len(values)))
    assert [label for _, label in found.marks] == [str(v).removesuffix(".0") for v in values]


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=24, unique=True).map(sorted))
def test_every_cell_lies_within_its_edges(values: list[float]) -> None:
    found = side(values)
    assert len(found.edges) == len(found.at) + 1 == len(found.labels) + 1
    assert (found.edges[:-1] < found.at).all() and (found.at < found.edges[1:]).all()


# ---- how the seeds ended


def test_the_most_frequent_outcome_is_the_cells_with_its_share_and_first_seed() -> None:
    found = cells(of(OSCILLATING, CONVERGED, DIVERGED, CONVERGED), NAMES)
    assert STATES[found.state[0, 0]] == "converged"
    assert found.share[0, 0] == 0.5 and found.first[0, 0] == 1 and found.done[0, 0] == 4
    assert told(found, 0, 0) == "4 of 4 seeds: 2 converged, 1 diverged, 1 oscillating"


def test_ties_and_what_is_not_done_are_said_to_be_so() -> None:
    assert state(CONVERGED, DIVERGED) == TIE
    assert state(-1, -1) == NONE
    assert state(-1, DIVERGED) == "diverged"
    assert told(cells(of(-1, -1), NAMES), 0, 0) == "not done yet"
    assert told(cells(of(-1, DIVERGED), NAMES), 0, 0) == "1 of 2 seeds: 1 diverged"


@given(arrays(int, (3, 2, 5), elements=st.integers(-1, 2)))
def test_no_run_is_lost_or_counted_twice(outcome: np.ndarray) -> None:
    found = cells(outcome, NAMES)
    for kind, name in enumerate(NAMES):
        assert (found.counts[..., KINDS.index(name)] == (outcome == kind).sum(axis=-1)).all()
    assert (found.done == (outcome >= 0).sum(axis=-1)).all()
    assert sum(summary(found).values()) == 6
    for place in np.ndindex(3, 2):
        name = STATES[found.state[place]]
        if name in NAMES:
            assert NAMES[outcome[place][found.first[place]]] == name


def test_a_metric_is_the_median_of_what_is_finite() -> None:
    found = metric("w1", np.array([[[1.0, 5.0, np.nan, 2.0], [np.nan, np.inf, np.nan, np.nan]]]))
    assert (found.median[0, 0], found.low[0, 0], found.high[0, 0]) == (2.0, 1.0, 5.0)
    assert np.isnan(found.median[0, 1])
    assert measured(found, 0, 0, 0.25) == "W1 2 data units, from 1 to 5; noise floor of a batch: 0.25"
    assert measured(found, 0, 1) == "W1: no finite value"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.00152, "0.00152"),
        (0.1, "0.1"),
        (-3.0, "−3"),
        (12345.0, "12345"),
        (0, "0"),
        (1e-7, "1.00e−07"),
        (float("nan"), "–"),
    ],
)
def test_numbers_are_said_in_three_figures(value: float, said: str) -> None:
    assert number(value) == said


def test_every_state_has_a_colour_and_a_symbol_of_its_own() -> None:
    symbols = maps.text()["symbols"]
    assert set(symbols) == set(drawn.COLOURS) == set(STATES)
    assert len(set(symbols.values())) == len(set(drawn.COLOURS.values())) == len(STATES)
    assert set(maps.text()["metrics"]) == set(maps.METRICS)


# ---- the figure


def luminance(colour: str) -> float:
    """WCAG 2.2's relative luminance."""
    c = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return float(np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("kind", [*KINDS, TIE])
def test_symbols_are_legible_on_their_colour(kind: str) -> None:
    """Contrast of large text by WCAG 2.2, 1.4.3: at least 3."""
    for share in (0.0, 0.5, 1.0):
        ground, ink = luminance(drawn.paler(drawn.colour(kind), share)), luminance(drawn.INK)
        assert (ground + 0.05) / (ink + 0.05) >= 3


def cell_of(figure: dict, x: int, y: int) -> list[dict]:
    """The layers that show something in a cell."""
    return [t for t in figure["data"] if t["type"] == "heatmap" and t["z"][y][x] is not None]


@given(arrays(int, (4, 3, 3), elements=st.integers(-1, 2)), st.booleans())
def test_every_cell_is_drawn_once_and_can_be_pressed(outcome: np.ndarray, is_metric: bool) -> None:
    found = cells(outcome, NAMES)
    values = metric("w1", np.where(outcome < 0, np.nan, outcome + 0.5)) if is_metric else None
    sides = (side([0.001, 0.01, 0.1, 1.0]), side(["a", "b", "c"]))
    figure = drawn.figure(sides, ("lr", "kind"), found, values)
    for x, y in np.ndindex(4, 3):
        assert len(cell_of(figure, x, y)) == 1
    squares = figure["data"][-1]
    assert sorted((i, j) for i, j, *_ in squares["customdata"]) == list(np.ndindex(4, 3))
    for at_x, at_y, (i, j, label, *_) in zip(squares["x"], squares["y"], squares["customdata"], strict=True):
        assert sides[0].edges[i] < at_x < sides[0].edges[i + 1] and at_y == j and label == sides[0].labels[i]


def test_plotly_takes_the_figure_and_it_is_the_map() -> None:
    go = pytest.importorskip("plotly.graph_objects")
    outcome = np.array([[[CONVERGED, CONVERGED], [CONVERGED, DIVERGED]], [[DIVERGED, DIVERGED], [-1, -1]]])
    found = cells(outcome, NAMES)
    figure = go.Figure(drawn.figure((side([1, 2]), side(["a", "b"])), ("x", "y"), found))
    assert len(figure.data) == 5  # converged, diverged, a tie, nothing, and what is pressed
    assert figure.layout.xaxis.fixedrange and figure.data[-1].marker.opacity == 0


def test_diverged_cells_stand_out_of_a_metrics_scale() -> None:
    outcome = np.array([[[CONVERGED], [DIVERGED]], [[OSCILLATING], [CONVERGED]]])
    values = metric("w1", np.array([[[0.1], [1e6]], [[0.2], [0.4]]]))
    scale, diverged, _ = drawn.figure((side([1, 2]), side([1, 2])), ("x", "y"), cells(outcome, NAMES), values)["data"]
    assert (scale["zmin"], scale["zmax"]) == (0.1, 0.4) and scale["z"][1][0] is None
    assert diverged["z"] == [[None, None], [1.0, None]]


def test_a_metric_of_many_sizes_is_coloured_by_powers() -> None:
    outcome = np.zeros((3, 1, 1), int)
    values = metric("w1", np.array([[[0.01]], [[1.0]], [[100.0]]]))
    scale = drawn.figure((side([1, 2, 3]), side([1])), ("x", "y"), cells(outcome, NAMES), values)["data"][0]
    np.testing.assert_allclose(scale["z"], [[-2, 0, 2]])
    bar = scale["colorbar"]
    assert [text for at, text in zip(bar["tickvals"], bar["ticktext"], strict=True) if at == 0] == ["1"]


def test_a_map_of_many_cells_takes_little_room_on_the_wire() -> None:
    import json

    outcome = np.zeros((24, 24, 16), int)
    axis = side([float(f"{v:.3g}") for v in np.geomspace(1e-3, 0.1, 24)])
    figure = drawn.figure((axis, axis), ("Learning rate of D", "Learning rate of G"), cells(outcome, NAMES))
    assert len(json.dumps(figure)) < 80_000


# ---- colours for everybody

# Machado, Oliveira and Fernandes 2009, doi:10.1109/TVCG.2009.113, table 1, severity 1: on linear RGB.
VISIONS = {
    "none": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = np.array([0.95047, 1.0, 1.08883])


def lab(colour: str, vision: str) -> np.ndarray:
    """CIELAB of a colour as it is seen (CIE 15)."""
    c = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    t = TO_XYZ @ np.clip(VISIONS[vision] @ linear, 0, 1) / WHITE
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("vision", VISIONS)
def test_outcomes_stay_apart_for_every_colour_vision(vision: str) -> None:
    """CIE76 distances: 2.3 is just noticeable. The symbols tell the nearest ones apart as well."""
    for one, other in combinations(KINDS, 2):
        assert np.linalg.norm(lab(drawn.colour(one), vision) - lab(drawn.colour(other), vision)) > 10, (one, other)
