"""Oracles of gradient flow, known before anything is measured (CLAIMS, "Calibration" and claim 1)."""

from __future__ import annotations

import math

import pytest
import torch

from carousel.experiments.probes.flow_checks import Oracle, adjoint_error, linear_network, oracles, permutation
from carousel.experiments.probes.network_flow import network_lag_profile, stream_exponents
from carousel.experiments.probes.onset import GAINS, onset_gain, onset_gains
from carousel.experiments.tasks import Batch, task
from carousel.introspect.flow import summarise
from carousel.introspect.flow.spectrum import log_growth
from carousel.introspect.flow.whole_stack import WholeStack
from tests.introspect.flow.known import KNOWN, last_digit, steps_of
from tests.introspect.flow.made import network


def generator(seed):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("text", ["rnn", "rnn-relu:identity", "lstm:chrono", "lstm-1997", "lstm-coupled", "gru"])
def test_compiled_tangents_are_those_of_the_plain_loop(text):
    """Over the border of two parts (600 steps), float64 and single network; the oracle is `log_growth` on autograd."""
    net, x = network(text, 7, seed=4).double(), torch.randn(600, 3, 8, generator=generator(5))
    plain = log_growth(WholeStack(net.stack, x), 1, generator(6)).squeeze(-1)
    found = stream_exponents(net, x, 200, generator(6))
    torch.testing.assert_close(found, plain[200:].mean(dim=0), rtol=1e-9, atol=1e-12)
    later = stream_exponents(net, x, 599, generator(6))
    torch.testing.assert_close(later, plain[599], rtol=1e-7, atol=1e-9)


def test_a_state_that_outgrows_its_numbers_has_no_exponent():
    net = linear_network(1.5 * permutation(5))
    assert stream_exponents(net, torch.ones(2000, 2, 16), 5, generator(0)).isnan().all()


def test_oracles_are_met():
    found = list(oracles())
    assert len(found) == 10
    assert [oracle for oracle in found if not oracle.met] == []


def test_an_oracle_that_is_missed_says_so():
    assert not Oracle("made up", 0.0, 2e-6, 1e-6).met
    assert not Oracle("made up", 0.0, math.nan, 1e-6).met


@pytest.mark.parametrize("text", ["rnn:orthogonal", "lstm-1997", "lstm-coupled", "lstm,layers=2"])
def test_profile_against_finite_differences(text):
    """|dz/ds_t| by moving every number of the whole state (h, and c for an LSTM) at one step."""
    assert adjoint_error(text) < 1e-5


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


@pytest.mark.slow
@pytest.mark.parametrize(("text", "range_"), KNOWN.items(), ids=KNOWN)
def test_exponents_meet_the_known_values(text, range_):
    """Mean of six networks; the slack is twice its standard error, or the last digit of the known value."""
    steps, warmup = steps_of(text)
    x = torch.randn(steps, 2, 8, generator=torch.Generator().manual_seed(5))
    found = torch.tensor(
        [stream_exponents(network(text, seed=s), x, warmup, generator(s)).mean().item() for s in range(6)]
    )
    slack = max(2 * found.std().item() / math.sqrt(6), last_digit(range_[0]))
    assert range_[0] - slack <= found.mean().item() <= range_[1] + slack


def test_exponent_of_a_scaled_permutation_is_exact():
    net = linear_network(1.25 * permutation(12))
    x = torch.zeros(40, 3, 16)
    expected = torch.full((3,), math.log(1.25), dtype=torch.float64)
    torch.testing.assert_close(stream_exponents(net, x, 5, generator(0)), expected, atol=1e-9, rtol=0)


def test_onset_is_later_for_the_lstm_than_for_the_rnn():
    rnn, lstm = (onset_gain(cell, 32, 0) for cell in ("rnn", "lstm"))
    assert len(rnn.exponents) == len(lstm.exponents)
    assert 1.0 < rnn.gain < 2.2
    assert rnn.gain < lstm.gain


@pytest.mark.parametrize("cell", ["rnn", "gru"])
@pytest.mark.slow
def test_seeds_stepped_together_are_the_seeds_alone(cell):
    together = onset_gains(cell, 16, (0, 5))
    assert together == [onset_gain(cell, 16, seed) for seed in (0, 5)]


def test_onset_exponents_are_those_of_the_single_network():
    """The many networks stepped at once against one network through the other code path."""
    hidden, k = 24, 15
    found = onset_gain("lstm", hidden, 3).exponents[k]
    net = network("lstm", hidden, seed=1).double()
    (cell,) = net.cells
    drawn = generator(3)
    from carousel.nn.initialisation import initialise

    initialise(cell, "default", drawn, 1)
    gaussian = torch.randn(cell.weight_hh.shape, generator=drawn, dtype=torch.float64) / math.sqrt(hidden)
    cell.weight_hh.data.copy_(GAINS[k] * gaussian)
    x = torch.randn(400, 1, 8, generator=drawn, dtype=torch.float64)
    again = stream_exponents(net, x, 100, generator(9)).mean().item()
    assert found == pytest.approx(again, abs=0.02)  # another tangent to start with, the same exponent
