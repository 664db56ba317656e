"""How near matrix products of training's shapes come to what one core can do, and what share of training they explain.

Measured on one core, in a process that may use no other, in a compiled JAX loop as training is one.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import partial, reduce
from itertools import pairwise
from typing import Any

from benchmarks.machine import child
from gan1d.config import Config

LARGE = "1024 x 1024 @ 1024 x 1024"
WIDTH = 64
BUDGET = 0.2
"""Seconds that each product is repeated for."""
REPEATS = 7
UNROLLED = 16
"""Products in one turn of the loop: alone, the turn would take longer than the product."""


def rates() -> dict[str, float]:
    """GFLOP/s of each product on one core: the best of several repeats."""
    return dict(child("from benchmarks.matmuls import main; main()"))


def main() -> None:
    """Measures in this process and prints JSON."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])  # before JAX counts the cores
    json.dump(measure(), sys.stdout)


def measure() -> dict[str, float]:
    """GFLOP/s by product. Each result is the next product's input, so that none can be left out; W is orthogonal, so that none grows."""
    import jax
    import jax.numpy as jnp

    def orthogonal(n: int) -> Any:
        return jnp.linalg.qr(jax.random.normal(jax.random.key(0), (n, n)))[0]

    def rate(step: Callable[[Any, Any], Any], x: Any, w: Any, flops: int) -> float:
        @jax.jit
        def loop(count: int, x: Any, w: Any) -> Any:
            return jax.lax.fori_loop(0, count, lambda _, x: reduce(lambda x, _: step(x, w), range(UNROLLED), x), x)

        count, took = 1, 0.0
        while took < BUDGET / REPEATS:
            count *= 2
            took = _seconds(partial(loop, count, x, w))
        return 1e-9 * flops * UNROLLED * count / min(_seconds(partial(loop, count, x, w)) for _ in range(REPEATS))

    w, large = orthogonal(WIDTH), orthogonal(1024)
    found = {LARGE: rate(lambda x, w: x @ w, large, large, 2 * 1024**3)}
    for rows in (64, 32):
        x, work = w[:rows] + 0.0, 2 * rows * WIDTH**2
        square = jnp.concatenate([x] * (WIDTH // rows))
        found |= {
            forward(rows): rate(lambda x, w: x @ w, x, w, work),
            backward(rows): rate(lambda x, w: x @ w.T, x, w, work),
            weights(rows): rate(lambda x, w: jax.lax.optimization_barrier(x[: len(w)].T) @ w, square, w[:rows], work),
        }
    return found


def forward(rows: int) -> str:
    """The name of a hidden layer's product: samples by kernel."""
    return f"{rows} x 64 @ 64 x 64"


def backward(rows: int) -> str:
    """The name of the product that takes gradients back through a layer."""
    return f"{rows} x 64 @ (64 x 64)^T"


def weights(rows: int) -> str:
    """The name of the product that is the gradient of a layer's kernel, its first factor laid out anew as in `networks.product`."""
    return f"({rows} x 64)^T @ {rows} x 64"


def _seconds(call: Callable[[], Any]) -> float:
    began = time.perf_counter()
    call().block_until_ready()
    return time.perf_counter() - began


def flops(config: Config) -> int:
    """Floating-point operations of the products in one iteration: two for each weight and sample, biases and activations left out.

    A D update: G forward on B samples; D forward, gradient of the weights and of all layers' inputs but the first's, on 2B samples.
    A G update: D forward, twice for its slope, G forward and backward, on B samples.
    """
    t = config.training
    d = _products((1, *config.discriminator.hidden, 1))
    g = _products((1, *config.generator.hidden, 1)) if config.generator.kind == "mlp" else [1]
    forward_g, backward_g = sum(g), 2 * sum(g) - g[0]
    update_d = forward_g + 2 * (3 * sum(d) - d[0])
    update_g = 2 * sum(d) + forward_g + backward_g
    return 2 * t.batch * (t.k_d * update_d + t.k_g * update_g)


def _products(widths: tuple[int, ...]) -> list[int]:
    return [a * b for a, b in pairwise(widths)]


def products(config: Config) -> Counter[str]:
    """How often an iteration of two hidden layers of 64, batch 32, takes each product between hidden layers."""
    found: Counter[str] = Counter()
    if config.discriminator.hidden == (WIDTH, WIDTH):
        found.update([forward(64), backward(64), weights(64)])  # of D's update
        found.update([forward(32), forward(32)])  # through D, of G's
    if config.generator.kind == "mlp" and config.generator.hidden == (WIDTH, WIDTH):
        found.update([forward(32), forward(32), backward(32), weights(32)])
    return found


def work(config: Config, rates: dict[str, float]) -> dict[str, float]:
    """Operations of an iteration, and seconds that its products between hidden layers take at these rates (GFLOP/s)."""
    rows = {name: 32 if "32" in name else 64 for name in rates}
    taken = {name: 2e-9 * rows[name] * WIDTH**2 / rates[name] for name in rates}
    return {
        "flops": flops(config),
        "product_seconds": sum(count * taken[name] for name, count in products(config).items()),
    }
