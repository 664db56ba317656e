"""Compiled programs: a number never makes one, a choice does, and what was compiled is found again."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

import gan1d
from gan1d import programs, store
from gan1d.config import Config

SMALL = Config.from_dict(
    {
        "data": {"means": [-2, 3], "stds": [1, 0.5]},
        "generator": {"kind": "mlp", "hidden": [4]},
        "discriminator": {"hidden": [4], "dropout": 0.5},
        "training": {"batch": 4, "iterations": 20, "frames": 5, "penalty": "r1", "penalty_weight": 1.0},
    }
)
CHANGES = 100
ROOT = Path(__file__).parents[2]
BOTH = {"training.iterations": (1, 60), "training.frames": (1, 600), "training.seed": (0, 2**31 - 1)}


def changed(rng: np.random.Generator) -> dict[str, Any]:
    """One to four numbers of any section, anywhere in their ranges; lists of one to eight modes."""
    modes = int(rng.integers(1, 9))
    known: dict[str, Any] = {
        "data.means": rng.uniform(-20, 20, modes).tolist(),
        "data.stds": rng.uniform(0.1, 5, modes).tolist(),
        "data.weights": rng.uniform(0.1, 1, modes).tolist(),
    }
    found: dict[str, Any] = {}
    for section in (SMALL.generator, SMALL.discriminator, SMALL.training):
        for name, spec in type(section).specs().items():
            field = f"{section.section}.{name}"
            if spec.kind == "traced":
                low, high = BOTH.get(field, (spec.low, spec.high))
                value = rng.uniform(low, high)
                found[field] = round(value) if isinstance(SMALL.get(field), int) else value
    found["discriminator.dropout"] = rng.uniform(0.1, 0.9)  # on or off is a choice
    chosen = rng.choice(list(found), size=rng.integers(1, 5), replace=False)
    return {name: found[name] for name in chosen} | (known if rng.random() < 0.5 else {})


def test_a_hundred_random_changes_of_numbers_compile_nothing() -> None:
    """Recompilations: 0."""
    gan1d.train(SMALL)
    before = programs.compile_log()[0]
    rng = np.random.default_rng(0)
    for _ in range(CHANGES):
        change = changed(rng)
        run = gan1d.train(SMALL.replace(**change))
        assert run.compilations == 0, change
    assert programs.compile_log()[0] == before


@programs.Program
def scaled(s: str, x: jax.Array) -> dict[str, jax.Array]:
    """A program of its own: s is how often the output is repeated, x (N,) -> 3 x (N,)."""
    traced.append(s)
    return {f"{i}": 3 * x for i in range(len(s))}


traced = list[str]()


@pytest.fixture
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The functions here are not gan1d's: what is kept of them would outlive a change."""
    monkeypatch.setattr(store, "folder", lambda: None)


@pytest.mark.usefixtures("nothing_kept")
def test_a_program_is_the_function_compiled_once_for_each_structure_and_shape() -> None:
    """Whatever the numbers are, JAX's or NumPy's, and also when two threads ask at once."""
    ones = jax.numpy.ones(3)
    traced.clear()
    before = programs.compile_log()[0]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda i: scaled("ab", np.full(3, i, np.float32)), range(8)))
    for i, one in enumerate(found):
        assert one.keys() == {"0", "1"}
        np.testing.assert_array_equal(one["1"], np.full(3, 3 * i))
    scaled("ab", ones)
    assert programs.compile_log()[0] == before + 1
    scaled("abc", np.ones(3, np.float32)), scaled("ab", np.ones(4, np.float32)), scaled("ab", np.ones(3, np.int32))
    assert programs.compile_log()[0] == before + 4
    assert traced.count("ab") == 3 and traced.count("abc") == 1
    scaled.forget()
    np.testing.assert_array_equal(scaled("a", np.ones(3, np.float32))["0"], [3, 3, 3])


@pytest.mark.usefixtures("nothing_kept")
def test_a_program_that_cannot_be_traced_says_so_each_time() -> None:
    @programs.Program
    def broken(s: str, x: jax.Array) -> jax.Array:
        raise ValueError(f"{s}: not allowed")

    for _ in range(2):
        with pytest.raises(ValueError, match="both times: not allowed"):
            broken("both times", np.ones(3, np.float32))


@pytest.mark.usefixtures("nothing_kept")
def test_a_program_that_cannot_be_compiled_says_so_and_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "COMPILER", {"no such option": True})

    @programs.Program
    def plain(s: str, x: jax.Array) -> jax.Array:
        return x + len(s)

    for _ in range(2):
        with pytest.raises(Exception, match="no such option"):
            plain("not to be compiled", np.ones(3, np.float32))


SINGLE = """
import os
import gan1d.programs
gan1d.programs.for_single_runs()
import numpy as np
import jax, jax.numpy as jnp
jax.jit(lambda x: x @ x)(jnp.ones((2048, 2048))).block_until_ready()
def faults():
    return int(open("/proc/self/stat").read().split()[9])
for _ in range(5):
    np.ones(2**20)
seen = faults()
for _ in range(20):
    np.ones(2**20)
each = (faults() - seen) // 20
import hashlib, gan1d
run = gan1d.train(gan1d.Config.from_json(os.environ["CONFIG"]))
looked = hashlib.sha256(run.d.tobytes() + run.jsd.tobytes()).hexdigest()
print(len(jax.devices()), gan1d.programs.beside() != jax.devices()[0], each, "PJRT_NPROC" in os.environ, looked)
"""


OWN = "import jax, gan1d.programs as p; p.for_single_runs(); print(len(jax.devices()), p.beside() == jax.devices()[0])"
"""How many devices there are where the user had said how many, and whether one of them is also the one beside."""


@pytest.mark.parametrize("platforms", ["", "cpu"])
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="Linux alone tells")
def test_a_process_for_single_runs_has_a_device_beside_and_keeps_its_memory_and_tells_no_child(platforms: str) -> None:
    """And what it trains is, bit for bit, what another process does, which observes where it trains."""
    environment = {name: value for name, value in os.environ.items() if not name.endswith("NPROC")}
    environment |= {"CONFIG": SMALL.to_json(), "JAX_PLATFORMS": platforms}
    done = subprocess.run(
        [sys.executable, "-c", SINGLE], capture_output=True, text=True, check=True, env=environment, cwd=ROOT
    )
    devices, has_beside, faults, leaks, looked = done.stdout.split()
    own = [sys.executable, "-c", OWN]
    for wish in ({"JAX_NUM_CPU_DEVICES": "1"}, {"XLA_FLAGS": "--xla_force_host_platform_device_count=3"}):
        count = subprocess.run(own, capture_output=True, text=True, check=True, env=environment | wish, cwd=ROOT).stdout
        assert count.split() == ["1" if "JAX_NUM_CPU_DEVICES" in wish else "3", "True"]
    assert (devices, has_beside, leaks) == ("1", "True", "False")
    run = gan1d.train(SMALL)
    assert looked == hashlib.sha256(run.d.tobytes() + run.jsd.tobytes()).hexdigest()
    assert int(faults) < 100  # 8 MiB are 2 048 pages


def test_two_programs_compiled_at_once_take_no_longer_than_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(programs._log, "until", time.perf_counter())
    before = programs.compile_log()[1]
    time.sleep(0.05)
    for event in ("/jax/core/compile/jaxpr_trace_duration", "/jax/core/compile/backend_compile_duration"):
        programs._on_duration(event, 10.0)
    assert 0.04 < programs.compile_log()[1] - before < 1.0
