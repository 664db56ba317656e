"""Two to four runs as one thing to be drawn: shared axes, and their curves on one another. Nothing is computed anew."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gan1d import player

FORMAT = 1
NAMES = "ABCD"
"""What the runs are called, in order; as many as can be told apart."""
OVERLAID = ("d_says", "mean", "std", "jsd", "w1")
"""Panels of a run's curves that are compared, in order."""
ROLE = "run{index}"
"""A run's role in a chart: its colour and its dash."""
SAME = 1e-6
"""Share of its value by which a line may differ and be the same."""
ALONE = {"band": None, "pieces": None}
"""What a line has no more that stands for runs of different settings."""

Meta = Mapping[str, Any]


class _Of(NamedTuple):
    """A panel of one of the runs."""

    run: int
    panel: dict[str, Any]


def together(
    runs: Sequence[tuple[Meta, Mapping[str, Any]]], labels: Sequence[str], headline: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(meta, arrays) of `createComparison`, of the (meta, arrays) of each run as `frames` gives them.

    meta: runs (each one's own meta, with the axes that all share), names, labels (what each run has of its own), headline (what differs),
    curves as the player's contract has them, where the key of a series is ``"INDEX:KEY"`` and its role ``"runINDEX"``.
    arrays: each run's by ``"INDEX_NAME"``.
    """
    metas = _on_one_scale([dict(meta) for meta, _ in runs])
    arrays = {f"{i}_{name}": values for i, (_, own) in enumerate(runs) for name, values in own.items()}
    text = player.text()
    for meta in metas:
        meta.pop("text", None)
    return {
        "format": FORMAT,
        "run": "-".join(str(meta["run"]) for meta in metas),
        "runs": metas,
        "names": list(NAMES[: len(metas)]),
        "labels": list(labels),
        "headline": headline,
        "duration": max(float(meta["duration"]) for meta in metas),
        "curves": overlaid(metas),
        "text": text,
    }, arrays


def _on_one_scale(metas: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The density axis is that of the highest, D's axis that of all whose D is read alike."""
    top = max(meta["density_max"] for meta in metas)
    for axis in {meta["d_axis"] for meta in metas}:
        alike = [meta for meta in metas if meta["d_axis"] == axis]
        ends = [min(meta["d_range"][0] for meta in alike), max(meta["d_range"][1] for meta in alike)]
        for meta in alike:
            meta |= {"d_range": ends, "density_max": top}
    return metas


def overlaid(metas: Sequence[Meta]) -> list[dict[str, Any]]:
    """The small charts: one for each series, with every run that has it."""
    found = {
        name: [_Of(i, panel) for i, meta in enumerate(metas) for panel in meta["curves"] if panel["id"] == name]
        for name in OVERLAID
    }
    charts = []
    for name, members in found.items():
        for kind in dict.fromkeys(map(_kind, members)):  # what D says is a probability or a score: apart
            alike = [of for of in members if _kind(of) == kind]
            charts += [_chart(f"{name}-{series['key']}", alike, series) for series in alike[0].panel["series"]]
    return charts


def _kind(of: _Of) -> tuple[str, ...]:
    """What is equal for panels that can be laid on one another."""
    return (of.panel["unit"], *(series["key"] for series in of.panel["series"]))


def _chart(name: str, members: list[_Of], series: Mapping[str, Any]) -> dict[str, Any]:
    """One series of all the runs that have it."""
    first = members[0].panel
    ranges = [of.panel["range"] for of in members]
    ends = None if None in ranges else [min(low for low, _ in ranges), max(high for _, high in ranges)]
    return first | {
        "id": name,
        "title": first["title"] if len(first["series"]) == 1 else series["label"],
        "range": ends,
        "batch": None,
        "more": False,
        "series": [
            {"key": f"{of.run}:{series['key']}", "label": NAMES[of.run], "role": ROLE.format(index=of.run)}
            for of in members
        ],
        "references": _references(members),
    }


def _references(members: list[_Of]) -> list[dict[str, Any]]:
    """The lines that all of them share, and the real data's of each where they differ."""
    lines: list[dict[str, Any]] = []
    for label in dict.fromkeys(line["label"] for of in members for line in of.panel["references"]):
        own = [(of.run, line) for of in members for line in of.panel["references"] if line["label"] == label]
        groups: list[tuple[list[int], dict[str, Any]]] = []
        for index, line in own:
            near = [g for g in groups if math.isclose(g[1]["value"], line["value"], rel_tol=SAME, abs_tol=SAME)]
            if near:
                near[0][0].append(index)
            else:
                groups.append(([index], line))
        if len(groups) == 1 and len(own) == len(members):
            line = groups[0][1]
            same = all(other.get(key) == line.get(key) for _, other in own for key in ALONE)
            lines.append(line if same else line | ALONE)
        elif label == "real":
            lines += [
                line | ALONE | {"label": f"{label} {', '.join(NAMES[i] for i in indices)}"} for indices, line in groups
            ]
    return lines
