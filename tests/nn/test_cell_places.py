"""A cell is known in every place that must know it: what a newcomer forgets is named here, not by a KeyError later."""

from __future__ import annotations

import pytest
import torch

from carousel.common.names import FAMILY_OF_CELL, RECURRENT, TRANSFORMER
from carousel.experiments.contenders.spec import SUGGESTED, parse_contenders
from carousel.nn.cells import CELLS
from carousel.nn.initialisation import INITIALISATIONS, initialise
from carousel.nn.kernels import Call, Request, choose

EVERYTHING = Request(states=True, gates=True, gradients=True)


def test_every_cell_has_a_family_and_no_family_is_of_a_cell_that_is_gone() -> None:
    assert set(FAMILY_OF_CELL) - {TRANSFORMER} == set(CELLS)
    assert {FAMILY_OF_CELL[name] for name in CELLS} <= set(RECURRENT)


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_can_be_named_as_a_contender_and_is_listed(name: str) -> None:
    (spec,) = parse_contenders(name)
    assert name in SUGGESTED and spec.cell == name


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_has_the_initialisations_that_fit_any(name: str) -> None:
    for rule in ("default", "orthogonal", "keras"):
        assert CELLS[name] in INITIALISATIONS[rule].fits


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_runs_and_every_gate_of_it_has_a_derivative(name: str) -> None:
    """By the kernel that is taken for it, compiled or not: values and total derivatives of all that it names."""
    cell, generator = CELLS[name](3, 4), torch.Generator().manual_seed(0)
    initialise(cell, "default", generator, 5)
    call = Call(torch.randn(5, 2, 3, generator=generator))
    run = choose(cell, call, EVERYTHING).kernel.run(cell, call, EVERYTHING)
    run.output.sum().backward()
    assert run.tape is not None
    for value in (*cell.state_names, *cell.gate_names):
        assert run.tape[value].shape == run.tape.grad[value].shape == (5, 2, 4)
