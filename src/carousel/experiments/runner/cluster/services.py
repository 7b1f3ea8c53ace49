"""Machines whose service of Ray is lost again and again, and which finish no job in between: they get no more work.

A lost node counts against none of its jobs. So a machine whose service dies of every job that it is given, and is
started anew each time, would get jobs for ever. Each start makes another node of it; the machine's name stays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from carousel.common.errors import CarouselError
from carousel.experiments.runner.cluster.messages import Nodes, machine_of

IN_A_ROW = 5  # services that a machine may lose without finishing a job, for each node that it had at once
_ALONE = 60.0  # seconds that others are waited for where all that are there are left out: one may be starting anew


class Services:
    """What is known of the machines of one cluster. left_out: those that get no more work, and how many services each
    had lost in a row."""

    def __init__(self) -> None:
        self.left_out: dict[str, int] = {}
        self._nodes = Nodes({})
        self._lost = Counter[str]()
        self._most = Counter[str]()  # nodes at once, by machine
        self._alone_since: float | None = None

    def see(self, nodes: Nodes, now: float) -> list[str]:
        """Take note of the nodes that there are; gives the machines that are left out from now on. Where the cluster
        is not reached, nothing is known of them."""
        if nodes.reached:
            self._lost += _machines(self._nodes.slots.keys() - nodes.slots.keys())
        self._nodes = nodes
        self._most |= _machines(nodes.slots)
        failing = {machine: lost for machine, lost in self._lost.items() if lost >= IN_A_ROW * self._most[machine]}
        new = [machine for machine in failing if machine not in self.left_out]
        self.left_out |= {machine: failing[machine] for machine in new}
        alone = nodes.reached and bool(self.left_out) and not self.at_work
        self._alone_since = (self._alone_since or now) if alone else None
        return new

    def finished(self, machine: str) -> None:
        """A job, there."""
        del self._lost[machine]

    @property
    def at_work(self) -> dict[str, int]:
        """Slots of the nodes that get work."""
        return self._nodes.besides(self.left_out)

    def check_any_left(self, now: float) -> None:
        """Raises CarouselError where those that are there are left out, and no other has come for a minute."""
        if self._alone_since is not None and now - self._alone_since > _ALONE:
            raise CarouselError(
                f"no node of the cluster is left: {', '.join(self.left_out)} lost one service of Ray after the other; "
                "mend that (see /tmp/ray/session_latest/logs there) and give the same command: finished trials are kept"
            )


def _machines(nodes: Iterable[str]) -> Counter[str]:
    return Counter(map(machine_of, nodes))
