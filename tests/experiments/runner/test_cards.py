"""Trainings of a cluster on GPUs: how many share one, what is measured, what happens where memory is too little."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from carousel.common.error_words import line_in
from carousel.common.errors import BadPlan, CarouselError, UnknownName
from carousel.experiments.runner import engines
from carousel.experiments.runner.cluster import bundling, node
from carousel.experiments.runner.cluster.bundling import Bundling
from carousel.experiments.runner.cluster.card import CardLost, Shares, keep_to, used_of_card
from carousel.experiments.runner.cluster.messages import Ended, Lost, Message, Raised, decode, encode
from carousel.experiments.runner.engines import On, check_engine, check_kernel
from carousel.experiments.runner.environment import describe_environment
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.grouping import most_together
from carousel.experiments.runner.ledger import Ledger
from carousel.experiments.runner.machine import versions
from carousel.experiments.runner.task_loader import Sources
from carousel.experiments.runner.tuning import first_jobs
from carousel.experiments.training.rules import digest_of
from tests.experiments.runner.test_dispatcher import PLAN, Run
from tests.support.cluster import record_of
from tests.support.runs import environment, small_plan


@pytest.mark.parametrize(("used", "tasks"), [(0.0, 8), (0.01, 8), (0.3, 2), (0.39, 2), (0.41, 1), (0.9, 1), (1.3, 1)])
def test_so_many_tasks_fit_on_a_card_with_a_margin(used: float, tasks: int) -> None:
    shares = Shares()
    shares.want(32)
    assert shares.tasks_a_card == 1  # until one has told what it took
    shares.learn(used)
    assert shares.tasks_a_card == tasks
    assert used * tasks <= 0.8 or tasks == 1


def test_the_most_that_any_took_counts_and_what_was_too_small_is_not_given_again() -> None:
    shares = Shares()
    shares.want(32)
    for used, tasks in ((0.5, 1), (0.02, 1)):  # the small one does not make the large one forgotten
        shares.learn(used)
        assert shares.tasks_a_card == tasks
    shares = Shares()
    shares.want(32)
    shares.learn(0.1)
    for lacked, tasks in ((1 / 8, 4), (1 / 8, 4), (1 / 4, 2), (1 / 2, 1)):  # two of the same share tell the same
        shares.lacked(lacked)
        assert (shares.tasks_a_card, shares.share) == (tasks, 1 / tasks)
    shares.learn(0.01)
    assert shares.share == 1.0


@pytest.mark.parametrize(
    ("nodes", "most", "tasks"),
    [
        ([(8, 16)], 0, 2),
        ([(8, 32)], 0, 4),
        ([(8, 200)], 0, 8),
        ([(8, 32)], 8, 1),
        ([(8, 8), (1, 64)], 0, 1),
        ([], 0, 1),
    ],
)
def test_no_more_share_a_card_than_there_are_tasks_to_fill_all_cards(
    nodes: list[tuple[int, int]], most: int, tasks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ray fills one card before it begins another."""
    pytest.importorskip("ray")
    from carousel.experiments.runner.cluster.ray import cards

    monkeypatch.setattr(cards, "cards", lambda: nodes)
    held = cards.Cards(most)
    held.see()
    assert held.give(1, True) == 1.0
    held.hear(1, Ended(1.0, 0.01))
    assert held.share == 1 / tasks
    assert held.unfit([1]) == ([] if tasks == 1 else [1]) and held.unfit([2]) == []
    assert held.give(3, False) == 0.0 and held.unfit([3]) == []


def test_trainings_for_processors_have_no_share() -> None:
    pytest.importorskip("ray")
    from carousel.experiments.runner.cluster.ray.cards import Cards

    held = Cards(None)
    held.see()
    assert held.share == held.give(1, False) == 0.0 and held.unfit([1]) == []


def test_only_a_task_that_had_the_card_measures_it(monkeypatch: pytest.MonkeyPatch) -> None:
    said = list[str]()
    monkeypatch.setattr("torch.cuda.mem_get_info", lambda: (60, 100))
    monkeypatch.setattr("torch.cuda.memory_reserved", lambda: 10)
    monkeypatch.setattr("torch.cuda.max_memory_reserved", lambda: 25)
    monkeypatch.setattr("torch.cuda.set_per_process_memory_fraction", lambda share: said.append(f"{share}"))
    monkeypatch.setattr("torch.cuda.reset_peak_memory_stats", lambda: said.append("anew"))
    monkeypatch.setattr("carousel.experiments.runner.cluster.card.forbid_tf32", lambda: None)
    assert used_of_card(1.0) == pytest.approx(0.55)  # 30 of the driver, and 25 at most of torch
    assert used_of_card(0.5) is None and used_of_card(0.0) is None
    keep_to(0.0)
    assert said == []
    keep_to(0.25)
    assert said == ["0.2", "anew"]  # the rest is for what is not torch's
    keep_to(1.0)
    assert said[2:] == ["1.0", "anew"]
    monkeypatch.setattr("carousel.experiments.runner.cluster.card.find_spec", lambda name: None)
    with pytest.raises(CarouselError, match="triton is not installed"):
        keep_to(1.0)


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


def test_a_group_that_lacks_memory_in_a_part_of_a_card_is_tried_again_whole(tmp_path: Path) -> None:
    lacked = list[int]()

    def lacking(jobs: Sequence[dict[str, Any]], folder: RunFolder, sources: Sources) -> Iterator[tuple[str, Any]]:
        if jobs[0]["kind"] == "trial" and len(lacked) < 5:
            lacked.append(len(jobs))
            raise RuntimeError("CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`")
        for job in jobs:
            yield digest_of(job), record_of(job, digest_of(job), folder)

    run = Run(tmp_path, lacking)
    run.cluster.on = lambda lease, message: [
        (lease, replace(message, shared=True) if isinstance(message, Raised) else message)
    ]
    run.check_whole()
    assert max(lacked) > 1 and run.said["cli.cluster.larger_part"] == len(lacked) == 5
    assert run.said["cli.cluster.memory"] == 0 and not run.dispatcher._bundling._halved


def test_a_card_that_fails_is_as_a_worker_that_dies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The group that it was at is tried again; those that waited are not blamed."""
    monkeypatch.setattr(bundling, "most_to_claim", lambda first, sources, on_card: 4)
    broken = list[str]()

    def breaking(jobs: Sequence[dict[str, Any]], folder: RunFolder, sources: Sources) -> Iterator[tuple[str, Any]]:
        if jobs[0]["kind"] == "trial" and not broken:
            broken.extend(digest_of(job) for job in jobs)
            raise RuntimeError("Triton Error [CUDA]: an illegal memory access was encountered")
        for job in jobs:
            yield digest_of(job), record_of(job, digest_of(job), folder)

    def checked(share: float) -> None:
        raise CardLost("CUDA error: an illegal memory access was encountered")

    monkeypatch.setattr(node, "check_card", checked)
    run = Run(tmp_path, breaking)
    trial = run.ledger.first_pending()
    assert trial is not None
    run.dispatcher._bundling.learn(trial.cost, 0.1)  # so quick that several groups go together
    run.check_whole()
    assert broken and len(run.cluster.bundles[1].groups) > 1
    assert run.said["cli.cluster.lost_worker"] == 1


def test_where_others_left_no_memory_to_begin_with_half_as_many_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, begun = Run(tmp_path), list[float]()

    def begin(share: float) -> None:
        begun.append(share)
        if len(begun) < 3:
            raise RuntimeError("CUDA error: out of memory")

    monkeypatch.setattr(node, "keep_to", begin)
    monkeypatch.setattr(node, "used_of_card", lambda share: None)
    entry = run.ledger.first_pending()
    assert entry is not None
    bundle = run.dispatcher._bundling.bundle("run", [[entry]], versions())
    _, raised, ended = node.work(bundle, lambda path: b"", share=0.25)
    assert isinstance(raised, Raised) and raised.jobs == [entry.hash] and raised.memory and raised.shared
    assert isinstance(ended, Ended)
    _, lost = node.work(bundle, lambda path: b"", share=1.0)
    assert isinstance(lost, Lost) and lost.by == "error"


def test_a_bundle_that_failed_in_part_tells_no_rate(tmp_path: Path) -> None:
    learnt = list[float]()

    def raising(jobs: Sequence[dict[str, Any]], folder: RunFolder, sources: Sources) -> Iterator[tuple[str, Any]]:
        if len(jobs) > 1:
            raise MemoryError
        for job in jobs:
            yield digest_of(job), record_of(job, digest_of(job), folder)

    run = Run(tmp_path, raising)
    learn = run.dispatcher._bundling.learn
    run.dispatcher._bundling.learn = lambda cost, seconds: (learnt.append(cost), learn(cost, seconds))[1]  # type: ignore
    run.check_whole()
    assert 0.0 in learnt and max(learnt) > 0


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
    assert str(caught.value) == ("--kernel numba is checked on the processor before a run; got: --device cuda; "
                                 "fix: leave --kernel out, or --device")  # fmt: skip
    assert "处理器" in line_in(caught.value, "zh")


def test_the_environment_names_no_kernel_that_did_not_run() -> None:
    plan = small_plan()
    assert "kernels" in describe_environment(plan, Sources.of(None), 1)
    found = describe_environment(plan, Sources.of(None), 1, "cuda")
    assert found["device"] == "cuda" and "kernels" not in found


def test_a_process_that_trains_on_a_card_rounds_no_factor_to_ten_bits() -> None:
    """In a process of its own: once torch's own helpers for tests are loaded, flags stay as they are."""
    code = (
        "import torch; from carousel.experiments.runner.cluster.card import forbid_tf32\n"
        "torch.backends.cuda.matmul.allow_tf32 = True; forbid_tf32()\n"
        "assert not torch.backends.cudnn.allow_tf32 and not torch.backends.cuda.matmul.allow_tf32"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=environment())
