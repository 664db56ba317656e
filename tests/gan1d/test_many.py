"""All devices at once: every config's outcome, the same however many devices there are, and nothing left running."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import jax
import numpy as np
import pytest

from gan1d import lanes, many, training
from gan1d.config import Config, ConfigError, structure
from gan1d.results import METRICS, OUTCOMES

ROOT = Path(__file__).resolve().parents[2]
CONFIG = Config.from_dict(
    {
        "data": {"means": [-2, 3], "stds": [1, 0.7], "weights": [2, 1]},
        "discriminator": {"hidden": [8]},
        "training": {"iterations": 100, "frames": 100, "lr_g": 0.05},
    }
)
RUNAWAY = {"training.lr_g": 1.0, "training.lr_d": 1.0, "training.beta1": 0.999, "training.beta2": 0.0}
SCORES = {"training.loss": "wasserstein", "training.penalty": "weight_clipping", "training.penalty_weight": 0.1}
MANY = [CONFIG.replace(**{"training.seed": i % 7, "training.lr_d": 0.01 * (1 + i)}) for i in range(29)]


def found(configs: list[Config]) -> np.ndarray:
    """Outcome and metrics of each config (C, 1 + metrics)."""
    rows = np.full((len(configs), 1 + len(METRICS)), -7.0, np.float32)
    for places, values in many.trained(configs):
        rows[places] = values
    return rows


@pytest.mark.parametrize("changes", [{}, RUNAWAY, SCORES, {"generator.kind": "mlp", "generator.hidden": [8]}])
def test_what_is_said_of_a_lane_is_what_its_run_says(changes: dict) -> None:
    """The recorded states of a single run, measured as a lane's: the same word, the same metrics."""
    config = CONFIG.replace(**changes)
    run = training.train(config)
    rows = {name: values for name in lanes.RECORDED if (values := run.arrays.get(name)) is not None}
    s = structure(config)
    if config.generator.kind == "linear":
        rows["g"] = np.stack([run.mean, run.std], axis=1)
    else:
        n, points = many.stacked([config] * 4)
        end = lanes.go_on(s, n, points, lanes.begin(s, n, points), np.float32(0), np.int32(100), np.int32(100))
        rows = {name: np.asarray(values)[:, 0] for name, values in end.rows.items()}
    at = run.summary["diverged_at"]
    outcome, *metrics = many.measure(config, rows, -1 if at is None else at)
    assert OUTCOMES[int(outcome)] == run.diagnosis.kind
    close = 1e-5 if config.generator.kind == "linear" else 1e-2
    for name, value in zip(METRICS, metrics, strict=True):
        expected = at if name == "diverged_at" else run.metrics.get(name)
        if expected is None:
            assert not np.isfinite(value), name
        else:
            assert value == pytest.approx(expected, rel=close, abs=close), name


def test_every_config_is_trained_once_in_chunks_of_any_kind() -> None:
    configs = [
        *MANY[:5],
        CONFIG.replace(**SCORES),
        CONFIG.replace(**{"training.k_d": 2}),
        MANY[5],
        CONFIG.replace(**RUNAWAY),
    ]
    places = np.concatenate([places for places, _ in many.trained(configs)])
    assert sorted(places) == list(range(len(configs)))
    rows = found(configs)
    assert np.isfinite(rows[:, 1 + METRICS.index("w1")]).all()
    assert np.isfinite(rows[:, 1 + METRICS.index("score_real")]).tolist() == [i == 5 for i in range(len(configs))]
    assert OUTCOMES[int(rows[8, 0])] == "diverged"


def test_most_lanes_come_out_as_the_runs_they_stand_for() -> None:
    """Eight times the iterations, in which rounding has grown: all but what stands between two words."""
    configs = [CONFIG.replace(**{"training.iterations": 800, "training.seed": seed}) for seed in range(16)]
    alone = [training.train(config).diagnosis.kind for config in configs]
    beside = [OUTCOMES[int(row[0])] for row in found(configs)]
    assert sum(a == b for a, b in zip(alone, beside, strict=True)) >= 13


def test_the_numbers_do_not_depend_on_how_many_devices_there_are(tmp_path: Path) -> None:
    """One CPU device here, four virtual ones in another process: bit for bit."""
    assert len(jax.devices()) == 1
    code = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
sys.path.insert(0, {str(Path(__file__).parent)!r})
import jax, numpy
from test_many import MANY, found
assert len(jax.devices()) == 4
numpy.save(sys.argv[1], found(MANY))
"""
    flags = "--xla_force_host_platform_device_count=4"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "four.npy")],
        env=os.environ | {"XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr
    assert np.array_equal(np.load(tmp_path / "four.npy"), found(MANY), equal_nan=True)


def test_cancelled_it_leaves_nothing_running() -> None:
    before = threading.active_count()
    longer = [config.replace(**{"training.iterations": 100_000}) for config in MANY]
    ticks = []

    def tick() -> None:
        ticks.append(1)
        if len(ticks) > 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(many.trained(longer, tick=tick))
    assert threading.active_count() == before


def test_who_takes_no_more_ends_it() -> None:
    before = threading.active_count()
    results = many.trained(MANY)
    next(results)
    results.close()
    assert threading.active_count() == before


def test_nothing_to_train() -> None:
    assert list(many.trained([])) == []


def test_what_goes_wrong_on_a_device_is_said() -> None:
    class Broken(list):
        def __getitem__(self, place):  # type: ignore[no-untyped-def]
            raise RuntimeError("no such cell")

    with pytest.raises(RuntimeError, match="no such cell"):
        list(many.trained(Broken(MANY)))


@pytest.mark.skipif(any(d.platform != "cpu" for d in jax.devices()), reason="there is a GPU")
def test_a_device_that_is_not_there_is_refused() -> None:
    for name in ("gpu", "tpu"):
        with pytest.raises(ConfigError, match="device"):
            list(many.trained(MANY, device=name))


def test_a_cpu_works_on_as_many_chunks_as_it_has_cores() -> None:
    assert len(many.workplaces("cpu")) == many.cores()
