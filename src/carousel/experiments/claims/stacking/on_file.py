"""Claim 6 on a user's file: several LSTM layers against one at fixed parameters, by the score paired by seed.

A file has neither a solved threshold nor labels to memorise, so the margin is the one of claim 3 on a file: a share of
the room between the baseline and the best contender's mean score. It is one file, so the verdict speaks of it alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carousel.common.texts import both
from carousel.experiments.claims.base import Claim
from carousel.experiments.claims.stacking.depth import declared_depths, depths
from carousel.experiments.decision.paired import mean_row
from carousel.experiments.decision.results import Results, score, trial_files
from carousel.experiments.decision.rules import SIZE, combine
from carousel.experiments.decision.split_overlap import sample_note
from carousel.experiments.decision.thresholds import THRESHOLDS
from carousel.experiments.decision.verdict import Row, Verdict
from carousel.experiments.decision.wording import headline, join, needed

if TYPE_CHECKING:
    from carousel.experiments.runner.plan import Condition

SCORE = ("depth_gain_score", "score")


def stacking_verdict(claim: Claim, results: Results, source: str, alpha: float) -> Verdict:
    """The best of several layers against the best of one decides; every declared depth is shown too."""
    whole = results.judged(source)[-1]
    one, several = depths(results, source)
    shallow, deep = results.best(whole.key, one), results.best(whole.key, several)
    room = results.room_above_baseline(source, whole.key)
    if shallow is None or deep is None or room <= 0:
        return claim.not_tested("no_depth_trials" if room > 0 else "below_baseline_depth")
    margin = THRESHOLDS.history_share * room
    best = _row(results, whole, shallow, deep, margin, alpha, best=True)
    declared = [_row(results, whole, s, d, margin, alpha, decides=False) for s, d in declared_depths(results, source)]
    because = join(
        headline(claim.id, best),
        both("claims.stacking.one_file", source=source, share=THRESHOLDS.history_share),
        needed([best]),
        sample_note(results.evidence.card),
    )
    used = [row for spec in (*one, *several) for row in results.reporting(whole.key, spec).values()]
    return Verdict(claim.id, combine([best]), best.effect, best.n, because, (best, *declared), trial_files(used))


def _row(results: Results, whole: Condition, shallow: str, deep: str, margin: float, alpha: float, **about: Any) -> Row:
    sides = (whole.key, shallow), (whole.key, deep)
    few, many = results.together(*sides)
    gains = [score(many[seed]) - score(few[seed]) for seed in sorted(few)]
    where = f"{whole.key}: {deep} vs {shallow}"
    about |= {"condition": whole.key, "rests_on": sides}
    return mean_row(where, SCORE, gains, margin, alpha, overlap=results.overlap, rule=SIZE, **about)
