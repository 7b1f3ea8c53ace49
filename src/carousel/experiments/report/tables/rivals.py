"""One row for every simple method on a user's file, for the tables beside the contenders'."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean, median

from carousel.experiments.decision.results import Results
from carousel.experiments.report.tables import intervals
from carousel.experiments.results.evidence import Evidence
from carousel.experiments.tables import RivalRow


@dataclass(frozen=True)
class RivalSummary:
    """The mean test score over the splits, with its 95 % interval; the mean RMSE; the setting of the first split;
    median CPU seconds; how many splits."""

    rival: str
    score: float
    low: float | None
    high: float | None
    rmse: float | None
    setting: str
    seconds: float
    trials: int


def rival_summaries(evidence: Evidence) -> dict[str, list[RivalSummary]]:
    """By condition; nothing where no simple method was run."""
    results = Results(evidence)
    if not results.rivals or results.file is None:
        return {}
    rows = [_summary(name, found, results.overlap) for name, found in results.rivals.items()]
    return {results.judged(results.file)[-1].key: rows}


def _summary(name: str, found: dict[int, RivalRow], overlap: float) -> RivalSummary:
    rows = [found[seed] for seed in sorted(found)]
    scores = [row.score for row in rows]
    low, high = intervals.of_mean(scores, overlap)
    errors = [row.rmse for row in rows if row.rmse is not None]
    seconds = median(row.seconds for row in rows)
    return RivalSummary(
        name, fmean(scores), low, high, fmean(errors) if errors else None, rows[0].setting, seconds, len(rows)
    )
