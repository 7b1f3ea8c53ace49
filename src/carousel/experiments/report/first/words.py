"""Texts of the first screen, and shares in percent as a sentence says them."""

from __future__ import annotations

import math
import re

from carousel.common.texts import text

LEAST = 1e-8  # of a share: 0.000001 %, below which no digit helps a reader
MOST_TIMES = 100  # a ratio that is still told
COMMA = {"en": ", ", "zh": "、"}
GAP = {"en": " ", "zh": ""}  # between sentences
_HAN = "\u4e00-\u9fff"
_SEAM = re.compile(rf"(?<=[{_HAN}])(?=[A-Za-z0-9])|(?<=[A-Za-z0-9%])(?=[{_HAN}])")


def say(key: str, lang: str, **values: object) -> str:
    """A text; in Chinese with the space that stands between Han characters and Latin ones, whatever was filled in."""
    filled = text(key, lang, **values)
    return _SEAM.sub(" ", filled) if lang == "zh" else filled


def percent(share: float, lang: str) -> str:
    """ "98.5 %", "59 %", "0.00006 %": two digits, more near 100 %, and no power of ten."""
    if share < LEAST:
        return text("first.percent_below", lang, value="0.000001")
    return text("first.percent", lang, value=_digits(100 * share))


def rounded(share: float, lang: str) -> str:
    """ "90 %", "0 %": a share of things counted, to a whole number."""
    return text("first.percent", lang, value=f"{100 * share:.0f}")


def times(ratio: float, lang: str) -> str:
    """ "2.4", "17", "more than 100": a ratio of errors. Beyond that the smaller error is next to none, and no digit of
    the ratio tells anything."""
    if ratio > MOST_TIMES:
        return text("first.times_over", lang, value=MOST_TIMES)
    return _digits(ratio)


def _digits(value: float) -> str:
    if 99.5 <= value < 99.995:
        return f"{value:.2f}"
    if value >= 10:
        return f"{value:.1f}".removesuffix(".0") if 90 <= value < 100 else f"{value:.0f}"
    return f"{value:.{max(0, 1 - math.floor(math.log10(value)))}f}"
