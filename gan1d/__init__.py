"""gan1d: Generative Adversarial Networks on the real line, where everything can be seen.

Importing this package is cheap: JAX is loaded when something is trained.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from gan1d.catalogue import Scenario as Scenario
    from gan1d.catalogue import scenarios as scenarios
    from gan1d.config import Config as Config
    from gan1d.config import ConfigError as ConfigError
    from gan1d.training import train as train
    from gan1d.trajectory import Trajectory as Trajectory
    from gan1d.trajectory import TrajectoryError as TrajectoryError

_HOME = {
    "Config": "gan1d.config",
    "ConfigError": "gan1d.config",
    "Scenario": "gan1d.catalogue",
    "Trajectory": "gan1d.trajectory",
    "TrajectoryError": "gan1d.trajectory",
    "scenarios": "gan1d.catalogue",
    "train": "gan1d.training",
}
__all__ = [
    "Config",
    "ConfigError",
    "Scenario",
    "Trajectory",
    "TrajectoryError",
    "load",
    "scenarios",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'gan1d' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def load(path: Any) -> Trajectory:
    """Reads a run that `Trajectory.save` wrote; `state_at` replays what the file does not hold."""
    from gan1d.trajectory import load as read

    def replay(run: Trajectory, iteration: int) -> Any:
        from gan1d.training import state_at

        return state_at(run, iteration)

    return read(path, replay)
