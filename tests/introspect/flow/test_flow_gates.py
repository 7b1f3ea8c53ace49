"""What the gates alone keep: the cell's path, time scales, effective weights."""

from __future__ import annotations

import math

import pytest
import torch

import carousel
from carousel import flow
from carousel.nn.kernels import Call, Request
from tests.introspect.flow.made import call_of, cell_of, constant_gate, taped

LSTMS = ("lstm", "lstm-1997", "lstm-coupled", "lstm-projected")
GATED = {"lstm": "f", "lstm-coupled": "f", "gru": "z"}


def driven(cell, steps: int = 12, batch: int = 3):
    x = torch.randn(steps, batch, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return taped(cell, Call(x), loss=lambda output: output[-1].sum())


@pytest.mark.parametrize("bias", [-1.0, 0.0, 3.0])
@pytest.mark.parametrize(("name", "block"), GATED.items())
def test_time_scale_of_a_constant_gate(name, block, bias):
    expected = torch.full((6,), 1 / math.log1p(math.exp(-bias)), dtype=torch.float64)
    torch.testing.assert_close(flow.time_scales(driven(constant_gate(name, block, bias))), expected)


def test_time_scale_is_of_the_geometric_mean_over_true_steps():
    cell = cell_of("gru")
    tape = taped(cell, call_of(cell, "lengths"))  # 7, 1 and 4 true steps of 7
    z = torch.cat([tape.z[:7, 0], tape.z[:1, 1], tape.z[:4, 2]])
    torch.testing.assert_close(flow.time_scales(tape), -1 / z.log().mean(dim=0))


def test_time_scales_need_the_gate_alone_and_not_every_step():
    cell = cell_of("lstm")
    call = call_of(cell, "lengths")
    thin = taped(cell, call, Request(gates=True, only=("f",), every=3))
    f = taped(cell, call).f[::3]
    expected = -1 / f.log().nanmean(dim=(0, 1))
    torch.testing.assert_close(flow.time_scales(thin), expected)


def test_what_never_forgets_has_no_time_scale():
    assert (flow.time_scales(driven(cell_of("lstm-1997"))) == torch.inf).all()
    assert (flow.time_scales(driven(constant_gate("lstm", "f", 100.0))) == torch.inf).all()


@pytest.mark.parametrize(("name", "block"), GATED.items())
def test_path_of_a_constant_gate_is_its_power_and_the_whole_gradient(name, block):
    """Without recurrent weights nothing else leads back; for an LSTM from c_T on, the loss being seen through h_T."""
    found = flow.cell_path(driven(constant_gate(name, block, 1.0)), direction="loss")
    lags = torch.arange(12, dtype=torch.float64)
    ln_f = -math.log1p(math.exp(-1.0))
    torch.testing.assert_close(found.path.mean, lags * ln_f)
    torch.testing.assert_close(found.profile.mean.diff()[1:], torch.full((10,), ln_f, dtype=torch.float64))


@pytest.mark.parametrize("reverse", ["", "reverse"])
@pytest.mark.parametrize(("name", "gate"), [*GATED.items(), ("lstm-projected", "f")])
def test_path_is_the_mean_product_of_gates(name, gate, reverse):
    cell = cell_of(name)
    call = call_of(cell, f"lengths {reverse}", steps=9, batch=3)  # 3, 9 and 1 true steps
    tape = taped(cell, call)
    found = flow.cell_path(tape, direction="random", generator=torch.Generator()).path.mean
    by_sequence = []
    for b, length in enumerate([3, 9, 1]):
        f = tape[gate][:length, b].flip(0) if not reverse else tape[gate][:length, b]
        by_sequence.append([f[:lag].prod(dim=0).mean().log() for lag in range(min(length, 3))])
    expected = [torch.stack([s[lag] for s in by_sequence if lag < len(s)]).mean() for lag in range(3)]
    torch.testing.assert_close(found, torch.stack(expected))


def test_path_beside_the_whole_profile():
    tape = driven(cell_of("lstm"))
    found = flow.cell_path(tape)
    for one, other in zip(found.profile, flow.lag_profile(tape), strict=True):
        assert torch.equal(one, other)
    assert (flow.cell_path(driven(cell_of("lstm-1997"))).path.mean.abs() < 1e-15).all()


def test_path_of_a_long_run_does_not_underflow():
    found = flow.cell_path(driven(constant_gate("lstm", "f", -2.0), steps=1000)).path.mean
    assert found[-1].item() == pytest.approx(-999 * math.log1p(math.exp(2.0)), rel=1e-12)


def test_path_ends_at_a_reset():
    cell = cell_of("gru")
    resets = torch.zeros(9, 3, dtype=torch.bool)
    resets[6] = True
    tape = taped(cell, Call(call_of(cell, "plain", steps=9).x, resets=resets), loss=lambda output: output[-1].sum())
    path = flow.cell_path(tape).path.mean
    assert path[:3].isfinite().all() and (path[3:] == -torch.inf).all()


@pytest.mark.parametrize("option", ["plain", "no state", "lengths", "reverse lengths", "resets reverse lengths"])
@pytest.mark.parametrize("name", LSTMS)
def test_effective_weights_rebuild_the_cell_state(name, option):
    cell = cell_of(name)
    tape = taped(cell, call_of(cell, option))
    for b in range(3):
        found = flow.effective_weights(tape, sequence=b)
        for t in range(len(found.map)):
            torch.testing.assert_close(found.rebuilt(t), tape.c[t, b], rtol=1e-12, atol=1e-12)


def test_effective_weights_of_a_long_run_rebuild_the_cell_state():
    tape = driven(cell_of("lstm"), steps=1000, batch=1)
    found = flow.effective_weights(tape)
    for t in (0, 400, 999):
        torch.testing.assert_close(found.rebuilt(t), tape.c[t, 0], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("reverse", ["", "reverse"])
def test_effective_weights_are_the_products_of_the_equation(reverse):
    cell = cell_of("lstm")
    tape = taped(cell, call_of(cell, reverse))
    found = flow.effective_weights(tape, sequence=1)
    between = tape.f[3:5, 1] if not reverse else tape.f[2:4, 1]
    later, earlier = (4, 2) if not reverse else (2, 4)
    weights = found.at(later)
    torch.testing.assert_close(weights[earlier], tape.i[earlier, 1] * between.prod(dim=0))
    torch.testing.assert_close(weights[later], tape.i[later, 1])
    assert not weights[later - 1 if reverse else later + 1].any()
    assert found.map.shape == (7, 7)
    assert torch.equal(found.map[later], weights.mean(dim=-1))
    assert torch.equal(found.map, found.map.triu() if reverse else found.map.tril())


def test_gates_of_a_recorded_model():
    model = torch.nn.LSTM(3, 4, num_layers=2)
    with carousel.record(model) as tape:
        output, _ = model(torch.randn(20, 2, 3))
        output[-1].sum().backward()
    assert flow.time_scales(tape, "l1").shape == (4,)
    assert flow.cell_path(tape, "l0").path.mean.shape == (20,)
    rebuilt = flow.effective_weights(tape, "l1", sequence=1).rebuilt(19)
    torch.testing.assert_close(rebuilt.float(), tape["l1"].c[19, 1])
