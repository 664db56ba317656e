"""torch.compile: a whole iteration, both gradients and both Adam steps, as one compiled function without graph breaks.

`torch.optim` and `loss.backward()` inside would break the graph, so gradients come from `torch.func` and Adam is written out. The C++
wrapper of the compiler saves about a fifth more of the overhead of a call.
"""

from __future__ import annotations

import time
from typing import Any

import torch
import torch._dynamo
from torch._inductor.utils import fresh_cache
from torch.nn.functional import binary_cross_entropy_with_logits, linear, relu, softplus

from benchmarks.peers.game import Draws, Game, Layers, Recorded, Weights, steps
from benchmarks.peers.torch_parts import Factors, given_draws, native_draws

Tensors = list[Any]
"""Kernel (out, in) and bias (out,) of each layer in turn; of a linear generator its mean () and standard deviation ()."""


def tensors(weights: Weights) -> tuple[Tensors, Tensors]:
    """D's and G's first parameters."""

    def flat(layers: Layers) -> Tensors:
        return [torch.from_numpy(part.T.copy()) for layer in layers for part in layer]

    if isinstance(weights.g, tuple):
        return flat(weights.d), [torch.tensor(float(number)) for number in weights.g]
    return flat(weights.d), flat(weights.g)


def network(layers: Tensors, x: Any, keep: Tensors | None = None) -> Any:
    """x (R, 1) -> (R, 1)."""
    count = len(layers) // 2
    for i in range(count):
        x = linear(x, layers[2 * i], layers[2 * i + 1])
        if i < count - 1:
            x = relu(x)
            x = x if keep is None else x * keep[i]
    return x


class CompiledPeer:
    """The training in compiled PyTorch. seconds: what compiling took, with the compiler's own cache left aside."""

    def __init__(self, game: Game, threads: int = 1):
        self.game, self.threads, self.seconds = game, threads, 0.0
        self.drops = game.config.discriminator.dropout > 0
        torch._dynamo.reset()
        options = {"cpp_wrapper": True}
        self.iterate = torch.compile(self.iteration, fullgraph=True, dynamic=False, options=options)
        self.watch = torch.compile(self.look, fullgraph=True, dynamic=False, options=options)
        self.x, self.nodes, self.edges = (torch.from_numpy(a)[:, None] for a in (game.x, game.nodes, game.edges))
        batch = game.config.training.batch
        self.target = torch.cat([torch.ones(batch, 1), torch.zeros(batch, 1)])

    @torch.no_grad()
    def train(self, iterations: int, stride: int, given: Draws | None = None) -> Recorded:
        """Trains from the game's first weights, on given random numbers or on its own; compiles on the first call."""
        torch.set_num_threads(self.threads)
        t, dropout = self.game.config.training, self.game.config.discriminator.dropout
        if (t.k_d, t.k_g) != (1, 1):
            raise ValueError(f"training.k_d, training.k_g: {t.k_d}, {t.k_g}; both must be 1 for the compiled peer")
        draws = given_draws(given) if given else native_draws(self.game, iterations, dropout > 0)
        keep_d, keep_g = Factors(draws.keep_d, dropout), Factors(draws.keep_g, dropout)
        d, g = tensors(self.game.weights)
        players = [d, g, *([torch.zeros_like(p) for p in part] for part in (d, d, g, g))]
        count, losses = torch.zeros((), dtype=torch.float64), []  # float32 would round 1 - beta2**count
        states = [self.watch(d, g)]
        due = set(steps(iterations, stride).tolist())
        for i in range(iterations):
            players, count, loss = self.iterate(
                players, count, draws.real[i], draws.noise_d[i], draws.noise_g[i], keep_d(i), keep_g(i)
            )
            losses.append(loss)
            if i + 1 in due:
                states.append(self.watch(players[0], players[1]))
        logits, rows = (torch.stack(part).numpy() for part in zip(*states, strict=True))
        return Recorded(torch.stack(losses).numpy(), logits, rows)

    def compile(self) -> None:
        """Compiles, and notes how long that took."""
        began = time.perf_counter()
        with fresh_cache():
            self.train(1, 1)
        self.seconds = time.perf_counter() - began

    def generate(self, g: Tensors, z: Any) -> Any:
        """z (B, 1) -> (B, 1)."""
        return g[1].abs() * z + g[0] if self.game.linear else network(g, z)

    def iteration(
        self,
        players: list[Tensors],
        count: Any,
        real: Any,
        noise_d: Any,
        noise_g: Any,
        keep_d: Tensors | None,
        keep_g: Tensors | None,
    ) -> tuple[list[Tensors], Any, Any]:
        """One update of each player. players: D, G, and Adam's means and squares of D, of G. Returns them and the two batch losses (2,)."""
        d, g, d_mean, d_square, g_mean, g_square = players
        t, l2, count = self.game.config.training, self.game.config.discriminator.l2, count + 1
        seen = torch.cat([real, self.generate(g, noise_d)])

        def loss_d(d: Tensors) -> Any:
            return 2 * binary_cross_entropy_with_logits(network(d, seen, keep_d), self.target)

        grads, on_d = torch.func.grad_and_value(loss_d)(d)
        if l2:
            grads = [grad + l2 * p if p.dim() > 1 else grad for grad, p in zip(grads, d, strict=True)]
        d, d_mean, d_square = self.adam(t.lr_d, count, d, grads, d_mean, d_square)

        def loss_g(g: Tensors) -> Any:
            return softplus(-network(d, self.generate(g, noise_g), keep_g)).mean()

        grads, on_g = torch.func.grad_and_value(loss_g)(g)
        g, g_mean, g_square = self.adam(t.lr_g, count, g, grads, g_mean, g_square)
        return [d, g, d_mean, d_square, g_mean, g_square], count, torch.stack([on_d, on_g])

    def adam(
        self, rate: float, count: Any, params: Tensors, grads: Tensors, means: Tensors, squares: Tensors
    ) -> tuple[Tensors, Tensors, Tensors]:
        """One step of Adam: parameters, mean gradients, mean squared gradients."""
        b1, b2 = self.game.config.training.beta1, self.game.config.training.beta2
        means = [m + (1 - b1) * (grad - m) for m, grad in zip(means, grads, strict=True)]
        squares = [s + (1 - b2) * (grad * grad - s) for s, grad in zip(squares, grads, strict=True)]
        step, scale = rate / (1 - b1**count), (1 - b2**count).rsqrt()
        new = [p - step * m / (s.sqrt() * scale + 1e-8) for p, m, s in zip(params, means, squares, strict=True)]
        return new, means, squares

    def look(self, d: Tensors, g: Tensors) -> tuple[Any, Any]:
        """D's logits on the grid and at G's images of the nodes, and G."""
        logits = network(d, torch.cat([self.x, self.generate(g, self.nodes)]))[:, 0]
        if self.game.linear:
            return logits, torch.stack([g[0], g[1].abs()])
        return logits, self.generate(g, self.edges)[:, 0]
