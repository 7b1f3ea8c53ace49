"""Who generalises better at equal training loss: an approximation from the learning curves.

The training loss is smoothed by a running mean. The level of a pair is the worse of the two networks' lowest
smoothed losses, which both reach; each is looked at where it first does, by its next recorded validation score (the
last one where none follows). Validation, not test: the test part is scored once, at the end of a trial.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from carousel.experiments.claims.generalisation.comparisons import Compare, beats
from carousel.experiments.claims.generalisation.margins import MARGINS
from carousel.experiments.tables import TrialRow

if TYPE_CHECKING:
    import polars as pl

    from carousel.experiments.results.evidence import Evidence


class _Curve(NamedTuple):
    smoothed: list[float]  # by step, from the first full window on
    validation: list[float | None]  # by step, from the same step on


def equal_loss_win(evidence: Evidence) -> Compare:
    """A comparison of two trials at equal training loss: 1, 0.5 or 0 for the first; None where it has no answer."""

    def compare(lstm: TrialRow, rnn: TrialRow) -> float | None:
        curves = [_curve(evidence, row) for row in (lstm, rnn)]
        if not all(curve and any(math.isfinite(v) for v in curve.smoothed) for curve in curves):
            return None
        level = max(min(v for v in curve.smoothed if math.isfinite(v)) for curve in curves if curve)
        ours, other = (_validation_at(curve, level) for curve in curves if curve)
        if ours is None or other is None:
            return None
        return beats(ours, other)

    return compare


def _curve(evidence: Evidence, row: TrialRow) -> _Curve | None:
    """None where the trial's file is not in the folder (a copied folder may hold the tables only)."""
    from carousel.experiments.results.evidence import has_curves  # tables load when a claim is judged, not listed

    if not has_curves(evidence, row.trial):
        return None
    frame: pl.DataFrame = evidence.curves(row.trial).sort("step")
    window = max(1, round(MARGINS.loss_window * frame.height))
    smoothed = frame["loss"].fill_null(math.nan).rolling_mean(window).to_list()
    start = window - 1
    return _Curve(smoothed[start:], frame["validation_score"].to_list()[start:])


def _validation_at(curve: _Curve, level: float) -> float | None:
    """The first validation score from the step on where the smoothed loss reaches `level`."""
    step = next(i for i, value in enumerate(curve.smoothed) if value <= level)
    known = [(i, v) for i, v in enumerate(curve.validation) if v is not None and math.isfinite(v)]
    after = [v for i, v in known if i >= step]
    if after:
        return float(after[0])
    return float(known[-1][1]) if known else None
