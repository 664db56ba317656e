"""Maps as the page knows them: what is looked at, the link of a map, and those that ship."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode

import numpy as np

from app import link
from app.varying import short, written
from app.words import words
from gan1d.axes import Axis, Sweep
from gan1d.catalogue import HERE
from gan1d.config import Config, ConfigError
from gan1d.floors import floors
from gan1d.render.maps.cells import METRICS
from gan1d.render.maps.cells import text as drawn_words
from gan1d.results import read

OUTCOME = "outcome"
SHOWN = (OUTCOME, *METRICS)
"""What a map can show."""
SHIPPED = HERE / "assets" / "maps"
RESOLUTIONS = (8, 12, 16, 24)
SEEDS = (1, 2, 4, 8, 16)
MOST_SEEDS = 64
"""Of a link."""
MANY = 32
"""Kinds of data on a map beyond which the noise floors, which must be computed for each, are left out."""


class Looked(NamedTuple):
    """A map as it is looked at. shipped: its name, of one that ships; show: of `SHOWN`; problems: of the link, in words."""

    sweep: Sweep
    shipped: str | None = None
    show: str = OUTCOME
    problems: tuple[str, ...] = ()


def title(sweep: Sweep) -> str:
    """What is varied, and how finely."""
    first, second = sweep.axes
    sizes = {"x": short(first), "y": short(second), "nx": len(first.values), "ny": len(second.values)}
    return str(words("map")["own"]).format(**sizes, seeds=sweep.seeds)


# ---- links


def query(looked: Looked) -> dict[str, str | list[str]]:
    """The address of a map: its name where it ships, else its settings."""
    show = {"show": looked.show} if looked.show != OUTCOME else {}
    if looked.shipped:
        return {"map": looked.shipped, **show}
    base: dict[str, str | list[str]] = dict(parse_qsl(link.encode(looked.sweep.config), keep_blank_values=True))
    return base | {"vary": [written(a) for a in looked.sweep.axes], "seeds": str(looked.sweep.seeds), **show}


def from_query(address: str) -> Looked:
    """The map of an address, the nearest that can be where something is wrong with it: then that is said. Never raises."""
    text, problems = words("map")["link"], list[str]()
    pairs = parse_qsl(address.removeprefix("?")[: link.LONGEST], keep_blank_values=True)
    mine = {name: [v for n, v in pairs if n == name] for name in ("map", "vary", "seeds", "show")}
    rest = urlencode([(n, v) for n, v in pairs if n not in mine])
    show = (mine["show"] or [OUTCOME])[0]
    if show not in SHOWN:
        problems.append(text["show"].format(value=show[:40]))
        show = OUTCOME
    if name := (mine["map"] or [""])[0]:
        if name in shipped():
            return Looked(shipped()[name].sweep, name, show, tuple(problems))
        problems.append(text["map"].format(name=name[:40]))
    elif mine["vary"]:
        try:
            seeds = (mine["seeds"] or ["1"])[0]
            if not (seeds.isascii() and seeds.isdecimal() and 1 <= int(seeds) <= MOST_SEEDS):
                raise ConfigError("seeds", seeds, f"it must be a whole number from 1 to {MOST_SEEDS}")
            base = link.decode(rest)
            sweep = made(base.config, [Axis.parse(v) for v in mine["vary"]], int(seeds))
            return Looked(sweep, None, show, (*problems, *base.problems))
        except ConfigError as e:
            problems.append(text["refused"].format(why=e))
    first = next(iter(shipped()))
    return Looked(shipped()[first].sweep, first, show, tuple(problems))


def made(config: Config, axes: Sequence[Axis], seeds: int) -> Sweep:
    """A map over two settings.

    Raises:
      ConfigError: not two different settings, too many cells, or a cell that cannot be.
    """
    names = [axis.field for axis in axes]
    if len(set(names)) != 2 or len(names) != 2:
        raise ConfigError("vary", names, "a map has two different settings")
    for axis in axes:
        if not 1 <= len(axis.values) <= RESOLUTIONS[-1]:
            raise ConfigError(axis.field, len(axis.values), f"an axis has 1 to {RESOLUTIONS[-1]} values")
    return Sweep(config.replace(**{"training.seed": 0}), tuple(axes), seeds)


# ---- what ships


class Shipped(NamedTuple):
    """A map that is there at once: its place, what it teaches, and what all of its runs have in common."""

    folder: Path
    sweep: Sweep
    title: str
    sentence: str
    setting: str


@cache
def shipped() -> dict[str, Shipped]:
    """Name -> map, in the order of the text."""
    texts = drawn_words()["shipped"]
    return {name: Shipped(SHIPPED / name, read(SHIPPED / name).sweep, **texts[name]) for name in texts}


def floors_of(sweep: Sweep, metric: str) -> np.ndarray | None:
    """The noise floor of a metric in every cell (X, Y): what a batch of data is off by alone; None where there is none."""
    if metric not in ("w1", "mean", "std"):
        return None
    configs = {index: sweep.cell(index, 0) for index in np.ndindex(sweep.shape)}
    if len({(c.data, c.training.batch, c.generator) for c in configs.values()}) > MANY:
        return None
    found = np.zeros(sweep.shape)
    for index, config in configs.items():
        found[index] = floors(config).noise[metric]
    return found
