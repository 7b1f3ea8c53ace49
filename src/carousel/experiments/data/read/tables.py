"""Tables that are no plain text: Parquet, JSON lines, Excel workbooks and ARFF."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from itertools import accumulate

import numpy as np
import polars as pl

from carousel.common.errors import BadData
from carousel.experiments.data.arrays import Note
from carousel.experiments.data.options import DataOptions
from carousel.experiments.data.read.decoding import decode
from carousel.experiments.data.read.dialect import Dialect
from carousel.experiments.data.read.native import read_in_child
from carousel.experiments.data.read.source import Source
from carousel.experiments.data.read.table import Table, make_table, without_nested
from carousel.experiments.data.read.text_tables import as_table

MOST_LEVELS = 50  # of brackets inside each other in a line of JSON


def read_parquet(source: Source, options: DataOptions) -> Table:
    """A Parquet file, by way of a child process; rows count from 1."""
    _refuse_of_text(options)
    fix = "write the file again, or as CSV"
    frame = pl.read_ipc(io.BytesIO(read_in_child(source, "Parquet", fix, "parquet")))
    rows = np.arange(frame.height) + 1
    return make_table(without_nested(frame, options.ignore), rows, source.name, options.not_missing)


def read_jsonl(source: Source, options: DataOptions) -> Table:
    """JSON lines: one object a line; a row's number is its line."""
    text, notes = decode(source, options.encoding)
    lines = text.split("\n")  # not splitlines: U+2028 and its like may be inside a string
    source = replace(source, data=text.encode())
    _refuse_deep_nesting(source)
    rows = np.array([number for number, line in enumerate(lines, 1) if line.strip()])
    try:
        frame = pl.read_ndjson(source.data, infer_schema_length=None)
    except pl.exceptions.PolarsError as error:
        _refuse_json(source, lines)
        raise _broken(source, "JSON lines", error) from error
    if frame.height != len(rows):  # more than one object on a line: rows could not be named
        raise _broken(source, "JSON lines", f"{frame.height} objects on {len(rows)} lines")
    made = make_table(without_nested(frame, options.ignore), rows, source.name, options.not_missing)
    return replace(made, notes=notes + made.notes)


def read_workbook(source: Source, options: DataOptions) -> Table:
    """The first sheet of an Excel workbook, by a child process; its header is the first row that is not empty."""
    options.refuse("Excel", {"--encoding": options.encoding})
    head, _, cells = read_in_child(source, "Excel workbook", "save the sheet as CSV UTF-8", "workbook").partition(b"\n")
    told = json.loads(head)
    dialect = Dialect(",", told["above"], tuple(told["header"]), True)
    frame = pl.read_ipc(io.BytesIO(cells))
    frame = frame.rename({name: str(place) for place, name in enumerate(frame.columns)})
    notes: list[Note] = [{"key": "sheets", "count": told["sheets"]}] if told["sheets"] > 1 else []
    if told["title"]:
        notes.append({"key": "before_header", "count": told["above"], "row": told["above"] + 1, "first": told["title"]})
    return as_table(frame, dialect, source, options, notes)


def read_arff(source: Source, options: DataOptions) -> Table:
    """Weka's attribute-relation format, by way of a child process; rows count from 1 after @data."""
    options.refuse("ARFF", {"--encoding": options.encoding, "--decimal": options.decimal})
    fix = "save the table as CSV in UTF-8; of sequences take the .ts file of the same archive"
    frame = pl.read_ipc(io.BytesIO(read_in_child(source, "ARFF", fix, "arff")))
    return make_table(frame, np.arange(frame.height) + 1, source.name, options.not_missing)


def _refuse_of_text(options: DataOptions) -> None:
    options.refuse("Parquet", {"--encoding": options.encoding, "--decimal": options.decimal})


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
