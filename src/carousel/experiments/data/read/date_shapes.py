"""How people write dates and times of day: a shape is a pattern, what it becomes in one plain order, and its format.

A pattern's groups: y, m, d, b (a month's name), q (a quarter), w (a week); H, M, S, f (fraction), p (AM or PM), z
(zone).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import polars as pl


@dataclass(frozen=True)
class Shape:
    """written: for a person. plain: what a match of `pattern` is replaced by; `parse` reads that by `format`.

    asked: the --date-format that says the same. zoned: it holds a zone. clock: it is a time of day without a date.
    """

    written: str
    pattern: str
    plain: str
    format: str
    asked: str
    zoned: bool = False
    clock: bool = False

    @property
    def whole_days(self) -> bool:
        """It says no time of day."""
        return "%H" not in self.format and "%I" not in self.format

    def fits(self, text: str) -> bool:
        """Whether one text may have this shape, at a hundredth of what `parse` takes for it."""
        return re.search(self.pattern.replace("(?<", "(?P<"), text) is not None

    def parse(self, series: pl.Series) -> pl.Series:
        """[R] dates or date-times; null where a text has another shape, or no such day exists."""
        strict = series.set(~series.str.contains(self.pattern), None)
        plain = strict.str.replace(self.pattern, self.plain).str.replace(r":($|[^\d])", ":00${1}")
        plain = plain.str.replace(",", ".", literal=True).str.replace("(?:Z|UTC|GMT)$", "+00:00")
        plain = plain.str.replace_many(_WORDS) if any(mark in self.plain for mark in _OF_WORDS) else plain
        if self.whole_days:
            return plain.str.strptime(pl.Date, self.format, strict=False)
        kind = pl.Datetime("us", "UTC") if self.zoned else pl.Datetime("us")
        ends = plain.str.contains(_MIDNIGHT).fill_null(False)
        if self.clock or not ends.any():
            return plain.str.strptime(kind, self.format, strict=False)
        parsed = plain.str.replace(_MIDNIGHT, "T00${1}").str.strptime(kind, self.format, strict=False)
        return parsed.zip_with(~ends, parsed.dt.offset_by("1d"))


_MIDNIGHT = r"T24((?::00)*(?:\.0+)?(?:[+-]\d{2}:?\d{2})?)$"  # 24:00 ends a day, as ISO 8601 has it
_MONTHS_OF_QUARTERS = ("01", "04", "07", "10")
_OF_WORDS = ("Q${q}", "${p}M")  # of `plain`: what a match leaves there is a word
_WORDS = {
    **{f"Q{q}": month for q, month in zip("1234", _MONTHS_OF_QUARTERS, strict=True)},
    **{f"Q{q}": month for q, month in zip("一二三四", _MONTHS_OF_QUARTERS, strict=True)},
    "上午M": "AM",
    "下午M": "PM",
}
_DAY = r"(?<d>\d{1,2})"
_MONTH = r"(?<m>\d{1,2})"
_YEAR = r"(?<y>\d{4})"
_SHORT = r"(?<y>\d{2})"
_NAME = r"(?i:(?<b>[a-z]{3})(?:uary|ruary|ch|il|e|y|ust|t|tember|ober|ember)?)\.?"
_YMD, _NAMED = ("${y}-${m}-${d}", "%Y-%m-%d"), ("${y}-${b}-${d}", "%Y-%b-%d")
_SHORT_YMD = ("${y}-${m}-${d}", "%y-%m-%d")


_Date = tuple[str, str, tuple[str, str], str]  # written, pattern, (plain, format), asked; of a time of day alike
_Time = _Date


def _separated(mark: str) -> list[_Date]:
    """Day, month and year with this mark between them, in every order in use."""
    sep = rf"\{mark}"

    def shape(*parts: tuple[str, str, str], plain: tuple[str, str]) -> _Date:
        names, patterns, asked = zip(*parts, strict=True)
        return mark.join(names), sep.join(patterns), plain, mark.join(asked)

    day, month = ("DD", _DAY, "%d"), ("MM", _MONTH, "%m")
    year, short = ("YYYY", _YEAR, "%Y"), ("YY", _SHORT, "%y")
    long = [shape(*parts, plain=_YMD) for parts in ((year, month, day), (day, month, year), (month, day, year))]
    two = ((day, month, short), (month, day, short), (short, month, day))
    return [*long, *(shape(*parts, plain=_SHORT_YMD) for parts in two)]


_DATES = (
    *(shape for mark in "-/." for shape in _separated(mark)),
    ("YYYY MM DD", rf"{_YEAR} {_MONTH} {_DAY}", _YMD, "%Y %m %d"),
    ("YYYYMMDD", r"(?<y>(?:19|20)\d{2})(?<m>\d{2})(?<d>\d{2})", _YMD, "%Y%m%d"),
    ("YYYY年MM月DD日", rf"{_YEAR}年 ?{_MONTH}月 ?{_DAY}日", _YMD, "%Y年%m月%d日"),
    ("Mon DD YYYY", rf"(?:[A-Za-z]{{3,9}},? )?{_NAME} {_DAY},? {_YEAR}", _NAMED, "%b %d %Y"),
    ("Mon-DD-YYYY", rf"{_NAME}-{_DAY}-{_YEAR}", _NAMED, "%b-%d-%Y"),
    ("DD Mon YYYY", rf"(?:[A-Za-z]{{3,9}},? )?{_DAY}[ -]{_NAME},?[ -]{_YEAR}", _NAMED, "%d %b %Y"),
    ("DD-Mon-YY", rf"{_DAY}[ -]{_NAME}[ -]{_SHORT}", ("${y}-${b}-${d}", "%y-%b-%d"), "%d-%b-%y"),
)
_WEEK = ("${y}-W${w}-1", "%G-W%V-%u")  # its Monday, by ISO 8601
_MONTHS = (
    *((f"YYYY{m}MM", rf"{_YEAR}\{m}{_MONTH}", ("${y}-${m}-1", "%Y-%m-%d")) for m in "-/."),
    ("YYYY MM", rf"{_YEAR} {_MONTH}", ("${y}-${m}-1", "%Y-%m-%d")),
    ("YYYYMM", r"(?<y>(?:19|20)\d{2})(?<m>\d{2})", ("${y}-${m}-1", "%Y-%m-%d")),
    ("MM/YYYY", rf"{_MONTH}/{_YEAR}", ("${y}-${m}-1", "%Y-%m-%d")),
    ("YYYY年MM月", rf"{_YEAR}年 ?{_MONTH}月", ("${y}-${m}-1", "%Y-%m-%d")),
    ("YYYY年", rf"{_YEAR}年", ("${y}-1-1", "%Y-%m-%d")),
    ("YYYY Mon", rf"{_YEAR}[ -]{_NAME}", ("${y}-${b}-1", "%Y-%b-%d")),
    ("Mon YYYY", rf"{_NAME},?[ -]{_YEAR}", ("${y}-${b}-1", "%Y-%b-%d")),
    ("YYYYQn", rf"{_YEAR}[ -]?[Qq](?<q>[1-4])", ("${y}-Q${q}-1", "%Y-%m-%d")),
    ("YYYY年n季度", rf"{_YEAR}年?第?(?<q>[1-4一二三四])季度?", ("${y}-Q${q}-1", "%Y-%m-%d")),
    ("YYYY-Wnn", rf"{_YEAR}[ -]?[Ww](?<w>\d{{1,2}})", _WEEK),
    ("YYYY年第n周", rf"{_YEAR}年 ?第(?<w>\d{{1,2}})周", _WEEK),
    ("Mon-YY", rf"{_NAME}[- '’]{_SHORT}", ("${y}-${b}-1", "%y-%b-%d")),
    ("Qn YYYY", rf"[Qq](?<q>[1-4])[ -]?{_YEAR}", ("${y}-Q${q}-1", "%Y-%m-%d")),
)
_CLOCK = r"(?<H>\d{1,2}):(?<M>\d{2})(?::(?<S>\d{2})(?<f>[.,]\d+)?)?"
_HALF = r"(?<H>\d{1,2}):(?<M>\d{2})(?::(?<S>\d{2}))? ?(?<p>[AaPp])\.?[Mm]\.?"
_NOON = r"(?<p>上午|下午) ?(?<H>\d{1,2}):(?<M>\d{2})(?::(?<S>\d{2}))?"
_ZONE = r" ?(?<z>Z|UTC|GMT|[+-]\d{2}:?\d{2})"
_FULL = ("${H}:${M}:${S}${f}", "%H:%M:%S%.f")
_HALF_FULL = ("${H}:${M}:${S} ${p}M", "%I:%M:%S %p")
_TIMES = (
    ("HH:MM[:SS]", _CLOCK, _FULL, "%H:%M:%S"),
    ("HH:MM[:SS] AM", _HALF, _HALF_FULL, "%I:%M:%S %p"),
    ("上午HH:MM[:SS]", _NOON, _HALF_FULL, "%I:%M:%S %p"),
    ("HH.MM.SS", r"(?<H>\d{1,2})\.(?<M>\d{2})\.(?<S>\d{2})", ("${H}:${M}:${S}", "%H:%M:%S"), "%H.%M.%S"),
)
_HOUR = ("HH", r"(?<H>\d{1,2})", ("${H}:00:00", "%H:%M:%S"), "%H")
_SPOKEN_HOUR = r"(?<H>\d{1,2})[时点]"
_SPOKEN = (
    ("HH时", _SPOKEN_HOUR, ("${H}:00:00", "%H:%M:%S"), "%H时"),
    ("HH时MM分", _SPOKEN_HOUR + r"(?<M>\d{1,2})分", ("${H}:${M}:00", "%H:%M:%S"), "%H时%M分"),
    (
        "HH时MM分SS秒",
        r"(?<H>\d{1,2})[时点](?<M>\d{1,2})分(?<S>\d{1,2})秒",
        ("${H}:${M}:${S}", "%H:%M:%S"),
        "%H时%M分%S秒",
    ),
)
_COMPACT = (
    ("HH", r"(?<H>\d{2})", ("${H}:00:00", "%H:%M:%S"), "%H"),
    ("HHMM", r"(?<H>\d{2})(?<M>\d{2})", ("${H}:${M}:00", "%H:%M:%S"), "%H%M"),
    ("HHMMSS", r"(?<H>\d{2})(?<M>\d{2})(?<S>\d{2})", ("${H}:${M}:${S}", "%H:%M:%S"), "%H%M%S"),
)


@cache
def shapes() -> tuple[Shape, ...]:
    """All that are read, the plainest first."""
    found = [Shape(name, f"^{pattern}$", *plain, asked) for name, pattern, plain, asked in _DATES]
    found += [Shape(name, f"^{pattern}$", *plain, "") for name, pattern, plain in _MONTHS]
    for date in _DATES:
        found += [_moment(date, time) for time in (*_TIMES, _HOUR)]
        found += [_moment(date, time, " *") for time in _SPOKEN]
        found.append(_zoned(date))
    found.append(_unix())
    compact = next(date for date in _DATES if date[0] == "YYYYMMDD")
    found += [_moment(compact, time, "", "") for time in _COMPACT]
    found += [_moment(compact, time, "T", "T") for time in _COMPACT]
    return tuple(found + [_alone(time) for time in _TIMES])


def _moment(date: _Date, time: _Time, between: str = r"(?:T| +)", shown: str = " ") -> Shape:
    name, pattern, (plain, form), asked = date
    clock, of_day, (plain_time, form_time), asked_time = time
    return Shape(
        f"{name}{shown}{clock}",
        f"^{pattern}{between}{of_day}$",
        f"{plain}T{plain_time}",
        f"{form}T{form_time}",
        f"{asked}{shown}{asked_time}",
    )


def _zoned(date: _Date) -> Shape:
    name, pattern, (plain, form), asked = date
    whole = f"^{pattern}(?:T| +){_CLOCK}{_ZONE}$"
    plain, form = f"{plain}T{_FULL[0]}${{z}}", f"{form}T{_FULL[1]}%z"
    return Shape(f"{name} HH:MM[:SS]+HH:MM", whole, plain, form, f"{asked} %H:%M:%S%z", zoned=True)


def _unix() -> Shape:
    """As `date` prints it, and old services their answers."""
    pattern = rf"^[A-Z][a-z]{{2}} {_NAME} +{_DAY} {_CLOCK}{_ZONE} {_YEAR}$"
    plain, form = f"{_NAMED[0]}T{_FULL[0]}${{z}}", f"{_NAMED[1]}T{_FULL[1]}%z"
    return Shape("Day Mon DD HH:MM:SS ZONE YYYY", pattern, plain, form, "%a %b %d %H:%M:%S %z %Y", zoned=True)


def _alone(time: _Time) -> Shape:
    name, pattern, (plain, form), asked = time
    return Shape(name, f"^{pattern}$", f"1970-1-1T{plain}", f"%Y-%m-%dT{form}", asked, clock=True)
