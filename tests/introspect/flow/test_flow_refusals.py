"""What flow refuses, in which words, and what it says to do."""

from __future__ import annotations

import pytest
import torch

import carousel
from carousel import flow
from carousel.common.errors import BadCall, NotRecorded, UnknownName
from carousel.nn.cells import CELLS, Cell
from carousel.nn.kernels import Call, Request
from tests.introspect.flow.made import call_of, cell_of, taped

G = torch.Generator()


def tape_of(name: str = "lstm", option: str = "plain", steps: int = 7, request: Request | None = None):
    cell = cell_of(name, option)
    return taped(cell, call_of(cell, option, steps=steps), request or Request(states=True, gates=True))


EVERY = Request(states=True, gates=True, every=2)
ONLY_C = Request(states=True, gates=True, only=("c", "f", "g", "o"))
PROFILE = flow.LagProfile(*torch.zeros(3, 4))

REFUSED = {
    "not a tape": (lambda: flow.jacobian(torch.nn.LSTM(2, 2), step=0), "works on a recorded tape.*got: LSTM"),
    "call of a tape": (lambda: flow.jacobian(tape_of(), step=0, call=1), "one call already; got: call=1"),
    "name of a tape": (lambda: flow.jacobian(tape_of(), "l0", step=0), "one layer alone; got: name='l0'"),
    "step": (lambda: flow.jacobian(tape_of(), step=7), "no such step; allowed: 0 .. 6; got: 7"),
    "step below 0": (lambda: flow.jacobian(tape_of(), step=-1), "allowed: 0 .. 6; got: -1"),
    "layer norm": (lambda: flow.jacobian(tape_of(option="norm"), step=0), "no closed form .* layer_norm; fix"),
    "direction": (lambda: flow.lag_profile(tape_of(), direction="up"), "no such direction.*random.*got: 'up'"),
    "no generator": (lambda: flow.lag_profile(tape_of(), direction="random"), "needs a generator; fix"),
    "shape": (lambda: flow.lag_profile(tape_of(), direction=torch.ones(3, 5)), r"allowed: \(3, 10\); got: \(3, 5\)"),
    "zero": (lambda: flow.lag_profile(tape_of(), direction=torch.zeros(3, 10)), "must be finite and not 0"),
    "lag": (lambda: flow.singular_values(tape_of(), lags=[2, 8]), r"allowed: 1 .. 7; got: \(2, 8\)"),
    "no lag": (lambda: flow.singular_values(tape_of(), lags=[]), r"allowed: 1 .. 7; got: \(\)"),
    "sequence": (lambda: flow.singular_values(tape_of(), sequences=[0, 3]), r"allowed: 0 .. 2; got: \[3\]"),
    "no sequence": (lambda: flow.bounds(tape_of(), sequences=[]), "allowed: 0 .. 2; got: none at all"),
    "count": (lambda: flow.singular_values(tape_of(), count=11), "allowed: 1 .. 10; got: 11"),
    "exponents": (lambda: flow.lyapunov(tape_of(steps=63), count=0, generator=G), "allowed: 1 .. 10; got: 0"),
    "short": (lambda: flow.lyapunov(tape_of(steps=9), generator=G), "allowed: 20 counted steps.*got: 7; fix"),
    "warm-up": (lambda: flow.lyapunov(tape_of(steps=63), warmup=44, generator=G), "44 of its 63 .*got: 19"),
    "warm-up below 0": (lambda: flow.lyapunov(tape_of(), warmup=-1, generator=G), "warmup.*got: -1"),
    "resets": (lambda: flow.lyapunov(tape_of("gru", "resets", steps=63), generator=G), "a reset ends every"),
    "gate of an Elman": (lambda: flow.time_scales(tape_of("rnn")), r"no gate .*LSTM \(f\) or a GRU \(z\); got: rnn"),
    "path of an Elman": (lambda: flow.cell_path(tape_of("rnn-relu")), "no gate .*got: rnn-relu"),
    "weights of a GRU": (lambda: flow.effective_weights(tape_of("gru")), "of an LSTM.*got: gru"),
    "weights' sequence": (lambda: flow.effective_weights(tape_of(), sequence=3), r"allowed: 0 .. 2; got: \[3\]"),
    "weights' step": (lambda: flow.effective_weights(tape_of()).at(7), "no such step.*allowed: 0 .. 6; got: 7"),
    "gain": (lambda: flow.horizon(PROFILE, gain=0.0), "a number above 0; got: 0.0"),
}


@pytest.mark.parametrize(("act", "words"), REFUSED.values(), ids=REFUSED)
def test_a_bad_call_is_refused_with_the_fix(act, words):
    with pytest.raises(BadCall, match=words):
        act()


NOT_THERE = {
    "thinned": (
        lambda: flow.lag_profile(tape_of(request=EVERY)),
        "one step in 2 was recorded.*record again with every=1",
    ),
    "no h and i": (lambda: flow.jacobian(tape_of(request=ONLY_C), step=0), "h, i was not recorded; record again"),
    "no gate": (lambda: flow.time_scales(tape_of(request=Request(states=True))), "'f' was not recorded"),
    "no gradients": (lambda: flow.lag_profile(tape_of()), "gradients=True; or pass direction='random'"),
    "no backward": (
        lambda: flow.lag_profile(tape_of(request=Request(states=True, gates=True, gradients=True))),
        r"call backward\(\).*or pass direction='random'",
    ),
}


@pytest.mark.parametrize(("act", "words"), NOT_THERE.values(), ids=NOT_THERE)
def test_what_was_not_recorded_is_said_with_the_fix(act, words):
    with pytest.raises(NotRecorded, match=words):
        act()


def test_one_sequence_must_be_longer():
    cell = cell_of("rnn")
    tape = taped(cell, Call(torch.zeros(120, 1, 3, dtype=torch.float64)))
    with pytest.raises(BadCall, match=r"allowed: 100 counted steps.*got: 90"):
        flow.lyapunov(tape, generator=G)
    assert flow.lyapunov(tape, warmup=20, generator=G).steps == 100


def test_a_loss_that_does_not_reach_the_end_is_said():
    cell = cell_of("lstm")
    tape = taped(cell, call_of(cell, "plain"), loss=lambda output: output[-1, 1:].sum() + output[3].sum())
    with pytest.raises(BadCall, match=r"is 0 at the last step of 1 of 3 sequences.*direction='random'"):
        flow.lag_profile(tape)
    reverse = taped(cell, call_of(cell, "reverse"), loss=lambda output: output[-1].sum())
    with pytest.raises(BadCall, match="is 0 at the last step of 3 of 3 sequences"):
        flow.lag_profile(reverse)


def test_weights_changed_since_the_run_are_noticed():
    cell = cell_of("gru")
    tape = taped(cell, call_of(cell, "plain"))
    with torch.no_grad():
        cell.weight_hh.mul_(2)
    with pytest.raises(BadCall, match="weights have been changed since the recorded run"):
        flow.jacobian(tape, step=1)


def test_a_run_with_interventions_is_refused():
    net = torch.nn.LSTM(3, 4)
    with carousel.record(net, interventions=carousel.Set("l0.f", 1.0, steps=[2])) as tape:
        net(torch.zeros(6, 2, 3))[0].sum().backward()
    with pytest.raises(BadCall, match=r"intervention.*fix: record without interventions="):
        flow.lag_profile(tape)
    assert tape["l0"].grad.c.shape == (6, 2, 4)


def test_a_cell_without_closed_form_is_refused():
    class Other(CELLS["rnn"].__base__):
        name = "other"
        step = CELLS["rnn"].step

    tape = taped(Other(3, 4, dtype=torch.float64), Call(torch.zeros(3, 1, 3, dtype=torch.float64)))
    assert isinstance(tape.cell, Cell)
    with pytest.raises(BadCall, match=r"no closed form of this cell's Jacobian; allowed: ElmanTanh.*got: Other"):
        flow.jacobian(tape, step=1)


def test_a_model_tape_needs_the_place_and_the_call():
    model = torch.nn.GRU(3, 4, num_layers=2)
    with carousel.record(model) as tape, torch.no_grad():
        model(model(torch.randn(5, 2, 3))[0][..., :3])
    with pytest.raises(BadCall, match=r"which layer\?; allowed: l0, l1"):
        flow.jacobian(tape, step=0)
    with pytest.raises(BadCall, match=r"called 2 times; allowed: call=0 .. 1"):
        flow.jacobian(tape, "l1", step=0)
    with pytest.raises(UnknownName, match="l2"):
        flow.jacobian(tape, "l2", step=0)
    first, second = (flow.jacobian(tape, "l1", step=3, call=k) for k in (0, 1))
    assert not torch.equal(first, second)
    assert torch.equal(flow.jacobian(tape["l1"], step=3, call=1), second)
    with pytest.raises(BadCall, match="one layer alone; got: name='l1'"):
        flow.jacobian(tape["l1"], "l1", step=0)


def test_public_names_are_there():
    assert all(hasattr(flow, name) for name in flow.__all__) and carousel.flow is flow


@pytest.mark.parametrize("name", CELLS)
def test_a_run_whose_states_are_no_numbers_is_refused(name):
    cell = cell_of(name, "plain")
    call = call_of(cell, "plain", steps=7)
    call.x[3, 0] = torch.nan
    tape = taped(cell, call, Request(states=True, gates=True))
    with pytest.raises(BadCall, match="no finite number from step 3 of sequence 0 on"):
        flow.lag_profile(tape, direction="random", generator=G)
    assert flow.singular_values(tape, lags=(1,), sequences=[1]).logs.isfinite().any()


def test_a_derivative_that_is_no_number_is_refused():
    layer = torch.nn.LSTM(2, 3)
    with carousel.record(layer) as tape:
        (layer(torch.zeros(5, 2, 2))[0][-1] * torch.nan).sum().backward()
    with pytest.raises(BadCall, match="derivative of the loss is no finite number"):
        flow.lag_profile(tape)
