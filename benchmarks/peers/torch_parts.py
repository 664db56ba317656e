"""What both ways of using PyTorch share: its random numbers, and numbers that come from gan1d."""

from __future__ import annotations

from typing import Any

import torch

from benchmarks.peers.game import Draws, Game
from gan1d.config import Mixture

CHUNK = 64
"""Updates whose dropout bytes are made factors at once: as many as stay in the cache."""


def native_draws(game: Game, iterations: int, masks: bool) -> Draws:
    """PyTorch's own random numbers for a whole run, (U, B, 1); with masks, a random byte for each hidden unit that may be dropped."""
    t, data, d = game.config.training, game.config.data, game.config.discriminator
    assert isinstance(data, Mixture)
    shape_d, shape_g = (iterations * t.k_d, t.batch, 1), (iterations * t.k_g, t.batch, 1)
    mode = torch.multinomial(torch.tensor(data.weights), shape_d[0] * t.batch, replacement=True).view(shape_d)
    real = torch.tensor(data.means)[mode] + torch.tensor(data.stds)[mode] * torch.randn(shape_d)
    noise = torch.randn(shape_d), torch.randn(shape_g)
    if not masks:
        return Draws(real, *noise, None, None)
    shapes = ((shape_d[0], 2 * t.batch), (shape_g[0], t.batch))
    return Draws(real, *noise, *([_bytes((*shape, width)) for width in d.hidden] for shape in shapes))


def _bytes(shape: tuple[int, ...]) -> Any:
    """Random bytes, eight out of each number that PyTorch draws."""
    count = torch.Size(shape).numel()
    words = torch.empty(-(-count // 8), dtype=torch.int64).random_(-(2**63), None)
    return words.view(torch.uint8)[:count].view(shape)


def given_draws(given: Draws) -> Draws:
    """gan1d's own random numbers as tensors."""
    numbers = (torch.from_numpy(a)[..., None] for a in (given.real, given.noise_d, given.noise_g))
    keep = (None if k is None else [torch.from_numpy(layer) for layer in k] for k in (given.keep_d, given.keep_g))
    return Draws(*numbers, *keep)


class Factors:
    """Dropout's factors of any update, a layer at a time (R, H): given ones, or made a chunk at a time of random bytes."""

    def __init__(self, keep: list[Any] | None, dropout: float):
        self.keep = keep
        self.threshold = round(256 * dropout)
        self.chunk, self.made = -1, keep

    def __call__(self, update: int) -> list[Any] | None:
        """The factors of one update, or None without dropout."""
        if self.keep is None or self.made is None:
            return None
        if self.keep[0].dtype is not torch.uint8:
            return [layer[update] for layer in self.keep]
        chunk, place = divmod(update, CHUNK)
        if chunk != self.chunk:
            part, scale = slice(chunk * CHUNK, (chunk + 1) * CHUNK), 256 / (256 - self.threshold)
            self.chunk, self.made = chunk, [(layer[part] >= self.threshold) * scale for layer in self.keep]
        return [layer[place] for layer in self.made]
