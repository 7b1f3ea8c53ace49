"""Which jobs go together: groups of one shape that train at once, and as many groups as keep a worker busy.

A cluster's scheduler takes milliseconds a task and chokes on tens of thousands of them. So a task is a bundle of some
30 seconds, as measured durations say. A group is of at most 120 seconds where it can be divided. Near the end bundles
get smaller, so that all workers are busy to the last.
"""

from __future__ import annotations

from collections.abc import Sequence

from carousel.experiments.runner.cluster.inputs import inputs_of
from carousel.experiments.runner.cluster.messages import Bundle
from carousel.experiments.runner.grouping import most_to_claim
from carousel.experiments.runner.ledger import Entry, Ledger
from carousel.experiments.runner.task_loader import Sources
from carousel.experiments.training.description import Trial

LEAST_SECONDS, MOST_SECONDS = 30.0, 120.0
_FEWEST = 4  # trials of a group: fewer cost more each than is won
_A_PROBE = 5.0  # seconds that a job of no known cost is thought to take
_SHARES = 2  # bundles into which a worker's share of what is left goes at least
_TRAINED = ("trial", "refit")  # kinds of jobs that a card helps with
_MOST_JOBS = 512  # of a bundle: what a message may say


class Bundling:
    """Takes pending jobs for tasks. It learns from finished ones how many seconds a unit of cost takes."""

    def __init__(self, ledger: Ledger, sources: Sources, on_card: bool = False):
        self._ledger, self._sources, self._on_card = ledger, sources, on_card
        self._cost, self._seconds = 0.0, 0.0
        self._halved: dict[str, int] = {}  # most trials of a shape at once, where memory was too little
        self._taken: dict[str, tuple[str, int]] = {}  # by job: its shape, and how many it was last taken with

    def learn(self, cost: float, seconds: float) -> None:
        """A bundle of so much took so long."""
        if cost > 0:
            self._cost, self._seconds = self._cost + cost, self._seconds + seconds

    def halve(self, jobs: Sequence[str]) -> int:
        """Half as many of their shape at a time from now on; gives that number."""
        shape, together = self._taken[jobs[0]]
        self._halved[shape] = max(1, min(together, self._halved.get(shape, together)) // 2)
        return self._halved[shape]

    def next(self, lease: int, slots: int) -> list[list[Entry]]:
        """Claim jobs for a task, the costliest first; none where none is pending. slots: tasks that run at once."""
        groups: list[list[Entry]] = []
        slots *= _SHARES  # a worker that began late finds something left
        share, taken, seconds = self._ledger.work_left() / slots, 0.0, 0.0
        while not groups or (seconds < LEAST_SECONDS and taken < share and sum(map(len, groups)) < _MOST_JOBS):
            first = self._ledger.first_pending()
            if first is None or (groups and self._rate is None):
                break
            group = self._ledger.claim(lease, first, self._most(first), slots)
            self._taken.update((entry.hash, (_shape(first), len(group))) for entry in group)
            groups.append(group)
            taken += sum(entry.cost for entry in group)
            seconds += sum(self._expected(entry) for entry in group)
        return groups

    def bundle(self, run: str, groups: Sequence[Sequence[Entry]], versions: dict[str, str]) -> Bundle:
        """What is sent to a node."""
        described = [[entry.description for entry in group] for group in groups]
        inputs = dict.fromkeys(path for group in described for each in group for path in inputs_of(each))
        trains = any(entry.kind in _TRAINED for group in groups for entry in group)
        full = self._on_card and any(2 * len(group) >= self._most_ever(group[0]) for group in groups)
        return Bundle(run, described, list(inputs), versions, self._on_card and trains, full)

    @property
    def _rate(self) -> float | None:
        """Seconds a unit of cost; None before anything was done."""
        return self._seconds / self._cost if self._cost else None

    def _expected(self, entry: Entry) -> float:
        return entry.cost * self._rate if self._rate and entry.cost > 0 else _A_PROBE

    def _most_ever(self, first: Entry) -> int:
        return most_to_claim(first, self._sources, self._on_card)

    def _most(self, first: Entry) -> int:
        most = self._most_ever(first)
        if self._rate is None:
            most = min(most, _FEWEST)  # until it is known how long a trial takes
        elif first.cost > 0:
            most = min(most, max(_FEWEST, int(MOST_SECONDS / self._expected(first))))
        return min(most, self._halved.get(_shape(first), most))


def _shape(entry: Entry) -> str:
    return Trial.model_validate(entry.description).shape if entry.kind == "trial" else entry.hash
