"""Judges the diagnosis: runs of many kinds, each labelled by the inequalities of `outcomes.py`, against what `diagnose` says of them.

Thresholds are tuned on the seeds TUNING alone; JUDGED are for the verdict. A run that no inequality holds for has no label and does
not count.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from rich.progress import track

import gan1d
from gan1d.config import Config
from gan1d.outcomes import label

TUNING = range(24)
"""Seeds that thresholds were chosen by."""
JUDGED = range(20_000, 20_024)
"""Seeds that nothing was chosen by."""
ENOUGH = 0.98
"""Share of the labelled runs in which the diagnosis must be right."""
FRAMES = 100
"""Recorded states of a run."""


def _normal(mean: float, std: float) -> dict[str, Any]:
    return {"means": [mean], "stds": [std]}


def _modes(*means: float, std: float = 1.0) -> dict[str, Any]:
    return {"means": list(means), "stds": [std] * len(means)}


def _of(scenario: str, **changes: Any) -> Config:
    return gan1d.scenarios[scenario].config.replace(**{k.replace("__", "."): v for k, v in changes.items()})


def _config(data: dict[str, Any], **changes: Any) -> Config:
    return Config.from_dict({"data": data}).replace(**{k.replace("__", "."): v for k, v in changes.items()})


SLOW_MLP = {"generator__kind": "mlp", "training__lr_d": 1e-3, "training__lr_g": 1e-3}
POPULATION: Mapping[str, Config] = {
    "gaussian": _of("gaussian-linear"),
    "gaussian, dropout": _of("gaussian-linear", discriminator__dropout=0.5),
    "gaussian, hinge": _config(_normal(-5, 2), training__loss="hinge", training__lr_g=0.01),
    "gaussian, least squares": _config(_normal(8, 3), training__loss="least_squares", training__lr_g=0.03),
    "gaussian, clipped critic": _config(
        _normal(5, 1),
        training__loss="wasserstein",
        training__penalty="weight_clipping",
        training__penalty_weight=0.1,
        training__optimizer="rmsprop",
        training__lr_g=0.02,
    ),
    "gaussian, mlp": _config(_normal(5, 2), **SLOW_MLP, training__penalty="r1", training__batch=64),
    "gaussian, slow": _of("gaussian-linear", training__lr_g=0.008),
    "gaussian, cut short": _of("gaussian-linear", training__iterations=150),
    "gaussian, sgd": _config(_normal(10, 2), training__optimizer="sgd", training__lr_d=0.05, training__lr_g=0.02),
    "laplace": _config({"kind": "laplace", "loc": 4, "scale": 2}, training__lr_g=0.05),
    "near modes": _of("near-modes-linear"),
    "near modes, wider": _config(_modes(-5, 5, std=1.5), training__lr_g=0.05),
    "near modes, published": _of("near-modes-linear-as-published"),
    "far modes": _of("far-modes-linear"),
    "far modes, published": _of("far-modes-linear-as-published"),
    "three far modes": _config(_modes(-12, 0, 12), discriminator__l2=5e-4),
    "near modes, mlp": _of("near-modes-mlp"),
    "far modes, mlp": _of("far-modes-mlp"),
    "near modes, mlp, dropout": _of("near-modes-mlp", discriminator__dropout=0.5),
    "far modes, mlp, dropout": _of("far-modes-mlp", discriminator__dropout=0.5),
    "far modes, mlp, no penalty": _config(_modes(-3, 8), **SLOW_MLP, training__iterations=4000),
    "far modes, mlp, published": _of("far-modes-mlp-as-published"),
    "strong discriminator": _of("strong-discriminator"),
    "strong discriminator, adam": _config(
        _normal(20, 2), training__loss="minimax", training__lr_g=0.0005, training__k_d=5
    ),
    "overshooting": _of("oscillation"),
    "overshooting, hinge": _config(_normal(5, 1), training__loss="hinge", training__lr_g=0.1),
    "overshooting, fast": _config(_normal(5, 1), training__lr_g=0.3),
    "unbounded critic": _of("divergence"),
    "unbounded critic, fast": _of("divergence", training__lr_d=0.2, training__lr_g=0.05),
}
"""Name -> settings: each outcome by several ways, and several outcomes by one."""


class Verdict(NamedTuple):
    """A labelled run: where it is from, its label and what the diagnosis says."""

    name: str
    seed: int
    label: str
    said: str


def runs(seeds: Sequence[int], names: Sequence[str] = tuple(POPULATION)) -> Iterator[tuple[str, gan1d.Trajectory]]:
    """Every setting with every seed, one run on each core."""

    def one(name: str, seed: int) -> gan1d.Trajectory:
        return gan1d.train(POPULATION[name].replace(**{"training.seed": seed, "training.frames": FRAMES}))

    for name in track(names, "judging", disable=not sys.stderr.isatty()):
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for run in pool.map(lambda seed, name=name: one(name, seed), seeds):
                yield name, run


def judge(found: Iterator[tuple[str, gan1d.Trajectory]]) -> list[Verdict]:
    """A verdict for each run that has a label."""
    return [
        Verdict(name, run.config.training.seed, word, run.diagnosis.kind) for name, run in found if (word := label(run))
    ]


def report(verdicts: Sequence[Verdict]) -> float:
    """Prints right and wrong for each setting and label; returns the share that is right."""
    counts = Counter((v.name, v.label) for v in verdicts)
    for (name, word), count in counts.items():
        wrong = Counter(v.said for v in verdicts if (v.name, v.label) == (name, word) and v.said != word)
        print(f"{name:32}{word:20}{count - wrong.total():>4}/{count:<4}{dict(wrong) or ''}")
    right = sum(v.label == v.said for v in verdicts)
    print(f"right in {right} of {len(verdicts)} labelled runs, {right / len(verdicts):.1%}")
    return right / len(verdicts)


def main() -> None:
    """Trains, judges, prints; exit code 1 below `ENOUGH`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tuning", action="store_true", help="over the seeds that thresholds were chosen by")
    arguments = parser.parse_args()
    share = report(judge(runs(TUNING if arguments.tuning else JUDGED)))
    sys.exit(share < ENOUGH)


if __name__ == "__main__":
    main()
