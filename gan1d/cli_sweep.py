"""The command `gan1d sweep`: many GANs over any fields and seeds, into a folder."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from gan1d.arguments import (
    AsJson,
    Coordinator,
    Device,
    Discriminator,
    Processes,
    ProcessId,
    Settings,
    What,
    config_of,
    join_hosts,
    stoppable,
)
from gan1d.bars import Bar

ROWS = 40
"""Most cells that are printed one by one."""


def sweep(
    what: What,
    vary: Annotated[
        list[str],
        typer.Option(
            metavar="FIELD=VALUES",
            help="What varies: training.lr_g=1e-3:1e-1:16:log (16 values in even ratios; without :log in even steps), "
            "training.loss=minimax,hinge, data.means[1]=0:10:16. Up to three times.",
        ),
    ],
    discriminator: Discriminator = None,
    set_: Settings = None,
    seed: Annotated[int | None, typer.Option(help="The first seed.")] = None,
    seeds: Annotated[int, typer.Option(help="GANs of each cell: this many seeds from the first on.")] = 1,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="DIR", help="Where results go; sweeps/NAME-FIELDS by default.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the sweep that is in the folder.")] = False,
    device: Device = "auto",
    coordinator: Coordinator = None,
    processes: Processes = None,
    process_id: ProcessId = None,
    as_json: AsJson = False,
) -> None:
    """Train many GANs at once over fields and seeds; a stopped sweep goes on with --resume."""
    from gan1d.sweep import Axis, Sweep, run

    name, config = config_of(what, discriminator, set_ or [], seed)
    wanted = Sweep(config, tuple(Axis.parse(text) for text in vary), seeds)
    folder = out or Path("sweeps") / "-".join([name, *(_short(axis.field) for axis in wanted.axes)])
    join_hosts(coordinator, processes, process_id)
    began = time.perf_counter()
    with Bar(f"training {name}") as bar, stoppable(folder):
        results = run(wanted, folder, resume, device, bar.counting(f"training {name}", "GANs"))
    if process_id:
        return
    seconds = time.perf_counter() - began
    report = {
        "axes": [{"field": axis.field, "values": axis.array().tolist()} for axis in wanted.axes],
        "seeds": wanted.seeds,
        "shape": list(results.shape),
        "outcomes": results.counts(),
        "done": results.done,
        "total": results.total,
        "seconds": round(seconds, 4),
        "gans_per_second": round((results.done - bar.first) / seconds, 4),
        "folder": str(folder),
    }
    if as_json:
        print(json.dumps(report, allow_nan=False))
        return
    _print(results, report)


def _short(field: str) -> str:
    return re.sub(r"[^\w]", "", field.rpartition(".")[2])


def _print(results: Any, report: dict[str, Any]) -> None:
    """A line for each cell, where they are few, and how many GANs ended how."""
    import numpy as np

    cells, axes = list(np.ndindex(results.sweep.shape)), results.sweep.axes
    if len(cells) <= ROWS:
        most, shares, w1 = results.most(), results.shares(), results.median("w1")
        for index in cells:
            values = ", ".join(f"{axis.field} {axis.values[i]}" for axis, i in zip(axes, index, strict=True))
            word, share = results.outcomes[most[index]], shares[index][most[index]]
            print(f"{values}: {word} in {share:.0%} of {results.sweep.seeds} seeds, W1 {w1[index]:.3g} data units")
    for word, count in report["outcomes"].items():
        print(f"{count:>8} of {report['total']} {word}")
    print(f"{report['folder']}: {report['seconds']:.1f} s, {report['gans_per_second']:.3g} GANs a second")
