"""Each initialisation does what its source says."""

from __future__ import annotations

import math

import pytest
import torch

from carousel.common.errors import BadPlan, UnknownName
from carousel.nn.cells import CELLS
from carousel.nn.initialisation import INITIALISATIONS, initialise


def filled(cell_name: str, init: str, length: int = 50, hidden: int = 16, inputs: int = 8):
    cell = CELLS[cell_name](inputs, hidden)
    initialise(cell, init, torch.Generator().manual_seed(3), length)
    return cell


@pytest.mark.parametrize("cell_name", CELLS)
@pytest.mark.parametrize("rule", INITIALISATIONS.values(), ids=INITIALISATIONS)
def test_same_seed_same_weights_and_misfits_are_refused(cell_name, rule):
    if CELLS[cell_name] not in rule.fits:
        with pytest.raises(BadPlan, match="not defined"):
            filled(cell_name, rule.name)
        return
    one, two = filled(cell_name, rule.name), filled(cell_name, rule.name)
    for (name, a), b in zip(one.named_parameters(), two.parameters(), strict=True):
        assert torch.equal(a, b), name
        assert a.isfinite().all()


@pytest.mark.parametrize("cell_name", CELLS)
def test_orthogonal_blocks(cell_name):
    cell = filled(cell_name, "orthogonal")
    for block in cell.blocks:
        u = cell.weight_hh[cell.rows(block)]
        torch.testing.assert_close(u @ u.T, torch.eye(16), rtol=0, atol=1e-5)


def test_keras_is_orthogonal_over_all_gates_and_forgets_little():
    cell = filled("lstm", "keras")
    torch.testing.assert_close(cell.weight_hh.T @ cell.weight_hh, torch.eye(16), rtol=0, atol=1e-5)
    assert cell.weight_ih.abs().max() <= math.sqrt(6 / (64 + 8))
    total = cell.bias_ih + cell.bias_hh
    assert torch.equal(total[16:32], torch.ones(16))
    assert total[:16].abs().sum() == 0


@pytest.mark.parametrize(("name", "bias"), [("forget-bias-1", 1.0), ("forget-bias", 1.0), ("forget-bias-2.5", 2.5)])
def test_forget_bias_is_the_sum_of_both_biases(name, bias):
    cell = filled("lstm", name)
    assert torch.equal((cell.bias_ih + cell.bias_hh)[cell.rows("f")], torch.full((16,), bias))


@pytest.mark.parametrize("cell_name", ["lstm-1997", "lstm"])
def test_closed_input_is_the_negative_sum_of_both_biases_and_of_no_other_gate(cell_name):
    cell, plain = filled(cell_name, "closed-input-4"), filled(cell_name, "default")
    total = cell.bias_ih + cell.bias_hh
    assert torch.equal(total[cell.rows("i")], torch.full((16,), -4.0))
    for block in set(cell.blocks) - {"i"}:
        assert torch.equal(total[cell.rows(block)], (plain.bias_ih + plain.bias_hh)[cell.rows(block)])


@pytest.mark.parametrize(("cell_name", "keeps"), [("lstm", "f"), ("gru", "z"), ("lstm-coupled", "f")])
@pytest.mark.parametrize(("name", "longest"), [("chrono", 50), ("chrono-200", 200)])
def test_chrono_spans(cell_name, keeps, name, longest):
    cell = filled(cell_name, name, hidden=400)
    bias = (cell.bias_ih + cell.bias_hh)[cell.rows(keeps)]
    spans = bias.exp()
    assert spans.min() >= 1 - 1e-5
    assert spans.max() <= longest - 1 + 1e-3
    assert abs(spans.mean() - longest / 2) < 0.1 * longest
    if "i" in cell.blocks:
        assert torch.equal((cell.bias_ih + cell.bias_hh)[cell.rows("i")], -bias)


def test_identity():
    cell = filled("rnn-relu", "identity")
    assert torch.equal(cell.weight_hh, torch.eye(16))
    assert cell.weight_ih.abs().max() < 0.01


def test_unknown_names():
    with pytest.raises(UnknownName, match="did you mean 'chrono'"):
        filled("lstm", "chronoo")
    with pytest.raises(BadPlan, match="takes no number"):
        filled("lstm", "orthogonal-3")
