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
_Cell = tuple[str, int, int]  # text, columns and rows that it is over
_NO_TEXT = ("script", "style")
_HEAD = 2048  # bytes
_CHARSET = re.compile(rb"""charset\s*=\s*["']?([\w-]+)""", re.IGNORECASE)


def read_html(source: Source, options: DataOptions) -> Table:
    """The table of a page that has the most cells; its rows count from 1. BadData where there is none."""
    said = _CHARSET.search(source.data[:_HEAD])
    text, notes = decode(source, options.encoding or (said[1].decode() if said else None))
    reader = _Tables()
    reader.feed(text)
    reader.close()
    rows = max(map(_spread, reader.found), key=_cells, default=[])
    if _cells(rows) < 2:
        raise BadData(f"{source.name} holds no table", fix="save the table as CSV in UTF-8")
    width = max(map(len, rows))
    csv.writer(written := io.StringIO(newline="")).writerows(row + [""] * (width - len(row)) for row in rows)
    table = read_csv(replace(source, data=written.getvalue().encode()), replace(options, encoding=None))
    return replace(table, notes=[*notes, *table.notes])


def _spread(rows: list[list[_Cell]]) -> _Rows:
    """A cell over several columns is followed by empty ones; one over several rows stands in each of them."""
    spread: _Rows = []
    reaching: dict[int, tuple[int, str]] = {}  # by place: a text from above, and for how many rows yet
    for cells in rows:
        row, below = list[str](), dict[int, tuple[int, str]]()
        left = iter(cells)
        while True:
            if len(row) in reaching:
                count, text = reaching[len(row)]
                below |= {len(row): (count - 1, text)} if count > 1 else {}
                row.append(text)
                continue
            cell = next(left, None)
            if cell is None:
                break
            for text in (cell[0], *[""] * (cell[1] - 1)):
                below |= {len(row): (cell[2] - 1, text)} if cell[2] > 1 else {}
                row.append(text)
        spread.append(row)
        reaching = below
    return spread


def _span(said: str | None) -> int:
    return max(1, int(said)) if said and said.isdecimal() and len(said) < 4 else 1


def _cells(rows: _Rows) -> int:
    return sum(map(len, rows))


class _Tables(HTMLParser):
    """found: of each table the rows, of each row its cells."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[list[list[_Cell]]] = []
        self._open: list[list[list[_Cell]]] = []  # tables inside each other
        self._cell: list[str] | None = None
        self._hidden = False  # inside a script or a style

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self._hidden = self._hidden or tag in _NO_TEXT
        if tag == "table":
            self._open.append([])
            self.found.append(self._open[-1])
        elif tag == "tr" and self._open:
            self._close()
            self._open[-1].append([])
        elif tag in ("td", "th") and self._open and self._open[-1]:
            self._close()
            self._cell = []
            self._wide, self._high = (_span(dict(attributes).get(name)) for name in ("colspan", "rowspan"))

    def handle_data(self, data: str) -> None:
        if self._cell is not None and not self._hidden:
            self._cell.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._hidden = self._hidden and tag not in _NO_TEXT
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
            self._open[-1][-1].append((" ".join("".join(self._cell).split()), self._wide, self._high))
        self._cell = None
