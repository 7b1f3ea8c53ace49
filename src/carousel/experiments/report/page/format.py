"""An effect and its interval as they are printed: the same digits as in the sentences of the verdicts."""

from __future__ import annotations

import math
import re

from carousel.common.pages.numbers import MINUS, MISSING, fixed
from carousel.experiments.decision.statistics.interval import UNBOUNDED, Interval
from carousel.experiments.decision.wording import number


def significant(value: float | None) -> str:
    """Three significant digits, the same digits as in the sentences of the verdicts."""
    if value is None or not math.isfinite(value):
        return fixed(value)
    return re.sub(r"e([+-])0*", r"e\1", number(value)).replace("e+", "e").replace("-", MINUS)


def limits(interval: Interval) -> str:
    """An effect's 95 % interval; an end without a limit is infinite, none at all a dash."""
    if interval == UNBOUNDED:
        return MISSING
    return f"[{significant(interval.low)}, {significant(interval.high)}]"
