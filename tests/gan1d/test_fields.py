"""Declared fields: what is typed by hand, and what is probably meant."""

from __future__ import annotations

import pytest

from gan1d.fields import ConfigError, nearest, number, parse_value


@pytest.mark.parametrize(
    ("typed", "meant"), [("3", 3), ("[1, 2]", [1, 2]), ("1, 2,", [1, 2]), ("relu", "relu"), ("true", True), ("", "")]
)
def test_what_is_typed_by_hand(typed: str, meant: object) -> None:
    assert parse_value(typed) == meant


def test_the_nearest_known_name_is_offered() -> None:
    assert nearest("lr_f", ["lr_d", "batch"]) == " (nearest: lr_d)"
    assert nearest("zzz", ["lr_d"]) == ""


@pytest.mark.parametrize("value", [True, "1", None, float("nan"), 10**400, 1.5])
def test_a_whole_number_is_one(value: object) -> None:
    with pytest.raises(ConfigError, match="it must be a whole number from 0 to 3"):
        number("field", value, 0, 3, integer=True)
