"""Numbers as a person reads them, formatted once: every language, page and figure shows the same digits."""

from __future__ import annotations

import math

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


def power_of_ten(exponent: int) -> str:
    """ "10⁻⁵", as an axis label; "1" for exponent 0."""
    return "1" if exponent == 0 else "10" + str(exponent).translate(_SUPERSCRIPT)
