"""The browser player: one source for the Streamlit component and for exported pages.

The scripts share one scope: they are joined, in the order of ``SCRIPTS``, into one ES module. There is no build step.

``createPlayer(root, {meta, arrays}, send)`` draws into an element and returns ``{update({meta, arrays}), destroy()}``;
``send(id, payload)`` tells the host of what only it can do. ``createComparison`` does the same with several runs, as
``gan1d/render/compare.py`` gives them.

``meta``, JSON (F recorded frames, X grid points, Z noise points, S samples, P parts that went on under other settings)::

    format       2
    run          changes when the run changes
    frames, grid, noise_points, samples  F, X, Z, S
    packed       names of the arrays that are packed
    parts        first frame of each part
    loss         the objective, as the config names it
    output       "probability" or "score": what D's values are
    duration     seconds of the whole run at speed 1
    density_max  top of the density axis
    d_range      [low, high] of D's axis
    d_axis       what D's axis shows; d_name: what D's value under the pointer is called
    status       "ok" or "diverged", with diverged_at: an iteration, or null
    captions     [[first_frame, sentence], ...] by first_frame
    outcome      {kind, evidence}: how the run ends, in a word, and a sentence that shows it
    optimum_d    where D ends when nothing can be told apart (0.5), or null
    layers       of the picture: all [{id, label, help, on}], those there are, with whether they are on unless somebody says otherwise;
                 best: for each part {rule: "ratio" | "sign", weight} by which D* follows from the densities, or null; data: for each
                 part {mean, std}; step_scale: data units of arrow per unit of step, step_cap: the longest as a share of the axis;
                 other_loss: whose steps `sample_other` has, or null; words
    events       [[frame, kind, sentence], ...] in order: where something happens, as ``gan1d/render/events.py`` has it
    equations    {sets, parts}: the losses in MathML, as ``gan1d/render/equations.py`` has them
    steps        what half-steps of this run there are, as ``gan1d/render/steps.py`` has it, with the run's name, and around: the iteration
                 that was asked for, or error: why there are none; without it the host has none to give, and step mode is not offered
    curves       [{id, title, unit, help, range: [low, high] or null, log: whether the axis is one of powers of ten,
                   more: whether it waits until more curves are asked for,
                   series: [{key, label, role: real | generated | d | neutral | bound | mode}],
                   batch: {series, range, help} in their place, as training saw them, or null,
                   references: [{value, label, help, band: [low, high] or null,
                                 pieces: [[from, to, value, half band], ...] by iterations, or null}]}, ...]
    ensemble     {state: "none" | "running" | "done", count, seed: the shown one}: many seeds of these settings, or nothing; when done also
                 label: what the bands of the curves are, words: how the runs end, outcomes: [{kind, seeds}, ...]
    others       [{label, prefix}, ...]: runs whose curves are drawn thinly, where there are any
    highlight    names of layers, curves, "caption" and "outcome" that are marked to be looked at, or nothing
    action       {id, label, ...} of a button under the picture, or nothing; the host hears of it
    view         how the run is looked at when it is opened, by the names of `view.js`; iteration: where it then stands. May be absent
    link         the host's part of this run's address, or nothing: then the player leaves the address alone
    going        {part, begin, held, full} where the host lets a run go on: which part is changed now, from which iteration, whether G is
                 held in it, and whether there is room for no more. The host hears branch, hold, release and undo {iteration}
    editing      {handles: [{name, index, value, low, high, step, label, of}]} where the host takes data, or nothing. It hears
                 data {fields: {name: value or values}} and draw {low, high, heights}
    page_css     styles of the page around the player, which the Streamlit component keeps in the document
    hide         names of blocks that are not shown, as `editing.css` has them
    text         ``text()``

``arrays``, one-dimensional. float32: ``x (X)``, ``p_data (P*X)``, ``iteration (F)``, ``mass_outside (F*2)``, ``z (Z)``, ``z_cdf (Z)``
its level, ``ideal (P*Z)`` the monotone map that would make the data, and one array ``(F)`` for each key of ``curves``;
where there are any, ``band_KEY_low`` and ``band_KEY_high (F)``, and ``PREFIX_KEY (F)`` of other runs. Packed, row by row,
uint16 codes with ``NAME_ends (F*2)``, as ``gan1d/render/packing.py`` has it: ``p_gen``, ``d (F*X)``, ``g (F*Z)``, and, where a run has
them, ``sample_real``, ``sample_fake``, ``sample_logit``, ``sample_step``, ``sample_other (F*S)``. What is not finite breaks a line.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent

SCRIPTS = (
    "vendor/uplot/uPlot.iife.min.js",
    "format.js",
    "dom.js",
    "theme.js",
    "view.js",
    "sizing.js",
    "run.js",
    "playback.js",
    "labels.js",
    "peaks.js",
    "state.js",
    "layers.js",
    "pen.js",
    "rugs.js",
    "ghost.js",
    "names.js",
    "mapping.js",
    "describe.js",
    "steps.js",
    "picture.js",
    "strokes.js",
    "marks.js",
    "panel.js",
    "curves.js",
    "ramp.js",
    "heatmap.js",
    "controls.js",
    "equations.js",
    "link.js",
    "going.js",
    "editing.js",
    "drawing.js",
    "host.js",
    "highlight.js",
    "ensemble.js",
    "player.js",
    "compare.js",
)
STYLES = (
    "vendor/uplot/uPlot.min.css",
    "player.css",
    "transport.css",
    "steps.css",
    "layers.css",
    "editing.css",
    "curves.css",
    "compare.css",
    "highlight.css",
)
PAGE = ("page.js", "page.css")
"""What a page without a host has beside them."""


@cache
def _joined(names: tuple[str, ...]) -> str:
    return "\n".join((HERE / name).read_text(encoding="utf-8") for name in names)


def html() -> str:
    """The element the player fills."""
    return '<div class="gan1d-player" data-gan1d-player></div>'


def css() -> str:
    """Styles of the player and of uPlot."""
    return _joined(STYLES)


def core_js() -> str:
    """The player alone: the body of an ES module that defines ``createPlayer``."""
    return _joined(SCRIPTS)


def js() -> str:
    """The player as a Streamlit component: one ES module with a default export."""
    return _joined((*SCRIPTS, "streamlit.js"))


def page_js() -> str:
    """The player for a page without a host: ``core_js`` with ``unpackRun``, ``mountRun`` and ``startPage``. It starts nothing by itself."""
    return _joined((*SCRIPTS, PAGE[0]))


def page_styles() -> str:
    """Styles of such a page and of the player in it."""
    return _joined((*STYLES, PAGE[1]))


def text() -> dict[str, Any]:
    """Every word the player shows or speaks."""
    words: dict[str, Any] = json.loads((HERE / "text.en.json").read_text(encoding="utf-8"))
    return words


def page_css(key: str = "player") -> str:
    """Styles for the page around a component mounted with ``key``.

    Streamlit fades an element that a script run has not reached yet; a player that goes on playing must not fade.
    """
    return f".st-key-{key}, .st-key-{key} * {{ opacity: 1 !important; transition: none !important; }}"
