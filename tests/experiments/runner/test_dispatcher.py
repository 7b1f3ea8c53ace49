"""The contract of a cluster: what finished is stored once, what was lost is done again, and by whom the run folder is
written. The cluster is one in this process; its nodes run the code that real nodes run."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from carousel.common.error_words import line_in
from carousel.common.errors import BadPlan, CarouselError
from carousel.experiments.runner.cluster import bundling, node, services
from carousel.experiments.runner.cluster.dispatcher import Dispatcher
from carousel.experiments.runner.cluster.lease import USUAL, Lease, Patience
from carousel.experiments.runner.cluster.messages import Beat, Done, Message, Raised, Started
from carousel.experiments.runner.cluster.services import IN_A_ROW
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.ledger import Ledger
from carousel.experiments.runner.machine import versions
from carousel.experiments.runner.task_loader import Sources
from carousel.experiments.runner.tuning import first_jobs
from carousel.experiments.training.rules import digest_of
from tests.support.cluster import FakeCluster, record_of
from tests.support.runs import small_plan

Records = Iterator[tuple[str, dict[str, Any]]]
PLAN = small_plan().model_copy(update={"tuning_seeds": tuple(range(12))})


def do(jobs: Sequence[dict[str, Any]], folder: RunFolder, sources: Sources) -> Records:
    for job in jobs:
        yield digest_of(job), record_of(job, digest_of(job), folder)


class Run:
    """A dispatcher on a fake cluster, and what came of it."""

    def __init__(self, path: Path, do: node.DoJobs = do, patience: Patience = USUAL, slots: int = 2):
        folder = RunFolder(path / "run")
        folder.claim_for(PLAN)
        self.folder, self.ledger = folder, Ledger(folder.ledger, create=True)
        self.ledger.add(first_jobs(PLAN))
        self.cluster, self.said = FakeCluster(folder.path, do, slots), Counter[str]()
        say = lambda key, **values: self.said.update([key])  # noqa: E731
        self.dispatcher = Dispatcher(folder, self.ledger, self.cluster, say, patience=patience)
        self.finished: list[str] = []
        finish = self.ledger.finish
        self.ledger.finish = lambda job, record: (self.finished.append(job), finish(job, record))[1]  # type: ignore

    def to_the_end(self) -> dict[str, int]:
        until = time.process_time() + 20  # not of the clock: others may be using the machine
        while (counts := self.ledger.counts())["pending"] + counts["running"]:
            self.dispatcher.watch()
            assert time.process_time() < until, counts
        return counts

    def check_whole(self) -> None:
        """Every job once, with its table."""
        counts = self.to_the_end()
        assert counts["done"] == sum(counts.values()) == len(self.finished) == len(set(self.finished)) > 40
        assert {path.stem for path in (self.folder.path / "trials").iterdir()} == set(self.finished)


@pytest.fixture
def beats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node, "BEAT_SECONDS", 0.01)


def test_every_job_is_done_once(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.check_whole()
    groups = [group for bundle in run.cluster.bundles.values() for group in bundle.groups if len(group) > 1]
    assert groups
    assert all(len({job["contender"]["hidden"] for job in group}) == 1 for group in groups)  # of one shape
    assert run.said["cli.cluster.nodes"] == 1


@pytest.mark.parametrize("by", ["node", "worker", "cluster", "error"])
def test_a_task_that_is_lost_keeps_what_it_has_finished(tmp_path: Path, by: str) -> None:
    run, lost = Run(tmp_path), []

    def lose_at_third(lease: int, message: Message) -> list[tuple[int, Message]]:
        if isinstance(message, Done) and lease == 1 and len(run.finished) >= 2 and not lost:
            lost.append(message.job)
            run.cluster.lose(lease, by)
            run.cluster.say_late(lease, message)  # from beyond a partition: dropped
            return []
        return [(lease, message)]

    run.cluster.on = lose_at_third
    run.check_whole()
    assert lost
    assert run.said[f"cli.cluster.lost_{by}"] == (by in ("node", "worker"))


def test_a_job_that_costs_three_workers_is_failed_and_one_that_costs_three_nodes_is_not(tmp_path: Path) -> None:
    seen = Counter[str]()
    for by, failed in (("node", 0), ("worker", 1)):
        run = Run(tmp_path / by)
        guilty = run.ledger.first_pending()
        assert guilty is not None

        def lose(
            lease: int, message: Message, run: Run = run, by: str = by, name: str = guilty.hash
        ) -> list[tuple[int, Message]]:
            if isinstance(message, Done) and message.job == name and seen[by] < 5:
                seen[by] += 1
                run.cluster.lose(lease, by)
                return []
            return [(lease, message)]

        run.cluster.on = lose
        counts = run.to_the_end()
        assert counts["failed"] == failed
        assert counts["done"] == sum(counts.values()) - failed
        assert seen[by] == (3 if failed else 5)


def test_too_little_memory_halves_a_group_until_it_fits(tmp_path: Path) -> None:
    sizes: list[int] = []

    def hungry(jobs: Sequence[dict[str, Any]], folder: RunFolder, sources: Sources) -> Records:
        sizes.append(len(jobs))
        if len(jobs) > 3:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        yield from do(jobs, folder, sources)

    run = Run(tmp_path, hungry)
    run.check_whole()
    assert max(sizes) > 6
    assert run.said["cli.cluster.memory"] >= 2


def test_memory_that_the_system_took_back_halves_too_and_alone_it_fails(tmp_path: Path) -> None:
    run = Run(tmp_path)

    def kill(lease: int, message: Message) -> list[tuple[int, Message]]:
        group = run.cluster.bundles[lease].groups[0]
        if isinstance(message, Started) and group[0]["kind"] == "trial":
            run.cluster.lose(lease, "memory")
        return [(lease, message)]

    run.cluster.on = kill
    counts = run.to_the_end()
    assert counts["failed"] == 48
    assert run.said["cli.cluster.memory"] >= 3
    assert run.said["cli.cluster.memory_alone"] == 3 * 48
    assert {"killed for lack of memory: give it more" in (e.error or "") for e in run.ledger.entries("failed")} == {
        True
    }


def test_the_groups_that_waited_are_not_blamed_for_the_memory_of_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundling, "most_to_claim", lambda first, sources, on_card: 4)
    run, blamed = Run(tmp_path), list[bool]()
    trial, release = run.ledger.first_pending(), run.ledger.release
    assert trial is not None
    run.dispatcher._bundling.learn(trial.cost, 0.1)  # so quick that several groups go together

    def watched(workers: Any = None, **how: bool) -> None:
        blamed.append(how["died"])
        release(workers, **how)

    def once(lease: int, message: Message) -> list[tuple[int, Message]]:
        if isinstance(message, Started) and lease == 1:
            run.cluster.lose(lease, "memory")
        return [(lease, message)]

    run.ledger.release = watched  # type: ignore[method-assign]
    run.cluster.on = once
    run.check_whole()
    assert len(run.cluster.bundles[1].groups) > 1 < len(run.cluster.bundles[1].groups[0])
    assert run.said["cli.cluster.memory"] == 1
    assert blamed and not any(blamed)


def test_a_task_tells_how_often_its_kernel_has_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(tmp_path)
    entry = run.ledger.first_pending()
    assert entry is not None
    bundle = run.dispatcher._bundling.bundle("run", [[entry]], versions())
    monkeypatch.setattr(node, "kills_for_memory", lambda: 7)
    first, *_ = node.work(bundle, lambda path: b"", do)
    assert isinstance(first, Started) and first.kills == 7


class Failing:
    """A machine whose service dies of every task, and is started anew: all tasks come to it, but for those of `spared`,
    until it is left out; those that wait by then still do. What the others say is held back until then."""

    def __init__(self, run: Run, spared: Container[int] = ()):
        self.cluster, self.spared, self.starts, self.last = run.cluster, spared, 0, 0
        self.held: list[tuple[int, Message]] = []
        self.came_late = list[int]()
        run.cluster.on = self.on
        run.cluster.nodes = {"good/1": 1} if spared else {}
        self.start()

    def start(self) -> None:
        rest = {name: slots for name, slots in self.cluster.nodes.items() if not name.startswith("bad/")}
        self.starts += 1
        self.cluster.nodes = {**rest, f"bad/{self.starts}": 1}

    def on(self, lease: int, message: Message) -> list[tuple[int, Message]]:
        if self.cluster.left_out:
            return self.after(lease, message)
        if lease in self.spared:
            self.held.append((lease, replace(message, node="good") if isinstance(message, Started) else message))
            return []
        assert isinstance(message, Started)
        self.last = max(self.cluster.bundles)
        self.cluster.lose(lease, "node")
        self.start()
        return [(lease, replace(message, node="bad"))]

    def after(self, lease: int, message: Message) -> list[tuple[int, Message]]:
        before, self.held = self.held, []
        if isinstance(message, Started):
            late = lease <= self.last and lease not in self.spared
            self.came_late += [lease] * late
            message = replace(message, node="bad" if late else "good")
        return [*before, (lease, message)]


def test_a_machine_whose_service_dies_of_every_job_gets_no_more(tmp_path: Path) -> None:
    run = Run(tmp_path)
    failing = Failing(run, spared=(1,))
    run.check_whole()
    assert run.cluster.left_out == ["bad"]
    assert (run.dispatcher.left_out(), run.dispatcher.nodes()) == ({"bad": IN_A_ROW}, {"good/1": 1})
    assert (run.said["cluster.status.left_out"], run.said["cli.cluster.lost_node"] >= IN_A_ROW) == (1, True)
    assert failing.came_late and set(failing.came_late) <= set(run.cluster.cancelled)


def test_where_no_machine_is_left_the_run_ends_with_one_line_and_goes_on_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "_ALONE", 0.0)
    run = Run(tmp_path)
    Failing(run)
    with pytest.raises(CarouselError, match="no node of the cluster is left: bad lost one service of Ray") as caught:
        run.to_the_end()
    assert "集群中已没有可用的节点：bad" in line_in(caught.value, "zh") and "\n" not in str(caught.value)
    assert run.ledger.counts()["failed"] == 0
    run.dispatcher.stop()
    run.ledger.release()
    run.ledger.close()
    Run(tmp_path).check_whole()


def test_a_job_that_raises_fails_alone(tmp_path: Path) -> None:
    def one_bad(jobs: Sequence[dict[str, Any]], folder: RunFolder, sources: Sources) -> Records:
        if any(job.get("seed") == 5 and job["learning_rate"] == 0.01 for job in jobs):
            raise ValueError("no such number")
        yield from do(jobs, folder, sources)

    run = Run(tmp_path, one_bad)
    counts = run.to_the_end()
    assert counts["failed"] == 2  # that seed of both contenders
    assert all("no such number" in (entry.error or "") for entry in run.ledger.entries("failed"))


def test_a_task_that_gets_no_further_is_ended_and_done_again(tmp_path: Path, beats: None) -> None:
    stuck: list[bool] = []

    def once(jobs: Sequence[dict[str, Any]], folder: RunFolder, sources: Sources) -> Records:
        if not stuck:
            stuck.append(True)
            time.sleep(8)
            raise TimeoutError("nobody listens any more")
        yield from do(jobs, folder, sources)

    run = Run(tmp_path, once, Patience(silence=2.0))
    run.check_whole()
    assert len(run.cluster.cancelled) == run.said["cli.cluster.stuck"] == 1  # of two threads, the first to get there


def test_other_versions_end_the_run_with_one_line(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.cluster.on = lambda lease, message: [(lease, Started("far", 1, {**versions(), "torch": "1.0"}))]
    with pytest.raises(
        BadPlan, match=r"node far has other versions than this command; allowed: torch .*; got: torch 1\.0; fix"
    ):
        run.to_the_end()


def test_a_lease_lasts_as_long_as_there_is_progress() -> None:
    lease = Lease([["a", "b"]], 1.0, Patience(silence=10, cpu_seconds=100))
    assert not lease.overdue(1e6)  # it waits for a worker
    lease.start("node", 0.0)
    lease.beat(Beat(5, 1.0), 8.0)  # steps
    assert not lease.overdue(17.0)
    lease.beat(Beat(5, 3.0), 16.0)  # none, but it computes
    assert not lease.overdue(25.0)
    lease.beat(Beat(5, 3.1), 25.0)  # the beats alone
    assert lease.overdue(27.0)
    lease.settle(["a"], 27.0)
    assert lease.left == ["b"]
    lease.beat(Beat(5, 3.2), 28.0)
    lease.beat(Beat(5, 104.0), 29.0)  # much time, no step
    assert lease.overdue(29.0)


def test_an_error_outside_any_job_is_the_tasks_own(tmp_path: Path) -> None:
    """A file that a job reads cannot be had: no job is blamed."""
    run = Run(tmp_path)
    entry = run.ledger.first_pending()
    assert entry is not None
    bundle = run.dispatcher._bundling.bundle("run", [[entry]], versions())
    bundle.inputs.append("data.npz")
    said = list(node.work(bundle, lambda path: (tmp_path / "none").read_bytes(), do))
    assert [type(message).__name__ for message in said] == ["Started", "Lost"]
    assert not any(isinstance(message, Raised) for message in said)


def test_bundles_come_to_thirty_seconds_and_near_the_end_to_a_share(tmp_path: Path) -> None:
    run = Run(tmp_path)
    made, ledger = run.dispatcher._bundling, run.ledger
    trial = ledger.first_pending()
    assert trial is not None
    assert len(made.next(1, slots=100)) == 1  # of unknown duration: one group, and no more than its share
    made.learn(trial.cost, 4.0)  # a trial takes 4 seconds
    (group,) = made.next(2, slots=1)
    assert len(group) >= 8
    made.learn(trial.cost, 4e3)  # now some 2,000: as few as may be
    assert len(made.next(3, slots=1)[0]) == 4
    made.learn(1e6 * trial.cost, 0.0)  # and now next to nothing
    assert len(made.next(4, slots=10**6)) == 1
    rest = made.next(5, slots=1)
    assert len(rest) > 3  # the probes, of no known cost, are five seconds each
    assert all(len({entry.kind for entry in group}) == 1 for group in rest)
