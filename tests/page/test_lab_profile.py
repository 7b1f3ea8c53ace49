"""What the lab page draws of a gradient, held to `carousel.flow`: the lag profile, and the path of the forget gates."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import cross_entropy

import carousel
from carousel.experiments.contenders.network import RecurrentNetwork
from carousel.introspect import flow
from tests.page.test_lab_numbers import B, case, given, innermost
from tests.support.node import answers

STEPS = 40


@pytest.mark.parametrize("name", ("rnn", "lstm", "lstm-coupled", "gru"))
def test_the_gradient_k_steps_back(name: str) -> None:
    made = case(name, 1, STEPS, 16, 8)
    y = torch.tensor([1, 7, 3])
    network = RecurrentNetwork(made.cells, 8, "last", kernel="reference").double()
    network.linear.load_state_dict(made.readout.state_dict())
    asked = given(made) | {"x": innermost(made.x), "y": y.tolist()}
    (found,) = answers([{"kind": "profiled", "given": asked}])
    with carousel.record(network) as tape:
        cross_entropy(network(made.x.detach()), y).backward()
    wanted = flow.lag_profile(tape, direction="loss").mean
    assert len(y) == B and len(wanted) == STEPS
    torch.testing.assert_close(torch.tensor(found["total"], dtype=torch.float64).log(), wanted, atol=1e-9, rtol=1e-9)
    if name == "rnn":
        assert found["path"] is None and found["gate"] is None
        return
    path = flow.cell_path(tape, direction="loss").path.mean
    torch.testing.assert_close(torch.tensor(found["path"], dtype=torch.float64).log(), path, atol=1e-9, rtol=1e-9)
    gate = tape["l0"]["z" if name == "gru" else "f"].mean().item()
    assert found["gate"] == pytest.approx(gate, abs=1e-9)
