"""The second part of claim 2: does a trained LSTM keep its gradient in check, by itself and compared with an RNN?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypedDict

from carousel.experiments.claims.exploding.contrast import WAYS
from carousel.experiments.claims.exploding.exponents import shown
from carousel.experiments.claims.exploding.margins import MARGINS
from carousel.experiments.claims.exploding.spikes import spike_count
from carousel.experiments.decision.details import Details
from carousel.experiments.decision.paired import SHOWN, missing_row
from carousel.experiments.decision.results import BySeed
from carousel.experiments.decision.rules import Answer, combine, combine_parts, everywhere
from carousel.experiments.decision.statistics.interval import Interval
from carousel.experiments.decision.statistics.power import smallest_n
from carousel.experiments.decision.statistics.rates import clopper_pearson, clustered
from carousel.experiments.decision.verdict import Effect, Row, Word
from carousel.experiments.tables import TrialRow

if TYPE_CHECKING:
    from carousel.experiments.runner.plan import Group

WHERE = "LSTM"
EFFECT = ("spike_share", "share")


def control_word(control: Row, contrast: Sequence[Row]) -> Word:
    """Refuted where either half is. Supported where both are, the comparison with RNNs on every source; conditional
    where that comparison is (it differs between sources) and LSTMs by themselves are in check; else inconclusive."""
    words = (combine([control]), everywhere(contrast))
    return "refuted" if "refuted" in words else combine_parts(words)


class _Counted(TypedDict):
    """Over all trainings of LSTMs. exponents: how many have one; chaotic, calm: of how many that is shown."""

    trials: int
    seeds: int
    steps: int
    spikes: int
    exponents: int
    chaotic: int
    calm: int
    diverged: int


def control_row(groups: Mapping[Group, BySeed], alpha: float) -> Row:
    """All steps of the trials of LSTMs: the share of gradient spikes, and chaotic networks.

    A spike is a norm above 100 x its running median, or one that is not a number. Supported: the upper limit of the
    share is below 1e-4 and every trained network is shown to be calm. Refuted: the lower limit is above 1e-4, or a
    trained network is shown to be chaotic (exponents.py), each at its share of the error, since there are three ways
    to be refuted with the comparison (contrast.py). Spikes of one trial come in bursts; the interval allows for that
    (statistics.rates.clustered).
    """
    trials = [row for rows in groups.values() for row in rows.values()]
    if not trials:
        return missing_row(WHERE, EFFECT, details={"part": "control"})
    counted = _count(trials, alpha)
    spikes, steps = counted["spikes"], counted["steps"]
    limits = _limits(trials, alpha)
    verdict, reason = _answer(limits, _limits(trials, alpha / WAYS), counted)
    details: Details = {**counted, "part": "control", "level": 1 - alpha, "upper_limit": limits.high}
    value = spikes / steps if steps else None
    effect = Effect(*EFFECT, value, _limits(trials, SHOWN))
    wide = reason == "wide"  # more seeds narrow the interval; of networks that must all be calm they only add more
    needed, rests_on = (_seeds_needed(counted, alpha), tuple(groups)) if wide else (None, ())
    return Row(WHERE, verdict, reason, effect, len(trials), seeds_needed=needed, details=details, rests_on=rests_on)


def _limits(trials: Sequence[TrialRow], alpha: float) -> Interval:
    return clustered([(spike_count(row), row.steps or 0) for row in trials], alpha, MARGINS.spike_burst)


def _answer(limits: Interval, to_refute: Interval, counted: _Counted) -> Answer:
    if counted["chaotic"]:
        return Answer("refuted", "chaotic")
    if to_refute.above(MARGINS.spike_share):
        return Answer("refuted", "spikes")
    if not limits.below(MARGINS.spike_share):
        return Answer("inconclusive", "wide")
    if counted["exponents"] < counted["trials"]:
        return Answer("inconclusive", "no_exponent")
    if counted["calm"] < counted["trials"]:
        return Answer("inconclusive", "exponent_open")
    return Answer("supported", "beyond")


def _count(trials: Sequence[TrialRow], alpha: float) -> _Counted:
    exponents = shown(trials, alpha / WAYS, alpha)
    return _Counted(
        trials=len(trials),
        seeds=len({row.seed for row in trials}),
        steps=sum(row.steps or 0 for row in trials),
        spikes=sum(map(spike_count, trials)),
        exponents=exponents.measured,
        chaotic=exponents.chaotic,
        calm=exponents.calm,
        diverged=sum(row.outcome == "diverged" for row in trials),
    )


def _seeds_needed(counted: _Counted, alpha: float) -> int | None:
    """Seeds at which the same trainings, with the same share of spikes in bursts of the least size, would decide."""
    each, share = counted["steps"] / counted["seeds"], counted["spikes"] / max(counted["steps"], 1)
    if not each:
        return None

    def decides(seeds: int) -> bool:
        steps = each * seeds / MARGINS.spike_burst
        limits, to_refute = (clopper_pearson(share * steps, steps, error) for error in (alpha, alpha / WAYS))
        return to_refute.above(MARGINS.spike_share) or limits.below(MARGINS.spike_share)

    return smallest_n(decides, counted["seeds"] + 1)
