"""Run a plan to its end: fill the ledger, keep the workers busy, report how far it is.

Everything this file decides follows from the plan and from finished records, never from time or order, so a run that is
killed and continued ends with the numbers of one that was not.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain

from carousel.common.errors import CarouselError
from carousel.common.files import writing_to
from carousel.experiments.runner.cost import cost
from carousel.experiments.runner.engine import Workers
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.ledger import Entry, Ledger
from carousel.experiments.runner.plan import Group, Plan
from carousel.experiments.runner.pool import Pool
from carousel.experiments.runner.pruned import cut_pruned
from carousel.experiments.runner.tuning import Positioned, first_jobs, following_jobs, group_of, whole_cost
from carousel.experiments.training.description import Refit, Trial

Extend = Callable[[], Mapping[Group, int]]  # asked when all is done: which groups get how many reporting seeds
Close = Callable[[], Refit | None]  # asked once no group gets more: what is trained on all data
Start = Callable[[RunFolder, Ledger], Workers]
_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Progress:
    """Where the run stands. `newly_done`: entries finished since the last report (at first, those found finished).
    `expected`: jobs there will be. `seconds`: of this command. `share_before`, `share`: of the plan's work, by its
    rough cost, done before this command and now, what is being done counted by half. `nodes`: how many jobs, or
    groups of them, each machine does at a time. `left_out`: machines that get no more, and how many services each had
    lost in a row."""

    counts: dict[str, int]
    expected: int
    newly_done: list[Entry]
    seconds: float
    share_before: float
    share: float
    nodes: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)

    @property
    def seconds_left(self) -> float | None:
        """From the pace so far in this command; None before anything was finished."""
        if self.share <= self.share_before:
            return None
        return max(0.0, 1 - self.share) * self.seconds / (self.share - self.share_before)


def run_plan(
    plan: Plan,
    folder: RunFolder,
    workers: int,
    report: Callable[[Progress], None],
    extend: Extend = dict,
    close: Close = lambda: None,
    start: Start | None = None,
) -> None:
    """Do what is not done yet, and then what `extend` adds, until it adds nothing; then what `close` asks for. start:
    the workers of an engine; None: so many processes of this machine.

    Raises KeyboardInterrupt after a clean stop, CarouselError where jobs failed."""
    with writing_to(folder.path):
        ledger = Ledger(folder.ledger, create=True)
    try:
        ledger.release()  # whoever was running them is dead: this command holds the folder's lock
        ledger.retry_failed()
        ledger.add(first_jobs(plan))
        at_work = start(folder, ledger) if start else Pool(folder, ledger, workers)
        try:
            _Drive(plan, folder, ledger, at_work, report).to_the_end(extend, close)
        except KeyboardInterrupt:
            at_work.stop()
            ledger.release()
            raise
        finally:
            at_work.stop()
        _refuse_failed(ledger)
    finally:
        ledger.close()


def expected_jobs(plan: Plan) -> int:
    """How many jobs the plan calls for by itself, tuning, reporting and probes. Learning rates beyond its own are
    counted as they are entered."""
    return len(list(first_jobs(plan))) + plan.count_groups() * plan.first_analysis


class _Drive:
    """Watches a run: what is done, what it calls for, what is expected. It reads each finished job once."""

    def __init__(
        self, plan: Plan, folder: RunFolder, ledger: Ledger, workers: Workers, report: Callable[[Progress], None]
    ):
        self._plan, self._folder, self._ledger = plan, folder, ledger
        self._workers, self._report = workers, report
        self._began = time.monotonic()
        self._allocation: Mapping[Group, int] = {}
        self._known: set[str] = set()
        self._tuning = _TuningTrials()
        self._added: dict[str, float] = {}  # tuning trials beyond the plan's rates, by digest, and what they cost
        self._work, self._first = whole_cost(plan), expected_jobs(plan)
        self._spent = 0.0
        self._newly = self._read()
        self._before = self._spent

    def to_the_end(self, extend: Extend, close: Close) -> None:
        """Until all is done and no group gets more seeds, and the last is trained."""
        self._work_off()
        while not self._ledger.counts()["failed"]:
            allocation = {**self._allocation, **extend()}
            if allocation == self._allocation:
                self._close(close())
                return
            self._work += self._reporting_cost(allocation) - self._reporting_cost(self._allocation)
            self._ledger.add(following_jobs(self._plan, self._tuning.all(), allocation))
            self._allocation = allocation
            self._work_off()

    def _close(self, last: Refit | None) -> None:
        if last is not None:
            self._enter([(0.0, last)])
            self._work_off()

    def _work_off(self) -> None:
        while True:
            tuned = self._tuning.add(self._newly)
            cut_pruned(tuned, self._folder, self._ledger)
            self._enter(following_jobs(self._plan, chain.from_iterable(tuned), self._allocation))
            counts = self._ledger.counts()
            self._report_progress(counts)
            if counts["pending"] + counts["running"] == 0 and counts["done"] == len(self._known):
                self._newly = []
                return  # a job that finished since it was read may still call for others
            self._workers.watch()
            time.sleep(_POLL_SECONDS)
            self._newly = self._read()

    def _enter(self, jobs: Iterable[Positioned]) -> None:
        """Those that are there already stay as they are."""
        jobs = list(jobs)
        if jobs:
            self._ledger.add(jobs)
        for position, job in jobs:
            if isinstance(job, Trial) and job.phase == "tuning":
                self._added[job.digest()] = -position

    def _read(self) -> list[Entry]:
        newly = self._ledger.newly_done(self._known)
        self._known.update(entry.hash for entry in newly)
        self._spent += _cost(self._plan, newly)
        return newly

    def _report_progress(self, counts: dict[str, int]) -> None:
        expected = max(self._first + len(self._added), sum(counts.values()))
        work = max(
            self._work + sum(self._added.values()), self._spent
        )  # what an earlier command added is in `spent` before it is in `work`
        seconds = time.monotonic() - self._began
        # Of a group nothing is known until its first network stops; on average half of it is done.
        halves = self._ledger.running_work() / 2 if self._spent > self._before else 0.0
        share = min(1.0, (self._spent + halves) / work)
        shares, machines = (self._before / work, share), (self._workers.nodes(), self._workers.left_out())
        self._report(Progress(counts, expected, self._newly, seconds, *shares, *machines))

    def _reporting_cost(self, allocation: Mapping[Group, int]) -> float:
        return -sum(position for position, _ in following_jobs(self._plan, self._tuning.all(), allocation))


class _TuningTrials:
    """Finished tuning trials by group."""

    def __init__(self) -> None:
        self._by_group: dict[Group, list[Entry]] = defaultdict(list)

    def add(self, entries: Iterable[Entry]) -> list[list[Entry]]:
        """All finished trials of the groups that these belong to, by group."""
        new = [e for e in entries if e.kind == "trial" and e.description["phase"] == "tuning"]
        for entry in new:
            self._by_group[group_of(entry)].append(entry)
        return [self._by_group[group] for group in dict.fromkeys(map(group_of, new))]

    def all(self) -> list[Entry]:
        """Those of every group."""
        return [entry for group in self._by_group.values() for entry in group]


def _cost(plan: Plan, entries: list[Entry]) -> float:
    return sum(cost(plan, Trial.model_validate(e.description)) for e in entries if e.kind == "trial")


def _refuse_failed(ledger: Ledger) -> None:
    failed = ledger.entries("failed")
    if failed:
        last = (failed[0].error or "").strip().splitlines()[-1]
        raise CarouselError(
            f"{len(failed)} job(s) failed, the first ({failed[0].hash}) with: {last}; all else is kept in the ledger"
        )
