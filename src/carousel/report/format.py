"""Numbers as a person reads them, formatted once: both languages, page and Markdown show the same digits."""

from __future__ import annotations

import math
from collections.abc import Iterable

MISSING = "—"
MINUS = "−"
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def fixed(value: float | None, decimals: int = 3) -> str:
    """`value` with so many decimals; a dash where it was not measured."""
    if value is None or math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    shown = f"{value:,.{decimals}f}"
    if float(shown.replace(",", "")) == 0:
        shown = shown.removeprefix("-")
    return shown.replace("-", MINUS)


def compact(value: float | None, digits: int = 3) -> str:
    """`value` with so many significant digits; a power of ten only below 1e-4 or from 1e6 on."""
    if value is None or not math.isfinite(value) or value == 0:
        return fixed(value, 0)
    size = math.floor(math.log10(abs(value)))
    if -5 < size < 6:
        return fixed(value, max(0, digits - 1 - size))
    return f"{fixed(value / 10.0**size, digits - 1)}e{size}".replace("-", MINUS)


def rate(value: float) -> str:
    """A learning rate or another number a person typed: its shortest exact form."""
    return f"{value:g}".replace("e-0", "e-")


def count(value: int | None) -> str:
    """A whole number, thousands set off."""
    return MISSING if value is None else f"{value:,}".replace("-", MINUS)


def interval(low: float | None, high: float | None, decimals: int = 3) -> str:
    """A 95 % interval: "[low, high]"; a dash where there is none."""
    if low is None or high is None:
        return MISSING
    return f"[{fixed(low, decimals)}, {fixed(high, decimals)}]"


def decimals_for(values: Iterable[float | None]) -> int:
    """Decimals that show the width of the spread of `values` with two significant digits, 1 to 5."""
    known = [v for v in values if v is not None and math.isfinite(v)]
    width = max(known, default=0.0) - min(known, default=0.0) or max(map(abs, known), default=0.0)
    return min(5, max(1, 1 - math.floor(math.log10(width)))) if width else 1


def power_of_ten(exponent: int) -> str:
    """"10⁻⁵", as an axis label; "1" for exponent 0."""
    return "1" if exponent == 0 else "10" + str(exponent).translate(_SUPERSCRIPT)
