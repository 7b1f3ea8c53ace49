"""What chapters 7 and 8 say of a network beyond its profile: singular values, each step's part in dL/dW, its starts."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from carousel.nn.initialisation import INITIALISATIONS
from tests.page.test_lab_numbers import Case, H, case, given, innermost
from tests.support.node import answers

STEPS = 9
BACK = (0, 1, 6)
CELLS = ("rnn", "lstm")


def step(made: Case, x: Tensor, state: Tensor, weight: Tensor) -> Tensor:
    """The next state of one sequence or many, [.., H] of an RNN, h and c side by side of an LSTM, by its equations."""
    p = {name: made.cells[0].get_parameter(name) for name in ("weight_ih", "bias_ih", "bias_hh")}
    a = x @ p["weight_ih"].T + p["bias_ih"] + state[..., :H] @ weight.T + p["bias_hh"]
    if made.cells[0].name == "rnn":
        return a.tanh()
    i, f, g, o = a.chunk(4, dim=-1)
    c = f.sigmoid() * state[..., H:] + i.sigmoid() * g.tanh()
    return torch.cat([o.sigmoid() * c.tanh(), c], dim=-1)


def start(made: Case, *shape: int) -> Tensor:
    return torch.zeros(*shape, H if made.cells[0].name == "rnn" else 2 * H, dtype=torch.float64)


@pytest.fixture(scope="module")
def page() -> dict[tuple[str, str, int], Any]:
    asked = {}
    for cell in CELLS:
        made = case(cell, 1, STEPS)
        shared = given(made)
        y = [b % 4 for b in range(made.x.shape[1])]
        asked[cell, "profile", 0] = {"kind": "profiled", "given": shared | {"x": innermost(made.x), "y": y}}
        for k in BACK:
            one = shared | {"batch": 1, "x": made.x[:, 0].flatten().tolist(), "k": k}
            asked[cell, "singular", k] = {"kind": "singular", "given": one}
    return dict(zip(asked, answers(list(asked.values())), strict=True))


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("k", BACK)
def test_singular_values(cell: str, k: int, page: dict[tuple[str, str, int], Any]) -> None:
    made = case(cell, 1, STEPS)
    x, weight = made.x[:, 0].detach(), made.cells[0].get_parameter("weight_hh")

    def last_h(state: Tensor) -> Tensor:
        for t in range(STEPS - k, STEPS):
            state = step(made, x[t], state, weight)
        return state[:H]

    state = start(made)
    for t in range(STEPS - k):
        state = step(made, x[t], state, weight)
    wanted = torch.linalg.svdvals(torch.autograd.functional.jacobian(last_h, state.detach()))
    found = torch.tensor(page[cell, "singular", k], dtype=torch.float64)
    torch.testing.assert_close(found, wanted, atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize("cell", CELLS)
def test_what_each_step_adds_to_the_gradient_of_the_matrix(cell: str, page: dict[tuple[str, str, int], Any]) -> None:
    """A matrix of its own for each step: their gradients are the terms of the sum."""
    made = case(cell, 1, STEPS)
    weights = [made.cells[0].get_parameter("weight_hh").detach().clone().requires_grad_() for _ in range(STEPS)]
    state = start(made, made.x.shape[1])
    for x, weight in zip(made.x.detach(), weights, strict=True):
        state = step(made, x, state, weight)
    cross_entropy(made.readout(state[:, :H]), torch.tensor([b % 4 for b in range(len(state))])).backward()
    wanted = [weight.grad.norm().item() for weight in weights if weight.grad is not None]
    assert page[cell, "profile", 0]["contributed"][::-1] == pytest.approx(wanted, rel=1e-9, abs=1e-12)
    assert wanted[0] == 0 < min(wanted[1:])


def test_a_cell_is_offered_the_initialisations_that_are_defined_for_it() -> None:
    (found,) = answers([{"kind": "starts", "given": {}}])
    for cell, names in found.items():
        assert names == [rule.name for rule in INITIALISATIONS.values() if cell in {fit.name for fit in rule.fits}]
