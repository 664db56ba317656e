"""The browser player: one source for the Streamlit component and for exported pages.

The scripts share one scope: they are joined, in the order of ``SCRIPTS``, into one ES module. There is no build step.

``createPlayer(root, {meta, arrays}, send)`` draws into an element and returns ``{update({meta, arrays}), destroy()}``;
``send(id, payload)`` tells the host of what only it can do.

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
    curves       [{id, title, unit, help, range: [low, high] or null,
                   series: [{key, label, role: real | generated | d | neutral}],
                   references: [{value, label, help, band: [low, high] or null}]}, ...]
    action       {id, label, ...} of a button under the picture, or nothing; the host hears of it
    text         ``text()``

``arrays``, one-dimensional. float32: ``x (X)``, ``p_data (P*X)``, ``iteration (F)``, ``mass_outside (F*2)``, ``z (Z)``, ``z_cdf (Z)``
its level, ``ideal (P*Z)`` the monotone map that would make the data, and one array ``(F)`` for each key of ``curves``. Packed, row by row,
uint16 codes with ``NAME_ends (F*2)``, as ``gan1d/render/packing.py`` has it: ``p_gen``, ``d (F*X)``, ``g (F*Z)``, and, where a run has
them, ``sample_real``, ``sample_fake``, ``sample_logit``, ``sample_step (F*S)``. What is not finite breaks a line.
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
    "run.js",
    "playback.js",
    "labels.js",
    "picture.js",
    "curves.js",
    "controls.js",
    "player.js",
)
STYLES = ("vendor/uplot/uPlot.min.css", "player.css")


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


def text() -> dict[str, Any]:
    """Every word the player shows or speaks."""
    words: dict[str, Any] = json.loads((HERE / "text.en.json").read_text(encoding="utf-8"))
    return words


def page_css(key: str = "player") -> str:
    """Styles for the page around a component mounted with ``key``.

    Streamlit fades an element that a script run has not reached yet; a player that goes on playing must not fade.
    """
    return f".st-key-{key}, .st-key-{key} * {{ opacity: 1 !important; transition: none !important; }}"
