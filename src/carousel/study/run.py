"""Run a plan to its end: fill the ledger, keep the workers busy, tell how far it is.

Everything this file decides follows from the plan and from finished records, never from time or order, so a run that is
killed and continued ends with the numbers of one that was not.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from carousel.errors import CarouselError
from carousel.files import writing_to
from carousel.study.folder import RunFolder
from carousel.study.ledger import Entry, Ledger
from carousel.study.plan import Plan
from carousel.study.pool import Pool
from carousel.study.tuning import cost, first_jobs, reporting_jobs, whole_cost
from carousel.training.description import Trial

_LOOK_EVERY_SECONDS = 0.2


@dataclass(frozen=True)
class Progress:
    """Where the run stands. `newly_done`: entries finished since the last report (at first, those found finished).
    `expected`: jobs there will be. `seconds`: of this command. `share_before`, `share`: of the plan's work, by its
    rough cost, done before this command and now."""

    counts: dict[str, int]
    expected: int
    newly_done: list[Entry]
    seconds: float
    share_before: float
    share: float

    @property
    def seconds_left(self) -> float | None:
        """From the pace so far in this command; None before anything was finished."""
        if self.share <= self.share_before:
            return None
        return max(0.0, 1 - self.share) * self.seconds / (self.share - self.share_before)


def run_plan(plan: Plan, folder: RunFolder, workers: int, report: Callable[[Progress], None]) -> None:
    """Do what is not done yet. Raises KeyboardInterrupt after a clean stop, CarouselError where jobs failed."""
    with writing_to(folder.path):
        ledger = Ledger(folder.ledger, create=True)
    try:
        ledger.release()  # whoever was running them is dead: this command holds the folder's lock
        ledger.retry_failed()
        ledger.add(first_jobs(plan))
        pool = Pool(folder, ledger, workers)
        try:
            _drive(plan, ledger, pool, report)
        except KeyboardInterrupt:
            pool.stop()
            ledger.release()
            raise
        finally:
            pool.stop()
        _refuse_failed(ledger)
    finally:
        ledger.close()


def expected_jobs(plan: Plan) -> int:
    """How many jobs the plan comes to, tuning, reporting and probes."""
    return len(list(first_jobs(plan))) + plan.count_groups() * len(plan.reporting_seeds)


def _drive(plan: Plan, ledger: Ledger, pool: Pool, report: Callable[[Progress], None]) -> None:
    began, expected = time.monotonic(), expected_jobs(plan)
    done = ledger.newly_done(set())
    newly, work = done, whole_cost(plan)
    before = share = _cost(plan, done) / work
    while True:
        if newly:
            ledger.add(reporting_jobs(plan, done))
        counts = ledger.counts()
        report(Progress(counts, expected, newly, time.monotonic() - began, before, share))
        if counts["pending"] + counts["running"] == 0 and counts["done"] == len(done):
            return  # a job that finished since `newly_done` may still call for others
        pool.watch()
        time.sleep(_LOOK_EVERY_SECONDS)
        newly = ledger.newly_done({entry.hash for entry in done})
        done += newly
        share += _cost(plan, newly) / work


def _cost(plan: Plan, entries: list[Entry]) -> float:
    return sum(cost(plan, Trial.model_validate(e.description)) for e in entries if e.kind == "trial")


def _refuse_failed(ledger: Ledger) -> None:
    failed = ledger.entries("failed")
    if failed:
        last = (failed[0].error or "").strip().splitlines()[-1]
        raise CarouselError(
            f"{len(failed)} job(s) failed, the first ({failed[0].hash}) with: {last}; all else is kept in the ledger"
        )
