"""A whole JSON document as a table: a list of objects, columns as pandas writes them, or either inside an answer of a
service."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import polars as pl

from carousel.common.errors import BadData
from carousel.experiments.data.arrays import Note
from carousel.experiments.data.options import DataOptions
from carousel.experiments.data.read.dates import text_dates
from carousel.experiments.data.read.decoding import decode
from carousel.experiments.data.read.source import Source
from carousel.experiments.data.read.table import Table
from carousel.experiments.data.read.tables import read_jsonl

_FIX = 'write [{"column": value}, ...], or one object a line as .jsonl'
_DEEPEST = 4  # levels at which a table is looked for
_DATE = "date"  # the column of the keys
_Rows = list[dict[str, Any]]


def read_json(source: Source, options: DataOptions) -> Table:
    """A JSON document, read as if each of its rows were a line of JSON lines; rows count from 1."""
    text, notes = decode(source, options.encoding)
    try:
        place, rows = _largest(json.loads(text), source)
        lines = "\n".join(json.dumps(_flat(row)) for row in rows)
    except (ValueError, RecursionError) as error:
        if "\n{" in text.strip():
            raise BadData(f"{source.name} holds one object a line", fix="name it .jsonl") from error
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "it is nested too deep, or a number too long"
        raise BadData(f"{source.name} is not JSON", got=reason, fix=_FIX) from error
    if not rows:
        raise BadData(f"{source.name} holds no rows", got="no columns", fix="give a file that holds data")
    made = read_jsonl(replace(source, data=lines.encode()), replace(options, encoding=None))
    inside: list[Note] = [{"key": "json_inside", "place": place, "count": len(rows)}] if place else []
    return replace(made, notes=[*notes, *inside, *made.notes])


def _largest(document: Any, source: Source) -> tuple[str, _Rows]:
    """(where it is, its rows) of the table with the most rows; the document itself before what is in it."""
    own = _rows(document)
    if own is not None:
        return "", own
    found = list(_inside(document, "", 1))
    if not found:
        raise BadData(f"{source.name} is no table", allowed="a list of objects, or columns of one length", fix=_FIX)
    return max(found, key=lambda table: len(table[1]))


def _inside(value: Any, path: str, level: int) -> Iterator[tuple[str, _Rows]]:
    parts = value.items() if isinstance(value, dict) else enumerate(value, 1) if isinstance(value, list) else ()
    for key, part in parts:
        place, rows = f"{path}.{key}" if path else str(key), _rows(part)
        if rows:
            yield place, rows
        elif level < _DEEPEST:
            yield from _inside(part, place, level + 1)


def _rows(document: Any) -> _Rows | None:
    """Of a list its objects; of columns, each a list or an object by row, the rows. None of what is neither."""
    if isinstance(document, list):
        return document if all(isinstance(row, dict) for row in document) else None
    if not isinstance(document, dict) or not document:
        return None
    names, table = document.get("columns"), document.get("data")
    if isinstance(names, list) and isinstance(table, list) and all(isinstance(row, list) for row in table):
        return [dict(zip(map(str, names), row, strict=False)) for row in table]
    columns = list(document.values())
    if _by_date(document):
        return [{_DATE: day, **row} for day, row in document.items()]
    if all(isinstance(column, dict) and column.keys() == columns[0].keys() for column in columns):
        columns = [list(column.values()) for column in columns]
    if any(not isinstance(c, list) or len(c) != len(columns[0]) for c in columns) or any(map(_are_rows, columns)):
        return None
    return [dict(zip(document, row, strict=True)) for row in zip(*columns, strict=True)]


def _by_date(document: dict[str, Any]) -> bool:
    """Objects of one kind, each under its date. Those of a panel, which pandas writes by its columns, number rows."""
    first, *others = document.values()
    if len(others) < 3 or not isinstance(first, dict) or not first or all(name.isdecimal() for name in first):
        return False
    alike = all(isinstance(row, dict) and row.keys() == first.keys() for row in others)
    return alike and _DATE not in first and text_dates(pl.Series(list(document))) == "date"


def _are_rows(column: list[Any]) -> bool:
    """Objects that have several names each: a table of its own, and no column of one."""
    return len(column) > 0 and all(isinstance(cell, dict) and len(cell) > 1 for cell in column)


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """Objects in a cell as columns of their own: `indicator.id`."""
    flat: dict[str, Any] = {}
    for name, value in row.items():
        inner = _flat(value) if isinstance(value, dict) else None
        flat |= {name: value} if inner is None else {f"{name}.{key}": cell for key, cell in inner.items()}
    return flat
