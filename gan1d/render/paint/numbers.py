"""Numbers as the player writes them (``format.js``), and where the ticks of an axis lie."""

from __future__ import annotations

import math

MINUS, NARROW_SPACE = "−", "\u202f"


def integer(value: float) -> str:
    """An integer with its thousands set apart: 12 345."""
    return f"{round(value):,}".replace(",", NARROW_SPACE).replace("-", MINUS)


def value(number: float) -> str:
    """A measured value in about three digits."""
    size = abs(number)
    if size >= 1e6:
        mantissa, power = f"{size:.1e}".split("e")
        said = f"{mantissa}e{int(power)}"
    elif size >= 1000:
        said = integer(size)
    else:
        said = f"{size:.{0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3}f}"
    return (MINUS if number < 0 and float(said.replace(NARROW_SPACE, "")) else "") + said


def tick(number: float) -> str:
    """A tick of an axis: as short as it can be."""
    size = abs(number)
    if size >= 1e5:
        mantissa, power = f"{size:.0e}".split("e")
        said = f"{mantissa}e{int(power)}"
    else:
        said = integer(size) if size >= 1000 else f"{float(f'{size:.4g}'):.10g}"
    return (MINUS if number < 0 else "") + said


def ticks(low: float, high: float, most: float) -> list[float]:
    """Round numbers from low to high: steps of 1, 2 or 5 times a power of ten, about as many as asked for and no more."""
    if not high > low:
        return []
    rough = (high - low) / max(1.0, most)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [k * step for k in range(first, last + 1)]
