"""How each contender stands over all conditions of a run: what the advice is chosen from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from carousel.common.names import FAMILY_OF_CELL, MEMORISED
from carousel.experiments.decision.paired import SHOWN
from carousel.experiments.decision.results import Results, is_number, score, solved
from carousel.experiments.decision.statistics.interval import Interval
from carousel.experiments.decision.statistics.means import mean_interval
from carousel.experiments.decision.statistics.rates import difference
from carousel.experiments.tables import TrialRow


@dataclass(frozen=True)
class Ranked:
    """One contender's reporting trials, by (condition, seed)."""

    spec: str
    cell: str
    init: str
    parameters: int
    trials: dict[tuple[str, int], TrialRow]
    overlap: float = 0.0  # of the seeds' splits (results.overlap)

    @property
    def family(self) -> str:
        """RNN, LSTM, GRU or TRANSFORMER."""
        return FAMILY_OF_CELL[self.cell]

    @property
    def n(self) -> int:
        """Trials."""
        return len(self.trials)

    @property
    def has_line(self) -> bool:
        """The sources have a solved threshold (a diverged trial alone does not say so)."""
        return any(row.solved is not None for row in self.trials.values())

    @property
    def solved(self) -> int:
        """Trials solved."""
        return sum(bool(solved(row)) for row in self.trials.values())

    @property
    def solved_rate(self) -> float:
        """Share of trials solved; 0 where there is no such line."""
        return self.solved / self.n

    @property
    def score(self) -> float:
        """Mean test score; a diverged trial counts with the baseline's."""
        return _mean([score(row) for row in self.trials.values()])

    @property
    def baseline(self) -> float:
        """Mean score of the baseline."""
        return _mean([row.baseline_score for row in self.trials.values()])

    @property
    def validation(self) -> float:
        """Mean validation score; a trial that has none counts with the baseline's score."""
        return _mean(
            [
                row.validation_score if is_number(row.validation_score) else row.baseline_score
                for row in self.trials.values()
            ]
        )

    @property
    def seconds(self) -> float:
        """Median training time of a trial; infinite where none was kept."""
        known = [row.seconds for row in self.trials.values() if is_number(row.seconds)]
        return median(known) if known else math.inf

    @property
    def steps(self) -> float:
        """Mean number of training steps of a trial; infinite where none was kept."""
        known = [row.steps for row in self.trials.values() if is_number(row.steps)]
        return _mean(known) if known else math.inf

    @property
    def seeds(self) -> int:
        """Seeds that its trials are of."""
        return len({seed for _, seed in self.trials})

    @property
    def beats_baseline(self) -> bool:
        """Solved at least once, or its score minus the baseline's above 0 with its interval over seeds."""
        excess = {key: score(row) - row.baseline_score for key, row in self.trials.items()}
        return self.solved > 0 or mean_interval(_by_seed(excess), SHOWN, self.overlap).above(0.0)


def ranking(results: Results) -> list[Ranked]:
    """Every contender of the sources that are compared (`compared`) that has a reporting trial there, in the order the
    user gave."""
    sources = compared(results)
    made = results.evidence.plan.contenders[sources[0]] if sources else ()
    found = [
        Ranked(c.spec, c.cell, c.init, c.parameters, _trials(results, sources, c.spec), results.overlap) for c in made
    ]
    return [standing for standing in found if standing.trials]


def compared(results: Results) -> list[str]:
    """The sources over which contenders are compared: the one with the most contenders, and all that have the same.

    Others (tasks run for one claim, with contenders of their own) would count for some contenders and not for others.
    None where the run has random labels alone: whoever memorises noise is of no use for that. A task with a fixed
    training set is the same task once more, with less to learn from: left out too.
    """
    specs = {name: {c.spec for c in made} for name, made in results.evidence.plan.contenders.items()}
    plan = results.evidence.plan
    fixed = {source.name for source in plan.sources if source.kind == "task" and source.sequences is not None}
    names = [source.name for source in plan.sources if source.name not in MEMORISED | fixed]
    most = max((specs[name] for name in names), key=len, default=set())
    return [name for name in names if specs[name] == most]


def difference_of(first: Ranked, second: Ranked, alpha: float) -> tuple[float, Interval]:
    """Of the solved-rates (Newcombe) where there is a solved threshold, else of the scores, paired by seed.

    A seed counts once, whatever the number of conditions: they share its draws, and are not drawn themselves.
    """
    if first.has_line:
        ours, theirs = ((each.solved_rate * each.seeds, each.seeds) for each in (first, second))
        return first.solved_rate - second.solved_rate, difference(ours, theirs, alpha)
    common = sorted(first.trials.keys() & second.trials.keys())
    if not common:
        return first.score - second.score, mean_interval([], alpha)
    values = {key: score(first.trials[key]) - score(second.trials[key]) for key in common}
    return _mean(list(values.values())), mean_interval(_by_seed(values), alpha, first.overlap)


def _trials(results: Results, sources: list[str], spec: str) -> dict[tuple[str, int], TrialRow]:
    return {
        (condition.key, seed): row
        for source in sources
        for condition in results.judged(source)
        for seed, row in results.reporting(condition.key, spec).items()
    }


def simplest(known: Sequence[Ranked]) -> Ranked | None:
    """The plain `rnn`, else the first RNN that was run."""
    rnns = [each for each in known if each.family == "RNN"]
    return next((each for each in rnns if each.spec == "rnn"), rnns[0] if rnns else None)


def _by_seed(values: dict[tuple[str, int], float]) -> list[float]:
    """The mean over the conditions of each seed."""
    seeds: dict[int, list[float]] = {}
    for (_, seed), value in values.items():
        seeds.setdefault(seed, []).append(value)
    return [_mean(seeds[seed]) for seed in sorted(seeds)]


def _mean(values: list[float]) -> float:
    return math.fsum(values) / len(values)
