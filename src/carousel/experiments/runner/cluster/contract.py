"""What a run asks of a cluster, whatever it is: the dispatcher knows no more of it."""

from __future__ import annotations

from typing import Protocol

from carousel.experiments.runner.cluster.messages import Bundle, Message


class Cluster(Protocol):
    """Nodes that do bundles. None of its methods waits."""

    def slots(self) -> int:
        """How many tasks can run at once now; 0 while it cannot be reached."""

    def submit(self, lease: int, bundle: Bundle) -> None:
        """Have a bundle done by whichever node is free."""

    def cancel(self, lease: int) -> None:
        """End a task by force."""

    def leave_out(self, machine: str) -> None:
        """Give it no more tasks, started anew or not. One that waits may still come to it."""

    def messages(self) -> list[tuple[int, Message]]:
        """What has come since the last call, by lease. Raises CarouselError where the cluster is gone for good."""

    def close(self) -> None:
        """End all tasks."""
