"""What the app says, out of `content/`: one file a page and language."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from gan1d.wording import LANGUAGE


@cache
def words(page: str) -> dict[str, Any]:
    """The strings of one page."""
    return json.loads((Path(__file__).parent / "content" / f"{page}.{LANGUAGE}.json").read_text("utf-8"))
