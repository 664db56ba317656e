"""What the package says, out of `text/`: one file a subject and language."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGE = "en"
HERE = Path(__file__).parent / "text"


@cache
def wording(subject: str) -> dict[str, Any]:
    """The texts of one subject by their names, as `text/SUBJECT.LANGUAGE.json` has them; places for figures are in braces."""
    return json.loads((HERE / f"{subject}.{LANGUAGE}.json").read_text("utf-8"))
