"""A whole JSON document as a table: a list of objects, or one object of columns as pandas writes it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from carousel.common.errors import BadData
from carousel.experiments.data.options import DataOptions
from carousel.experiments.data.read.decoding import decode
from carousel.experiments.data.read.source import Source
from carousel.experiments.data.read.table import Table
from carousel.experiments.data.read.tables import read_jsonl

_FIX = 'write [{"column": value}, ...], or one object a line as .jsonl'


def read_json(source: Source, options: DataOptions) -> Table:
    """A JSON document, read as if each of its rows were a line of JSON lines; rows count from 1."""
    text, notes = decode(source, options.encoding)
    try:
        rows = _rows(json.loads(text), source)
        lines = "\n".join(json.dumps(row) for row in rows)
    except (ValueError, RecursionError) as error:
        if "\n{" in text.strip():
            raise BadData(f"{source.name} holds one object a line", fix="name it .jsonl") from error
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "it is nested too deep, or a number too long"
        raise BadData(f"{source.name} is not JSON", got=reason, fix=_FIX) from error
    if not rows:
        raise BadData(f"{source.name} holds no rows", got="no columns", fix="give a file that holds data")
    made = read_jsonl(replace(source, data=lines.encode()), replace(options, encoding=None))
    return replace(made, notes=notes + made.notes)


def _rows(document: Any, source: Source) -> list[dict[str, Any]]:
    """Of a list its objects; of columns, each a list or an object by row, the rows."""
    if isinstance(document, list) and all(isinstance(row, dict) for row in document):
        return document
    columns = list(document.values()) if isinstance(document, dict) else []
    if columns and all(isinstance(column, dict) and column.keys() == columns[0].keys() for column in columns):
        columns = [list(column.values()) for column in columns]
    if not columns or any(not isinstance(c, list) or len(c) != len(columns[0]) for c in columns):
        raise BadData(f"{source.name} is no table", allowed="a list of objects, or columns of one length", fix=_FIX)
    return [dict(zip(document, row, strict=True)) for row in zip(*columns, strict=True)]
