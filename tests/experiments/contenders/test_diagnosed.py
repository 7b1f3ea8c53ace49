"""A contender's network, as `load_best` gives it, is diagnosed like any model: right sites, and fixes that work."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import carousel
from carousel.experiments.tasks import task
from carousel.experiments.tasks.base import Batch
from carousel.experiments.training.description import Contender
from carousel.experiments.training.trial import build_contender
from carousel.introspect.diagnosis import Diagnosis, Finding
from carousel.nn.cells import CELLS, GRU

TASK = "delayed-recall"
NEEDS_MORE = {"padded-read", "padding-in-loss", "unstable-learning-rate"}  # unequal lengths, or the optimiser


def network(cell: str, length: int, layers: int = 2) -> nn.Module:
    contender = Contender(spec=cell, cell=cell, init="default", layers=layers, hidden=20, parameters=1)
    return build_contender(contender, task(TASK, length), seed=0)


def diagnosed(model: nn.Module, length: int, **known: object) -> Diagnosis:
    """On a batch of the task, with its loss."""
    source = task(TASK, length)
    batch = source.sample(torch.Generator().manual_seed(0), 24)

    def loss_fn(model: nn.Module, batch: Batch) -> Tensor:
        return source.loss(model(batch.x, batch.lengths), batch)

    return carousel.diagnose(model, batch, loss_fn, **known)


def symptoms(diagnosis: Diagnosis) -> dict[str, Finding]:
    return {finding.symptom: finding for finding in diagnosis}


def pasted(finding: Finding, model: nn.Module) -> None:
    """Its fix, as a user would paste it."""
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(0)
        exec(finding.fix, {"torch": torch, "model": model})


@pytest.mark.parametrize("cell", CELLS)
def test_nothing_is_found_in_a_healthy_contender(cell: str) -> None:
    diagnosis = diagnosed(network(cell, 5), 5)
    assert [f"{finding.symptom}: {finding.evidence}" for finding in diagnosis] == []
    assert {each.symptom for each in diagnosis.not_assessed} == NEEDS_MORE


@pytest.mark.parametrize("cell", CELLS)
def test_a_long_way_is_found_and_its_fix_works(cell: str) -> None:
    """The LSTM of 1997 keeps its state whatever its gates do."""
    model = network(cell, 60)
    found = symptoms(diagnosed(model, 60))
    expected = {"vanishing"} if cell != "lstm-1997" else set()
    assert set(found) == expected | ({"forget-bias"} if cell in ("lstm", "lstm-coupled", "gru") else set())
    for finding in found.values():
        assert finding.site in ("l0", "l1")
        pasted(finding, model)
    assert symptoms(diagnosed(model, 60)) == {}


def test_a_plain_network_that_reaches_too_short_is_replaced_by_gated_cells() -> None:
    model = network("rnn", 130)
    pasted(symptoms(diagnosed(model, 130))["vanishing"], model)
    assert all(isinstance(cell, GRU) for cell in model.cells)
    assert symptoms(diagnosed(model, 130)) == {}


@pytest.mark.parametrize("cell", [cell for cell in CELLS if cell != "rnn-relu"])
def test_saturated_gates(cell: str) -> None:
    model = network(cell, 8)
    with torch.no_grad():
        for parameter in model.cells.parameters():
            parameter.mul_(80)
    found = {finding.site: finding for finding in diagnosed(model, 8) if finding.symptom == "saturated-gates"}
    assert found.keys() == {"l0", "l1"}
    for finding in found.values():
        pasted(finding, model)
    assert "saturated-gates" not in symptoms(diagnosed(model, 8))


@pytest.mark.parametrize("cell", CELLS)
def test_units_that_are_alike_and_weights_that_are_not_finite(cell: str) -> None:
    model = network(cell, 8)
    with torch.no_grad():
        for parameter in model.cells.parameters():
            parameter.fill_(0.1)
    twins = symptoms(diagnosed(model, 8))["dead-units"]
    assert twins.form == "twins"
    pasted(twins, model)
    assert "dead-units" not in symptoms(diagnosed(model, 8))
    with torch.no_grad():
        model.cells[1].bias_hh.fill_(math.inf)
    broken = symptoms(diagnosed(model, 8))["exploding"]
    assert (broken.form, broken.values["name"]) == ("weights", "cells.1.bias_hh")
    pasted(broken, model)
    assert "exploding" not in symptoms(diagnosed(model, 8))


def test_its_optimiser_and_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("carousel.introspect.diagnosis.page.page.svg", lambda chart, name: f'<svg id="{name}"></svg>')
    model = network("lstm-coupled", 8)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    diagnosis = diagnosed(model, 8, optimizer=torch.optim.SGD(model.parameters(), 500.0))
    assert "unstable-learning-rate" in symptoms(diagnosis)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    page = diagnosis.to_html(tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<code>l0</code> CoupledLSTM" in page
