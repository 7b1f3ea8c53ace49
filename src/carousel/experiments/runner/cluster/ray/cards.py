"""Which share of a GPU Ray holds for each task, and which tasks wait for another one than they would get now."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil

from carousel.experiments.runner.cluster.card import Shares
from carousel.experiments.runner.cluster.messages import Ended, Message, Raised
from carousel.experiments.runner.cluster.ray.nodes import cards


class Cards:
    """The GPUs of a run. most: tasks at a time, 0 for any number; None: trainings are for processors, and no task has a
    share."""

    def __init__(self, most: int | None):
        self._most, self._shares = most, Shares()
        self._of: dict[int, float] = {}

    @property
    def share(self) -> float:
        """That the next task gets which trains."""
        return 0.0 if self._most is None else self._shares.share

    def give(self, lease: int, on_card: bool) -> float:
        """The share of a task that is about to be submitted."""
        self._of[lease] = self.share if on_card else 0.0
        return self._of[lease]

    def hear(self, lease: int, message: Message) -> None:
        """What a task took, or lacked."""
        if isinstance(message, Ended) and message.of_card is not None:
            self._shares.learn(message.of_card)
        elif isinstance(message, Raised) and message.memory and message.shared:
            self._shares.lacked(self._of[lease])

    def see(self) -> None:
        """The nodes as they are now."""
        there = cards() if self._most is not None else []
        if there:
            a_card = min(ceil(processors / gpus) for gpus, processors in there)
            of_most = ceil(self._most / sum(gpus for gpus, _ in there)) if self._most else a_card
            self._shares.want(min(a_card, of_most))

    def unfit(self, waiting: Iterable[int]) -> list[int]:
        """Of tasks that wait, those of another share. A whole GPU is seldom free once tasks share them; and on a part
        that was too small a task would fail."""
        return [lease for lease in waiting if self._of.get(lease, 0.0) not in (0.0, self.share)]
