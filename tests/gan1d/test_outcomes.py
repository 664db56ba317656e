"""The inequalities that label a run, on runs drawn by hand and against scipy.stats."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.stats import norm

from gan1d import measuring, training
from gan1d.config import Config
from gan1d.data import target
from gan1d.diagnosis import KINDS
from gan1d.noise import NOISES
from gan1d.outcomes import LABELS, label, within
from gan1d.trajectory import Trajectory

FRAMES = 101
T = np.linspace(0, 1, FRAMES)


def drawn(means: list[float], mean: object, std: object, **changes: object) -> Trajectory:
    """A run whose generator is N(mean, std^2) at each recorded state, with a discriminator that says 1/2."""
    config = Config.from_dict({"data": {"means": means, "stds": [1.0] * len(means)}})
    data, where = target(config.data), training.grid_of(config)
    g = np.stack(np.broadcast_arrays(mean, std, T)[:2], axis=1).astype(float)
    curves = dict.fromkeys(("loss_d", "loss_g", "batch_loss_d", "batch_loss_g", "value", "grad_norm_d", "grad_norm_g"))
    run = Trajectory(
        config=config,
        summary={"output": "probability", "status": "ok", "diverged_at": None},
        iteration=np.arange(FRAMES) * 10,
        x=where.x,
        p_data=data.pdf(where.x),
        d=np.full((FRAMES, len(where.x)), 0.5),
        d_star=None,
        z=NOISES["normal"].ppf(measuring.LEVELS),
        p_real_on_real=np.full(FRAMES, 0.5),
        p_real_on_fake=np.full(FRAMES, 0.5),
        **{name: np.zeros(FRAMES) for name in curves},
        **measuring.generated(g, config.generator, data, where),
    )
    return dataclasses.replace(run, **changes)


def test_a_label_for_every_word_in_its_order_of_rank() -> None:
    assert tuple(LABELS) == KINDS


def test_mass_within_is_the_normals() -> None:
    """P(|x - c| < 2.5) of N(-3, 1.5^2) for c = -3, 8, from scipy; interpolated between the grid's edges."""
    run = drawn([-3.0, 8.0], -3.0, 1.5)
    expected = [norm.cdf(c + 2.5, -3, 1.5) - norm.cdf(c - 2.5, -3, 1.5) for c in (-3, 8)]
    np.testing.assert_allclose(within(run), expected, atol=2e-3)


sure = {"p_real_on_fake": np.full(FRAMES, 1e-3), "p_real_on_real": np.full(FRAMES, 0.999)}
gone = {"summary": {"output": "probability", "status": "diverged", "diverged_at": 7}}


@pytest.mark.parametrize(
    ("means", "mean", "std", "changes", "expected"),
    [
        ([5.0], 5.09, 1.14, {}, "converged"),
        ([5.0], 5.11, 1.0, {}, None),
        ([5.0], 5.0, 1.16, {}, None),
        ([-3.0, 3.0], 1.0, 3.5, {}, "mode averaging"),
        ([-3.0, 3.0], 1.2, 3.16, {}, None),
        ([-3.0, 3.0], 0.0, 6.0, {}, None),
        ([-3.0, 8.0], -3.0, 1.2, {}, "mode collapse"),
        ([-3.0, 8.0], -3.0, 2.5, {}, None),
        ([5.0], 5 + 0.6 * np.sin(2 * np.pi * 6 * T), 1.0, {}, "oscillating"),
        ([5.0], 5 + 0.2 * np.sin(2 * np.pi * 6 * T), 2.0, {}, None),
        ([15.0], 0.0, 1.0, sure, "vanishing gradient"),
        ([15.0], 0.0, 1.0, {}, None),
        ([15.0], 10 * T, 1.0, sure, "still moving"),
        ([5.0], 5.0, 1.0, gone, "diverged"),
    ],
)
def test_labels_of_runs_drawn_by_hand(means, mean, std, changes, expected) -> None:
    assert label(drawn(means, mean, std, **changes)) == expected
