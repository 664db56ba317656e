"""What may be asked for: read, checked and written back; presets as their papers have them; what compiles and what does not."""

import dataclasses
import json
import subprocess
import sys

import pytest

from gan1d.config import LOSSES, PENALTIES
from gan1d.fields import ConfigError
from gan1d.image.config import SIZES, ImageConfig, same_run, structure
from gan1d.image.presets import DEFAULT, PRESETS, preset, register_preset


@pytest.mark.parametrize("name", list(PRESETS))
def test_every_preset_is_read_back_as_it_was_written(name: str) -> None:
    config = PRESETS[name]
    assert config.model == name
    assert ImageConfig.from_json(config.to_json()) == config
    assert ImageConfig.from_dict({"model": name}) == config == preset(name)


def test_papers_settings() -> None:
    """Radford et al. 2016, section 4; Gulrajani et al. 2017, algorithm 1 and its CIFAR-10 code; the source's 256x256 models."""
    c = PRESETS["dcgan"]
    assert (c.size, c.channels, c.width, c.latent, c.latent_kind, c.batch) == (64, 3, 128, 100, "uniform", 128)
    assert (c.lr_d, c.lr_g, c.beta1, c.n_critic, c.norm_g, c.norm_d, c.init) == (
        *(2e-4, 2e-4, 0.5, 1),
        *("batch", "batch", "normal"),
    )
    c = PRESETS["wgan-gp"]
    assert (c.size, c.width, c.latent, c.batch, c.n_critic, c.penalty_weight) == (32, 128, 128, 64, 5, 10)
    assert (c.loss, c.penalty, c.norm_d, c.init) == ("wasserstein", "gradient_penalty", "none", "he_uniform")
    assert (c.lr_d, c.lr_g, c.beta1, c.beta2, c.kernel_d) == (1e-4, 1e-4, 0.5, 0.9, 5)
    for name, norm, beta1 in (("source-dcgan", "batch", 0.5), ("source-wgan-gp", "layer", 0.0)):
        c = PRESETS[name]
        assert (c.size, c.width, c.latent, c.norm_d, c.beta1, c.lr_d, c.steps) == (
            *(256, 32, 100, norm, beta1),
            *(1e-4, 50_000),
        )
        assert (c.kernel_g, c.kernel_d) == (5, 3)


def test_a_config_without_a_model_is_the_default_preset() -> None:
    assert ImageConfig.from_dict({"seed": 3}) == PRESETS[DEFAULT].replace(seed=3)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"sise": 32}, ("image.sise", "no such field", "size")),
        ({"model": "dcgann"}, ("image.model", "dcgann", "nearest: dcgan")),
        ({"model": 3}, ("image.model", "3")),
        ({"size": 48}, ("image.size", "48", "16, 32, 64, 128, 256")),
        ({"size": "16"}, ("image.size", "'16'")),
        ({"size": True}, ("image.size", "True")),
        ({"channels": 2}, ("image.channels", "2", "1, 3")),
        ({"loss": "gan"}, ("image.loss", "gan", "wasserstein")),
        ({"lr_g": -1}, ("image.lr_g", "-1", "from 0 to 1")),
        ({"lr_g": float("nan")}, ("image.lr_g", "nan")),
        ({"steps": 0}, ("image.steps", "0", "whole number from 1")),
        ({"flips": 1}, ("image.flips", "1", "true or false")),
        ({"data": ""}, ("image.data", "''", "characters")),
        ({"norm_d": "batch", "penalty": "gradient_penalty"}, ("image.norm_d", "batch", "layer or none")),
        ({"norm_d": "batch", "penalty": "r1"}, ("image.norm_d", "batch", "layer or none")),
        ({"frozen_penalty": True}, ("image.frozen_penalty", "gradient_penalty or r1")),
    ],
)
def test_what_cannot_be_is_refused_by_name(raw: dict, words: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as refused:
        ImageConfig.from_dict(raw)
    assert all(word in str(refused.value) for word in words), refused.value
    assert "\n" not in str(refused.value)


def test_what_is_no_config_is_refused() -> None:
    for text in ("[1]", "{", "3"):
        with pytest.raises(ConfigError, match="image"):
            ImageConfig.from_json(text)
    with pytest.raises(ConfigError, match="nonesuch"):
        preset("nonesuch")


def test_numbers_do_not_compile_and_choices_do() -> None:
    config = preset("wgan-gp")
    for spec in dataclasses.fields(config):
        assert spec.metadata["spec"].text
    plain = {"lr_d": 0.5, "seed": 7, "penalty_weight": 1.0, "ema": 0.5, "steps": 3, "data": "digits", "record_every": 3}
    assert structure(config.replace(**plain)) == structure(config)
    assert structure(config.replace(drift=0.1)) == structure(config.replace(drift=0.2)) != structure(config)
    for name, value in (("width", 8), ("loss", "hinge"), ("n_critic", 1), ("frozen_penalty", True), ("batch", 8)):
        assert structure(config.replace(**{name: value})) != structure(config)


def test_a_run_goes_on_only_as_itself() -> None:
    config = preset("digits-16-dcgan")
    assert same_run(config.replace(steps=9, data="elsewhere", checkpoint_every=7), config) == []
    assert same_run(config.replace(seed=9, lr_g=0.1), config) == ["lr_g", "seed"]


def test_vocabularies_are_those_of_the_line() -> None:
    specs = ImageConfig.specs()
    assert specs["loss"].choices == LOSSES and specs["penalty"].choices == PENALTIES
    assert all(size == 4 * 2**n for n, size in enumerate(SIZES, start=1))
    assert [preset("dcgan", size=size).levels for size in SIZES] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("name", list(PRESETS))
def test_every_preset_says_what_it_is(name: str) -> None:
    import gan1d.image.presets as module

    text = getattr(module, name.replace("-", "_")).__doc__
    assert text and (len(text) > 60 or name.count("-") > 1)


def test_a_preset_is_checked_when_it_is_registered() -> None:
    with pytest.raises(ConfigError, match="size"):
        register_preset("odd")(lambda: {"size": 20})
    assert "odd" not in PRESETS


def test_reading_settings_loads_no_jax() -> None:
    code = (
        "import sys; from gan1d.image.presets import preset; preset('dcgan').to_json(); "
        "import gan1d.image, gan1d.image.recorder; print('jax' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "False", done.stderr
    assert json.loads(preset("dcgan").to_json())["size"] == 64
