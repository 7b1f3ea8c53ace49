"""Tables as people write them: dates, decimal commas, lines before the header, encodings, packings, workbooks, ARFF."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from tests.experiments.data.data_files import workbook as write_workbook
from tests.fuzz.kinds.reading import read
from tests.fuzz.mutate import mutated_bytes, word

_GIVEN: dict[str, Any] = {"forecast": ("a",), "order": "t", "window": 4}
_COLUMNS = ("t", "a", "b", "label")
_DATES = ("%Y-%m-%d %H:%M", "%d/%m/%Y", "%m/%d/%y %I:%M %p", "%d.%m.%Y %H.%M.%S", "%Y%m%d", "%Y%m%d%H", "%b %d %Y",
          "%d-%b-%Y", "%Y年%m月%d日", "%Y-%m-%dT%H:%M:%SZ", "%H:%M", "%Y Q1", "%Y", "%j")  # fmt: skip
_NUMBERS = ("{:.2f}", "{:,.1f}", "{:.0f} %", "{:e}", "{:.3f}", "+{:.1f}", "$ {:.2f}", "${:,.2f}", "({:.1f})",
            "{:.1f} kW", "{:.0f}°C", "−{:.1f}")  # fmt: skip
_TOPS = (
    "",
    "",
    "",
    "",
    "sep=;\n",
    "Station 7\n\n",
    "# a comment\n",
    "# t,a,b,label\n",
    ",x,x,\n",
    "one,two\n",
    ";;;;\n",
    "\ufeff",
    "\n\n",
)
_UNITS = ("", "", "", ",MW,%,", "h,(°C),m/s,", "[s],[1],[2],[3]", "t,c,c,d\n,,,class", "c,d,m c,s\nmeta,,,i")
_ENCODINGS = ("utf-8", "utf-8", "gb18030", "big5", "utf-16", "utf-16-le", "cp1252", "cp1251", "shift_jis", "utf-32")


def written(draw: Random, folder: Path) -> None:
    """A text table with habits of writing, some of them broken."""
    separator = draw.choice(",,;\t| ")
    lines = [separator.join(row) for row in _rows(draw)]
    units = draw.choice(_UNITS).replace(",", separator)
    if units:
        lines.insert(1, units)
    content = (draw.choice(_TOPS) + "\n".join(lines)).encode(draw.choice(_ENCODINGS), "replace")
    content = mutated_bytes(content, draw) if draw.random() < 0.3 else content
    packed = draw.choice(tuple(_PACKED)) if draw.random() < 0.2 else ""
    name = draw.choice(("a.csv", "a.txt", "a.tsv", "a.dat")) + packed
    content = _PACKED[packed](content) if packed else content
    (folder / name).write_bytes(mutated_bytes(content, draw) if packed and draw.random() < 0.5 else content)
    read(folder / name, _GIVEN, draw, _COLUMNS)


def _zipped(content: bytes) -> bytes:
    with zipfile.ZipFile(made := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", content)
    return made.getvalue()


_PACKED: dict[str, Callable[[bytes], bytes]] = {
    ".gz": lambda content: gzip.compress(content, 1),
    ".bz2": bz2.compress,
    ".xz": lambda content: lzma.compress(content, preset=0),
    ".zip": _zipped,
}


def workbook(draw: Random, folder: Path) -> None:
    """An Excel workbook, its cells or its bytes mutated."""
    path = folder / draw.choice(("a.xlsx", "a.xlsx", "a.xls"))
    rows: list[list[str | float]] = [[_plain(cell) for cell in row] for row in _rows(draw)]
    write_workbook(path, [["Station 7"], *rows] if draw.random() < 0.2 else rows)
    if draw.random() < 0.7:
        path.write_bytes(mutated_bytes(path.read_bytes(), draw))
    read(path, _GIVEN, draw, _COLUMNS)


def arff(draw: Random, folder: Path) -> None:
    """Weka's format, its declarations or its bytes mutated."""
    kinds = [draw.choice(("numeric", "real", "string", "{c0,c1}", 'date "yyyy-MM-dd"', word(draw))) for _ in range(2)]
    kinds = ["numeric", "numeric", *kinds] if draw.random() < 0.5 else ["numeric", "numeric", "numeric", "{c0,c1}"]
    head = ["@relation r", *(f"@attribute {n} {k}" for n, k in zip(_COLUMNS, kinds, strict=True)), "@data"]
    rows = [f"{n},{n * 7 % 13},{n / 3:.2f},c{n % 2}" for n in range(60)]
    content = "\n".join([*head, *rows]).encode("utf-8", "replace")
    (folder / "a.arff").write_bytes(mutated_bytes(content, draw) if draw.random() < 0.7 else content)
    read(folder / "a.arff", _GIVEN, draw, _COLUMNS)


def _rows(draw: Random) -> list[list[str]]:
    date, first, second = draw.choice(_DATES), draw.choice(_NUMBERS), draw.choice(_NUMBERS)
    start, step = datetime(2020, 1, 20), timedelta(hours=draw.choice((1, 7, 24)))
    swapped = str.maketrans(",.", ".,") if draw.random() < 0.3 else {}
    rows = [
        [
            f"{start + n * step:{date}}",
            *(f.format(n * 37 % 1900).translate(swapped) for f in (first, second)),
            f"晴{n % 2}",
        ]
        for n in range(60)
    ]
    for _ in range(draw.choice((0, 0, 1, 3))):
        draw.choice(rows)[draw.randrange(4)] = word(draw)
    return [list(_COLUMNS[: draw.choice((4, 4, 4, 3))]), *rows]


def _plain(cell: str) -> str | float:
    shown = "".join(c for c in cell if c.isprintable() and c not in "<>&")[:200].encode("utf-8", "replace").decode()
    return float(shown) if shown.replace(".", "", 1).isdecimal() and shown.isascii() else shown
