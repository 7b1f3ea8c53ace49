"""Hands jobs of the ledger to a cluster, bundle by bundle, and takes their results into the run folder.

The command that runs this is the only one to write there. A result counts while its task holds the job: what comes from
a task that was given up, or twice, is dropped. So nothing finished is lost, and nothing is entered twice.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from carousel.common.errors import CarouselError
from carousel.common.files import writing_to
from carousel.experiments.runner.cluster.bundling import Bundling
from carousel.experiments.runner.cluster.contract import Cluster
from carousel.experiments.runner.cluster.lease import USUAL, Lease, Patience
from carousel.experiments.runner.cluster.messages import Beat, Done, Ended, Lost, Message, Nodes, Raised, Started
from carousel.experiments.runner.cluster.services import Services
from carousel.experiments.runner.engine import Say
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.ledger import Ledger
from carousel.experiments.runner.machine import refuse_other_versions, versions
from carousel.experiments.runner.task_loader import Sources

_WAITING = 2  # bundles beyond those that can run, so that no worker waits for the command
_GIVE_UP_AFTER = 20  # tasks in a row that could not be run at all


class Dispatcher:
    """The workers of one run on a cluster. most: tasks at a time; None: as many as there are slots. on_card: trainings
    are for GPUs."""

    def __init__(
        self,
        folder: RunFolder,
        ledger: Ledger,
        cluster: Cluster,
        say: Say,
        most: int | None = None,
        patience: Patience = USUAL,
        on_card: bool = False,
    ):
        self._folder, self._ledger, self._cluster, self._say = folder, ledger, cluster, say
        self._most, self._patience, self._versions = most, patience, versions()
        self._run = f"{folder.load_plan().digest()}-{time.time_ns()}"
        self._bundling = Bundling(ledger, Sources(folder), on_card)
        self._leases: dict[int, Lease] = {}
        self._next = 1  # the number of a lease
        self._failures = 0
        self._services = Services()
        self._told: tuple[dict[str, int], bool] | None = None

    def watch(self) -> None:
        """Take what has come, give up what does not get on, hand out what is pending."""
        with writing_to(self._folder.path):
            for number, message in self._cluster.messages():
                self._take(number, message)
        self._end_overdue()
        self._hand_out()

    def nodes(self) -> dict[str, int]:
        """The nodes that get work, as they were last told, and the slots of each."""
        return self._services.at_work

    def left_out(self) -> dict[str, int]:
        """The machines that get none any more, and how many services in a row each lost."""
        return dict(self._services.left_out)

    def stop(self) -> None:
        """End all tasks."""
        self._cluster.close()

    def _take(self, number: int, message: Message) -> None:
        if isinstance(message, Nodes):
            self._see(message)
        lease = self._leases.get(number)
        if lease is None:
            return  # of a task that was given up
        now = time.monotonic()
        match message:
            case Started():
                self._begin(number, lease, message, now)
            case Beat():
                lease.beat(message, now)
            case Done():
                self._store(lease, message, now)
            case Raised():
                self._raised(lease, message, now)
            case Ended(seconds=seconds):
                self._bundling.learn(lease.cost, seconds)
                self._drop(number, died=False)
            case Lost():
                self._lost(number, lease, message)

    def _begin(self, number: int, lease: Lease, started: Started, now: float) -> None:
        refuse_other_versions(started.node, started.versions, self._versions)
        if started.node in self._services.left_out:  # it had waited since before
            self._cluster.cancel(number)
            self._drop(number, died=False)
        else:
            lease.start(started.node, now)

    def _store(self, lease: Lease, done: Done, now: float) -> None:
        """Files first, then the record: "done" means whole."""
        if done.job not in lease.left:
            return
        for path, content in done.files.items():
            self._folder.write(self._folder.path / path, content)
        self._ledger.finish(done.job, done.record)
        lease.settle([done.job], now)
        self._services.finished(lease.node)
        self._failures = 0

    def _raised(self, lease: Lease, raised: Raised, now: float) -> None:
        jobs = [job for job in raised.jobs if job in lease.left]
        lease.settle(jobs, now)
        lease.cost = 0.0  # how long the bundle took tells nothing of what its jobs take
        if raised.memory and raised.shared:  # half as many tasks share a GPU from now on
            self._ledger.give_back(jobs)
            self._say("cli.cluster.larger_part", node=lease.node, jobs=len(jobs))
        elif raised.memory and len(jobs) > 1:
            self._halve(jobs, lease.node)
        elif jobs:
            self._ledger.raised(jobs, raised.error)

    def _halve(self, jobs: Sequence[str], node: str) -> None:
        """They took more memory together than there was: tried again, half as many at a time."""
        most = self._bundling.halve(jobs)
        self._ledger.give_back(jobs)
        self._say("cli.cluster.memory", node=node, jobs=len(jobs), most=most)

    def _lost(self, number: int, lease: Lease, lost: Lost) -> None:
        """A node or the cluster takes its tasks along, by no fault of theirs. A worker may have died of its job."""
        group = lease.groups[0] if lease.groups else []
        halved = lost.by == "memory" and len(group) > 1
        if halved:
            lease.settle(group, time.monotonic())
            self._halve(group, lease.node)
        elif lost.by == "memory":
            self._say("cli.cluster.memory_alone", node=lease.node)
        elif lost.by in ("node", "worker"):
            self._say(f"cli.cluster.lost_{lost.by}", node=lease.node or "?", jobs=len(lease.left))
        self._drop(number, died=lost.by in ("worker", "memory") and not halved, memory=lost.by == "memory")
        if lost.by == "error":
            self._failures += 1
            if self._failures >= _GIVE_UP_AFTER:
                last = (lost.error.strip().splitlines() or [""])[-1]
                raise CarouselError(f"{self._failures} tasks in a row could not be run there, the last with: {last}")

    def _end_overdue(self) -> None:
        now = time.monotonic()
        for number, lease in list(self._leases.items()):
            if lease.overdue(now):
                self._say("cli.cluster.stuck", node=lease.node, jobs=len(lease.left))
                self._cluster.cancel(number)
                self._drop(number, died=True)

    def _drop(self, number: int, *, died: bool, memory: bool = False) -> None:
        """What the task still owed is pending again. died: of the group that it was at; the others wait unharmed.
        memory: for lack of it."""
        lease = self._leases.pop(number)
        at = lease.groups[0] if died and lease.groups else []
        if at:
            self._ledger.give_back([job for job in lease.left if job not in at])
        self._ledger.release([number], died=died, memory=memory)

    def _hand_out(self) -> None:
        slots = self._cluster.slots()
        if self._most is not None:
            slots = min(slots, self._most)
        waiting = _WAITING if self._most is None else 0
        while slots and len(self._leases) < slots + waiting:
            number, groups = self._next, self._bundling.next(self._next, slots)
            if not groups:
                return
            self._next += 1
            self._leases[number] = Lease(
                ([entry.hash for entry in group] for group in groups),
                sum(entry.cost for group in groups for entry in group),
                self._patience,
            )
            self._cluster.submit(number, self._bundling.bundle(self._run, groups, self._versions))

    def _tell(self, at_work: dict[str, int], reached: bool) -> None:
        """Whenever machines come or go."""
        if (at_work, reached) != self._told:
            self._told = at_work, reached
            if at_work:
                self._say("cli.cluster.nodes", nodes=len(at_work), slots=sum(at_work.values()))
            else:
                self._say("cli.cluster.empty" if reached else "cli.cluster.gone")

    def _see(self, nodes: Nodes) -> None:
        """Raises CarouselError where none is left that gets work."""
        now = time.monotonic()
        for machine in self._services.see(nodes, now):
            self._cluster.leave_out(machine)
            self._say("cluster.status.left_out", node=machine, services=self._services.left_out[machine])
        self._tell(self._services.at_work, nodes.reached)
        self._services.check_any_left(now)
