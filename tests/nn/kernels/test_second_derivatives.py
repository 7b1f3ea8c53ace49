"""Derivatives with a graph of their own, where the inputs of a run depend on one another."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from carousel.common.errors import KernelNotice
from carousel.nn.cells import CELLS
from carousel.nn.kernels import KERNELS, Call, Request
from tests.support.kernels import inputs, make


@pytest.mark.parametrize("option", ["norm", "tied"])
@pytest.mark.parametrize("cell_name", CELLS)
def test_what_reaches_the_weights_by_way_of_x_is_counted_once(cell_name: str, option: str) -> None:
    """norm: a layer norm projects x before the kernel runs. tied: the weights run on their own output. Both gradients
    were doubled where a graph was asked for."""
    cell = make(cell_name, option=option, hidden=5, width=5)
    x = inputs(4, 2, torch.float64, 5)

    def derivatives(kernel: str) -> tuple[list[Tensor], Tensor]:
        weights = list(cell.parameters())
        output = KERNELS[kernel].run(cell, Call(x), Request()).output
        if option == "tied":
            output = KERNELS[kernel].run(cell, Call(output), Request()).output
        first = torch.autograd.grad(output.square().sum(), weights, create_graph=True)
        (second,) = torch.autograd.grad(sum(g.square().sum() for g in first), [cell.weight_hh])
        return [g.detach() for g in first], second

    with pytest.warns(KernelNotice, match="reference"):
        first, second = derivatives("numba")
    expected, expected_second = derivatives("reference")
    for found, its in zip(first, expected, strict=True):
        torch.testing.assert_close(found, its, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(second, expected_second, rtol=1e-9, atol=1e-9 * expected_second.abs().max().item())
