"""Interventions: what is set or clamped, where, and that the loss feels it."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import carousel
from carousel.common.errors import BadCall

from .models import Stepper, Tagger, data, loss_of


def test_a_forget_gate_set_to_one_and_input_gate_to_zero_keep_c():
    net, x = nn.LSTM(3, 5, dtype=torch.float64), data(12, 4, 3)
    change = [carousel.Set("l0.f", 1.0, steps=range(4, 12)), carousel.Set("l0.i", 0.0, steps=range(4, 12))]
    with carousel.record(net, interventions=change) as tape:
        net(x)[0].sum().backward()
    c = tape["l0"].c
    assert torch.equal(c[4:], c[3].expand(8, 4, 5))
    assert not torch.equal(c[1], c[2])
    assert "interventions" in tape["l0"].kernels[0]


def test_a_state_cut_at_one_step_cuts_the_gradient_there():
    net, x = nn.GRU(3, 5, dtype=torch.float64), data(8, 2, 3).requires_grad_()
    with carousel.record(net, interventions=carousel.Set("l0.h", 0.0, steps=[3])):
        net(x)[0][-1].sum().backward()
    assert (x.grad[:4] == 0).all()
    assert (x.grad[4:] != 0).all()


def test_clamp_and_units_and_the_loss():
    model, x = Tagger("LSTM", bidirectional=True).double(), data(9, 3, 3)
    with carousel.record(model) as plain:
        before = loss_of(model(x)).item()
    with carousel.record(
        model, interventions=carousel.Clamp("encoder.rnn.l0_reverse.o", high=0.2, units=[1, 3])
    ) as tape:
        after = loss_of(model(x)).item()
    assert before != after
    o = tape["encoder.rnn.l0_reverse"].o
    assert (o[..., [1, 3]] <= 0.2).all()
    assert (plain["encoder.rnn.l0_reverse"].o[..., [1, 3]] > 0.2).any()
    assert torch.equal(tape["encoder.rnn.l0"].o, plain["encoder.rnn.l0"].o)


def test_setting_what_was_measured_changes_nothing():
    """A recorded gate put back at every step: the same run. Of a *Cell, step by step."""
    model, x = Stepper("GRU").double(), data(5, 2, 3)
    with carousel.record(model) as tape:
        expected = model(x)
    z = tape["cell"].z
    changes = [carousel.Set("cell.z", z[t], steps=[t]) for t in range(5)]
    with carousel.record(model, interventions=changes):
        torch.testing.assert_close(model(x), expected, rtol=1e-12, atol=1e-12)
    with carousel.record(model, interventions=carousel.Set("cell.z", lambda value: value * 0, steps=[2])) as tape:
        assert not torch.equal(model(x), expected)
    assert (tape["cell"].z[2] == 0).all()


def test_mistakes():
    net = nn.LSTM(3, 5)
    with pytest.raises(BadCall, match="no limit"):
        carousel.Clamp("l0.f")
    with (
        carousel.record(net, interventions=carousel.Set("l0.f", torch.zeros(7))),
        pytest.raises(BadCall, match=r"allowed: \(2, 5\)"),
    ):
        net(data(6, 2, 3, dtype=torch.float32))
