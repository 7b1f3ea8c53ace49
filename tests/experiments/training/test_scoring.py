"""A part scored in batches: the score, loss and error that it has as one, and never more steps at once than said."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from carousel.experiments.data import DataTask
from carousel.experiments.data.task import task as file_task
from carousel.experiments.probes import occlusion
from carousel.experiments.training.description import Contender
from carousel.experiments.training.scoring import run_on
from carousel.experiments.training.trial import build_contender
from tests.experiments.data.test_data_task import KINDS, make


def _contender(cell: str, hidden: int) -> Contender:
    return Contender(spec=cell, cell=cell, init="default", layers=1, hidden=hidden, parameters=100)


@pytest.mark.parametrize("kind", KINDS)
def test_batches_give_what_one_batch_gives(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task = DataTask(make(tmp_path, kind))
    network = build_contender(_contender("gru", 5), task, seed=3)
    whole = run_on(network, task, [task.held_out("training")])
    monkeypatch.setattr(file_task, "AT_ONCE", 2 * task.length)  # two sequences
    batches = list(task.batches("training"))
    assert len(batches) > 1 and all(batch.x.shape[0] * batch.x.shape[1] <= 2 * task.length for batch in batches)
    output, batch = run_on(network, task, batches)
    assert len(output) == len(batch.y) and sum(len(each.x[0]) for each in batches) == len(
        task.held_out("training").x[0]
    )
    assert task.score(output, batch) == pytest.approx(task.score(*whole), abs=1e-6)
    assert task.loss(output, batch).item() == pytest.approx(task.loss(*whole).item(), abs=1e-5)
    errors = [task.rmse(output, batch), task.rmse(*whole)]
    assert errors == [None, None] if errors[1] is None else errors[0] == pytest.approx(errors[1], rel=1e-5)


def test_one_batch_is_scored_as_it_is(tmp_path: Path) -> None:
    task = DataTask(make(tmp_path, "classification"))
    network = build_contender(_contender("rnn", 4), task, seed=3)
    output, batch = run_on(network, task, task.batches("test"))
    held = task.held_out("test")
    assert torch.equal(batch.x, held.x) and torch.equal(output, network(held.x, held.lengths))


def test_the_training_score_is_of_so_many_at_most(tmp_path: Path) -> None:
    task = DataTask(make(tmp_path, "forecast"))
    (batch,) = task.batches("training", 5)
    rows = task.held_out("training").x.shape[1]
    assert task.most_of_training == 20_000 and batch.x.shape[1] == 5 < rows


def test_occlusion_in_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task = DataTask(make(tmp_path, "forecast"))
    network = build_contender(_contender("gru", 5), task, seed=3)
    whole = occlusion.measure_occlusion(network, task, 7)
    monkeypatch.setattr(occlusion, "AT_ONCE", 3 * task.length)
    parts = occlusion.measure_occlusion(network, task, 7)
    assert [row.sequences for row in parts] == [row.sequences for row in whole]
    assert [row.score_drop for row in parts] == pytest.approx([row.score_drop for row in whole], abs=1e-6)
