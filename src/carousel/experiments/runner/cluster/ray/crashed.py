"""Why a worker died: Ray's own monitor says so when it was for memory; of the kernel's kills, only the kernel knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import ray
from ray.exceptions import RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from carousel.experiments.runner.cluster.messages import Lost, Started
from carousel.experiments.runner.cluster.node import kills_for_memory


class Crashed:
    """Deaths that are looked into: the node of each is asked how often its kernel has killed since the task began."""

    def __init__(self) -> None:
        self._began: dict[int, Started] = {}
        self._asked: dict[Any, tuple[int, Lost]] = {}

    def began(self, lease: int, started: Started) -> None:
        """A task tells where it is, and how often its kernel had killed by then."""
        self._began[lease] = started

    def ended(self, lease: int) -> None:
        """It needs no more looking into."""
        self._began.pop(lease, None)

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
        """What has been answered. A node that cannot answer is taken to have killed nothing."""
        if not self._asked:
            return
        ready, _ = ray.wait(list(self._asked), num_returns=len(self._asked), timeout=0)
        for answer in ready:
            lease, lost = self._asked.pop(answer)
            yield lease, replace(lost, by="memory") if _said_yes(answer) else lost


def _killed_since(kills: int) -> bool:
    return kills_for_memory() > kills


def _said_yes(answer: Any) -> bool:
    try:
        return bool(ray.get(answer))
    except RayError:
        return False
