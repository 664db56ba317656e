"""Links: what a session looks at as a short query, and the way back from any text at all.

``v=1&s=far-modes-linear&training.lr_g=0.05&then=900;training.lr_g:0.01&at=1200&w.heat=true``: the version, a scenario, the settings in
which the run differs from it, the parts under which it goes on (where each begins, ``hold`` where G stands still, and what changes
there), the iteration shown, and how it is looked at. The player writes ``at`` and ``w.…`` itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from app.history import Plan, Stretch
from app.words import words
from gan1d.catalogue import Scenario, scenarios
from gan1d.config import Config, ConfigError
from gan1d.fields import nearest, parse_value
from gan1d.render.naming import difference

VERSION = 1
PAGE = frozenset({"embed", "embed_options", "hide"})
"""Names that say how the page is shown; `app.embedding` reads them."""
FOREIGN = re.compile(r"utm_|fbclid|gclid|mc_|ref$")
"""Names that others hang on links: nothing is lost with them."""
WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,29}")
VIEW = re.compile(rf"w\.({WORD.pattern})(?:\.({WORD.pattern}))?")
BOOLS = {"true": True, "false": False}
MOST_WORDS = 40
LONGEST = 20_000
"""Characters of a link that are read: twelve parts with drawn densities take fewer."""


class Link(NamedTuple):
    """What a link says. problems: what of it could not be read, in words; then the nearest that could is here."""

    scenario: Scenario
    plan: Plan
    view: dict[str, Any]
    problems: tuple[str, ...] = ()

    @property
    def config(self) -> Config:
        """The settings of the last part."""
        return self.plan.config


def encode(config: Config, scenario: Scenario | None = None) -> str:
    """A config relative to a scenario, by default to the one that it differs from in the fewest settings."""
    scenario = scenario or home(config)
    return _query([("s", scenario.name), *_difference(scenario.config, config).items()])


def home(config: Config) -> Scenario:
    """The scenario from which a config differs in the fewest settings."""
    return min(scenarios.values(), key=lambda s: len(_difference(s.config, config)))


def encode_plan(scenario: Scenario, plan: Plan) -> str:
    """The settings of all parts, with the version: what the player puts before the position."""
    (first, *_), *rest = plan.parts
    pairs = [("v", str(VERSION)), *parse_qsl(encode(first, scenario))]
    begins = [until for _, until, _ in plan.past]
    before = first
    for begin, (config, _, held) in zip(begins, rest, strict=True):
        changes = [f"{name}:{text}" for name, text in _difference(before, config).items()]
        pairs.append(("then", ";".join([str(begin), *(["hold"] if held else []), *changes])))
        before = config
    return _query(pairs)


def decode(query: str) -> Link:
    """Reads a link; whatever is wrong with it is said in `problems`, and the nearest valid state is taken. Never raises."""
    text = words("lab")["link"]
    problems: list[str] = []
    if len(query) > LONGEST:
        problems.append(text["long"].format(most=LONGEST))
        query = query[:LONGEST].rpartition("&")[0]
    given: dict[str, str] = {}
    then: list[str] = []
    for name, value in parse_qsl(query.removeprefix("?"), keep_blank_values=True):
        if name == "then":
            then.append(value)
        elif name in given:
            problems.append(text["twice"].format(name=_short(name)))
        elif name not in PAGE and not FOREIGN.match(name):
            given[name] = value
    if (version := given.pop("v", str(VERSION))) != str(VERSION):
        problems.append(text["version"].format(version=_short(version), known=VERSION))
    scenario = next(iter(scenarios.values()))
    if (name := given.pop("s", scenario.name)) in scenarios:
        scenario = scenarios[name]
    else:
        hint = nearest(name, scenarios)
        problems.append(text["scenario"].format(name=_short(name), hint=hint, title=scenario.title))
    view, said = _view(given)
    fields = {name: value for name, value in given.items() if name != "at" and not name.startswith("w.")}
    config, refused = _applied(scenario.config, fields)
    plan, lost = _gone_on(Plan(config), then)
    return Link(scenario, plan, view, (*problems, *refused, *lost, *said))


def _difference(base: Config, config: Config) -> dict[str, str]:
    """Dotted name -> text of every setting that differs; of data of another kind all."""
    found = difference(base, config)
    understood = {name: value for name, value in found.items() if name != "data.weights"}
    if len(understood) < len(found):  # equal shares of another number of modes need not be said
        with suppress(ConfigError):
            found = understood if base.replace(**understood) == config else found
    return {name: _text(value) for name, value in found.items()}


def _text(value: Any) -> str:
    """A setting as it stands in a link; `parse_value` reads it."""
    if isinstance(value, (list, tuple)):
        return "".join(f"{_text(v)}," for v in value)
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def _query(pairs: list[tuple[str, str]]) -> str:
    return urlencode(pairs, safe=",;:")


def _applied(config: Config, fields: Mapping[str, str]) -> tuple[Config, list[str]]:
    """The config with all fields that it can take, and what is said of the others."""
    left = {name: parse_value(value) for name, value in fields.items()}
    problems: list[str] = []
    while left:
        try:
            return config.replace(**left), problems
        except ConfigError as e:
            problems.append(words("lab")["link"]["refused"].format(why=e))
            wrong = _blamed(e.field, left)
            left = {name: value for name, value in left.items() if name not in wrong}
    return config, problems


def _blamed(field: str, given: Mapping[str, Any]) -> set[str]:
    """Which of the given settings an error is about: the one that it names, or all of its section, which do not fit together."""
    named, section = field.partition("[")[0], field.partition(".")[0]
    for name in (field, named):
        if name in given and not (section == "data" and "data.kind" in given):
            return {name}
    return {name for name in given if name.partition(".")[0] == section} or set(given)


def _gone_on(plan: Plan, then: list[str]) -> tuple[Plan, list[str]]:
    """The plan with the parts of a link, up to the first that cannot be."""
    said = words("lab")["link"]
    for number, text in enumerate(then, start=2):
        begin, *items = text.split(";")
        held = "hold" in items
        changes = dict(item.partition(":")[::2] for item in items if item != "hold")
        try:
            if not begin.isascii() or not begin.isdecimal():
                raise ConfigError("then", begin, "it must begin with the iteration at which the part begins")
            config, problems = _applied(plan.config, changes)
            if problems:
                return plan, [
                    said["part"].format(number=number, why=problems[0].removeprefix(said["refused"].partition("{")[0]))
                ]
            past: tuple[Stretch, ...] = (*plan.past, (plan.config, int(begin), plan.held))
            plan = Plan(config, past, held).checked()
        except ConfigError as e:
            return plan, [said["part"].format(number=number, why=e)]
    try:
        return plan.checked(), []
    except ConfigError as e:  # cannot be after the above, but for a plain run of no length
        return Plan(plan.config), [said["refused"].format(why=e)]


def _view(given: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Where the run stands and how it is looked at, in the shapes that the player knows."""
    said = words("lab")["link"]
    view: dict[str, Any] = {}
    problems: list[str] = []
    for name, text in given.items():
        if name == "at":
            if text.isascii() and text.isdecimal() and len(text) < 8:
                view["iteration"] = int(text)
            else:
                problems.append(said["at"].format(value=_short(text)))
        elif name.startswith("w."):
            match, value = VIEW.fullmatch(name), _view_value(text)
            outer, inner = match.groups() if match else (None, None)
            if outer is None or value is None or (inner and not isinstance(view.get(outer, {}), dict)):
                problems.append(said["view"].format(name=_short(name), value=_short(text)))
            elif inner:
                view.setdefault(outer, {})[inner] = value
            else:
                view[outer] = value
    return view, problems


def _view_value(text: str) -> Any:
    """true, a number, a word, or a list of words, each with a comma behind it; None for anything else."""
    if text in BOOLS:
        return BOOLS[text]
    if text.endswith(","):
        items = text[:-1].split(",") if text != "," else []
        return items if len(items) <= MOST_WORDS and all(map(WORD.fullmatch, items)) else None
    if re.fullmatch(r"-?\d{1,8}(\.\d{1,6})?", text):
        return float(text) if "." in text else int(text)
    return text if WORD.fullmatch(text) else None


def _short(text: str) -> str:
    """What stands in a link, fit to be shown."""
    shown = "".join(c if c.isprintable() else "�" for c in text)
    return shown if len(shown) <= 40 else shown[:39] + "…"
