"""Oracles of gradient flow, known before anything is measured (CLAIMS, "Calibration" and claim 1)."""

from __future__ import annotations

import math

import pytest
import torch

from carousel.experiments.probes.flow_checks import Oracle, adjoint_error, linear_network, oracles, permutation
from carousel.experiments.probes.network_flow import largest_exponent, network_lag_profile
from carousel.experiments.probes.onset import GAINS, onset_gain, onset_gains
from carousel.experiments.tasks import Batch, task
from carousel.introspect.flow import summarise
from tests.introspect.flow.known import KNOWN, last_digit, steps_of
from tests.introspect.flow.made import network


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
        [largest_exponent(network(text, seed=s), x, warmup, torch.Generator().manual_seed(s)) for s in range(6)]
    )
    slack = max(2 * found.std().item() / math.sqrt(6), last_digit(range_[0]))
    assert range_[0] - slack <= found.mean().item() <= range_[1] + slack


def test_exponent_of_a_scaled_permutation_is_exact():
    net = linear_network(1.25 * permutation(12))
    x = torch.zeros(40, 3, 16)
    assert largest_exponent(net, x, 5, torch.Generator()) == pytest.approx(math.log(1.25), abs=1e-9)


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
    generator = torch.Generator().manual_seed(3)
    from carousel.nn.initialisation import initialise

    initialise(cell, "default", generator, 1)
    gaussian = torch.randn(cell.weight_hh.shape, generator=generator, dtype=torch.float64) / math.sqrt(hidden)
    cell.weight_hh.data.copy_(GAINS[k] * gaussian)
    x = torch.randn(400, 1, 8, generator=generator, dtype=torch.float64)
    again = largest_exponent(net, x, 100, torch.Generator().manual_seed(9))
    assert found == pytest.approx(again, abs=0.02)  # another tangent to start with, the same exponent
