"""Plain NumPy with hand-written gradients. All parameters of a player lie in one vector, so that Adam is a few calls."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.peers.game import Draws, Game, Layers, Recorded, softplus, steps
from gan1d.config import Mixture

Masks = list[np.ndarray] | None


class Player:
    """Parameters of one network as views of a vector, their gradient likewise, and Adam's memory.

    layers: kernels (in, out) and biases (out,); decay (P,): L2's weight at each kernel's entry, 0 at the biases.
    """

    def __init__(self, layers: Layers, rate: float, betas: tuple[float, float], l2: float, dtype: Any):
        flat = [part.ravel() for layer in layers for part in layer]
        self.vector = np.concatenate(flat).astype(dtype)
        self.grad, self.mean, self.square = (np.zeros_like(self.vector) for _ in range(3))
        self.layers, self.grads = _views(self.vector, layers), _views(self.grad, layers)
        self.rate, self.betas, self.updates = rate, betas, 0
        self.decay = np.zeros_like(self.vector)
        for kernel, _ in _views(self.decay, layers):
            kernel[...] = l2
        self.decays = l2 > 0

    def adam(self) -> None:
        """One step by the gradient in `grad`."""
        self.updates += 1
        b1, b2 = self.betas
        grad, mean, square = self.grad, self.mean, self.square
        if self.decays:
            grad += self.decay * self.vector
        mean += (1 - b1) * (grad - mean)
        square += (1 - b2) * (grad * grad - square)
        root = np.sqrt(square)
        root *= (1 - b2**self.updates) ** -0.5
        root += 1e-8
        np.divide(mean, root, out=root)
        root *= self.rate / (1 - b1**self.updates)
        self.vector -= root


def _views(vector: np.ndarray, like: Layers) -> Layers:
    """Kernels and biases as parts of a vector (P,)."""
    found, at = [], 0
    for kernel, bias in like:
        middle, end = at + kernel.size, at + kernel.size + bias.size
        found.append((vector[at:middle].reshape(kernel.shape), vector[middle:end]))
        at = end
    return found


def forward(layers: Layers, x: np.ndarray, keep: Masks = None) -> tuple[np.ndarray, list[np.ndarray], list[np.ndarray]]:
    """x (R,) -> output (R,), the input of each layer after the first, and the slope of each hidden unit (R, H)."""
    kernel, bias = layers[0]
    before = x[:, None] * kernel[0] + bias
    inputs, slopes = [], []
    for i, (kernel, bias) in enumerate(layers[1:]):
        slope = before > 0 if keep is None else (before > 0) * keep[i]
        inputs.append(before * slope)
        slopes.append(slope)
        before = inputs[-1] @ kernel + bias
    return before[:, 0], inputs, slopes


def backward(
    layers: Layers,
    x: np.ndarray,
    inputs: list[np.ndarray],
    slopes: list[np.ndarray],
    out: np.ndarray,
    grads: Layers | None,
) -> np.ndarray | None:
    """From dL/d output (R,): fills `grads` if they are given; else returns dL/dx (R,)."""
    delta = out[:, None]
    for i in range(len(layers) - 1, 0, -1):
        if grads is not None:
            np.matmul(inputs[i - 1].T, delta, out=grads[i][0])
            np.sum(delta, axis=0, out=grads[i][1])
        kernel = layers[i][0]
        delta = delta * kernel[:, 0] if kernel.shape[1] == 1 else delta @ kernel.T
        delta *= slopes[i - 1]
    if grads is None:
        return delta @ layers[0][0][0]
    np.matmul(x, delta, out=grads[0][0][0])
    np.sum(delta, axis=0, out=grads[0][1])
    return None


class NumpyPeer:
    """The training in NumPy; dtype float64 shows what float32 rounds away."""

    def __init__(self, game: Game, seed: int = 0, dtype: Any = np.float32):
        self.game, self.dtype = game, dtype
        self.rng = np.random.default_rng(seed)

    def train(self, iterations: int, stride: int, given: Draws | None = None) -> Recorded:
        """Trains from the game's first weights, on given random numbers or on its own."""
        self.start()
        t, batch = self.game.config.training, self.game.config.training.batch
        draws = given or self.draw(iterations)
        losses = np.zeros((iterations, 2), self.dtype)
        states = [self.look()]
        self.batch_target = np.repeat(np.array([1, 0], self.dtype), batch)
        due = set(steps(iterations, stride).tolist())
        for i in range(iterations):
            for j in range(i * t.k_d, (i + 1) * t.k_d):
                losses[i, 0] += self.update_d(draws, j)
            for j in range(i * t.k_g, (i + 1) * t.k_g):
                losses[i, 1] += self.update_g(draws, j)
            if i + 1 in due:
                states.append(self.look())
        logits, g = zip(*states, strict=True)
        return Recorded(losses / np.array([t.k_d, t.k_g], self.dtype), np.stack(logits), np.stack(g))

    def start(self) -> None:
        """The first weights, and optimisers without memory."""
        config, weights = self.game.config, self.game.weights
        t = config.training
        betas = t.beta1, t.beta2
        g = weights.g if isinstance(weights.g, list) else [(np.array([[weights.g[1]]]), np.array([weights.g[0]]))]
        self.d = Player(weights.d, t.lr_d, betas, config.discriminator.l2, self.dtype)
        self.g = Player(g, t.lr_g, betas, 0.0, self.dtype)

    def draw(self, iterations: int) -> Draws:
        """Its own random numbers, in bulk; dropout's as bytes, which are turned into factors when they are needed."""
        config, rng = self.game.config, self.rng
        t, data, dropout = config.training, config.data, config.discriminator.dropout
        assert isinstance(data, Mixture)
        shape_d, shape_g = (iterations * t.k_d, t.batch), (iterations * t.k_g, t.batch)
        mode = rng.choice(len(data.means), shape_d, p=data.weights)
        means, stds = np.asarray(data.means, np.float32), np.asarray(data.stds, np.float32)
        real = means[mode] + stds[mode] * rng.standard_normal(shape_d, np.float32)
        noise_d, noise_g = rng.standard_normal(shape_d, np.float32), rng.standard_normal(shape_g, np.float32)
        if not dropout:
            return Draws(real, noise_d, noise_g, None, None)
        widths = config.discriminator.hidden
        keep_d, keep_g = (
            [self._bytes((updates, rows, width)) for width in widths]
            for updates, rows in ((shape_d[0], 2 * t.batch), (shape_g[0], t.batch))
        )
        return Draws(real, noise_d, noise_g, keep_d, keep_g)

    def _bytes(self, shape: tuple[int, ...]) -> np.ndarray:
        return np.frombuffer(self.rng.bytes(int(np.prod(shape))), np.uint8).reshape(shape)

    def factors(self, keep: list[np.ndarray] | None, update: int) -> Masks:
        """Dropout's factors (R, H) of one update: given ones, or made of random bytes; the rate in steps of 1/256."""
        if keep is None:
            return None
        if keep[0].dtype != np.uint8:
            return [layer[update] for layer in keep]
        threshold = round(256 * self.game.config.discriminator.dropout)
        scale = self.dtype(256 / (256 - threshold))
        return [(layer[update] >= threshold) * scale for layer in keep]

    def generate(self, z: np.ndarray) -> tuple[np.ndarray, list[np.ndarray], list[np.ndarray]]:
        """G(z) (B,), and what `backward` needs."""
        if not self.game.linear:
            return forward(self.g.layers, z)
        std, mean = self.g.vector
        return abs(std) * z + mean, [], []

    def update_d(self, draws: Draws, i: int) -> np.floating:
        """One discriminator update; returns the batch's loss."""
        fake, _, _ = self.generate(draws.noise_d[i])
        seen = np.concatenate([draws.real[i], fake])
        layers, batch = self.d.layers, len(fake)
        logit, inputs, slopes = forward(layers, seen, self.factors(draws.keep_d, i))
        sigmoid = 0.5 + 0.5 * np.tanh(0.5 * logit)
        backward(layers, seen, inputs, slopes, (sigmoid - self.batch_target) / batch, self.d.grads)
        self.d.adam()
        logit[:batch] *= -1
        return softplus(logit).sum() / batch

    def update_g(self, draws: Draws, i: int) -> np.floating:
        """One generator update; returns the batch's loss."""
        z = draws.noise_g[i]
        fake, g_inputs, g_slopes = self.generate(z)
        logit, inputs, slopes = forward(self.d.layers, fake, self.factors(draws.keep_g, i))
        out = (np.tanh(0.5 * logit) - 1) * (0.5 / len(z))
        dx = backward(self.d.layers, fake, inputs, slopes, out, None)
        assert dx is not None
        if self.game.linear:
            self.g.grad[:] = np.sign(self.g.vector[0]) * (dx @ z), dx.sum()
        else:
            backward(self.g.layers, z, g_inputs, g_slopes, dx, self.g.grads)
        self.g.adam()
        return softplus(-logit).sum() / len(z)

    def look(self) -> tuple[np.ndarray, np.ndarray]:
        """D's logits on the grid and at G's images of the nodes, and G."""
        game = self.game
        fake, _, _ = self.generate(game.nodes)
        logits, _, _ = forward(self.d.layers, np.concatenate([game.x, fake]))
        if game.linear:
            std, mean = self.g.vector
            return logits, np.array([mean, abs(std)])
        return logits, self.generate(game.edges)[0]
