"""Part A of claim 4, gates do it: the selectivity that a network loses when its gates are clamped to their means.

Judged for each LSTM contender under each condition, among the networks that solved the task, paired: the same network
with its gates and without what they know. What each gate costs alone, and how well it marks the key, is shown.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from carousel.experiments.claims.gates.margins import MARGINS
from carousel.experiments.columns import GATES, auroc, clamp_drop
from carousel.experiments.decision.details import Details
from carousel.experiments.decision.paired import SHOWN, mean_row
from carousel.experiments.decision.results import is_number, numbers, solved
from carousel.experiments.decision.rules import SIZE
from carousel.experiments.decision.statistics.means import mean_interval
from carousel.experiments.decision.verdict import Effect, Row
from carousel.experiments.tables import TrialRow

EFFECT = ("selectivity_lost", "selectivity")
_DROP = ("clamp_drop", "accuracy")
_ALL, _INFORMED = "all", "informed"  # of all gates: at their means; at means that know the symbol and the key so far


def clamping_rows(trials: Sequence[TrialRow], where: str, alpha: float, **about: Any) -> list[Row]:
    """The deciding row of one contender under one condition; below it the accuracy lost by each way of clamping."""
    solvers = [row for row in trials if solved(row)]
    losses = losses_of(solvers)
    if not losses:
        reason = "unsolved" if losses_of(trials) else "no_probe"
        return [Row(where, "not-tested", reason, Effect(*EFFECT), 0, details={"part": "gates"}, **about)]
    row = mean_row(where, EFFECT, losses, MARGINS.selectivity_lost, alpha, rule=SIZE, **about)
    drops = {name: found for name in (_ALL, _INFORMED, *GATES) if (found := numbers(solvers, clamp_drop(name)))}
    details: Details = {"part": "gates", **row.details}
    if _ALL in drops:
        details["accuracy_all"] = _mean(drops[_ALL])
    if _INFORMED in drops:
        details["accuracy_informed"] = _mean(drops[_INFORMED])
    needed = None if row.seeds_needed is None else math.ceil(row.seeds_needed * len(trials) / len(solvers))
    row = replace(row, seeds_needed=needed, details=details)
    return [row, *(_shown_row(name, values, solvers, where, **about) for name, values in drops.items())]


def losses_of(trials: Sequence[TrialRow]) -> list[float]:
    """Selectivity with the gates as they are, less with all of them clamped; of the trials that have both."""
    both = [(row.selectivity, row.selectivity_clamped) for row in trials]
    return [free - clamped for free, clamped in both if is_number(free) and is_number(clamped)]


def _shown_row(name: str, drops: Sequence[float], solvers: Sequence[TrialRow], where: str, **about: Any) -> Row:
    """The accuracy lost by one way of clamping, and of a single gate its AUROC: no rule reads them."""
    details: Details = {"part": "gates", "clamped": name}
    marks = numbers(solvers, auroc(name)) if name in GATES else []
    if marks:
        details |= {"auroc": _mean(marks), "auroc_interval": list(mean_interval(marks, SHOWN).within(0, 1))}
    effect = Effect(*_DROP, _mean(drops), mean_interval(drops, SHOWN).within(-1, 1))
    about |= {"decides": False, "details": details}
    return Row(f"{where}, {name}", "not-tested", "no_rule", effect, len(drops), **about)


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)
