"""Packed rows: as near as promised, whatever the numbers."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gan1d.render.packing import pack, unpack

rows = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 5), st.integers(1, 20)),
    elements=st.floats(-(2.0**100), 2.0**100, width=32) | st.sampled_from([np.nan, np.inf, -np.inf, 0.0]),
)


@settings(deadline=None)
@given(rows)
def test_what_is_unpacked_is_what_was_packed(values: np.ndarray) -> None:
    codes, ends = pack(values)
    assert codes.dtype == np.uint16 and len(codes) == values.size and ends.dtype == np.float32
    again = unpack(codes, ends)
    fine = np.isfinite(values)
    np.testing.assert_array_equal(np.isfinite(again), fine)
    for row, back, ok in zip(values.astype(float), again.astype(float), fine, strict=True):
        if ok.any():
            size = np.ptp(row[ok]) / 131068 + np.abs(row[ok]).max() * 1e-6
            assert np.abs(row[ok] - back[ok]).max() <= size
            assert back[ok].min() >= row[ok].min() - size and back[ok].max() <= row[ok].max() + size


def test_a_flat_row_stays_flat() -> None:
    codes, ends = pack(np.full((1, 4), 0.5))
    np.testing.assert_array_equal(unpack(codes, ends), np.full((1, 4), 0.5, np.float32))
