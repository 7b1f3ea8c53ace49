"""The rule of claim 3 for built-in tasks: four solved-rates, two falls, one answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from carousel.common.texts import both
from carousel.experiments.claims.length.margins import MARGINS
from carousel.experiments.decision.paired import SHOWN
from carousel.experiments.decision.rules import Answer, by_group, combine
from carousel.experiments.decision.statistics.interval import Interval
from carousel.experiments.decision.statistics.power import smallest_n
from carousel.experiments.decision.statistics.rates import Limits, clopper_pearson, difference, wilson
from carousel.experiments.decision.verdict import DECISIVE, Both, Row, Word


class Rate(NamedTuple):
    """Solved trials of all trials at one length."""

    solved: int
    n: int

    @property
    def share(self) -> float:
        """The solved-rate."""
        return self.solved / self.n


class Ends(NamedTuple):
    """The solved-rates of a pair at the shortest and the longest length."""

    rnn_short: Rate
    rnn_long: Rate
    lstm_short: Rate
    lstm_long: Rate

    @property
    def n(self) -> int:
        """The fewest trials at an end."""
        return min(rate.n for rate in self)

    def grown(self, n: int) -> Ends:
        """The same rates, as near as whole trials allow, from `n` trials each."""
        return Ends(*(Rate(round(rate.share * n), n) for rate in self))


def answer(ends: Ends, alpha: float) -> Answer:
    """Supported: the RNN's fall is at least .5 and the LSTM's at most .1, both by interval, and the LSTM still solves
    the longest length more often than not, by interval.

    Refuted: the RNN falls less, the LSTM falls more, or the LSTM does not solve the longest length: a rate of 0 at
    both ends does not fall, but nothing is held. Three ways to be refuted share the error (Bonferroni), by exact
    limits; support needs all of its parts, which is no choice among ways. Not tested: the RNN fails at the shortest
    length already.
    """
    if wilson(*ends.rnn_short, alpha).below(MARGINS.held_rate):
        return Answer("not-tested", "nothing_to_fall_from")
    rnn, lstm, held = _intervals(ends, alpha / 3, clopper_pearson)
    if rnn.below(MARGINS.rnn_drop):
        return Answer("refuted", "rnn_holds")
    if held.below(MARGINS.held_rate):
        return Answer("refuted", "lstm_fails")
    if lstm.above(MARGINS.lstm_drop):
        return Answer("refuted", "lstm_falls")
    rnn, lstm, held = _intervals(ends, alpha, wilson)
    falls, holds = rnn.low >= MARGINS.rnn_drop, lstm.high <= MARGINS.lstm_drop
    if falls and holds and held.above(MARGINS.held_rate):
        return Answer("supported", "beyond")
    return Answer("inconclusive", "wide")


def over_tasks(rows: Sequence[Row]) -> tuple[Word, Both | None]:
    """The claim's verdict, and why it is open where tasks were compared of which one alone could be tested: it would
    decide for all of them. Where its own pairs contradict each other firmly, no other task changes that."""
    word, by_task = combine(rows), by_group(rows, str)
    tested = [task for task, of_task in by_task.items() if of_task != "not-tested"]
    if word not in DECISIVE or len(by_task) == 1 or len(tested) > 1:
        return word, None
    untested = ", ".join(task for task in by_task if task not in tested)
    return "inconclusive", both("claims.length.one_task", tested=tested[0], untested=untested)


def _intervals(ends: Ends, alpha: float, limits: Limits) -> tuple[Interval, Interval, Interval]:
    """The RNN's fall, the LSTM's, and the LSTM's rate at the longest length."""
    rnn, lstm = (difference(short, long, alpha, limits) for short, long in (ends[:2], ends[2:]))
    return rnn, lstm, limits(*ends.lstm_long, alpha)


def fall_difference(ends: Ends) -> tuple[float, Interval]:
    """The RNN's fall minus the LSTM's, with its 95 % interval joined from the two falls' as Newcombe joins rates."""
    falls = ends.rnn_short.share - ends.rnn_long.share, ends.lstm_short.share - ends.lstm_long.share
    rnn, lstm = (difference(short, long, SHOWN) for short, long in (ends[:2], ends[2:]))
    value = falls[0] - falls[1]
    low = value - math.hypot(falls[0] - rnn.low, lstm.high - falls[1])
    high = value + math.hypot(rnn.high - falls[0], falls[1] - lstm.low)
    return value, Interval(low, high)


def decidable(n: int, alpha: float) -> bool:
    """Whether `n` trials at each end could decide: all solved where something is held, none where it falls."""
    holds, falls = Rate(n, n), Rate(0, n)
    ends = (Ends(holds, rnn, holds, lstm) for rnn in (holds, falls) for lstm in (holds, falls))
    return any(answer(each, alpha).verdict in ("supported", "refuted") for each in ends)


@lru_cache(maxsize=4096)
def seeds_needed(ends: Ends, alpha: float) -> int | None:
    """Seeds at which the same four rates would decide; None where they never would, or would show that the RNN has
    nothing to fall from."""
    words = ("supported", "refuted")
    return smallest_n(lambda n: answer(ends.grown(n), alpha).verdict in words, ends.n + 1)
