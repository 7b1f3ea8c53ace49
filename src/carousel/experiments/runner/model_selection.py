"""Which learning rate a contender is reported at, and which are tried: from its tuning trials, by validation alone.

Where the best of a grid is its lowest or highest rate, a better one may lie beyond. So the grid goes on outward until
its best is inside. A coarse grid is then halved about its best, by ratio, until its rates there are as near to each
other as the plan asks. The rule is the same for every contender, and reads nothing but finished trials.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

from carousel.experiments.training.pruning import rank

Bounds = tuple[float, float]  # the lowest and the highest learning rate that a grid may come to
_ROUNDED = 1.1  # two significant digits move a ratio by so much at most


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


class Added(NamedTuple):
    """Learning rates that were added to a grid together. solved, steps: how many trials of the best rate until then
    solved the task, and after how many steps on average."""

    rates: tuple[float, ...]
    solved: int
    steps: float


class Grid(NamedTuple):
    """The learning rates of one contender under one condition: the plan's, then those that were added, in the order
    they were added. best: the one to be reported; None while trials are to come."""

    planned: tuple[float, ...]
    added: tuple[Added, ...]
    best: float | None

    @property
    def rates(self) -> tuple[float, ...]:
        """All of them."""
        return (*self.planned, *(rate for each in self.added for rate in each.rates))


def grid_of(
    by_rate: Mapping[float, Sequence[Tuned]],
    planned: Sequence[float],
    seeds: int,
    bounds: Bounds,
    finest: float | None = None,
) -> Grid:
    """Follow a grid as far as finished tuning trials tell. seeds: how many each rate is tried on. finest: the ratio of
    neighbours at which the grid about its best is fine enough; None: as planned. The last rates may have trials to
    come, or none yet."""
    grid = Grid(tuple(planned), (), None)
    while all(len(by_rate.get(rate, ())) == seeds for rate in grid.rates):
        tried = {rate: by_rate[rate] for rate in grid.rates}
        best, following = best_rate(tried), next_rates(tried, bounds, finest)
        if not following:
            return grid._replace(best=best)
        solved, steps, _ = _rank(tried[best])
        grid = grid._replace(added=(*grid.added, Added(following, -solved, steps)))
    return grid


def next_rates(
    by_rate: Mapping[float, Sequence[Tuned]], bounds: Bounds, finest: float | None = None
) -> tuple[float, ...]:
    """The rates to be tried next. Where the best is the lowest or the highest: one step beyond it. Else those halfway
    to its neighbours, by ratio, where they are further than `finest`. Empty: the best is inside, the next is out of
    bounds, or there is one rate alone, which has no step."""
    return _following(sorted(by_rate), best_rate(by_rate), bounds, finest)


def _following(rates: Sequence[float], best: float, bounds: Bounds, finest: float | None) -> tuple[float, ...]:
    place = rates.index(best)
    if len(rates) > 1 and place in (0, len(rates) - 1):
        beyond = _outward(best, rates[1 if place == 0 else -2], bounds)
        if beyond is not None:
            return (beyond,)
    around = rates[max(place - 1, 0) : place + 2]
    return () if finest is None else tuple(_halved(around, finest))


def _halved(rates: Sequence[float], finest: float) -> Iterator[float]:
    """Between each two of some rates that are further apart than `finest` the one halfway, by ratio."""
    for low, high in pairwise(rates):
        between = _readable(math.sqrt(low * high))
        if high / low > finest * _ROUNDED and low < between < high:
            yield between


@lru_cache(16)
def grid_sizes(rates: tuple[float, ...], bounds: Bounds, finest: float | None = None) -> tuple[int, int]:
    """How many rates a grid comes to at least and at most, wherever its best may lie."""
    sizes = [size for best in rates for size in _sizes(tuple(sorted(rates)), best, bounds, finest)]
    return min(sizes), max(sizes)


def _sizes(rates: tuple[float, ...], best: float, bounds: Bounds, finest: float | None) -> Iterator[int]:
    """Where it can end: the best is the one that is known, or one of those that are tried next."""
    following = _following(rates, best, bounds, finest)
    if not following:
        yield len(rates)
    for one in (best, *following) if following else ():
        yield from _sizes(tuple(sorted((*rates, *following))), one, bounds, finest)


def _outward(edge: float, neighbour: float, bounds: Bounds) -> float | None:
    """The rate beyond the edge of a grid: the edge times its ratio to its neighbour; None: it is out of bounds."""
    following = _readable(edge * edge / neighbour)
    moved = (following - edge) * (edge - neighbour) > 0  # rounding may leave a fine grid where it is
    return following if moved and bounds[0] <= following <= bounds[1] else None


def _readable(rate: float) -> float:
    """To two significant digits, so that it can be read and typed."""
    return float(f"{rate:.1e}")


def best_rate(by_rate: Mapping[float, Sequence[Tuned]]) -> float:
    """The rate that solved most often, then soonest; else the one with the best validation score; then the smallest."""
    return min(by_rate, key=lambda rate: (*_rank(by_rate[rate]), rate))


def _rank(trials: Sequence[Tuned]) -> tuple[int, float, float]:
    """The lowest is chosen: by those that solved it, then by minus the mean validation score."""
    solved = [_number(t.steps_to_solved, math.inf) for t in trials if t.outcome == "solved"]
    scores = [_number(t.validation_score, -math.inf) if t.outcome != "diverged" else -math.inf for t in trials]
    return *rank(solved), -sum(scores) / len(scores)


def _number(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value
