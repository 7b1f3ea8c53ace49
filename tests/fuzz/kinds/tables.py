"""CSV, TSV and JSON lines: cells, rows, columns, separators, line ends and encodings changed; bytes too."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from tests.fuzz.kinds.reading import LONG, SERIES, WIDE, read
from tests.fuzz.mutate import mutated_bytes, value, word

Rows = list[list[str]]
_HEADER = ["id", "t", "a", "b", "label"]
_ENCODINGS = (*["utf-8"] * 12, "utf-8-sig", "utf-16", "latin-1", "cp1252")


def long_rows(groups: int = 8) -> Rows:
    """id, t, a, b, label: steps of sequences, two classes; a header first."""
    steps = [(g, t) for g in range(groups) for t in range(3 + g % 3)]
    return [
        [*_HEADER],
        *([str(g), str(t), f"{math.sin(3 * g + t):.4f}", str(5 + g * t), f"c{g % 2}"] for g, t in steps),
    ]


def _series_rows() -> Rows:
    return [
        [*_HEADER],
        *([str(0), f"2020-{1 + t // 28:02d}-{1 + t % 28:02d}", f"{math.sin(t):.3f}", str(t), "x"] for t in range(60)),
    ]


def _wide_rows() -> Rows:
    return [["p", "q", "r", "label"], *([f"{i}", f"{i / 3:.3f}", "" if i % 4 else "1", f"{i % 2}"] for i in range(16))]


_BASES: tuple[tuple[Callable[[], Rows], dict[str, Any]], ...] = (
    (long_rows, LONG), (_series_rows, SERIES), (_wide_rows, WIDE),
)  # fmt: skip


def csv(draw: Random, folder: Path) -> None:
    """A table of text, by comma, semicolon or tab."""
    _separated(draw, folder / "a.csv", draw.choice(",,,;\t"))


def tsv(draw: Random, folder: Path) -> None:
    """The same by tab."""
    _separated(draw, folder / "a.tsv", "\t")


def _separated(draw: Random, path: Path, separator: str) -> None:
    make, given = draw.choice(_BASES)
    rows = make()
    columns = tuple(rows[0])
    for _ in range(draw.choice((0, 1, 1, 2, 4))):
        draw.choice(_EDITS)(rows, draw)
    end = draw.choice(("\n",) * 8 + ("\r\n", "\r", "\n\n", "\u2028"))
    quoted = draw.random() < 0.3
    text = end.join(separator.join(_quoted(cell) if quoted else cell for cell in row) for row in rows) + end
    content = _encoded(text, draw)
    path.write_bytes(mutated_bytes(content, draw) if draw.random() < 0.25 else content)
    read(path, given, draw, columns)


def _encoded(text: str, draw: Random) -> bytes:
    if draw.random() < 0.1:
        return text.encode("utf-8", "surrogatepass")
    return text.encode(draw.choice(_ENCODINGS), "replace")


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


def _cell(rows: Rows, draw: Random) -> None:
    row = draw.choice(rows)
    if row:
        row[draw.randrange(len(row))] = word(draw)


def _nudge(rows: Rows, draw: Random) -> None:
    """A cell becomes another that would do: a gap, another number, the cell of another row."""
    row, place = draw.choice(rows[1:] or rows), draw.randrange(len(rows[0]) or 1)
    if place < len(row):
        other = draw.choice(rows[1:] or rows)
        row[place] = draw.choice(
            ("", "NA", "-1e-300", "1e300", "3", "0.0", other[place] if place < len(other) else "7")
        )


def _column(rows: Rows, draw: Random) -> None:
    place, content = draw.randrange(len(rows[0]) or 1), word(draw)[:999]
    for row in rows[1:]:
        if place < len(row):
            row[place] = content if draw.random() < 0.9 else word(draw)


def _row(rows: Rows, draw: Random) -> None:
    at = draw.randrange(len(rows))
    draw.choice((
        lambda: rows.insert(at, list(draw.choice(rows))), lambda: rows.pop(at) if len(rows) > 1 else None,
        lambda: rows.insert(at, []), lambda: rows[at].append(word(draw)), lambda: rows[at].pop() if rows[at] else None,
        lambda: draw.shuffle(rows), lambda: rows.insert(at, [word(draw) for _ in range(draw.randrange(9))]),
    ))()  # fmt: skip


def _columns(rows: Rows, draw: Random) -> None:
    extra = draw.choice((1, 3, 400))
    fill = draw.choice(("1", "", word(draw)[:99]))  # a file of hundreds of megabytes is slow by itself
    for number, row in enumerate(rows):
        row.extend(f"c{k}" if number == 0 and draw.random() < 0.99 else fill for k in range(extra))


def _many(rows: Rows, draw: Random) -> None:
    """Many sequences, their names long and alike, or many rows."""
    pad = draw.choice(("", "x" * 150, "\u202e"))
    for g in range(draw.choice((50, 1000))):
        rows.append([f"{pad}{g}{pad}", "0", "1", "2", "c0"][: len(rows[0])])
        rows.append([f"{pad}{g}{pad}", "1", "1", "2", "c0"][: len(rows[0])])


_EDITS = (_nudge, _nudge, _nudge, _cell, _cell, _column, _row, _row, _columns, _many)


def jsonl(draw: Random, folder: Path) -> None:
    """One object a line, or all in a list."""
    make, given = draw.choice(_BASES)
    header, *body = make()
    objects = [{name: _plain(cell) for name, cell in zip(header, row, strict=True)} for row in body]
    for _ in range(draw.choice((0, 1, 1, 2, 4))):
        draw.choice(_OBJECT_EDITS)(objects, draw)
    ascii_only = draw.random() < 0.7
    lines = [json.dumps(each, ensure_ascii=ascii_only) for each in objects]
    for _ in range(draw.choice((0, 0, 0, 1))):
        lines.insert(draw.randrange(len(lines) + 1), _line(draw))
    content = draw.choice((*["\n"] * 8, "\r\n", "\n\n", " ")).join(lines).encode("utf-8", "surrogatepass")
    if draw.random() < 0.2:  # the same as one document
        path, content = folder / "a.json", b"[" + b",".join(content.split(b"\n")) + b"]"
    else:
        path = folder / draw.choice(("a.jsonl", "a.ndjson"))
    path.write_bytes(mutated_bytes(content, draw) if draw.random() < 0.25 else content)
    read(path, given, draw, tuple(header))


def _plain(cell: str) -> Any:
    try:
        return float(cell) if "." in cell else int(cell)
    except ValueError:
        return cell or None


def _line(draw: Random) -> str:
    return draw.choice((
        "", "{}", "[]", "null", "7", '{"a":1}{"a":2}', '{"a":1,"a":2}', '{"id":1e999}', '{"id":NaN}',
        '{"id":Infinity}', '{"id":' + "9" * 5000 + "}",
        '{"id":"\\ud800"}', '{"\\ud800":1}', '{"":1}', "[" * 1000, '{"a":' * 60 + "1" + "}" * 60, "{'a':1}",
        '{"a":01}', '{"a":1,}', "//x", "\x00",
    ))  # fmt: skip


def _object_value(objects: list[dict[str, Any]], draw: Random) -> None:
    each = draw.choice(objects)
    if each:
        each[draw.choice([*each])] = value(draw)


def _object_column(objects: list[dict[str, Any]], draw: Random) -> None:
    name, content = draw.choice([*draw.choice(objects), word(draw), "new"]), value(draw)
    for each in objects:
        if draw.random() < 0.9:
            each[name] = copy.deepcopy(content)


def _object_keys(objects: list[dict[str, Any]], draw: Random) -> None:
    each = draw.choice(objects)
    if each and draw.random() < 0.6:
        each.pop(draw.choice([*each]))
    else:
        each[word(draw)] = value(draw)


def _objects(objects: list[dict[str, Any]], draw: Random) -> None:
    at = draw.randrange(len(objects))
    if draw.random() < 0.5 and len(objects) > 1:
        objects.pop(at)
    else:
        objects.insert(at, copy.deepcopy(draw.choice(objects)))


_OBJECT_EDITS = (_object_value, _object_value, _object_column, _object_keys, _objects)
