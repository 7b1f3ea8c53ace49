"""Predictions as a file: CSV, Parquet or JSON lines, by its ending, and the picture beside it."""

from __future__ import annotations

import io
from pathlib import Path

import polars as pl

from carousel.common.errors import BadPlan
from carousel.common.files import write_atomically, writing_to
from carousel.experiments.takeaway.plot import drawn
from carousel.experiments.takeaway.predict import Predictions

ENDINGS = (".csv", ".parquet", ".jsonl")


def check_out(out: Path, new_file: Path) -> None:
    """Raises BadPlan for a file of no such ending, and for the one that is read: before anything is computed."""
    if out.resolve() == new_file.resolve():
        raise BadPlan("--out would overwrite the file that is read", got=str(out), fix="give another name")
    _check_ending(out)


def _check_ending(out: Path) -> None:
    if out.suffix not in ENDINGS:
        raise BadPlan("--out has an unknown ending", allowed=", ".join(ENDINGS), got=out.name,
                      fix="give predictions.csv")  # fmt: skip


def write_predictions(found: Predictions, out: Path) -> Path:
    """Write the table to `out` and the picture beside it, whose path is returned. Both are made before either is
    written."""
    _check_ending(out)
    table, picture = _bytes(found.table, out.suffix), out.with_suffix(".svg")
    content = drawn(found).encode()
    with writing_to(out.parent):
        out.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(out, table)
        write_atomically(picture, content)
    return picture


def _bytes(table: pl.DataFrame, ending: str) -> bytes:
    held = io.BytesIO()
    match ending:
        case ".csv":
            table.write_csv(held)
        case ".parquet":
            table.write_parquet(held)
        case _:
            table.write_ndjson(held)
    return held.getvalue()
