"""What the player asks of the server: an action is a dict with an `id`, and comes from outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from app import ensemble
from app.history import Plan
from app.state import NOTICES, Session, bounds
from app.uploads import KEPT, UploadError, drawn
from app.words import words
from gan1d.config import Config, ConfigError

DATA, GOING = NOTICES


def act(state: Session, action: Mapping[str, Any]) -> bool:
    """Does what an action says; False where it is none that is known here. Whatever comes is refused in words, not by an exception."""
    handler = ACTIONS.get(str(action.get("id")))
    if handler is None:
        return False
    try:
        handler(state, action)
    except (UploadError, ConfigError, LookupError, TypeError, ValueError, OverflowError) as e:
        state.refuse(DATA, e)
    return True


def open_(state: Session, action: Mapping[str, Any]) -> None:
    """Another scenario."""
    state.open(action["scenario"])


def _parts(step: Callable[[Plan, int], Plan]) -> Callable[[Session, Mapping[str, Any]], None]:
    """A change of the plan at the iteration that is shown."""

    def handle(state: Session, action: Mapping[str, Any]) -> None:
        state.attempt(GOING, lambda: step(state.plan, int(action.get("iteration", 0))))

    return handle


def data(state: Session, action: Mapping[str, Any]) -> None:
    """Places and widths of the data, as its handles were dragged."""
    fields = {f"data.{name}": value for name, value in dict(action["fields"]).items()}
    if state.attempt(DATA, lambda: state.plan.changed(_moved(state.config, fields))):
        state.said = ""


def draw(state: Session, action: Mapping[str, Any]) -> None:
    """A density that was drawn: its heights from low to high."""
    values = drawn(float(action["low"]), float(action["high"]), [float(h) for h in action["heights"]])
    new = {"data.kind": "quantiles", "data.values": values}
    if state.attempt(DATA, lambda: state.plan.changed(state.config.replace(**new))):
        state.said = words("uploads")["drawn"].format(kept=KEPT)


def _moved(config: Config, fields: Mapping[str, Any]) -> Config:
    """A bound that was dragged pushes the others before it; shares stay as they are."""
    for name in ("data.low", "data.high", "data.mode"):
        if name in fields:
            config = config.replace(**bounds(config, name, float(fields[name])))
    return config.replace(**{name: value for name, value in fields.items() if not _is_bound(name)})


def _is_bound(name: str) -> bool:
    return name in ("data.low", "data.high", "data.mode")


ACTIONS: dict[str, Callable[[Session, Mapping[str, Any]], None]] = {
    "open": open_,
    "branch": _parts(Plan.go_on),
    "hold": _parts(Plan.hold),
    "release": _parts(Plan.release),
    "steps": lambda state, action: state.stepping.ask(int(action["iteration"])),
    "undo": _parts(lambda plan, _: plan.undo()),
    "data": data,
    "draw": draw,
    "ensemble": ensemble.begin,
    "open_seed": ensemble.open_seed,
}
"""Id -> what is done."""
