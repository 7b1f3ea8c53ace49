"""When a tuning trial may end early: its learning rate can no longer be the one that is chosen.

The rate is chosen that solves most often, then soonest (`best_rate` in carousel.experiments.runner.model_selection). So
a rate is out of the race once another has solved more often than it still can, or as often and sooner on average.
Whatever it would do afterwards, the choice is the same: the rule is exact, no estimate. Where no network solves the
task nothing ends early.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from carousel.experiments.training.rules import Race, StopRule

Contest = tuple[str, Race]  # a contender's spec and its race: rates that are compared with each other, step by step


class Standing(NamedTuple):
    """Of one trial. ended: after how many steps; None: it is still in training. solved_at: the first check of the run
    that solved it, where that ended it."""

    ended: int | None
    solved_at: int | None


class _Reach(NamedTuple):
    """What a rate has after some step, and what it can still come to."""

    solved: int
    mean: float  # steps to solved
    in_training: bool
    most: int  # trials that can come to be solved
    soonest: float  # their mean steps to solved, at least


def outpaced(trials: Mapping[float, Sequence[Standing]], race: Race, rule: StopRule, step: int) -> set[float]:
    """The rates, of trials by rate, that cannot be chosen any more, as known after a step: a check of every trial.
    Of a rate with fewer trials than the race has seeds the others are unknown: they may have solved it at once.

    Only rates that still have a trial in training are given."""
    reach = {rate: _reach(found, race, rule, step) for rate, found in trials.items()}
    rivals = {rate: (found.solved, found.mean) for rate, found in reach.items()}
    bar = (race.solved, race.steps)  # what the best of the earlier rates has, which stays as it is
    return {
        rate
        for rate, found in reach.items()
        if found.in_training and any(_beats(*each, found) for each in (bar, *_others(rivals, rate)))
    }


def last_steps(trials: Mapping[float, Sequence[Standing]], race: Race, rule: StopRule) -> dict[float, int]:
    """By rate that is out: after which step its trials end. Without rates of which no trial went on beyond that step.
    trials: all of a race, ended. How far one went on beyond its rate's last step changes nothing."""
    found: dict[float, int] = {}
    longest = max((each.ended or 0 for of_rate in trials.values() for each in of_rate), default=0)
    for step in range(rule.check_every, longest, rule.check_every):
        for rate in outpaced(trials, race, rule, step) - found.keys():
            found[rate] = step
    return found


def _reach(trials: Sequence[Standing], race: Race, rule: StopRule, step: int) -> _Reach:
    solved = [t.solved_at for t in trials if t.solved_at is not None and t.ended is not None and t.ended <= step]
    training = sum(t.ended is None or t.ended > step for t in trials)
    unknown = race.seeds - len(trials)
    most = len(solved) + training + unknown
    # One in training may be in the middle of the run of checks that will have solved it, all but the last of them done.
    begun = step - max(0, rule.solved_checks - 2) * rule.check_every
    soonest = sum(solved) + training * begun + unknown * rule.check_every
    return _Reach(len(solved), _mean(solved), training > 0, most, soonest / most if most else 0.0)


def _beats(solved: int, mean: float, other: _Reach) -> bool:
    return solved > 0 and (solved > other.most or (solved == other.most and mean < other.soonest))


def _others(by_rate: Mapping[float, tuple[int, float]], rate: float) -> Iterable[tuple[int, float]]:
    return (found for other, found in by_rate.items() if other != rate)


def _mean(values: Sequence[int]) -> float:
    return sum(values) / len(values) if values else 0.0
