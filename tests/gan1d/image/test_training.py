"""Training on images: what a step does, what recompiles, what samples are drawn from, and what a run leaves behind."""

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image
from scipy import stats

from gan1d.fields import ConfigError
from gan1d.image import recorder, training, updates
from gan1d.image.config import NOISES, ImageConfig, structure
from gan1d.image.dataset import Dataset
from gan1d.image.presets import preset
from gan1d.image.run import Best, restore, train
from gan1d.image.spectral import kernels_of
from gan1d.programs import compile_log

TINY = preset("digits-16-dcgan", size=8, width=4, latent=3, batch=8, steps=12).replace(
    record_every=4, sample_every=6, checkpoint_every=4, evaluate_every=0
)
CRITIC = preset("digits-16-wgan-gp", size=8, width=4, latent=3, batch=8, n_critic=2)
IMAGES = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 1), np.uint8)
DATA = Dataset("random", IMAGES)


def real(config: ImageConfig, steps: int = 0) -> np.ndarray:
    shape = (config.n_critic, config.batch, *config.shape)
    return np.random.default_rng(1).integers(0, 256, (steps, *shape) if steps else shape, np.uint8)


def walk(config: ImageConfig, count: int) -> updates.State:
    state, step = training.init(config), training.make_step(config)
    for _ in range(count):
        state, _ = step(state, real(config))
    return state


def leaves(tree) -> list[np.ndarray]:  # type: ignore[no-untyped-def]
    return [np.asarray(leaf) for leaf in jax.tree.leaves(tree)]


def test_a_step_moves_every_kernel_of_both_players() -> None:
    first, after = training.init(CRITIC), walk(CRITIC, 1)
    assert int(after.step) == 1 and int(after.d.opt.count) == 2 and int(after.g.opt.count) == 1
    for name in ("g", "d"):
        before, then = (kernels_of(getattr(state, name).params) for state in (first, after))
        assert all((np.asarray(then[kernel]) != before[kernel]).any() for kernel in before)
    assert set(after.tally) == set(updates.MEASURED)
    assert np.isfinite([float(v) for v in after.tally.values()]).all()


def test_what_is_measured_is_the_mean_over_the_critics_updates() -> None:
    """One update at a time by hand: D's objective -E[C(x)] + E[C(G(z))] out of the scores that were seen."""
    on = training.mesh(CRITIC.batch)
    critic, _ = training._programs(structure(CRITIC), on)
    n, state = updates.numbers(CRITIC), training.init(CRITIC, on)
    images = training.deliver(on, real(CRITIC), 1)
    losses, penalties = [], []
    for j in range(2):
        state, seen = critic(n, state, images, np.int32(j))
        losses.append(np.mean(seen.fake) - np.mean(seen.real))
        penalties.append(np.mean((np.asarray(seen.slopes) - 1) ** 2))
        assert seen.real.shape == seen.fake.shape == seen.slopes.shape == (8,)
    assert float(state.tally["loss_d"]) == pytest.approx(np.mean(losses), abs=1e-5)
    assert float(state.tally["penalty"]) == pytest.approx(np.mean(penalties), rel=1e-4)


def test_a_chunk_of_steps_is_those_steps() -> None:
    """The scanned program that a GPU runs, here against one call an update, to rounding."""
    images = real(CRITIC, 3)
    chunked, _ = training.make_step(CRITIC, chunk=3)(training.init(CRITIC), images)
    state, step = training.init(CRITIC), training.make_step(CRITIC)
    for one in images:
        state, _ = step(state, one)
    for a, b in zip(leaves(chunked), leaves(state), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=2e-4)


def test_numbers_never_compile_anew() -> None:
    walk(TINY, 1)
    before = compile_log()[0]
    other = {"lr_g": 0.1, "beta1": 0.9, "seed": 5, "ema": 0.5, "label_smoothing": 0.1, "penalty_weight": 3.0}
    walk(TINY.replace(**other, steps=99, data="faces"), 1)
    assert compile_log()[0] == before


def test_every_option_trains() -> None:
    blurred = {"drift": 0.01, "instance_noise": 0.1, "label_smoothing": 0.1, "spectral_norm": True}
    other = {"loss": "hinge", "norm_g": "none", "norm_d": "layer", "penalty": "r1", "latent_kind": "uniform"}
    state = walk(TINY.replace(**blurred, **other), 2)
    assert bool(training.is_fine(state)) and float(state.tally["penalty"]) > 0
    assert {name: float(jnp.linalg.norm(u)) for name, u in state.vectors.items()} == {
        name: pytest.approx(1) for name in ("head/kernel", "layers/0/kernel")
    }


def test_the_average_follows_the_generator() -> None:
    """After t steps it keeps min(ema, t / (9 + t)) of what it was."""
    config = TINY.replace(ema=0.05)
    a, b = walk(config, 1), walk(config, 2)
    for old, new, average in zip(leaves(a.ema), leaves(b.g.params), leaves(b.ema), strict=True):
        np.testing.assert_allclose(average, 0.05 * old + 0.95 * new, atol=1e-6)
    again = walk(config.replace(ema=0.0), 2)
    for average, now in zip(leaves(again.ema), leaves(again.g.params), strict=True):
        np.testing.assert_array_equal(average, now)


def test_samples_are_drawn_with_batch_statistics_taken_anew() -> None:
    """Those of the averaged generator over many images: layer by layer, mean and variance of what it really sees."""
    state = walk(TINY, 3)
    found = training.weights(TINY, state)
    z = np.concatenate([training.noise(TINY, "statistics", training.DRAWN, i) for i in range(4)])
    kernel = np.asarray(state.ema["stem"]["kernel"][...])
    h = (z @ kernel).reshape(len(z), 4, 4, -1)
    np.testing.assert_allclose(found.stats["norms"][0]["inner"]["mean"][...], h.mean((0, 1, 2)), atol=1e-4)
    each = h.reshape(4, -1, *h.shape[1:])  # a batch at a time
    np.testing.assert_allclose(
        found.stats["norms"][0]["inner"]["var"][...], each.var((1, 2, 3)).mean(0), rtol=1e-3, atol=1e-6
    )
    images = training.sample(TINY, state, z[:5])
    assert images.shape == (5, 8, 8, 1) and images.dtype == np.float32 and np.abs(images).max() <= 1
    np.testing.assert_allclose(training.sample(TINY, state, z[:2]), images[:2], atol=1e-6)
    assert np.abs(training.sample(TINY, state, z[:5], ema=False) - images).max() > 1e-6


@pytest.mark.parametrize("kind", NOISES)
def test_noise_is_of_its_kind(kind: str) -> None:
    """Every kind has mean 0; mixed noise, of an odd size too, is signs first and N(0, 1) then."""
    z = training.noise(TINY.replace(latent=7, latent_kind=kind), "evaluation", 4000)
    assert z.shape == (4000, 7) and np.abs(z.mean(0)).max() < 5 / 4000**0.5
    assert np.array_equal(np.isin(z, (-1, 1)).all(0), np.arange(7) < 3 if kind == "mixed" else np.zeros(7, bool))
    cdf = stats.uniform(-1, 2).cdf if kind == "uniform" else stats.norm.cdf
    assert stats.kstest(z[:, 3:].ravel(), cdf).pvalue > 1e-3


def test_pixels_and_back() -> None:
    every = np.arange(256, dtype=np.uint8)
    as_floats = np.asarray(updates.pixels(jnp.asarray(every)))
    assert as_floats.min() == -1 and as_floats.max() == 1
    np.testing.assert_array_equal(training.as_bytes(as_floats), every)


# ---- a whole run


def test_a_run_and_what_it_leaves(tmp_path: Path) -> None:
    ticks, out = [], tmp_path / "run"
    config = TINY.replace(evaluate_every=6, evaluate_samples=5)
    shapes = []

    def evaluate(images: np.ndarray) -> dict[str, float]:
        shapes.append((images.shape, images.dtype))
        return {"distance": 3.0 - len(shapes)}

    run = train(config, DATA, out, lambda *at: ticks.append(at), evaluate=evaluate, best=Best("distance"))
    assert ticks == [(0, 12), (4, 12), (6, 12), (8, 12), (12, 12)]
    assert shapes == [((5, 8, 8, 1), np.uint8)] * 2
    lines = recorder.read_lines(out)
    assert [line["step"] for line in lines] == [4, 6, 8, 12] and lines == run.lines
    assert [line.get("metrics") for line in lines] == [None, {"distance": 2.0}, None, {"distance": 1.0}]
    assert all(np.isfinite(line["loss_d"]) and line["seconds"] > 0 for line in lines)
    assert lines[0]["slope"] is None  # no penalty looks at it
    assert sorted(p.name for p in (out / "samples").iterdir()) == [f"step-{i:08d}.png" for i in (0, 6, 12)]
    assert Image.open(out / "samples" / "step-00000006.png").size == (64, 64)
    with np.load(out / "seen" / "step-00000012.npz") as seen:
        assert {name: seen[name].shape for name in seen.files} == dict.fromkeys(("real", "fake", "slopes"), (8,))
        assert (seen["slopes"] > 0).all()
    assert recorder.read_config(out) == config
    status = json.loads((out / "status.json").read_text())
    assert (status["state"], status["step"], status["steps"], status["left"]) == ("done", 12, 12, None)
    assert run.sample(np.zeros((2, 3))).shape == (2, 8, 8, 1)
    found, state, damaged = restore(out)
    assert found == config and int(state.step) == 12 and damaged == []
    for a, b in zip(leaves(state), leaves(run.state), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_line_is_the_mean_of_the_steps_since_the_one_before() -> None:
    each = train(TINY.replace(record_every=1), DATA).lines
    every = train(TINY.replace(steps=6), DATA).lines
    assert [line["step"] for line in every] == [4, 6]
    for line, steps in zip(every, (each[:4], each[4:6]), strict=True):
        for name in ("loss_d", "loss_g", "score_real", "grad_norm_g"):
            assert line[name] == pytest.approx(np.mean([step[name] for step in steps]), rel=1e-4, abs=1e-5)


def test_a_run_that_runs_away_ends_there() -> None:
    run = train(TINY.replace(lr_d=1.0, lr_g=1.0, beta1=0.999, beta2=0.0, steps=4000), DATA)
    assert run.status["state"] == "diverged" and run.status["step"] < 4000


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="size"):
        train(TINY.replace(size=16), DATA)
    with pytest.raises(ConfigError, match="device"):
        train(TINY, DATA, device="abacus")
    (tmp_path / "config.json").write_text(TINY.to_json())
    with pytest.raises(ConfigError, match="holds a run already"):
        train(TINY, DATA, tmp_path)
    with pytest.raises(ConfigError, match=r"lr_g.*as it was"):
        train(TINY.replace(lr_g=0.5), DATA, tmp_path, resume=True)
    with pytest.raises(ConfigError, match="folder that holds a run"):
        restore(tmp_path / "nowhere")


def test_torn_lines_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").write_text('{"step": 4}\nnull\n{"step": "5"}\n{"step": 8')
    assert recorder.read_lines(tmp_path) == [{"step": 4}]
    (tmp_path / "metrics.jsonl").write_bytes(b'{"step": 4}\n\xff\n{"step": 8}\n')
    assert recorder.read_lines(tmp_path) == [{"step": 4}, {"step": 8}]
    assert recorder.read_lines(tmp_path / "nowhere") == [] and recorder.read_status(tmp_path) == {}


def test_a_grid_of_pictures() -> None:
    images = np.arange(3, dtype=np.uint8)[:, None, None, None] * np.ones((3, 2, 2, 1), np.uint8) + 1
    sheet = np.asarray(recorder.picture(images))
    assert sheet.shape == (4, 4) and sheet[0, 0] == 1 and sheet[0, 2] == 2 and sheet[2, 0] == 3 and sheet[2, 2] == 0
    assert recorder.picture(np.zeros((5, 2, 2, 3), np.uint8), columns=5).size == (10, 2)
