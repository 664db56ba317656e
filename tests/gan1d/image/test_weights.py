"""A generator's weights as a file: the same images after a way through it; what is no such file is refused in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gan1d.image import training, weights
from gan1d.image.presets import preset

CONFIG = preset("digits-16-dcgan", width=4, batch=8, latent=8)


@pytest.fixture(scope="module")
def found() -> training.Weights:
    return training.weights(CONFIG, training.init(CONFIG))


def test_a_file_draws_the_same_images(found: training.Weights, tmp_path: Path) -> None:
    z = np.random.default_rng(0).normal(size=(5, 8))
    weights.save(tmp_path / "g.npz", found)
    back = weights.load(tmp_path / "g.npz", CONFIG)
    assert np.array_equal(training.draw(CONFIG, back, z), training.draw(CONFIG, found, z))
    weights.save(tmp_path / "half.npz", found, half=True)
    half = training.draw(CONFIG, weights.load(tmp_path / "half.npz", CONFIG), z)
    assert np.abs(half - training.draw(CONFIG, found, z)).max() < 0.05  # 11 bits a number, of images from -1 to 1
    assert (tmp_path / "half.npz").stat().st_size < (tmp_path / "g.npz").stat().st_size


def test_every_number_has_its_name(found: training.Weights) -> None:
    """Noise 8 to 4 x 4 x 8; 4 x 4 kernels 8 to 4, and 4 to 1 with a bias; scale, shift, mean and variance of 8 and of 4 channels."""
    sizes = {name: values.size for name, values in weights.arrays(found).items()}
    assert sizes["stem/kernel"] == 8 * 16 * 8 and sizes["layers/0/kernel"] == 16 * 8 * 4
    assert sum(sizes.values()) == 1024 + 512 + 64 + 1 + 4 * (8 + 4)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda a: a.pop("stem/kernel"), "stem/kernel: it is missing"),
        (lambda a: a.update({"stem/kernel": np.zeros((2, 2), np.float32)}), "stem/kernel: float32 .2, 2., where"),
        (lambda a: a.update({"layers/1/bias": np.array([1])}), "layers/1/bias: int64"),
        (lambda a: a.update({"layers/1/bias": np.array([np.nan])}), "not finite"),
    ],
)
def test_weights_of_another_generator_are_refused(found: training.Weights, change: object, said: str) -> None:
    known = weights.arrays(found)
    change(known)  # type: ignore[operator]
    with pytest.raises(weights.WeightsError, match=said):
        weights.from_arrays(CONFIG, known)


def test_a_damaged_file_is_refused(found: training.Weights, tmp_path: Path) -> None:
    weights.save(tmp_path / "g.npz", found)
    (tmp_path / "g.npz").write_bytes((tmp_path / "g.npz").read_bytes()[:-100])
    with pytest.raises(weights.WeightsError, match="cannot be read"):
        weights.load(tmp_path / "g.npz", CONFIG)
    with (tmp_path / "g.npz").open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(weights.WeightsError, match="cannot be read"):
        weights.load(tmp_path / "g.npz", CONFIG)
    np.savez(tmp_path / "g.npz", **{"stem/kernel": np.array([{"a": 1}], object)})
    with pytest.raises(weights.WeightsError, match="cannot be read"):
        weights.load(tmp_path / "g.npz", CONFIG)
