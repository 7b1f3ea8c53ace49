"""The table of random labels: one a seed, the same for every part, and nothing but it."""

from __future__ import annotations

import math

import pytest
import torch

from carousel.experiments.tasks import task
from carousel.experiments.tasks.random_labels import CLASSES, ROWS


def rows(batch):
    """Each sequence with its label, as a row of numbers."""
    return torch.cat([batch.x.argmax(dim=2), batch.y.unsqueeze(0)]).T


@pytest.mark.parametrize("length", [4, 5, 30])
def test_the_table_is_of_the_seed(length):
    made = task("random-labels", length)
    one, again, other = (rows(made.of_seed(seed).held_out("test")) for seed in (7, 7, 8))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    assert one.shape == (ROWS, length + 1)
    assert len(one[:, :-1].unique(dim=0)) == ROWS  # no sequence has two labels


def test_training_draws_from_the_table_and_every_part_is_the_table():
    made = task("random-labels", 4).of_seed(5)
    table = rows(made.held_out("training"))
    known = {tuple(row) for row in table.tolist()}
    drawn = rows(made.sample(torch.Generator().manual_seed(0), 20_000))
    assert {tuple(row) for row in drawn.tolist()} <= known
    assert len(drawn.unique(dim=0)) > 0.98 * ROWS
    for part in ("validation", "test"):
        assert torch.equal(rows(made.held_out(part)), table)
        assert torch.equal(rows(made.held_out(part, 100)), table[:100])


def test_labels_and_symbols_are_uniform_and_apart():
    made = task("random-labels", 4)
    table = rows(made.held_out("test"))
    assert torch.bincount(table[:, -1], minlength=CLASSES).float().std() < 100  # 28 expected
    for step in range(4):
        together = torch.bincount(table[:, step] * CLASSES + table[:, -1], minlength=16 * CLASSES)
        assert together.min() > 30  # 64 expected, deviation 8
    assert made.metric.solved_threshold is None


def test_chance_and_score():
    made = task("random-labels", 4)
    table = made.held_out("test")
    level = torch.zeros(ROWS, CLASSES)
    assert made.score(level, table) == pytest.approx(made.metric.chance) == pytest.approx(-math.log(CLASSES))
    assert made.loss(level, table).item() == pytest.approx(made.chance_loss)
