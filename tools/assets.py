"""Computes what ships with the package: the scenarios' runs, so that a page can paint before JAX is there, and how often each holds."""

from __future__ import annotations

import argparse
import json
import sys
from statistics import median

from rich.progress import track

import gan1d
from gan1d.catalogue import DISCRIMINATORS, HERE
from gan1d.trajectory import Writing

HELD_OUT = range(10_000, 10_064)
"""Seeds that no setting was chosen by."""


def measure_rates() -> dict[str, dict[str, dict[str, int]]]:
    """Scenario -> discriminator -> {"held", "of"} over the held-out seeds."""
    rates: dict[str, dict[str, dict[str, int]]] = {}
    for name, scenario in gan1d.scenarios.items():
        for kind in DISCRIMINATORS:
            one = scenario.with_discriminator(kind)
            seeds = track(HELD_OUT, f"{name} {kind}", disable=not sys.stderr.isatty())
            runs = [
                gan1d.train(one.config.replace(**{"training.seed": seed, "training.frames": 100})) for seed in seeds
            ]
            held = sum(map(one.holds, runs))
            agreed = sum(run.diagnosis.kind == one.expects for run in runs)
            rates.setdefault(name, {})[kind] = {"held": held, "of": len(runs)}
            print(
                f"{name:20} {kind:11} held {held}/{len(runs)}  diagnosed {agreed}/{len(runs)}  W1 {median(r.w1[-1] for r in runs):.2f}"
            )
    return rates


def main() -> None:
    """Writes `gan1d/assets/`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs-only", action="store_true", help="leave the rates as they are (they take minutes)")
    arguments = parser.parse_args()
    assets = HERE / "assets"
    assets.mkdir(exist_ok=True)
    for name, scenario in gan1d.scenarios.items():
        gan1d.train(scenario.config).save(assets / f"{name}.npz")
    if not arguments.runs_only:
        content = {"seeds": [HELD_OUT.start, HELD_OUT.stop - 1], "rates": measure_rates()}
        with Writing(assets / "rates.json") as beside:
            beside.write_text(json.dumps(content, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
