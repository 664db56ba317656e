"""The small charts under the picture: which curves there are, their lines, their axes and their words. Nothing is drawn here."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from gan1d.data import Target, target
from gan1d.floors import floors
from gan1d.metrics import mode_masses
from gan1d.render.axes import optimum, reading, said, steady, with_margin
from gan1d.trajectory import Trajectory
from gan1d.wording import wording

TOGETHER, CLEAR = 0.04, 0.12
"""Distance of two lines, as a share of a chart's height, below which they are one; and that of two names above one another."""
LEAST = 1e-3
"""Best divergence in nats, and best W1 in standard deviations of the data, below which the best is as good as 0."""
SMALLEST = 1e-4
"""Nats below which a divergence on an axis of powers is as good as 0."""
POWERS = 8
"""Powers of ten that an axis of powers holds at most: what is lower is drawn along its edge."""


class Line(NamedTuple):
    """A reference line of a small chart: value, the name of its words, half the width of the band around it, the distance that it keeps
    from lines that tell more, as a share of the chart's height, and what its label is made of."""

    value: float
    name: str
    band: float = 0.0
    apart: float = TOGETHER
    place: str = ""


class Panel(NamedTuple):
    """A small chart: the name of its words, series as (key, role), lines with the most telling one first, its range where fixed; whether
    it waits until more are asked for, whether its axis is one of powers, and the same curves as training saw them, of a batch each."""

    name: str
    series: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...]
    range: tuple[float, float] | None = None
    more: bool = False
    log: bool = False
    batch: tuple[tuple[str, str], ...] = ()


text = partial(wording, "curves")
"""Titles, units and meanings of the curves, and of D's axis."""


def curve_panels(run: Trajectory) -> list[dict[str, Any]]:
    """The small charts under the picture: series, reference lines, ranges; F points each."""
    parts = [(int(part.iteration[0]), panels(part)) for _, part in run.parts] or [(int(run.iteration[0]), ())]
    return [_drawn(run, panel, parts) for panel in panels(run)]


def curve_series(run: Trajectory, curves: list[dict[str, Any]]) -> dict[str, np.ndarray]:
    """Every curve (F,) that the charts name, by its key."""
    return {
        s["key"]: series(run, s["key"]) for c in curves for s in (*c["series"], *(c["batch"] or {}).get("series", ()))
    }


def series(run: Trajectory, key: str) -> np.ndarray:
    """One curve (F,): an array of the run; "value_bound", the V that the best D would have; or "mode_k", the mass on the k-th mode."""
    if key == "value_bound":  # max over D of V(D,G) = -log 4 + 2 JSD: Goodfellow et al. 2014, theorem 1
        return np.asarray(-np.log(4) + 2 * run.jsd)
    if key.startswith("mode_"):
        return np.asarray(run.mode_mass[:, int(key.removeprefix("mode_"))])
    return np.asarray(getattr(run, key))


def panels(run: Trajectory) -> tuple[Panel, ...]:
    """The charts of a run, or of one part of it; those that are there at once come first."""
    data, low = target(run.config.data), floors(run.config)
    best = optimum(run)
    d = () if best["d"] is None else (Line(best["d"], "d"),)
    losses = tuple(Line(value, name) for name in ("loss_d", "loss_g") if (value := best[name]) is not None)
    if run.score_real is None:
        says = Panel("d_says", (("p_real_on_real", "real"), ("p_real_on_fake", "generated")), d, (0.0, 1.0))
    elif run.config.training.loss == "wasserstein":  # L_D is the mean score of generated points, from that of the data
        says = Panel("d_says", (("loss_d", "generated"),), (Line(0.0, "real"),))
    else:
        says = Panel("d_says", (("score_real", "real"), ("score_fake", "generated")), d)

    def nearest(name: str, unit: float = 1.0) -> tuple[Line, ...]:
        words = "best" if name in ("jsd", "w1") else f"best_{name}"
        return (Line(low.best[name], words),) if LEAST * unit < low.best[name] < np.inf else ()

    equal = Line(0.0, "equal", apart=CLEAR)
    batch = (("batch_loss_d", "d"), ("batch_loss_g", "generated"))
    first = (
        says,
        Panel("mean", (("mean", "generated"),), (Line(data.mean, "real", low.noise["mean"]),)),
        Panel("std", (("std", "generated"),), (Line(data.std, "real", low.noise["std"]),)),
        Panel("losses", (("loss_d", "d"), ("loss_g", "generated")), losses, batch=batch),
        Panel("jsd", (("jsd", "neutral"),), (*nearest("jsd"), equal), (0.0, float(np.log(2)))),
        Panel("w1", (("w1", "neutral"),), (*nearest("w1", data.std), Line(low.noise["w1"], "noise"), equal)),
    )
    kls = (("kl_data_gen", "real"), ("kl_gen_data", "generated"))
    more = [
        Panel("kl", kls, (*nearest("kl_data_gen"), *nearest("kl_gen_data")), log=True),
        Panel("gradients", (("grad_norm_d", "d"), ("grad_norm_g", "generated")), (), log=True),
    ]
    if run.summary["output"] == "probability":
        worst = Line(-float(np.log(4)), "equal")
        more.insert(0, Panel("value", (("value_bound", "bound"), ("value", "neutral")), (worst,)))
    if len(data.centres) > 1:
        masses = tuple((f"mode_{k}", "mode") for k in range(len(data.centres)))
        more.append(Panel("modes", masses, _real_masses(data), (0.0, 1.0)))
    return (*first, *(panel._replace(more=True) for panel in more))


def _real_masses(data: Target) -> tuple[Line, ...]:
    """What of the data themselves lies on each mode, counted as the generator's mass is; modes that share a value share a line."""
    masses = mode_masses(lambda x: data.cdf(x)[None], data.centres, data.stds)[0]
    found: dict[float, list[str]] = {}
    for mass, place in zip(masses, places(data), strict=True):
        near = next((value for value in found if abs(value - mass) < TOGETHER), float(mass))
        found.setdefault(near, []).append(place)
    if len(found) == 1:
        return (Line(next(iter(found)), "real"),)
    return tuple(Line(value, "real_at", place=", ".join(at)) for value, at in found.items())


def places(data: Target) -> list[str]:
    """Where each mode is, in data units; modes of one place are told apart by their width."""
    names = [said(float(centre)) if centre != 0.5 else "0.5" for centre in data.centres]
    return [
        name if names.count(name) == 1 else f"{name} ± {std:.2g}" for name, std in zip(names, data.stds, strict=True)
    ]


def _words(run: Trajectory, panel: Panel) -> dict[str, Any]:
    words: dict[str, Any] = text()["panels"].get(f"{panel.name}.{reading(run)}") or text()["panels"][panel.name]
    return words


def _drawn(run: Trajectory, panel: Panel, parts: list[tuple[int, tuple[Panel, ...]]]) -> dict[str, Any]:
    """A panel in the words and numbers of the player's contract."""
    words = _words(run, panel)
    best, noise = optimum(run)["d"], run.config.generator.noise
    known = {"batch": run.config.training.batch, "d": None if best is None else said(best)}
    pieces = {line.name: found for line in panel.lines if (found := _pieces(run, panel.name, line, parts))}
    limits = list(panel.range or span(run, panel, panel.series, pieces))

    def fill(sentence: str, line: Line) -> str:
        numbers = {"value": f"{line.value:.3g}", "noise": f"{line.band:.3g}", "family": text()["families"][noise]}
        return sentence.format(**known, **numbers, place=line.place)

    def height(value: float) -> float:
        return float(np.log10(value)) if panel.log else value

    room = height(limits[1]) - height(limits[0])
    references: list[dict[str, Any]] = []
    for line in panel.lines:
        named = {name: fill(sentence, line) for name, sentence in words["references"][line.name].items()}
        beside = [r for r in references if abs(height(r["value"]) - height(line.value)) < line.apart * room]
        if beside:
            beside[0]["help"] = f"{beside[0]['help']} {named['help']}".strip()
            continue
        band = [line.value - line.band, line.value + line.band] if line.band > 0 else None
        references.append({"value": line.value, **named, "band": band, "pieces": pieces.get(line.name)})
    seen = None
    if panel.batch:
        seen = {
            "series": _named(run, panel, panel.batch, words["series"]),
            "range": list(span(run, panel, panel.batch, pieces)),
            "help": text()["batch"],
        }
    return {
        "id": panel.name,
        "title": words["title"],
        "unit": words["unit"],
        "help": words["help"].format(**known),
        "range": limits,
        "log": panel.log,
        "more": panel.more,
        "series": _named(run, panel, panel.series, words["series"]),
        "batch": seen,
        "references": references,
    }


def _named(
    run: Trajectory, panel: Panel, found: tuple[tuple[str, str], ...], labels: dict[str, str]
) -> list[dict[str, str]]:
    if panel.name == "modes":
        at = places(target(run.config.data))
        return [
            {"key": key, "label": labels["mode"].format(place=place), "role": role}
            for (key, role), place in zip(found, at, strict=True)
        ]
    return [{"key": key, "label": labels[key.removeprefix("batch_")], "role": role} for key, role in found]


def _pieces(
    run: Trajectory, name: str, line: Line, parts: list[tuple[int, tuple[Panel, ...]]]
) -> list[list[float]] | None:
    """A line that was another one in earlier parts of the run: [from, to, value, half band] of each, iterations; None where it is one."""
    ends = [begin for begin, _ in parts[1:]] + [int(run.iteration[-1])]
    found: list[list[float]] = []
    for (begin, drawn), end in zip(parts, ends, strict=True):
        of = next(
            (other for panel in drawn if panel.name == name for other in panel.lines if other.name == line.name), None
        )
        if of is None:
            continue
        if found and found[-1][1] == begin and found[-1][2:] == [of.value, of.band]:
            found[-1][1] = end
        else:
            found.append([begin, end, of.value, of.band])
    return found if len(found) > 1 or (found and found[0][0] > parts[0][0]) else None


def span(
    run: Trajectory,
    panel: Panel,
    drawn: tuple[tuple[str, str], ...],
    pieces: dict[str, list[list[float]]] | None = None,
) -> tuple[float, float]:
    """A fixed range for a chart: its lines and all but the wildest states, so that one spike does not flatten the rest."""
    values = np.concatenate([series(run, key)[steady(run)] for key, _ in drawn])
    values = values[np.isfinite(values)]
    marks = [line.value + side * line.band for line in panel.lines for side in (-1, 1)]
    marks += [value + side * band for found in (pieces or {}).values() for *_, value, band in found for side in (-1, 1)]
    if panel.log:
        return _powers(values, marks, np.log10(SMALLEST) if panel.name == "kl" else -np.inf)
    low, high = np.quantile(values, [0.005, 0.995]) if len(values) else (0.0, 0.0)
    return with_margin(min(low, *marks, high), max(high, *marks, low))


def _powers(values: np.ndarray, marks: list[float], smallest: float) -> tuple[float, float]:
    """The range of an axis of powers of ten: at least one of them, at most `POWERS`, from what is not as good as 0."""
    values = values[values > 0]
    ends = [*(np.quantile(values, [0.005, 0.995]) if len(values) else ()), *marks]
    if not ends:
        return 0.1, 1.0
    high = float(np.log10(max(ends)))
    low = min(high, max(float(np.log10(min(ends))), high - POWERS, smallest))
    low, high = with_margin(low, high)
    short = max(0.0, 1.0 - (high - low)) / 2
    return 10 ** (low - short), 10 ** (high + short)
