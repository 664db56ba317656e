"""A page with nothing but a comparison on it."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gan1d import player
from gan1d.render.compare import together
from tests.browser.harness.runs import Arrays

SCRIPT = """
const read = (name) => {
  const {meta, arrays} = JSON.parse(document.getElementById(name).textContent);
  const packed = (name) => meta.runs[Number(name[0])].packed.includes(name.slice(2));
  return {meta, arrays: Object.fromEntries(Object.entries(arrays).map(([name, text]) => {
    const {buffer} = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    return [name, packed(name) ? new Uint16Array(buffer) : new Float32Array(buffer)];
  }))};
};
const root = document.querySelector('[data-gan1d-player]');
window.comparison = createComparison(root, read('first'));
window.updateWith = (name) => window.comparison.update(read(name));
"""


def as_json(runs: Sequence[tuple[dict[str, Any], Arrays]], labels: Sequence[str]) -> str:
    meta, arrays = together(runs, labels, "Only start differs.")
    encoded = {name: base64.b64encode(values.tobytes()).decode() for name, values in arrays.items()}
    return json.dumps({"meta": meta, "arrays": encoded}).replace("</", "<\\/")


def write(path: Path, **comparisons: Sequence[tuple[dict[str, Any], Arrays]]) -> Path:
    """Writes the page; `first` is shown, ``updateWith(name)`` shows another."""
    blocks = "".join(
        f'<script type="application/json" id="{name}">{as_json(runs, [f"start {i}" for i in range(len(runs))])}</script>'
        for name, runs in comparisons.items()
    )
    path.write_text(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width, initial-scale=1'>"
        "<link rel=icon href='data:,'><title>comparison</title>"
        f"<style>:root {{ color-scheme: light dark }} body {{ margin: 0; padding: 12px }}\n{player.css()}</style>"
        f"{player.html()}{blocks}<script type=module>{player.core_js()}\n{SCRIPT}</script></html>",
        encoding="utf-8",
    )
    return path
