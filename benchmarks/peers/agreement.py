"""Whether a peer trains what gan1d trains: from the same weights and random numbers, the same batch losses."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

import gan1d
from benchmarks.peers.game import Draws, Game, Peer, game, own_draws
from gan1d.config import Config

ITERATIONS = 50
TOLERANCE = 1e-5
"""Of a batch loss, relative where it is above 1. A loss is a mean of some sixty numbers rounded to 6e-8 each and sums over 64 units: 1e-6;
ten times that leaves room for what fifty steps add, and is a tenth of what one step of Adam moves the loss."""
SEEDS = (0, 1, 2, 3, 4)
MOST = 4
"""Seeds, of those, that must agree. Rounding differs from library to library, and once in a hundred runs it falls on a ReLU's kink or on
a gradient that cancels, which Adam divides by its own size: that run then parts. A wrong peer parts in every one."""


class Agreement(NamedTuple):
    """Largest difference of a batch loss for each of `SEEDS` (S,), and whether that is near enough."""

    differences: tuple[float, ...]

    @property
    def agrees(self) -> bool:
        """Whether enough seeds stay within the tolerance."""
        return sum(d <= TOLERANCE for d in self.differences) >= MOST  # NaN does not


class Reference(NamedTuple):
    """gan1d's own run: the game, its random numbers, and the batch losses of D and of G (I, 2)."""

    game: Game
    draws: Draws
    losses: np.ndarray


@cache
def reference(config: Config, seed: int) -> Reference:
    """What the peers must reach: gan1d's batch losses, each iteration recorded."""
    config = config.replace(**{"training.iterations": ITERATIONS, "training.frames": ITERATIONS, "training.seed": seed})
    run = gan1d.train(config)
    losses = np.stack([run.batch_loss_d, run.batch_loss_g], axis=1)[1:]
    return Reference(game(config), own_draws(config, ITERATIONS), losses)


def difference(peer: Peer, to: Reference) -> float:
    """The largest difference of a batch loss, relative where the loss is above 1."""
    peer.game = to.game
    losses = peer.train(ITERATIONS, ITERATIONS, to.draws).losses
    return float(np.max(np.abs(losses - to.losses) / np.maximum(np.abs(to.losses), 1.0)))


def agreement(peer: Peer, config: Config, seeds: Sequence[int] = SEEDS) -> Agreement:
    """Trains a peer on gan1d's weights and draws; its game is left at the config's own."""
    before = peer.game
    found = Agreement(tuple(difference(peer, reference(config, seed)) for seed in seeds))
    peer.game = before
    return found
