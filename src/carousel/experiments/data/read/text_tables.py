"""Tables as text: decoded, laid out, read by polars; every cell stays text until a column is asked for numbers."""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from dataclasses import replace

import numpy as np
import polars as pl

from carousel.common.errors import BadData
from carousel.experiments.data.arrays import Note
from carousel.experiments.data.options import DataOptions
from carousel.experiments.data.read.affixes import of_half_width, without_affixes
from carousel.experiments.data.read.commented import commented
from carousel.experiments.data.read.conventions import plain_numbers
from carousel.experiments.data.read.counted_header import named
from carousel.experiments.data.read.decoding import decode
from carousel.experiments.data.read.dialect import SPACES, Dialect, rows_of
from carousel.experiments.data.read.footer import without_footer
from carousel.experiments.data.read.orange import described
from carousel.experiments.data.read.source import Source
from carousel.experiments.data.read.table import Table, counts_rows, make_table
from carousel.experiments.data.read.two_headers import joined_headers

_INDEX = "index"
_LOOKED_AT = 2**16  # characters
_ENDLESS = 2**17  # characters: a last cell of more, over several lines, is a quote that never ends


def read_csv(source: Source, options: DataOptions) -> Table:
    """Cells separated by comma, semicolon, tab, bar or white space, as the file itself says."""
    return _read(source, options, None)


def read_tsv(source: Source, options: DataOptions) -> Table:
    """Cells separated by tabs."""
    return _read(source, options, "\t")


def _read(source: Source, options: DataOptions, separator: str | None) -> Table:
    text, notes = decode(source, options.encoding)
    text = text.lstrip("\ufeff")
    text = text if "\n" in text else text.replace("\r", "\n")  # ends of lines of old Macs
    text, ended = _without_ends(text)
    notes += ended
    dialect = commented(text, separator)
    _refuse_endless_cell(source, text, dialect)
    rest = text.split("\n", dialect.before + dialect.headed)
    body = rest[-1] if len(rest) > dialect.before + dialect.headed else ""
    frame = _frame(source, body, dialect)
    frame = named(frame, dialect.classes) if dialect.classes else frame
    return as_table(frame, dialect, source, options, notes)


def _without_ends(text: str) -> tuple[str, list[Note]]:
    """Without a semicolon that does nothing but end each line."""
    lines = [line for line in text[:_LOOKED_AT].splitlines()[:-1] if line.strip()]
    below = lines[1:]  # a header may lack it
    plain = all(line.rstrip().endswith(";") and line.count(";") == 1 for line in below)
    if len(below) < 2 or not plain or lines[0].rstrip().rstrip(";").count(";"):
        return text, []
    return re.sub(r";[ \t\r]*$", "", text, flags=re.MULTILINE), [{"key": "line_ends", "mark": ";"}]


def as_table(frame: pl.DataFrame, dialect: Dialect, source: Source, options: DataOptions, notes: list[Note]) -> Table:
    """Cells of text, the columns named by their places, as a table: columns named, units and marks of numbers read."""
    frame, dialect = joined_headers(*described(frame, dialect, options))
    frame, unnamed = _named(frame, dialect, source)
    made = make_table(
        frame, np.arange(frame.height) + dialect.before + dialect.headed + 1, source.name, options.not_missing
    )
    made = replace(made, notes=[*notes, *dialect.notes, *unnamed, *made.notes])
    return plain_numbers(without_affixes(_without_units(of_half_width(without_footer(made))), options), options.decimal)


def _frame(source: Source, body: str, dialect: Dialect) -> pl.DataFrame:
    """The rows, the columns named by their places."""
    places = {str(place): pl.String for place in range(len(dialect.names))}
    if not places:
        raise BadData(f"{source.name} holds no rows", got="no columns", fix="give a file that holds data")
    if not body.strip():
        return pl.DataFrame(schema=places)
    separator, data = dialect.separator, body
    if separator == SPACES or not separator.isascii():  # the table library takes one byte
        csv.writer(written := io.StringIO(newline=""), delimiter="\t").writerows(rows_of(body, separator))
        separator, data = "\t", written.getvalue()
    try:
        return pl.read_csv(data.encode(), separator=separator, has_header=False, infer_schema=False, schema=places)
    except pl.exceptions.PolarsError as error:
        _refuse_long_row(source, body, dialect)
        raise _broken(source, error) from error


def _named(frame: pl.DataFrame, dialect: Dialect, source: Source) -> tuple[pl.DataFrame, list[Note]]:
    """The columns by their names. A nameless first column that counts the rows is left out, and an empty one anywhere;
    BadData for another nameless one, and for a name that occurs twice."""
    names, notes, dropped = list(dialect.names), list[Note](), list[str]()
    for place, name in enumerate(names):
        series = frame[str(place)]
        if name:
            if name in names[:place]:
                raise BadData(f"{source.name} has two columns named {name!r}", fix="rename or remove one")
        elif frame.height and not series.str.strip_chars().fill_null("").ne("").any():
            dropped.append(str(place))
            notes.append({"key": "empty_column", "place": place + 1})
        elif place == 0 and frame.height and counts_rows(series):
            dropped.append(str(place))
            notes.append({"key": "counter", "column": "1"})
        elif place == 0 and _INDEX not in names:
            names[0] = _INDEX
            notes.append({"key": "unnamed_index", "column": _INDEX})
        else:
            raise BadData(f"column {place + 1} of {source.name} has no name", fix="name it in the header, or remove it")
    kept = {str(place): name for place, name in enumerate(names) if str(place) not in dropped}
    return frame.select(list(kept)).rename(kept), notes


def _without_units(table: Table) -> Table:
    """Without a first row that holds units: words over columns of numbers, and no number."""
    frame = table.frame
    if frame.height < 3:
        return table
    first, rest = frame.row(0), frame[1:]
    numeric = [rest[name].cast(pl.Float64, strict=False) for name in frame.columns]
    whole = [n.null_count() == rest[s].null_count() < rest.height for n, s in zip(numeric, frame.columns, strict=True)]
    units = [cell for cell, numbers in zip(first, whole, strict=True) if numbers and cell is not None]
    texts = [cell for cell in first if cell is not None]
    if not units or any(_reads_as_number(cell) for cell in texts) or 2 * len(units) < sum(whole):
        return table
    note: Note = {"key": "units", "row": int(table.rows[0]), "values": units}
    return replace(table, frame=rest, rows=table.rows[1:], notes=[*table.notes, note])


def _reads_as_number(cell: str) -> bool:
    return pl.Series([cell]).cast(pl.Float64, strict=False)[0] is not None


def _refuse_endless_cell(source: Source, text: str, dialect: Dialect) -> None:
    if dialect.separator == SPACES or '"' not in text:
        return
    try:
        last = next(iter(deque(rows_of(text, dialect.separator), maxlen=1)), [])
    except csv.Error as error:
        raise _broken(source, error) from error
    if any(len(cell) > _ENDLESS and "\n" in cell for cell in last):
        raise _broken(source, f"the quote before {max(last, key=len)[:20].strip()!r} never ends")


def _refuse_long_row(source: Source, body: str, dialect: Dialect) -> None:
    width = len(dialect.names)
    for number, row in enumerate(rows_of(body, dialect.separator), dialect.before + dialect.headed + 1):
        if len(row) > width:
            raise BadData(
                f"row {number} of {source.name} has {len(row)} cells where the header has {width}",
                fix=f"remove the extra cells, or quote a cell that holds {dialect.separator!r}",
            )


def _broken(source: Source, reason: object) -> BadData:
    first = str(reason).strip().splitlines()[0]
    return BadData(f"{source.name} cannot be read as text table", got=first, fix="write the file again")
