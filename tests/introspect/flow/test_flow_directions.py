"""How many directions live on: singular values, Lyapunov spectra, upper bounds."""

from __future__ import annotations

import math

import mpmath
import pytest
import torch
from scipy import stats

from carousel import flow
from carousel.experiments.probes.flow_checks import permutation
from carousel.nn.kernels import Call, Request
from tests.introspect.flow.known import KNOWN, last_digit, steps_of
from tests.introspect.flow.made import CELL_NAMES, call_of, cell_of, constant_gate, linear_cell, network, taped

LAGS = (1, 2, 4)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def full(size: int, value: float) -> torch.Tensor:
    return torch.full((size,), value, dtype=torch.float64)


def driven(cell, steps: int, batch: int = 2, width: int = 3, lengths: list[int] | None = None):
    """The tape of a run on N(0, 1), by the fast kernel."""
    x = torch.randn(steps, batch, width, generator=generator(5), dtype=torch.float64)
    call = Call(x, lengths=None if lengths is None else torch.tensor(lengths))
    return taped(cell, call, Request(states=True, gates=True), kernel="numba")


def product(tape, b: int, length: int, lag: int) -> torch.Tensor:
    """ds_T / ds_{T-lag} of one sequence, the matrices multiplied."""
    last = range(length - lag, length)
    return torch.linalg.multi_dot([*(flow.jacobian(tape, step=t)[b] for t in reversed(last)), torch.eye(10).double()])


@pytest.mark.parametrize("name", ["lstm", "lstm-1997", "lstm-coupled"])
def test_singular_values_are_those_of_the_explicit_product(name):
    tape = driven(cell_of(name), 9, batch=3, lengths=[9, 5, 7])
    found = flow.singular_values(tape, lags=LAGS, count=6)
    assert found.lags == LAGS and found.logs.shape == (3, 6)
    for row, lag in enumerate(LAGS):
        truth = [torch.linalg.svdvals(product(tape, b, length, lag)).log() for b, length in enumerate([9, 5, 7])]
        torch.testing.assert_close(found.logs[row], torch.stack(truth).mean(dim=0)[:6], rtol=1e-9, atol=1e-9)
    one = flow.singular_values(tape, lags=[2], sequences=[1]).logs[0]
    torch.testing.assert_close(one, torch.linalg.svdvals(product(tape, 1, 5, 2)).log(), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("name", "scale"), [("lstm", 1.0), ("rnn", 3.0), ("gru", 1.0)])
def test_singular_values_are_right_or_nan(name, scale):
    """Against 100 digits: what double precision cannot resolve is left out, the rest is right to 1e-3 nats."""
    cell = cell_of(name, hidden=4)
    cell.weight_hh.data *= scale
    tape, lags = driven(cell, 101, batch=1), (10, 40, 100)
    logs, size = flow.singular_values(tape, lags=lags).logs, flow.jacobian(tape, step=0).shape[1]
    with mpmath.workdps(100):
        exact = mpmath.eye(size)
        for lag in range(1, 101):
            exact = exact * mpmath.matrix(flow.jacobian(tape, step=101 - lag)[0].tolist())
            if lag in lags:
                truth = torch.tensor([float(mpmath.log(s)) for s in mpmath.svd_r(exact, compute_uv=False)]).double()
                line = logs[lags.index(lag)]
                known = ~line.isnan()
                assert known[0]
                torch.testing.assert_close(line[known], truth[known], rtol=0, atol=1e-3)
    assert logs.isnan().any()


def test_singular_values_of_a_long_lag_do_not_underflow():
    cell = linear_cell(0.1 * permutation(5))
    found = flow.singular_values(driven(cell, 1001), lags=[1000]).logs[0]
    torch.testing.assert_close(found, full(5, 1000 * math.log(0.1)), rtol=1e-12, atol=0)


def test_the_default_lags_end_with_the_shortest_sequence():
    assert flow.singular_values(driven(cell_of("gru"), 30, lengths=[30, 12])).lags == (1, 2, 5, 10)


def test_behind_a_reset_no_direction_lives():
    cell = cell_of("lstm")
    resets = torch.zeros(9, 3, dtype=torch.bool)
    resets[6] = True
    tape = taped(cell, Call(call_of(cell, "plain", steps=9).x, resets=resets))
    logs = flow.singular_values(tape, lags=[2, 3, 8]).logs
    assert logs[0].isfinite().any() and (logs[1:] == -torch.inf).all()


@pytest.mark.parametrize(("text", "range_"), KNOWN.items(), ids=KNOWN)
def test_exponents_meet_the_known_values(text, range_):
    """Mean of six networks; the slack is twice its standard error, or the last digit of the known value."""
    steps, warmup = steps_of(text)
    found = []
    for seed in range(6):
        tape = driven(network(text, seed=seed).double().cells[0], steps, width=8)
        found.append(flow.lyapunov(tape, count=1, warmup=warmup, generator=generator(seed)))
    means = torch.cat([one.exponents for one in found])
    slack = max(2 * means.std().item() / math.sqrt(6), last_digit(range_[0]))
    assert range_[0] - slack <= means.mean().item() <= range_[1] + slack
    assert all(one.low < one.exponents < one.high and one.steps == 2 * (steps - warmup) for one in found)


@pytest.mark.parametrize("lengths", [None, [60, 41]])
def test_spectrum_of_a_scaled_permutation_is_exact(lengths):
    found = flow.lyapunov(driven(linear_cell(1.25 * permutation(7)), 60, lengths=lengths), generator=generator())
    for line in found[:3]:
        torch.testing.assert_close(line, full(7, math.log(1.25)), rtol=1e-12, atol=0)
    assert found.steps == (90 if lengths is None else 45 + 26)


def test_spectrum_of_a_diagonal_layer_is_its_diagonal():
    decays = torch.tensor([0.9, 0.5, 0.2], dtype=torch.float64)
    found = flow.lyapunov(driven(linear_cell(torch.diag(decays)), 400), generator=generator(), warmup=100)
    torch.testing.assert_close(found.exponents, decays.log(), rtol=1e-9, atol=1e-9)
    two = flow.lyapunov(driven(linear_cell(torch.diag(decays)), 400), generator=generator(), warmup=100, count=2)
    torch.testing.assert_close(two.exponents, decays[:2].log(), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru"])
def test_exponents_add_up_to_the_mean_logarithm_of_the_determinant(name):
    tape = driven(cell_of(name), 80)
    found = flow.lyapunov(tape, generator=generator(), warmup=20)
    volume = torch.stack([torch.linalg.slogdet(flow.jacobian(tape, step=t)).logabsdet for t in range(20, 80)])
    assert found.exponents.sum().item() == pytest.approx(volume.mean().item(), rel=1e-9)


@pytest.mark.parametrize("lengths", [[200, 120, 160, 90], [200]], ids=["over sequences", "over blocks"])
def test_interval_is_students(lengths):
    """One unit has one direction, whatever Q: its exponent is the mean of ln |u (1 - h^2)|."""
    cell = cell_of("rnn", hidden=1)
    tape = driven(cell, 200, batch=len(lengths), lengths=lengths)
    found = flow.lyapunov(tape, warmup=40, generator=generator())
    growth = [(cell.weight_hh.detach() * (1 - tape.h[40:end, b] ** 2)).abs().log() for b, end in enumerate(lengths)]
    parts = growth if len(lengths) > 1 else growth[0].split(16)
    means = torch.cat([part.mean(dim=0) for part in parts]).numpy()
    low, high = stats.t.interval(0.95, len(means) - 1, means.mean(), stats.sem(means))
    assert found.exponents.item() == pytest.approx(means.mean(), rel=1e-12)
    assert (found.low.item(), found.high.item()) == pytest.approx((low, high), rel=1e-12)
    assert found.steps == sum(lengths) - 40 * len(lengths)


def test_one_sequence_has_its_interval_over_time():
    cell = cell_of("rnn", hidden=16)
    one, many = (flow.lyapunov(driven(cell, 800, batch=b), count=1, generator=generator()) for b in (1, 8))
    assert one.steps == 600
    assert one.low < many.high and many.low < one.high
    assert 0 < one.high - one.low < 0.1


@pytest.mark.parametrize("option", ["plain", "dropout", "lengths", "resets reverse lengths dropout"])
@pytest.mark.parametrize("name", CELL_NAMES)
def test_bounds_lie_above_what_they_bound(name, option):
    cell = cell_of(name)
    call = call_of(cell, option, steps=9)
    tape = taped(cell, call)
    found = flow.bounds(tape)
    lines = [found.measured, found.by_steps, *([] if found.by_weights is None else [found.by_weights])]
    start = torch.randn(3, flow.jacobian(tape, step=0).shape[1], generator=generator(), dtype=torch.float64)
    for below, above in zip([flow.lag_profile(tape, direction=start), *lines], lines, strict=False):
        for one, other in zip(below, above, strict=True):
            assert (one <= other + 1e-12).all()
    assert (found.by_weights is None) == (name not in ("rnn", "rnn-relu"))


def test_measured_norm_is_the_largest_singular_value():
    tape = driven(cell_of("lstm"), 12)
    measured = flow.bounds(tape).measured.mean
    largest = flow.singular_values(tape, lags=range(1, 12), count=1).logs[:, 0]
    torch.testing.assert_close(measured[1:], largest, rtol=1e-12, atol=1e-12)
    assert measured[0] == 0


def test_bounds_of_a_scaled_permutation_are_met():
    found = flow.bounds(driven(linear_cell(0.5 * permutation(6)), 20), sequences=[1])
    for line in found:
        torch.testing.assert_close(line.mean, torch.arange(20) * torch.tensor(0.5).double().log())


def test_bound_by_weights_is_the_largest_singular_value_of_the_recurrent_matrix():
    cell = cell_of("rnn")
    found = flow.bounds(driven(cell, 10)).by_weights.mean
    torch.testing.assert_close(found, torch.arange(10) * torch.linalg.svdvals(cell.weight_hh.detach())[0].log())


def test_a_dead_layer_has_exponent_minus_infinity():
    cell = linear_cell(permutation(4))
    cell.bias_ih.data.fill_(-1e9)
    found = flow.lyapunov(driven(cell, 60), generator=generator())
    assert (found.exponents == -torch.inf).all() and found.low.isnan().all()


def test_a_constant_forget_gate_is_the_exponent_of_its_cell():
    found = flow.lyapunov(driven(constant_gate("lstm", "f", 2.0), 200), generator=generator(), count=6)
    torch.testing.assert_close(found.exponents, full(6, -math.log1p(math.exp(-2))))
