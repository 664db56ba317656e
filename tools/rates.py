"""How often each scenario comes out as stated, with each discriminator: a table, and `gan1d/assets/rates.json`.

A run counts as held by its scenario's inequality. It counts as agreed where the diagnosis says the word of its label: the first
of all the inequalities of `outcomes.py` that holds, in order of rank (a run that holds both modes but goes on swinging between
them is oscillating); a run without a label does not count there.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

from rich.progress import track

import gan1d
from gan1d.catalogue import DISCRIMINATORS, HERE, Scenario
from gan1d.outcomes import label
from gan1d.writing import Writing

HELD_OUT = range(10_000, 10_064)
"""Seeds that no setting was chosen by."""
TUNING = range(64)
"""Seeds that settings were chosen by."""
FRAMES = 100
"""Recorded states of each run: they change neither the training nor the last state."""
ABOUT = """Written by `make rates`. held: runs of 64, over seeds 10000 to 10063, in which the scenario's inequality holds. agreed: of
those that have a label in `gan1d/outcomes.py`, runs in which the diagnosis says its word. mean, std, JSD (nats), W1: medians of the
last state, positions in data units. iterations/s: median, recording and most metrics among it, one run on each core at a time.

Where the published networks meet near modes, agreement is low, because the inequality of "both modes" (each mode's mass within 2.5
standard deviations above 0.25) also holds for one bump between the modes, which the diagnosis calls mode averaging."""
MEDIANS = ("mean", "std", "jsd", "w1")
HEADER = f"{'scenario':31}{'discriminator':14}{'held':>7}{'agreed':>8}{'mean':>9}{'std':>9}{'JSD':>8}{'W1':>9}{'iterations/s':>14}"
Row = dict[str, Any]


def measure(scenario: Scenario, seeds: Sequence[int]) -> Row:
    """One row: counts over the seeds, medians of the last state's metrics, and iterations a second with one run on each core."""

    def one(seed: int) -> gan1d.Trajectory:
        return gan1d.train(scenario.config.replace(**{"training.seed": seed, "training.frames": FRAMES}))

    one(seeds[0])  # compiles
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = list(pool.map(one, seeds))
    held = [scenario.holds(run) for run in runs]
    labelled = [(word, run.diagnosis.kind) for run in runs if (word := label(run))]
    agreed = sum(word == said for word, said in labelled)
    row = {"held": sum(held), "of": len(runs), "agreed": agreed, "labelled": len(labelled)}
    values = {name: median(float(getattr(run, name)[-1]) for run in runs) for name in MEDIANS}
    speed = median(run.iteration[-1] / run.seconds["train"] for run in runs)
    return (
        row | {name: float(f"{value:.4g}") for name, value in values.items()} | {"iterations_per_second": round(speed)}
    )


def line(name: str, discriminator: str, row: Row) -> str:
    """A row of the table."""
    held, agreed = f"{row['held']}/{row['of']}", f"{row['agreed']}/{row['labelled']}"
    values = "".join(f"{row[key]:>9.3g}" if key != "jsd" else f"{row[key]:>8.3f}" for key in MEDIANS)
    return f"{name:31}{discriminator:14}{held:>7}{agreed:>8}{values}{row['iterations_per_second']:>14,}"


def table(names: Sequence[str], seeds: Sequence[int]) -> dict[str, dict[str, Row]]:
    """Scenario -> discriminator -> row, each printed when it is there."""
    print(HEADER)
    rows: dict[str, dict[str, Row]] = {}
    pairs = [(name, kind) for name in names for kind in DISCRIMINATORS]
    for name, kind in track(pairs, "rates", disable=not sys.stderr.isatty()):
        row = measure(gan1d.scenarios[name].with_discriminator(kind), seeds)
        rows.setdefault(name, {})[kind] = row
        print(line(name, kind, row), flush=True)
    return rows


def write(rows: dict[str, dict[str, Row]]) -> None:
    """Writes the rates that ship, and the table for a reader."""
    lines = [line(name, kind, row) for name, kinds in rows.items() for kind, row in kinds.items()]
    page = "\n".join(["# Rates", "", ABOUT, "", "```", HEADER, *lines, "```", ""])
    (Path(__file__).parents[1] / "docs" / "rates.md").write_text(page, "utf-8")
    content = {"seeds": [HELD_OUT.start, HELD_OUT.stop - 1], "rates": rows}
    with Writing(HERE / "assets" / "rates.json") as beside:
        beside.write_text(json.dumps(content, indent=1) + "\n", "utf-8")


def main() -> None:
    """Measures, prints and, for all scenarios over the held-out seeds, writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="SCENARIO", help="only these, and nothing is written")
    parser.add_argument(
        "--tuning", action="store_true", help="over the seeds that settings were chosen by; nothing is written"
    )
    arguments = parser.parse_args()
    seeds = TUNING if arguments.tuning else HELD_OUT
    rows = table(arguments.names or list(gan1d.scenarios), seeds)
    if not arguments.names and not arguments.tuning:
        write(rows)


if __name__ == "__main__":
    main()
