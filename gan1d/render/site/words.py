"""What the site says."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any


@cache
def text() -> dict[str, Any]:
    """Every word of the site that is its own; lessons, scenarios and maps have theirs."""
    words: dict[str, Any] = json.loads((Path(__file__).parents[2] / "text" / "site.en.json").read_text("utf-8"))
    return words
