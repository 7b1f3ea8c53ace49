"""How numbers are written: decimal comma, thousands, percent. A column is read so only where all of its cells agree."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from carousel.common.errors import BadData
from carousel.experiments.data.arrays import Note
from carousel.experiments.data.options import Decimal
from carousel.experiments.data.read.table import Table

_SIGN, _POWER = r"^[+-]?", r"([eE][+-]?\d+)?$"
_COMMA = _SIGN + r"\d*(,\d+)?" + _POWER  # 1,5
_COMMA_FULL = _SIGN + r"\d{1,3}(\.\d{3})+(,\d+)?$"  # 1.234,5
_POINT_FULL = _SIGN + r"\d{1,3}(,\d{3})+(\.\d+)?$"  # 1,234.5
_PLAIN = _SIGN + r"(\d+\.?\d*|\.\d+)" + _POWER
_SPACED = _SIGN + r"\d{1,3}([ \u00a0\u202f'’]\d{3})+([.,]\d+)?$"  # 1 234.5
_EITHER = _SIGN + r"[1-9]\d{0,2},\d{3}$"  # 1,234: one and a bit, or more than a thousand
_PERCENT = r"^[^%]*\d ?%$"
_FIRST = 64  # cells


def plain_numbers(table: Table, decimal: Decimal | None) -> Table:
    """Columns of text that are numbers in another way of writing, as plain numbers; told in the card. BadData where a
    column can be read in two ways and nothing else in the file says which."""
    columns = [table.frame[name] for name in table.frame.columns]
    bare = {series.name: _bare(series) for series in columns if series.dtype == pl.String}
    says = decimal or _says(list(bare.values()))
    notes: list[Note] = []
    changed = []
    for name, series in bare.items():
        read = _read(series, says, table)
        if read is None:
            continue
        kind, values = read
        if series.str.contains(_PERCENT).any() or (table.frame[name].str.contains(_PERCENT).fill_null(False)).any():
            kind = "percent" if kind == "plain" else kind
        if kind != "plain":
            changed.append(values.alias(name))
            first = table.frame[name].drop_nulls()[0]
            notes.append(
                {"key": f"numbers_{kind}", "column": name, "first": first, "read": str(values.drop_nulls()[0])}
            )
    return replace(table, frame=table.frame.with_columns(changed), notes=[*table.notes, *notes])


def _bare(series: pl.Series) -> pl.Series:
    """Without a percent sign that every cell ends with, and with an ASCII minus."""
    values = series.drop_nulls()
    if len(values) and values.str.contains(_PERCENT).all():
        series = series.str.replace(r" ?%$", "")
    return series.str.replace("^−", "-")


def _all(series: pl.Series, *patterns: str) -> bool:
    values, pattern = series.drop_nulls(), "|".join(f"(?:{p})" for p in patterns)
    first = bool(len(values)) and bool(values.head(_FIRST).str.contains(pattern).all())  # most that fail, fail here
    return first and bool(values.str.contains(pattern).all())


def _says(columns: list[pl.Series]) -> Decimal | None:
    """What a column that can be read in one way only says of the whole file: its decimal mark."""
    for series in columns:
        held = series.drop_nulls()
        if _all(series, _COMMA, _COMMA_FULL) and held.str.contains(",", literal=True).any():
            if not _all(series, _EITHER, _PLAIN, _POINT_FULL):
                return "comma"
        elif _all(series, _POINT_FULL, _PLAIN) and held.str.contains(r",\d{3}(\.|,)").any():
            return "point"
    return None


def _read(series: pl.Series, says: Decimal | None, table: Table) -> tuple[str, pl.Series] | None:
    """(kind of writing, the numbers as plain text) of a column that is numbers in one way of writing."""
    held = series.drop_nulls()
    if _all(series, _PLAIN):
        grouped = says == "comma" and held.str.contains(r"\.").any() and _all(series, _COMMA_FULL, r"^[+-]?\d{1,3}$")
        return ("grouped", series.str.replace_all(".", "", literal=True)) if grouped else ("plain", series)
    if _all(series, _SPACED, _PLAIN, _COMMA):
        bare = series.str.replace_all(r"[ \u00a0\u202f'’]", "")
        if held.str.contains(r"[ \u00a0\u202f'’]").any():
            return "grouped", bare.str.replace(",", ".", literal=True)
    as_comma, as_point = _all(series, _COMMA, _COMMA_FULL), _all(series, _POINT_FULL, _PLAIN)
    if as_comma and as_point and says is None:
        _refuse_two_readings(series, table)
    if as_comma and (says == "comma" or not as_point):
        plain = series.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
        return "comma", plain
    if as_point:
        return "grouped", series.str.replace_all(",", "", literal=True)
    return None


def _refuse_two_readings(series: pl.Series, table: Table) -> None:
    row = int(series.str.contains(",", literal=True).fill_null(False).arg_true()[0])
    cell = str(series[row])
    raise BadData(
        f"column {series.name!r} can be read in two ways in row {table.rows[row]}",
        got=f"{cell!r} is {cell.replace(',', '.')} with a decimal comma, {cell.replace(',', '')} with thousands",
        fix="say which: --decimal comma or --decimal point",
    )
