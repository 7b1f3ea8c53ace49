"""Real files through the whole job, with few steps: read, planned, trained by workers, judged, reported, rebuilt."""

from __future__ import annotations

import math

import pytest

from carousel import load_best
from carousel.cli.conclude import conclude
from carousel.experiments.data import DataOptions
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.planning import ComparisonRequest, make_plan
from carousel.experiments.runner.run import run_plan
from carousel.experiments.runner.split_store import store_splits
from tests.support.runs import shortened

FILES = {
    "vowels as a table": (
        "japanese_vowels_long.csv",
        DataOptions(target="speaker", group="utterance", order="frame"),
        "majority",
    ),
    "vowels as .ts": ("JapaneseVowels_TRAIN.ts", DataOptions(), "majority"),
    "airline": ("airline.csv", DataOptions(forecast=("Passengers",), order="Date"), "persistence"),
    "solar": ("solar.csv", DataOptions(forecast=("solar_gen",), order="datetime_gmt"), "persistence"),
    "chorales": ("JSB_Chorales.mat", DataOptions(), "memoryless"),
}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "options", "baseline"), FILES.values(), ids=FILES)
def test_whole_job(tmp_path, shared_data, name, options, baseline):
    made = make_plan(ComparisonRequest((str(shared_data / name),), "rnn,lstm:chrono", parameters=6600, data=options))
    plan = shortened(made.plan, steps=60)
    folder = RunFolder(tmp_path / "run")
    folder.claim_for(plan)
    store_splits(folder, made.splits)
    with folder.locked():
        run_plan(plan, folder, 2, lambda progress: None)
    found = conclude(folder.path, "zh")
    trials = found.evidence.trials
    groups = 2 * len(plan.lengths)
    assert len(trials) == groups * (2 + 2)
    assert trials["score"].is_finite().all()
    assert found.evidence.card["baseline"]["name"] == baseline
    assert set(found.evidence.slopes["moment"]) == {"initialisation", "early", "end"}
    assert all(math.isfinite(s) for s in found.evidence.slopes["slope"].drop_nulls())
    assert "中文" in found.report.read_text(encoding="utf-8")
    assert len(found.verdicts["claims"]) == 7
    if (folder.path / "best").exists():
        network, task = load_best(folder.path / "best")
        test = task.held_out("test")
        assert math.isfinite(task.score(network(test.x, test.lengths).detach(), test))
