"""The API reference: a page for each room of gan1d, made of its docstrings. Nothing in it comes from elsewhere, so it works offline.

`make docs` runs it. Docstrings are shown as they are written, not as Markdown, which would eat the stars and underscores of formulas.
"""

from __future__ import annotations

import dataclasses
import html
import pkgutil
import re
import sys
from pathlib import Path
from typing import Any

import jax
import jinja2
import pdoc.doc
import pdoc.render
from markupsafe import Markup

import gan1d
import gan1d.image
from gan1d.fields import Section, Spec

OUT = Path(__file__).parents[1] / "docs" / "api"
WRAPPED = 100
"""A line at least this long was broken because the source is only so wide: the next one belongs to it."""
CSS = """
.pdoc .docstring p { white-space: pre-wrap; margin-bottom: 0.6rem; }
.pdoc .attribution { display: none; }
"""


def plain(text: str) -> Markup:
    """A docstring as HTML that reads like its source: paragraphs, `names` as code, what is indented by 4 as it stands."""
    parts = []
    for paragraph in re.split(r"\n\s*\n", html.escape(text, quote=False)):
        if paragraph.startswith("    "):
            parts.append(f"<pre>{paragraph}</pre>")
            continue
        joined = re.sub(rf"(.{{{WRAPPED},}})\n[ ]*(?=\S)", r"\1 ", paragraph)
        parts.append("<p>" + re.sub(r"(`+)([^`\n]+)\1", r"<code>\2</code>", joined.strip("\n")) + "</p>")
    return Markup("\n".join(parts))


def meaning(spec: Spec) -> str:
    """What a field of a config is, and what is allowed."""
    allowed = " | ".join(spec.choices) if spec.choices else ""
    if spec.low is not None:
        allowed = f"{'whole number ' if spec.integer else ''}{spec.low:g} to {spec.high:g}"
    static = "; changing it compiles" if spec.kind == "static" else ""
    return spec.text + (f" ({allowed})" if allowed else "") + static + "."


def rooms() -> dict[str, pdoc.doc.Module]:
    """Dotted name -> documentation of the package and of every module in it."""
    jax.Array.__qualname__ = "Array"  # jax.Array, as it is imported, not where it is defined
    names = [room.name for room in pkgutil.walk_packages(gan1d.__path__, "gan1d.") if room.name != "gan1d.__main__"]
    for door in (gan1d, gan1d.image):
        vars(door).update({name: getattr(door, name) for name in door.__all__})  # lazy until now
    gan1d.__all__ += [
        name.removeprefix("gan1d.") for name in names if name.count(".") == 1
    ]  # or they would not be listed
    found = {name: pdoc.doc.Module.from_name(name) for name in ["gan1d", *names]}
    for module in found.values():
        for cls in (member for member in module.members.values() if isinstance(member, pdoc.doc.Class)):
            if issubclass(cls.obj, tuple):
                cls.members.pop("__init__", None)  # a NamedTuple's: its fields once more
            for member in cls.members.values():
                vars(member)["docstring"] = described(cls.obj, member)
    return found


def described(cls: type, member: pdoc.doc.Doc[Any]) -> str:
    """The docstring of a class's member: for a field of a config, what its declaration says."""
    if issubclass(cls, Section) and dataclasses.is_dataclass(cls) and member.name in cls.specs():
        return meaning(cls.specs()[member.name])
    return "" if member.docstring.startswith("Alias for field number") else member.docstring  # which is a NamedTuple's


def build(out: Path) -> list[Path]:
    """Writes the pages into a folder; returns their paths."""
    pdoc.render.configure(search=False, show_source=False, footer_text=f"gan1d {gan1d.__version__}")
    pdoc.render.env.filters |= {"to_markdown": str, "to_html": plain}
    assert pdoc.render.env.loader
    pdoc.render.env.loader = jinja2.ChoiceLoader([jinja2.DictLoader({"custom.css": CSS}), pdoc.render.env.loader])
    found = rooms()
    pages = {
        out / f"{name.replace('.', '/')}.html": pdoc.render.html_module(room, found) for name, room in found.items()
    }
    pages[out / "index.html"] = pdoc.render.html_index(found)
    for path, page in pages.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page, "utf-8")
    return list(pages)


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else OUT
    print(f"{len(build(folder))} pages: {folder / 'index.html'}")
