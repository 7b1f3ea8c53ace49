"""A file whose ending says another format than it has: programs name text and web pages .xls, people workbooks .csv."""

from __future__ import annotations

import re

from carousel.experiments.data.arrays import Note
from carousel.experiments.data.read.source import Source

_WORKBOOKS = (".xls", ".xlsx")
_TEXTS = (".csv", ".tsv", ".txt", ".tab", ".dat", ".data")
_ARCHIVE = b"PK\x03\x04"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_PAGE = re.compile(rb"<\s*(?:!doctype html|html|table)\b", re.IGNORECASE)
_LOOKED_AT = 4096  # bytes


def true_ending(suffix: str, source: Source) -> tuple[str, list[Note]]:
    """The ending that says what the file holds, with a note where it is another than its own."""
    found = _found(suffix, source.data)
    return found, [{"key": "disguised", "ending": suffix, "found": found}] if found != suffix else []


def _found(suffix: str, data: bytes) -> str:
    workbook = _workbook(data) if suffix in (*_WORKBOOKS, *_TEXTS) else None
    if workbook is not None or suffix not in _WORKBOOKS:
        return workbook or suffix
    head = data[:_LOOKED_AT]
    if _PAGE.search(head):
        return ".html"
    text = head.startswith(_UTF_16) or not (b"\0" in head or head.startswith(_ARCHIVE))
    return ".txt" if text else suffix


def _workbook(data: bytes) -> str | None:
    if data.startswith(_ARCHIVE) and b"xl/" in data:
        return ".xlsx"
    return ".xls" if data.startswith(b"\xd0\xcf\x11\xe0") else None
