"""The next row of a sequence that is sent step by step."""

from __future__ import annotations

import numpy as np

from carousel.common.errors import BadData
from carousel.experiments.data.arrays import Floats, Singles
from carousel.experiments.data.options import DataOptions, several
from carousel.experiments.data.prepare.new_rows import refuse_gaps, refuse_other_spacing
from carousel.experiments.data.prepare.prepared import Prepared
from carousel.experiments.data.prepare.trained_channels import channels_of, seen
from carousel.experiments.data.read.order import read_times
from carousel.experiments.data.read.table import Table


def step_of(table: Table, trained: Prepared) -> tuple[Floats, Singles]:
    """(raw [R, c], x [R, C]) of rows that are steps, in the file's units and as the network sees them."""
    raw = channels_of(table, trained.card)
    refuse_gaps(table, raw, trained.card)
    return raw, seen(raw, trained)


def refuse_other_step(table: Table, options: DataOptions, trained: Prepared) -> None:
    """Two rows of a stream, the last and the next: the one column that orders steps, where both have it, says that the
    next is a step of training's size later. Raises BadData."""
    order = several(options.order)
    if len(order) != 1 or order[0] not in table.frame.columns:
        return
    times, _ = read_times(table, order[0], np.zeros(len(table.rows), dtype=np.int64), options.date_format)
    if times.values[1] <= times.values[0]:
        raise BadData("the row is not later than the last one of its stream",
                      fix="send rows in their order, or begin another stream")  # fmt: skip
    known = trained.card.get("spacing")
    if known is not None:
        refuse_other_spacing(known, times.spacing(np.array([True, False])), order[0])
