"""How many seeds a claim asks for at the very least: with fewer, not even the plainest data could decide it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from carousel.experiments.decision.question import Question
from carousel.experiments.decision.requirements import is_file
from carousel.experiments.decision.statistics.power import MOST_SEEDS, smallest_n
from carousel.experiments.decision.thresholds import THRESHOLDS

if TYPE_CHECKING:
    from carousel.experiments.runner.plan import Plan


def too_few(claims: Iterable[Question], plan: Plan) -> dict[str, int]:
    """The claims that the plan could answer but for too few seeds: how many each would need, judged alone."""
    able = (c for c in claims if c.seeds == "reporting" and plan.asks(c.id) and c.why_not(plan) is None)
    needed = {claim.id: _needed(claim, plan.only_for(claim.id)) for claim in able}
    return {claim: seeds for claim, seeds in needed.items() if seeds > plan.last_analysis}


def _needed(claim: Question, asked: Plan) -> int:
    """asked: with the sources of the claim alone."""
    alpha = THRESHOLDS.alpha / len(asked.analyses)
    if is_file(asked):
        return least_seeds(claim, alpha, file=True)
    return least_seeds(claim, alpha / claim.comparisons(asked), file=False)


def least_seeds(claim: Question, alpha: float, *, file: bool) -> int:
    """The fewest seeds at which the rule of a claim can decide at error `alpha`."""
    return smallest_n(lambda n: claim.decidable(n, alpha, file=file)) or MOST_SEEDS
