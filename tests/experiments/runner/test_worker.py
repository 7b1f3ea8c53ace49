"""What a worker does with a job whose numbers cannot be written down."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from carousel.experiments.runner import worker
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.ledger import Ledger
from carousel.experiments.runner.task_loader import Sources
from carousel.experiments.runner.tuning import first_jobs
from tests.support.runs import small_plan


def test_a_record_that_json_cannot_hold_fails_its_job_and_not_the_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It used to end the worker, three times over, with nothing said of the reason."""
    folder = RunFolder(tmp_path / "run")
    plan = small_plan()
    folder.claim_for(plan)
    ledger = Ledger(folder.ledger, create=True)
    ledger.add(list(first_jobs(plan))[:1])
    first = ledger.first_pending()
    assert first is not None
    monkeypatch.setattr(worker, "do_jobs", lambda *_: [(first.hash, {"trial": {"score": math.inf}})])
    worker._work(ledger.claim(1, first), folder, ledger, Sources(folder))
    (failed,) = ledger.entries("failed")
    assert "JSON compliant" in (failed.error or "")
    ledger.close()
