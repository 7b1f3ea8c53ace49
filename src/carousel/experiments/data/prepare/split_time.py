"""Sequences that follow each other in time: the earliest are learned from, the latest tested on."""

from __future__ import annotations

import numpy as np

from carousel.common.errors import BadData, BadPlan
from carousel.experiments.data.arrays import PARTS, Ints, Note
from carousel.experiments.data.options import DataOptions
from carousel.experiments.data.prepare.split import part_sizes
from carousel.experiments.data.prepare.time_window import WHOLE, TimeWindow
from carousel.experiments.data.read.parsed import ParsedSequences
from carousel.experiments.data.read.target import Classes, Values


def by_time(parsed: ParsedSequences, target: Classes | Values, options: DataOptions) -> tuple[bool, list[Note]]:
    """Whether the sequences are split by time: where they follow each other, unless the options say otherwise.

    Where a class would then be missing from a part they are not, and a note says so. BadPlan where it is asked for of
    sequences that overlap in time, or have none.
    """
    if parsed.ranks is None:
        if options.split_by == "time":
            raise BadPlan(
                "--split-by time needs sequences that follow each other in time",
                got="they overlap, or no column orders their steps",
                fix="name the column of the time with --order, or leave --split-by out",
            )
        return False, []
    if options.split_by is not None:
        return options.split_by == "time", []
    try:
        split_time(parsed.ranks, target, list(options.split), WHOLE)
    except BadData:
        return False, [{"key": "not_by_time"}]
    return True, []


def split_time(ranks: Ints, target: Classes | Values, shares: list[float], time_window: TimeWindow) -> Ints:
    """[N] the part of each sequence by its place in time; -1 outside the stretch. BadData where a part lacks a class,
    or has fewer than two sequences of a regression."""
    least = 1 if isinstance(target, Classes) else 2
    first, used = time_window.moments(len(ranks))
    if used < least * len(shares):
        raise BadData(f"{used} sequences are too few to split into {len(shares)} parts",
                      allowed=f"{least * len(shares)} or more", fix="add sequences")  # fmt: skip
    by_rank = np.full(len(ranks), -1, dtype=np.int64)
    by_rank[first : first + used] = np.repeat(np.arange(len(shares)), part_sizes(used, shares, least))
    part = by_rank[ranks]
    if isinstance(target, Classes):
        _refuse_missing_class(target, part)
    return part


def _refuse_missing_class(target: Classes, part: Ints) -> None:
    for number, name in enumerate(PARTS):
        counts = np.bincount(target.codes[part == number], minlength=len(target.names))
        if not counts.all():
            raise BadData(
                f"split by time, the {name} part has no sequence of class {target.names[int(counts.argmin())]!r}",
                fix="--split-by sequence deals the sequences at random",
            )
