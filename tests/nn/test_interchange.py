"""Weights go to torch.nn and back by adding `_l0`, and mean the same there."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from carousel.nn.cells import CELLS
from carousel.nn.initialisation import initialise
from carousel.nn.kernels import KERNELS, Call, Request

TWINS = {
    "rnn": lambda i, h: nn.RNN(i, h),
    "rnn-relu": lambda i, h: nn.RNN(i, h, nonlinearity="relu"),
    "lstm": nn.LSTM,
    "gru": nn.GRU,
}


@pytest.mark.parametrize("name", TWINS)
def test_weights_interchange_both_ways(name):
    cell, twin = CELLS[name](3, 5), TWINS[name](3, 5)
    x = torch.randn(7, 2, 3, generator=torch.Generator().manual_seed(0))
    cell.load_state_dict({key.removesuffix("_l0"): value for key, value in twin.state_dict().items()})
    torch.testing.assert_close(KERNELS["reference"].run(cell, Call(x), Request()).output, twin(x)[0])
    initialise(cell, "default", torch.Generator().manual_seed(1), 7)
    twin.load_state_dict({f"{key}_l0": value for key, value in cell.state_dict().items()})
    torch.testing.assert_close(KERNELS["reference"].run(cell, Call(x), Request()).output, twin(x)[0])


def test_variants_of_the_lstm_against_the_lstm():
    """Without forgetting = a forget gate held open; coupled = an input gate that is 1 - f."""
    h, full = 4, CELLS["lstm"](3, 4, dtype=torch.float64)
    initialise(full, "default", torch.Generator().manual_seed(0), 7)
    x = torch.randn(5, 2, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    open_ = CELLS["lstm-1997"](3, h, dtype=torch.float64)
    for name, value in full.named_parameters():
        open_.get_parameter(name).data = torch.cat([value.data[:h], value.data[2 * h :]])
    full.bias_ih.data[h : 2 * h] = 100.0
    torch.testing.assert_close(_run(open_, x), _run(full, x), rtol=0, atol=1e-12)

    coupled = CELLS["lstm-coupled"](3, h, dtype=torch.float64)
    initialise(coupled, "default", torch.Generator().manual_seed(2), 7)
    for name, value in coupled.named_parameters():  # sigma(-a) = 1 - sigma(a)
        full.get_parameter(name).data = torch.cat([-value.data[:h], value.data])
    torch.testing.assert_close(_run(coupled, x), _run(full, x), rtol=0, atol=1e-12)


def _run(cell, x):
    return KERNELS["reference"].run(cell, Call(x), Request()).output
