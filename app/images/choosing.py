"""Which run is looked at, and which one beside it: those that ship and those that were trained here; kept in the address."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

import streamlit as st

from app.images import training
from app.images.runs import Run, RunError, read, stamp
from app.images.training import Training
from app.jobs import jobs
from app.words import words
from gan1d.catalogue import HERE

SHIPPED = HERE / "assets" / "image"
RUNS = "run-"
"""What the names of folders of shipped runs begin with."""
FIRST = ("digits-dcgan", "digits-wgan-gp")
"""What is looked at where nothing else is asked for, side by side."""
ONE, BESIDE = "run", "beside"
"""In the address, and in the session."""
LONGEST = 80
"""Characters of a run's name."""
text = words("images")


class Looked(NamedTuple):
    """Names of what is looked at. problem: of the address, in words."""

    run: str | None
    beside: str | None = None
    problem: str = ""

    @property
    def names(self) -> list[str]:
        """Both, or one, or none."""
        return [name for name in (self.run, self.beside) if name]


@cache
def shipped() -> dict[str, Path]:
    """Name -> folder of the runs that ship, those first that are shown first."""
    found = {path.name.removeprefix(RUNS): path for path in sorted(SHIPPED.glob(f"{RUNS}*")) if path.is_dir()}
    return {name: found[name] for name in (*FIRST, *found) if name in found}


def known() -> dict[str, Training | None]:
    """Every run there is: name -> its training, None for those that ship."""
    return dict.fromkeys(shipped()) | {t.job.name: t for t in training.kept()}


def title(name: str, mine: Training | None = None) -> str:
    """What a run is called."""
    if name in shipped():
        return str(text["shipped"].get(name, name))
    mine = mine or training.find(name)
    if mine is None:
        return name
    config = mine.config
    known_data = text["data"].get(config.data, {}).get("title") or Path(config.data).name
    return str(text["called"]).format(
        family=text["families"][family(config.loss)], data=known_data, size=config.size, seed=config.seed
    )


def family(loss: str) -> str:
    """Whose game it is, by its objective."""
    return "wgan-gp" if loss == "wasserstein" else "dcgan"


def looked_at() -> Looked:
    """This tab's runs: those of the address, else those that are shown first. What the address names and is not there is said."""
    there = known()
    asked = {key: (st.query_params.get(key) or "")[:LONGEST] for key in (ONE, BESIDE)}
    missing = [name for name in asked.values() if name and name not in there]
    run, beside = (asked[key] if asked[key] in there else None for key in (ONE, BESIDE))
    problem = text["missing"].format(name=missing[0]) if missing else ""
    if run is None:
        first = [name for name in FIRST if name in there] or list(there)[:1]
        run, beside = (*first, None, None)[:2]
    return Looked(run, beside if beside != run else None, problem)


def look_at(run: str | None, beside: str | None = None) -> None:
    """Goes over to other runs; the address holds them."""
    st.query_params.from_dict({key: name for key, name in ((ONE, run), (BESIDE, beside)) if name})


def address(run: str, beside: str | None = None) -> str:
    """The page with these runs, as the app's other pages name it."""
    return "./images?" + urlencode({key: name for key, name in ((ONE, run), (BESIDE, beside)) if name})


def folder_of(name: str) -> Path:
    """Where a run's files lie."""
    if name in shipped():
        return shipped()[name]
    return jobs().folder(name) / training.FOLDER


@st.cache_resource(show_spinner=False, max_entries=32)
def _read(folder: str, changed: str) -> Run | str:
    try:
        return read(Path(folder))
    except RunError as e:
        return str(e)


def run_of(name: str) -> Run | str:
    """A run as far as it is, read again only where something has changed; or why it cannot be read, in one line."""
    folder = folder_of(name)
    return _read(str(folder), stamp(folder))


def draw(looked: Looked) -> None:
    """The choice of both."""
    there = known()
    st.session_state[f"image {ONE}"] = looked.run
    st.session_state[f"image {BESIDE}"] = looked.beside

    def said(name: str | None) -> str:
        if name is None:
            return str(text["nothing"])
        mine = there.get(name)
        state = text["states"].get(mine.state, "") if mine else text["states"]["shipped"]
        return f"{title(name, mine)} {state}".strip()

    def take() -> None:
        look_at(st.session_state[f"image {ONE}"], st.session_state[f"image {BESIDE}"])

    with st.container(key="chosen"):
        one, other = st.columns(2)
    one.selectbox(text[ONE], list(there), format_func=said, key=f"image {ONE}", on_change=take)
    others = [None, *(name for name in there if name != looked.run)]
    other.selectbox(
        text[BESIDE], others, format_func=said, help=text["beside_help"], key=f"image {BESIDE}", on_change=take
    )
