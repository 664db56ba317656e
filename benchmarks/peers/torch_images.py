"""The image models in PyTorch, as one would write them: eager, `nn.Module`s, fused Adam. Weights can be gan1d's own.

PyTorch pads a stride-2 convolution on the side opposite to TensorFlow's "SAME": its nets are gan1d's seen in a mirror, upside down and left
to right, and so kernels and images are turned when numbers are compared.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from gan1d.image.config import ImageConfig
from gan1d.image.networks import EPSILON, LEAK, STEM, widths


def norm(kind: str, channels: int, side: int) -> nn.Module:
    """Batch norm; LayerNorm over H, W and C, with a scale and a shift a channel, as a group norm of one group; or nothing."""
    if kind == "batch":
        return nn.BatchNorm2d(channels, eps=EPSILON)
    return nn.GroupNorm(1, channels, eps=EPSILON) if kind == "layer" else nn.Identity()


class Generator(nn.Module):
    """z (B, latent) -> images (B, C, H, W)."""

    def __init__(self, c: ImageConfig):
        super().__init__()
        sizes, plain, k = widths(c), c.norm_g == "none", c.kernel_g
        self.stem = nn.Linear(c.latent, STEM * STEM * sizes[0], bias=plain)
        self.norms = nn.ModuleList(norm(c.norm_g, size, STEM) for size in sizes)
        outputs = (*sizes[1:], c.channels)
        self.layers = nn.ModuleList(
            nn.ConvTranspose2d(*(a, b, k, 2, (k - 1) // 2), output_padding=k % 2, bias=plain or i == c.levels - 1)
            for i, (a, b) in enumerate(zip(sizes, outputs, strict=True))
        )

    def forward(self, z: Any) -> Any:
        """z (B, latent) -> images (B, C, H, W) from -1 to 1."""
        h = self.stem(z).view(len(z), -1, STEM, STEM)
        for normalise, layer in zip(self.norms, self.layers, strict=True):
            h = layer(torch.relu(normalise(h)))
        return torch.tanh(h)


class Critic(nn.Module):
    """Images (B, C, H, W) -> (B,)."""

    def __init__(self, c: ImageConfig):
        super().__init__()
        sizes, k = (c.channels, *reversed(widths(c))), c.kernel_d
        kinds = ["none", *[c.norm_d] * (c.levels - 1)]
        self.layers = nn.ModuleList(
            nn.Conv2d(a, b, k, 2, (k - 1) // 2, bias=kind == "none")
            for a, b, kind in zip(sizes[:-1], sizes[1:], kinds, strict=True)
        )
        self.norms = nn.ModuleList(norm(kind, b, 0) for b, kind in zip(sizes[1:], kinds, strict=True))
        self.head = nn.Linear(STEM * STEM * sizes[-1], 1)

    def forward(self, x: Any) -> Any:
        """Images (B, C, H, W) -> logits (B,)."""
        for layer, normalise in zip(self.layers, self.norms, strict=True):
            x = nn.functional.leaky_relu(normalise(layer(x)), LEAK)
        return self.head(x.flatten(1))[:, 0]


def adopt(module: Any, params: dict[str, np.ndarray]) -> None:
    """Fills a net with gan1d's parameters, by their paths: kernels HWIO turned and laid out as PyTorch has them."""
    with torch.no_grad():
        for name, values in params.items():
            parts = name.split("/")
            owner: Any = module
            for part in parts[:-1]:
                if part != "inner":
                    owner = owner[int(part)] if part.isdigit() else getattr(owner, part)
            leaf = {"kernel": "weight", "scale": "weight", "bias": "bias"}[parts[-1]]
            getattr(owner, leaf).copy_(torch.from_numpy(laid_out(parts[0], parts[-1], values)))


def laid_out(layer: str, kind: str, values: np.ndarray) -> np.ndarray:
    """One of gan1d's arrays as PyTorch has it."""
    values = np.asarray(values)
    if (
        values.ndim == 4
    ):  # of a convolution (k, k, I, O) -> (O, I, k, k); of a transposed one (k, k, O, I) -> (I, O, k, k)
        return np.ascontiguousarray(values[::-1, ::-1].transpose(3, 2, 0, 1))
    if kind != "kernel":
        return values
    if layer == "stem":  # (latent, 4 * 4 * C), pixel by pixel
        maps = values.reshape(len(values), STEM, STEM, -1)[:, ::-1, ::-1]
        return np.ascontiguousarray(maps.transpose(3, 1, 2, 0).reshape(-1, len(values)))
    maps = values.reshape(STEM, STEM, -1)[::-1, ::-1]
    return np.ascontiguousarray(maps.transpose(2, 0, 1).reshape(1, -1))


def turned(images: np.ndarray) -> Any:
    """Images (B, H, W, C) as PyTorch's nets see them (B, C, H, W)."""
    return torch.from_numpy(np.ascontiguousarray(images[:, ::-1, ::-1].transpose(0, 3, 1, 2)))


class Game:
    """Both players and their optimisers. Only DCGAN's losses and WGAN-GP's are known here."""

    def __init__(self, c: ImageConfig, channels_last: bool = False):
        assert (c.loss, c.penalty) in {("non_saturating", "none"), ("wasserstein", "gradient_penalty")}
        self.c = c
        self.layout = torch.channels_last if channels_last else torch.contiguous_format
        self.g, self.d = (net.to(memory_format=self.layout) for net in (Generator(c), Critic(c)))
        self.ema = [p.detach().clone() for p in self.g.parameters()]
        betas = (c.beta1, c.beta2)
        self.adam_g = torch.optim.Adam(self.g.parameters(), c.lr_g, betas, fused=True)
        self.adam_d = torch.optim.Adam(self.d.parameters(), c.lr_d, betas, fused=True)

    def noise(self) -> Any:
        """z (B, latent)."""
        shape = self.c.batch, self.c.latent
        if self.c.latent_kind == "uniform":
            return 2 * torch.rand(shape) - 1
        z = torch.randn(shape)
        half = shape[1] // 2
        return z if self.c.latent_kind == "normal" else torch.cat([z[:, :half].sign(), z[:, half:]], 1)

    def loss_d(self, real: Any, fake: Any, mix: Any) -> tuple[Any, Any]:
        """The critic's objective without its penalty, and the penalty without its weight."""
        soft = nn.functional.softplus
        if self.c.loss == "non_saturating":
            return soft(-self.d(real)).mean() + soft(self.d(fake)).mean(), torch.zeros(())
        both = self.d(torch.cat([real, fake]))
        loss = both[len(real) :].mean() - both[: len(real)].mean()
        between = (mix * real + (1 - mix) * fake).requires_grad_()
        (slope,) = torch.autograd.grad(self.d(between).sum(), between, create_graph=True)
        return loss, ((slope.square().sum((1, 2, 3)) + 1e-12).sqrt() - 1).square().mean()

    def step(self, images: np.ndarray) -> None:
        """A whole step on uint8 images (n_critic, B, H, W, C)."""
        for batch in images:
            real = torch.from_numpy(batch).permute(0, 3, 1, 2).to(torch.float32, memory_format=self.layout)
            real = real / 127.5 - 1
            with torch.no_grad():
                fake = self.g(self.noise())
            loss, penalty = self.loss_d(real, fake, torch.rand(len(batch), 1, 1, 1))
            self.adam_d.zero_grad()
            (loss + self.c.penalty_weight * penalty).backward()
            self.adam_d.step()
        logits = self.d(self.g(self.noise()))
        loss = nn.functional.softplus(-logits).mean() if self.c.loss == "non_saturating" else -logits.mean()
        self.adam_g.zero_grad()
        loss.backward()
        self.adam_g.step()
        with torch.no_grad():
            torch._foreach_lerp_(self.ema, list(self.g.parameters()), 1 - self.c.ema)
