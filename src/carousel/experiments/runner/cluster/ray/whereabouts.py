"""Where tasks run, and what follows from it: that they are lost with their node, and why their worker died.

Ray's own monitor says when it killed for memory; of the kernel's kills, only the kernel knows."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import replace
from typing import Any

import ray
from ray.exceptions import NodeDiedError, RayError, TaskUnschedulableError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from carousel.experiments.runner.cluster.messages import Lost, Started
from carousel.experiments.runner.memory_kills import kills_for_memory


class Whereabouts:
    """The tasks that have begun, by lease; and deaths that are looked into: the node of each is asked how often its
    kernel has killed since the task began."""

    def __init__(self) -> None:
        self._began: dict[int, Started] = {}
        self._asked: dict[Any, tuple[int, Lost]] = {}

    def began(self, lease: int, started: Started) -> None:
        """A task tells where it is, and how often its kernel had killed by then."""
        self._began[lease] = started

    def ended(self, lease: int) -> None:
        """It is nowhere any more."""
        self._began.pop(lease, None)

    def knows(self, lease: int) -> bool:
        """It has begun, or is looked into."""
        return lease in self._began or any(lease == asked for asked, _ in self._asked.values())

    def elsewhere(self, places: Container[str]) -> set[int]:
        """Those that are at none of these places; they are forgotten."""
        gone = {lease for lease, started in self._began.items() if started.place not in places}
        for lease in gone:
            self.ended(lease)
        return gone

    def look_into(self, lease: int, lost: Lost) -> bool:
        """Ask the node of a task whose worker died; False where it never began: there is nothing to compare with."""
        started = self._began.pop(lease, None)
        if started is None:
            return False
        there = NodeAffinitySchedulingStrategy(started.place, soft=False)
        ask = ray.remote(num_cpus=0, max_retries=0)(_killed_since).options(scheduling_strategy=there)
        self._asked[ask.remote(started.kills)] = lease, lost
        return True

    def found(self) -> Iterator[tuple[int, Lost]]:
        """What has been answered."""
        if not self._asked:
            return
        ready, _ = ray.wait(list(self._asked), num_returns=len(self._asked), timeout=0)
        for answer in ready:
            lease, lost = self._asked.pop(answer)
            yield lease, _by(answer, lost)


def _killed_since(kills: int) -> bool:
    return kills_for_memory() > kills


def _by(answer: Any, lost: Lost) -> Lost:
    try:
        return replace(lost, by="memory") if ray.get(answer) else lost
    except (NodeDiedError, TaskUnschedulableError):
        return replace(lost, by="node")  # it died with all of them
    except RayError:
        return lost  # that task was lost as well; it is not known
