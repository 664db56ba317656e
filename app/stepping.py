"""Half-steps of the run on screen, worked out when the player asks for them and given to it with the run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import pyarrow as pa
from streamlit.delta_generator import DeltaGenerator

from app.runner import Shown
from app.words import words
from gan1d.render.frames import NOISE_POINTS
from gan1d.render.steps import steps


class Window(NamedTuple):
    """What the player gets: kept, so that a rerun for something else sends the same again, which is nothing."""

    meta: dict[str, Any]
    tables: dict[str, pa.Table]


@dataclass
class Stepping:
    """Of one browser tab. asked: the iteration that the player asked for and has not been answered."""

    asked: int | None = None
    given: Window | None = None

    def ask(self, iteration: int) -> None:
        """Takes down what the player asks for."""
        self.asked = iteration

    def added_to(self, shown: Shown, place: DeltaGenerator) -> Shown:
        """A run with the half-steps that were asked for; that some are worked out, which may take seconds, is said at the place."""
        name = shown.meta["run"]
        if self.given and self.given.meta["run"] != name:
            self.given = None
        if self.asked is not None:
            place.info(words("stepping")["working"])
            self.given = _window(shown, self.asked)
            self.asked = None
            place.empty()
        found = self.given or Window({"run": name}, {})
        return shown._replace(meta=shown.meta | {"steps": found.meta}, tables=shown.tables | found.tables)


def _window(shown: Shown, around: int) -> Window:
    from gan1d.history import half_steps, part_at  # imports JAX

    run = shown.run
    meta: dict[str, Any] = {"run": shown.meta["run"], "around": around}
    try:
        part = part_at(run, around)
        found, arrays = steps(run, part, half_steps(run, around), NOISE_POINTS)
    except ValueError as e:  # a run of a file that nothing is known of but what was recorded
        return Window(meta | {"error": words("stepping")["failed"].format(why=e)}, {})
    tables = {name: pa.table({name: values}) for name, values in arrays.items()}
    return Window(meta | found, tables)
