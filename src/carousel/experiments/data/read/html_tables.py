"""A table of a web page, which programs also write under the ending of a workbook."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from html.parser import HTMLParser

from carousel.common.errors import BadData
from carousel.experiments.data.options import DataOptions
from carousel.experiments.data.read.decoding import decode
from carousel.experiments.data.read.source import Source
from carousel.experiments.data.read.table import Table
from carousel.experiments.data.read.text_tables import read_csv

_Rows = list[list[str]]
_HEAD = 2048  # bytes
_CHARSET = re.compile(rb"""charset\s*=\s*["']?([\w-]+)""", re.IGNORECASE)


def read_html(source: Source, options: DataOptions) -> Table:
    """The table of a page that has the most cells; its rows count from 1. BadData where there is none."""
    said = _CHARSET.search(source.data[:_HEAD])
    text, notes = decode(source, options.encoding or (said[1].decode() if said else None))
    reader = _Tables()
    reader.feed(text)
    reader.close()
    rows = max(reader.found, key=_cells, default=[])
    if _cells(rows) < 2:
        raise BadData(f"{source.name} holds no table", fix="save the table as CSV in UTF-8")
    width = max(map(len, rows))
    csv.writer(written := io.StringIO(newline="")).writerows(row + [""] * (width - len(row)) for row in rows)
    table = read_csv(replace(source, data=written.getvalue().encode()), replace(options, encoding=None))
    return replace(table, notes=[*notes, *table.notes])


def _cells(rows: _Rows) -> int:
    return sum(map(len, rows))


class _Tables(HTMLParser):
    """found: of each table the rows, of each row the texts of its cells. A cell over several columns is followed by
    empty ones; one over several rows stands in the first."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[_Rows] = []
        self._open: list[_Rows] = []  # tables inside each other
        self._cell: list[str] | None = None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._open.append([])
            self.found.append(self._open[-1])
        elif tag == "tr" and self._open:
            self._close()
            self._open[-1].append([])
        elif tag in ("td", "th") and self._open and self._open[-1]:
            self._close()
            self._cell, wide = [], dict(attributes).get("colspan") or "1"
            self._after = [""] * (int(wide) - 1 if wide.isdecimal() and len(wide) < 4 else 0)

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self._close()
        if tag == "table" and self._open:
            self._open.pop()

    def close(self) -> None:
        """The page ends, and so does a cell that is still open."""
        super().close()
        self._close()

    def _close(self) -> None:
        if self._cell is not None and self._open and self._open[-1]:
            self._open[-1][-1] += [" ".join("".join(self._cell).split()), *self._after]
        self._cell = None
