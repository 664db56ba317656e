"""Speed against peers, in one run: `python -m benchmarks.speed`, the first part of `make bench`.

Six trainings (`peers/cases.py`) by gan1d, PyTorch and NumPy. Each peer must first reach gan1d's losses from gan1d's weights and random
numbers (`peers/agreement.py`); one that does not is not timed. Then all take turns. Prints tables; with --json the numbers too.

  --quick       fewer repeats: a look, not a measurement
  --only CASE   one case, of those that --quick and the table name; may be given more than once
  --json PATH   everything as JSON; - prints it
  --write       docs/speed.md, and the first table in README.md
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks import matmuls, startup
from benchmarks.machine import ROOT, describe
from benchmarks.peers.cases import CASES
from benchmarks.report import contest, page, tables, without_targets
from benchmarks.tables import console, markdown, put, show

REPEATS, QUICK = 5, 2
STARTS, QUICK_STARTS = 3, 1
PAGE = ROOT / "docs" / "speed.md"


def main() -> None:
    """Measures, prints, and writes what is asked for."""
    options = arguments()
    if not importlib.util.find_spec("torch"):
        sys.exit("PyTorch is not installed: sh tools/install.sh bench")
    from benchmarks.peers.contest import contest as measure

    screen = Console(stderr=True)
    names = options.only or list(CASES)
    result: dict[str, Any] = {"machine": describe(), "repeats": QUICK if options.quick else REPEATS, "cases": {}}
    starts = QUICK_STARTS if options.quick else STARTS
    screen.print("matrix products")
    result["products"] = matmuls.rates()
    result["work"] = {name: matmuls.work(CASES[name].config, result["products"]) for name in names}
    screen.print("imports, first compilations, restarts")
    result["imports"] = {name: took._asdict() for name, took in startup.imports(2 * starts + 1).items()}
    result["starts"] = {
        name: {what: took._asdict() for what, took in found.items()}
        for name, found in startup.compilations(starts, names).items()
    }
    for name in names:
        result["cases"][name] = measure(CASES[name], result["repeats"], partial(screen.print, f"{name}:"))
    printed = console()
    for table in tables(result):
        show(table, printed)
    if options.json == "-":
        print(json.dumps(result, indent=1))
    elif options.json:
        Path(options.json).write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    if options.write:
        PAGE.write_text(page(result), "utf-8")
        put(ROOT / "README.md", "speed", markdown(without_targets(contest(result)), heading=False))


def arguments() -> argparse.Namespace:
    """What is asked for on the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer repeats: a look, not a measurement")
    parser.add_argument(
        "--only", action="append", choices=list(CASES), metavar="CASE", help="one case: " + "; ".join(CASES)
    )
    parser.add_argument("--json", metavar="PATH", help="everything as JSON; - prints it")
    parser.add_argument("--write", action="store_true", help="write docs/speed.md, and the first table in README.md")
    return parser.parse_args()


if __name__ == "__main__":
    main()
