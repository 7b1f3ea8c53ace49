"""Gradient spikes of an RNN's and an LSTM's training on equal steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from carousel.experiments.decision.details import PairSpikes
from carousel.experiments.decision.results import BySeed, Pair, Results
from carousel.experiments.tables import TrialRow

if TYPE_CHECKING:
    from carousel.experiments.runner.plan import Group

Trials = dict[tuple[str, str, int], TrialRow]


class Equal(NamedTuple):
    """Spikes of both in the first `steps` steps, as many as the shorter training has."""

    rnn: int
    lstm: int
    steps: int


def spike_count(row: TrialRow, steps: int | None = None) -> int:
    """Steps of a training whose norm spiked or was no finite number; of its first `steps` alone where given. A training
    that diverged has one at least: its last step."""
    found = [int(step) for step in (row.spike_steps or "").split()]
    return len(found) if steps is None else sum(step <= steps for step in found)


def on_equal_steps(rnn: TrialRow, lstm: TrialRow) -> Equal:
    """Of two trainings of one seed under one condition."""
    steps = min(rnn.steps or 0, lstm.steps or 0)
    return Equal(spike_count(rnn, steps), spike_count(lstm, steps), steps)


def matched(rnns: Sequence[str], lstms: Sequence[str], turn: int) -> list[Pair]:
    """As many pairs as the smaller family has contenders, each contender in one at most; `turn` says which of the
    larger family meet which.

    Sums over all pairs would not do: with two RNNs and three LSTMs that leap alike, some LSTM leaps in more seeds than
    some RNN does. Of pairs without a common member either side is as likely to be ahead.
    """
    if len(rnns) >= len(lstms):
        return [Pair(rnns[(k + turn) % len(rnns)], lstm) for k, lstm in enumerate(lstms)]
    return [Pair(rnn, lstms[(k + turn) % len(lstms)]) for k, rnn in enumerate(rnns)]


def leads(results: Results, source: str, trials: Trials) -> list[int]:
    """For each seed: spikes of RNNs minus spikes of LSTMs, over matched pairs and lengths of the source, on equal steps
    of each pair."""
    rnns, lstms = (results.specs(source, family) for family in ("RNN", "LSTM"))
    seeds = sorted({seed for _, _, seed in trials})
    found = []
    for turn, seed in enumerate(seeds):
        equal = [
            on_equal_steps(trials[key, pair.rnn, seed], trials[key, pair.lstm, seed])
            for shift, key in enumerate(condition.key for condition in results.lengths(source))
            for pair in matched(rnns, lstms, turn + shift)
            if (key, pair.rnn, seed) in trials and (key, pair.lstm, seed) in trials
        ]
        if equal:
            found.append(sum(each.rnn - each.lstm for each in equal))
    return found


def by_pair(results: Results, source: str, trials: Trials) -> list[PairSpikes]:
    """Every pair's spikes on equal steps, over lengths and seeds: which initialisations leap."""
    listed: list[PairSpikes] = []
    for pair in results.pairs(source):
        equal = [
            on_equal_steps(row, trials[key, pair.lstm, seed])
            for (key, spec, seed), row in trials.items()
            if spec == pair.rnn and (key, pair.lstm, seed) in trials
        ]
        rnn, lstm, steps = (sum(column) for column in zip((0, 0, 0), *equal, strict=True))
        listed.append({"pair": [*pair], "rnn_spikes": rnn, "lstm_spikes": lstm, "equal_steps": steps})
    return listed


def spike_trials(results: Results, *families: str, source: str | None = None) -> dict[Group, BySeed]:
    """The trainings that are counted, of all sources or of one: those of the seeds that every contender has."""
    groups = [
        (condition.key, spec)
        for condition in results.conditions
        if source in (None, condition.source)
        for spec in results.specs(condition.source, *families)
    ]
    trained = [group for group in groups if results.reporting(*group)]
    return dict(zip(trained, results.together(*trained), strict=True))


def trials_of(groups: Mapping[Group, BySeed]) -> Trials:
    """The same by condition, contender and seed."""
    return {(*group, seed): row for group, rows in groups.items() for seed, row in rows.items()}
