"""A run in a notebook: the player in a frame of its own, and a still picture wherever frames and scripts are taken away."""

from __future__ import annotations

import base64
import html
import uuid
from typing import Any

from gan1d import carried
from gan1d.render.options import Options
from gan1d.render.page import data_uri, page_of, said, still
from gan1d.render.scene import scene
from gan1d.trajectory import Trajectory

HEIGHT = 1200
"""Pixels of the frame until the page in it has said how high it is."""
LEAST, MOST = 200, 6000
"""Pixels that it may say."""
SCRIPT = """
(() => {
  const box = document.getElementById('%s');
  const frame = box && box.querySelector('iframe');
  if (!frame) return;
  // The notebook's own theme, which need not be the system's: that of the nearest background that is painted.
  const theme = () => {
    for (let node = box; node; node = node.parentElement) {
      const [r, g, b, a = 1] = (getComputedStyle(node).backgroundColor.match(/[\\d.]+/g) || []).map(Number);
      if (a > 0.5) return 0.2126 * r + 0.7152 * g + 0.0722 * b < 128 ? 'dark' : 'light';
    }
    return null;
  };
  window.addEventListener('message', ({ source, data }) => {
    if (source !== frame.contentWindow || !data || data.gan1d !== 'height' || !Number.isFinite(data.height)) return;
    box.style.height = `${Math.min(%d, Math.max(%d, Math.ceil(data.height)))}px`;
    source.postMessage({ gan1d: 'theme', theme: theme() }, '*');
  });
})();
"""


def bundle(run: Trajectory) -> dict[str, Any]:
    """What a notebook may show of a run, by media type: the player, a PNG, a line of text."""
    of = scene([run], record=carried.record([run]))
    picture = still(of)
    return {
        "text/html": framed(page_of(of, [run], Options(), embedded=True, picture=picture), picture, said(of)),
        "image/png": base64.b64encode(picture).decode("ascii"),
        "text/plain": repr(run),
    }


def framed(page: str, picture: bytes, words: str) -> str:
    """HTML of a page in a frame that can run its scripts and nothing else; where frames are taken out, the picture is seen instead.

    page: HTML text. picture: a PNG; words: what it shows. No script is needed beside the page's own; where there is one, it gives the
    frame the height and the theme that it should have.
    """
    name = f"gan1d-{uuid.uuid4().hex}"
    quoted = page.replace("&", "&amp;").replace('"', "&quot;")
    return (
        f'<div id="{name}" style="position: relative; width: 100%; height: {HEIGHT}px; overflow: hidden">'
        f'<img src="{data_uri(picture)}" alt="{html.escape(words)}" style="display: block; max-width: 100%">'
        f'<iframe sandbox="allow-scripts" title="{html.escape(words)}" srcdoc="{quoted}" '
        'style="position: absolute; inset: 0; width: 100%; height: 100%; border: 0"></iframe></div>'
        f"<script>{SCRIPT % (name, MOST, LEAST)}</script>"
    )
