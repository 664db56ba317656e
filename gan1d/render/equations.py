"""The equations that a run is trained by: its loss with the terms of what holds D back, each symbol explained, its numbers filled in."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from gan1d.config import Config
from gan1d.trajectory import Trajectory
from gan1d.wording import wording

PLACE = re.compile(r"\{(\w+)\}")
Piece = dict[str, str]
"""A piece of a formula: `math`, MathML, and `said`, in words; both with places {…} for symbols and other pieces."""


text = partial(wording, "equations")
"""Every formula, in pieces, and the meaning of every symbol."""


def equations(run: Trajectory) -> dict[str, Any]:
    """{"sets": one for each kind of part, "parts": which of them each part has}, for the player.

    A set: rows [{id, title, pieces [MathML], said}], numbers [{math, said}], notes [sentence], symbols [{name, math, said, meaning}].
    Wherever a symbol stands in the MathML it is in an mrow with data-symbol, its name.
    """
    held = [part["hold_g"] for part in run.summary.get("parts", ())]
    found = [of(part.config) for _, part in run.parts or ((0, run),)]
    for part, holds in zip(found, held, strict=False):
        if holds:
            part["notes"].append(text()["notes"]["held"])
    sets = [part for i, part in enumerate(found) if part not in found[:i]]
    return {"sets": sets, "parts": [sets.index(part) for part in found]}


def of(config: Config) -> dict[str, Any]:
    """The equations of one config: a set, as in `equations`."""
    t, words = config.training, text()
    loss = words["losses"][t.loss]
    noisy, smoothed = t.instance_noise > 0, t.label_smoothing > 0
    weights = {"l2": config.discriminator.l2}
    if t.penalty in words["terms"]:
        weights = {t.penalty: t.penalty_weight} | weights
    terms = [name for name, weight in weights.items() if weight > 0]
    values = {words["terms"][name]["weight"]: weights[name] for name in terms}
    values |= {"a": t.label_smoothing} if smoothed else {}
    values |= {"sigma": t.instance_noise} if noisy else {}
    aliases = {"D": loss["D"], "slope": "slope" if loss["D"] == "D" else "slope_score"}

    def d_of(name: str, noisy: bool = noisy) -> Piece:
        return _put(words["d_of"], input=words["inputs"]["noisy" if noisy else "plain"][name])

    def mean(of: str, inside: Piece) -> Piece:
        return _put(words["shapes"][f"mean_{of}"], inside=inside)

    shape = words["shapes"]
    on_real = _put(loss["real"], d=d_of("real"))
    if smoothed:
        on_real = _put(shape["smoothed"], real=on_real, fake=_put(loss["fake"], d=d_of("real")))
    inputs = words["inputs"]["noisy" if noisy else "plain"]
    d_terms = [mean("real", on_real), mean("fake", _put(loss["fake"], d=d_of("fake")))]
    d_terms += [_put(words["terms"][name], **inputs) for name in terms]
    rows = [("d", _symbol("L_D"), d_terms)]
    rows += [("g", _symbol("L_G"), [mean("fake", _put(loss["generator"], d=d_of("fake")))])]
    if loss["has_value"]:
        value = words["value"]
        both = [mean(name, _put(value[name], d=d_of(name, noisy=False))) for name in ("real", "fake")]
        rows += [("value", value["left"], both)]
    best = words["best"][loss["best"]]
    if not smoothed or "smoothed" in best:
        rows += [("best", best["left"], [best["smoothed" if smoothed else "right"]])]
    written = [_row(name, [left, *_summed(right, shape)], aliases) for name, left, right in rows]
    if t.penalty == "weight_clipping":
        values["c"] = t.penalty_weight
        written.append(_row("clip", [words["clip"]], aliases))
    numbers = [_put(shape["number"], symbol=_symbol(name), value=_plain(value)) for name, value in values.items()]
    names = dict.fromkeys(name for row in written for piece in row["pieces"] for name in _symbols(piece))
    return {
        "rows": written,
        "numbers": [_written(piece, aliases) for piece in numbers],
        "notes": _notes(config, loss),
        "symbols": [_explained(name, values) for name in names],
    }


def _notes(config: Config, loss: dict[str, Any]) -> list[str]:
    words, dropout = text()["notes"], config.discriminator.dropout
    found = [words[loss["note"]]] if "note" in loss else []
    found += [words["noise"]] if config.training.instance_noise > 0 and loss["best"] != "distance" else []
    return found + ([words["dropout"].format(value=_number(dropout))] if dropout > 0 else [])


def _put(piece: Piece, **inside: Piece) -> Piece:
    """A piece with others put in their places; the places of symbols stay."""

    def fill(key: str) -> str:
        return PLACE.sub(lambda m: inside[m[1]][key] if m[1] in inside else m[0], piece[key])

    return {"math": fill("math"), "said": fill("said")}


def _summed(terms: list[Piece], shape: dict[str, Piece]) -> list[Piece]:
    """The right-hand side, a piece for each term, so that a line can break before it."""
    signs = [shape["is"], *[shape["plus"]] * (len(terms) - 1)]
    return [
        {"math": f"<mrow>{sign['math']}{term['math']}</mrow>", "said": sign["said"] + term["said"]}
        for sign, term in zip(signs, terms, strict=True)
    ]


def _row(name: str, pieces: list[Piece], aliases: dict[str, str]) -> dict[str, Any]:
    written = [_written(piece, aliases) for piece in pieces]
    said = "".join(piece["said"] for piece in written)
    return {"id": name, "title": text()["rows"][name], "pieces": [piece["math"] for piece in written], "said": said}


def _written(piece: Piece, aliases: dict[str, str]) -> Piece:
    """A piece with every symbol in its place."""
    symbols = text()["symbols"]

    def put(key: str, write: Callable[[str], str]) -> str:
        return PLACE.sub(lambda m: write(aliases.get(m[1], m[1])), piece[key])

    return {
        "math": put("math", lambda name: f'<mrow data-symbol="{name}">{symbols[name]["math"]}</mrow>'),
        "said": put("said", lambda name: str(symbols[name]["said"])),
    }


def _symbol(name: str) -> Piece:
    return {"math": f"{{{name}}}", "said": f"{{{name}}}"}


def _plain(value: float) -> Piece:
    return {"math": _number(value), "said": _number(value)}


def _number(value: float) -> str:
    """A setting as a person writes it: 0.0005, not 5e-04."""
    return f"{value:.10f}".rstrip("0").rstrip(".")


def _symbols(math: str) -> list[str]:
    """The symbols that stand in a piece of MathML."""
    return re.findall(r'data-symbol="(\w+)"', math)


def _explained(name: str, values: dict[str, float]) -> dict[str, str]:
    symbol = text()["symbols"][name]
    meaning = symbol["meaning"].format(value=_number(values[name])) if name in values else symbol["meaning"]
    return {"name": name, "math": symbol["math"], "said": symbol["said"], "meaning": meaning}
