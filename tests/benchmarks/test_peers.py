"""The peers that gan1d's speed is measured against train the same thing, from the same weights and random numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gan1d
from benchmarks.peers.agreement import ITERATIONS, SEEDS, TOLERANCE, agreement, difference, reference
from benchmarks.peers.cases import CASES
from benchmarks.peers.game import Draws, Game, Peer, game, own_draws, steps, trajectory
from benchmarks.peers.numpy_peer import NumpyPeer
from gan1d.config import Config


def eager(of: Game) -> Peer:
    pytest.importorskip("torch")
    from benchmarks.peers.torch_peer import TorchPeer

    return TorchPeer(of)


def compiled(of: Game) -> Peer:
    pytest.importorskip("torch")
    from benchmarks.peers.compiled_peer import CompiledPeer

    return CompiledPeer(of)


PEERS: list[Any] = [NumpyPeer, eager, pytest.param(compiled, marks=pytest.mark.deep)]
peers = pytest.mark.parametrize("make", PEERS, ids=["numpy", "eager", "compiled"])
cases = pytest.mark.parametrize("name", CASES)


@peers
@cases
def test_same_losses_from_the_same_weights_and_draws(name: str, make: Callable[[Game], Peer]) -> None:
    config = CASES[name].config
    found = agreement(make(game(config)), config)
    assert found.agrees, found.differences


@peers
@pytest.mark.parametrize("name", ["linear, l2-dropout", "MLP, l2-dropout"])
def test_what_is_recorded_is_what_gan1d_records(name: str, make: Callable[[Game], Peer]) -> None:
    """Densities and metrics included. 1e-4: a difference of losses of 1e-5, with room for what D's slope makes of it."""
    to = reference(CASES[name].config, SEEDS[1])
    ours = gan1d.train(to.game.config)
    run = trajectory(to.game, ITERATIONS, 1, make(to.game).train(ITERATIONS, 1, to.draws))
    assert np.array_equal(run.iteration, ours.iteration)
    for key in "d g loss_d loss_g value p_real_on_real p_real_on_fake mean std w1 batch_loss_d batch_loss_g".split():
        assert getattr(run, key) == pytest.approx(getattr(ours, key), rel=1e-4, abs=1e-4, nan_ok=True), key


WRONG: dict[str, Any] = {
    "without L2": {"discriminator.l2": 0.0},
    "another beta1": {"training.beta1": 0.89},
    "another beta2": {"training.beta2": 0.998},
    "another rate": {"training.lr_g": 0.101},
}


def without_dropout_of_g(draws: Draws) -> Draws:
    assert draws.keep_g
    return draws._replace(keep_g=[np.ones_like(layer) for layer in draws.keep_g])


def noise_used_twice(draws: Draws) -> Draws:
    return draws._replace(noise_g=draws.noise_d)


@pytest.mark.parametrize("what", WRONG)
def test_a_peer_with_a_wrong_number_is_found_out(what: str) -> None:
    """The tolerance is tight enough to mean something: no seed agrees."""
    config = CASES["linear, l2-dropout"].config
    for seed in SEEDS:
        to = reference(config, seed)
        wrong = to._replace(game=to.game._replace(config=to.game.config.replace(**WRONG[what])))
        assert difference(NumpyPeer(to.game), wrong) > TOLERANCE


@pytest.mark.parametrize("change", [without_dropout_of_g, noise_used_twice])
def test_a_peer_with_a_wrong_algorithm_is_found_out(change: Callable[[Draws], Draws]) -> None:
    for seed in SEEDS:
        to = reference(CASES["linear, l2-dropout"].config, seed)
        assert difference(NumpyPeer(to.game), to._replace(draws=change(to.draws))) > TOLERANCE


def test_several_updates_an_iteration() -> None:
    changes = {"training.k_d": 3, "training.k_g": 2}
    config = CASES["linear, l2-dropout"].config.replace(**changes)
    assert agreement(NumpyPeer(game(config)), config).agrees


@pytest.mark.parametrize("make", PEERS[:2], ids=["numpy", "eager"])
def test_its_own_random_numbers_are_of_the_same_kind(make: Callable[[Game], Peer]) -> None:
    """With draws of its own a peer learns the same data: N(15, 7), within what one run of the scenario is allowed."""
    config = CASES["linear, l2"].config
    run = trajectory(game(config), 1200, 600, make(game(config)).train(1200, 600))
    assert gan1d.scenarios["gaussian-linear"].expects == "converged"
    assert run.mean[-1] == pytest.approx(15, abs=1.5) and run.std[-1] == pytest.approx(7, abs=1.5)


def test_rates_of_dropout_drawn_in_bulk() -> None:
    """Half of the units are kept, each times two."""
    peer = NumpyPeer(game(CASES["linear, dropout"].config))
    draws = peer.draw(50)
    first = np.stack([peer.factors(draws.keep_d, i)[0] for i in range(50)])  # type: ignore[index]
    assert set(np.unique(first)) == {0.0, 2.0}
    assert first.mean() == pytest.approx(1, abs=6 / np.sqrt(first.size))


def test_recorded_states_are_three_hundred_at_least() -> None:
    for case in CASES.values():
        t = case.config.training
        stride = -(-t.iterations // t.frames)
        assert t.iterations == 2000 and len(steps(t.iterations, stride)) - 1 == t.frames >= 300


def test_a_config_that_peers_cannot_train_is_refused() -> None:
    config = Config.from_dict({"data": {"means": [0], "stds": [1]}, "training": {"loss": "hinge"}})
    with pytest.raises(ValueError, match=r"hinge.* more than the peers can train"):
        game(config)


def test_draws_have_the_shapes_that_are_said() -> None:
    draws = own_draws(CASES["linear, dropout"].config.replace(**{"training.k_d": 2}), 5)
    assert draws.real.shape == draws.noise_d.shape == (10, 32) and draws.noise_g.shape == (5, 32)
    assert [a.shape for a in draws.keep_d or []] == [(10, 64, 64)] * 2
    assert [a.shape for a in draws.keep_g or []] == [(5, 32, 64)] * 2


@pytest.mark.parametrize("name", ["linear, l2-dropout", "MLP, l2-dropout"])
def test_many_at_once_train_what_one_trains(name: str) -> None:
    """Lanes of batched products, each from its own weights and draws; one of the five may part, as above."""
    pytest.importorskip("torch")
    from benchmarks.peers.torch_many import BatchedPeer

    to = [reference(CASES[name].config, seed) for seed in SEEDS]
    losses = BatchedPeer([r.game for r in to]).train(ITERATIONS, [r.draws for r in to]).numpy()
    wanted = np.stack([r.losses for r in to], axis=1)
    worst = np.max(np.abs(losses - wanted) / np.maximum(np.abs(wanted), 1.0), axis=(0, 2))
    assert sorted(worst)[-2] <= TOLERANCE
