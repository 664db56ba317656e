"""A run, or several side by side, as one HTML file: the app's player with its data, offline, from any disk."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import html
import io
from collections.abc import Sequence
from functools import cache, partial
from typing import Any
from urllib.parse import urlsplit

import numpy as np

import gan1d
from gan1d import carried, player
from gan1d.catalogue import DISCRIMINATORS, scenarios
from gan1d.config import DEFAULT_KIND, SECTIONS, Config, ConfigError, field_names
from gan1d.render.options import Options
from gan1d.render.page_data import packed
from gan1d.render.scene import Scene, scene
from gan1d.render.script import own_settings
from gan1d.trajectory import Trajectory
from gan1d.wording import wording

DATA = "gan1d-data"
"""The id of the element that holds the packed run."""
RECORD = "gan1d-record"
"""The id of the element that holds the record from which the run can be trained again."""
STILL: dict[str, Any] = {"width": 960, "height": 540, "dpi": 100, "transparent": False}
"""Of the picture that is there instead of a player."""
COLOURS = 96
"""That the picture has."""
THEMES = {"dark": "dark", "print": "light"}
"""An export's theme as a page's; with "light", the usual one, the page goes with whoever reads it."""


text = partial(wording, "page")
"""The words of a page."""


def page(
    runs: Sequence[Trajectory],
    labels: Sequence[str] | None = None,
    options: Options | None = None,
    link: str | None = None,
    embedded: bool = False,
) -> str:
    """The whole page of one to four runs, as HTML text.

    It asks nothing of any server, and its policy lets it run no script but its own. link: where the run stands in an app, offered beside
    it. embedded: to be shown in a frame, with neither title nor settings; it then tells the frame's owner how high it is.

    Raises:
      ConfigError: no runs or too many, a label too few, options that are not allowed, or a link that is not one of the web.
    """
    of = scene(runs, labels, record=carried.record(runs, labels))
    return page_of(of, runs, (options or Options()).checked("html"), link, embedded)


def page_of(
    of: Scene,
    runs: Sequence[Trajectory],
    options: Options,
    link: str | None = None,
    embedded: bool = False,
    picture: bytes | None = None,
) -> str:
    """`page` of a scene that is there already, of these runs; picture: a PNG of it, where there is one."""
    title = options.title or (title_of(runs[0].config) if len(runs) == 1 else text()["comparison"])
    block = player_block(of, picture or still(of, options), embedded)
    if embedded:
        main = f'<main class="page embedded">{block}</main>'
    else:
        under = f'<p class="page-caption">{html.escape(options.under)}</p>' if options.under else ""
        main = f'<main class="page">{_head(title)}{block}{under}{_foot(runs, of, link)}</main>'
    body = f"{main}{data_block(of.record, RECORD, 'application/json')}{data_block(packed(of, options))}"
    scripts, theme = [player.page_js(), START], THEMES.get(options.theme)
    return document(title, body, styles=player.page_styles(), scripts=scripts, theme=theme)


START = "startPage(document);"
"""What a page does once the scripts of `player.page_js` are there."""


def document(
    title: str,
    body: str,
    *,
    styles: str = "",
    scripts: Sequence[str] = (),
    head: str = "",
    theme: str | None = None,
    policy: bool = True,
) -> str:
    """An HTML document. title is text; body and head are HTML; the scripts, joined, are one inline module.

    policy: whether the page forbids itself every request, and every script that is not given here.
    """
    script = "\n".join(scripts)
    rule = f'<meta http-equiv="Content-Security-Policy" content="{_policy(script)}">' if policy else ""
    chosen = f' data-theme="{theme}"' if theme else ""
    return (
        f'<!doctype html>\n<html lang="{text()["language"]}"{chosen}>\n<head>\n<meta charset="utf-8">\n{rule}\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="generator" content="gan1d {gan1d.__version__}">\n<link rel="icon" href="data:,">\n'
        f"<title>{html.escape(title)}</title>\n{head}"
        + (f"<style>\n{styles}\n</style>\n" if styles else "")
        + f"</head>\n<body>\n{body}\n"
        + (f'<script type="module">{script}</script>\n' if script else "")
        + "</body>\n</html>\n"
    )


def _policy(script: str) -> str:
    """Nothing from anywhere but what stands in the page itself; of scripts only this one."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def player_block(of: Scene, picture: bytes, embedded: bool = False) -> str:
    """The element that the player fills, with a picture in it, a PNG, for whoever has scripts off."""
    words = text()
    frame = ' data-embedded=""' if embedded else ""
    shown = (
        f'<img src="{data_uri(picture)}" width="{STILL["width"]}" height="{STILL["height"]}" alt="{html.escape(said(of))}">'
        f'<p class="page-note">{html.escape(words["still"])}</p>'
    )
    return (
        f'<div class="gan1d-player" data-gan1d-player data-run="{DATA}" data-failed="{html.escape(words["failed"])}"{frame}>'
        f"<noscript>{shown}</noscript></div>"
    )


def data_block(content: str, name: str = DATA, kind: str = "text/plain") -> str:
    """A text that scripts read and nobody else: base64, or JSON in which "<" is escaped."""
    return f'<script type="{kind}" id="{name}">{content}</script>\n'


def still(of: Scene, options: Options | None = None) -> bytes:
    """A PNG of the last state shown, in few colours: some tens of kilobytes. Letters that only the reader's browser has are boxes."""
    from gan1d.render.paint.letters import legible  # matplotlib takes a while to load
    from gan1d.render.painter import Painter

    given = options or Options()
    look = dataclasses.replace(given, **STILL, title=legible(given.title), under=legible(given.under))
    of = of._replace(labels=tuple(map(legible, of.labels)))
    ticks = of.still(look)
    return png(Painter(of, look, ticks).draw(ticks[0]))


def png(pixels: np.ndarray) -> bytes:
    """RGBA pixels (H,W,4) as a small PNG."""
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(pixels[..., :3])).quantize(COLOURS, dither=Image.Dither.NONE)
    found = io.BytesIO()
    image.save(found, "PNG", optimize=True)
    return found.getvalue()


def data_uri(picture: bytes) -> str:
    """A PNG as an address that holds it."""
    return f"data:image/png;base64,{base64.b64encode(picture).decode('ascii')}"


def said(of: Scene) -> str:
    """The picture in a sentence."""
    n = f"{int(of.iteration[-1]):,}".replace(",", "\u202f")
    return text()["pictures" if len(of.metas) > 1 else "picture"].format(n=n, kind=of.metas[0]["outcome"]["kind"])


def title_of(config: Config) -> str:
    """What a run is called: by the scenario that it is, with any discriminator and seed."""
    for scenario in scenarios.values():
        if (config.data, config.generator) != (scenario.config.data, scenario.config.generator):
            continue
        seedless = config.replace(**{"training.seed": scenario.config.training.seed})
        if seedless == scenario.config or any(
            seedless == scenario.config.replace(**d) for d in DISCRIMINATORS.values()
        ):
            return scenario.title
    return text()["title"]


def _head(title: str) -> str:
    """The title, and the button that changes the theme: it shows itself once it can do so."""
    half = "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20zm0 2.5v15a7.5 7.5 0 0 1 0-15z"
    icon = f'<svg viewBox="0 0 24 24" aria-hidden="true"><path d="{half}"/></svg>'
    words = html.escape(text()["theme"])
    button = f'<button type="button" class="page-theme" title="{words}" aria-label="{words}" hidden>{icon}</button>'
    return f'<header class="page-head"><h1>{html.escape(title)}</h1>{button}</header>'


def _foot(runs: Sequence[Trajectory], of: Scene, link: str | None) -> str:
    words = {name: html.escape(value) for name, value in text().items()}
    there = ""
    if link is not None:
        if urlsplit(link).scheme not in ("http", "https"):
            raise ConfigError("link", link, "it must begin with http:// or https://")
        there = f'<p><a href="{html.escape(link)}" rel="noopener noreferrer">{words["open"]}</a></p>'
    about = words["about"].format(version=gan1d.__version__)
    name, table = words["settings"], settings([carried.of(run) for run in runs], of.names)
    box = f'<div class="page-settings" tabindex="0" role="group" aria-label="{name}">{table}</div>'
    opened = f"<details><summary>{name}</summary>{box}<p>{about}</p></details>"
    return f'<footer class="page-foot">{opened}{there}</footer>'


def settings(runs: Sequence[carried.Carried], names: Sequence[str]) -> str:
    """An HTML table: each setting that is not everywhere the default, of each run and of its parts."""
    words = text()
    columns: dict[str, dict[str, str]] = {}
    for run, letter in zip(runs, names, strict=True):
        begin = run.start
        for config, until, held in run.parts:
            name = letter or words["run"]
            if begin:
                name = words["held" if held else "part"].format(name=name, n=begin)
            own = own_settings(config).items()
            columns[name] = {f"{part}.{key}": _value(value) for part, found in own for key, value in found.items()}
            begin = until
    fields = sorted({field for column in columns.values() for field in column}, key=field_names().index)
    usual = _defaults()
    cells = [[column.get(field, usual.get(field, "–")) for column in columns.values()] for field in fields]
    rows = [
        f'<tr><th scope="row"><code>{field}</code></th>{"".join(f"<td>{html.escape(cell)}</td>" for cell in row)}</tr>'
        for field, row in zip(fields, cells, strict=True)
    ]
    heads = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in (words["setting"], *columns))
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _value(value: Any) -> str:
    """A setting as the command line takes it."""
    if isinstance(value, tuple):
        return ", ".join(map(_value, value))
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


@cache
def _defaults() -> dict[str, str]:
    """Each setting's default; "–" for those that must be given."""
    found = {}
    for name, section in SECTIONS.items():
        for field in dataclasses.fields(section):  # type: ignore[arg-type]
            found[f"{name}.{field.name}"] = "–" if field.default is dataclasses.MISSING else _value(field.default)
    return found | {"data.kind": DEFAULT_KIND}
