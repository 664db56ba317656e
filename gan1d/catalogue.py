"""The scenarios: what to train, what must come out, and how often it does.

A scenario holds for a run when its inequality holds on the last recorded state. The inequalities are written here on the arrays alone;
`diagnosis.py` has no say in them. Rates are measured, never typed: `make assets` writes `assets/rates.json`, `make test-deep` checks it.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from gan1d.config import Config, ConfigError
from gan1d.data import target
from gan1d.metrics import mode_masses
from gan1d.trajectory import Trajectory

DISCRIMINATORS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "plain": {"discriminator.l2": 0.0, "discriminator.dropout": 0.0},
        "l2": {"discriminator.l2": 5e-4, "discriminator.dropout": 0.0},
        "dropout": {"discriminator.l2": 0.0, "discriminator.dropout": 0.5},
        "l2-dropout": {"discriminator.l2": 5e-4, "discriminator.dropout": 0.5},
    }
)
"""The four discriminators that every experiment compares."""
HERE = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """An experiment with its expected outcome."""

    name: str
    config: Config
    expects: str
    """The word of `diagnosis` for what must be seen."""
    holds: Callable[[Trajectory], bool]
    """The inequality, on the last recorded state."""
    discriminator: str

    @property
    def title(self) -> str:
        """A few words for a menu."""
        return str(_texts()[self.name]["title"])

    @property
    def text(self) -> str:
        """A sentence: what is seen, and why."""
        return str(_texts()[self.name]["text"])

    @property
    def next(self) -> str:
        """How a button that leads here calls it."""
        return str(_texts()[self.name]["next"])

    @property
    def rate(self) -> dict[str, int] | None:
        """{"held", "of"}: runs in which it held, over seeds that no setting was chosen by; None where not measured."""
        return _rates().get(self.name, {}).get(self.discriminator)

    def with_discriminator(self, name: str) -> Scenario:
        """The same experiment with one of `DISCRIMINATORS`."""
        if name not in DISCRIMINATORS:
            raise ConfigError("discriminator", name, "it must be one of " + ", ".join(DISCRIMINATORS))
        return dataclasses.replace(self, config=self.config.replace(**DISCRIMINATORS[name]), discriminator=name)


@cache
def _texts() -> dict[str, Any]:
    return json.loads((HERE / "text" / "scenarios.en.json").read_text("utf-8"))


@cache
def _rates() -> dict[str, Any]:
    path = HERE / "assets" / "rates.json"
    return json.loads(path.read_text("utf-8"))["rates"] if path.exists() else {}


# ---- what holds, on the arrays of the last recorded state


def within(run: Trajectory, reach: float = 2.5) -> np.ndarray:
    """Generated mass within `reach` standard deviations of each mode (K,), from p_gen's cells."""
    data = target(run.config.data)
    width = run.x[1] - run.x[0]
    edges = np.append(run.x - width / 2, run.x[-1] + width / 2)
    cdf = run.mass_outside[-1, 0] + np.append(0.0, np.cumsum(run.p_gen[-1].astype(float) * width))
    return mode_masses(lambda at: np.interp(at, edges, cdf)[None], data.centres, data.stds, reach)[0]


def _matches(run: Trajectory, mean: float, std: float) -> bool:
    data = target(run.config.data)
    return bool(abs(run.mean[-1] - data.mean) < mean * data.std and abs(run.std[-1] / data.std - 1) < std)


def is_converged(run: Trajectory) -> bool:
    """|m - mu| < 0.1 sigma and |s/sigma - 1| < 0.15."""
    return _matches(run, 0.1, 0.15)


def is_averaged(run: Trajectory) -> bool:
    """|m - mu| < 0.35 sigma and |s/sigma - 1| < 0.25."""
    return _matches(run, 0.35, 0.25)


def is_collapsed(run: Trajectory) -> bool:
    """One mode's mass within 2.5 std > 0.8, and every other's < 0.05."""
    mass = np.sort(within(run))
    return bool(mass[-1] > 0.8 and (mass[:-1] < 0.05).all())


def _config(data: dict[str, Any], **changes: Any) -> Config:
    return Config.from_dict({"data": data}).replace(**changes)


_ALL = (
    Scenario(
        name="gaussian-linear",
        config=_config({"means": [15], "stds": [7]}, **{"training.lr_g": 0.1}),
        expects="converged",
        holds=is_converged,
        discriminator="l2",
    ),
    Scenario(
        name="near-modes-linear",
        config=_config({"means": [-3, 3], "stds": [1, 1]}),
        expects="mode averaging",
        holds=is_averaged,
        discriminator="l2",
    ),
    Scenario(
        name="far-modes-linear",
        config=_config({"means": [-3, 8], "stds": [1, 1]}),
        expects="mode collapse",
        holds=is_collapsed,
        discriminator="l2",
    ),
)


class _Scenarios(Mapping[str, Scenario]):
    """Name -> scenario, in the order of a lecture; an unknown name says what is there."""

    def __init__(self, members: tuple[Scenario, ...]):
        self._members = {s.name: s.with_discriminator(s.discriminator) for s in members}

    def __getitem__(self, name: str) -> Scenario:
        return self._members[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)


scenarios: Mapping[str, Scenario] = _Scenarios(_ALL)
