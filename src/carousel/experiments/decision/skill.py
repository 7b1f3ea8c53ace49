"""A network against the simple methods of a user's file: its skill, and which of them it was shown to beat.

skill = 1 - error / error of the best simple method: 0 where they are alike, 1 where the network makes no error. The
error is 1 - accuracy, 1 - R² (squared error over variance), or the negative log-likelihood of a frame. The best simple
method is the one of the highest mean validation score, the simplest of equals. The choice looks at no test score.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from carousel.experiments.decision.results import BySeed, score
from carousel.experiments.decision.statistics.interval import Interval
from carousel.experiments.decision.statistics.means import mean_interval
from carousel.experiments.tables import RivalRow

Rivals = dict[int, RivalRow]  # one of them, by seed

LOG_LIKELIHOOD = "log_likelihood"


@dataclass(frozen=True)
class Skill:
    """rival: the best simple method, by its score as `rival_score`. value: None where it makes no error. interval: of
    the value. unbeaten: the simple methods, of all, that the network was not shown to beat. better: on how many `of`
    splits the network scored higher than the best one."""

    network: str
    rival: str
    rival_score: float
    value: float | None
    interval: Interval
    unbeaten: tuple[str, ...]
    better: int
    of: int

    def as_json(self) -> dict[str, object]:
        """Its form in verdicts.json."""
        return {**vars(self), "interval": self.interval.as_json(), "unbeaten": list(self.unbeaten)}


def error_of(score: float, metric: str) -> float:
    """0 for a perfect score."""
    return -score if metric == LOG_LIKELIHOOD else 1.0 - score


def best_rival(rivals: Mapping[str, Rivals]) -> str:
    """The highest mean validation score; the first of equals, which is the simplest."""
    return max(rivals, key=lambda name: _mean([_validation(row) for row in rivals[name].values()]))


def skill(
    network: str, trials: BySeed, rivals: Mapping[str, Rivals], metric: str, alpha: float, overlap: float
) -> Skill | None:
    """Over the seeds that the network and every rival have; None where there is none."""
    seeds = sorted(set(trials).intersection(*rivals.values())) if rivals else []
    if not seeds:
        return None
    best = best_rival(rivals)
    gains = {name: [score(trials[seed]) - rows[seed].score for seed in seeds] for name, rows in rivals.items()}
    unbeaten = tuple(name for name, each in gains.items() if not mean_interval(each, alpha, overlap).above(0.0))
    reached = _mean([rivals[best][seed].score for seed in seeds])
    error = error_of(reached, metric)
    ends = mean_interval(gains[best], alpha, overlap)
    return Skill(
        network=network,
        rival=best,
        rival_score=reached,
        value=_mean(gains[best]) / error if error > 0 else None,
        interval=Interval(*(end / error for end in ends)) if error > 0 else ends,
        unbeaten=unbeaten,
        better=sum(gain > 0 for gain in gains[best]),
        of=len(seeds),
    )


def _validation(row: RivalRow) -> float:
    return -math.inf if row.validation_score is None else row.validation_score


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)
