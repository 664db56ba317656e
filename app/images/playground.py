"""Playing with a trained generator: a board of samples to pick from, and what can be made of those that were picked. JAX comes with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st

from app.images import choosing, gallery, latents, picker, pictures
from app.images.choosing import Looked
from app.images.gallery import Pane
from app.images.picker import Role
from app.images.trained import Trained, TrainedError, trained
from app.words import words

COUNT, COLUMNS = 32, 8
"""Samples on the board."""
FRAMES = 33
"""Pictures from one sample to the other, both included."""
STRIP = 9
"""Of these, on the strip."""
SLIDERS = 12
"""Numbers of the noise that have a slider: those that move the picture most."""
NEAREST = 6
"""Training images beside a sample."""
LARGE = 256
"""Pixels that a single picture is made large to."""
MODES = ("between", "sliders", "sums", "nearest")
OPEN = "image playground"
text = words("images")["play"]


def draw(looked: Looked) -> None:
    """The playground of what is looked at; nothing of it is loaded before it is opened."""
    if not looked.names:
        return
    with st.expander(text["title"], key=OPEN, on_change="rerun", icon=":material/toys:") as box:
        if box.open:
            st.caption(text["about"])
            st.fragment(draw_inside)(looked)


def draw_inside(looked: Looked) -> None:
    """Which generator, which samples, and what is made of them."""
    name = looked.names[0]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(looked.names) > 1:
            name = st.selectbox(text["of"], looked.names, format_func=choosing.title, key="play of")
        seed = st.number_input(text["seed"], 0, 2**31 - 1, 0, help=text["seed_help"], key="play seed")
        cut = st.slider(text["truncation"], 0.1, 3.0, 3.0, 0.1, help=text["truncation_help"], key="play cut")
    try:
        with st.spinner(text["loading"], show_time=False):
            model = trained(name)
    except TrainedError as e:
        st.info(str(e))
        return
    z = latents.drawn(model.config.latent_kind, COUNT, model.config.latent, int(seed), cut if cut < 3 else None)
    mode = st.segmented_control(
        text["mode"],
        MODES,
        default=MODES[0],
        required=True,
        format_func=lambda m: text["modes"][m]["title"],
        key="play mode",
        label_visibility="collapsed",
    )
    st.caption(text["modes"][mode]["help"])
    board, result = st.columns([1, 1])
    with board:
        picked = _board(model, z, mode, f"{name} {seed} {cut}")
    with result:
        MAKERS[mode](model, z, picked)


def _board(model: Trained, z: np.ndarray, mode: str, of: str) -> dict[str, list[int]]:
    roles = ROLES[mode]
    picture = pictures.png(pictures.grid(model.sample(z), COLUMNS))
    first = {role.id: [k] for k, role in enumerate(roles)}
    found = picker.show(picture, COUNT, COLUMNS, roles, first, f"picker {mode}")
    st.download_button(
        text["save_board"], picture, "samples.png", "image/png", icon=":material/download:", key=f"board {of}"
    )
    return found


def _between(model: Trained, z: np.ndarray, picked: dict[str, list[int]]) -> None:
    a, b = (z[picked[role][0]] for role in ("from", "to"))
    way = model.sample(latents.between(a, b, FRAMES, model.config.latent_kind))
    frames: dict[int, Any] = {k: pictures.png(image) for k, image in enumerate(way)}
    pane = Pane("", text["between_alt"], frames)
    gallery.show([pane], f"between {picked}", "between", FRAMES - 1, "between", LARGE)
    strip = pictures.grid(way[np.linspace(0, FRAMES - 1, STRIP).astype(int)], STRIP)
    st.html(pictures.markup(strip, text["strip_alt"].format(count=STRIP)))


def _sliders(model: Trained, z: np.ndarray, picked: dict[str, list[int]]) -> None:
    start = z[picked["start"][0]]
    reach = latents.reach(model.config.latent_kind)
    picture, board = st.columns([1, 1])
    places = {}
    with board:
        for place in model.strongest(SLIDERS):
            key = f"latent {place} {picked['start'][0]} {float(start[place]):.4f}"
            value = float(np.clip(start[place], -reach, reach))
            places[place] = st.slider(
                text["number"].format(number=place + 1), -reach, reach, value, reach / 30, format="%.2f", key=key
            )
    image = model.sample(latents.moved(start, places)[None])[0]
    with picture:
        st.html(pictures.markup(image, text["moved_alt"], LARGE))


def _sums(model: Trained, z: np.ndarray, picked: dict[str, list[int]]) -> None:
    a, b, c = (z[picked[role]] for role in "abc")
    found = latents.arithmetic(a, b, c)
    shown = model.sample(np.stack([a.mean(0), b.mean(0), c.mean(0), found]))
    for column, label, image in zip(st.columns(4), ("a", "− b", "+ c", "="), shown, strict=True):
        column.markdown(f"**{label}**")
        column.html(pictures.markup(image, label, LARGE))
    st.caption(text["sums_note"])


def _nearest(model: Trained, z: np.ndarray, picked: dict[str, list[int]]) -> None:
    images = model.sample(z[picked["of"]])
    try:
        with st.spinner(text["looking"], show_time=False):
            near = model.nearest(images, NEAREST)
    except TrainedError as e:
        st.info(str(e))
        return
    for image, (found, distances) in zip(images, near, strict=True):
        row = np.concatenate([image[None], found])
        st.html(pictures.markup(pictures.grid(row, NEAREST + 1), text["nearest_alt"].format(count=NEAREST)))
        st.caption(text["nearest_note"].format(distance=float(distances[0]), typical=model.typical()))


ROLES = {
    "between": (Role("from", text["roles"]["from"], "1"), Role("to", text["roles"]["to"], "2")),
    "sliders": (Role("start", text["roles"]["start"], "•"),),
    "sums": tuple(Role(k, text["roles"][k], k, 3) for k in "abc"),
    "nearest": (Role("of", text["roles"]["of"], "•", 3),),
}
MAKERS: dict[str, Callable[[Trained, np.ndarray, dict[str, list[int]]], None]] = {
    "between": _between,
    "sliders": _sliders,
    "sums": _sums,
    "nearest": _nearest,
}
