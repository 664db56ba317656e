"""The first page of the site, and a page for each scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

from gan1d import carried
from gan1d.catalogue import DISCRIMINATORS, Scenario
from gan1d.lessons import Lesson
from gan1d.render.markup import marked_up
from gan1d.render.page import RECORD, data_block, settings
from gan1d.render.site.files import File
from gan1d.render.site.mapped import Drawn
from gan1d.render.site.parts import frame, items, player_place, size, turn
from gan1d.render.site.words import text
from gan1d.trajectory import Trajectory

PUBLISHED = "-as-published"
"""How the names of those scenarios end that stand apart."""


class Shown(NamedTuple):
    """A scenario on the site. run: the name of its data; still: its picture as SVG; kind: how it ends; record: what exports carry."""

    scenario: Scenario
    run: str
    still: str
    kind: str
    settings: str
    record: str
    files: Sequence[File] = ()


def shown(scenario: Scenario, name: str, run: Trajectory, still: str, files: Sequence[File]) -> Shown:
    """What the pages need of a scenario's run, so that the run itself need not be kept."""
    return Shown(
        scenario, name, still, run.diagnosis.kind, settings([carried.of(run)], ("",)), carried.record([run]), files
    )


def index(found: Sequence[Shown], lessons: Sequence[Lesson], maps: Sequence[Drawn]) -> str:
    """The first page."""
    words = text()["index"]
    intro = "".join(f"<p>{marked_up(paragraph)}</p>" for paragraph in words["intro"])
    key = "".join(f'<span class="s-key {name}"><i></i>{escape(said)}</span>' for name, said in words["key"].items())
    first = found[0]
    ways = [(f"scenarios/{first.scenario.name}.html", words["watch"], "")]
    if lessons:
        ways.insert(0, (f"lessons/{lessons[0].name}.html", words["start"], "primary"))
    buttons = "".join(f'<a class="s-button {kind}" href="{there}">{escape(said)}</a>' for there, said, kind in ways)
    own = [s for s in found if not s.scenario.name.endswith(PUBLISHED)]
    published = [s for s in found if s.scenario.name.endswith(PUBLISHED)]
    main = (
        f'<div class="s-lead"><div><h1>{escape(words["title"])}</h1><p class="s-slogan">{escape(words["lead"])}</p>'
        f'<p class="s-buttons">{buttons}</p></div><figure>{first.still}<figcaption>{key}</figcaption></figure></div>'
        f"<section><h2>{escape(words['what'])}</h2>{intro}</section>"
        + (_lessons(lessons) if lessons else "")
        + f'<section id="scenarios"><h2>{escape(words["scenarios"])}</h2><p>{escape(words["scenarios_text"])}</p>{_cards(own)}'
        + (f"<h3>{escape(words['published'])}</h3><p>{escape(words['published_text'])}</p>" if published else "")
        + f"{_cards(published)}</section>"
        + (_maps(maps) if maps else "")
    )
    return frame(words["title"], words["description"], main, kind="index")


def _lessons(lessons: Sequence[Lesson]) -> str:
    words = text()["index"]
    rows = "".join(
        f'<li data-lesson-link="{lesson.name}"><a href="lessons/{lesson.name}.html">{escape(lesson.title)}</a>'
        f'<span class="s-tick" hidden>{escape(text()["is_done"])}</span></li>'
        for lesson in lessons
    )
    done = f'<p class="s-done" data-done="{escape(text()["done"])}" hidden></p>'
    return (
        f'<section id="lessons"><h2>{escape(words["lessons"])}</h2><p>{escape(words["lessons_text"])}</p>'
        f'{done}<ol class="s-course">{rows}</ol></section>'
    )


def _cards(found: Sequence[Shown]) -> str:
    if not found:
        return ""
    return items((_card(s) for s in found), "s-cards")


def _card(s: Shown) -> str:
    rate = s.scenario.rate
    held = f'<p class="s-rate">{escape(text()["held"].format(**rate))}</p>' if rate else ""
    return (
        f'<article class="s-card">{s.still}<h3><a href="scenarios/{s.scenario.name}.html">{escape(s.scenario.title)}</a></h3>'
        f"<p>{escape(s.scenario.text)}</p>{held}</article>"
    )


def _maps(maps: Sequence[Drawn]) -> str:
    words = text()["index"]
    figures = "".join(
        f"<figure><h3>{escape(drawn.title)}</h3>{drawn.picture}<figcaption><p>{escape(drawn.sentence)}</p>"
        f"<p class=s-note>{escape(drawn.setting)}</p></figcaption></figure>"
        for drawn in maps
    )
    return (
        f'<section id="maps"><h2>{escape(words["maps"])}</h2><p>{escape(words["maps_text"])}</p>'
        f'<div class="s-maps">{figures}</div></section>'
    )


def scenario(found: Sequence[Shown], at: int, lessons: Mapping[str, Sequence[Lesson]]) -> str:
    """The page of one of the scenarios. lessons: those that show a run, by its name."""
    here = found[at]
    words, s = text()["scenario"], here.scenario
    rate = words["rate"].format(**s.rate, seed=s.config.training.seed) if s.rate else words["no_rate"]
    about = f"<p>{escape(s.text)}</p><p>{marked_up(words['expects'].format(kind=s.expects))} {escape(rate)}</p>"
    used = [
        f'<a href="../lessons/{lesson.name}.html">{lesson.order}. {escape(lesson.title)}</a>'
        for lesson in lessons.get(here.run, ())
    ]
    main = (
        f'<p class="s-kind">{escape(words["kind"])}</p><h1>{escape(s.title)}</h1><div class="s-about">{about}</div>'
        + player_place(here.still, {"": {"run": here.run, "more": {}}}, "../")
        + '<div class="s-columns">'
        + _files(here.files)
        + f"<section><h2>{escape(words['rates'])}</h2>{_rates(s)}</section>"
        + (f"<section><h2>{escape(words['lessons'])}</h2>{items(used)}</section>" if used else "")
        + f"</div><details><summary>{escape(words['settings'])}</summary>"
        + f'<div class="page-settings" tabindex="0" role="group" aria-label="{escape(words["settings"])}">{here.settings}</div></details>'
        + turn(*(_beside(found, at + by, name) for by, name in ((-1, "before"), (1, "after"))))
        + data_block(here.record, RECORD, "application/json")
    )
    return frame(s.title, s.text, main, up="../", player=True, kind="scenario")


def _beside(found: Sequence[Shown], at: int, name: str) -> tuple[str, str] | None:
    if not 0 <= at < len(found):
        return None
    s = found[at].scenario
    return f"{s.name}.html", text()["scenario"][name].format(title=s.title)


def _files(files: Sequence[File]) -> str:
    if not files:
        return ""
    words = text()["scenario"]
    rows = (
        f'<a href="../files/{escape(file.name)}" download>{escape(text()["files"][file.kind]["title"])}</a> '
        f'<span class="s-note">{size(file.size)}</span><br>{escape(file.said)}'
        for file in files
    )
    return (
        f'<section class="s-files"><h2>{escape(words["downloads"])}</h2>'
        f"{items(rows)}<p class=s-note>{escape(words['downloads_text'])}</p></section>"
    )


def _rates(s: Scenario) -> str:
    words = text()["scenario"]
    rates = {name: s.with_discriminator(name).rate for name in DISCRIMINATORS}
    known = [rate for rate in rates.values() if rate]
    if not known:
        return f"<p>{escape(words['no_rate'])}</p>"
    rows = "".join(
        f'<tr{" class=s-now" if name == s.discriminator else ""}><th scope="row">{escape(_named(name, s))}</th>'
        f"<td>{rate['held']} / {rate['of']}</td></tr>"
        for name, rate in rates.items()
        if rate
    )
    head = "".join(f'<th scope="col">{escape(words[name])}</th>' for name in ("discriminator", "holds"))
    said = escape(words["rates_text"].format(of=known[0]["of"]))
    return f'<p>{said}</p><table class="s-rates"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def _named(name: str, s: Scenario) -> str:
    words = text()["scenario"]
    plain = str(words["discriminators"][name])
    return str(words["shown"]).format(name=plain) if name == s.discriminator else plain
