"""What a reporting trial answered on its test part, as a table of `tables.ANSWERS`: what a report draws.

A test part may hold a million windows. So that the table stays small, it holds at most MOST examples at even distances,
and of a forecast the last windows of the part's first series, end to end, for the picture of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from carousel.experiments.answer_columns import ANSWERED_STEPS
from carousel.experiments.data import DataTask
from carousel.experiments.data.arrays import Ints
from carousel.experiments.data.prepare.prepared import Prepared
from carousel.experiments.training.held_out_errors import HeldOut, reach

LEVEL = 0.9  # of the interval about each answer
MOST = 2_000  # examples


def on_test_part(task: DataTask, held: HeldOut, seed: int, local: bool) -> pl.DataFrame:
    """A row an answer: of the examples kept, each output. All columns of the table but `job`. local: as of `reach`."""
    prepared, test, outputs = task.prepared, held.test, held.test.truth.shape[1]
    rows = prepared.rows("test")
    spread = np.unique(np.arange(MOST) * len(rows) // MOST)
    kept = np.union1d(spread, _last_windows(prepared, rows, outputs))
    columns: dict[str, Any] = {
        "sequence": np.repeat(rows[kept], outputs),
        "truth": test.truth[kept].ravel(),
        "predicted": test.predicted[kept].ravel(),
        "spread": np.repeat(np.isin(kept, spread), outputs),
    }
    of_values = prepared.kind != "classification"
    right = pl.lit(None, pl.Float64) if of_values else pl.Series(1 - test.off[kept, 0])
    half = pl.Series(reach(held, LEVEL, local)[kept].ravel()) if of_values else pl.lit(None, pl.Float64)
    finite = pl.when(pl.col("predicted").is_finite()).then("predicted")
    made = pl.DataFrame(columns).with_columns(finite, seed=pl.lit(seed, pl.Int64), half=half, right=right)
    if prepared.kind == "forecast":
        return made.with_columns(_ahead(prepared, rows[kept], outputs))
    nothing = (pl.lit(None, pl.Int64).alias(name) for name in ("series", "step", "ahead"))
    return made.with_columns(*nothing, column=pl.lit(prepared.card["target"], pl.String))


def _ahead(prepared: Prepared, chosen: Ints, outputs: int) -> pl.DataFrame:
    """Which series, step and column each forecast is about."""
    columns = [prepared.card["channels"]["names"][place] for place in prepared.y_channels]
    ahead = np.repeat(np.arange(1, outputs // len(columns) + 1), len(columns))
    first, seen = _series(prepared)[chosen], (prepared.starts + prepared.lengths)[chosen]
    return pl.DataFrame(
        {
            "series": np.repeat(first, outputs),
            "step": ((seen - first)[:, None] + ahead - 1).ravel(),
            "ahead": np.tile(ahead, len(chosen)),
            "column": columns * (len(chosen) * outputs // len(columns)),
        }
    )


def _last_windows(prepared: Prepared, rows: Ints, outputs: int) -> Ints:
    """Places in `rows` of the last windows of the first series there, the targets of one ending where the next's
    begin."""
    if prepared.kind != "forecast":
        return np.array([], dtype=np.int64)
    horizon, series = outputs // len(prepared.y_channels), _series(prepared)[rows]
    end = (prepared.starts + prepared.lengths)[rows]
    here = series == series[0]
    back = end[here].max() - end
    found: Ints = np.flatnonzero(here & (back % horizon == 0) & (back < max(ANSWERED_STEPS, horizon)))
    return found


def _series(prepared: Prepared) -> Ints:
    return np.zeros_like(prepared.starts) if prepared.firsts is None else prepared.firsts
