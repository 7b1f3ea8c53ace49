"""The second part of claim 2: does a trained LSTM keep its gradient in check?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from carousel.experiments.claims.exploding.margins import MARGINS
from carousel.experiments.decision.paired import SHOWN, missing_row
from carousel.experiments.decision.results import Record, is_number
from carousel.experiments.decision.rules import Answer
from carousel.experiments.decision.statistics.interval import Interval
from carousel.experiments.decision.statistics.power import smallest_n
from carousel.experiments.decision.statistics.rates import clopper_pearson, clustered
from carousel.experiments.decision.verdict import Effect, Row

WHERE = "LSTM"
EFFECT = ("spike_share", "share")


def control_row(trials: Sequence[Record], alpha: float) -> Row:
    """All steps of the LSTM trials: the share of gradient spikes, and chaotic networks.

    A spike is a norm above 100 x its running median, or one that is not a number. Supported: the upper limit of the
    share is below 1e-4 and every trained network's exponent was measured and is not above 0. Refuted: the lower
    limit is above 1e-4, or a trained network's exponent is above 0. Spikes of one trial come in bursts; the interval
    allows for that (statistics.rates.clustered).
    """
    if not trials:
        return missing_row(WHERE, EFFECT, details={"part": "control"})
    counted = _count(trials)
    spikes, steps = counted["spikes"], counted["steps"]
    limits = _limits(trials, alpha)
    verdict, reason = _answer(limits, counted)
    details = {**counted, "part": "control", "level": 1 - alpha, "upper_limit": limits.high}
    value = spikes / steps if steps else None
    effect = Effect(*EFFECT, value, _limits(trials, SHOWN))
    needed = _seeds_needed(counted, alpha) if reason == "wide" else None
    return Row(WHERE, verdict, reason, effect, len(trials), seeds_needed=needed, details=details)


def _limits(trials: Sequence[Record], alpha: float) -> Interval:
    return clustered([(_spikes(row), row["steps"] or 0) for row in trials], alpha, MARGINS.spike_burst)


def _answer(limits: Interval, counted: dict[str, Any]) -> Answer:
    if counted["chaotic"]:
        return Answer("refuted", "chaotic")
    if limits.above(MARGINS.spike_share):
        return Answer("refuted", "spikes")
    if not limits.below(MARGINS.spike_share):
        return Answer("inconclusive", "wide")
    if counted["exponents"] < counted["trials"]:
        return Answer("inconclusive", "no_exponent")
    return Answer("supported", "beyond")


def _count(trials: Sequence[Record]) -> dict[str, Any]:
    exponents = [row["lyapunov_end"] for row in trials if is_number(row["lyapunov_end"])]
    return {
        "trials": len(trials),
        "seeds": len({row["seed"] for row in trials}),
        "steps": sum(row["steps"] or 0 for row in trials),
        "spikes": sum(_spikes(row) for row in trials),
        "chaotic": sum(value > MARGINS.lyapunov for value in exponents),
        "exponents": len(exponents),
        "diverged": sum(row["outcome"] == "diverged" for row in trials),
    }


def _spikes(row: Record) -> int:
    shares = (row["spike_share"], row["nan_share"])
    found = round(sum(s for s in shares if is_number(s)) * (row["steps"] or 0))
    # A trial that diverged spiked at least once, also where its last step was not counted.
    return max(found, int(row["outcome"] == "diverged"))


def _seeds_needed(counted: dict[str, Any], alpha: float) -> int | None:
    """Seeds at which the same trainings, with the same share of spikes in bursts of the least size, would decide."""
    each, share = counted["steps"] / counted["seeds"], counted["spikes"] / max(counted["steps"], 1)
    if not each:
        return None

    def decides(seeds: int) -> bool:
        steps = each * seeds / MARGINS.spike_burst
        limits = clopper_pearson(share * steps, steps, alpha)
        return limits.above(MARGINS.spike_share) or limits.below(MARGINS.spike_share)

    return smallest_n(decides, counted["seeds"] + 1)
