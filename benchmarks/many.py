"""GANs times iterations a second, many GANs at once: `python -m benchmarks.many`, with `--device gpu` where there is a GPU.

gan1d's lanes, recorded (some 100 states each), with outcomes and metrics measured on the host (whole) and without (device alone), beside
gan1d's single runs one after the other on the CPU, and PyTorch's batched products and compiled vmap on the same device, which record
nothing. Fewer than a chunk's lanes (`lanes.LANES`) take as long as all of them.

  --sizes N,N   ensembles; 1,64,1024,16384 on a GPU, 1,64,256 on a CPU unless said
  --case CASE   one of benchmarks/peers/cases.py
  --json PATH   everything as JSON; - prints it
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import jax
import numpy as np
from rich.console import Console

import gan1d
from benchmarks.machine import ROOT, describe
from benchmarks.peers.cases import CASES
from benchmarks.peers.game import game
from benchmarks.tables import Table, console, markdown, put, show
from benchmarks.timing import summary
from gan1d import lanes, many
from gan1d.config import Config

SIZES = {"gpu": (1, 64, 1024, 16384), "cpu": (1, 64, 256)}
SECONDS = 2.0
"""About how long a peer is timed for, in each repeat."""
REPEATS = 3
SINGLES = 16
"""Single runs at most that are timed."""


def whole(configs: list[Config], device: str) -> float:
    """gan1d's rate on all devices of a kind, as a sweep has it: recorded, with outcomes and metrics."""
    began = time.perf_counter()
    for _ in many.trained(configs, device):
        pass
    return rate(configs, time.perf_counter() - began)


def alone(configs: list[Config], device: str) -> float:
    """gan1d's rate on one device, recorded, nothing measured: chunk after chunk, their numbers made beforehand."""
    on = many.devices(device)[0]
    ready = []
    for chunk in lanes.chunks(configs, on.platform):
        size = lanes.width(chunk.structure, on.platform)
        cells = [configs[place] for place in chunk.places]
        n, points = many.stacked([*cells, *[cells[0]] * (size - len(cells))])
        ready.append((chunk, jax.device_put((n, points, np.float32(0)), jax.sharding.SingleDeviceSharding(on))))
    began = time.perf_counter()
    for chunk, (n, points, noise) in ready:
        last = np.int32(chunk.iterations)
        jax.block_until_ready(
            lanes.go_on(chunk.structure, n, points, lanes.begin(chunk.structure, n, points), noise, last, last)
        )
    return rate(configs, time.perf_counter() - began)


def single(configs: list[Config]) -> float:
    """The rate of `gan1d.train`, one run after the other, recorded as often and measured."""
    some = [config.replace(**{"training.frames": lanes.FRAMES}) for config in configs[:SINGLES]]
    began = time.perf_counter()
    for config in some:
        gan1d.train(config)
    return rate(some, time.perf_counter() - began)


def rate(configs: list[Config], seconds: float) -> float:
    """GANs times iterations a second."""
    return len(configs) * configs[0].training.iterations / seconds


def peers(configs: list[Config], device: str) -> dict[str, Callable[[], float]]:
    """PyTorch's ways, each a function that measures its rate; on a CPU with as many threads as are best for it."""
    import torch

    from benchmarks.peers.torch_many import BatchedPeer, CompiledManyPeer

    where = "cuda" if device == "gpu" else "cpu"
    games = [game(config) for config in configs]

    def timed(train: Callable[[int], Any], iterations: int) -> float:
        began = time.perf_counter()
        train(iterations).cpu()  # waits for the device
        return time.perf_counter() - began

    def ready(peer: Any) -> Callable[[], float]:
        threads = 1
        if where == "cpu":
            trial = {n: (torch.set_num_threads(n), peer.train(2), timed(peer.train, 8))[-1] for n in (1, 2)}
            threads = min(trial, key=lambda n: trial[n])
        peer.train(4)
        each = timed(peer.train, 16) / 16
        iterations = max(16, int(SECONDS / each))

        def measure() -> float:
            torch.set_num_threads(threads)
            return len(configs) * iterations / timed(peer.train, iterations)

        return measure

    return {
        "PyTorch, batched products": ready(BatchedPeer(games, where)),
        "PyTorch, compiled vmap": ready(CompiledManyPeer(games, where)),
    }


def main() -> None:
    """Measures, prints, and writes what is asked for."""
    options = arguments()
    screen = Console(stderr=True)
    gpu = options.device == "gpu" or (options.device == "auto" and many.devices("auto")[0].platform != "cpu")
    device = "gpu" if gpu else "cpu"
    sizes = [int(size) for size in options.sizes.split(",")] if options.sizes else SIZES[device]
    result: dict[str, Any] = {"machine": describe(), "device": str(many.devices(device)[0]), "case": options.case}
    result["rates"] = {}
    for size in sizes:
        screen.print(f"{size} at once")
        config = CASES[options.case].config
        configs = [config.replace(**{"training.seed": seed}) for seed in range(size)]
        measures: dict[str, Callable[[], float]] = {
            "gan1d, whole": partial(whole, configs, device),
            "gan1d, one device alone": partial(alone, configs, device),
            "gan1d, one at a time": partial(single, configs),
        }
        for measure in measures.values():
            measure()  # compiles
        if importlib.util.find_spec("torch"):
            measures |= peers(configs, device)
        found: dict[str, list[float]] = {name: [] for name in measures}
        for _ in range(REPEATS):
            for name, measure in measures.items():
                found[name].append(measure())
        result["rates"][size] = {name: summary(rates)._asdict() for name, rates in found.items()}
    names = list(next(iter(result["rates"].values())))
    rows = [
        [str(size), *(f"{rates[name]['median']:,.0f}" for name in names)] for size, rates in result["rates"].items()
    ]
    title = f"GANs × iterations a second: {options.case}, {result['device']}"
    table = Table(title, f"{title}. Medians of {REPEATS} runs in turn.", ["GANs at once", *names], rows)
    show(table, console())
    if options.json == "-":
        print(json.dumps(result, indent=1))
    elif options.json:
        Path(options.json).write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    if options.write:
        put(ROOT / "README.md", "many", markdown(table, heading=False))


def arguments() -> argparse.Namespace:
    """What is asked for on the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.many", description=__doc__.split("\n")[0])
    parser.add_argument("--device", choices=("auto", "cpu", "gpu"), default="auto")
    parser.add_argument(
        "--sizes", metavar="N,N", help="ensembles; 1,64,1024,16384 on a GPU, 1,64,256 on a CPU unless said"
    )
    parser.add_argument("--case", choices=list(CASES), default="linear, l2", help="what is trained")
    parser.add_argument("--json", metavar="PATH", help="everything as JSON; - prints it")
    parser.add_argument("--write", action="store_true", help="write the table in README.md")
    options = parser.parse_args()
    if options.sizes and not all(size.isdecimal() and int(size) for size in options.sizes.split(",")):
        sys.exit(f"--sizes: {options.sizes} is not allowed; it must be whole numbers from 1 on, separated by commas")
    return options


if __name__ == "__main__":
    main()
