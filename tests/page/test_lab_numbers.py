"""The cells, back-propagation and optimiser of the lab page, held to torch in float64: every number to 1e-9."""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor, nn

from carousel.nn.cells import CELLS, Cell
from carousel.nn.kernels import Request
from carousel.nn.layers.stack import run_stack
from tests.support.node import answers

INPUTS, H, OUTPUTS, B = 3, 5, 4, 3
TOLERANCE = {"atol": 1e-9, "rtol": 1e-9}
CASES = list(itertools.product(CELLS, (1, 2), (1, 2, 63)))
PARAMETERS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


class Case(NamedTuple):
    """A network, x [T, B, I] and dL/d output [B, O]."""

    cells: list[Cell]
    readout: nn.Linear
    x: Tensor
    d_output: Tensor

    @property
    def parameters(self) -> list[Tensor]:
        return [cell.get_parameter(n) for cell in self.cells for n in PARAMETERS] + list(self.readout.parameters())


def case(name: str, layers: int, steps: int, inputs: int = INPUTS, outputs: int = OUTPUTS) -> Case:
    generator = torch.Generator().manual_seed(steps)
    cells = [CELLS[name](inputs if k == 0 else H, H, dtype=torch.float64) for k in range(layers)]
    made = Case(
        cells,
        nn.Linear(H, outputs, dtype=torch.float64),
        torch.randn(steps, B, inputs, generator=generator, dtype=torch.float64, requires_grad=True),
        torch.randn(B, outputs, generator=generator, dtype=torch.float64),
    )
    for parameter in made.parameters:
        parameter.data.uniform_(-0.8, 0.8, generator=generator)
    return made


def given(made: Case) -> dict[str, Any]:
    shape = {"cell": made.cells[0].name, "inputs": made.x.shape[2], "hidden": H, "layers": len(made.cells)}
    return {
        "shape": shape | {"outputs": made.readout.out_features},
        "parameters": [p.detach().flatten().tolist() for p in made.parameters],
        "steps": made.x.shape[0],
        "batch": B,
    }


def innermost(values: Tensor) -> list[float]:
    """[T, B, rows] as the page has it: [T, rows, B]."""
    flat: list[float] = values.detach().transpose(-1, -2).flatten().tolist()
    return flat


def close(found: list[float], wanted: Tensor, what: str) -> None:
    """wanted: [T, B, rows] or [B, rows]."""
    expected = torch.tensor(innermost(wanted), dtype=torch.float64)
    torch.testing.assert_close(
        torch.tensor(found, dtype=torch.float64), expected, **TOLERANCE, msg=lambda m: f"{what}: {m}"
    )


@pytest.fixture(scope="module")
def differentiated() -> dict[tuple[str, int, int], tuple[Case, Any]]:
    made = [case(*at) for at in CASES]
    asked = [
        {"kind": "differentiate", "given": given(c) | {"x": innermost(c.x), "dOutput": innermost(c.d_output)}}
        for c in made
    ]
    return dict(zip(CASES, zip(made, answers(asked), strict=True), strict=True))


@pytest.mark.parametrize("at", CASES, ids=str)
def test_every_number_forward_and_backward(
    at: tuple[str, int, int], differentiated: dict[tuple[str, int, int], tuple[Case, Any]]
) -> None:
    made, found = differentiated[at]
    names = (*made.cells[0].gate_names, *made.cells[0].state_names)
    done = run_stack(
        [[cell] for cell in made.cells],
        made.x,
        requests=Request(states=True, gates=True, gradients=True),
        kernel="reference",
    )
    output = made.readout(done.output[-1])
    output.backward(made.d_output)
    close(found["output"], output, "output")
    for layer, tape in enumerate(done.tapes.values()):
        for name in names:
            close(found["values"][layer][name], tape[name], f"{name} of layer {layer}")
            close(found["derivatives"][layer][name], tape.gradient(name), f"dL/d{name} of layer {layer}")
    for k, parameter in enumerate(made.parameters):
        assert parameter.grad is not None
        close(found["gradients"][k], parameter.grad.flatten().unsqueeze(0), f"gradient {k}")
    assert made.x.grad is not None
    close(found["dx"], made.x.grad, "dL/dx")
