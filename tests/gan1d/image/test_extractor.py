"""Extractors: the network learns its dataset, is kept on disk whole or trained anew, and each evaluation says by what and how many."""

import json
import time
from pathlib import Path

import numpy as np
import pytest

from gan1d.fields import ConfigError
from gan1d.image import classifier, extractor
from gan1d.image.data import Dataset, Factor, load
from gan1d.image.evaluation import Evaluation, Evaluator, evaluate
from gan1d.image.extractor import Classifier, Seen, combined, kept_at
from gan1d.image.inception import inception


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("extractors")


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load("digits")


@pytest.fixture(scope="module")
def by_digits(digits, folder) -> Classifier:
    return extractor.extractor(digits, folder)


@pytest.fixture
def quick(monkeypatch) -> list[int]:
    """Networks that hardly learn anything; counts how many were trained."""
    trained: list[int] = []
    monkeypatch.setattr(classifier, "STEPS", (3, 3))
    train = classifier.train
    monkeypatch.setattr(classifier, "train", lambda *a, **k: trained.append(1) or train(*a, **k))
    return trained


def toy(labels: bool = True, seed: int = 0) -> Dataset:
    """Noise, with two factors that it knows nothing of."""
    rng = np.random.default_rng(seed)
    factors = (Factor("a", ("0", "1")), Factor("b", ("x", "y", "z")))
    pixels = rng.integers(0, 256, (60, 8, 8, 1), np.uint8)
    return (
        Dataset("toy", pixels, rng.integers(6, size=60).astype(np.int32), factors) if labels else Dataset("toy", pixels)
    )


# ---- what it learns


def test_the_digits_are_learned(digits, by_digits) -> None:
    assert by_digits.accuracy >= 0.98
    assert by_digits.name == "digits classifier 16x16"
    seen = by_digits.see(digits.images[:600])
    assert seen.features.shape == (600, 64) and seen.probabilities.shape == (600, 10)
    np.testing.assert_allclose(seen.probabilities.sum(axis=1), 1, atol=1e-5)
    assert (seen.probabilities.argmax(axis=1) == digits.labels[:600]).mean() > 0.98


def test_images_are_seen_alike_alone_and_among_others(digits, by_digits) -> None:
    many, few = by_digits.see(digits.images[:520]), by_digits.see(digits.images[512:520])
    np.testing.assert_allclose(many.features[512:], few.features, rtol=1e-3, atol=1e-3)


def test_stacked_digits_are_read_channel_by_channel(folder, by_digits) -> None:
    stacked = load("stacked-digits")
    by = extractor.extractor(stacked, folder)
    assert by.name == "digits classifier 16x16, each channel"
    seen = by.see(stacked.images[:300])
    assert seen.features.shape == (300, 3 * 64) and seen.probabilities.shape == (300, 1000)
    assert (seen.probabilities.argmax(axis=1) == stacked.labels[:300]).mean() > 0.95


def test_probabilities_of_combinations() -> None:
    a, b = np.array([[0.25, 0.75]]), np.array([[0.5, 0.25, 0.25]])
    np.testing.assert_allclose(combined([a, b]), [[0.125, 0.0625, 0.0625, 0.375, 0.1875, 0.1875]])


def test_without_labels_it_learns_turns() -> None:
    """Images that are bright above are told from turned ones at once; there are no classes to score by."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 60, (200, 8, 8, 1), np.uint8)
    pixels[:, :3] += 150
    trained = classifier.train(Dataset("sky", pixels))
    assert trained.accuracy > 0.95


def test_every_factor_has_a_head(quick, tmp_path) -> None:
    seen = extractor.extractor(toy(), tmp_path).see(toy().images[:5])
    assert seen.probabilities.shape == (5, 6)
    by = extractor.extractor(toy(labels=False), tmp_path)
    assert by.name == "toy rotation classifier 8x8"
    assert by.see(toy().images[:5]).probabilities.shape == (5, 0)


# ---- kept on disk


def test_it_is_trained_once(quick, tmp_path) -> None:
    first = extractor.extractor(toy(), tmp_path)
    again = extractor.extractor(toy(), tmp_path)
    assert len(quick) == 1 and again.accuracy == first.accuracy
    np.testing.assert_array_equal(first.see(toy().images[:]).features, again.see(toy().images[:]).features)
    assert [p.name for p in tmp_path.iterdir()] == [kept_at(toy(), 0, tmp_path).name]
    extractor.extractor(toy(seed=1), tmp_path)
    extractor.extractor(toy(labels=False), tmp_path)
    extractor.extractor(toy(), tmp_path, seed=1)
    assert len(quick) == 4


@pytest.mark.parametrize("harm", ["cut off", "bit", "empty", "other", "nan"])
def test_a_damaged_one_is_trained_anew(harm: str, quick, tmp_path) -> None:
    extractor.extractor(toy(), tmp_path)
    path = kept_at(toy(), 0, tmp_path)
    whole = path.read_bytes()
    if harm == "other":
        np.savez(path, accuracy=1.0, weight_0=np.zeros(3, np.float32))
    elif harm == "nan":
        with np.load(path) as file:
            arrays = {name: file[name] for name in file.files}
        np.savez(path, **(arrays | {"weight_0": arrays["weight_0"] * np.float32("nan")}))
    else:
        at = len(whole) // 2
        path.write_bytes(
            {"cut off": whole[:at], "bit": whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :], "empty": b""}[harm]
        )
    extractor.extractor(toy(), tmp_path)
    assert len(quick) == 2
    extractor.extractor(toy(), tmp_path)
    assert len(quick) == 2


def test_a_disk_that_cannot_be_written_is_no_error(quick, tmp_path) -> None:
    (tmp_path / "file").write_text("")
    assert extractor.extractor(toy(), tmp_path / "file" / "below").see(toy().images[:2])


def test_only_the_newest_are_kept(quick, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(extractor, "KEPT", 2)
    for seed in range(3):
        extractor.extractor(toy(), tmp_path, seed=seed)
        time.sleep(0.01)
    assert sorted(p.name[-8:-7] for p in tmp_path.iterdir()) == ["1", "2"]


def test_where_they_are_kept(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert extractor.home() == tmp_path / "gan1d" / "extractors"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert extractor.home() == Path.home() / ".cache" / "gan1d" / "extractors"


# ---- evaluation


@pytest.fixture(scope="module")
def judge(digits, by_digits) -> Evaluator:
    return Evaluator(digits, by_digits, samples=500)


@pytest.fixture(scope="module")
def unseen(digits) -> np.ndarray:
    """Digits shifted by a pixel: as good as real, none of them a copy."""
    return np.roll(digits.images[np.random.default_rng(5).permutation(len(digits))[:500]], 1, axis=2)


def test_real_images_are_as_good_as_real_ones(judge, digits) -> None:
    """The second part of the real images, judged as if generated, gives the baselines."""
    which = np.random.default_rng(7).permutation(len(digits))[500:1000]
    found = judge(digits.images[which]).metrics
    for name, value in found.items():
        if name != "nearest_distance":
            assert value.value == pytest.approx(value.baseline, rel=1e-3, abs=1e-3), name
    assert found["nearest_distance"].value < 1e-2 < found["nearest_distance"].baseline  # copies of the training images


def test_each_flaw_is_seen_by_the_metric_that_is_for_it(judge, digits, unseen) -> None:
    good = judge(unseen).metrics
    assert good["nearest_distance"].value > 0.5 * good["nearest_distance"].baseline
    ones = digits.images[np.resize(np.flatnonzero(digits.labels == 1), 500)]
    collapsed = judge(ones)
    assert collapsed.modes.held == 1 and collapsed.metrics["class_score"].value < 1.5
    assert collapsed.metrics["recall"].value < 0.3 < 0.8 < collapsed.metrics["precision"].value
    assert collapsed.metrics["mode_kl"].value > 0.9 * np.log(10)
    noise = judge(np.random.default_rng(0).integers(0, 256, unseen.shape, np.uint8)).metrics
    assert noise["precision"].value < 0.05 and noise["coverage"].value < 0.05
    for flawed in (collapsed.metrics, noise):
        for name in ("frechet_distance", "kernel_distance"):
            assert flawed[name].value > 10 * abs(flawed[name].baseline)


def test_every_value_is_named(judge, unseen) -> None:
    found = json.loads(json.dumps(judge(unseen).to_dict()))
    assert found["extractor"] == "digits classifier 16x16" and found["samples"] == 500
    assert found["modes"] == 10 and sum(found["counts"]) == 500
    assert all(set(value) == {"value", "baseline", "samples"} for value in found["metrics"].values())
    assert {"frechet_distance", "class_score", "kernel_distance", "precision", "recall", "density", "coverage"} <= set(
        found["metrics"]
    )
    assert not {"fid", "is", "kid"} & set(found["metrics"])


def test_without_labels_there_are_no_modes_and_no_score(quick, tmp_path) -> None:
    data = toy(labels=False)
    found = Evaluator(data, extractor.extractor(data, tmp_path), samples=30)(data.images[:30])
    assert found.modes is None and found.to_dict()["modes_covered"] is None
    assert not {"class_score", "modes_covered", "mode_kl"} & set(found.metrics)


def test_any_extractor_will_do(digits) -> None:
    class Pixels:
        name = "pixels"

        def see(self, images: np.ndarray) -> Seen:
            return Seen(images.reshape(len(images), -1).astype(np.float32), np.zeros((len(images), 0), np.float32))

    found = evaluate(digits, digits.images[:100], Pixels())
    assert isinstance(found, Evaluation) and found.extractor == "pixels"


def test_what_cannot_be_judged_is_refused(digits, judge, by_digits, unseen) -> None:
    with pytest.raises(ConfigError, match=r"images: 499 is not allowed; there must be at least 500"):
        judge(unseen[:499])
    with pytest.raises(ConfigError, match=r"images: 'uint8 \(500, 8, 8, 1\)' .* must be uint8 \(N, 16, 16, 1\)"):
        judge(unseen[:, :8, :8])
    with pytest.raises(ConfigError, match="samples: 3 is not allowed; at least 10 are needed"):
        Evaluator(digits, by_digits, samples=3)
    with pytest.raises(ConfigError, match="data: 'few' is not allowed; it has 12 images; at least 20"):
        Evaluator(Dataset("few", digits.images[:12]), by_digits)


def test_inception_needs_its_file(tmp_path) -> None:
    with pytest.raises(ConfigError, match=r"inception|weights") as refused:
        inception(tmp_path / "none.pth")
    assert "torch-fidelity and its file weights-inception" in str(refused.value)


# ---- slow


@pytest.mark.deep
def test_the_digits_are_learned_in_twenty_seconds(tmp_path) -> None:
    began = time.perf_counter()
    by = extractor.extractor(load("digits"), tmp_path)
    seconds = time.perf_counter() - began
    print(f"digits 16x16: {by.accuracy:.4f} of the held-out ones right, {seconds:.1f} s")
    assert by.accuracy >= 0.98 and seconds <= 20


@pytest.mark.deep
@pytest.mark.parametrize("size", [32, 64])
def test_the_faces_are_learned(size: int, tmp_path) -> None:
    began = time.perf_counter()
    by = extractor.extractor(load("faces", size), tmp_path)
    print(
        f"faces {size}x{size}: {by.accuracy:.4f} of the held-out ones right in all six attributes, {time.perf_counter() - began:.1f} s"
    )
    assert by.accuracy >= 0.97
