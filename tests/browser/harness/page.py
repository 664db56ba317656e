"""A page with nothing but the player on it."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from gan1d import player
from tests.browser.harness.runs import Arrays

SCRIPT = """
const isPacked = ({packed, steps}, name) => packed.includes(name) || Boolean(steps && steps.packed && steps.packed.includes(name));
const typed = (meta, name, buffer) => (isPacked(meta, name) ? new Uint16Array(buffer) : new Float32Array(buffer));
const decode = ({meta, arrays}) => ({meta, arrays: Object.fromEntries(Object.entries(arrays).map(([name, text]) => [
  name, typed(meta, name, Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer)]))});
const read = (name) => decode(JSON.parse(document.getElementById(name).textContent));
const root = document.querySelector('[data-gan1d-player]');
window.heard = [];
window.sent = [];
document.addEventListener('keydown', (event) => window.heard.push(event.key));
window.player = createPlayer(root, read('first'), (id, payload) => window.sent.push({id, ...payload}));
window.updateWith = (name) => window.player.update(read(name));
"""


def as_json(run: tuple[dict, Arrays]) -> str:
    meta, arrays = run
    encoded = {name: base64.b64encode(values.tobytes()).decode() for name, values in arrays.items()}
    return json.dumps({"meta": meta, "arrays": encoded}).replace("</", "<\\/")


def write(path: Path, *runs: tuple[dict, Arrays], style: str = "") -> Path:
    """Writes the page; the first run is shown, ``updateWith(name)`` shows another by its ``meta.run``."""
    blocks = [
        f'<script type="application/json" id="{name}">{as_json(run)}</script>'
        for name, run in zip(["first", *[r[0]["run"] for r in runs[1:]]], runs, strict=True)
    ]
    path.write_text(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width, initial-scale=1'>"
        "<link rel=icon href='data:,'><title>player</title>"
        f"<style>:root {{ color-scheme: light dark }} body {{ margin: 0; padding: 12px; {style} }}\n{player.css()}</style>"
        f"{player.html()}{''.join(blocks)}<script type=module>{player.core_js()}\n{SCRIPT}</script></html>",
        encoding="utf-8",
    )
    return path
