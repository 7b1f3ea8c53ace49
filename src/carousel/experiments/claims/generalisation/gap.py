"""The gap between the score on the training set and the test score, against the amount of data and the width: what
under- and overfitting are read from. Shown, and judged by no rule."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from carousel.experiments.claims.generalisation.fitted import fits
from carousel.experiments.decision.details import Details
from carousel.experiments.decision.paired import SHOWN, missing_row
from carousel.experiments.decision.results import Results, score
from carousel.experiments.decision.statistics.means import mean_interval
from carousel.experiments.decision.verdict import Effect, Row

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
    about: dict[str, Any] = {"condition": condition.key, "decides": False}
    where = f"{condition.key}: {spec}"
    if not trials:
        return missing_row(where, GAP, **about)
    gaps = [score(row, "training_score") - score(row) for row in trials]
    effect = Effect(*GAP, math.fsum(gaps) / len(gaps), mean_interval(gaps, SHOWN))
    details: Details = {
        "parameters": parameters,
        "training": math.fsum(score(row, "training_score") for row in trials) / len(trials),
        "test": math.fsum(score(row) for row in trials) / len(trials),
        "fit": sum(map(fits, trials)),
    }
    return Row(where, "not-tested", "no_rule", effect, len(gaps), details=details, **about)
