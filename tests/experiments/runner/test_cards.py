"""Trainings of a cluster on GPUs: how many share one, what is measured, what happens where memory is too little."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from carousel.common.error_words import line_in
from carousel.common.errors import BadPlan, UnknownName
from carousel.experiments.runner import engines
from carousel.experiments.runner.cluster.bundling import Bundling
from carousel.experiments.runner.cluster.card import Shares, keep_to, tasks_a_card, used_of_card
from carousel.experiments.runner.cluster.messages import Ended, Message, Raised, decode, encode
from carousel.experiments.runner.engines import On, check_engine, check_kernel
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.grouping import most_together
from carousel.experiments.runner.ledger import Ledger
from carousel.experiments.runner.machine import versions
from carousel.experiments.runner.task_loader import Sources
from carousel.experiments.runner.tuning import first_jobs
from carousel.experiments.training.rules import digest_of
from tests.experiments.runner.test_dispatcher import PLAN, Run
from tests.support.cluster import record_of
from tests.support.runs import small_plan


@pytest.mark.parametrize(("used", "tasks"), [(0.0, 16), (0.01, 16), (0.3, 2), (0.39, 2), (0.41, 1), (0.9, 1), (1.3, 1)])
def test_so_many_tasks_fit_on_a_card_with_a_margin(used: float, tasks: int) -> None:
    assert tasks_a_card(used) == tasks
    assert used * tasks <= 0.8 or tasks == 1


def test_the_first_tasks_have_a_card_each_and_the_most_that_any_took_counts() -> None:
    shares = Shares()
    assert shares.share == 1.0
    shares.learn(0.1)
    assert shares.share == 1 / 8
    shares.learn(0.3)
    shares.learn(0.05)
    assert shares.share == 1 / 2
    shares.forget()
    assert shares.share == 1.0


def test_only_a_task_that_had_the_card_measures_it(monkeypatch: pytest.MonkeyPatch) -> None:
    said = list[str]()
    monkeypatch.setattr("torch.cuda.mem_get_info", lambda: (60, 100))
    monkeypatch.setattr("torch.cuda.memory_reserved", lambda: 10)
    monkeypatch.setattr("torch.cuda.max_memory_reserved", lambda: 25)
    monkeypatch.setattr("torch.cuda.set_per_process_memory_fraction", lambda share: said.append(f"{share}"))
    monkeypatch.setattr("torch.cuda.reset_peak_memory_stats", lambda: said.append("anew"))
    assert used_of_card(1.0) == pytest.approx(0.55)  # 30 of the driver, and 25 at most of torch
    assert used_of_card(0.5) is None and used_of_card(0.0) is None
    keep_to(0.0)
    assert said == []
    keep_to(0.25)
    assert said == ["0.25", "anew"]


@pytest.mark.parametrize("message", [Ended(2.0, 0.5), Ended(2.0), Raised(["a"], "why", memory=True, shared=True)])
def test_what_a_card_says_comes_through(message: Message) -> None:
    assert decode(encode(3, message)) == (3, message)


def test_a_group_is_larger_on_a_card() -> None:
    (_, first), *_ = ((at, job) for at, job in first_jobs(small_plan()) if job.kind == "trial")
    job = first.model_dump(mode="json")
    assert most_together(job, Sources.of(None)) == 32
    assert most_together(job, Sources.of(None), on_card=True) == 64
    assert most_together({**job, "length": 30_000}, Sources.of(None), on_card=True) < 64


def test_bundles_without_trainings_want_no_card(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.claim_for(PLAN)
    ledger = Ledger(folder.ledger, create=True)
    ledger.add(first_jobs(PLAN))
    found = {}
    for on_card in (False, True):
        bundling = Bundling(ledger, Sources(folder), on_card)
        for kind in ("trial", "initial-flow"):
            group = [next(e for e in ledger.entries("pending") if e.kind == kind)]
            found[on_card, kind] = bundling.bundle("run", [group], versions()).on_card
    assert found == {(False, "trial"): False, (False, "initial-flow"): False,
                     (True, "trial"): True, (True, "initial-flow"): False}  # fmt: skip


def test_a_job_that_lacks_memory_alone_in_a_part_of_a_card_is_tried_again(tmp_path: Path) -> None:
    lacked = set[str]()

    def lacking(jobs: Sequence[dict[str, Any]], folder: RunFolder, sources: Sources) -> Iterator[tuple[str, Any]]:
        for job in jobs:
            name = digest_of(job)
            if job["kind"] == "trial" and name not in lacked and len(lacked) < 5 and len(jobs) == 1:
                lacked.add(name)
                raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
            yield name, record_of(job, name, folder)

    run = Run(tmp_path, lacking)
    run.cluster.on = lambda lease, message: [
        (lease, replace(message, shared=True) if isinstance(message, Raised) else message)
    ]
    run.dispatcher._bundling._most = lambda first: 1  # type: ignore[method-assign]  # each alone
    run.check_whole()
    assert lacked and run.said["cli.cluster.whole_card"] == len(lacked)


REFUSED: dict[str, tuple[On, str]] = {
    "no ray": (On("local", None, "cuda"), "GPUs are given out by Ray; got: --device cuda --engine local"),
    "no device": (On("ray", None, "tpu"), "unknown device 'tpu'; allowed: cpu, cuda"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_train_on_a_card_is_refused_in_one_line(case: str) -> None:
    on, line = REFUSED[case]
    with pytest.raises((BadPlan, UnknownName)) as caught:
        check_engine(on)
    assert str(caught.value).startswith(line)
    assert "GPU" in line_in(caught.value, "zh") or "设备" in line_in(caught.value, "zh")


def test_a_forced_kernel_is_of_the_processor() -> None:
    check_kernel(engines.HERE, "numba")
    check_kernel(On("ray", None, "cuda"), "auto")
    with pytest.raises(BadPlan) as caught:
        check_kernel(On("ray", None, "cuda"), "numba")
    assert str(caught.value) == ("--kernel numba runs on a processor alone; got: --device cuda; "
                                 "fix: leave --kernel out, or --device")  # fmt: skip
    assert "处理器" in line_in(caught.value, "zh")
