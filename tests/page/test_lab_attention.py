"""Chapter 9 beside recurrent cells: the lab page's Transformer and its maps, held to the package's in float64."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from carousel.experiments.contenders.attention_maps import attention_maps
from carousel.experiments.contenders.sizes import Size, count_transformer
from carousel.experiments.contenders.transformer import TransformerNetwork
from carousel.introspect import flow
from carousel.nn.kernels import Request
from carousel.nn.layers.stack import run_stack
from tests.page.test_lab_numbers import B, case, close, given, innermost
from tests.support.node import answers

INPUTS, OUTPUTS, WIDTH, MLP = 3, 4, 8, 20
LENGTHS = (1, 2, 17)


def network(steps: int) -> TransformerNetwork:
    """Every parameter drawn, LayerNorms too."""
    made = TransformerNetwork(INPUTS, Size(WIDTH, MLP), OUTPUTS, 1, "last", steps).double()
    generator = torch.Generator().manual_seed(steps)
    for parameter in made.parameters():
        parameter.data.uniform_(-0.9, 0.9, generator=generator)
    return made


def inputs(steps: int) -> tuple[Tensor, Tensor]:
    """x [T, B, I] and dL/d output [B, O]. x has large values too, where GELU is flat."""
    generator = torch.Generator().manual_seed(steps)
    x = 4 * torch.randn(steps, B, INPUTS, generator=generator, dtype=torch.float64)
    return x.requires_grad_(), torch.randn(B, OUTPUTS, generator=generator, dtype=torch.float64)


@pytest.fixture(scope="module")
def page() -> dict[int, Any]:
    """What the page computes, by length."""
    asked = []
    for steps in LENGTHS:
        x, d_output = inputs(steps)
        flat = [p.detach().flatten().tolist() for p in network(steps).parameters()]
        asked.append({"width": WIDTH, "mlp": MLP, "parameters": flat, "steps": steps, "batch": B}
                     | {"x": innermost(x), "dOutput": innermost(d_output)})  # fmt: skip
    found = answers([{"kind": "attended", "given": each} for each in asked])
    return dict(zip(LENGTHS, found, strict=True))


@pytest.mark.parametrize("steps", LENGTHS)
def test_a_transformer_forward_and_backward(steps: int, page: dict[int, Any]) -> None:
    made, (x, d_output), found = network(steps), inputs(steps), page[steps]
    output = made(x)
    output.backward(d_output)
    close(found["output"], output, "output")
    for (name, parameter), values in zip(made.named_parameters(), found["gradients"], strict=True):
        assert parameter.grad is not None
        close(values, parameter.grad.flatten().unsqueeze(0), name)
    assert x.grad is not None
    dx = torch.tensor(found["dx"], dtype=torch.float64).view(INPUTS, steps, B).permute(1, 2, 0)
    torch.testing.assert_close(dx, x.grad, atol=1e-9, rtol=1e-9)
    wanted = attention_maps(made, x)[0, 0].mean(dim=0)
    for t, row in enumerate(found["map"]):
        torch.testing.assert_close(torch.tensor(row, dtype=torch.float64), wanted[t, : t + 1], atol=1e-9, rtol=1e-9)


def test_effective_weights_are_those_of_the_package() -> None:
    made = case("lstm", 1, 9)
    (found,) = answers([{"kind": "weighed", "given": given(made) | {"x": innermost(made.x)}}])
    done = run_stack([made.cells], made.x, requests=Request(states=True, gates=True), kernel="reference")
    (tape,) = done.tapes.values()
    wanted = flow.effective_weights(tape, sequence=0).map
    for t, row in enumerate(found):
        torch.testing.assert_close(torch.tensor(row, dtype=torch.float64), wanted[t, : t + 1], atol=1e-9, rtol=1e-9)


def test_the_rivals_are_as_large_as_the_lstm_and_the_transformer_learns() -> None:
    (found,) = answers([{"kind": "beside", "given": {"steps": 64}}])
    lstm = 4 * 8 * (16 + 8 + 2) + 8 * 8 + 8
    assert [each["name"] for each in found] == ["two", "orthogonal", "transformer"]
    assert all(abs(each["parameters"] - lstm) < 0.08 * lstm for each in found)
    assert found[2]["parameters"] == count_transformer(Size(WIDTH, MLP), 1, 16, 8)
    assert all(each["before"] < 0.3 and len(each["blamed"]) == 20 for each in found)
    assert found[2]["after"] > 0.9, "it learns this task within 64 steps"
