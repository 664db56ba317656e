"""Data parallel: the same losses on one device, on four virtual ones, and in two processes."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

from gan1d import hosts
from gan1d.fields import ConfigError
from gan1d.image import devices
from gan1d.image.dataset import Dataset
from gan1d.image.presets import preset
from gan1d.image.run import train

ROOT = Path(__file__).resolve().parents[3]
# Batch norm over the whole batch in G, a gradient of the gradient in D, two updates of D in a step.
CONFIG = preset("digits-16-wgan-gp", size=8, width=4, latent=3, batch=8, n_critic=2, steps=4).replace(
    record_every=1, sample_every=4, checkpoint_every=2, evaluate_every=0
)
DATA = Dataset("random", np.random.default_rng(0).integers(0, 256, (40, 8, 8, 1), np.uint8))
MEASURED = ("loss_d", "loss_g", "penalty", "slope", "score_real", "score_fake")
HERE = f"""
import json, sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_devices import CONFIG, DATA, hosts, jax, losses, train
"""


def losses(lines: list[dict]) -> list[list[float]]:
    return [[line[name] for name in MEASURED] for line in lines]


@pytest.fixture(scope="module")
def one() -> list[list[float]]:
    assert len(jax.devices()) == 1
    return losses(train(CONFIG, DATA).lines)


def environment(count: int) -> dict[str, str]:
    flags = f"--xla_force_host_platform_device_count={count}"
    return os.environ | {"XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}


def test_four_devices_do_what_one_does(one: list[list[float]]) -> None:
    code = HERE + "assert len(jax.devices()) == 4\nprint(json.dumps(losses(train(CONFIG, DATA).lines)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment(4), capture_output=True, text=True, timeout=110
    )
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(json.loads(done.stdout), one, rtol=1e-5, atol=1e-5)


def test_two_processes_do_what_one_does_and_go_on_together(one: list[list[float]], tmp_path: Path) -> None:
    """Over loopback; the first writes; stopped after half of the steps, both go on from the checkpoint."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    code = f"""{HERE}
hosts.join("localhost:{port}", 2, int(sys.argv[1]))
assert jax.process_count() == 2 and len(jax.devices()) == 2
out = Path(sys.argv[2])
train(CONFIG.replace(steps=2), DATA, out)
run = train(CONFIG, DATA, out, resume=True)
print(json.dumps(losses(run.lines)))
"""
    both = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(i), str(tmp_path / "run")],
            cwd=ROOT,
            env=environment(1),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for i in range(2)
    ]
    try:
        told = [process.communicate(timeout=110) for process in both]
    finally:
        for process in both:
            process.kill()
    assert [process.returncode for process in both] == [0, 0], told
    first, second = (np.array(json.loads(out.splitlines()[-1])) for out, _ in told)
    np.testing.assert_allclose(first, one, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(second, one[len(one) - len(second) :], rtol=1e-5, atol=1e-5)
    assert sorted(p.name for p in (tmp_path / "run" / "samples").iterdir()) == [f"step-{i:08d}.png" for i in (0, 2, 4)]


def test_a_batch_is_shared_out_evenly() -> None:
    on = devices.mesh(6)
    images = np.arange(2 * 6, dtype=np.uint8).reshape(2, 6, 1, 1, 1)
    np.testing.assert_array_equal(devices.deliver(on, images, 1), images)
    with pytest.raises(ConfigError, match="auto, cpu, gpu"):
        devices.mesh(6, "tpu-ish")


def test_a_batch_that_cannot_be_shared_out_is_refused() -> None:
    code = "import jax; from gan1d.image.devices import mesh\ntry:\n  mesh(6)\nexcept ValueError as e: print(e)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment(4), capture_output=True, text=True, timeout=110
    )
    assert "image.batch: 6 is not allowed; it must be a multiple of the number of devices, 4" in done.stdout


def test_no_other_process_is_waited_for_when_alone() -> None:
    assert hosts.place() == (0, 1)
