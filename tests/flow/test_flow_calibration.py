"""Oracles of gradient flow, known before anything is measured (CLAIMS, "Calibration" and claim 1)."""

from __future__ import annotations

import math

import pytest
import torch
from tests.flow.known import KNOWN, last_digit, steps_of
from tests.flow.made import network, permutation

from carousel.cells import CELLS
from carousel.flow import largest_exponent, network_lag_profile, onset_gain, summarise
from carousel.models.network import RecurrentNetwork
from carousel.tasks import Batch, task


def linear_rnn(recurrent: torch.Tensor) -> RecurrentNetwork:
    """A ReLU network kept in its linear part by a large bias: an exact linear recurrence."""
    cell = CELLS["rnn-relu"](16, len(recurrent), dtype=torch.float64)
    cell.weight_hh.data.copy_(recurrent)
    cell.bias_ih.data.fill_(1e9)
    return RecurrentNetwork([cell], 8, "last")


def slope(net: RecurrentNetwork, length: int = 60, n: int = 4) -> float:
    made = task("delayed-recall", length)
    return summarise(network_lag_profile(net, made, made.held_out("test", n)).mean).slope


@pytest.mark.parametrize("decay", [0.5, 0.9, 0.99])
def test_diagonal_linear_network_has_slope_ln_rho(decay):
    assert slope(linear_rnn(decay * torch.eye(12))) == pytest.approx(math.log(decay), abs=1e-6)


def test_permutation_has_slope_zero():
    assert slope(linear_rnn(permutation(12))) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("bias", [-1.0, 0.0, 2.0])
def test_lstm_with_constant_forget_gate_has_slope_ln_f(bias):
    net = network("lstm", 10, 16)
    (cell,) = net.cells
    for parameter in (cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh):
        parameter.data.zero_()
    cell.bias_ih.data[cell.rows("f")] = bias
    assert slope(net) == pytest.approx(math.log(1 / (1 + math.exp(-bias))), abs=1e-6)


@pytest.mark.parametrize("text", ["rnn", "rnn:orthogonal", "lstm", "gru", "lstm-1997", "lstm-coupled", "lstm,layers=2"])
def test_profile_against_finite_differences(text):
    """|dz/ds_t| by moving every number of the whole state (h, and c for an LSTM) at one step."""
    net = network(text, 4, 16).double()
    made = task("delayed-recall", 12)
    batch = made.held_out("test", 1)
    profile = network_lag_profile(net, made, batch).mean.exp()
    for lag in (0, 1, 6, 11):
        expected = _moved_norm(net, made, batch, 12 - lag) / _moved_norm(net, made, batch, 12)
        assert profile[lag].item() == pytest.approx(expected, rel=1e-5)


def _moved_norm(net, made, batch, after: int) -> float:
    """|dz/ds| at the state after `after` steps, by central differences."""
    x = batch.x.double()
    with torch.no_grad():
        states = net.initial_state(1)
        for t in range(after):
            states = net.step(x[t], states)
        squares = 0.0
        for layer, state in enumerate(states):
            for field in range(len(state)):
                for unit in range(state[field].shape[1]):
                    z = [_run_on(net, made, batch, _bump(states, layer, field, unit, e), after) for e in (1e-6, -1e-6)]
                    squares += ((z[0] - z[1]) / 2e-6) ** 2
    return math.sqrt(squares)


def _bump(states, layer, field, unit, by):
    fields = [f.clone() for f in states[layer]]
    fields[field][0, unit] += by
    return [type(s)(*fields) if k == layer else s for k, s in enumerate(states)]


def _run_on(net, made, batch, states, after: int) -> float:
    for t in range(after, len(batch.x)):
        states = net.step(batch.x[t].double(), states)
    return made.target_logit(net.linear(states[-1][0]), batch).item()


def test_long_lags_do_not_underflow():
    """In float64 the plain gradient of the stock RNN is exactly 0 at T = 1000; the profile goes on falling."""
    made = task("delayed-recall", 2000)
    profile = network_lag_profile(network("rnn", 64, 16), made, made.held_out("test", 2)).mean
    assert profile.isfinite().all()
    assert profile[-1] < math.log(torch.finfo(torch.float64).tiny)
    assert summarise(profile).slope == pytest.approx((profile[-1] - profile[1000]).item() / 999, rel=0.05)


def test_unequal_lengths_are_each_counted_from_their_own_end():
    made = task("delayed-recall", 9)
    net = network("gru", 6, 16)
    whole = made.held_out("test", 2)
    short = Batch(whole.x[4:], whole.y)
    padded = Batch(
        torch.stack([whole.x[:, 0], torch.cat([whole.x[4:, 1], torch.full((4, 16), torch.nan)])], dim=1),
        whole.y,
        torch.tensor([9, 5]),
    )
    alone = [
        network_lag_profile(net, made, Batch(b.x[:, k : k + 1], b.y[k : k + 1])).mean
        for b, k in ((whole, 0), (short, 1))
    ]
    together = network_lag_profile(net, made, padded).mean
    assert len(together) == 5
    torch.testing.assert_close(together, (alone[0][:5] + alone[1]) / 2)


@pytest.mark.parametrize(("text", "range_"), KNOWN.items(), ids=KNOWN)
def test_exponents_meet_the_known_values(text, range_):
    """Mean of six networks; the slack is twice its standard error, or the last digit of the known value."""
    steps, warmup = steps_of(text)
    x = torch.randn(steps, 2, 8, generator=torch.Generator().manual_seed(5))
    found = torch.tensor(
        [largest_exponent(network(text, seed=s), x, warmup, torch.Generator().manual_seed(s)) for s in range(6)]
    )
    slack = max(2 * found.std().item() / math.sqrt(6), last_digit(range_[0]))
    assert range_[0] - slack <= found.mean().item() <= range_[1] + slack


def test_exponent_of_a_scaled_permutation_is_exact():
    net = linear_rnn(1.25 * permutation(12))
    x = torch.zeros(40, 3, 16)
    assert largest_exponent(net, x, 5, torch.Generator()) == pytest.approx(math.log(1.25), abs=1e-9)


def test_onset_is_later_for_the_lstm_than_for_the_rnn():
    rnn, lstm = (onset_gain(cell, 32, 0) for cell in ("rnn", "lstm"))
    assert len(rnn.exponents) == len(lstm.exponents)
    assert 1.0 < rnn.gain < 2.2
    assert rnn.gain < lstm.gain


def test_onset_exponents_are_those_of_the_single_network():
    """The many networks stepped at once against one network through the other code path."""
    from carousel.flow.onset import GAINS

    hidden, k = 24, 15
    found = onset_gain("lstm", hidden, 3).exponents[k]
    net = network("lstm", hidden, seed=1).double()
    (cell,) = net.cells
    generator = torch.Generator().manual_seed(3)
    from carousel.layers import initialise

    initialise(cell, "default", generator, 1)
    gaussian = torch.randn(cell.weight_hh.shape, generator=generator, dtype=torch.float64) / math.sqrt(hidden)
    cell.weight_hh.data.copy_(GAINS[k] * gaussian)
    x = torch.randn(400, 1, 8, generator=generator, dtype=torch.float64)
    again = largest_exponent(net, x, 100, torch.Generator().manual_seed(9))
    assert found == pytest.approx(again, abs=0.02)  # another tangent to start with, the same exponent
