"""One case, everyone in it: checked for agreement first, then timed in turns."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from threadpoolctl import threadpool_limits

from benchmarks.peers.agreement import Agreement, agreement
from benchmarks.peers.cases import Case
from benchmarks.peers.compiled_peer import CompiledPeer
from benchmarks.peers.game import Game, Peer, Recorded, game, trajectory
from benchmarks.peers.numpy_peer import NumpyPeer
from benchmarks.peers.ours import STAGES, Ours
from benchmarks.peers.torch_peer import TorchPeer, styles
from benchmarks.timing import Stages, take_turns

OURS, EAGER, MODULE, COMPILED, NUMPY = "gan1d", "PyTorch eager", "with nn.Dropout", "torch.compile", "NumPy"
TRIAL, TRIALS = 100, 5
"""Iterations by which the ways to use a library are told apart, and how often: the median counts."""

Say = Callable[[str], None]


class Threads(NumpyPeer):
    """NumPy with a number of threads for its products."""

    def __init__(self, of: Game, threads: int):
        super().__init__(of)
        self.threads = threads

    def train(self, *arguments: Any, **keywords: Any) -> Recorded:
        """As NumPy alone, its threads limited meanwhile."""
        with threadpool_limits(self.threads, user_api="blas"):
            return super().train(*arguments, **keywords)


class Entry(NamedTuple):
    """A way to use a library: the names that it is reported under if it is the quickest of them, the way in words, threads, the peer."""

    names: tuple[str, ...]
    way: str
    threads: int
    peer: Peer


def finalists(entries: list[Entry]) -> list[Entry]:
    """The quickest over a few short trials in turn; and if it has two threads, the quickest of those with one: on a busy machine two
    threads win a trial and lose the race."""
    trials = take_turns({entry.way: partial(trial, entry.peer) for entry in entries}, TRIALS)
    ranked = sorted(entries, key=lambda entry: trials[entry.way]["trial"].median)
    return ranked[:1] if ranked[0].threads == 1 else [ranked[0], next(entry for entry in ranked if entry.threads == 1)]


def trial(peer: Peer) -> Stages:
    """Seconds of a short training."""
    return {"trial": _seconds(partial(peer.train, TRIAL, TRIAL))}


def _seconds(call: Callable[[], Any]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def entries(of: Game) -> tuple[list[Entry], dict[str, str]]:
    """Who is in the race, several under one name where a trial does not decide; and why one is missing, by name."""
    ways = styles(of.config.discriminator.dropout > 0)
    masks = [Entry((EAGER,), str(s), s.threads, TorchPeer(of, s)) for s in ways if s.masks]
    names = (EAGER, MODULE) if masks else (EAGER,)
    modules = [Entry(names, str(s), s.threads, TorchPeer(of, s)) for s in ways if not s.masks]
    threads = [Entry((NUMPY,), f"{n} thread{'s' * (n > 1)}", n, Threads(of, n)) for n in (1, 2)]
    found = [entry for group in (masks, modules, threads) if group for entry in finalists(group)]
    missing: dict[str, str] = {}
    try:
        compiled = CompiledPeer(of)
        compiled.compile()
        way = "1 thread, a whole iteration in one graph" + ", dropout drawn in bulk" * compiled.drops
        found.append(Entry((COMPILED,), way, 1, compiled))
    except Exception as e:  # no C++ compiler, or what a version of the compiler cannot do: said, and left out
        missing[COMPILED] = f"{type(e).__name__}: {str(e).strip().splitlines()[0]}"
    return found, missing


def contest(case: Case, repeats: int, say: Say) -> dict[str, Any]:
    """The result of a case: who agrees, seconds by name and stage, how each is used, what compiling took."""
    config, of = case.config, game(case.config)
    say("choosing how to use PyTorch, NumPy; compiling")
    there, missing = entries(of)
    say("checking that all train the same")
    checked = {entry: agreement(entry.peer, config) for entry in there}
    agreeing = [entry for entry in there if checked[entry].agrees]
    say(f"timing {OURS}, " + "; ".join(f"{entry.names[0]}: {entry.way}" for entry in agreeing))
    ours = Ours(case.name)
    runs: dict[Any, Callable[[], Stages]] = {OURS: ours}
    times = take_turns(runs | {entry: partial(theirs, case, entry.peer) for entry in agreeing}, repeats)
    ours.close()
    chosen: dict[str, Entry] = {}
    for entry in sorted(agreeing, key=lambda entry: times[entry][STAGES[-1]].median) + there:
        for name in entry.names:
            chosen.setdefault(name, entry)
    times |= {name: times[entry] for name, entry in chosen.items() if entry in times}
    return {
        "target": case.target,
        "agreement": {name: _plain(checked[entry]) for name, entry in chosen.items()},
        "how": {name: entry.way for name, entry in chosen.items()},
        "missing": missing,
        "compile": {name: e.peer.seconds for name, e in chosen.items() if isinstance(e.peer, CompiledPeer)},
        "seconds": {
            name: {stage: took._asdict() for stage, took in times[name].items()}
            for name in [OURS, *chosen]
            if name in times
        },
    }


def _plain(found: Agreement) -> dict[str, Any]:
    return {"agrees": found.agrees, "differences": list(found.differences)}


def theirs(case: Case, peer: Peer) -> Stages:
    """A peer's seconds. The metrics are gan1d's own code on what the peer recorded: the same work for all."""
    t = case.config.training
    stride = -(-t.iterations // t.frames)
    alone = _seconds(partial(peer.train, t.iterations, t.iterations))
    began = time.perf_counter()
    recorded = peer.train(t.iterations, stride)
    after = time.perf_counter()
    trajectory(peer.game, t.iterations, stride, recorded)
    whole = time.perf_counter() - began
    return dict(zip(STAGES, (alone, after - began, whole), strict=True))
