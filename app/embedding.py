"""How the page is shown, as its address says: `embed=1` takes away all but the player, `hide=a,b` single controls and blocks."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import parse_qsl

BLOCKS = (
    "action",
    "captions",
    "counter",
    "curves",
    "data",
    "equations",
    "going",
    "heat",
    "layers",
    "link",
    "map",
    "outcome",
    "readout",
    "seeds",
    "steps",
    "transport",
)
"""Parts of the player, which hides them itself."""
PARTS = ("controls", "scenario", "more", "reset", "upload", "compare", "export")
"""Parts of the page. "controls" is the whole sidebar; a single control is hidden by the name of its setting."""
MOST = 50
EMBEDDED = """
.stApp > header, [data-testid="stHeader"], [data-testid="stToolbar"], [data-testid="stDecoration"] { display: none !important; }
.stMainBlockContainer { padding: 0.25rem !important; max-width: none !important; }
"""
WITHOUT_SIDEBAR = """
[data-testid="stSidebar"], [data-testid="stExpandSidebarButton"], [data-testid="stSidebarCollapsedControl"] { display: none !important; }
"""


class Embedding(NamedTuple):
    """What the page leaves out."""

    embed: bool = False
    hidden: frozenset[str] = frozenset()

    @classmethod
    def read(cls, query: str) -> Embedding:
        """Out of a query; names that mean nothing hide nothing."""
        given = dict(parse_qsl(query.removeprefix("?")))
        names = given.get("hide", "").split(",")[:MOST]
        return cls(given.get("embed", "").lower() in ("1", "true"), frozenset(n.strip() for n in names if n.strip()))

    def shows(self, name: str) -> bool:
        """Whether a control or block is there: `data.means[1]` is hidden by its own name and by `data.means`."""
        return not self.hidden & {name, name.partition("[")[0]}

    @property
    def has_sidebar(self) -> bool:
        """Whether the controls are on the page at all."""
        return not self.embed and self.shows("controls")

    @property
    def blocks(self) -> list[str]:
        """What the player hides."""
        return [name for name in BLOCKS if name in self.hidden]

    @property
    def css(self) -> str:
        """Styles of the page around the player."""
        return (EMBEDDED if self.embed else "") + ("" if self.has_sidebar else WITHOUT_SIDEBAR)
