"""The second half of control: does an RNN's gradient spike more often than an LSTM's, in trainings of equal length?"""

from __future__ import annotations

from carousel.experiments.claims.exploding.spikes import by_pair, leads, spike_trials, trials_of
from carousel.experiments.decision.details import Details
from carousel.experiments.decision.paired import SHOWN, missing_row
from carousel.experiments.decision.results import Results
from carousel.experiments.decision.rules import Answer
from carousel.experiments.decision.statistics.power import smallest_n
from carousel.experiments.decision.statistics.rates import EVEN, clopper_pearson
from carousel.experiments.decision.verdict import Effect, Row

EFFECT = ("spikes_more", "probability")
WAYS = 3  # to be refuted: too many spikes, chaos, no fewer spikes than an RNN


def contrast_rows(results: Results, alpha: float) -> list[Row]:
    """One for each source with an RNN and an LSTM; they share the error (Bonferroni)."""
    sources = contrasted(results)
    return [_row(results, source, alpha / len(sources)) for source in sources]


def contrasted(results: Results) -> list[str]:
    """The sources with an RNN and an LSTM."""
    return [source.name for source in results.evidence.plan.sources if results.pairs(source.name)]


def _row(results: Results, source: str, alpha: float) -> Row:
    """The sign test over seeds: in which share of those that are no tie do RNNs spike more than LSTMs?

    Exact whatever the bursts, since a seed counts once. Supported: the lower limit is above .5; refuted: the upper one
    is below it, at the share of the error that one of three ways to be refuted has.
    """
    groups = spike_trials(results, "RNN", "LSTM", source=source)
    trials = trials_of(groups)
    found = leads(results, source, trials)
    if not found:
        return missing_row(source, EFFECT, details={"part": "contrast"})
    more, untied = sum(lead > 0 for lead in found), sum(lead != 0 for lead in found)
    verdict, reason = _answer(more, untied, alpha)
    details: Details = {
        "part": "contrast",
        "level": 1 - alpha,
        "seeds": len(found),
        "more": more,
        "fewer": untied - more,
        "pairs": by_pair(results, source, trials),
    }
    effect = Effect(*EFFECT, more / untied if untied else None, clopper_pearson(more, untied, SHOWN))
    needed = _seeds_needed(more, untied, len(found), alpha) if verdict == "inconclusive" else None
    return Row(
        source, verdict, reason, effect, len(found), seeds_needed=needed, details=details, rests_on=tuple(groups)
    )


def _answer(more: float, untied: float, alpha: float) -> Answer:
    if clopper_pearson(more, untied, alpha).above(EVEN):
        return Answer("supported", "beyond")
    if clopper_pearson(more, untied, alpha / WAYS).below(EVEN):
        return Answer("refuted", "opposite")
    return Answer("inconclusive", "wide")


def _seeds_needed(more: int, untied: int, seeds: int, alpha: float) -> int | None:
    """Seeds at which the same shares would decide; None of all ties or a half, which never would."""
    if 2 * more == untied:
        return None
    shares = more / seeds, untied / seeds
    return smallest_n(lambda n: _answer(shares[0] * n, shares[1] * n, alpha).verdict != "inconclusive", seeds + 1)
