"""Tables: CSV, TSV, Parquet and JSON lines, by polars; text stays text until a column is asked for numbers."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from itertools import accumulate

import numpy as np
import polars as pl

from carousel.common.errors import BadData
from carousel.experiments.data.read.native import read_in_child
from carousel.experiments.data.read.source import Source
from carousel.experiments.data.read.table import Table, make_table

MOST_LEVELS = 50  # of brackets inside each other in a line of JSON


def read_csv(source: Source) -> Table:
    """Comma-separated text (or by semicolon or tab where the header has no comma), UTF-8, with a header."""
    header = re.split(r"[\r\n]", _text(source).lstrip("\ufeff"), maxsplit=1)[0]
    separator = next((mark for mark in ",;\t" if mark in header), ",")
    return _separated(source, separator)


def read_tsv(source: Source) -> Table:
    """Tab-separated text, UTF-8, with a header."""
    return _separated(source, "\t")


def read_parquet(source: Source) -> Table:
    """A Parquet file, by way of a child process; rows count from 1."""
    fix = "write the file again, or as CSV"
    frame = pl.read_ipc(io.BytesIO(read_in_child(source, "Parquet", fix, "parquet")))
    return make_table(frame, np.arange(frame.height) + 1, source.name)


def read_jsonl(source: Source) -> Table:
    """JSON lines: one object a line; a row's number is its line."""
    lines = _text(source).split("\n")  # not splitlines: U+2028 and its like may be inside a string
    _refuse_deep_nesting(source)
    rows = np.array([number for number, line in enumerate(lines, 1) if line.strip()])
    try:
        frame = pl.read_ndjson(source.data, infer_schema_length=None)
    except pl.exceptions.PolarsError as error:
        _refuse_json(source, lines)
        raise _broken(source, "JSON lines", error) from error
    if frame.height != len(rows):  # more than one object on a line: rows could not be named
        raise _broken(source, "JSON lines", f"{frame.height} objects on {len(rows)} lines")
    return make_table(frame, rows, source.name)


def _separated(source: Source, separator: str) -> Table:
    _check_header(source, separator)
    data = source.data if b"\n" in source.data else source.data.replace(b"\r", b"\n")  # ends of lines of old Macs
    try:
        frame = pl.read_csv(data, separator=separator, infer_schema=False)
    except pl.exceptions.PolarsError as error:
        _refuse_long_row(source, separator)
        raise _broken(source, "text table", error) from error
    frame = frame.rename(str.strip)
    return make_table(frame, np.arange(frame.height) + 2, source.name)  # the header is row 1


def _text(source: Source) -> str:
    if b"\0" in source.data:
        raise BadData(f"{source.name} is a binary file, not text", fix="save the table as CSV in UTF-8")
    try:
        return source.data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = source.data[: error.start].count(b"\n") + 1
        raise BadData(
            f"{source.name} is a binary file, or text that is not UTF-8",
            got=f"byte 0x{source.data[error.start]:02x} in line {line}",
            fix="save it as UTF-8 (in Excel: CSV UTF-8)",
        ) from error


def _check_header(source: Source, separator: str) -> None:
    header = next(_rows(source, separator), [])
    header = [name.strip() for name in header]
    for place, name in enumerate(header):
        if not name:
            raise BadData(f"column {place + 1} of {source.name} has no name", fix="name it in the header, or remove it")
        if name in header[:place]:
            raise BadData(f"{source.name} has two columns named {name!r}", fix="rename or remove one")


def _rows(source: Source, separator: str) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(_text(source).lstrip("\ufeff"), newline=""), delimiter=separator)
    try:
        yield from reader
    except csv.Error as error:  # a cell of more than 131,072 characters: mostly a quote that never ends
        raise _broken(source, "text table", error) from error


def _refuse_long_row(source: Source, separator: str) -> None:
    rows = _rows(source, separator)
    width = len(next(rows, []))
    for number, row in enumerate(rows, 2):
        if len(row) > width:
            raise BadData(
                f"row {number} of {source.name} has {len(row)} cells where the header has {width}",
                fix=f"remove the extra cells, or quote a cell that holds {separator!r}",
            )


def _refuse_json(source: Source, lines: list[str]) -> None:
    for number, line in enumerate(lines, 1):
        try:
            value = json.loads(line or "{}")
        except ValueError as error:  # also of a whole number of thousands of digits
            reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
            raise BadData(
                f"line {number} of {source.name} is not JSON", got=reason, fix="write one object a line"
            ) from error
        if not isinstance(value, dict):
            raise BadData(
                f"line {number} of {source.name} is not an object",
                got=line[:40],
                fix='write {"column": value} a line',
            )


def _refuse_deep_nesting(source: Source) -> None:
    # The table library crashes on an object a thousand levels deep; a usable line has one level.
    for number, line in enumerate(source.data.split(b"\n"), 1):
        if line.count(b"[") + line.count(b"{") > MOST_LEVELS and _levels(line) > MOST_LEVELS:
            raise BadData(
                f"line {number} of {source.name} is nested {_levels(line)} levels deep",
                allowed="one number or text a column",
                fix='write {"column": value} a line',
            )


def _levels(line: bytes) -> int:
    brackets = re.findall(rb"[\[\]{}]", re.sub(rb'"(?:[^"\\]|\\.)*"', b"", line))
    return max(accumulate(1 if bracket in b"[{" else -1 for bracket in brackets), default=0)


def _broken(source: Source, kind: str, reason: object) -> BadData:
    first = str(reason).strip().splitlines()[0]
    return BadData(f"{source.name} cannot be read as {kind}", got=first, fix="write the file again")
