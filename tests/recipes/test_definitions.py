"""What the recipes define themselves: two tasks, the reading of the frames, when a row holds."""

from __future__ import annotations

import math

import pytest
import torch
from ended import Ended
from expressions import MODULUS, ModularArithmetic, value
from forget_bias import SameAlphabet
from jsb_chorales import hidden_for, parameters
from regular_languages import TASKS, UpTo
from rolls import NextFrame, Setting, nats
from temporal_order import TOLERANCE, Adding1997

from carousel.experiments.tasks import Batch
from common import Row, table


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("length", [1, 2, 3, 40, 41])
def test_an_expression_is_worth_what_python_says(length):
    batch = ModularArithmetic(length).sample(generator(), 50)
    symbols = batch.x.argmax(dim=2)
    assert len(symbols) == length - (length % 2 == 0)
    for column in range(50):
        text = "".join("01234+-*"[int(symbol)] for symbol in symbols[:, column])
        assert eval(text) % MODULUS == batch.y[column]


def test_multiplication_binds_first():
    digits, operators = torch.tensor([[1], [2], [3]]), torch.tensor([[MODULUS], [MODULUS + 2]])  # 1 + 2 * 3
    assert value(digits, operators).item() == 2


def test_adding_of_1997_marks_two_values_and_both_ends():
    batch = Adding1997(30).sample(generator(), 2000)
    values, marks = batch.x[..., 0], batch.x[..., 1]
    column = torch.arange(2000)
    assert ((batch.lengths >= 30) & (batch.lengths <= 33)).all()
    assert (marks[0] == -1).all() and (marks[batch.lengths - 1, column] == -1).all()
    assert torch.allclose(0.5 + (values * (marks == 1)).sum(dim=0) / 4, batch.y[:, 0])
    first, second = batch.key_positions.T
    assert (first != second).all() and first.max() == 9 and second.max() == 13
    task = Adding1997(100)
    always_half = torch.full((20_000, 1), 0.5)
    assert task.score(always_half, task.sample(generator(), 20_000)) == pytest.approx(task.metric.chance, abs=0.02)
    assert TOLERANCE == 0.04


def test_the_answer_of_same_alphabet_is_its_first_symbol():
    batch = SameAlphabet(6).sample(generator(), 100)
    assert (batch.x[0].argmax(dim=1) == batch.y).all()


def test_an_empty_step_says_that_the_sequence_is_over():
    inner, task = ModularArithmetic(5), Ended(ModularArithmetic(5))
    plain, batch = inner.sample(generator(), 9), task.sample(generator(), 9)
    assert task.inputs == inner.inputs + 1 and task.name == inner.name and task.metric == inner.metric
    assert torch.equal(batch.x[:-1, :, :-1], plain.x) and torch.equal(batch.y, plain.y)
    assert batch.x[:-1, :, -1].count_nonzero() == 0  # no other step holds the symbol of the end
    assert (batch.x[-1].argmax(dim=1) == inner.inputs).all() and (batch.x[-1].sum(dim=1) == 1).all()


def test_random_lengths_are_one_a_batch_and_held_out_ones_the_longest():
    task = UpTo(TASKS["parity"], 7, solved=0.9)
    drawn = generator()
    assert {len(task.sample(drawn, 2).x) for _ in range(100)} == set(range(1, 8))
    assert len(task.held_out("validation", 4).x) == 7


def test_frames_are_averaged_over_all_frames_and_by_piece():
    network = NextFrame("gru", 3, 4, Setting(0.1, 0.5, 0.3)).eval()
    y = torch.zeros(5, 2, 3)
    batch = Batch(torch.randn(5, 2, 3), y, torch.tensor([5, 2]))
    with torch.no_grad():
        losses = torch.nn.functional.softplus(network(batch.x, batch.lengths).double()).sum(dim=2)
    first, second = losses[:, 0], losses[:2, 1]
    over_frames, by_piece = nats(network, batch)
    assert over_frames == pytest.approx(float(torch.cat([first, second]).mean()))
    assert by_piece == pytest.approx(float((first.mean() + second.mean()) / 2))


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_parameters_are_those_of_the_module(cell):
    network = NextFrame(cell, 88, 7, Setting(0.1, 0.5, 0.0))
    assert parameters(cell, 88, 7) == sum(p.numel() for p in network.parameters())
    assert abs(parameters(cell, 88, hidden_for(cell, 88, 300_000)) / 300_000 - 1) < 0.02


def test_the_published_lstm_has_571_thousand_parameters():
    assert parameters("lstm", 88, 200) == 571_288


def test_when_a_row_holds():
    assert Row("a", (1.0, 2.0), 1.6).holds and not Row("a", (1.0, 2.0), 1.4).holds
    assert Row("a", (0.9,), 0.8, better="higher").holds and not Row("a", (0.7,), 0.8, better="higher").holds
    assert Row("a", (0.13,), 0.125, better="equal", margin=0.01).holds
    assert not Row("a", (0.9,), 0.125, better="equal", margin=0.01).holds
    assert not Row("a", (1.0,), 2.0, failed=1).holds
    assert Row("a", (1.0,)).holds is None and Row("a", (1.0,)).interval() is None


def test_the_interval_is_that_of_the_mean():
    low, high = Row("a", (1.0, 2.0, 3.0)).interval()
    assert (low + high) / 2 == pytest.approx(2.0) and high - low == pytest.approx(2 * 4.302653 / math.sqrt(3), rel=1e-5)
    assert "2.000" in table([Row("a", (1.0, 2.0, 3.0))])[1]
