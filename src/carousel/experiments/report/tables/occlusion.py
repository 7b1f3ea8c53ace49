"""What a contender loses by each block of lags of a file: the rows of the figure of occlusion."""

from __future__ import annotations

from typing import Any

import polars as pl

from carousel.experiments.decision.results import Results
from carousel.experiments.decision.wording import lag_block
from carousel.experiments.report.tables import intervals
from carousel.experiments.results.evidence import Evidence

SCHEMA: dict[str, Any] = {
    **dict.fromkeys(("condition", "contender", "block"), pl.String),
    **dict.fromkeys(("lag_from", "lag_to", "seeds"), pl.Int64),
    **dict.fromkeys(("sequences", "drop", "low", "high"), pl.Float64),
}


def drops(evidence: Evidence) -> pl.DataFrame:
    """Columns of `SCHEMA`: block ("2-3"), seeds, sequences (mean number that had steps replaced), drop (mean loss of
    the test score) with its 95 % interval over the seeds. Empty where no file was occluded."""
    results = Results(evidence)
    rows = [
        row
        for condition in evidence.plan.conditions()
        for contender in evidence.plan.contenders[condition.source]
        for row in _rows(results, condition.key, contender.spec)
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _rows(results: Results, condition: str, spec: str) -> list[dict[str, Any]]:
    frame = results.evidence.occlusion
    rows = []
    for (first, end), by_seed in results.occlusion(condition, spec).items():
        values = list(by_seed.values())
        low, high = intervals.of_mean(values, results.overlap)
        here = frame.filter(condition=condition, contender=spec, lag_from=first)
        rows.append(
            {
                "condition": condition,
                "contender": spec,
                "block": lag_block(first, end),
                "lag_from": first,
                "lag_to": end,
                "seeds": len(values),
                "sequences": here["sequences"].mean(),
                "drop": sum(values) / len(values),
                "low": low,
                "high": high,
            }
        )
    return rows
