"""Many GANs at once in PyTorch: a lane each, all lanes in one batched product.

Two ways: eager `baddbmm` with one Adam over the stacked parameters, and `torch.compile` of `torch.func.vmap` of a whole iteration.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.nn.functional import dropout, relu, softplus

from benchmarks.peers.compiled_peer import CompiledPeer, Tensors, tensors
from benchmarks.peers.game import Draws, Game
from gan1d.config import Mixture

CHUNK = 16
"""Iterations whose random numbers are drawn at once, for all lanes."""


class Draw:
    """Random numbers of L lanes, an iteration at a time: real, noise_d, noise_g (L, B, 1), keep_d and keep_g (L, R, H) a layer, or None.

    given: gan1d's own, of each lane; without, PyTorch's in bulk, and dropout's only where masks are asked for.
    """

    def __init__(self, games: Sequence[Game], device: str, given: Sequence[Draws] | None, masks: bool):
        self.games, self.device, self.given = games, device, given
        self.masks, self.first = masks, -1
        self.numbers: tuple[Any, ...] = ()
        data = games[0].config.data
        assert isinstance(data, Mixture)
        self.shares, self.means, self.stds = (
            torch.tensor(part, device=device) for part in (data.weights, data.means, data.stds)
        )

    def __call__(self, i: int) -> tuple[Any, Any, Any, Tensors | None, Tensors | None]:
        """The numbers of iteration i, from 0 on."""
        if self.given:
            return self._given(self.given, i)
        if i // CHUNK != self.first:
            self.first, self.numbers = i // CHUNK, self._chunk()
        real, noise_d, noise_g = (part[i % CHUNK] for part in self.numbers)
        config, lanes = self.games[0].config, len(self.games)
        if not self.masks:
            return real, noise_d, noise_g, None, None
        kept, batch = 1 - config.discriminator.dropout, config.training.batch
        keeps = (
            [torch.rand(lanes, rows, h, device=self.device).lt_(kept).div_(kept) for h in config.discriminator.hidden]
            for rows in (2 * batch, batch)
        )
        return real, noise_d, noise_g, *keeps

    def _chunk(self) -> tuple[Any, Any, Any]:
        shape = (CHUNK, len(self.games), self.games[0].config.training.batch, 1)
        mode = torch.multinomial(self.shares, int(np.prod(shape)), replacement=True).view(shape)
        normal = [torch.randn(shape, device=self.device) for _ in range(3)]
        return self.means[mode] + self.stds[mode] * normal[0], normal[1], normal[2]

    def _given(self, given: Sequence[Draws], i: int) -> tuple[Any, Any, Any, Tensors | None, Tensors | None]:
        def stack(parts: Sequence[np.ndarray]) -> Any:
            return torch.from_numpy(np.stack(parts)).to(self.device)

        numbers = (stack([getattr(d, name)[i] for d in given])[..., None] for name in ("real", "noise_d", "noise_g"))

        def factors(keeps: Sequence[list[Any] | None]) -> Tensors | None:
            there = [keep for keep in keeps if keep is not None]
            return [stack([part[i] for part in layer]) for layer in zip(*there, strict=True)] if there else None

        keeps = factors([d.keep_d for d in given]), factors([d.keep_g for d in given])
        real, noise_d, noise_g = numbers
        return real, noise_d, noise_g, *keeps


def stacked(games: Sequence[Game], device: str) -> tuple[Tensors, Tensors]:
    """First parameters of all lanes, (L, …): D's and G's, kernels (L, out, in)."""
    each = [tensors(game.weights) for game in games]
    d, g = (
        [torch.stack(parts).to(device) for parts in zip(*players, strict=True)] for players in zip(*each, strict=True)
    )
    return d, g


class BatchedPeer:
    """Eager PyTorch with batched products; k_d = k_g = 1."""

    def __init__(self, games: Sequence[Game], device: str = "cpu"):
        self.games, self.device = games, device

    def train(self, iterations: int, given: Sequence[Draws] | None = None) -> Any:
        """Trains all lanes from their games' first weights. Returns the batch losses (I, L, 2), on the device."""
        config = self.games[0].config
        t, rate, l2 = config.training, config.discriminator.dropout, config.discriminator.l2
        self.rate = rate
        d, g = stacked(self.games, self.device)
        if self.games[0].linear:
            g = [part[:, None, None] for part in g]
            d = _kernels(d)
        else:
            d, g = _kernels(d), _kernels(g)
        self.d, self.g = ([part.detach().requires_grad_() for part in player] for player in (d, g))
        groups = [{"params": self.d[::2], "weight_decay": l2}, {"params": self.d[1::2]}]
        adam_d = torch.optim.Adam(groups, lr=t.lr_d, betas=(t.beta1, t.beta2), eps=1e-8, fused=True)
        adam_g = torch.optim.Adam(self.g, lr=t.lr_g, betas=(t.beta1, t.beta2), eps=1e-8, fused=True)
        draw, losses = Draw(self.games, self.device, given, False), []
        for i in range(iterations):
            real, noise_d, noise_g, keep_d, keep_g = draw(i)
            with torch.no_grad():
                seen = torch.cat([real, self.generate(noise_d)], dim=1)
            logits = self.judge(seen, keep_d)[..., 0]
            on_d = softplus(-logits[:, : t.batch]).mean(1) + softplus(logits[:, t.batch :]).mean(1)
            adam_d.zero_grad(set_to_none=True)
            on_d.sum().backward()
            adam_d.step()
            on_g = softplus(-self.judge(self.generate(noise_g), keep_g)[..., 0]).mean(1)
            adam_g.zero_grad(set_to_none=True)
            on_g.sum().backward(inputs=self.g)
            adam_g.step()
            losses.append(torch.stack([on_d.detach(), on_g.detach()], dim=1))
        return torch.stack(losses)

    def generate(self, z: Any) -> Any:
        """z (L, B, 1) -> (L, B, 1)."""
        return self.g[1].abs() * z + self.g[0] if self.games[0].linear else batched(self.g, z)

    def judge(self, x: Any, keep: Tensors | None) -> Any:
        """x (L, R, 1) -> logits (L, R, 1), with dropout."""
        return batched(self.d, x, keep, self.rate)


def _kernels(layers: Tensors) -> Tensors:
    """Kernels as (L, in, out) and biases as (L, 1, out): what a batched product takes."""
    return [part.transpose(1, 2).contiguous() if part.dim() == 3 else part[:, None] for part in layers]


def batched(layers: Tensors, x: Any, keep: Tensors | None = None, rate: float = 0.0) -> Any:
    """x (L, R, 1) -> (L, R, 1)."""
    count = len(layers) // 2
    for i in range(count):
        kernel, bias = layers[2 * i], layers[2 * i + 1]
        x = torch.addcmul(bias, x, kernel) if i == 0 else torch.baddbmm(bias, x, kernel)
        if i < count - 1:
            x = relu(x)
            x = x * keep[i] if keep is not None else dropout(x, rate) if rate else x
    return x


class CompiledManyPeer:
    """torch.compile of torch.func.vmap of the whole iteration of `CompiledPeer`."""

    def __init__(self, games: Sequence[Game], device: str = "cpu"):
        self.games, self.device = games, device
        one = CompiledPeer(games[0])
        one.target = one.target.to(device)
        self.drops = one.drops
        keep = 0 if self.drops else None
        every = torch.func.vmap(one.iteration, in_dims=(0, None, 0, 0, 0, keep, keep), out_dims=(0, None, 0))
        self.iterate = torch.compile(every, fullgraph=True, dynamic=False)

    @torch.no_grad()
    def train(self, iterations: int, given: Sequence[Draws] | None = None) -> Any:
        """Trains all lanes from their games' first weights. Returns the batch losses (I, L, 2), on the device."""
        d, g = stacked(self.games, self.device)
        players = [d, g, *([torch.zeros_like(p) for p in part] for part in (d, d, g, g))]
        count = torch.zeros((), dtype=torch.float64, device=self.device)
        draw, losses = Draw(self.games, self.device, given, self.drops), []
        for i in range(iterations):
            players, count, loss = self.iterate(players, count, *draw(i))
            losses.append(loss)
        return torch.stack(losses)
