"""When a tuning trial may end early: its learning rate can no longer be the one that is chosen.

The rate is chosen that solves most often, then soonest (`rank`; `best_rate` in runner.model_selection goes by it). So a
rate is out of the race once another has solved more often than it still can, or as often and sooner on average.
Whatever it would do afterwards, the choice is the same: the rule is exact, no estimate. Where no network solves the
task nothing ends early.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:  # the claims load this to rank rates, without pydantic
    from carousel.experiments.training.rules import Race, StopRule

Rank = tuple[int, float]
Contest: TypeAlias = "tuple[str, Race]"
"""A contender's spec and its race: rates that are compared with each other, step by step."""


class Standing(NamedTuple):
    """Of one trial. ended: after how many steps; None: it is still in training. solved_at: the first check of the run
    that solved it, where that ended it."""

    ended: int | None
    solved_at: int | None


class _Reach(NamedTuple):
    """What a rate has after some step, and the best that it can still come to."""

    has: Rank
    at_best: Rank
    in_training: bool


def rank(solved: Sequence[float]) -> Rank:
    """Of a rate whose trials solved the task after so many steps each. The lowest is chosen: minus how many there are,
    then their mean."""
    return -len(solved), sum(solved) / len(solved) if solved else 0.0


def outpaced(trials: Mapping[float, Sequence[Standing]], race: Race, rule: StopRule, step: int) -> set[float]:
    """The rates, of trials by rate, that cannot be chosen any more, as known after a step: a check of every trial.
    Of a rate with fewer trials than the race has seeds the others are unknown: they may have solved it at once.

    Only rates that still have a trial in training are given."""
    reach = {rate: _reach(found, race, rule, step) for rate, found in trials.items()}
    earlier = -race.solved, race.steps  # what the best of the earlier rates has, which stays as it is
    best = min([earlier, *(found.has for found in reach.values())])
    return {rate for rate, found in reach.items() if found.in_training and best < found.at_best}


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
    # One in training may be in the middle of the run of checks that will have solved it, all but the last of them done.
    begun = step - max(0, rule.solved_checks - 2) * rule.check_every
    soonest = [*solved, *[begun] * training, *[rule.check_every] * unknown]
    return _Reach(rank(solved), rank(soonest), training > 0)
