"""Samples to pick from, a board of buttons in the browser: which of them play which role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from app.components import component
from app.images.gallery import address, hold
from app.words import words
from gan1d.player import HERE as PLAYER

HERE = Path(__file__).parent
SCRIPTS = PLAYER / "dom.js", HERE / "media.js", HERE / "picker.js"


class Role(NamedTuple):
    """What a picked sample is for. mark: one letter on it; most: how many may be picked for it."""

    id: str
    label: str
    mark: str
    most: int = 1


_mount = component("gan1d_picker", '<div class="picker" data-picker></div>', HERE / "picker.css", SCRIPTS)


def show(
    picture: bytes, count: int, columns: int, roles: Sequence[Role], picked: Mapping[str, Sequence[int]], key: str
) -> dict[str, list[int]]:
    """Mounts the board; role -> the samples picked for it. picked: those at first."""
    given = {role.id: list(picked[role.id]) for role in roles}
    hold(key, {key: picture})
    found: Any = _mount(
        key=key,
        data={
            "picture": address(picture, key),
            "count": count,
            "columns": columns,
            "roles": [role._asdict() for role in roles],
            "picked": given,
            "text": words("images")["picker"],
        },
        default={"picked": given},
        on_picked_change=lambda: None,
    )
    return {role.id: checked(found.picked, role, count, given[role.id]) for role in roles}


def checked(answer: Any, role: Role, count: int, default: list[int]) -> list[int]:
    """What the browser says was picked for a role; what it says wrongly is left out, and one is always picked."""
    said = answer.get(role.id) if isinstance(answer, Mapping) else None
    known = [int(k) for k in said if isinstance(k, (int, float)) and 0 <= k < count] if isinstance(said, list) else []
    return known[: role.most] or default
