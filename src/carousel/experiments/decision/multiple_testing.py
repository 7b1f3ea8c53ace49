"""Several claims judged together with one error rate (Holm 1979), through their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from carousel.experiments.decision.question import Question
from carousel.experiments.decision.results import Results
from carousel.experiments.decision.verdict import Verdict


def holm(
    claims: Sequence[Question],
    results: Results,
    alpha: float,
    analyses: int = 1,
    answered: Mapping[str, Verdict] | None = None,
) -> list[Verdict]:
    """Judge `claims` with error `alpha` for all of them together, at one of so many interim analyses.

    A claim whose data grow from one analysis to the next has an equal share of the error at each. One that sees the
    same data at all of them (`seeds` "untrained") is judged once in truth, and has the whole.

    All m that can be tested are judged at alpha / m. Those that come to an answer are settled; the k left are judged
    again at alpha / k, until a round settles none. The same as Holm's order of p-values, where a claim's p is the
    smallest error at which it has an answer.

    answered: the verdicts that an earlier analysis came to and that stay. They are settled: were one of them false,
    that analysis would have erred, within its own share.
    """
    verdicts = dict(answered or {})
    left = [claim for claim in claims if claim.id not in verdicts]
    verdicts |= {claim.id: _first(claim, results, alpha / looks(claim, analyses)) for claim in left}
    left = [claim for claim in left if verdicts[claim.id].verdict != "not-tested"]
    while left:
        levels = {claim.id: alpha / looks(claim, analyses) / len(left) for claim in left}
        verdicts.update({claim.id: claim.judge(results.asked(claim.id), levels[claim.id]) for claim in left})
        undecided = [claim for claim in left if verdicts[claim.id].verdict == "inconclusive"]
        if len(undecided) == len(left):
            break
        left = undecided
    return [verdicts[claim.id] for claim in claims]


def looks(claim: Question, analyses: int) -> int:
    """How many of the analyses bring a claim data that it has not seen, the first one too."""
    return analyses if claim.seeds == "reporting" else 1


def _first(claim: Question, results: Results, alpha: float) -> Verdict:
    """By the sources that were run for it; not tested where the run was not asked for it, or could not answer it."""
    plan = results.evidence.plan
    if not plan.asks(claim.id):
        return claim.not_tested("not_asked", claim=claim.id)
    why = claim.why_not(plan)
    if why:
        return claim.not_tested(why)
    return claim.judge(results.asked(claim.id), alpha)
