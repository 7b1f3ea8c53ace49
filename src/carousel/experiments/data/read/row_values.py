"""Rows that are whole sequences: their values, and what rows that are none look like."""

from __future__ import annotations

import shlex

import numpy as np

from carousel.common.errors import BadData
from carousel.experiments.data.arrays import Floats
from carousel.experiments.data.read.channels import too_many_words
from carousel.experiments.data.read.found_order import dated
from carousel.experiments.data.read.table import Table, ignoring, is_numeric


def row_values(table: Table, columns: list[str]) -> tuple[Floats, np.ndarray]:
    """Of rows that are sequences: [R, C] the values, and true [R, C] up to each row's last. BadData for text."""
    for name in columns:
        table.refuse_empty(name)
    texts = [name for name in columns if not is_numeric(table.frame[name])]
    if texts:
        raise BadData(
            f"column {texts[0]!r} holds text, and without --group each row is a sequence of numbers",
            got=repr(str(table.frame[texts[0]].drop_nulls()[0])),
            fix=f"leave it out: {ignoring(texts)}; or name the sequences with --group {shlex.quote(texts[0])} "
            "if each row is one step",
        )
    if not columns:
        raise BadData("no column is left for the network to see", fix="add columns of numbers")
    x = np.stack([table.numbers(name) for name in columns], axis=1)
    # After its last value a row has ended; a gap before that is a missing value.
    ended = np.flip(np.logical_and.accumulate(np.flip(np.isnan(x), axis=1), axis=1), axis=1)
    return x, ~ended


def refuse_steps(table: Table, columns: list[str]) -> None:
    """BadData where rows that are taken for whole sequences have a date each, or nothing but words."""
    dates = dated(table.frame, columns)
    if dates:
        wordy = [name for name in too_many_words(table, columns) if name != dates[0]]
        texts = [name for name in columns if name in dates or not is_numeric(table.frame[name])]
        raise BadData(f"column {dates[0]!r} holds dates, and without --order each row is a whole sequence of numbers",
                      got=repr(str(table.frame[dates[0]][0])),
                      fix=f"if each row is one step with a target of its own, --order {shlex.quote(dates[0])} "
                      f"{' '.join(['--every-step', ignoring(wordy)]).strip()}; else leave it out: "
                      f"{ignoring(texts)}")  # fmt: skip
    if not any(is_numeric(table.frame[name]) for name in columns):
        raise BadData("no column besides the target holds numbers", allowed="sequences of numbers",
                      got=f"words, such as {str(table.frame[columns[0]].drop_nulls()[0])[:40]!r}",
                      fix="make numbers of the words first")  # fmt: skip
