"""What stands beside the numbers of a column: a currency sign, a unit, parentheses for a minus, a mark for no value.

A column is read so only where all of its cells agree: numbers with one sign and one unit, or such a mark.
"""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from carousel.experiments.data.arrays import Note
from carousel.experiments.data.options import DataOptions, several
from carousel.experiments.data.read.multiples import multiplied
from carousel.experiments.data.read.table import Table

# Each means no value where every other cell of the column is a number; among words it may be one of them.
_MARKS = frozenset(
    (".", "..", "...", "-", "--", "---", "–", "—", "*", "#N/A", "#NA", "#DIV/0!", "#VALUE!", "#REF!", "#NUM!", "#NULL!",
     "n/a", "n.a.", "N.A.", "<NA>", "NaT", "nil", "missing", "Missing", "MISSING", "none", "NONE", "缺失", "无")
)  # fmt: skip
_UNITS = (
    "m s g h d l L V W K C F k M Hz kHz MHz GHz kg mg km cm mm nm ml mL kW kWh MW MWh Wh GWh Pa kPa hPa MPa bar mbar "
    "psi rpm dB dBm mV kV mA ms us ns min sec hrs ppm ppb lx lm lbs lb ft mi mph kmh kn in yd USD EUR GBP CHF JPY CNY "
    "B bn T"
).replace(" ", "|")  # what may be glued to a number; other letters glued to one are a name, such as 12a
_AFFIXED = (
    r"^(?P<open>\()?(?P<sign>[+-]?)(?P<before>\p{Sc}?) ?(?P<minus>-?)"
    r"(?P<number>(?:\d[\d.,'’\u00a0\u202f ]*\d|\d|\d*[.,]\d+)(?:[eE][+-]?\d+)?)"
    rf"(?P<after>[ \u00a0][^\d\s.,()%:;/+-][^\d()]{{0,11}}|[^\x00-\x7f][^\d()]{{0,5}}|(?:{_UNITS})(?:/[a-z]{{1,3}})?)?"
    r"(?P<close>\))?$"
)
_FIRST = 64  # cells
_HALF_WIDTH = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}  # "！" to "～", as "!" to "~"
_WIDE_DIGIT = "[０-９]"
_WIDE_OR_PLAIN = r"^[０-９．，－＋：／％\d.,:/+%\- 年月日时分秒第周季度]+$"


def without_affixes(table: Table, options: DataOptions) -> Table:
    """The columns of text that hold numbers with something beside them, as these numbers alone; told in the card.
    Names of sequences and blocks stay as they are, and so do times, which have units of their own."""
    roles = {*several(options.group), *several(options.order), *several(options.block)}
    changed, notes = list[pl.Series](), list[Note]()
    for series in table.frame.get_columns():
        if series.dtype == pl.String and series.name not in roles:
            bare, told = _bare(series, _MARKS.union(options.missing).difference(options.not_missing))
            changed += [bare] if told else []
            notes += told
    return replace(table, frame=table.frame.with_columns(changed), notes=[*table.notes, *notes])


def of_half_width(table: Table) -> Table:
    """Columns of numbers and dates written in characters of full width, as Chinese and Japanese input writes them, in
    those of ASCII; told in the card."""
    changed, notes = list[pl.Series](), list[Note]()
    for series in table.frame.get_columns():
        held = series.drop_nulls() if series.dtype == pl.String else pl.Series([], dtype=pl.String)
        wide = held.str.contains(_WIDE_DIGIT)
        if wide.any() and held.str.contains(_WIDE_OR_PLAIN).all():
            changed.append(series.str.replace_many(_HALF_WIDTH))
            first = held.filter(wide)[0]
            read = pl.Series([first]).str.replace_many(_HALF_WIDTH)[0]
            notes.append({"key": "full_width", "column": series.name, "first": first, "read": read})
    return replace(table, frame=table.frame.with_columns(changed), notes=[*table.notes, *notes])


def _bare(series: pl.Series, marks: frozenset[str]) -> tuple[pl.Series, list[Note]]:
    odd = series.filter(series.is_not_null() & series.cast(pl.Float64, strict=False).is_null())
    marked = odd.is_in(list(marks))
    if not len(odd) or not _numbers(odd.filter(~marked).head(_FIRST)):
        return series, []
    held = series.set(series.is_in(list(marks)).fill_null(False), None)
    values = held.drop_nulls()
    if not len(values) or not _numbers(values):
        return series, []
    notes = _notes_on_marks(series.name, odd.filter(marked))
    parts = values.str.extract_groups(_AFFIXED).struct.unnest()
    before, after = (parts[side].fill_null("").unique().sort().to_list() for side in ("before", "after"))
    if len(after) > 1 and before == [""] and (scaled := multiplied(held, parts, after)) is not None:
        first = int(parts["after"].is_not_null().arg_true()[0])
        told: Note = {"key": "multiples", "column": series.name, "values": [mark.strip() for mark in after if mark],
                      "first": values[first], "read": scaled.drop_nulls()[first]}  # fmt: skip
        return scaled, [*notes, told]
    if after == ["年"] and not any(before):  # 2024年 is a date
        return series, []
    if len(after) > 1 or len([sign for sign in before if sign]) > 1 or not _closed(parts):
        return series, []
    negative = bool(parts["open"].is_not_null().any())
    if not negative and not any((*before, *after)):
        return held, notes
    alone = _alone(held)
    return alone, [*notes, *_notes_on_affixes(series.name, values, alone.drop_nulls(), negative, after[0], before[-1])]


def _numbers(values: pl.Series) -> bool:
    return bool(values.str.contains(_AFFIXED).all())


def _closed(parts: pl.DataFrame) -> bool:
    """Every parenthesis has its partner."""
    return bool((parts["open"].is_null() == parts["close"].is_null()).all())


def _alone(held: pl.Series) -> pl.Series:
    """The numbers, of text still, as `plain_numbers` reads them; in parentheses they are negative."""
    parts = held.str.extract_groups(_AFFIXED).struct.unnest()
    minus = pl.when(pl.col("open").is_not_null() | (pl.col("sign") == "-") | (pl.col("minus") == "-"))
    return parts.select((minus.then(pl.lit("-")).otherwise(pl.lit("")) + pl.col("number")).alias(held.name)).to_series()


def _notes_on_marks(name: str, marked: pl.Series) -> list[Note]:
    return [
        {"key": "mark", "column": name, "mark": mark, "count": int((marked == mark).sum())}
        for mark in marked.unique().sort().to_list()
    ]


def _notes_on_affixes(
    name: str, values: pl.Series, alone: pl.Series, negative: bool, after: str, before: str
) -> list[Note]:
    notes: list[Note] = []
    if before or after:
        beside = before or after.strip()
        notes.append({"key": "affix", "column": name, "beside": beside, "first": values[0], "read": alone[0]})
    if negative:
        place = int(values.str.starts_with("(").arg_true()[0])
        notes.append({"key": "parentheses", "column": name, "first": values[place], "read": alone[place]})
    return notes
