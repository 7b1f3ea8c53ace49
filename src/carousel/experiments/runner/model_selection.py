"""Which learning rate a contender is reported at, and which are tried: from its tuning trials, by validation alone.

Where the best of a grid is its lowest or highest rate, a better one may lie beyond. So the grid goes on outward until
its best is inside. The rule is the same for every contender, and reads nothing but finished trials.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

Bounds = tuple[float, float]  # the lowest and the highest learning rate that a grid may come to


class Tuned(Protocol):
    """What is read of a finished tuning trial."""

    @property
    def outcome(self) -> str: ...
    @property
    def validation_score(self) -> float | None: ...
    @property
    def steps_to_solved(self) -> int | None: ...


class Tuning(NamedTuple):
    """The same as a record of its own, of a trial that stands in the ledger."""

    outcome: str
    validation_score: float | None
    steps_to_solved: int | None

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Tuning:
        """Of the numbers of a trial by column."""
        return cls(*(record[name] for name in cls._fields))


class Grid(NamedTuple):
    """The learning rates of one contender under one condition: the plan's, then those that were added, in the order
    they were added. best: the one to be reported; None while trials are to come."""

    rates: tuple[float, ...]
    best: float | None


def grid_of(by_rate: Mapping[float, Sequence[Tuned]], planned: Sequence[float], seeds: int, bounds: Bounds) -> Grid:
    """Follow a grid outward as far as finished tuning trials tell. seeds: how many each rate is tried on. Its last rate
    may have trials to come, or none yet."""
    rates = tuple(planned)
    while all(len(by_rate.get(rate, ())) == seeds for rate in rates):
        tried = {rate: by_rate[rate] for rate in rates}
        following = next_rate(tried, bounds)
        if following is None:
            return Grid(rates, best_rate(tried))
        rates = (*rates, following)
    return Grid(rates, None)


def next_rate(by_rate: Mapping[float, Sequence[Tuned]], bounds: Bounds) -> float | None:
    """The rate to be tried next: one step beyond the best where that is the lowest or the highest. None: the best is
    inside, the next is out of bounds, or there is one rate alone, which has no step."""
    rates = sorted(by_rate)
    best = best_rate(by_rate)
    if len(rates) == 1 or best not in (rates[0], rates[-1]):
        return None
    return next(_outward(best, rates[1] if best == rates[0] else rates[-2], bounds), None)


def most_added(rates: Sequence[float], bounds: Bounds) -> int:
    """How many rates a grid can come to have added: all on one side, since its edge is inside from the first on."""
    if len(rates) == 1:
        return 0
    ordered = sorted(rates)
    edges = (ordered[0], ordered[1]), (ordered[-1], ordered[-2])
    return max(len(list(_outward(edge, neighbour, bounds))) for edge, neighbour in edges)


def _outward(edge: float, neighbour: float, bounds: Bounds) -> Iterator[float]:
    """The rates beyond the edge of a grid, up to the bound: each the last times the ratio of the last two, to two
    significant digits, so that it can be read and typed."""
    while True:
        following = float(f"{edge * edge / neighbour:.1e}")
        moved = (following - edge) * (edge - neighbour) > 0  # rounding may leave a fine grid where it is
        if not (moved and bounds[0] <= following <= bounds[1]):
            return
        yield following
        edge, neighbour = following, edge


def best_rate(by_rate: Mapping[float, Sequence[Tuned]]) -> float:
    """The rate that solved most often, then soonest; else the one with the best validation score; then the smallest."""
    return min(by_rate, key=lambda rate: (*_rank(by_rate[rate]), rate))


def _rank(trials: Sequence[Tuned]) -> tuple[float, float, float]:
    solved = [_number(t.steps_to_solved, math.inf) for t in trials if t.outcome == "solved"]
    scores = [_number(t.validation_score, -math.inf) if t.outcome != "diverged" else -math.inf for t in trials]
    mean_steps = sum(solved) / len(solved) if solved else 0.0
    return -len(solved), mean_steps, -sum(scores) / len(scores)


def _number(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value
