"""The columns of a table that a network sees: numbers as they are, a text column of few values as one-hot."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

import numpy as np
import polars as pl

from carousel.common.errors import BadData, listed
from carousel.experiments.data.arrays import Floats, Note
from carousel.experiments.data.read.found_order import dated
from carousel.experiments.data.read.suspicious import suspicious
from carousel.experiments.data.read.table import Table, ignoring, is_numeric
from carousel.experiments.data.read.visible import all_visible, renamed_note

NO_WORD = "=(missing)"  # how the channel of a missing word is named, after its column
MOST_VALUES = 10  # a text column with more different values is refused: it would be mostly zeros


def read_channels(table: Table, leave_out: set[str]) -> tuple[Floats, tuple[str, ...], list[Note]]:
    """([R, C] with NaN where missing, C names, notes): every column not in `leave_out`, in file order."""
    _refuse_texts(table, [name for name in table.frame.columns if name not in leave_out])
    columns: list[Floats] = []
    names: list[str] = []
    notes: list[Note] = []
    for name in table.frame.columns:
        if name in leave_out:
            continue
        if table.frame[name].null_count() == table.frame.height:
            notes.append({"key": "no_values", "column": name})
        elif is_numeric(table.frame[name]):
            columns.append(table.numbers(name))
            names.append(name)
            notes.extend(suspicious(columns[-1], name, table.rows))
        else:
            values = _categories(table.frame[name])
            columns.extend(_one_hot(table.frame[name], values))
            words = [value for value in values if value is not None]
            shown = all_visible(words)
            names.extend([f"{name}={word}" for word in shown] + [f"{name}{NO_WORD}"] * (None in values))
            notes.append(_note(table.frame[name], shown))
            notes.extend(renamed_note(words, shown))
    if not columns:
        raise BadData("no column is left for the network to see", fix="add a column of numbers")
    return np.stack(columns, axis=1), tuple(names), notes


def _refuse_texts(table: Table, names: list[str]) -> None:
    """BadData for columns of other things than numbers and a few words: all are named at once, with what leaves them
    out."""
    _refuse_times(table, [name for name in names if table.frame[name].dtype.is_temporal()])
    many = too_many_words(table, names)
    if many:
        series = table.frame[many[0]]
        texts = [name for name in names if not is_numeric(table.frame[name])]
        _refuse_two_orders([name for name in dated(table.frame, texts) if table.frame[name].n_unique() > 1], many)
        raise BadData(
            f"column {series.name!r} holds text in row {table.rows[series.is_not_null().arg_true()[0]]}",
            allowed=f"numbers, or at most {MOST_VALUES} different words",
            got=f"{series.drop_nulls().n_unique()} different texts, the first {series.drop_nulls()[0]!r}",
            fix=f"name it with --group or --order if it is that; or leave it out: {ignoring(many)}",
        )


def _refuse_two_orders(dates: list[str], many: list[str]) -> None:
    if len(dates) > 1:
        first = next((name for name in dates if name in many), dates[0])
        others = [name for name in dict.fromkeys((*dates, *many)) if name != first]
        options = f"--order {shlex.quote(first)} {ignoring(others)}"
        raise BadData(f"{len(dates)} columns hold dates, and one of them orders the steps", got=listed(dates),
                      fix=f"name it, and leave the others out: {options}")  # fmt: skip


def too_many_words(table: Table, names: Iterable[str]) -> list[str]:
    """Those of text with more words than become channels."""
    texts = [table.frame[name] for name in names if not is_numeric(table.frame[name])]
    texts = [series for series in texts if not series.dtype.is_temporal()]
    return [series.name for series in texts if series.drop_nulls().n_unique() > MOST_VALUES]


def _refuse_times(table: Table, names: list[str]) -> None:
    _refuse_two_orders(dated(table.frame, names), names)
    if names:
        raise BadData(
            f"column {names[0]!r} holds {str(table.frame[names[0]].dtype).split('(')[0].lower()} values, not numbers",
            fix=f"name it with --order {names[0]} if it orders the steps; or leave it out: {ignoring(names)}",
        )


def _categories(series: pl.Series) -> list[str | None]:
    values = sorted(series.drop_nulls().unique().to_list())
    return [*values, None] if series.null_count() else list(values)


def _one_hot(series: pl.Series, values: list[str | None]) -> list[Floats]:
    # A missing word is a value of its own: "(missing)" is then 1, the others 0.
    hits = [series.is_null() if value is None else series.eq_missing(value) for value in values]
    return [hit.cast(pl.Float64).to_numpy() for hit in hits]


def _note(series: pl.Series, shown: list[str]) -> Note:
    return {"key": "one_hot", "column": series.name, "values": shown, "missing": series.null_count()}
