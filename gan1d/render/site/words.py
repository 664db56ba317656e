"""What the site says."""

from __future__ import annotations

from functools import partial

from gan1d.wording import wording

text = partial(wording, "site")
"""Every word of the site that is its own; lessons, scenarios and maps have theirs."""
