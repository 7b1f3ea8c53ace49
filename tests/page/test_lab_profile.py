"""What the lab page draws of a gradient, held to `carousel.flow`: the lag profile, and the path of the forget gates."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import cross_entropy

import carousel
from carousel.experiments.contenders.network import RecurrentNetwork
from carousel.introspect import flow
from tests.page.test_lab_numbers import B, case, close, given, innermost
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


@pytest.mark.parametrize(("slope", "k"), ((1.0, 0), (1.0, 1), (0.9, 30)))
def test_a_disk_becomes_an_ellipse_of_the_singular_values(slope: float, k: int) -> None:
    (found,) = answers([{"kind": "ellipses", "given": {"slope": slope, "k": k}}])
    for each in found:
        matrix = torch.tensor(each["matrix"], dtype=torch.float64).view(2, 2)
        wanted = torch.linalg.svdvals(torch.linalg.matrix_power(slope * matrix, k))
        torch.testing.assert_close(torch.tensor(each["axes"], dtype=torch.float64), wanted, atol=1e-9, rtol=1e-9)
    turn = torch.tensor(found[1]["matrix"], dtype=torch.float64).view(2, 2)
    assert torch.allclose(turn @ turn.T, torch.eye(2, dtype=torch.float64), atol=1e-12)


@pytest.mark.parametrize("gate", ("i", "f", "o"))
def test_a_gate_that_is_held(gate: str) -> None:
    made = case("lstm", 1, 12)
    network = RecurrentNetwork(made.cells, 4, "last", kernel="reference").double()
    network.linear.load_state_dict(made.readout.state_dict())
    values = torch.tensor([0.0, 0.25, 0.5, 0.75, 1.0], dtype=torch.float64)
    (found,) = answers(
        [{"kind": "held", "given": given(made) | {"gate": gate, "values": values.tolist(), "x": innermost(made.x)}}]
    )
    with carousel.record(network, interventions=carousel.Set(f"l0.{gate}", values)):
        wanted = network(made.x.detach())
    close(found, wanted, f"output with {gate} held")


def test_chapter_9_shows_a_network_that_needs_its_key_and_a_gate() -> None:
    """What its sentences rest on: it learned, it is at chance without the key, and holding some gate costs answers."""
    (found,) = answers([{"kind": "meddled", "given": {}}])
    assert found["asItIs"] > 0.95
    assert found["noKey"] < 0.25
    assert min(found["held"]) < 0.9
    assert found["marking"].index(max(found["marking"])) == found["held"].index(min(found["held"]))
