"""Image models beside PyTorch on the CPU: `python -m benchmarks.images`. The same nets, the same steps, in one run.

First both must agree: from gan1d's weights, images and random numbers, PyTorch's autograd must give gan1d's losses, penalty and the
gradients of all of the critic's parameters. Then each takes its turn in processes of its own, all cores for each; PyTorch in both of its
layouts, of which the quicker counts. Prints JSON.

  --only CASE   one case; may be given more than once
  --repeats N   turns of each
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.machine import child, describe
from benchmarks.timing import summary, take_turns
from gan1d.image.config import ImageConfig
from gan1d.image.presets import preset

CASES: dict[str, ImageConfig] = {
    "DCGAN 16x16": preset("digits-16-dcgan"),
    "DCGAN 32x32": preset("digits-32-dcgan"),
    "DCGAN 32x32, 5x5 kernels": preset("digits-32-dcgan", kernel_g=5, kernel_d=5),
    "WGAN-GP 16x16": preset("digits-16-wgan-gp"),
    "WGAN-GP 32x32": preset("digits-32-wgan-gp"),
}
PEERS = ("gan1d", "PyTorch, NCHW", "PyTorch, channels last")
TARGET = 1.3
"""gan1d's time over PyTorch's, at most."""
CLOSE = 1e-4
"""Greatest difference of what must agree, of its size."""
BUDGET = 2.0
"""Seconds of one turn."""
WARM = 3
"""Steps before the clock."""


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.images", description=__doc__.split("\n")[0])
    parser.add_argument("--only", action="append", choices=list(CASES), metavar="CASE", help="; ".join(CASES))
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    result: dict[str, Any] = {"machine": describe(), "target": TARGET, "cases": {}}
    for name in options.only or list(CASES):
        print(name, file=sys.stderr)
        result["cases"][name] = compare(name, options.repeats)
    print(json.dumps(result, indent=1))


def compare(name: str, repeats: int) -> dict[str, Any]:
    """How well both agree, seconds a step of each, and their ratio."""
    differences = child("from benchmarks.images import agreement; agreement(__import__('sys').argv[1])", name)
    found: dict[str, Any] = {"differences": differences, "agrees": max(differences.values()) < CLOSE}
    if not found["agrees"]:
        return found

    def turn(peer: str) -> Callable[[], dict[str, float]]:
        code = "from benchmarks.images import take_turn; take_turn(*__import__('sys').argv[1:])"
        return lambda: dict(child(code, name, peer))

    times = take_turns({peer: turn(peer) for peer in PEERS}, repeats)
    found["seconds"] = {
        peer: {stage: took._asdict() for stage, took in stages.items()} for peer, stages in times.items()
    }
    found["ratio"] = {
        "median": times[PEERS[0]]["median"].median / min(times[p]["median"].median for p in PEERS[1:]),
        "fastest": times[PEERS[0]]["fastest"].low / min(times[p]["fastest"].low for p in PEERS[1:]),
    }
    return found


def take_turn(name: str, peer: str) -> None:
    """Prints seconds a step, the median and the fastest within `BUDGET` seconds, in this process."""
    config = CASES[name]
    shape = (config.n_critic, config.batch, *config.shape)
    images = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    step = ours(config) if peer == PEERS[0] else theirs(config, peer == PEERS[2])
    for _ in range(WARM):
        step(images)
    taken: list[float] = []
    while sum(taken) < BUDGET:
        began = time.perf_counter()
        step(images)
        taken.append(time.perf_counter() - began)
    json.dump({"median": summary(taken).median, "fastest": min(taken)}, sys.stdout)


def ours(config: ImageConfig) -> Callable[[np.ndarray], None]:
    """gan1d's step; it waits for the result."""
    import jax

    from gan1d.image import training

    go, held = training.make_step(config), [training.init(config)]

    def step(images: np.ndarray) -> None:
        held[0], _ = go(held[0], images)
        jax.block_until_ready(held[0])

    return step


def theirs(config: ImageConfig, channels_last: bool) -> Callable[[np.ndarray], None]:
    """PyTorch's step, on all cores."""
    import torch

    from benchmarks.peers.torch_images import Game

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    return Game(config, channels_last).step


def agreement(name: str) -> None:
    """Prints by how much the two differ, of their size: losses, penalty, and the gradients of the critic's parameters by autograd."""
    import jax
    import jax.numpy as jnp
    import torch

    from benchmarks.peers.torch_images import Game, adopt, laid_out, turned
    from gan1d.image import updates
    from gan1d.image.config import structure
    from gan1d.image.spectral import named
    from gan1d.losses import LOSSES
    from gan1d.regularizers import REGULARIZERS

    config = CASES[name]
    s, n = structure(config), updates.numbers(config)
    state = jax.tree.map(jnp.asarray, updates.begin(s, n))
    random = np.random.default_rng(1)
    z = random.normal(size=(config.batch, config.latent)).astype(np.float32)
    real = random.uniform(-1, 1, (config.batch, *config.shape)).astype(np.float32)
    mix = random.random(config.batch).astype(np.float32)
    fake = np.asarray(updates.generate(s, state.g.params, state.g.stats, jnp.asarray(z), True)[0])
    both = jnp.asarray(real), jnp.asarray(fake)
    loss, chosen = LOSSES[s.loss], REGULARIZERS[s.penalty]

    def objective(params: Any) -> Any:
        on_real, on_fake, _ = updates.scores(s, params, state.d.stats, *both)
        batch = jnp.mean(loss.real(on_real)) + jnp.mean(loss.fake(on_fake))
        held = chosen.penalty
        cost = (
            held(lambda x: updates.criticise(s, params, state.d.stats, x)[0], *both, jnp.asarray(mix))
            if held
            else jnp.zeros(())
        )
        return batch + config.penalty_weight * cost, (batch, cost)

    grads, (batch, cost) = jax.jit(jax.grad(objective, has_aux=True))(state.d.params)
    game = Game(config)
    paths = {
        who: {named(path): np.asarray(leaf) for path, leaf in jax.tree_util.tree_leaves_with_path(net.params)}
        for who, net in (("g", state.g), ("d", state.d))
    }
    adopt(game.g, paths["g"])
    adopt(game.d, paths["d"])
    images = game.g(torch.from_numpy(z)).detach()
    batch_too, cost_too = game.loss_d(turned(real), turned(fake), torch.from_numpy(mix).view(-1, 1, 1, 1))
    (batch_too + config.penalty_weight * cost_too).backward()
    gradients = dict(game.d.named_parameters())
    found = {
        "generated images": difference(turned(fake).numpy(), images.numpy()),
        "critic's loss": difference(float(batch), float(batch_too.detach())),
        "penalty": difference(float(cost), float(cost_too.detach())),
    }
    for path, leaf in jax.tree_util.tree_leaves_with_path(grads):
        at = named(path)
        layer, kind = at.split("/")[0], at.rpartition("/")[2]
        there = at.replace("/inner", "").replace("/", ".").replace("kernel", "weight").replace("scale", "weight")
        found[f"gradient of {at}"] = difference(laid_out(layer, kind, leaf), gradients[there].grad.numpy())
    json.dump(found, sys.stdout)


def difference(a: Any, b: Any) -> float:
    """The greatest difference of two arrays, over the greatest number in them; where both are tiny, over 1e-3."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    return float(np.max(np.abs(a - b)) / max(np.max(np.abs(b)), 1e-3))


if __name__ == "__main__":
    main()
