"""The maps that ship: they are those that are made, small, whole, and what each is said to teach is so, by its numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import spearmanr

import gan1d
from app import maps
from gan1d.results import NUMBERS, Results, read
from tools.maps import SEEDS, sweeps

Places = np.ndarray
MOST = 150_000
"""Bytes that one may take."""
CERTAIN = 0.95


def results(name: str) -> Results:
    return read(maps.shipped()[name].folder)


def share(name: str, kind: str, where: Callable[[Places, Places], np.ndarray]) -> float:
    """Share of the runs that ended so, over the cells whose two values lie somewhere."""
    found = results(name)
    x, y = np.meshgrid(*(axis.array() for axis in found.sweep.axes), indexing="ij")
    here = where(x, y)
    assert here.sum() >= 8, "a region of a map"
    return float(np.mean(found.outcome[here] == found.outcomes.index(kind)))


@pytest.mark.parametrize("name", list(maps.shipped()))
def test_each_is_whole_and_small_and_what_its_tool_makes(name: str) -> None:
    found = results(name)
    assert found.sweep == sweeps()[name] and found.sweep.seeds == SEEDS
    assert found.done == found.total
    assert (maps.shipped()[name].folder / NUMBERS).stat().st_size < MOST
    assert maps.shipped()[name].sentence and maps.shipped()[name].title


def test_all_that_are_made_are_shown() -> None:
    assert set(maps.shipped()) == set(sweeps())


def test_a_gan_converges_where_neither_player_is_too_fast() -> None:
    rates = "learning-rates"
    assert share(rates, "converged", lambda d, g: (d > 0.008) & (d < 0.13) & (g > 0.02) & (g < 0.13)) > 0.9
    assert share(rates, "oscillating", lambda d, g: g >= 30 * d) > 0.5  # G outruns D
    assert share(rates, "oscillating", lambda d, g: g <= 3 * d) < 0.02
    assert share(rates, "diverged", lambda d, g: d > 0.5) > CERTAIN
    assert share(rates, "diverged", lambda d, g: d < 0.06) < 0.05
    assert share(rates, "still moving", lambda d, g: (g < 0.006) & (d < 0.03)) > CERTAIN


def test_near_modes_are_averaged_and_far_ones_collapse() -> None:
    modes = "averaging-or-collapse"
    assert share(modes, "mode averaging", lambda apart, start: apart == 5) > CERTAIN
    assert share(modes, "mode collapse", lambda apart, start: apart >= 9) > 0.9
    assert share(modes, "mode averaging", lambda apart, start: apart >= 9) < 0.1
    assert share(modes, "mode collapse", lambda apart, start: apart <= 5) < 0.05


def test_the_wider_it_starts_the_farther_apart_they_may_be() -> None:
    found = results("averaging-or-collapse")
    distance, start = (axis.array() for axis in found.sweep.axes)
    averaged = np.mean(found.outcome == found.outcomes.index("mode averaging"), axis=-1) > 0.5
    farthest = np.array([distance[column].max() for column in averaged.T])
    assert (farthest[start <= 3] == 5).all() and (farthest[start >= 4.5] >= 7).all()
    assert spearmanr(start, farthest).statistic > 0.8


def test_a_strong_d_takes_the_gradient_away_under_the_minimax_loss_alone() -> None:
    vanishing = "vanishing"
    assert share(vanishing, "vanishing gradient", lambda k, loss: (loss == "minimax") & (k >= 2)) > CERTAIN
    assert share(vanishing, "vanishing gradient", lambda k, loss: loss != "minimax") == 0
    assert share(vanishing, "converged", lambda k, loss: (loss == "non_saturating") & (k >= 3)) > CERTAIN
    assert share(vanishing, "converged", lambda k, loss: loss == "hinge") > CERTAIN
    assert share(vanishing, "still moving", lambda k, loss: loss == "least_squares") > CERTAIN


@pytest.mark.deep
@pytest.mark.parametrize("name", list(maps.shipped()))
def test_a_run_that_is_opened_ends_as_its_cell_says(name: str) -> None:
    """Where all seeds agree; a run alone is rounded otherwise, so that one in ten may differ."""
    found = results(name)
    clear = np.argwhere(found.shares().max(axis=-1) == 1)
    chosen = np.random.default_rng(0).choice(clear, size=10, replace=False)
    most = found.most()
    same = [gan1d.train(found.sweep.cell(i)).diagnosis.kind == found.outcomes[most[tuple(i)]] for i in chosen.tolist()]
    assert np.mean(same) >= 0.9
