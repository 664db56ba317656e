"""A file that was handed in: numbers become data, a saved run is shown."""

from __future__ import annotations

import pyarrow as pa

from app import link
from app.history import Plan
from app.runner import Shown
from app.state import Session
from app.uploads import UploadError, is_run, quantiles, read_numbers, read_run
from app.words import words
from gan1d.config import Config, ConfigError
from gan1d.render.frames import frames
from gan1d.trajectory import Trajectory

UPLOAD = "upload"
"""The name under which what is refused of a file is said."""


def take_file(state: Session, name: str, content: bytes) -> None:
    """Goes over to what a file holds, or says in one line why not; then nothing has changed."""
    state.refused.pop(UPLOAD, None)
    state.said = ""
    try:
        if is_run(content):
            _take_run(state, read_run(content, name), name)
        else:
            _take_numbers(state, content)
    except (UploadError, ConfigError) as e:
        state.refuse(UPLOAD, e)


def _take_numbers(state: Session, content: bytes) -> None:
    text = words("uploads")
    numbers = read_numbers(content)
    kept = quantiles(numbers.values)
    config = state.config.replace(**{"data.kind": "quantiles", "data.values": kept})
    plan = state.plan.changed(config)
    state.take(plan)
    state.said = text["read"].format(
        count=len(numbers.values),
        column=text["column"].format(name=numbers.column[:40]) if numbers.column else "",
        skipped=text["skipped"].format(count=numbers.skipped) if numbers.skipped else "",
        kept=len(kept),
    )


def _take_run(state: Session, found: Config | Trajectory, name: str) -> None:
    text = words("uploads")
    if isinstance(found, Config):
        plan, opened = Plan(found).checked(), None
    else:
        plan = _plan_of(found)
        opened = (plan, _shown(found, name))
    state.scenario = link.home(plan.parts[0][0])
    state.take(plan)
    state.opened = opened
    state.said = text["opened" if opened else "opened_config"].format(name=name[:60])


def _plan_of(run: Trajectory) -> Plan:
    """The parts that a saved run says it went through; its own settings alone where it says nothing that can be gone on from."""
    try:
        told = [(Config.from_dict(p["config"]), int(p["until"]), bool(p["hold_g"])) for p in run.summary["parts"]]
        *past, (last, until, held) = told
        return Plan(last.replace(**{"training.iterations": until}), tuple(past), held).checked()
    except (LookupError, TypeError, ValueError):  # ConfigError among them
        return Plan(run.config)


def _shown(run: Trajectory, name: str) -> Shown:
    """What the player needs of it. A file made to harm holds numbers that no run has: whatever they bring about is said in one line."""
    try:
        meta, arrays = frames(run)
        return Shown(run, meta, {key: pa.table({key: values}) for key, values in arrays.items()})
    except Exception:
        raise UploadError(words("uploads")["no_run"].format(name=name[:60])) from None
