"""One step at a time gives the whole sequence's outputs and states, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import carousel
from carousel.common.errors import BadCall, KernelRefused

LAYERS = {
    "rnn": lambda **kw: carousel.RNN(5, 9, kernel="numba", **kw),
    "relu": lambda **kw: carousel.RNN(5, 9, nonlinearity="relu", kernel="numba", **kw),
    "lstm": lambda **kw: carousel.LSTM(5, 9, kernel="numba", **kw),
    "gru": lambda **kw: carousel.GRU(5, 9, kernel="numba", **kw),
}


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize(("batch", "depth", "dtype"), [(1, 1, torch.float32), (3, 2, torch.float32),
                                                       (37, 1, torch.float32), (3, 2, torch.float64)])  # fmt: skip
def test_steps_are_the_whole_sequence_to_the_last_bit(name: str, batch: int, depth: int, dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(0)
    layer = LAYERS[name](num_layers=depth, dtype=dtype)
    x = torch.randn(21, batch, 5, generator=generator, dtype=dtype)
    resets = torch.rand(21, batch, generator=generator) < 0.1
    for given in (None, resets):
        output, state = layer(x, resets=given)
        stream = layer.stream(batch)
        steps = [stream.step(x[t], None if given is None else given[t]) for t in range(21)]
        assert torch.equal(torch.stack(steps), output)
        for own, whole in zip(stream.state, state if isinstance(state, tuple) else (state,), strict=True):
            assert torch.equal(own, whole)


def test_a_stream_goes_on_from_a_state_and_begins_anew() -> None:
    layer = LAYERS["lstm"](num_layers=2)
    x = torch.randn(8, 3, 5)
    _, middle = layer(x[:4])
    output, _ = layer(x[4:], middle)
    stream = layer.stream(3)
    stream.load_state(middle)
    assert torch.equal(torch.stack([stream.step(row.numpy()) for row in x[4:]]), output)
    stream.reset()
    assert torch.equal(stream.step(x[0]), layer(x[:1])[0][0])
    one = layer.stream()
    assert torch.equal(one.step(x[0, 0]), layer(x[:1, :1])[0][0])


def test_a_networks_stream_answers_after_each_step() -> None:
    from carousel.experiments.contenders.network import RecurrentNetwork, build
    from carousel.experiments.contenders.sizes import Size
    from carousel.experiments.contenders.spec import ContenderSpec

    network = build(ContenderSpec("gru", layers=2), Size(11), inputs=4, outputs=3, readout="every", length=9,
                    generator=torch.Generator().manual_seed(0), kernel="numba")  # fmt: skip
    assert isinstance(network, RecurrentNetwork)
    x = torch.randn(9, 2, 4)
    with torch.no_grad():
        whole = network(x)
    stream = network.stream(2)
    torch.testing.assert_close(torch.stack([stream.step(row) for row in x]), whole, rtol=0, atol=1e-6)


@pytest.mark.parametrize(("call", "says"), [
    (lambda: carousel.LSTM(2, 3, bidirectional=True).stream(), "a stream has no later steps"),
    (lambda: carousel.LSTM(2, 3).stream(0), "a stream needs a batch"),
    (lambda: carousel.LSTM(2, 3).stream(4).step(np.zeros((3, 2))), r"does not fit; allowed: shape \(4, 2\)"),
    (lambda: carousel.LSTM(2, 3).stream(4).step(np.zeros((4, 2)), torch.zeros(4)), r"allowed: bool \[4\]"),
    (lambda: carousel.LSTM(2, 3).stream(4).load_state([torch.zeros(1, 4, 3)]), "does not fit the stream"),
])  # fmt: skip
def test_what_no_stream_can_do_is_refused(call: Any, says: str) -> None:
    with pytest.raises(BadCall, match=says):
        call()


def test_a_cell_without_compiled_steps_is_refused() -> None:
    with pytest.raises(KernelRefused, match="no single steps in compiled code for a layer normalisation"):
        carousel.LSTM(2, 3, layer_norm=True).stream()
