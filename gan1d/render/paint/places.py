"""Where the names in a picture stand: near their curves, inside the picture, never on each other. As in the player's ``labels.js``.

Places are pixels from the left and from the top of the area where names may stand.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

CROSSING = 10.0
"""What it costs a name to lie on a curve, in its own height of way."""
NEAR, ASTRAY = 0.4, 2.0
"""How much a way counts that stays beside what is named, and one that leads away from it."""
STAYING, CALM = 2.0, 8.0
"""What it is worth to stay where it was, likewise: from one picture to another, and while the picture moves."""
STAYING_ALONG, CALM_ALONG = 0.5, 1.5
"""The same of a name along a curve, in curves that it lies on."""


class Curve:
    """Heights from the top over the pixels of the area's width; NaN where there is no curve."""

    def __init__(self, across: np.ndarray, heights: np.ndarray, width: float):
        self.heights = np.interp(np.arange(int(width) + 1), across, heights)
        known = np.isfinite(self.heights)
        self.low, self.high = np.where(known, self.heights, np.inf), np.where(known, self.heights, -np.inf)

    def ends(self, left: float, right: float) -> tuple[float, float] | None:
        """The least and greatest height over a stretch; None where there is no curve."""
        first, end = max(0, int(left)), min(len(self.heights), int(right) + 2)
        if first >= end:
            return None
        low, high = float(np.minimum.reduce(self.low[first:end])), float(np.maximum.reduce(self.high[first:end]))
        return (low, high) if low <= high else None


class Area(NamedTuple):
    """Where names may stand, and how far they keep from anything else."""

    width: float
    height: float
    gap: float


class Name(NamedTuple):
    """Room that a name takes."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right end."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Its lower end."""
        return self.top + self.height


class Wanted(NamedTuple):
    """What a name wishes for: to stand at a place, or along a curve."""

    name: str
    width: float
    height: float
    left: float = 0.0
    top: float = 0.0
    curve: Curve | None = None
    parts: tuple[float, ...] = (1.0, 0.0, 0.75, 0.25)
    """Places along the curve, as shares of the width."""
    others: tuple[tuple[float, float], ...] = ()
    """Other places (left, top), hardly worse than the first."""
    clear: tuple[Curve, ...] = ()
    """Curves that it had better not lie on."""
    own: Curve | None = None
    """The curve over which a name that stands at a place had better stay."""
    never: tuple[Curve, ...] = ()
    """Curves that a name along a curve must not lie on."""


class Places:
    """Keeps names apart. Who comes later yields to who came before, and a name changes its place only when it must."""

    def __init__(self, calm: bool = False) -> None:
        """`calm`: the picture moves, and names had better not."""
        self.taken_last: dict[str, int] = {}
        self.staying, self.staying_along = (CALM, CALM_ALONG) if calm else (STAYING, STAYING_ALONG)

    def place(self, area: Area, marks: Iterable[Name], wanted: Sequence[Wanted]) -> dict[str, Name]:
        """The room of each name, the most important first; none for a name that there is no room for."""
        taken = list(marks)
        found: dict[str, Name] = {}
        for want in wanted:
            previous = self.taken_last.get(want.name, -1)
            if want.curve is None:
                box = clamped(Name(want.left, want.top, want.width, want.height), area)
                others = [clamped(box._replace(left=left, top=top), area) for left, top in want.others]
                candidates: list[Name] = [box, *others, *around(box, taken, area)]
                costs = _ways(candidates, 1 + len(others), want.clear, want.own)
                stay = self.staying * want.height
            else:
                candidates = beside(want, area)
                costs = [_along(want, candidate, area) for candidate in candidates]
                stay = self.staying_along
            if previous in range(len(costs)):
                costs[previous] -= stay
            choice = next((i for i in np.argsort(costs, kind="stable") if free(candidates[i], taken, area)), None)
            if choice is None or not np.isfinite(costs[choice]):
                continue
            self.taken_last[want.name] = int(choice)
            found[want.name] = candidates[choice]
            taken.append(candidates[choice])
        return found


def overlap(a: Name, b: Name, gap: float) -> bool:
    """Whether two names come nearer to each other than the gap."""
    return a.left < b.right + gap and b.left < a.right + gap and a.top < b.bottom + gap and b.top < a.bottom + gap


def clamped(box: Name, area: Area) -> Name:
    """Moved inside of the area."""
    left = max(0.0, min(area.width - box.width, box.left))
    return box._replace(left=left, top=max(0.0, min(area.height - box.height, box.top)))


def free(box: Name, taken: Iterable[Name], area: Area) -> bool:
    """Whether a name may stand there."""
    inside = box.left >= 0 and box.top >= 0 and box.right <= area.width and box.bottom <= area.height
    return inside and not any(overlap(box, other, area.gap) for other in taken)


def around(box: Name, taken: Iterable[Name], area: Area) -> list[Name]:
    """Candidates around a wanted place: beside, over and under each that is taken."""
    found: list[Name] = []
    for other in taken:
        found += [
            box._replace(left=other.left - box.width - area.gap),
            box._replace(left=other.right + area.gap),
            box._replace(top=other.top - box.height - area.gap),
            box._replace(top=other.bottom + area.gap),
        ]
    return [clamped(candidate, area) for candidate in found]


def beside(want: Wanted, area: Area) -> list[Name]:
    """Over and under a curve, at the places along it, always as many; outside of the area where there is no curve."""
    assert want.curve is not None
    found = []
    for part in want.parts:
        left = area.gap + part * (area.width - want.width - 2 * area.gap)
        # The whole piece of curve is cleared, as far as the name goes.
        over, under = want.curve.ends(left, left + want.width) or (-math.inf, -math.inf)
        found += [
            Name(left, over - want.height - area.gap, want.width, want.height),
            Name(left, under + area.gap, want.width, want.height),
        ]
    return found


def crosses(curve: Curve, box: Name, gap: float) -> bool:
    """Whether a curve runs through a name."""
    ends = curve.ends(box.left - gap, box.right + gap)
    return ends is not None and ends[0] < box.bottom + gap and ends[1] > box.top - gap


def _along(want: Wanted, box: Name, area: Area) -> float:
    """What a place along a curve costs."""
    if any(crosses(curve, box, area.gap) for curve in want.never):
        return math.inf
    return float(sum(crosses(curve, box, 0.0) for curve in want.clear))


def _ways(candidates: Sequence[Name], near: int, clear: Sequence[Curve], own: Curve | None = None) -> list[float]:
    """What places cost, by their way from the first; only the first `near` of them are beside what is named."""
    wish = candidates[0]
    costs = []
    for i, candidate in enumerate(candidates):
        way = math.hypot(candidate.left - wish.left, candidate.top - wish.top) * (NEAR if i < near else ASTRAY)
        bad = sum(crosses(curve, candidate, 0.0) for curve in clear)
        if own is not None and (ends := own.ends(candidate.left, candidate.right)) is not None:
            bad += candidate.bottom > ends[0]
        costs.append(way + CROSSING * wish.height * bad)
    return costs


def usual(candidates: Sequence[Name], moments: Sequence[Sequence[Curve]]) -> Name:
    """The place that lies on the fewest curves over many moments, and else nearest to the first."""
    costs = np.mean([_ways(candidates, len(candidates), curves) for curves in moments], axis=0)
    return candidates[int(np.argmin(costs))]
