"""The lag profile of a tape: against the network's, against plain automatic differentiation, and known values."""

from __future__ import annotations

import math

import pytest
import torch

import carousel
from carousel import flow
from carousel.common.shapes import at_last_step
from carousel.experiments.probes.flow_checks import permutation
from carousel.experiments.probes.network_flow import network_lag_profile
from carousel.experiments.tasks import Batch, task
from carousel.nn.kernels import Call
from tests.introspect.flow.made import CELL_NAMES, call_of, cell_of, constant_gate, linear_cell, network, taped

LONG = 1000


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def driven(cell, steps: int = 60, batch: int = 3, width: int = 3):
    """The tape of a run on N(0, 1), with the loss on the last output."""
    x = torch.randn(steps, batch, width, generator=generator(1), dtype=torch.float64)
    return taped(cell, Call(x), loss=lambda output: output[-1].sum())


def close(found: flow.LagProfile, expected: flow.LagProfile) -> None:
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("lengths", [None, [9, 4]], ids=["equal", "unequal"])
@pytest.mark.parametrize("text", ["rnn", "rnn-relu", "lstm", "gru", "lstm-1997", "lstm-coupled", "lstm:chrono"])
def test_it_is_the_profile_of_the_network(text, lengths):
    """One layer, the loss being the logit of the target: two programs, one by autograd, one in closed form."""
    net, made = network(text, 6, 16).double(), task("delayed-recall", 9)
    drawn = made.held_out("test", 2)
    batch = Batch(drawn.x, drawn.y, None if lengths is None else torch.tensor(lengths))

    def target_logit(output):
        return made.target_logit(net.linear(at_last_step(output, batch.lengths)), batch).sum()

    tape = taped(net.cells[0], Call(batch.x.double(), lengths=batch.lengths), loss=target_logit)
    close(flow.lag_profile(tape), network_lag_profile(net, made, batch))


@pytest.mark.parametrize("reverse", ["", "reverse"])
@pytest.mark.parametrize("name", CELL_NAMES)
def test_it_is_the_gradient_of_plain_autograd(name, reverse):
    """|dz / ds_t| by a loop over `cell.step` whose whole states, h and c apart, are differentiated with respect to."""
    cell = cell_of(name)
    call = call_of(cell, f"dropout {reverse}", steps=9, batch=1)
    tape = taped(cell, call, loss=lambda output: output[0 if reverse else -1].sin().sum())
    state, states = call.state, []
    for x in call.x.flip(0) if reverse else call.x:
        state = type(state)(*(s.detach().requires_grad_() for s in state)) if not states else state
        state, _ = cell.step(cell.project(x), state, call.dropout)
        state = type(state)(*(s.view_as(s) for s in state))  # a node of its own, past c's way through its h
        states.append(state)
    flat = [s for state in states for s in state]
    gradients = torch.autograd.grad(states[-1].h.sin().sum(), flat, allow_unused=True)
    gradients = [torch.zeros_like(s) if g is None else g for s, g in zip(flat, gradients, strict=True)]
    norms = [torch.cat(gradients[k : k + len(state)], dim=1).norm() for k in range(0, len(flat), len(state))]
    expected = (torch.stack(norms[::-1]) / norms[-1]).log()
    torch.testing.assert_close(flow.lag_profile(tape).mean, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("decay", [0.5, 0.9, 0.99])
def test_diagonal_linear_layer_has_slope_ln_rho(decay):
    tape = driven(linear_cell(decay * torch.eye(12, dtype=torch.float64)))
    assert flow.slope(flow.lag_profile(tape)) == pytest.approx(math.log(decay), abs=1e-6)


def test_permutation_has_slope_zero_and_an_endless_horizon():
    profile = flow.lag_profile(driven(linear_cell(permutation(12))))
    assert flow.slope(profile) == pytest.approx(0.0, abs=1e-12)
    assert flow.horizon(profile) == 59


@pytest.mark.parametrize("bias", [-1.0, 0.0, 2.0])
def test_lstm_with_constant_forget_gate_has_slope_ln_f(bias):
    ln_f = -math.log1p(math.exp(-bias))
    profile = flow.lag_profile(driven(constant_gate("lstm", "f", bias)))
    assert flow.slope(profile) == pytest.approx(ln_f, abs=1e-6)
    assert flow.horizon(profile, gain=0.01) == max(k for k in range(60) if profile.mean[k] >= math.log(0.01))


def test_long_lags_do_not_underflow():
    torch_rnn = torch.nn.RNN(4, 16)
    with torch.no_grad():
        for p in torch_rnn.parameters():
            p.uniform_(-0.25, 0.25, generator=generator())
    with carousel.record(torch_rnn) as tape:
        output, _ = torch_rnn(torch.randn(LONG, 2, 4, generator=generator(1)))
        output[-1].sum().backward()
    assert not tape["l0"].grad.h[0].any()  # what float32 makes of it
    profile = flow.lag_profile(tape).mean
    assert len(profile) == LONG and profile.isfinite().all()
    assert profile[-1] < math.log(torch.finfo(torch.float32).tiny)
    assert flow.slope(flow.lag_profile(tape)) == pytest.approx((profile[-1] - profile[500]).item() / 499, rel=0.1)


@pytest.mark.parametrize("name", ["gru", "lstm"])
@pytest.mark.parametrize("reverse", ["", "reverse"])
def test_unequal_lengths_are_each_counted_from_their_own_end(name, reverse):
    cell = cell_of(name)
    call = call_of(cell, f"lengths {reverse}", steps=9, batch=2)  # lengths 3 and 9
    start = torch.randn(2, 5 * len(cell.state_names), generator=generator(), dtype=torch.float64)
    together = flow.lag_profile(taped(cell, call), direction=start).mean
    alone = []
    for b, length in enumerate([3, 9]):
        state = type(call.state)(*(s[b : b + 1] for s in call.state))
        one = Call(call.x[:length, b : b + 1], state, reverse=bool(reverse))
        alone.append(flow.lag_profile(taped(cell, one), direction=start[b : b + 1]).mean)
    assert len(together) == 3
    torch.testing.assert_close(together, (alone[0] + alone[1][:3]) / 2)


def test_a_reverse_layer_is_a_forward_one_on_the_sequence_turned_round():
    model = torch.nn.LSTM(3, 4, bidirectional=True, dtype=torch.float64)
    x = torch.randn(12, 2, 3, generator=generator(), dtype=torch.float64)
    with carousel.record(model) as tape:
        output, _ = model(x)
        output[0].sum().backward()
    turned = torch.nn.LSTM(3, 4, dtype=torch.float64)
    turned.load_state_dict(
        {k.removesuffix("_reverse"): v for k, v in model.state_dict().items() if k.endswith("_reverse")}
    )
    with carousel.record(turned) as other:
        output, _ = turned(x.flip(0))
        output[-1].sum().backward()
    close(flow.lag_profile(tape, "l0_reverse"), flow.lag_profile(other))


def test_a_reset_ends_the_gradient():
    cell = cell_of("lstm")
    resets = torch.zeros(10, 2, dtype=torch.bool)
    resets[6] = True
    call = Call(call_of(cell, "plain", steps=9).x[:1].expand(10, -1, -1)[:, :2], resets=resets)
    profile = flow.lag_profile(taped(cell, call, loss=lambda output: output[-1].sum()))
    for line in profile:
        assert line[:4].isfinite().all() and (line[4:] == -torch.inf).all()
    assert flow.horizon(profile) == 3


def test_random_directions_come_from_the_generator_alone():
    tape = driven(cell_of("lstm"))
    one, same, other = (flow.lag_profile(tape, direction="random", generator=generator(s)).mean for s in (1, 1, 2))
    assert torch.equal(one, same) and not torch.equal(one, other)


def test_one_step_has_a_profile_of_one_lag():
    profile = flow.lag_profile(driven(cell_of("gru"), steps=1))
    assert profile.mean.tolist() == [0.0] and flow.slope(profile) is None and flow.horizon(profile) == 0
