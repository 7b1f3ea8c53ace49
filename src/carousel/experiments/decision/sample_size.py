"""How many seeds a claim asks for at the very least: with fewer, not even the plainest data could decide it.

The plainest data of a rule are every training alike on each side, and the sides as far apart, or as equal, as can be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from carousel.experiments.claims.attention.gap import answer as gap_answer
from carousel.experiments.claims.length.drop import Ends, Rate, answer
from carousel.experiments.claims.task_sets import MIRROR
from carousel.experiments.claims.thresholds import THRESHOLDS
from carousel.experiments.decision.requirements import why_not
from carousel.experiments.decision.rules import by_margin, by_superiority
from carousel.experiments.decision.statistics.power import MOST_SEEDS, smallest_n
from carousel.experiments.decision.statistics.rates import difference, superiority

if TYPE_CHECKING:
    from carousel.experiments.runner.plan import Plan

_TWO = 2  # what an interval of a mean asks for
Decides = Callable[[int, float], bool]  # seeds, error


def too_few(plan: Plan) -> dict[str, int]:
    """The claims that the plan could answer but for too few seeds: how many each would need, judged alone."""
    needed = {c: _needed(plan.only_for(c), c) for c in _OF_TASKS if plan.asks(c) and why_not(plan, c) is None}
    return {claim: seeds for claim, seeds in needed.items() if seeds > plan.last_look}


def _needed(asked: Plan, claim: str) -> int:
    """asked: with the sources of the claim alone."""
    alpha = THRESHOLDS.alpha / len(asked.judged_at)
    if asked.sources[0].kind == "file":
        return least_seeds(claim, alpha, file=True)
    return least_seeds(claim, alpha / _sharing(asked, claim), file=False)


def _sharing(asked: Plan, claim: str) -> int:
    """Among how many conditions a claim shares its error (Bonferroni)."""
    if claim == "generalisation":
        return len(asked.conditions())
    return sum(c.source not in MIRROR for c in asked.conditions()) if claim == "attention" else 1


def least_seeds(claim: str, alpha: float, *, file: bool) -> int:
    """The fewest seeds at which the rule of a claim can decide at error `alpha`."""
    decides = (_OF_FILES if file else _OF_TASKS).get(claim)
    return _TWO if decides is None else smallest_n(lambda n: decides(n, alpha)) or MOST_SEEDS


def _length(n: int, alpha: float) -> bool:
    holds, falls = Rate(n, n), Rate(0, n)
    ends = (Ends(holds, rnn, holds, lstm) for rnn in (holds, falls) for lstm in (holds, falls))
    return any(answer(each, alpha).verdict in ("supported", "refuted") for each in ends)


def _generalisation(n: int, alpha: float) -> bool:
    wins = ([win] * n for win in (0.0, 1.0))
    return any(by_superiority(each[0], superiority(each, alpha)).verdict != "inconclusive" for each in wins)


def _stacking(n: int, alpha: float) -> bool:
    gains = (difference(first, second, alpha) for first, second in _apart(n))
    return any(
        by_margin(gain, THRESHOLDS.depth_rate, THRESHOLDS.depth_band).verdict != "inconclusive" for gain in gains
    )


def _attention(n: int, alpha: float) -> bool:
    gaps = ((difference(first, second, alpha), (first[0] - second[0]) / n) for first, second in _apart(n))
    return any(gap_answer(interval, scores).verdict != "inconclusive" for interval, scores in gaps)


def _apart(n: int) -> tuple[tuple[tuple[int, int], tuple[int, int]], ...]:
    """Solved of all on two sides: all against none, and the other way round."""
    return ((n, n), (0, n)), ((0, n), (n, n))


_OF_FILES: Mapping[str, Decides] = {"generalisation": _generalisation}
_OF_TASKS: Mapping[str, Decides] = {
    "length": _length,
    "generalisation": _generalisation,
    "stacking": _stacking,
    "attention": _attention,
}
