"""A task keeps its jobs as long as it gets on. Time alone takes them from no one: a long training is no stuck one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from carousel.experiments.runner.cluster.messages import Beat

_A_SIGN = 1.0  # seconds of processor time: the thread that sends the beats takes milliseconds


class Patience(NamedTuple):
    """silence: seconds without a sign of life (a step, a finished job, processor time). cpu_seconds: of processor time
    without a step or a finished job; the longest measurement after a training takes a few minutes."""

    silence: float = 120.0
    cpu_seconds: float = 1800.0


USUAL = Patience()


class Lease:
    """The jobs that a task has not finished yet, and when it last got on.

    It begins with the task's first message: one that waits for a free worker is not late."""

    def __init__(self, groups: Iterable[Iterable[str]], cost: float, patience: Patience):
        self.groups = [list(group) for group in groups]
        self.cost, self.node, self.started = cost, "", False
        self._patience, self._seen = patience, 0.0
        self._steps, self._cpu, self._cpu_of_step = -1, 0.0, 0.0

    @property
    def left(self) -> list[str]:
        """Jobs that it still owes."""
        return [job for group in self.groups for job in group]

    def start(self, node: str, now: float) -> None:
        """The task runs."""
        self.node, self.started, self._seen = node, True, now

    def settle(self, jobs: Iterable[str], now: float) -> None:
        """These are no longer its own: finished, or given back."""
        gone = set(jobs)
        self.groups = [kept for group in self.groups if (kept := [job for job in group if job not in gone])]
        self._seen, self._steps = now, -1

    def beat(self, beat: Beat, now: float) -> None:
        """The task lives; whether it gets on, steps and processor time say."""
        if beat.steps != self._steps:
            self._steps, self._cpu_of_step, self._cpu, self._seen = beat.steps, beat.cpu, beat.cpu, now
        elif beat.cpu >= self._cpu + _A_SIGN:
            self._cpu, self._seen = beat.cpu, now

    def overdue(self, now: float) -> bool:
        """It does not get on."""
        silent = now - self._seen > self._patience.silence
        return self.started and (silent or self._cpu - self._cpu_of_step > self._patience.cpu_seconds)
