"""Parquet: types, names and sizes of the columns, tables that expand; bytes of the file too."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import polars as pl

from tests.fuzz.kinds.reading import LONG, SERIES, WIDE, read
from tests.fuzz.kinds.tables import long_rows
from tests.fuzz.mutate import mutated_bytes, word

_COLUMNS: tuple[tuple[Any, Any], ...] = (
    (None, pl.Null), (True, pl.Boolean), (3, pl.Int8), (2**63, pl.UInt64), (2**70, pl.Int128), (float("nan"),
    pl.Float32), (float("inf"), pl.Float64),
    (1e308, pl.Float64), ("a", pl.String), ("a", pl.Categorical), ("a", pl.Enum(["a"])), (b"\xff", pl.Binary), ([1,
    None], pl.List(pl.Int64)),
    ([1.0, 2.0], pl.Array(pl.Float64, 2)), ({"a": 1}, pl.Struct({"a": pl.Int64})), (date(2020, 1, 1), pl.Date),
    (datetime(1970, 1, 1), pl.Datetime("ns")),
    (datetime(9999, 12, 31), pl.Datetime("us")), (datetime(2020, 1, 1, tzinfo=UTC), pl.Datetime("ms", "UTC")),
    (time(3), pl.Time),
    (timedelta(1), pl.Duration), (Decimal("1.5"), pl.Decimal(10, 2)),
)  # fmt: skip


def parquet(draw: Random, folder: Path) -> None:
    """A table of the three layouts."""
    given: dict[str, Any] = draw.choice((LONG, LONG, SERIES, WIDE))
    if draw.random() < 0.002:
        content = bomb()
    else:
        content = _written(_edited(given, draw), draw)
        content = mutated_bytes(content, draw) if draw.random() < 0.6 else content
    (folder / "a.parquet").write_bytes(content)
    read(folder / "a.parquet", given, draw, ("id", "t", "a", "b", "label"))


@cache
def _base() -> pl.DataFrame:
    header, *rows = long_rows()
    frame = pl.DataFrame(rows, schema=header, orient="row")
    return frame.with_columns(pl.col("id", "t", "b").cast(pl.Int64), pl.col("a").cast(pl.Float64))


def _edited(given: dict[str, Any], draw: Random) -> pl.DataFrame:
    frame = _base()
    if given is SERIES:
        frame = frame.with_columns(pl.int_range(pl.len()).alias("t"))
    elif given is WIDE:
        frame = frame.select("id", "a", "b", "label")
    for _ in range(draw.choice((0, 1, 1, 2))):
        frame = draw.choice(_EDITS)(frame, draw)
    return frame


def _written(frame: pl.DataFrame, draw: Random) -> bytes:
    compression = draw.choice(("zstd", "snappy", "gzip", "uncompressed", "lz4", "brotli"))
    rows = draw.choice((None, 5, 1))
    frame.write_parquet(
        held := io.BytesIO(), compression=compression, row_group_size=rows, statistics=draw.random() < 0.5
    )
    return held.getvalue()


def _retype(frame: pl.DataFrame, draw: Random) -> pl.DataFrame:
    content, kind = draw.choice(_COLUMNS)
    name = draw.choice([*frame.columns, "new"])
    gaps = draw.choice((0.0, 0.0, 0.3))
    values = [None if draw.random() < gaps else content for _ in range(frame.height)]
    return frame.with_columns(pl.Series(name, values, dtype=kind, strict=False))


def _rename(frame: pl.DataFrame, draw: Random) -> pl.DataFrame:
    new = word(draw).encode("utf-8", "replace").decode()
    old = draw.choice(frame.columns or [""])
    return frame if new in frame.columns or not frame.columns else frame.rename({old: new})


def _rows(frame: pl.DataFrame, draw: Random) -> pl.DataFrame:
    return draw.choice(
        (frame.clear(), frame.head(1), frame.reverse(), pl.concat([frame, frame]), frame.head(7), frame.select([]))
    )


def _texts(frame: pl.DataFrame, draw: Random) -> pl.DataFrame:
    words = [word(draw).encode("utf-8", "replace").decode() for _ in range(frame.height)]
    return frame.with_columns(pl.Series(draw.choice([*frame.columns, "new"]), words))


def _many(frame: pl.DataFrame, draw: Random) -> pl.DataFrame:
    return frame.with_columns(
        pl.lit(draw.choice((0.0, None, "x"))).alias(f"c{k}") for k in range(draw.choice((20, 300)))
    )


_EDITS: tuple[Callable[[pl.DataFrame, Random], pl.DataFrame], ...] = (_retype, _retype, _rename, _rows, _texts, _many)


@cache
def bomb() -> bytes:
    """A small file of a table of 400 MB: every value the same."""
    pl.select(pl.repeat(1.0, 50_000_000).alias("a")).write_parquet(held := io.BytesIO())
    return held.getvalue()
