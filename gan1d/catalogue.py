"""The scenarios: what to train, what must come out, and how often it does.

A scenario holds for a run when its inequality in `outcomes.py` does. Rates are measured, never typed:
`make assets` writes `assets/rates.json`, `make test-deep` checks it.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from gan1d.config import Config, ConfigError
from gan1d.outcomes import (
    Holds,
    has_all_modes,
    is_averaged,
    is_collapsed,
    is_converged,
    is_diverged,
    is_oscillating,
    is_vanished,
)
from gan1d.wording import wording

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
    holds: Holds
    """The inequality on the run's arrays, of `outcomes`."""
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
        found = _rates().get(self.name, {}).get(self.discriminator)
        return {key: found[key] for key in ("held", "of")} if found else None

    def with_discriminator(self, name: str) -> Scenario:
        """The same experiment with one of `DISCRIMINATORS`.

        Raises:
          ConfigError: another name.
        """
        if name not in DISCRIMINATORS:
            raise ConfigError("discriminator", name, "it must be one of " + ", ".join(DISCRIMINATORS))
        return dataclasses.replace(self, config=self.config.replace(**DISCRIMINATORS[name]), discriminator=name)


_texts = partial(wording, "scenarios")


@cache
def _rates() -> dict[str, Any]:
    path = HERE / "assets" / "rates.json"
    return json.loads(path.read_text("utf-8"))["rates"] if path.exists() else {}


GAUSSIAN: dict[str, Any] = {"means": [15], "stds": [7]}
NEAR_MODES: dict[str, Any] = {"means": [-3, 3], "stds": [1, 1]}
FAR_MODES: dict[str, Any] = {"means": [-3, 8], "stds": [1, 1]}

MLP: dict[str, Any] = {
    "generator.kind": "mlp",
    "generator.activation": "leaky_relu",
    "discriminator.activation": "leaky_relu",
    "training.penalty": "r1",
    "training.penalty_weight": 2.0,
    "training.lr_d": 1e-3,
    "training.lr_g": 5e-4,
    "training.beta1": 0.0,
    "training.beta2": 0.9,
    "training.batch": 128,
    "training.iterations": 4000,
}
"""R1 and no momentum make both modes stay found (tuned on seeds 0 to 63)."""
SURE: dict[str, Any] = {
    "training.loss": "minimax",
    "training.optimizer": "sgd",
    "discriminator.activation": "leaky_relu",
    "training.k_d": 10,
    "training.lr_d": 0.1,
    "training.lr_g": 0.05,
}
"""Adam would hide it: it divides a vanishing gradient by its own size. The non-saturating loss converges with the same numbers."""
OVERSHOOT: dict[str, Any] = {
    "training.loss": "wasserstein",
    "training.penalty": "gradient_penalty",
    "training.penalty_weight": 1.0,
    "training.lr_g": 0.1,
}
UNBOUNDED: dict[str, Any] = {
    "training.loss": "wasserstein",
    "training.optimizer": "sgd",
    "discriminator.activation": "leaky_relu",
    "training.lr_d": 0.03,
    "training.lr_g": 0.001,
    "training.iterations": 30,
    "training.frames": 30,
}
PUBLISHED: dict[str, Any] = {
    "discriminator.hidden": [256],
    "training.lr_d": 0.01,
    "training.lr_g": 0.02,
    "training.iterations": 2000,
}
"""The listing that made the original figures: its second hidden layer reads the input, so that one layer of 256 is what trained."""
PUBLISHED_MLP: dict[str, Any] = PUBLISHED | {"generator.kind": "mlp", "generator.hidden": [256]}


def _scenario(
    name: str, expects: str, holds: Holds, discriminator: str, data: dict[str, Any], changes: dict[str, Any]
) -> Scenario:
    config = Config.from_dict({"data": data}).replace(**changes)
    return Scenario(name=name, config=config, expects=expects, holds=holds, discriminator=discriminator)


_ALL = (
    _scenario("gaussian-linear", "converged", is_converged, "l2", GAUSSIAN, {"training.lr_g": 0.1}),
    _scenario("near-modes-linear", "mode averaging", is_averaged, "l2", NEAR_MODES, {}),
    _scenario("far-modes-linear", "mode collapse", is_collapsed, "l2", FAR_MODES, {}),
    _scenario("near-modes-mlp", "converged", has_all_modes, "plain", NEAR_MODES, MLP),
    _scenario("far-modes-mlp", "converged", has_all_modes, "plain", FAR_MODES, MLP),
    _scenario("strong-discriminator", "vanishing gradient", is_vanished, "plain", {"means": [15], "stds": [2]}, SURE),
    _scenario("oscillation", "oscillating", is_oscillating, "plain", {"means": [5], "stds": [1]}, OVERSHOOT),
    _scenario("divergence", "diverged", is_diverged, "plain", {"means": [15], "stds": [2]}, UNBOUNDED),
    _scenario("gaussian-linear-as-published", "converged", is_converged, "l2-dropout", GAUSSIAN, PUBLISHED),
    _scenario("near-modes-linear-as-published", "mode averaging", is_averaged, "l2-dropout", NEAR_MODES, PUBLISHED),
    _scenario("far-modes-linear-as-published", "mode collapse", is_collapsed, "l2-dropout", FAR_MODES, PUBLISHED),
    _scenario("near-modes-mlp-as-published", "converged", has_all_modes, "l2-dropout", NEAR_MODES, PUBLISHED_MLP),
    _scenario("far-modes-mlp-as-published", "converged", has_all_modes, "l2-dropout", FAR_MODES, PUBLISHED_MLP),
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
