"""Half the bytes on the wire: rows of numbers as 16-bit codes between each row's least and greatest."""

from __future__ import annotations

import numpy as np

CODES = 65534
"""Codes from a row's least to its greatest number; one more means "not finite"."""
NOTHING = 65535


def pack(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(codes (F*X,) uint16, ends (F*2,) float32) of rows (F,X): value = low + (high - low) code / `CODES`.

    Off by at most half a code, 1/131068 of the row's range, and float32's rounding.
    """
    rows = np.asarray(values, np.float32).reshape(len(values), -1)
    fine = np.isfinite(rows)
    low = np.where(fine, rows, np.inf).min(axis=1, initial=np.inf)
    high = np.where(fine, rows, -np.inf).max(axis=1, initial=-np.inf)
    low, high = (np.where(np.isfinite(end), end, 0.0).astype(np.float32) for end in (low, high))
    span = np.where(high > low, high.astype(float) - low, 1.0)
    scaled = (np.where(fine, rows, low[:, None]).astype(float) - low[:, None]) / span[:, None]
    codes = np.where(fine, np.rint(scaled * CODES), NOTHING).astype(np.uint16)
    return codes.ravel(), np.stack([low, high], axis=1).ravel()


def unpack(codes: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """The rows (F,X), float32, as the player reads them."""
    low, high = ends.reshape(-1, 2).astype(float).T
    rows = codes.reshape(len(low), -1)
    values = low[:, None] + (high - low)[:, None] * rows / CODES
    return np.where(rows == NOTHING, np.nan, values).astype(np.float32)
