"""How far back a gradient reaches, LSTM against RNN, where the sequence may end before the gradient does."""

from __future__ import annotations

from statistics import median
from typing import NamedTuple

from carousel.experiments.claims.vanishing.margins import MARGINS
from carousel.experiments.decision.rules import Answer
from carousel.experiments.tables import SlopeRow

Slopes = dict[int, SlopeRow]  # by seed


class Horizon(NamedTuple):
    """Median over seeds; censored where the median network still had its gradient at the sequence's end."""

    steps: float | None
    censored: bool


def median_horizon(rows: Slopes, seeds: list[int]) -> Horizon:
    """The median horizon of some seeds' networks; of an even number that straddle the end, a lower bound."""
    known = sorted((rows[s].horizon, bool(rows[s].horizon_censored)) for s in seeds if _has(rows[s]))
    if not known:
        return Horizon(None, False)
    return Horizon(float(median(h for h, _ in known)), known[len(known) // 2][1])


def _has(row: SlopeRow) -> bool:
    return row.horizon is not None


def held_back(answer: Answer, ratio: float | None, known: str) -> Answer:
    """`answer`, where the ratio is known to be above its threshold; inconclusive where it is not, or not known."""
    if ratio is not None and known in ("=", ">=") and ratio > MARGINS.horizon_ratio:
        return answer
    if ratio is not None and known in ("=", "<=") and ratio <= MARGINS.horizon_ratio:
        return Answer("inconclusive", "ratio_small")
    return Answer("inconclusive", "ratio_unknown")


def ratio_of(rnn: Horizon, lstm: Horizon) -> tuple[float | None, str]:
    """LSTM's horizon over the RNN's, and how it is known: "=", ">=" or "<=" (one is a lower bound), "?" (both)."""
    if rnn.steps is None or lstm.steps is None:
        return None, "?"
    # A gradient gone after one step has horizon 0; one step is the least that a ratio can be taken of.
    ratio = max(lstm.steps, 1.0) / max(rnn.steps, 1.0)
    known = {(False, False): "=", (False, True): ">=", (True, False): "<=", (True, True): "?"}
    return ratio, known[rnn.censored, lstm.censored]
