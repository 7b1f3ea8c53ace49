"""Which learning rate a contender is reported at, and which are tried: from its tuning trials, by validation alone.

Where the best of a grid is its lowest or highest rate, a better one may lie beyond. So the grid goes on outward until
its best is inside. A coarse grid is then halved about its best, by ratio, until its rates there are as near to each
other as the plan asks. The rule is the same for every contender, and reads nothing but finished trials.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

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


class Grid(NamedTuple):
    """The learning rates of one contender under one condition: the plan's, then those that were added, in the order
    they were added. best: the one to be reported; None while trials are to come."""

    rates: tuple[float, ...]
    best: float | None


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
    rates = tuple(planned)
    while all(len(by_rate.get(rate, ())) == seeds for rate in rates):
        tried = {rate: by_rate[rate] for rate in rates}
        following = next_rates(tried, bounds, finest)
        if not following:
            return Grid(rates, best_rate(tried))
        rates = (*rates, *following)
    return Grid(rates, None)


def next_rates(
    by_rate: Mapping[float, Sequence[Tuned]], bounds: Bounds, finest: float | None = None
) -> tuple[float, ...]:
    """The rates to be tried next. Where the best is the lowest or the highest: one step beyond it. Else those halfway
    to its neighbours, by ratio, where they are further than `finest`. None: the best is inside, the next is out of
    bounds, or there is one rate alone, which has no step."""
    rates = sorted(by_rate)
    place = rates.index(best_rate(by_rate))
    if len(rates) > 1 and place in (0, len(rates) - 1):
        beyond = next(_outward(rates[place], rates[1 if place == 0 else -2], bounds), None)
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


def most_added(rates: Sequence[float], bounds: Bounds, finest: float | None = None) -> int:
    """How many rates a grid can come to have added: outward all on one side, since its edge is inside from the first
    on; then, as often as it is halved, one on each side of its best."""
    return max(_outward_steps(rates, bounds), default=0) + 2 * _halvings(rates, finest)


def fewest_tried(rates: Sequence[float], bounds: Bounds, finest: float | None = None) -> int:
    """How many rates every grid comes to at least: its best is inside, or at a bound."""
    halvings = _halvings(rates, finest)
    at_bounds = [steps + halvings for steps in _outward_steps(rates, bounds)]
    inside = 2 * halvings + (len(rates) == 2)  # of two rates each is an edge
    return len(rates) + min([inside, *at_bounds])


def _outward_steps(rates: Sequence[float], bounds: Bounds) -> list[int]:
    """How many rates there are beyond the lowest and beyond the highest; one rate alone has no step."""
    ordered = sorted(rates)
    edges = [(ordered[0], ordered[1]), (ordered[-1], ordered[-2])] if len(rates) > 1 else []
    return [len(list(_outward(edge, neighbour, bounds))) for edge, neighbour in edges]


def _halvings(rates: Sequence[float], finest: float | None) -> int:
    """How often the widest step of a grid is halved, by ratio, until it is fine enough."""
    if finest is None or len(rates) == 1:
        return 0
    ordered = sorted(rates)
    widest = max(high / low for low, high in pairwise(ordered))
    return max(math.ceil(math.log2(math.log(widest) / math.log(finest * _ROUNDED))), 0)


def _outward(edge: float, neighbour: float, bounds: Bounds) -> Iterator[float]:
    """The rates beyond the edge of a grid, up to the bound: each the last times the ratio of the last two."""
    while True:
        following = _readable(edge * edge / neighbour)
        moved = (following - edge) * (edge - neighbour) > 0  # rounding may leave a fine grid where it is
        if not (moved and bounds[0] <= following <= bounds[1]):
            return
        yield following
        edge, neighbour = following, edge


def _readable(rate: float) -> float:
    """To two significant digits, so that it can be read and typed."""
    return float(f"{rate:.1e}")


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
