"""The controls by which a map of one's own is made: where it starts, which two settings, how finely, how many seeds."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app import computing, controls, maps, varying
from app.controls import Control, plain_number
from app.maps import RESOLUTIONS, SEEDS, Looked
from app.state import current
from app.words import words
from gan1d.axes import Axis, Sweep
from gan1d.catalogue import scenarios
from gan1d.config import Config, ConfigError

FIRST = ("training.lr_d", "training.lr_g")
"""What is varied where nothing else is asked for."""
THIS, LAB = "this map", "the lab"
"""Where a map can start, beside the scenarios."""
text = words("map")


def draw(looked: Looked, lab: Config) -> Sweep | None:
    """The controls, standing as the map that is looked at; the map that is asked for, when it is."""
    of = computing.name_of(looked.sweep)
    bases = {THIS: looked.sweep.config, LAB: lab} | {name: s.config for name, s in scenarios.items()}
    titles = {THIS: text["base_this"], LAB: text["base_lab"]}
    name = st.selectbox(
        text["base"],
        list(bases),
        format_func=lambda key: titles.get(key) or scenarios[key].title,
        help=text["base_help"],
        key=f"base {of}",
    )
    config = bases[name]
    numbers = {c.name: c for c in varying.fields(config)}
    every = numbers | {c.name: c for c in varying.choices(config)}
    axes = [
        _axis(config, options, looked, place, f"{label} {name} {of}")
        for place, (label, options) in enumerate((("x", numbers), ("y", every)))
    ]
    seeds = st.select_slider(
        text["seeds"],
        sorted({*SEEDS, looked.sweep.seeds}),
        looked.sweep.seeds,
        help=text["seeds_help"],
        key=f"seeds {of}",
    )
    try:
        sweep = maps.made(config, axes, seeds)
    except ConfigError as e:
        st.error(str(e))
        return None
    st.caption(estimate(sweep))
    return sweep if st.button(text["start"], type="primary", width="stretch", icon=":material/grid_on:") else None


def estimate(sweep: Sweep) -> str:
    """How many runs, and about how long they take."""
    known = "estimate" if computing.is_measured() else "estimate_rough"
    gans = sweep.shape[0] * sweep.shape[1] * sweep.seeds
    return str(text[known]).format(gans=gans, time=duration(computing.seconds(sweep)))


def duration(seconds: float) -> str:
    """A time as a person says it."""
    units = text["time"]
    if seconds < 90:
        return str(units["seconds"]).format(n=max(1, round(seconds)))
    return str(units["minutes"] if seconds < 5400 else units["hours"]).format(
        n=round(seconds / 60) if seconds < 5400 else seconds / 3600
    )


def _axis(config: Config, options: dict[str, Control], looked: Looked, place: int, key: str) -> Axis:
    """One axis: which setting, and which values of it."""
    known = looked.sweep.axes[place]
    default = (
        known.field if known.field in options else FIRST[place] if FIRST[place] in options else next(iter(options))
    )
    name = st.selectbox(
        text["xy"[place]],
        list(options),
        index=list(options).index(default),
        format_func=lambda field: controls.wording(options[field])[0],
        key=f"field {key}",
    )
    control = options[name]
    given = known.values if known.field == name else None
    if control.kind == "choice":
        names = words("lab")["choices"]
        chosen = st.multiselect(
            text["values"],
            control.options,
            default=[v for v in given or control.options if v in control.options],
            format_func=lambda v: names.get(str(v), str(v)),
            key=f"values {name} {key}",
        )
        return Axis(name, tuple(v for v in control.options if v in chosen))
    low, high = _range(
        control, (given[0], given[-1]) if given else varying.span(control, current(config, name)), name + key
    )
    if varying.is_listed(control):
        return Axis(name, varying.values(control, low, high, 0))
    counts = sorted({*RESOLUTIONS, len(given)} if given else RESOLUTIONS)
    count = st.select_slider(
        text["resolution"], counts, len(given) if given else RESOLUTIONS[1], key=f"count {name} {key}"
    )
    if given and (low, high, count) == (given[0], given[-1], len(given)):
        return known
    return Axis(name, varying.values(control, low, high, count))


def _range(control: Control, default: tuple[Any, Any], key: str) -> tuple[Any, Any]:
    """Both ends of an axis on one slider."""
    low, high = sorted(default)
    if control.kind == "steps":
        options = sorted({*varying.scale(control), low, high})
        ends: tuple[Any, Any] = st.select_slider(
            text["range"], options, (low, high), format_func=plain_number, help=text["range_help"], key=f"range {key}"
        )
        return ends
    least, most = varying.ends(control)
    kind = type(least)
    return st.slider(
        text["range"],
        min(least, kind(low)),
        max(most, kind(high)),
        (kind(low), kind(high)),
        step=control.step,
        help=text["range_help"],
        key=f"range {key}",
    )
