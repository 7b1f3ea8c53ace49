"""Claim 3 on a user's file: "the LSTM uses more of the past".

The history is cut to its last n steps. What a contender gains from the shortest history to the whole sequence is
what it draws from the past; judged is the LSTM's gain minus the RNN's, paired by seed.
"""

from __future__ import annotations

from typing import Any

from carousel.experiments.decision.paired import mean_row
from carousel.experiments.decision.results import BySeed, Pair, Results, score
from carousel.experiments.decision.thresholds import THRESHOLDS
from carousel.experiments.decision.verdict import Effect, Row

EFFECT = ("history_gain_difference", "score")


def history_rows(results: Results, source: str, alpha: float) -> list[Row]:
    """One row a pair. The margin is a share of the room between the baseline and the best contender's mean score on
    the whole sequence; without room nothing was learned, and there is nothing to judge."""
    shortest, whole = (results.lengths(source)[end] for end in (0, -1))
    best, room = results.best_pair(whole), results.room_above_baseline(source, whole.key)
    rows = []
    for pair in results.pairs(source):
        about: dict[str, Any] = {"condition": whole.key, "pair": pair, "best": pair == best}
        about["rests_on"] = tuple((c.key, spec) for spec in pair for c in (shortest, whole))
        where = f"{shortest.key} → {whole.key}: {pair}"
        if room <= 0:
            rows.append(Row(where, "not-tested", "below_baseline", Effect(*EFFECT), 0, **about))
            continue
        gains = _gain_differences(results, pair, shortest.key, whole.key)
        margin = THRESHOLDS.history_share * room
        rows.append(mean_row(where, EFFECT, gains, margin, alpha, overlap=results.overlap, **about))
    return rows


def _gain_differences(results: Results, pair: Pair, shortest: str, whole: str) -> list[float]:
    rnn, lstm = (_gains(results.reporting(shortest, spec), results.reporting(whole, spec)) for spec in pair)
    return [lstm[seed] - rnn[seed] for seed in sorted(rnn.keys() & lstm.keys())]


def _gains(shortest: BySeed, whole: BySeed) -> dict[int, float]:
    return {seed: score(whole[seed]) - score(shortest[seed]) for seed in shortest.keys() & whole.keys()}
