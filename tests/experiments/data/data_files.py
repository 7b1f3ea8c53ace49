"""Small files for the tests of `carousel.data`, and the one way to ask that a file is refused."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path

import polars as pl
import pytest

from carousel.common.errors import UserError
from carousel.experiments.data import DataOptions, Prepared, prepare

LONG = DataOptions(target="label", group="id", order="t")


def write(folder: Path, name: str, content: str | bytes) -> Path:
    """A file of this content."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def long_frame(groups: int = 12, steps: int = 4, classes: int = 2) -> pl.DataFrame:
    """id, t, a, b, label: `groups` sequences of steps, steps + 1, ... (three lengths), classes in turn."""
    rows = [(g, t) for g in range(groups) for t in range(steps + g % 3)]
    return pl.DataFrame(
        {
            "id": [g for g, _ in rows],
            "t": [t for _, t in rows],
            "a": [math.sin(3 * g + t) for g, t in rows],
            "b": [5.0 + g * t for g, t in rows],
            "label": [f"c{g % classes}" for g, _ in rows],
        }
    )


def series_frame(steps: int = 60) -> pl.DataFrame:
    """t, y, z: a wave and a line."""
    ticks = range(steps)
    return pl.DataFrame({"t": ticks, "y": [math.sin(t / 3) for t in ticks], "z": [0.5 * t for t in ticks]})


def csv_of(folder: Path, frame: pl.DataFrame, name: str = "table.csv") -> Path:
    """The frame as a CSV file."""
    frame.write_csv(folder / name)
    return folder / name


def refused(path: Path, options: DataOptions, kind: type[UserError], *words: str) -> str:
    """prepare() raises `kind` in one line that holds every one of `words`."""
    with pytest.raises(UserError) as caught:
        prepare(path, options)
    line = str(caught.value)
    assert type(caught.value) is kind, line
    assert "\n" not in line
    for word in words:
        assert word in line, line
    return line


def told(prepared: Prepared, key: str) -> dict[str, object]:
    """The one note of this key."""
    (note,) = [note for note in prepared.card["notes"] if note["key"] == key]
    return note


def workbook(path: Path, rows: list[list[str | float]]) -> Path:
    """The smallest workbook that Excel opens: two sheets, cells of text and of numbers."""

    def cell(value: str | float) -> str:
        return f'<c t="inlineStr"><is><t>{value}</t></is></c>' if isinstance(value, str) else f"<c><v>{value}</v></c>"

    body = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    files = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/><Override PartName="/xl/s1.xml" ContentType="{kind}.worksheet+xml"/></Types>',  # noqa: E501
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{rel}/officeDocument" Target="xl/workbook.xml"/></Relationships>',  # noqa: E501
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{rel}"><sheets><sheet name="data" sheetId="1" r:id="r1"/><sheet name="more" sheetId="2" r:id="r2"/></sheets></workbook>',  # noqa: E501
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{rel}/worksheet" Target="s1.xml"/><Relationship Id="r2" Type="{rel}/worksheet" Target="s1.xml"/></Relationships>',  # noqa: E501
        "xl/s1.xml": f'<worksheet xmlns="{main}"><sheetData>{body}</sheetData></worksheet>',
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path
