"""A little Markdown as HTML, for pages that are written as files: what the lessons are written in, and nothing else."""

from __future__ import annotations

import re
from html import escape

from gan1d.render.tex import mathml

FORMULA, APART = "$$", r"\qquad"
"""Around a formula, and between two that a narrow page puts on lines of their own."""


def marked_up(text: str) -> str:
    """Text with Markdown's **strong** and *stressed*, and nothing else of it, as HTML."""
    strong = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", escape(" ".join(text.split())))
    return re.sub(r"(?<![\\*])\*(?!\*)(.+?)(?<!\\)\*", r"<em>\1</em>", strong).replace("\\*", "*")


def paragraphs(text: str) -> str:
    """Paragraphs, lists (``- ``) and formulas on lines of their own (``$$…$$``) as HTML.

    Raises:
      TexError: a formula that `tex` does not know.
    """
    return "".join(_block(block) for block in re.split(r"\n\s*\n", text.strip()) if block)


def _block(block: str) -> str:
    if block.startswith(FORMULA) and block.endswith(FORMULA):
        parts = block.removeprefix(FORMULA).removesuffix(FORMULA).split(APART)
        return '<div class="math-block">' + "".join(mathml(part) for part in parts if part.strip()) + "</div>"
    if block.startswith("- "):
        items = re.split(r"^- ", block, flags=re.MULTILINE)[1:]
        return "<ul>" + "".join(f"<li>{marked_up(item)}</li>" for item in items) + "</ul>"
    return f"<p>{marked_up(block)}</p>"
