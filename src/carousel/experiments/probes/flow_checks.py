"""Answers known before anything is measured: exact networks whose lag profile follows from one line of algebra.

A diagonal linear network of decay rho has slope ln rho, an orthogonal one slope 0; an LSTM without recurrence and with
a constant forget gate f has slope ln f. Any other network is checked against central differences of its own run.
`carousel calibrate` prints them; the tests of flow use the same functions.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from carousel.experiments.contenders.network import RecurrentNetwork, build
from carousel.experiments.contenders.sizes import Size
from carousel.experiments.contenders.spec import parse_contenders
from carousel.experiments.probes.network_flow import network_lag_profile
from carousel.experiments.tasks import Batch, task
from carousel.introspect.flow.summary import summarise
from carousel.nn.cells import CELLS, State

_TASK, _INPUTS, _OUTPUTS = "delayed-recall", 16, 8
_BUMP = 1e-6


class Oracle(NamedTuple):
    """What must come out, what came, and how far apart the two may be."""

    name: str
    expected: float
    found: float
    tolerance: float

    @property
    def met(self) -> bool:
        """Near enough."""
        return abs(self.found - self.expected) <= self.tolerance


def oracles() -> Iterator[Oracle]:
    """All of them, one after another."""
    for decay in (0.5, 0.9, 0.99):
        found = profile_slope(linear_network(decay * torch.eye(12)))
        yield Oracle(f"diagonal linear network, rho {decay}: slope ln rho", math.log(decay), found, 1e-6)
    yield Oracle("orthogonal linear network: slope 0", 0.0, profile_slope(linear_network(permutation(12))), 1e-6)
    for bias in (-1.0, 0.0, 2.0):
        forget = 1 / (1 + math.exp(-bias))
        name = f"LSTM, constant f {forget:.3f}, no recurrence: slope ln f"
        yield Oracle(name, math.log(forget), profile_slope(constant_lstm(bias)), 1e-6)
    for contender in ("rnn", "lstm", "gru"):
        name = f"{contender}: adjoints against finite differences, relative error"
        yield Oracle(name, 0.0, adjoint_error(contender), 1e-5)


def linear_network(recurrent: Tensor) -> RecurrentNetwork:
    """A ReLU network kept in its linear part by a large bias: an exact linear recurrence."""
    cell: Any = CELLS["rnn-relu"](_INPUTS, len(recurrent), dtype=torch.float64)
    cell.weight_hh.data.copy_(recurrent)
    cell.bias_ih.data.fill_(1e9)
    return RecurrentNetwork([cell], _OUTPUTS, "last")


def constant_lstm(bias: float) -> RecurrentNetwork:
    """An LSTM of zeros, its forget gate at sigma(bias)."""
    net = _contender("lstm", 10)
    cell: Any = net.cells[0]
    for parameter in (cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh):
        parameter.data.zero_()
    cell.bias_ih.data[cell.rows("f")] = bias
    return net


def permutation(size: int) -> Tensor:
    """A random one, an orthogonal matrix."""
    return torch.eye(size, dtype=torch.float64)[torch.randperm(size, generator=torch.Generator().manual_seed(0))]


def profile_slope(net: RecurrentNetwork, length: int = 60, n: int = 4) -> float:
    """The slope of its lag profile, nats per step."""
    made = task(_TASK, length)
    slope = summarise(network_lag_profile(net, made, made.held_out("test", n)).mean).slope
    assert slope is not None, "too few lags to fit"
    return slope


def adjoint_error(contender: str, length: int = 12, lags: Sequence[int] = (1, 6, 11)) -> float:
    """Largest relative error of |dz/ds| over some lags, against moving every number of the whole state (h, and c for an
    LSTM) at one step."""
    net = _contender(contender, 4).double()
    made = task(_TASK, length)
    batch = made.held_out("test", 1)
    profile = network_lag_profile(net, made, batch).mean.exp()
    last = _moved_norm(net, made, batch, length)
    errors = [abs(profile[k].item() * last / _moved_norm(net, made, batch, length - k) - 1) for k in lags]
    return max(errors)


def _contender(text: str, hidden: int) -> RecurrentNetwork:
    (spec,) = parse_contenders(text)
    generator = torch.Generator().manual_seed(0)
    sizes: Any = {"inputs": _INPUTS, "outputs": _OUTPUTS, "length": 100}
    network = build(spec, Size(hidden), readout="last", generator=generator, **sizes)
    assert isinstance(network, RecurrentNetwork)
    return network


def _moved_norm(net: RecurrentNetwork, made: Any, batch: Batch, after: int) -> float:
    """|dz/ds| at the state after `after` steps, by central differences."""
    x = batch.x.double()
    zero = tuple(torch.zeros(len(net.stack), 1, net.cells.hidden_size).double() for _ in net.stack[0].state_names)
    with torch.no_grad():
        state = _run(net, x[:after], zero)
        moved = []
        for at in [(f, *index) for f, field in enumerate(state) for index in torch.cartesian_prod(
            torch.arange(len(field)), torch.arange(field.shape[-1])).tolist()]:  # fmt: skip
            up, down = (made.target_logit(net.linear(_run(net, x[after:], _bumped(state, at, by))[0][-1]), batch).item()
                        for by in (_BUMP, -_BUMP))  # fmt: skip
            moved.append(up - down)
    return math.sqrt(math.fsum((each / (2 * _BUMP)) ** 2 for each in moved))


def _run(net: RecurrentNetwork, x: Tensor, state: State) -> State:
    """The whole state after the steps of x: h (and c), each [layers, B, H]."""
    if not len(x):
        return state
    _, after = net.cells(x, state if len(state) > 1 else state[0])
    return after if isinstance(after, tuple) else (after,)


def _bumped(state: State, at: tuple[int, ...], by: float) -> State:
    field, layer, unit = at
    fields = [each.clone() for each in state]
    fields[field][layer, 0, unit] += by
    return tuple(fields)
