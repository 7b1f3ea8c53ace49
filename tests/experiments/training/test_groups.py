"""Trials trained as a group: what becomes of one does not depend on which others train beside it, to the last bit."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.io import savemat

from carousel.experiments.contenders.spec import parse_contenders
from carousel.experiments.data import DataOptions, DataTask, prepare
from carousel.experiments.runner.task_loader import built_in
from carousel.experiments.tasks import TASKS, task
from carousel.experiments.tasks.base import Task
from carousel.experiments.training.description import Contender, FileSource, Source, TaskSource, Trial
from carousel.experiments.training.rules import StopRule, Training
from carousel.experiments.training.trial import TrialResult, run_trials

RATES = (0.003, 0.03)


def trial(
    spec: str,
    rate: float,
    seed: int,
    source: Source,
    length: int,
    phase: str = "tuning",
    steps: int = 60,
    hidden: int = 8,
    **stop,
) -> Trial:
    (named,) = parse_contenders(spec)
    size = {"mlp": 8, "positions": length} if named.cell == "transformer" else {}
    contender = Contender(
        spec=spec, cell=named.cell, init=named.init, layers=named.layers, hidden=hidden, parameters=1, **size
    )
    training = Training(steps=steps, batch_size=9, stop=StopRule(**({"check_every": 20} | stop)))
    return Trial(
        phase=phase, source=source, length=length, contender=contender, learning_rate=rate, seed=seed, training=training
    )


def numbers(result: TrialResult) -> str:
    """Every number of it but its time, written out: NaN equals NaN, and nothing is rounded."""
    record = {name: value for name, value in result.record.items() if name != "seconds"}
    weights = {name: value.tolist() for name, value in result.weights.items()}
    flows = [(flow.moment, flow.profile.mean.tolist(), vars(flow.slope)) for flow in result.flows]
    return repr((vars(result.history), record, weights, flows, [vars(block) for block in result.occlusion]))


def trained(trials: Sequence[Trial], tasks: Sequence[Task]) -> dict[str, TrialResult]:
    """By the trial's digest."""
    return {each.digest(): result for each, result in run_trials(trials, tasks)}


def same_in_any_company(trials: Sequence[Trial], tasks: Sequence[Task]) -> list[TrialResult]:
    """Together, alone, and seven of them in another order. Gives the results."""
    assert len({each.shape for each in trials}) == 1
    assert len(trials) > 7
    results = trained(trials, tasks)
    together = {name: numbers(result) for name, result in results.items()}
    order = np.random.default_rng(0).permutation(len(trials))[:7]
    for chosen in (*([k] for k in range(len(trials))), order):
        found = trained([trials[k] for k in chosen], [tasks[k] for k in chosen])
        assert len(found) == len(chosen)
        for name, result in found.items():
            assert numbers(result) == together[name], name
    return [results[each.digest()] for each in trials]


@pytest.mark.slow
def test_trials_that_are_solved_diverge_are_given_up_and_run_to_their_end() -> None:
    source, made = TaskSource(name="delayed-recall"), task("delayed-recall", 4)
    about = [("orthogonal", rate, seed, "tuning") for rate in RATES for seed in (0, 1)]
    about += [("orthogonal", 1e20, 0, "tuning"), ("identity", 1e20, 1, "reporting")]
    about += [("identity", rate, seed, "reporting") for rate in RATES for seed in (2, 3)]
    trials = [trial(f"rnn-relu:{init}", rate, seed, source, 4, phase, 500) for init, rate, seed, phase in about]
    found = same_in_any_company(trials, [made] * len(trials))
    assert {result.record["outcome"] for result in found} >= {"solved", "diverged", "finished"}
    assert {result.record["kernel"] for result in found} == {"numba"}  # of those that diverge at once too
    assert len({result.record["steps"] for result in found}) >= 4  # they leave one after the other
    assert [bool(result.flows) for result in found] == [each.phase == "reporting" for each in trials]


FORMS = [
    ("lstm", "adding"), ("gru", "adding"), ("gru", "mqar"), ("lstm,layers=2", "mqar"), ("rnn", "copy-memory"),
    ("lstm-coupled", "nested-brackets"), ("rnn-relu", "nested-brackets"), ("transformer", "nested-brackets"),
    ("lstm", "random-labels"), ("lstm-1997", "random-labels"),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "name"), FORMS)
def test_cells_on_tasks_of_every_form(spec: str, name: str) -> None:
    """Values and classes; one answer and one a step; sequences of unequal length; a task drawn by its seed."""
    length = max(16, TASKS[name].shortest)
    source, made = TaskSource(name=name), task(name, length)
    trials = [
        trial(spec, rate, seed, source, length, steps=4, check_every=2) for rate, seed in product(RATES, range(4))
    ]
    same_in_any_company(trials, [made] * len(trials))


@pytest.mark.parametrize(("spec", "name"), [("lstm", "adding"), ("rnn", "temporal-order"), ("gru", "copy-memory")])
def test_a_training_set_of_its_own_for_each_seed(spec: str, name: str) -> None:
    """Trials of one seed share the set and its batches, those of another have others."""
    source = TaskSource(name=f"{name}-20", task=name, sequences=20)
    made = built_in(source, 16)
    trials = [
        trial(spec, rate, seed, source, 16, "reporting", 40, check_every=10) for rate, seed in product(RATES, range(4))
    ]
    results = same_in_any_company(trials, [made] * len(trials))
    assert {len(result.history.losses) for result in results} == {40}
    assert all(0 <= result.record["training_score_last"] <= 1 or name == "adding" for result in results)
    assert not any("score_2t" in result.record or result.flows for result in results)


def test_a_readout_of_which_every_second_begins_within_a_line_of_memory() -> None:
    """34 units and 9 classes: the last bits of a gradient went by the network's place (nn/kernels/products.py)."""
    source, made = TaskSource(name="copy-memory"), task("copy-memory", 30)
    trials = [
        trial("rnn", rate, seed, source, 30, steps=10, hidden=34, check_every=5)
        for rate, seed in product(RATES, (0, 1, 2, 3))
    ]
    same_in_any_company(trials, [made] * len(trials))


@pytest.mark.parametrize("spec", ["rnn", "gru", "lstm"])
@pytest.mark.slow
def test_a_file_with_sequences_of_many_lengths_and_a_split_of_its_own_for_each_seed(tmp_path: Path, spec: str) -> None:
    rng = np.random.default_rng(0)
    rows = [
        {"id": name, "t": t, "a": rng.normal(), "label": "ab"[name % 2]}
        for name in range(60)
        for t in range(2 + 13 * (name % 5))
    ]
    pl.DataFrame(rows).write_csv(tmp_path / "table.csv")
    options = {"target": "label", "group": "id", "order": "t"}
    made = [DataTask(prepare(tmp_path / "table.csv", DataOptions(**options, split_seed=seed))) for seed in range(5)]
    source = FileSource(name="table", file="table.csv", sha256="", splits="by-seed")
    trials = [
        trial(spec, rate, seed, source, 0, "reporting" if spec == "rnn" else "tuning", 15, patience=1, check_every=5)
        for rate, seed in product(RATES, (100, 101, 102, 103))
    ]
    trials.append(trial(spec, 0.01, 0, source, 0, steps=15, patience=1, check_every=5))
    same_in_any_company(trials, [made[1 + each.seed % 100 if each.seed else 0] for each in trials])


@pytest.mark.parametrize("spec", ["rnn", "gru", "lstm", "lstm,layers=2"])
@pytest.mark.slow
def test_piano_rolls_of_many_lengths(tmp_path: Path, spec: str) -> None:
    """One answer a step: each network's sums over steps are those that it has alone."""
    rng = np.random.default_rng(1)
    rolls = {part: np.empty((1, 12), dtype=object) for part in ("traindata", "validdata", "testdata")}
    for cell in rolls.values():
        for k in range(12):
            cell[0, k] = (rng.random((4 + 5 * k, 88)) < 0.05).astype(np.uint8)
    savemat(tmp_path / "rolls.mat", rolls)
    made = DataTask(prepare(tmp_path / "rolls.mat", DataOptions()))
    assert made.readout == "every"
    source = FileSource(name="rolls", file="rolls.mat", sha256="")
    trials = [trial(spec, rate, seed, source, 0, steps=12, check_every=4) for rate, seed in product(RATES, range(4))]
    same_in_any_company(trials, [made] * len(trials))
