"""Real files through the whole job, with few steps: read, planned, trained by workers, judged, reported, rebuilt."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from carousel import load_best
from carousel.experiments.claims import ids
from carousel.experiments.data import DataOptions
from carousel.experiments.examples import example
from carousel.experiments.finalise import finalise
from carousel.experiments.results.load import load_evidence
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.run import run_plan
from carousel.experiments.runner.split_store import store_splits
from tests.support.plans import ComparisonRequest, make_plan
from tests.support.runs import shortened

FILES = {
    "vowels as a table": (
        "vowels-table",
        DataOptions(target="speaker", group="utterance", order="frame"),
        "majority",
    ),
    "vowels as .ts": ("vowels", DataOptions(), "majority"),
    "airline": ("airline", DataOptions(forecast=("Passengers",), order="Date"), "persistence"),
    "solar": ("solar", DataOptions(forecast=("solar_gen",), order="datetime_gmt"), "persistence"),
    "example": ("gestures", example("gestures").options, "majority"),
    "chorales": ("chorales", DataOptions(), "memoryless"),
}

WITH_RIVALS = ("vowels as a table", "airline")  # one of each question: the simple methods take half of the time


@pytest.fixture
def path(request, name, tmp_path, real_data) -> Path:
    """Where the file of that name is."""
    if name == "chorales":
        return request.getfixturevalue("chorales")
    if name == "gestures":
        made = tmp_path / "gestures.csv"
        made.write_text(example(name).csv(), encoding="utf-8")
        return made
    return real_data(name)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "options", "baseline"), FILES.values(), ids=FILES)
def test_whole_job(request, tmp_path, path, options, baseline):
    rivals = None if request.node.callspec.id in WITH_RIVALS else ()
    made = make_plan(ComparisonRequest((str(path),), "rnn,lstm:chrono", parameters=6600, rivals=rivals, data=options))
    plan = shortened(made.plan, steps=60)
    folder = RunFolder(tmp_path / "run")
    folder.claim_for(plan)
    store_splits(folder, made.splits)
    with folder.locked():
        run_plan(plan, folder, 2, lambda progress: None)
    found = finalise(load_evidence(folder.path), "zh")
    trials = found.evidence.trials
    groups = 2 * len(plan.lengths)
    assert len(trials) == groups * (2 + 2)
    assert trials["score"].is_finite().all()
    assert found.evidence.card["baseline"]["name"] == baseline
    assert set(found.evidence.slopes["moment"]) == {"initialisation", "early", "end"}
    assert all(math.isfinite(s) for s in found.evidence.slopes["slope"].drop_nulls())
    assert "中文" in found.report.read_text(encoding="utf-8")
    assert [verdict.claim for verdict in found.judgement.verdicts] == list(ids())
    network, task = load_best(folder.path / "best")
    test = task.held_out("test")
    assert math.isfinite(task.score(network(test.x, test.lengths).detach(), test))
