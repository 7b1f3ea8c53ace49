"""Who wins, seed by seed: the comparisons of trials that claim 5 is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from carousel.experiments.decision.results import BySeed, Results, is_number, score
from carousel.experiments.tables import TrialRow

if TYPE_CHECKING:
    from carousel.experiments.runner.plan import Group

Compare = Callable[[TrialRow, TrialRow], float | None]  # 1 a win of the first, 0.5 a tie, 0 a loss; None: no answer


def best_comparisons(results: Results, source: str, compare: Compare) -> list[tuple[TrialRow, TrialRow, float]]:
    """The comparisons of each family's best, under every judged condition of the source: of the seeds that all these
    conditions have."""
    trials = results.together(*_best_groups(results, source))
    found = []
    for rnn, lstm in zip(trials[::2], trials[1::2], strict=True):
        found += paired(rnn, lstm, compare)
    return found


def _best_groups(results: Results, source: str) -> tuple[Group, ...]:
    """Of every judged condition of the source the best RNN's trainings and the best LSTM's, one after the other."""
    best = [(condition.key, results.best_pair(condition)) for condition in results.judged(source)]
    return tuple((key, spec) for key, pair in best if pair for spec in pair)


def by_seed(compared: list[tuple[TrialRow, TrialRow, float]]) -> list[float]:
    """One win a seed: the mean over the lengths, since the lengths of one seed are not independent."""
    seeds: dict[int, list[float]] = {}
    for lstm, _, win in compared:
        seeds.setdefault(lstm.seed, []).append(win)
    return [sum(wins) / len(wins) for _, wins in sorted(seeds.items())]


def paired(rnn: BySeed, lstm: BySeed, compare: Compare) -> list[tuple[TrialRow, TrialRow, float]]:
    """The trials of two contenders by seed, (LSTM, RNN), with the LSTM's win.

    Seeds that `compare` cannot judge are left out (n says so)."""
    seeds = sorted(rnn.keys() & lstm.keys())
    wins = [(lstm[seed], rnn[seed], compare(lstm[seed], rnn[seed])) for seed in seeds]
    return [(a, b, win) for a, b, win in wins if win is not None]


def test_win(lstm: TrialRow, rnn: TrialRow) -> float:
    """By test score, of trainings that ran to their end."""
    return beats(score(lstm), score(rnn))


def training_win(lstm: TrialRow, rnn: TrialRow) -> float | None:
    """By steps to solved; where neither was solved, by the final training loss."""
    steps = [row.steps_to_solved for row in (lstm, rnn)]
    if any(is_number(s) for s in steps):
        ours, other = (s if is_number(s) else float("inf") for s in steps)
        return beats(-ours, -other)
    losses = [row.training_loss if is_number(row.training_loss) else float("inf") for row in (lstm, rnn)]
    return beats(-losses[0], -losses[1])


def beats(ours: float, other: float) -> float:
    """1 for a win, 0.5 for a tie, 0 for a loss."""
    return 0.5 if ours == other else float(ours > other)
