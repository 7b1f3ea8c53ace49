"""What the measurement of the standard budget's first look on a cluster compares with: a part of a plan, and the
trainings that a local run has finished of it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from benchmarks.cluster.first_look import part_of
from benchmarks.cluster.kept import AtOnce, take

from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.ledger import Entry, Ledger
from carousel.experiments.runner.plan import Plan
from carousel.experiments.runner.run import run_plan
from carousel.experiments.runner.tuning import first_jobs
from tests.support.plans import ComparisonRequest, make_plan
from tests.support.runs import small_plan

PLAN = small_plan(seeds=4).model_copy(update={"interim_analyses": (2, 4)})


def at_once(folder: RunFolder, ledger: Ledger) -> AtOnce:
    """Workers that finish each job with numbers of its own."""

    def do(entry: Entry) -> dict[str, Any]:
        folder.write(folder.curves(entry.hash), entry.hash.encode())
        score = int(entry.hash[:4], 16) / 0xFFFF
        return {"trial": {"validation_score": score, "outcome": "finished", "steps_to_solved": None, "steps": 40}}

    return AtOnce(ledger, do)


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """A run that has gone on to its second analysis."""
    folder = RunFolder(tmp_path / "run")
    folder.claim_for(PLAN)
    folder.write_json(folder.environment, {"workers": 1})
    groups = {(c.key, spec): 4 for c in PLAN.conditions() for spec in PLAN.specs}
    run_plan(PLAN, folder, 1, lambda progress: None, extend=lambda: groups, start=at_once)
    return folder


def done(folder: RunFolder) -> dict[str, Entry]:
    ledger = Ledger(folder.ledger, read_only=True)
    found = {entry.hash: entry for entry in ledger.entries("done")}
    ledger.close()
    return found


def reported(entries: dict[str, Entry]) -> set[Any]:
    return {e.description["seed"] for e in entries.values() if e.description.get("phase") == "reporting"}


def test_of_a_run_that_has_gone_on_the_first_analysis_is_taken(run: RunFolder, tmp_path: Path) -> None:
    before = {p: hashlib.sha256(p.read_bytes()).digest() for p in run.path.rglob("*") if p.is_file()}
    taken = take(run.path, PLAN, tmp_path / "taken")
    one, all_of_them = done(taken), done(run)
    assert (reported(one), reported(all_of_them)) == ({100, 101}, {100, 101, 102, 103})
    assert {name: entry.record for name, entry in one.items()} == {name: all_of_them[name].record for name in one}
    assert all(taken.curves(name).read_bytes() == name.encode() for name in one)
    assert before == {p: hashlib.sha256(p.read_bytes()).digest() for p in before}


def test_a_run_that_lacks_a_job_is_not_compared_with(run: RunFolder, tmp_path: Path) -> None:
    ledger = Ledger(run.ledger)
    (entry, *_) = ledger.entries("done")
    ledger._db.execute("UPDATE jobs SET state='pending', record=NULL WHERE hash=?", (entry.hash,))
    ledger.close()
    with pytest.raises(SystemExit, match=f"has not finished {entry.hash}, a {entry.kind} of this plan"):
        take(run.path, PLAN, tmp_path / "taken")


def two_tasks() -> Plan:
    plan = make_plan(ComparisonRequest(("delayed-recall", "adding"), "rnn", (8,), parameters=2000)).plan
    return plan.model_copy(update={"claims_by_source": {"adding": ("gates",)}})


@pytest.mark.parametrize(("sources", "claims", "kept"), [
    ((), (), ["delayed-recall", "adding"]),
    (("adding",), (), ["adding"]),
    ((), ("vanishing",), ["delayed-recall"]),
    ((), ("vanishing", "gates"), ["delayed-recall", "adding"]),
])  # fmt: skip
def test_a_part_of_a_plan_has_the_jobs_that_it_had(
    sources: tuple[str, ...], claims: tuple[str, ...], kept: list[str]
) -> None:
    plan = two_tasks()
    part = part_of(plan, sources, claims)
    assert [source.name for source in part.sources] == kept and part.flaw() is None
    jobs, of_the_part = ({job.digest() for _, job in first_jobs(each)} for each in (plan, part))
    assert of_the_part <= jobs and (of_the_part == jobs) == (len(kept) == 2)


@pytest.mark.parametrize(("sources", "claims", "said"), [
    (("parity",), (), "that run has no source parity"),
    (("adding",), ("vanishing",), "no source for these claims"),
])  # fmt: skip
def test_what_the_run_does_not_have_is_refused(sources: tuple[str, ...], claims: tuple[str, ...], said: str) -> None:
    with pytest.raises(SystemExit, match=said):
        part_of(two_tasks(), sources, claims)
