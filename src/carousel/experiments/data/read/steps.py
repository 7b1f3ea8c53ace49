"""A long table, one row a step, brought into order: sequence after sequence, each in the order of its steps."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import polars as pl

from carousel.common.errors import BadData
from carousel.experiments.data.arrays import Ints, Note, firsts_of, spans, starts_of
from carousel.experiments.data.card import Spacing
from carousel.experiments.data.read.order import Times, read_times
from carousel.experiments.data.read.table import Table, as_numbers, ignoring
from carousel.experiments.data.read.visible import all_visible, renamed_note

_MOST_TRIED = 12  # columns that may tell rows of one time apart


@dataclass(frozen=True)
class Steps:
    """table: rows in order. names: [N] sequences. starts, lengths: [N]. times: [R], or None without --order."""

    table: Table
    names: list[str]
    starts: Ints
    lengths: Ints
    times: Times | None
    notes: list[Note]

    def spacing(self) -> Spacing | None:
        """Of the steps; None without a column that orders them."""
        return None if self.times is None else self.times.spacing(firsts_of(self.lengths))

    def first(self, lengths: Ints) -> Steps:
        """The first so many steps of each sequence. lengths: [N]."""
        kept = spans(self.starts, lengths)
        times = None if self.times is None else self.times.take(kept)
        return replace(self, table=self.table.take(kept), starts=starts_of(lengths), lengths=lengths, times=times)

    def ranks_in_time(self) -> Ints | None:
        """[N] the place of each sequence in time, where each ends before the next begins; else None."""
        if self.times is None:
            return None
        first, last = self.times.values[self.starts], self.times.values[self.starts + self.lengths - 1]
        order = np.argsort(first, kind="stable")
        if len(order) < 2 or (last[order[:-1]] >= first[order[1:]]).any():
            return None
        ranks = np.empty(len(order), dtype=np.int64)
        ranks[order] = np.arange(len(order))
        return ranks


def in_order(
    table: Table,
    group: str | None,
    order: str | None,
    date_format: str | None = None,
    unordered: Callable[[], Sequence[str]] | None = None,
) -> Steps:
    """The rows by group and order. BadData for a gap in either, or for two rows of one group with one time.

    unordered: the columns to be ignored where the rows stay as they are; None: that of the order."""
    codes, keys = _groups(table, group)
    shown = all_visible(keys)
    names = [f"{group}={key}" for key in shown] if group is not None else ["the series"]
    times, read = read_times(table, order, codes, date_format) if order is not None else (None, [])
    rank = times.values if times is not None else np.arange(len(table.rows))
    perm = np.lexsort((rank, codes))  # stable, and the same whatever the order of rows in the file
    lengths = np.bincount(codes, minlength=len(names)).astype(np.int64)
    ordered = times.take(perm) if times is not None else None
    notes = table.notes + renamed_note(keys, shown) + read + _spaced(order, ordered, lengths)
    steps = Steps(table.take(perm), names, starts_of(lengths), lengths, ordered, notes)
    _refuse_duplicates(steps, order, codes[perm], unordered)
    return steps


def _groups(table: Table, group: str | None) -> tuple[Ints, list[str]]:
    if group is None:
        return np.zeros(len(table.rows), dtype=np.int64), [""]
    series = table.column(group, "group column").cast(pl.String).alias("key")
    table.refuse_gaps(group, "group column", "name the sequence of each row, or remove the row")
    keys = series.unique()
    numbers = as_numbers(keys)
    # Numbers in order of size, words in order of the alphabet: never in the order of the file.
    ranked = pl.DataFrame({"key": keys, "number": numbers if not numbers.null_count() else keys})
    ranked = ranked.sort("number", "key").with_row_index("code")
    codes = series.to_frame().join(ranked, on="key", how="left", maintain_order="left")["code"]
    return codes.cast(pl.Int64).to_numpy(), ranked["key"].to_list()


def _refuse_duplicates(
    steps: Steps, order: str | None, codes: Ints, unordered: Callable[[], Sequence[str]] | None
) -> None:
    if order is None or steps.times is None:
        return
    values = steps.times.values
    same = np.flatnonzero((values[1:] == values[:-1]) & (codes[1:] == codes[:-1]))
    if len(same):
        first, rows = int(same[0]), steps.table.rows
        columns = ignoring(unordered() if unordered else [order])
        telling = telling_apart(steps.table.frame, order)
        pair = sorted((int(rows[first]), int(rows[first + 1])))
        raise BadData(
            f"rows {pair[0]} and {pair[1]} have the same {order!r} in {steps.names[codes[first]]}",
            got=repr(str(steps.table.frame[order][first]))
            + (f" and {len(same) - 1} more such pairs" if len(same) > 1 else ""),
            fix=f"keep one of them, or name the column that tells them apart: {telling}; "
            f"if the rows are in order as they are, no --order but {columns}",
        )


def telling_apart(frame: pl.DataFrame, order: str) -> str:
    """The options with the first column of words or whole numbers in which rows of one time differ, or the first two
    that do together."""
    kinds = [s for s in frame.get_columns() if s.name != order and (s.dtype == pl.String or s.dtype.is_integer())]
    few = [s.name for s in kinds if not s.null_count() and 1 < s.n_unique() <= frame.height // 2][:_MOST_TRIED]
    for names in ((name,) for name in few), combinations(few, 2):
        for some in names:
            if frame.select(pl.struct(order, *some).n_unique()).item() == frame.height:
                return " ".join(f"--group {shlex.quote(name)}" for name in some)
    return "--group NAME"


def _spaced(order: str | None, times: Times | None, lengths: Ints) -> list[Note]:
    return [{"key": "file_order"}] if order is None or times is None else uneven(order, times, lengths)


def uneven(order: str, times: Times, lengths: Ints) -> list[Note]:
    """A note where the steps of the sequences are not evenly spaced by the column `order`."""
    spacing = times.spacing(firsts_of(lengths))
    if spacing["regular"]:
        return []
    values: Note = {"unit": spacing["unit"], "step": spacing["step"], "regular": False, "odd": spacing["odd"]}
    return [{"key": "irregular", "column": order, **values}]
