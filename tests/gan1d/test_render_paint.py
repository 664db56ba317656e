"""What pictures are painted with: numbers as words, lines that break, and places for names."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from gan1d.render.paint.letters import ASCENT, DESCENT, shortened, width, wrapped
from gan1d.render.paint.names import steady_peak
from gan1d.render.paint.numbers import integer, tick, ticks, value
from gan1d.render.paint.places import Area, Curve, Name, Places, Wanted, overlap


def test_numbers_are_written_as_in_the_player() -> None:
    """The examples of format.js' own comments, and rounding by hand."""
    assert integer(12345) == "12\u202f345" and integer(-7) == "−7"
    assert (tick(0.30000000000000004), tick(-2.5), tick(250000), tick(1500)) == ("0.3", "−2.5", "2e5", "1\u202f500")
    assert (value(0.39812), value(12.34), value(-1.005e7), value(1234.5)) == ("0.398", "12.3", "−1.0e7", "1\u202f234")
    assert ticks(-11, 11, 11) == [-10, -8, -6, -4, -2, 0, 2, 4, 6, 8, 10]
    assert ticks(0, 0.26, 5) == pytest.approx([0, 0.1, 0.2]) and ticks(0, 1, 0) == [0, 1] and ticks(1, 1, 5) == []


def test_lines_break_where_there_is_no_room() -> None:
    words = "the quick brown fox jumps over the lazy dog"
    lines = wrapped(words, 10, 100)
    assert " ".join(lines) == words and len(lines) > 1 and all(width(line, 10) <= 100 for line in lines)
    assert "".join(wrapped("x" * 100, 10, 50)) == "x" * 100
    assert shortened(words, 10, 100).endswith("…") and width(shortened(words, 10, 100), 10) <= 100
    assert shortened("fox", 10, 100) == "fox" and shortened("fox", 10, 0) == ""


def test_names_keep_apart_and_stay() -> None:
    area = Area(300, 200, 4)
    places = Places()
    line = Curve(np.array([0.0, 300.0]), np.array([100.0, 100.0]), 300)
    wanted = [Wanted("a", 80, 20, 100, 50), Wanted("b", 80, 20, 110, 55), Wanted("c", 60, 20, curve=line)]
    found = places.place(area, [Name(0, 180, 60, 20)], wanted)
    boxes = [*found.values(), Name(0, 180, 60, 20)]
    assert set(found) == set("abc") and found["a"] == Name(100, 50, 80, 20)
    assert not any(overlap(one, other, 3.9) for one, other in itertools.combinations(boxes, 2))
    assert found["c"].bottom == pytest.approx(96) and ASCENT + DESCENT > 1
    again = places.place(area, [Name(0, 180, 60, 20)], [want._replace(left=want.left + 1) for want in wanted])
    assert abs(again["b"].left - found["b"].left) < 3 and abs(again["b"].top - found["b"].top) < 3
    crowded = places.place(Area(90, 24, 4), [], [Wanted("a", 80, 20), Wanted("b", 80, 20)])
    assert set(crowded) == {"a"}


def test_the_name_of_a_peak_stays_until_another_is_clearly_higher() -> None:
    """As `peaks.js`: kept while it has 0.85 of the highest, and followed uphill."""

    def peaks(a, b):
        return np.exp(-((np.arange(200) - 50) ** 2) / 50) * a + np.exp(-((np.arange(200) - 150) ** 2) / 50) * b

    assert steady_peak(peaks(1, 0.9), None, 9) == 50
    assert steady_peak(peaks(0.9, 1), 48, 9) == 50
    assert steady_peak(peaks(0.8, 1), 50, 9) == 150
