"""PyTorch eager: modules, autograd and `torch.optim.Adam`.

Whatever PyTorch has for less overhead is used: random numbers for a whole run in one call, one cross-entropy for both halves of D's
batch, weight decay in the optimiser for L2 (the same gradient), no gradient for the player that is not updated, gradients set to None,
and losses collected without looking at them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

from benchmarks.peers.game import Draws, Game, Layers, Recorded, steps
from benchmarks.peers.torch_parts import Factors, given_draws, native_draws


class Style(NamedTuple):
    """How PyTorch is used.

    threads: of its own pool. adam: "for-loop" (its default on a CPU), "foreach" or "fused". masks: dropout by masks that are drawn in
    bulk, instead of by `nn.Dropout`.
    """

    threads: int
    adam: str
    masks: bool

    def __str__(self) -> str:
        dropout = ", dropout drawn in bulk" if self.masks else ""
        return f"{self.threads} thread{'s' * (self.threads > 1)}, {self.adam} Adam{dropout}"


DEFAULT = Style(1, "fused", False)
"""The best where nothing is known."""


def styles(dropout: bool) -> list[Style]:
    """Every style that there is for a discriminator with or without dropout."""
    return [
        Style(*s) for s in itertools.product((1, 2), ("for-loop", "foreach", "fused"), (False, True)[: 1 + dropout])
    ]


class Linear(nn.Module):
    """G(z) = |s| z + m."""

    def __init__(self, mean: float, std: float):
        super().__init__()
        self.mean, self.std = nn.Parameter(torch.tensor(float(mean))), nn.Parameter(torch.tensor(float(std)))

    def forward(self, z: Any) -> Any:
        """z (B, 1) -> (B, 1)."""
        return self.std.abs() * z + self.mean


class Masked(nn.Module):
    """Dropout by factors (R, H) given from outside; none while they are None."""

    factors: Any = None

    def forward(self, x: Any) -> Any:
        """x (R, H) -> (R, H)."""
        return x if self.factors is None else x * self.factors


def network(layers: Layers, dropout: Callable[[], nn.Module] | None = None) -> nn.Sequential:
    """(R, 1) -> (R, 1): linear layers with these weights, ReLU and dropout between them."""
    parts: list[nn.Module] = []
    for kernel, bias in layers:
        if parts:
            parts += [nn.ReLU(), *([dropout()] if dropout else [])]
        layer = nn.Linear(*kernel.shape)
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(kernel.T.copy()))
            layer.bias.copy_(torch.from_numpy(bias))
        parts.append(layer)
    return nn.Sequential(*parts)


class TorchPeer:
    """The training in eager PyTorch."""

    def __init__(self, game: Game, style: Style = DEFAULT):
        self.game, self.style = game, style
        self.x, self.nodes, self.edges = (torch.from_numpy(a)[:, None] for a in (game.x, game.nodes, game.edges))

    def train(self, iterations: int, stride: int, given: Draws | None = None) -> Recorded:
        """Trains from the game's first weights, on given random numbers or on its own."""
        torch.set_num_threads(self.style.threads)
        t, dropout = self.game.config.training, self.game.config.discriminator.dropout
        masks = dropout > 0 and (self.style.masks or given is not None)
        draws = given_draws(given) if given else native_draws(self.game, iterations, masks)
        keep_d, keep_g = Factors(draws.keep_d, dropout), Factors(draws.keep_g, dropout)
        self.start(masks)
        losses: list[Any] = []
        states = [self.look()]
        due = set(steps(iterations, stride).tolist())
        for i in range(iterations):
            for j in range(i * t.k_d, (i + 1) * t.k_d):
                losses.append(self.update_d(draws.real[j], draws.noise_d[j], keep_d(j)))
            for j in range(i * t.k_g, (i + 1) * t.k_g):
                losses.append(self.update_g(draws.noise_g[j], keep_g(j)))
            if i + 1 in due:
                states.append(self.look())
        logits, g = (torch.stack(rows).numpy() for rows in zip(*states, strict=True))
        by_update = torch.stack(losses).numpy().reshape(iterations, t.k_d + t.k_g)
        by_player = [part.mean(axis=1) for part in np.split(by_update, [t.k_d], axis=1)]
        return Recorded(np.stack(by_player, axis=1), logits, g)

    def start(self, masks: bool) -> None:
        """The first weights, and optimisers without memory."""
        config, weights = self.game.config, self.game.weights
        t, rate, l2 = config.training, config.discriminator.dropout, config.discriminator.l2
        dropout = Masked if masks else (lambda: nn.Dropout(rate)) if rate else None
        self.d = network(weights.d, dropout)
        self.masked = [part for part in self.d if isinstance(part, Masked)]
        self.g = network(weights.g) if isinstance(weights.g, list) else Linear(*weights.g)
        self.g_parameters = list(self.g.parameters())
        groups: list[dict[str, Any]] = [{"params": list(self.d.parameters())}]
        if l2:
            kernels, biases = ([p for p in self.d.parameters() if (p.dim() > 1) == wanted] for wanted in (True, False))
            groups = [{"params": kernels, "weight_decay": l2}, {"params": biases}]
        how = {name: self.style.adam == name for name in ("foreach", "fused")}
        self.adam_d = torch.optim.Adam(groups, lr=t.lr_d, betas=(t.beta1, t.beta2), eps=1e-8, **how)
        self.adam_g = torch.optim.Adam(self.g_parameters, lr=t.lr_g, betas=(t.beta1, t.beta2), eps=1e-8, **how)
        self.target = torch.cat([torch.ones(t.batch, 1), torch.zeros(t.batch, 1)])

    def drop(self, factors: list[Any] | None) -> None:
        """Tells the dropout layers their factors."""
        for i, layer in enumerate(self.masked):
            layer.factors = factors and factors[i]

    def update_d(self, real: Any, noise: Any, keep: list[Any] | None) -> Any:
        """One discriminator update; returns the batch's loss ()."""
        self.drop(keep)
        with torch.no_grad():
            seen = torch.cat([real, self.g(noise)])
        loss = 2 * binary_cross_entropy_with_logits(self.d(seen), self.target)  # a mean over both halves
        self.adam_d.zero_grad(set_to_none=True)
        loss.backward()
        self.adam_d.step()
        return loss.detach()

    def update_g(self, noise: Any, keep: list[Any] | None) -> Any:
        """One generator update; returns the batch's loss ()."""
        self.drop(keep)
        loss = softplus(-self.d(self.g(noise))).mean()
        self.adam_g.zero_grad(set_to_none=True)
        loss.backward(inputs=self.g_parameters)
        self.adam_g.step()
        return loss.detach()

    @torch.no_grad()
    def look(self) -> tuple[Any, Any]:
        """D's logits on the grid and at G's images of the nodes, and G."""
        self.d.eval()
        self.drop(None)
        logits = self.d(torch.cat([self.x, self.g(self.nodes)]))[:, 0]
        self.d.train()
        if isinstance(self.g, Linear):
            return logits, torch.stack([self.g.mean, self.g.std.abs()])
        return logits, self.g(self.edges)[:, 0]
