"""The names in a plot, each beside what it names, as in the player's ``names.js``."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.artist import Artist

from gan1d.render.paint import numbers
from gan1d.render.paint.letters import ASCENT, DESCENT, Words, width
from gan1d.render.paint.moments import Moment
from gan1d.render.paint.places import Area, Curve, Name, Places, Wanted, clamped, usual
from gan1d.render.paint.plot import Plot
from gan1d.render.palette import Colour

SEEN_OUTSIDE, SEEN_PEAK, SEEN_GAP = 0.01, 0.004, 0.12
"""Mass beyond an edge, height in the density axis, and width in D's axis from which something has a name."""
GLIDE = 0.35
"""Share of the way to its place that the generated density's name goes in a state of a movie."""
PEAK_KEPT = 0.85
"""Another peak takes the name only when it is clearly higher."""
LARGE, SMALL = 1.3, 1.08
"""Sizes in the panel's letters."""
GAP = 0.3
"""Room around a name, in the panel's letters."""
FLANKS, FOOT = (0.85, 0.6, 0.35), 0.08
"""Shares of a peak's height at which a name may stand beside it; and how much lower its letters reach."""
OTHER_PEAK = 0.5
"""Of the highest peak of the data, from which another may have the name."""
SAMPLED = 24
"""States by which the place of a name that stays is chosen."""
UP, LEFT, RIGHT, FILLED, OPEN = "▲", "◀", "▶", "▶", "▷"


class Names:
    """The names of a plot. Over the states of a movie they glide, so that each state's depend on those before."""

    def __init__(self, plot: Plot, gliding: bool):
        self.plot, self.run, self.gliding = plot, plot.run, gliding
        self.size = plot.look.letters
        palette = plot.look.palette
        text, layers = self.run.meta["text"], self.run.meta["layers"]
        labels = {layer["id"]: layer["label"] for layer in layers["all"]}
        self.said = {name: labels.get(name, "") for name in ("d_star", "gap", "optimum")}
        self.said |= {"real": text["real"], "generated": text["generated"], "d": text["d"]}
        self.beyond = text["beyond"]
        star, fake = palette.d_star.colour, palette.generated.colour
        self.words = {
            "real": self._name(palette.real.colour),
            "generated": self._name(fake),
            "d": self._name(palette.d.colour),
            "d_star": self._name(star),
            "gap": self._name(star, small=True),
            "optimum": self._name(palette.muted, small=True),
            "left": self._name(fake, small=True),
            "right": self._name(fake, small=True),
        }
        self.rows = self._rows()
        self.artists: list[Artist] = [*self.rows, *self.words.values()]
        self.places = Places(calm=gliding)
        self.homes: dict[int, Name] = {}
        self.area = Area(plot.box.width, plot.box.top - plot.floor, GAP * self.size)
        self.peak: int | None = None
        self.spot: tuple[float, float] | None = None
        self.found: list[tuple[dict[str, str], dict[str, Name]]] = []

    def _name(self, colour: Colour, small: bool = False) -> Words:
        look = self.plot.look
        size = look.letters * (SMALL if small else LARGE)
        return Words(size, colour, bold=not small, halo=look.halo)

    def _rows(self) -> list[Words]:
        """Names of the samples' rows, and of the two kinds of arrows, at the ends of their strip; they stay."""
        plot, rugs, palette = self.plot, self.plot.rugs, self.plot.look.palette
        meta, box, size = self.run.meta, plot.box, self.size
        found: list[tuple[str, Colour, float, str]] = []
        if rugs.real:
            middle = box.bottom + rugs.fake + rugs.real / 2 - 0.36 * size
            found.append((meta["text"]["real"], palette.real.colour, middle, "left"))
        if rugs.fake:
            top = box.bottom + rugs.fake - (0.9 * size if rugs.steps else rugs.fake / 2 + 0.36 * size)
            found.append((meta["text"]["generated"], palette.generated.colour, top, "left"))
            if rugs.steps and (other := meta["layers"]["other_loss"]) is not None:
                own = f"{FILLED} {meta['layers']['words']['own']}"
                found.append((own, palette.generated.colour, top, "right"))
                found.append((f"{OPEN} {other}", palette.d_star.colour, top - 1.25 * size, "right"))
        made = []
        for said, colour, y, align in found:
            words = Words(size, colour, align=align, halo=plot.look.halo)
            words.put(said, box.left + self.size * GAP if align == "left" else box.right - self.size * GAP, y)
            made.append(words)
        return made

    def show(self, moment: Moment) -> None:
        """Puts the names to their places."""
        if self.gliding:
            for state in range(len(self.found), moment.state + 1):
                self.found.append(self._placed(self.run.moment(state)))
        said, boxes = self.found[moment.state] if self.gliding else self._placed(moment)
        box = self.plot.box
        for name, words in self.words.items():
            if (place := boxes.get(name)) is None:
                words.put(None)
            else:
                words.put(said[name], box.left + place.left, box.top - place.top - ASCENT * words.size)

    def _placed(self, moment: Moment) -> tuple[dict[str, str], dict[str, Name]]:
        """(what each name says, where it stands) at a state, after the one before."""
        layers, plot = self.plot.layers, self.plot
        said = dict(self.said)
        marks, boxes = self._edges(moment, said) if "outside" in layers else ([], {})
        curves = self._curves(moment)
        seen = {name: curve for name, curve in curves.items() if name in layers}
        wanted: list[Wanted] = []
        if "real" in layers and (want := self._real(moment, said)):
            wanted.append(want if self.gliding else want._replace(clear=_without(seen, "real"), own=curves["real"]))
        if "generated" in layers and (want := self._generated(moment, said)):
            wanted.append(want._replace(clear=_without(seen, "generated"), own=curves["generated"]))
        if "d" in layers:
            wanted.append(self._along("d", said, curves["d"])._replace(clear=_without(seen, "d")))
        if "d_star" in layers:
            star = self._curve(plot.d(moment.d_star))
            wanted.append(self._along("d_star", said, star, (0, 1, 0.3, 0.7, 0.5)))
        if "optimum" in layers and (best := self.run.meta["optimum_d"]) is not None:
            level = self._curve(np.full(len(plot.px), float(plot.d(best))))
            never = tuple(seen[name] for name in ("d", "generated") if name in seen)
            want = self._along("optimum", said, level, (0, 1, 0.75, 0.25, 0.5))
            wanted.append(want._replace(clear=_without(seen, "d"), never=never))
        if "gap" in layers and (want := self._gap(moment, said)):
            wanted.append(want)
        return said, boxes | self.places.place(self.area, marks, wanted)

    def _curves(self, moment: Moment) -> dict[str, Curve]:
        plot = self.plot
        heights = {
            "real": plot.density(moment.p_data),
            "generated": plot.density(moment.p_gen),
            "d": plot.d(moment.d),
        }
        return {name: self._curve(pixels) for name, pixels in heights.items()}

    def _top(self, pixels: float) -> float:
        """Pixels from the top of the plot."""
        return self.plot.box.top - pixels

    def _size(self, name: str, said: str) -> tuple[float, float]:
        words = self.words[name]
        return width(said, words.size, words.bold), (ASCENT + DESCENT) * words.size

    def _point(self, index: int, density: np.ndarray) -> tuple[float, float]:
        """A point of a density, no higher than the plot."""
        y = float(self.plot.density(min(float(density[index]), self.run.meta["density_max"])))
        return float(self.plot.px[index]) - self.plot.box.left, max(0.0, self._top(y))

    def _curve(self, pixels: np.ndarray) -> Curve:
        box = self.plot.box
        return Curve(self.plot.px - box.left, box.top - pixels, box.width)

    def _above(self, name: str, said: dict[str, str], x: float, y: float) -> Wanted:
        wide, high = self._size(name, said[name])
        return Wanted(name, wide, high, x - wide / 2, y - high - self.area.gap)

    def _along(
        self, name: str, said: dict[str, str], curve: Curve, parts: tuple[float, ...] = (1, 0, 0.75, 0.25)
    ) -> Wanted:
        return Wanted(name, *self._size(name, said[name]), curve=curve, parts=parts)

    def _flanks(self, want: Wanted, density: np.ndarray, peak: int) -> Wanted:
        """With places beside the slopes of a peak."""
        across, places = self.plot.px - self.plot.box.left, []
        height = min(float(density[peak]), self.run.meta["density_max"])
        for share in FLANKS:
            top = self._top(float(self.plot.density(share * height))) - want.height / 2
            low = np.flatnonzero(density <= (share - FOOT) * height)
            right, left = low[low > peak][:1], low[low < peak][-1:]
            places += [(float(across[i]) + self.area.gap, top) for i in right]
            places += [(float(across[i]) - want.width - self.area.gap, top) for i in left]
        return want._replace(others=tuple(places))

    def _real(self, moment: Moment, said: dict[str, str]) -> Wanted | None:
        """Over the data's peak, or beside it; in a movie at one place for all states, as the density is."""
        density = moment.p_data
        highest = int(np.argmax(density))
        if density[highest] <= SEEN_PEAK * self.run.meta["density_max"]:
            return None
        want = self._above("real", said, *self._point(highest, density))
        if self.gliding and moment.part in self.homes:
            return want._replace(left=self.homes[moment.part].left, top=self.homes[moment.part].top)
        inner = density[1:-1]
        tops = (inner > density[:-2]) & (inner >= density[2:]) & (inner > OTHER_PEAK * density[highest])
        others = [self._above("real", said, *self._point(int(i) + 1, density)) for i in np.flatnonzero(tops)]
        want = self._flanks(want, density, highest)
        want = want._replace(others=(*((other.left, other.top) for other in others), *want.others))
        if not self.gliding:
            return want
        layers = self.plot.layers
        first, end = moment.state, len(self.run.iteration)
        states = [s for s in np.linspace(first, end - 1, SAMPLED).astype(int) if self.run.part(s) == moment.part]
        curves = [self._curves(self.run.moment(s)) for s in states]
        box = Name(want.left, want.top, want.width, want.height)
        places = [box, *(box._replace(left=left, top=top) for left, top in want.others)]
        others_seen = [[curve for name, curve in c.items() if name != "real" and name in layers] for c in curves]
        self.homes[moment.part] = usual([clamped(place, self.area) for place in places], others_seen)
        return self._real(moment, said)

    def _edges(self, moment: Moment, said: dict[str, str]) -> tuple[list[Name], dict[str, Name]]:
        """How much lies beyond either edge."""
        boxes = {}
        for name, mass in zip(("left", "right"), moment.outside, strict=True):
            if mass <= SEEN_OUTSIDE:
                continue
            words = self.beyond.format(percent=round(100 * mass))
            said[name] = f"{LEFT} {words}" if name == "left" else f"{words} {RIGHT}"
            wide, high = self._size(name, said[name])
            if wide + 2 * self.area.gap > self.area.width or high + 3 * self.area.gap > self.area.height:
                continue
            left = self.area.gap if name == "left" else self.area.width - wide - self.area.gap
            boxes[name] = Name(left, self.area.height - high - 2 * self.area.gap, wide, high)
        if len(boxes) == 2 and boxes["left"].right + self.area.gap > boxes["right"].left:
            del boxes["left" if moment.outside[0] < moment.outside[1] else "right"]
        return list(boxes.values()), boxes

    def _generated(self, moment: Moment, said: dict[str, str]) -> Wanted | None:
        density, top = moment.p_gen, self.run.meta["density_max"]
        self.peak = steady_peak(density, self.peak, top)
        highest = float(density.max())
        if highest <= SEEN_PEAK * top:
            self.spot = None
            return None
        beyond = highest > top
        if beyond:
            want = self._beside_spike(density, said, highest)
        else:
            want = self._above("generated", said, *self._point(self.peak, density))
        if self.gliding and self.spot:
            left, over = (old + GLIDE * (new - old) for old, new in zip(self.spot, (want.left, want.top), strict=True))
            want = want._replace(left=left, top=over)
        self.spot = want.left, want.top
        return want if beyond or self.gliding else self._flanks(want, density, self.peak)

    def _beside_spike(self, density: np.ndarray, said: dict[str, str], highest: float) -> Wanted:
        """At the top of the plot, beside a peak that leaves it; without its height where there is no room for that on either side."""
        assert self.peak is not None
        name = said["generated"]
        short = f"{name} {UP}"
        high = self._size("generated", short)[1]
        low = np.flatnonzero(density <= self.run.meta["density_max"] * (1 - high / self.area.height))
        right, left = low[low > self.peak][:1], low[low < self.peak][-1:]
        across = self.plot.px - self.plot.box.left
        start = float(across[right[0]]) + self.area.gap if len(right) else self.area.width
        end = float(across[left[0]]) - self.area.gap if len(left) else 0.0
        for words in (f"{short} {numbers.value(highest)}", short, name):
            said["generated"] = words
            wide = self._size("generated", words)[0]
            if start + wide <= self.area.width:
                return Wanted("generated", wide, high, start, 0.0)
            if wide <= end:
                return Wanted("generated", wide, high, end - wide, 0.0)
        return Wanted("generated", wide, high, start if self.area.width - start > end else end - wide, 0.0)

    def _gap(self, moment: Moment, said: dict[str, str]) -> Wanted | None:
        """Where D is furthest from the best D, between the two."""
        gap = np.abs(moment.d - moment.d_star)
        low, high = self.run.meta["d_range"]
        if not np.isfinite(gap).any() or float(np.nanmax(gap)) < SEEN_GAP * (high - low):
            return None
        widest = int(np.nanargmax(gap))
        middle = float(self.plot.d((moment.d[widest] + moment.d_star[widest]) / 2))
        wide, tall = self._size("gap", said["gap"])
        x = float(self.plot.px[widest]) - self.plot.box.left
        return Wanted("gap", wide, tall, x - wide / 2, self._top(middle) - tall / 2)


def _without(curves: Mapping[str, Curve], name: str) -> tuple[Curve, ...]:
    return tuple(curve for own, curve in curves.items() if own != name)


def steady_peak(values: np.ndarray, previous: int | None, top: float) -> int:
    """The peak that is reached uphill from where it was, unless another one is clearly higher."""
    highest = int(np.argmax(values))
    if previous is None:
        return highest
    reach = max(2, round((len(values) - 1) / 40))
    peak = -1
    step = previous
    while step != peak:
        peak = step
        first = max(0, peak - reach)
        step = first + int(np.argmax(values[first : peak + reach + 1]))
    return peak if min(values[peak], top) >= PEAK_KEPT * min(values[highest], top) else highest
