"""What a run's numbers mean: rules that look at the last of them and give notes. The words are the content's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import numpy as np

from app.images.runs import Evaluation, Run

Level = Literal["good", "look", "bad"]

LEFT = 0.6
"""Share of the modes below which a run has lost some: digits have ten, and a generator that draws six of them is past its beginning."""
NEARLY = 0.95
"""Share of the modes from which they count as all there, where there are too many to name each."""
FEW = 20
"""Modes that are few enough for every one to count."""
EARLY = 0.15
"""Share of the steps within which missing modes are not yet lost ones."""
SURE = 0.95
"""Mean probability from which D is sure of itself, on the real and on the fake alike."""
EVEN = 0.1
"""How far D may be off one half, on average, to be called unable to tell."""
SLOPE = 0.2
"""How far the critic's mean slope may be off 1."""
RECENT = 20
"""Records whose mean stands for now: single ones are noisy."""
NEAR = 2.0
"""Times the distance of real images from real ones up to which the samples are near."""


class Note(NamedTuple):
    """A sentence's key in the content, how to take it, and the numbers in it."""

    kind: str
    level: Level
    values: dict[str, Any] = {}  # noqa: RUF012  (never changed)


def notes(run: Run) -> list[Note]:
    """What is to be said of a run as it stands, the gravest first."""
    found = [*_broken(run), *_modes(run), *_players(run), *_slope(run), *_distance(run)]
    order: tuple[Level, ...] = ("bad", "look", "good")
    return sorted(found, key=lambda note: order.index(note.level))


def recent(run: Run, name: str) -> float | None:
    """The mean of a curve's last records; None where it has none."""
    values = run.curves.get(name, np.zeros(0))
    values = values[np.isfinite(values)][-RECENT:]
    return float(values.mean()) if len(values) else None


def _broken(run: Run) -> Iterator[Note]:
    """Losses that are no numbers any more, or weights that ran away."""
    if run.status.word == "diverged":
        yield Note("diverged", "bad", {"step": run.status.step})
        return
    for name in ("loss_d", "loss_g"):
        values = run.curves.get(name, np.zeros(0))
        if len(values) and not np.isfinite(values[-1]):
            first = int(run.curves["step"][np.flatnonzero(~np.isfinite(values))[0]])
            yield Note("diverged", "bad", {"step": first})
            return


def counted(run: Run) -> Evaluation | None:
    """The last evaluation that counted modes."""
    return next((e for e in reversed(run.evaluations) if e.modes and e.covered is not None), None)


def _modes(run: Run) -> Iterator[Note]:
    last = counted(run)
    if last is None or last.modes is None or last.covered is None:
        return
    most = max(e.covered or 0 for e in run.evaluations)
    known: dict[str, Any] = {"covered": last.covered, "modes": last.modes, "step": last.step, "most": most}
    enough = last.modes if last.modes <= FEW else NEARLY * last.modes
    if last.covered >= enough:
        yield Note("all modes" if last.covered == last.modes else "nearly all modes", "good", known)
    elif last.covered < LEFT * last.modes and most > last.covered:
        yield Note("collapse", "bad", known)
    elif last.step <= EARLY * run.config.steps:
        yield Note("modes so far", "look", known)
    elif last.covered < LEFT * last.modes:
        yield Note("collapse", "bad", known)
    else:
        yield Note("some modes", "look", known)


def _players(run: Run) -> Iterator[Note]:
    """Who is ahead: by D's probabilities, or by the gap of its scores."""
    found = run.scores_at(None)
    if found is None or not (len(found[1].real) and len(found[1].fake)):
        return
    step, scores = found
    if run.is_score:
        gap = float(scores.real.mean() - scores.fake.mean())
        if run.config.loss == "wasserstein":
            yield Note("gap", "look", {"gap": gap, "step": step})
        return
    real, fake = (float(_probability(values).mean()) for values in (scores.real, scores.fake))
    known = {"real": real, "fake": fake, "step": step}
    if real > SURE and fake < 1 - SURE:
        yield Note("d wins", "bad", known)
    elif abs(real - 0.5) < EVEN and abs(fake - 0.5) < EVEN:
        yield Note("even", "good", known)
    elif real > fake:
        yield Note("d ahead", "look", known)


def _probability(logits: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -60, 60))))


def _slope(run: Run) -> Iterator[Note]:
    """Whether the penalty does what it is there for."""
    if run.config.penalty != "gradient_penalty":
        return
    slope = recent(run, "slope")
    if slope is None:
        return
    if abs(slope - 1) <= SLOPE:
        yield Note("slope held", "good", {"slope": slope})
    elif run.config.frozen_penalty:
        yield Note("slope frozen", "bad", {"slope": slope})
    else:
        yield Note("slope off", "look", {"slope": slope})


FRECHET = ("frechet_distance", "fid")
"""What Fréchet distances are called, by the extractor."""


def _distance(run: Run) -> Iterator[Note]:
    if not run.evaluations:
        return
    last = run.evaluations[-1]
    for name, (value, baseline) in last.metrics.items():
        if name in FRECHET and baseline is not None and baseline > 0 and np.isfinite(value):
            ratio = value / baseline
            kind = "near" if ratio <= NEAR else "far"
            yield Note(
                kind,
                "good" if kind == "near" else "look",
                {"ratio": ratio, "by": f" ({last.extractor})" if last.extractor else ""},
            )
            return
