"""Part B of claim 4, the RNN passes everything on: what the final states know of the key, less what of the noise.

Among the networks that solved the task, and for both architectures: a network that fails has no key to keep.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from carousel.experiments.claims.gates.margins import MARGINS
from carousel.experiments.claims.gates.networks import Side, seeds_needed
from carousel.experiments.columns import SELECTIVITY
from carousel.experiments.decision.paired import SHOWN
from carousel.experiments.decision.results import numbers, solved
from carousel.experiments.decision.rules import Answer
from carousel.experiments.decision.statistics.interval import Interval
from carousel.experiments.decision.statistics.means import mean_interval
from carousel.experiments.decision.verdict import Effect, Row
from carousel.experiments.tables import TrialRow

EFFECT = ("selectivity_difference", "selectivity")


def selectivity_row(rnn: Sequence[TrialRow], lstm: Sequence[TrialRow], where: str, alpha: float, **about: Any) -> Row:
    """Judge one pair under one condition. Not paired by seed: of a seed, one network may have solved it alone."""
    about["details"] = {"part": "rnn"}
    sides = [numbers([row for row in rows if solved(row)], SELECTIVITY) for rows in (rnn, lstm)]
    if not all(sides):
        reason = "unsolved" if all(numbers(rows, SELECTIVITY) for rows in (rnn, lstm)) else "no_probe"
        return Row(where, "not-tested", reason, Effect(*EFFECT), 0, **about)
    verdict, reason = answer(sides[0], sides[1], alpha)
    shown = [mean_interval(values, SHOWN) for values in sides]
    means = [math.fsum(values) / len(values) for values in sides]
    about["details"] |= {
        "level": 1 - alpha,
        **{
            side: {"mean": mean, "interval": list(ends.within(-1, 1)), "n": len(values)}
            for side, mean, ends, values in zip(("rnn", "lstm"), means, shown, sides, strict=True)
        },
    }
    if verdict == "inconclusive":
        each = [len(rows) / len(values) for rows, values in zip((rnn, lstm), sides, strict=True)]
        about["seeds_needed"] = seeds_needed(
            (
                Side(sides[0], MARGINS.selectivity_rnn, False, each[0]),
                Side(sides[1], MARGINS.selectivity_lstm, True, each[1]),
            ),
            alpha,
        )
    effect = Effect(*EFFECT, means[1] - means[0], _joined(means, shown))
    return Row(where, verdict, reason, effect, min(map(len, sides)), **about)


def answer(rnns: Sequence[float], lstms: Sequence[float], alpha: float) -> Answer:
    """Supported: the RNN's selectivity is below .1 and the LSTM's above .5, both by interval. Refuted: the RNN's is
    above .1 (it rejects noise too), or the LSTM's below .5, by interval; the two ways share the error (Bonferroni)."""
    rnn, lstm = (mean_interval(values, alpha) for values in (rnns, lstms))
    if rnn.below(MARGINS.selectivity_rnn) and lstm.above(MARGINS.selectivity_lstm):
        return Answer("supported", "beyond")
    rnn, lstm = (mean_interval(values, alpha / 2) for values in (rnns, lstms))
    if rnn.above(MARGINS.selectivity_rnn):
        return Answer("refuted", "rnn_selects")
    if lstm.below(MARGINS.selectivity_lstm):
        return Answer("refuted", "lstm_passes")
    return Answer("inconclusive", "wide")


def _joined(means: Sequence[float], ends: Sequence[Interval]) -> Interval:
    """Interval of the difference LSTM minus RNN, from the two intervals, joined as Newcombe joins two rates."""
    (rnn, lstm), (r, m) = means, ends
    value = lstm - rnn
    return Interval(value - math.hypot(lstm - m.low, r.high - rnn), value + math.hypot(m.high - lstm, rnn - r.low))
