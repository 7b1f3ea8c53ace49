"""A contender's network is recorded, plotted, followed, intervened on and diagnosed like any torch model."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

import carousel
from carousel import flow
from carousel.common.errors import BadCall
from carousel.experiments.contenders.network import build
from carousel.experiments.contenders.sizes import Size
from carousel.experiments.contenders.spec import parse_contenders
from carousel.nn.cells import CELLS
from carousel.nn.layers.stack_module import Stack

T, B, INPUTS, H, OUTPUTS = 12, 3, 4, 5, 3
EVERY_CELL = [f"{cell},layers={layers}" for cell in CELLS for layers in (1, 3)]


def made(text: str) -> nn.Module:
    (spec,) = parse_contenders(text)
    size = Size(8, mlp=8) if spec.cell == "transformer" else Size(H)
    return build(spec, size, inputs=INPUTS, outputs=OUTPUTS, readout="last", length=T, generator=seeded())


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def batch() -> tuple[Tensor, Tensor]:
    return torch.randn(T, B, INPUTS, generator=seeded()), torch.tensor([0, 2, 1])


def loss(network: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
    return cross_entropy(network(batch[0]), batch[1])


def keys(cell: str, layers: int) -> list[str]:
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    return [f"cells.{k}.{name}" for k in range(layers) for name in names] + ["linear.weight", "linear.bias"]


@pytest.mark.parametrize("text", EVERY_CELL)
def test_a_recorded_run_is_the_run(text: str) -> None:
    network = made(text)
    plain = loss(network, batch())
    plain.backward()
    expected = {name: p.grad.clone() for name, p in network.named_parameters()}
    network.zero_grad()
    with carousel.record(network) as tape:
        found = loss(network, batch())
        found.backward()
    assert torch.equal(found, plain)
    for name, parameter in network.named_parameters():
        assert torch.equal(parameter.grad, expected[name]), name
    assert list(tape) == [f"l{k}" for k in range(len(network.cells))]
    for k, cell in enumerate(network.cells):
        for value in (*cell.state_names, *cell.gate_names):
            assert tape[f"l{k}"][value].shape == tape[f"l{k}"].grad[value].shape == (T, B, H)
    assert type(network.cells[0]).__name__ in str(tape)


@pytest.mark.parametrize("text", EVERY_CELL)
def test_weights_of_earlier_runs_load(text: str) -> None:
    """Keys are those of the first version's files."""
    network, cell, layers = made(text), text.split(",")[0], int(text[-1])
    assert list(network.state_dict()) == keys(cell, layers)
    network.load_state_dict({name: torch.zeros_like(value) for name, value in network.state_dict().items()})


@pytest.mark.parametrize("cell", CELLS)
def test_flow_and_plots(cell: str) -> None:
    network = made(f"{cell},layers=2")
    with carousel.record(network) as tape:
        loss(network, batch()).backward()
    assert len(flow.lag_profile(tape, "l1").mean) == T
    assert flow.jacobian(tape, "l0", step=3).shape[0] == B
    assert tape.plot.raster("l0", "h").to_dict()
    assert tape.plot.raster("l1", "h", sequence=1).to_dict()


@pytest.mark.parametrize("cell", CELLS)
def test_interventions(cell: str) -> None:
    network = made(f"{cell},layers=2")
    x, _ = batch()
    with torch.no_grad(), carousel.record(network, interventions=carousel.Set("l1.h", 0.0)) as tape:
        silenced = network(x)
    assert torch.equal(silenced, network.linear.bias.expand_as(silenced))
    assert not tape["l1"].h.any() and tape["l0"].h.any()
    with carousel.record(network, interventions=carousel.Clamp("l0.h", high=0.01, units=[2])) as tape:
        network(x)
    assert tape["l0"].h[..., 2].max() <= 0.01 < tape["l0"].h.max()


@pytest.mark.parametrize("cell", CELLS)
def test_lengths(cell: str) -> None:
    network, (x, _) = made(cell), batch()
    lengths = torch.tensor([12, 5, 1])
    with carousel.record(network) as tape:
        found = network(x, lengths)
    assert torch.equal(found, network(x, lengths))
    assert tape["l0"].h[5:, 1].isnan().all() and not tape["l0"].h[:5, 1].isnan().any()


@pytest.mark.parametrize("text", EVERY_CELL)
def test_diagnose(text: str) -> None:
    network = made(text)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    found = carousel.diagnose(network, batch(), loss)
    assert found.findings is not None and str(found)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_a_transformer_is_refused_in_one_line() -> None:
    with pytest.raises(BadCall, match="TransformerNetwork holds no recurrent module") as refused, \
            carousel.record(made("transformer")):  # fmt: skip
        pass
    assert "\n" not in str(refused.value)


def test_a_stack_by_itself_and_inside_a_model() -> None:
    generator = seeded()
    stack = Stack([CELLS["lstm-1997"](INPUTS, H), CELLS["lstm-1997"](H, H)])
    for parameter in stack.parameters():
        nn.init.normal_(parameter, generator=generator)
    x, _ = batch()
    with carousel.record(nn.ModuleDict({"deep": stack})) as tape:
        output, (h, c) = stack(x)
    assert list(tape) == ["deep.l0", "deep.l1"]
    assert torch.equal(tape["deep.l1"].h[-1], h[1]) and torch.equal(tape["deep.l0"].c[-1], c[0])
    first, state = stack(x[:7])
    second, final = stack(x[7:], state)
    torch.testing.assert_close(torch.cat([first, second]), output)
    torch.testing.assert_close(final[0], h)
    with pytest.raises(BadCall, match="one kind and size"):
        Stack([CELLS["lstm"](INPUTS, H), CELLS["gru"](H, H)])
