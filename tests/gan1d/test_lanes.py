"""Runs side by side: the same game as alone, each lane for itself, and no number compiles."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from gan1d import lanes, many, recording, training
from gan1d.config import Config, structure
from gan1d.programs import compile_log

CONFIG = Config.from_dict(
    {
        "data": {"means": [-2, 3], "stds": [1, 0.7], "weights": [2, 1]},
        "discriminator": {"hidden": [8]},
        "training": {"iterations": 100, "frames": 100, "lr_g": 0.05},
    }
)
RUNAWAY = {"training.lr_g": 1.0, "training.lr_d": 1.0, "training.beta1": 0.999, "training.beta2": 0.0}


def trained(configs: list[Config]) -> lanes.Lanes:
    """All lanes at once, to the end; the first config says structure and loops."""
    s, last = structure(configs[0]), configs[0].training.iterations
    n, points = many.stacked(configs)
    noise = np.float32(np.max(n["instance_noise"]))
    begun = lanes.begin(s, n, points)
    return jax.device_get(lanes.go_on(s, n, points, begun, noise, np.int32(last), np.int32(last)))


def varied(*changes: dict) -> list[Config]:
    """Four lanes, so that all tests of a structure share one program."""
    return [CONFIG.replace(**change) for change in (*changes, *[{}] * (4 - len(changes)))]


def test_a_lane_plays_the_game_that_a_single_run_plays() -> None:
    """Rounding is the only difference: 1e-4 of the largest value is a hundred times that of float32 sums in another order."""
    configs = varied(
        {"training.seed": 3},
        {"training.lr_d": 0.05, "training.instance_noise": 0.5, "data.means": [-1, 9]},
        {"discriminator.l2": 0.1, "training.label_smoothing": 0.3, "generator.std": 4.0},
    )
    found = trained(configs)
    for lane, config in enumerate(configs):
        run = training.train(config)
        for name in ("value", "p_real_on_real", "p_real_on_fake", "grad_norm_g"):
            alone, here = getattr(run, name)[:20], found.rows[name][:20, lane]
            np.testing.assert_allclose(here, alone, rtol=1e-4, atol=1e-4 * np.nanmax(np.abs(alone)), err_msg=name)
        g = np.stack([run.mean, run.std], axis=1)[:20]
        np.testing.assert_allclose(found.rows["g"][:20, lane], g, rtol=1e-4, atol=1e-4)


def test_loops_are_as_long_as_they_are_alone() -> None:
    """Several updates of each player in one iteration, and a number of iterations that the recorded states do not divide."""
    configs = [c.replace(**{"training.k_d": 3, "training.k_g": 2, "training.iterations": 130}) for c in varied()]
    found = trained(configs)
    run = training.train(configs[0])
    assert run.iteration.tolist() == [*range(0, 130, 2), 130]
    assert (int(found.done), int(found.row)) == (130, len(run))
    np.testing.assert_allclose(found.rows["value"][:10, 0], run.value[:10], rtol=1e-4)
    np.testing.assert_allclose(found.rows["grad_norm_g"][1:10, 0], run.grad_norm_g[1:10], rtol=1e-4)


def test_lanes_do_not_know_of_each_other() -> None:
    """Not even of one that diverges, or that has instance noise: bit for bit."""
    alone = trained(varied({"training.seed": 5}))
    beside = trained(varied({"training.seed": 5}, RUNAWAY, {"training.instance_noise": 2.0}))
    assert beside.state.diverged_at[0] == -1 and beside.state.diverged_at[1] >= 0
    for name, rows in alone.rows.items():
        assert np.array_equal(rows[:, 0], beside.rows[name][:, 0], equal_nan=True), name


def test_a_lane_that_diverges_keeps_its_last_finite_networks() -> None:
    config = CONFIG.replace(**RUNAWAY)
    found, run = trained(varied(RUNAWAY)), training.train(config)
    at = run.summary["diverged_at"]
    assert found.state.diverged_at[0] == at and found.state.iteration[0] == at - 1
    np.testing.assert_allclose(found.rows["g"][at - 1 :, 0], found.rows["g"][[-1] * (102 - at), 0])
    np.testing.assert_allclose(found.rows["g"][-1, 0], [run.mean[-1], run.std[-1]], rtol=1e-3)


def test_lanes_that_have_all_diverged_stop() -> None:
    found = trained([CONFIG.replace(**RUNAWAY, **{"training.seed": seed}) for seed in range(4)])
    assert (found.state.diverged_at >= 0).all() and found.done < 100


def test_where_it_pauses_makes_no_difference() -> None:
    configs = varied({"training.seed": 1}, {"training.lr_g": 0.2})
    s, whole = structure(CONFIG), trained(configs)
    n, points = many.stacked(configs)
    going = lanes.begin(s, n, points)
    for until in (0, 1, 37, 38, 100):
        going = lanes.go_on(s, n, points, going, np.float32(0), np.int32(until), np.int32(100))
    for a, b in zip(jax.tree.leaves(whole), jax.tree.leaves(jax.device_get(going)), strict=True):
        assert np.array_equal(a, b, equal_nan=True)


def test_no_number_compiles() -> None:
    trained(varied())
    before = compile_log()[0]
    numbers = {"training.lr_d": 0.3, "training.beta1": 0.5, "generator.mean": 3, "training.seed": 9}
    numbers |= {"data.means": [0, 1, 2], "data.stds": [1, 2, 3]}
    trained(varied(numbers, {"training.instance_noise": 1.0}))
    trained([c.replace(**{"training.k_d": 5, "training.iterations": 77}) for c in varied()])
    assert compile_log()[0] == before


# ---- chunks


def test_chunks_have_one_structure_and_equal_loops() -> None:
    changes = [
        {"training.loss": loss, "training.k_d": k, "training.seed": seed}
        for loss in ("minimax", "hinge")
        for seed in range(10)
        for k in (1, 2)
    ]
    configs = [CONFIG.replace(**change) for change in changes]
    found = lanes.chunks(configs, "cpu")
    assert sorted(place for chunk in found for place in chunk.places) == list(range(len(configs)))
    for chunk in found:
        there = [configs[place] for place in chunk.places]
        assert {(structure(c), c.training.k_d) for c in there} == {(chunk.structure, there[0].training.k_d)}
        assert len(there) <= lanes.width(chunk.structure, "cpu")
        assert list(chunk.places) == sorted(chunk.places)


def test_the_next_structure_is_begun_before_the_last_one_is_done() -> None:
    configs = [
        CONFIG.replace(**{"training.loss": loss}) for loss in ("minimax", "hinge", "wasserstein") for _ in range(24)
    ]
    found = [chunk.structure.loss for chunk in lanes.chunks(configs, "cpu")]
    assert found == [
        *("minimax", "hinge", "minimax", "minimax"),
        *("wasserstein", "hinge", "hinge", "wasserstein", "wasserstein"),
    ]


@pytest.mark.parametrize("platform", ["cpu", "gpu"])
def test_a_chunk_fits_memory(platform: str) -> None:
    largest = {"discriminator.hidden": [512] * 4, "discriminator.dropout": 0.5, "generator.hidden": [512] * 4}
    for change in ({}, {"training.batch": 1024}, largest, largest | {"generator.kind": "mlp", "training.batch": 256}):
        s = structure(CONFIG.replace(**change))
        size = lanes.width(s, platform)
        assert size == 1 or size * lanes.lane_bytes(s) <= lanes.MEMORY[platform]
    assert lanes.width(structure(CONFIG), platform) == lanes.LANES[platform]


def test_what_a_lane_takes_is_not_underestimated() -> None:
    """By XLA's own account of what the program needs beside its arguments."""
    config = replace(CONFIG, discriminator=replace(CONFIG.discriminator, hidden=(64, 64), dropout=0.5))
    s = structure(config)
    n, points = many.stacked([config] * 4)
    begun = jax.eval_shape(lambda: lanes.begin(s, n, points))
    lowered = lanes.go_on.lower(s, n, points, begun, np.float32(0), np.int32(1), np.int32(1))
    needs = lowered.compile().memory_analysis()
    assert (needs.temp_size_in_bytes + needs.argument_size_in_bytes) / 4 < 1.5 * lanes.lane_bytes(s)
    assert recording.row_shapes(s, 256)["g"].shape == (2,)
