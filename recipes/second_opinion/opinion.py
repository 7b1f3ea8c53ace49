"""What is printed against what was recomputed: one line a number, counted by kind."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

Value = float | str | bool | None
Range = tuple[float, float]
RELATIVE = 1e-9  # of numbers stored in full: float64 sums in another order


@dataclass(frozen=True)
class Line:
    """One number: its kind, which it is, as printed, as recomputed, and whether they agree."""

    kind: str
    what: str
    printed: Value
    ours: Value | Range
    agrees: bool


@dataclass
class Opinion:
    """All lines. `left_out`: why a number was not recomputed, and how many there are of these."""

    lines: list[Line] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    def say(self, kind: str, what: str, printed: Value, ours: Value | Range, tolerance: float | None = None) -> None:
        """Compare and keep. printed: a number in full, or as text with the digits that a page shows. ours: a value, or
        (least, most) where chance of the other program is in it. tolerance: absolute; None for rounding alone."""
        self.lines.append(Line(kind, what, printed, ours, agree(printed, ours, tolerance)))

    def omit(self, why: str, count: int = 1) -> None:
        """What is in the folder and is not recomputed."""
        self.left_out[why] += count

    def counts(self) -> Counter[str]:
        """Lines by kind."""
        return Counter(line.kind for line in self.lines)

    def wrong(self) -> list[Line]:
        """Lines that do not agree."""
        return [line for line in self.lines if not line.agrees]

    def table(self, *, every: bool) -> Iterator[str]:
        """what, printed, recomputed, agree: every line, or only those that do not."""
        yield f"{'what':<92} {'printed':>24} {'recomputed':>24} agree"
        for line in self.lines if every else self.wrong():
            what, agrees = f"{line.kind}: {line.what}", "yes" if line.agrees else "NO"
            yield f"{what:<92} {shown(line.printed):>24} {shown(line.ours):>24} {agrees}"


def agree(printed: Value, ours: Value | Range, tolerance: float | None) -> bool:
    """Text that is a number: to its last digit. A number: to rounding, or the tolerance. No limit is None there, and
    infinite here. All else: equal."""
    if printed is None and isinstance(ours, tuple):
        return math.isinf(ours[0]) and math.isinf(ours[1])
    if printed is None or ours is None or isinstance(printed, bool) or isinstance(ours, bool):
        return printed is ours
    if isinstance(ours, str):
        return printed == ours
    least, most = ours if isinstance(ours, tuple) else (ours, ours)
    if isinstance(printed, str):
        value, unit = read(printed)
        slack = unit / 2 * (1 + 1e-6)
    else:
        value = float(printed)
        slack = RELATIVE * max(1e-3, abs(value)) if math.isfinite(value) else 0.0
    if tolerance is not None:
        slack = max(slack, tolerance)
    if math.isinf(value) or math.isinf(least) or math.isinf(most):
        return least <= value <= most
    return least - slack <= value <= most + slack


def read(text: str) -> tuple[float, float]:
    """The number of a text and the worth of its last digit: "-0.0566" is (-0.0566, 0.0001). Raises ValueError."""
    plain = text.replace("\u2212", "-").replace(",", "").replace("\u221e", "inf").strip().removeprefix("+")
    value = float(plain)
    match = re.fullmatch(r"-?(\d*)(?:\.(\d*))?(?:e(-?\d+))?", plain)
    if match is None:
        return value, 0.0
    return value, 10.0 ** (int(match[3] or 0) - len(match[2] or ""))


def shown(value: Value | Range) -> str:
    """For the table; a range as least..most."""
    if isinstance(value, tuple):
        return f"{value[0]:.6g}..{value[1]:.6g}"
    return f"{value:.9g}" if isinstance(value, float) else str(value)
