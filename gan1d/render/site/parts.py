"""What all pages of the site have in common: their frame, the player's place, links."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from gan1d import __version__
from gan1d.render.page import document
from gan1d.render.site.words import text

ICON = (
    '<svg viewBox="0 0 24 24" aria-hidden="true">'
    '<path d="M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20zm0 2.5v15a7.5 7.5 0 0 1 0-15z"/></svg>'
)


def frame(title: str, description: str, main: str, *, up: str = "", player: bool = False, kind: str = "") -> str:
    """A page of the site. up: the way to its root; player: whether a run is played on it."""
    words = text()
    scripts = ["theme.js", *(["player.js"] if player else []), "site.js", *(["lesson.js"] if kind == "lesson" else [])]
    head = (
        f'<meta name="description" content="{escape(description)}">\n'
        + "".join(
            f'<link rel="stylesheet" href="{up}assets/{name}">\n'
            for name in [*(["player.css"] if player else []), "site.css"]
        )
        + "".join(
            f'<script {"" if name == "theme.js" else "defer "}src="{up}assets/{name}"></script>\n' for name in scripts
        )
    )
    index = f"{up}index.html"
    menu = "".join(
        f'<a href="{index}#{name}">{escape(words["index"][name])}</a>' for name in ("lessons", "scenarios", "maps")
    )
    theme = escape(words["theme"])
    body = (
        f'<a class="skip" href="#content">{escape(words["skip"])}</a>'
        f'<header class="site-head"><a class="site-name" href="{index}">{escape(words["name"])}</a>'
        f'<nav aria-label="{escape(words["menu"])}">{menu}</nav>'
        f'<button type="button" class="page-theme" title="{theme}" aria-label="{theme}" hidden>{ICON}</button></header>'
        f'<main class="page {kind}" id="content">{main}</main>'
        f'<footer class="site-foot"><p>{escape(words["foot"].format(version=__version__))}</p></footer>'
    )
    full = title if title == words["name"] else f"{title} · {words['name']}"
    return document(full, body, head=head, policy=False)


def player_place(still: str, scenes: Mapping[str, Mapping[str, Any]], up: str) -> str:
    """The element that the player fills; until then a picture stands there.

    scenes: step -> {"run": name of the data, "more": metadata of its own}; the one named "" is played at once.
    """
    words = text()
    spec = json.dumps({"folder": f"{up}runs/", "scenes": scenes}, ensure_ascii=False, sort_keys=True)
    said = f'data-failed="{escape(words["failed"])}" data-loading="{escape(words["loading"])}"'
    return (
        f'<div class="gan1d-player" data-gan1d-player data-site="{escape(spec)}" {said}>{still}</div>'
        f'<p class="page-note s-unscripted">{escape(words["no_scripts"])}</p>'
    )


def turn(before: tuple[str, str] | None, after: tuple[str, str] | None) -> str:
    """Links to the pages before and after: (address, words)."""
    links = [
        f'<a class="{name}" rel="{name}" href="{escape(there[0])}">{escape(there[1])}</a>'
        for name, there in (("prev", before), ("next", after))
        if there is not None
    ]
    return f'<nav class="s-turn">{"".join(links)}</nav>' if links else ""


def size(count: int) -> str:
    """Bytes as a person reads them."""
    if count < 1000:
        return f"{count} B"
    return f"{count / 1000:.0f} kB" if count < 999_500 else f"{count / 1e6:.1f} MB"


def items(parts: Iterable[str], kind: str = "") -> str:
    """A list of HTML."""
    return (
        f"<ul{f' class={chr(34)}{kind}{chr(34)}' if kind else ''}>" + "".join(f"<li>{p}</li>" for p in parts) + "</ul>"
    )
