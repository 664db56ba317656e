"""The settings of a run: data, model, size, and what else there is; and what it will take."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import streamlit as st

from app.controls import decades, plain_number
from app.designer import duration
from app.images import training, uploads
from app.words import words
from gan1d.config import ConfigError
from gan1d.image.config import NOISES, ImageConfig
from gan1d.image.presets import PRESETS

FAMILIES = ("dcgan", "wgan-gp")
BOTH = "both"
SIZES = (16, 32, 64, 128, 256)
SHORT = {"digits": "digits", "stacked-digits": "stacked", "faces": "faces"}
"""Embedded data -> how the presets' names begin."""
CHANNELS = {"digits": 1, "stacked-digits": 3, "faces": 3}
OWN = "own"
"""Data of one's own, among the choices."""
STEPS = (200, 500, 1000, 2000, 3000, 4000, 6000, 10_000, 20_000, 50_000, 100_000)
RATES = decades(-5, -1)
GRIDS = 50
"""Most pictures of a whole run that are kept, but for the first; and a quarter as many evaluations."""
LONG = 2 * 3600.0
"""Seconds from which a run is said to be none for this machine."""
text = words("images")


class Field(NamedTuple):
    """A setting under "More": how it is set, and for which of the two families."""

    name: str
    kind: str  # slider | rates | switch | choice
    options: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 1.0
    step: float = 0.05
    family: str = ""


FIELDS = (
    Field("width", "choice", (4, 8, 16, 24, 32, 48, 64, 96, 128)),
    Field("latent", "choice", (8, 16, 32, 64, 100, 128, 256)),
    Field("latent_kind", "choice", NOISES),
    Field("batch", "choice", (8, 16, 32, 64, 128, 256)),
    Field("lr_d", "rates"),
    Field("lr_g", "rates"),
    Field("beta1", "slider", low=0.0, high=0.95),
    Field("n_critic", "choice", (1, 2, 3, 4, 5, 6, 8, 10)),
    Field("penalty_weight", "choice", (0.0, 0.1, 1.0, 5.0, 10.0, 20.0, 50.0, 100.0), family="wgan-gp"),
    Field("frozen_penalty", "switch", family="wgan-gp"),
    Field("ema", "choice", (0.0, 0.9, 0.99, 0.999, 0.9999)),
    Field("spectral_norm", "switch"),
    Field("flips", "switch"),
    Field("drift", "choice", (0.0, 0.0001, 0.001, 0.01, 0.1)),
    Field("label_smoothing", "slider", high=0.5, family="dcgan"),
    Field("instance_noise", "choice", (0.0, 0.02, 0.05, 0.1, 0.2, 0.5)),
)


def base(family: str, data: str, size: int, channels: int) -> ImageConfig:
    """The preset that is nearest: for these data, for small images, the papers' from 64 pixels, the source's at 256."""
    exact = f"{SHORT.get(data, '')}-{size}-{family}"
    small = f"{SHORT.get(data, 'faces')}-32-{family}"
    if exact in PRESETS:
        name = exact
    elif size <= 32:
        name = small if small in PRESETS else f"faces-32-{family}"
    else:
        name = f"source-{family}" if size == 256 else family
    return PRESETS[name].replace(data=data, size=size, channels=channels)


def paced(config: ImageConfig) -> ImageConfig:
    """The same, looked at as often as a timeline wants it, at round steps: a longer run leaves no more behind."""
    every = next(n for k in range(8) for n in (10**k, 2 * 10**k, 5 * 10**k) if n * GRIDS >= config.steps)
    return config.replace(sample_every=every, checkpoint_every=every * 4, evaluate_every=every * 4)


def draw(begin: Callable[[list[ImageConfig]], None]) -> None:
    """The controls; `begin` is called with the runs that are asked for, when they are."""
    own = uploads.draw_choice()
    data, channels = _data(own)
    if data is None:
        return
    family = st.segmented_control(
        text["family"],
        [*FAMILIES, BOTH],
        default=FAMILIES[0],
        required=True,
        format_func=lambda name: text["families"][name],
        help=text["family_help"],
        key="image family",
    )
    size = st.select_slider(text["size"], SIZES, SIZES[0], format_func=lambda s: f"{s} × {s}", key="image size")
    bases = [base(name, data, size, channels) for name in (FAMILIES if family == BOTH else [family])]
    of = " ".join((*(b.model for b in bases), data[-40:], str(size)))
    shared = _front(bases[0], of)
    with st.expander(text["more"], key="image more"):
        changes = _more(bases, family, of)
    try:
        configs = [paced(b.replace(**shared, **changes.get(k, {}))) for k, b in enumerate(bases)]
    except ConfigError as e:
        st.error(str(e))
        return
    _draw_estimate(configs)
    label = text["start_both"] if family == BOTH else text["start"]
    icon = ":material/play_arrow:"
    st.button(label, type="primary", width="stretch", icon=icon, key="image start", on_click=begin, args=(configs,))


def _data(own: dict[str, uploads.Own]) -> tuple[str | None, int]:
    """(name or path, channels) of the data; None where there are none yet."""
    chosen = st.session_state.get(uploads.CHOICE, "digits")
    if chosen in CHANNELS:
        return chosen, CHANNELS[chosen]
    if chosen in own:
        return own[chosen].path, own[chosen].channels
    return None, 0


def _front(config: ImageConfig, of: str) -> dict[str, Any]:
    steps = st.select_slider(
        text["fields"]["steps"]["label"],
        sorted({*STEPS, config.steps}),
        config.steps,
        format_func=lambda n: f"{n:,}".replace(",", " "),
        help=text["fields"]["steps"]["help"],
        key=f"image steps {of}",
    )
    said = text["fields"]["seed"]
    seed = st.number_input(said["label"], 0, 2**31 - 1, config.seed, help=said["help"], key=f"image seed {of}")
    return {"steps": steps, "seed": int(seed)}


def _more(bases: list[ImageConfig], family: str, of: str) -> dict[int, dict[str, Any]]:
    """What is set otherwise than the presets have it, of each base."""
    changes: dict[int, dict[str, Any]] = {k: {} for k in range(len(bases))}
    for field in FIELDS:
        mine = [k for k, name in enumerate(FAMILIES if family == BOTH else [family]) if field.family in ("", name)]
        if not mine:
            continue
        now = bases[mine[0]].to_dict()[field.name]
        value = _control(field, now, f"image {field.name} {of}")
        if value != now:  # what is left alone stays as each preset has it
            for k in mine:
                changes[k][field.name] = value
    return changes


def _control(field: Field, now: Any, key: str) -> Any:
    said = text["fields"][field.name]
    common: dict[str, Any] = {"help": said["help"], "key": key}
    if field.kind == "switch":
        return st.toggle(said["label"], now, **common)
    if field.kind == "slider":
        return float(st.slider(said["label"], field.low, field.high, float(now), step=field.step, **common))
    options = sorted({*(RATES if field.kind == "rates" else field.options), now})
    called = partial(_plain, said.get("values", {}))
    return st.select_slider(said["label"], options, now, format_func=called, **common)


def _plain(names: dict[str, str], value: Any) -> str:
    return plain_number(value) if isinstance(value, float) else names.get(value, str(value))


def _draw_estimate(configs: list[ImageConfig]) -> None:
    """About how long it takes, and by what that is known."""
    rate = training.measured()
    takes = sum(training.seconds(config, rate=rate) for config in configs)
    said = text["estimate" if rate else "estimate_rough"].format(time=duration(takes))
    st.caption(said)
    if takes > LONG:
        st.warning(text["long"].format(time=duration(takes)))
