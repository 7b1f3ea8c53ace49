"""Claim 7 on a user's file: the best Transformer compared with the best recurrent network. Shown, never judged.

The claim is not to be printed without its mirror set, tasks where recurrence should win, and a file has none. So the
verdict is `not-tested`, and the gap of the scores, paired by seed, is shown with its interval.
"""

from __future__ import annotations

from dataclasses import replace

from carousel.common.names import FAMILY_OF_CELL, RECURRENT, TRANSFORMER
from carousel.common.texts import both
from carousel.experiments.claims.attention.margins import MARGINS
from carousel.experiments.claims.base import Claim
from carousel.experiments.decision.details import Details
from carousel.experiments.decision.paired import SHOWN, mean_row
from carousel.experiments.decision.results import BySeed, Results, numbers, score, trial_files
from carousel.experiments.decision.split_overlap import sample_note
from carousel.experiments.decision.verdict import Both, Row, Verdict
from carousel.experiments.decision.wording import interval, join, signed

SCORE = ("attention_gap_score", "score")


def attention_verdict(claim: Claim, results: Results, source: str) -> Verdict:
    """`not-tested`, with the gap as a row that decides nothing."""
    whole = results.judged(source)[-1].key
    sides = [results.specs(source, FAMILY_OF_CELL[TRANSFORMER]), results.specs(source, *RECURRENT)]
    best = [results.best(whole, specs) for specs in sides]
    trials = [results.reporting(whole, spec) if spec else {} for spec in best]
    seeds = sorted(trials[0].keys() & trials[1].keys())
    if not seeds:
        return claim.not_tested("attention_file")
    gaps = [score(trials[0][seed]) - score(trials[1][seed]) for seed in seeds]
    where = f"{whole}: {best[0]} vs {best[1]}"
    row = mean_row(where, SCORE, gaps, 0.0, SHOWN, overlap=results.overlap, condition=whole, decides=False)
    row = replace(row, verdict="not-tested", reason="no_rule", seeds_needed=None, details=_details(*trials))
    rates = min(len({tuned.learning_rate for tuned in results.tuning(whole, str(spec))}) for spec in best)
    because = join(
        both("claims.untested.attention_shown"), _gap(row), _few_rates(rates), sample_note(results.evidence.card)
    )
    files = trial_files(trial for side in trials for trial in side.values())
    return Verdict(claim.id, "not-tested", row.effect, row.n, because, (row,), files)


def _gap(row: Row) -> Both:
    values = {"value": signed(row.effect.value), "interval": interval(row.effect.ci95), "n": row.n}
    return both("claims.attention.gap", where=row.where, **values)


def _few_rates(rates: int) -> Both | None:
    """A side tuned on too few rates may be shown, but not without saying so."""
    least = MARGINS.attention_rates
    return both("claims.attention.few_rates", rates=rates, needed=least) if rates < least else None


def _details(attention: BySeed, recurrent: BySeed) -> Details:
    return {"state_bits": {"attention": _largest(attention), "recurrent": _largest(recurrent)}}


def _largest(trials: BySeed) -> float | None:
    return max(numbers(trials.values(), "state_bits"), default=None)
