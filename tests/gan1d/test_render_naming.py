"""File names: the scenario, what differs, the seed; short, and safe on every system."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gan1d
from gan1d.carried import Carried, Stretch
from gan1d.render.naming import LONGEST, file_name

FAR = gan1d.scenarios["far-modes-linear"]


def named(*configs: gan1d.Config, ending: str = "mp4") -> str:
    return file_name([Carried("", (Stretch(config, 2100),)) for config in configs], ending)


@pytest.mark.parametrize("name", gan1d.scenarios)
def test_a_scenario_is_called_by_its_name(name: str) -> None:
    assert named(gan1d.scenarios[name].config) == f"{name}_seed-0.mp4"


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"training.seed": 3}, "far-modes-linear_seed-3.mp4"),
        ({"training.frames": 20}, "far-modes-linear_seed-0.mp4"),
        ({"training.lr_g": 0.05}, "far-modes-linear_lr-g-0.05_seed-0.mp4"),
        ({"data.means": [-3, 9.5]}, "far-modes-linear_means--3-9.5_seed-0.mp4"),
        ({"discriminator.hidden": [16]}, "far-modes-linear_d-hidden-16_seed-0.mp4"),
        ({"training.loss": "least_squares"}, "far-modes-linear_loss-least-squares_seed-0.mp4"),
        ({"discriminator.dropout": 0.5, "discriminator.l2": 0.0}, "far-modes-linear_dropout_seed-0.mp4"),
    ],
)
def test_what_differs_is_said(changes: dict, name: str) -> None:
    assert named(FAR.config.replace(**changes)) == name


def test_a_run_far_from_every_scenario() -> None:
    changes = {"training.lr_g": 0.3, "training.lr_d": 0.2, "training.batch": 8, "training.k_d": 3, "training.k_g": 2}
    changes |= {"generator.kind": "mlp", "training.loss": "hinge", "training.beta2": 0.5, "data.means": [1, 2]}
    assert named(FAR.config.replace(**changes)) == "run_seed-0.mp4"


def test_several_runs() -> None:
    other = FAR.config.replace(**{"training.lr_g": 0.05})
    assert named(FAR.config, other, ending="gif") == "far-modes-linear_lr-g-0.02-vs-0.05_seed-0.gif"
    seeds = FAR.config.replace(**{"training.seed": 4})
    assert named(FAR.config, seeds) == "far-modes-linear_seed-0-vs-4.mp4"
    two = named(gan1d.scenarios["oscillation"].config, gan1d.scenarios["divergence"].config)
    assert two == "oscillation-vs-divergence_seed-0.mp4"


def test_a_run_of_several_parts() -> None:
    slow = FAR.config.replace(**{"training.lr_g": 0.001})
    parts = (Stretch(FAR.config, 900), Stretch(slow, 1500), Stretch(slow, 2000, True))
    assert file_name([Carried("", parts)], ".svg") == "far-modes-linear_then-900-lr-g-0.001_then-1500-hold_seed-0.svg"


def test_a_saved_run(linear_run) -> None:
    assert re.fullmatch(r"[a-z-]+_.*seed-0\.png", file_name([linear_run], "png"))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "data.means": st.lists(st.floats(-100, 100), min_size=2, max_size=2),
                "training.lr_g": st.floats(0, 1),
                "training.loss": st.sampled_from(["hinge", "wasserstein", "minimax"]),
                "training.seed": st.integers(0, 2**31 - 1),
                "generator.hidden": st.lists(st.integers(1, 512), min_size=1, max_size=4),
                "discriminator.l2": st.floats(0, 1),
            },
        ),
        min_size=1,
        max_size=4,
    )
)
def test_every_name_is_short_and_safe(changes: list[dict]) -> None:
    name = named(*[FAR.config.replace(**change) for change in changes], ending="webm")
    assert re.fullmatch(r"[a-z][a-z0-9_.-]*\.webm", name) and len(name) <= LONGEST and "seed-" in name
