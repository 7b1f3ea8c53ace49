"""The gap between the score on the training set and the test score, against the amount of data and the width: what
under- and overfitting are read from. Shown, and judged by no rule."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from carousel.experiments.claims.generalisation.fitted import fits
from carousel.experiments.decision.paired import SHOWN, mean_row
from carousel.experiments.decision.results import Record, Results, score
from carousel.experiments.decision.verdict import Row

if TYPE_CHECKING:
    from carousel.experiments.runner.plan import Condition

GAP = ("gap", "score")


def gap_rows(results: Results, conditions: Sequence[Condition]) -> list[Row]:
    """A row for each contender under each condition with a fixed training set."""
    made = results.evidence.plan.contenders
    return [
        _row(results, condition, contender.spec, contender.parameters)
        for condition in conditions
        for contender in made[condition.source]
    ]


def _row(results: Results, condition: Condition, spec: str, parameters: int) -> Row:
    """Of the weights that are tested, over all reporting seeds; a diverged training has the baseline's scores."""
    trials = list(results.reporting(condition.key, spec).values())
    gaps = [score(row, "training_score") - score(row) for row in trials]
    row = mean_row(f"{condition.key}: {spec}", GAP, gaps, 0.0, SHOWN, condition=condition.key, decides=False)
    found = _means(trials) if trials else {}
    return replace(row, verdict="not-tested", reason="no_rule" if trials else "missing", seeds_needed=None,
                   details={"parameters": parameters, **found})  # fmt: skip


def _means(trials: Sequence[Record]) -> dict[str, Any]:
    training = math.fsum(score(row, "training_score") for row in trials) / len(trials)
    test = math.fsum(score(row) for row in trials) / len(trials)
    return {"training": training, "test": test, "fit": sum(map(fits, trials))}
