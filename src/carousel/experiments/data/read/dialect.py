"""How a text table is laid out: what separates its cells, which line is its header, and what that leaves unsaid."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice, pairwise

from carousel.experiments.data.arrays import Note
from carousel.experiments.data.read.counted_header import counted
from carousel.experiments.data.read.source import MOST_BYTES
from carousel.experiments.data.read.table import MISSING

SPACES = " "
_LOOKED_AT = 300  # rows
_MOST_BEFORE = 50  # lines before the header
_PREFERRED = (";", "\t", ",", "|", "，", "；")
_WORD = re.compile(r'"((?:[^"]|"")*)"|(\S+)')
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True)
class Dialect:
    """separator: between cells (SPACES: runs of white space). before: lines before the header or, where there is none,
    before the first row. names: the header; "" where a column has no name. headed: there is one. notes: for the card.
    classes: what the numbers of the last column mean, where the first line says it (`counted_header`)."""

    separator: str
    before: int
    names: tuple[str, ...]
    headed: bool
    notes: tuple[Note, ...] = ()
    classes: tuple[str, ...] = ()


def dialect_of(text: str, separator: str | None = None) -> Dialect:
    """Of this text; separator: where the file's ending says it."""
    first, _, rest = text.partition("\n")
    said = re.fullmatch(r'"?sep=(.)"?;*,*', first.strip(" \r"))
    if said is not None:
        found = _laid_out(rest, said[1])
        note: Note = {"key": "separator_said", "line": first.strip()}
        return replace(found, before=found.before + 1, notes=(note, *found.notes))
    counts = counted(text)
    if counts is not None:
        names, classes, counts_note = counts
        return Dialect(",", 1, names, False, (counts_note,), classes)
    if separator is not None:
        return _laid_out(text, separator)
    places = {mark: place for mark in (*_PREFERRED, SPACES) if (place := _fits(text, mark)) is not None}
    if places:  # the fewest lines left out before the header
        return _laid_out(text, min(places, key=lambda mark: places[mark]))
    return _laid_out(text, next((mark for mark in ",;\t" if mark in first), ","))


def rows_of(text: str, separator: str) -> Iterator[list[str]]:
    """The cells of each row, stripped of no space. Raises csv.Error for what is no table."""
    if separator == SPACES:
        return ([a.replace('""', '"') or b for a, b in _WORD.findall(line)] for line in text.splitlines())
    return _of_any_length(csv.reader(io.StringIO(text, newline=""), delimiter=separator))


def _of_any_length(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    """Python's limit of 131,072 characters a cell is the process's, so it is raised for each row alone."""
    while True:
        before = csv.field_size_limit(MOST_BYTES)
        try:
            row = next(rows, None)
        finally:
            csv.field_size_limit(before)
        if row is None:
            return
        yield row


def _sample(text: str, separator: str) -> list[list[str]]:
    head = text[:2_000_000]
    try:
        return list(islice(rows_of(head, separator), _LOOKED_AT))
    except csv.Error:  # told with its row when the whole is read
        return []


def _usual_width(rows: list[list[str]]) -> tuple[int, float]:
    """(cells of most rows, the share of rows that have as many)."""
    widths = Counter(len(row) for row in rows if any(cell.strip() for cell in row))
    if not widths:
        return 0, 0.0
    width, count = widths.most_common(1)[0]
    return width, count / widths.total()


def _fits(text: str, separator: str) -> int | None:
    """The header's place where nearly all rows have as many cells as it; None where they have not."""
    rows = _sample(text, separator)
    width, _ = _usual_width(rows)
    place = _header_place(rows, width)
    least = 2 if separator == SPACES else 1
    alike = width > 1 and _usual_width(rows[place + 1 :])[1] > 0.9 and any(any(row[1:]) for row in rows)
    return place if alike and len(rows[place]) in (width, width - 1) and len(rows[place]) >= least else None


def _header_place(rows: list[list[str]], width: int) -> int:
    """The first row as wide as most; 0 where that is none of the first, or the lines before it are as wide."""
    place = next((n for n, row in enumerate(rows) if len(row) >= width), 0)
    # R writes no name for the column of row names: a header one cell short of every row
    if place and len(rows[place - 1]) == width - 1 > 1 and all(cell.strip() for cell in rows[place - 1]):
        place -= 1
    place = _below_titles(rows, place)
    return place if place <= _MOST_BEFORE and len(rows) > place + 1 else 0


def _below_titles(rows: list[list[str]], place: int) -> int:
    """The row of names, all of them there, below lines of a first cell alone or of none, which the marks after it make
    as wide as the table; `place` where there is no such line or no such row."""
    below = place
    while below < len(rows) - 2 and not any(cell.strip() for cell in rows[below][1:]):
        below += 1
    names = [cell.strip() for cell in rows[below]] if below > place else []
    named = len(names) > 1 and all(names) and len(set(names)) == len(names) and not any(map(_NUMBER.fullmatch, names))
    return below if named else place


def _laid_out(text: str, separator: str) -> Dialect:
    rows = _sample(text, separator)
    width, share = _usual_width(rows)
    place = _header_place(rows, width) if width > 1 and share > 0.5 else 0
    header = [cell.strip() for cell in rows[place]] if rows else []
    if header:
        header[0] = header[0].lstrip("\ufeff")
    if header and all(re.fullmatch("'[^']+'", cell) for cell in header):
        header = [cell[1:-1] for cell in header]
    notes: list[Note] = []
    if place:
        first = next((line for row in rows[:place] if (line := "".join(row)).strip()), "")
        notes.append({"key": "before_header", "count": place, "row": place + 1, "first": first[:60]})
    if _is_numbers(header, rows[place + 1 :]):
        names = tuple(f"column {n}" for n in range(1, len(header) + 1))
        return Dialect(
            separator, place, names, False, (*notes, {"key": "no_header", "first": names[0], "last": names[-1]})
        )
    body = [row for row in rows[place + 1 :] if row]
    if body and header and len(header) == width - 1 and all(len(row) == width for row in body):
        header, note = _short_header(header, body)
        notes += note
    return Dialect(separator, place, tuple(header), True, tuple(notes))


def _short_header(header: list[str], body: list[list[str]]) -> tuple[list[str], list[Note]]:
    """One name is lacking: of the last column, where it is empty; of the first, where that tells the rows apart."""
    if not any(row[-1].strip() for row in body):
        return [*header, ""], []
    if len({row[0] for row in body}) == len(body):
        return ["", *header], [{"key": "short_header", "first": header[0]}]
    return header, []


def _is_numbers(header: list[str], body: list[list[str]]) -> bool:
    """The first row holds values: numbers that do not count the columns, as a header may."""
    if not header or not body:
        return False
    if not all(_NUMBER.fullmatch(cell) for cell in header):
        return _is_row_of_values(header, body)
    counts = any(header == [str(n + start) for n in range(len(header))] for start in (0, 1))
    years = all(re.fullmatch(r"(19|20)\d{2}", cell) for cell in header) and len(set(header)) == len(header)
    return not counts and not years and len(header) > 1


def _is_row_of_values(header: list[str], body: list[list[str]]) -> bool:
    """Most cells of the first row are numbers, over numbers, and the others words over words. Numbers that grow from
    column to column may name these (years, wavelengths), as numbers over words do."""
    width = len(header)
    rows = [row for row in body if len(row) == width]
    numbers = [place for place, cell in enumerate(header) if _NUMBER.fullmatch(cell)]
    if len(rows) < 2 or 2 * len(numbers) < width or len(numbers) < 2:
        return False
    held = [[row[place].strip() for row in rows if row[place].strip() not in MISSING] for place in range(width)]
    of_numbers = [bool(cells) and all(_NUMBER.fullmatch(cell) for cell in cells) for cells in held]
    if any(of_numbers[place] != (place in numbers) for place in range(width)):
        return False
    values = [float(header[place].replace(",", ".")) for place in numbers]
    return any(after <= before for before, after in pairwise(values))
