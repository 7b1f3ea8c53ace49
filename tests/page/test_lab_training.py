"""Training on the lab page: losses, clipping and Adam held to torch; initialisations and tasks to their definitions."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, mse_loss

from carousel.nn.cells import CELLS
from carousel.nn.initialisation import INITIALISATIONS
from carousel.nn.layers.stack import run_stack
from tests.page.test_lab_numbers import PARAMETERS, B, Case, case, close, given, innermost
from tests.support.node import answers

UPDATES, STEPS = 6, 5


def recipe(task: str, largest: float) -> dict[str, Any]:
    return {"task": task, "rate": 0.01, "largestNorm": largest}


def batches(task: str, inputs: int) -> list[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(3)

    def answer() -> Tensor:
        if task == "adding":
            return torch.rand(B, 1, generator=generator, dtype=torch.float64)
        return torch.randint(8, (B,), generator=generator)

    return [(torch.randn(STEPS, B, inputs, generator=generator, dtype=torch.float64), answer()) for _ in range(UPDATES)]


def trained(made: Case, task: str, given_batches: list[tuple[Tensor, Tensor]], largest: float) -> list[list[float]]:
    """[loss, gradient norm] of each update by torch, in place."""
    optimiser, found = torch.optim.Adam(made.parameters, lr=0.01), []
    for x, y in given_batches:
        output = made.readout(run_stack([[cell] for cell in made.cells], x, kernel="reference").output[-1])
        loss = mse_loss(output, y) if task == "adding" else cross_entropy(output, y)
        optimiser.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(made.parameters, largest)
        optimiser.step()
        found.append([loss.item(), norm.item()])
    return found


@pytest.mark.parametrize("largest", (0.05, 1e6), ids=("clipped", "not clipped"))
@pytest.mark.parametrize(("task", "inputs", "outputs"), (("delayed-recall", 16, 8), ("adding", 2, 1)))
def test_adam_and_clipping(task: str, inputs: int, outputs: int, largest: float) -> None:
    made, drawn = case("lstm", 2, STEPS, inputs, outputs), batches(task, inputs)
    steps = [{"x": innermost(x), "y": y.flatten().tolist()} for x, y in drawn]
    asked = {"kind": "train", "given": given(made) | {"recipe": recipe(task, largest), "batches": steps}}
    (found,) = answers([asked])
    wanted = trained(made, task, drawn, largest)
    assert all((norm > largest) == (largest < 1) for _, norm in wanted)
    for step, (loss, norm) in zip(found["steps"], wanted, strict=True):
        assert step["loss"] == pytest.approx(loss, abs=1e-9)
        assert step["gradientNorm"] == pytest.approx(norm, abs=1e-9)
    for values, parameter in zip(found["parameters"], made.parameters, strict=True):
        close(values, parameter.flatten().unsqueeze(0), "a parameter after training")


def initial(name: str, cell: str, hidden: int = 40, inputs: int = 30, length: int = 100) -> dict[str, Tensor]:
    shape = {"cell": cell, "inputs": inputs, "hidden": hidden, "outputs": 2, "layers": 1}
    (found,) = answers([{"kind": "initial", "given": {"shape": shape, "name": name, "seed": 5, "length": length}}])
    flat = {n: torch.tensor(values, dtype=torch.float64) for n, values in zip(PARAMETERS, found, strict=False)}
    return flat | {"weight_ih": flat["weight_ih"].view(-1, inputs), "weight_hh": flat["weight_hh"].view(-1, hidden)}


FITS = [(rule.name, cell.name) for rule in INITIALISATIONS.values() for cell in rule.fits]


@pytest.mark.parametrize(("name", "cell"), FITS)
def test_initialisation(name: str, cell: str) -> None:
    """Each rule by what defines it; what it leaves alone is uniform in +-1/sqrt(H), as torch has it."""
    found, blocks, H = initial(name, cell), CELLS[cell].blocks, 40
    bias, weights = found["bias_ih"] + found["bias_hh"], found["weight_hh"].view(len(blocks), H, H)
    eye = torch.eye(H, dtype=torch.float64)
    by_block = dict(zip(blocks, bias.view(-1, H), strict=True))
    if name == "identity":
        assert torch.equal(found["weight_hh"], eye)
        assert 0.0009 < found["weight_ih"].std() < 0.0011
        assert not bias.any()
    elif name == "keras":
        torch.testing.assert_close(found["weight_hh"].T @ found["weight_hh"], eye, atol=1e-12, rtol=0)
        assert uniform(found["weight_ih"], math.sqrt(6 / (len(blocks) * H + 30)))
        assert all((by_block[b] == (1 if b == "f" else 0)).all() for b in blocks)
    else:
        assert uniform(found["weight_ih"], H**-0.5)
        if name == "orthogonal":
            torch.testing.assert_close(
                weights.transpose(1, 2) @ weights, eye.expand(len(blocks), H, H), atol=1e-12, rtol=0
            )
        else:
            assert uniform(found["weight_hh"], H**-0.5)
    if name == "forget-bias":
        assert (by_block["f"] == 1).all()
    if name == "closed-input":
        assert (by_block["i"] == -3).all()
    if name == "chrono":
        spans = by_block["z" if cell == "gru" else "f"].exp()
        assert 1 <= spans.min() < 20 < 80 < spans.max() <= 99
        assert "i" not in blocks or torch.equal(by_block["i"], -by_block["f"])


def uniform(values: Tensor, bound: float) -> bool:
    """Whether they fill [-bound, bound] evenly: its ends, and the spread of a uniform number to 5 %."""
    spread = values.std().item() / (bound / math.sqrt(3))
    return bool(0.98 * bound < values.abs().max() <= bound) and 0.95 < spread < 1.05


def test_a_number_in_the_name_of_an_initialisation() -> None:
    assert (initial("forget-bias-2.5", "lstm")["bias_ih"][40:80] == 2.5).all()
    assert initial("chrono-10", "gru")["bias_ih"][40:80].max() <= math.log(9)


def sample(task: str, length: int, batch: int) -> tuple[Tensor, list[float], list[list[int]]]:
    asked = {"task": task, "length": length, "batch": batch, "seed": 1}
    (found,) = answers([{"kind": "sample", "given": asked}])
    return torch.tensor(found["x"], dtype=torch.float64).view(length, -1, batch), found["y"], found["keys"]


@pytest.mark.parametrize("task", ("delayed-recall", "random-recall"))
def test_one_key_and_the_answer_is_its_name(task: str) -> None:
    x, y, keys = sample(task, 20, 400)
    assert (x.sum(dim=1) == 1).all()
    symbols = x.argmax(dim=1)
    assert ((symbols < 8).sum(dim=0) == 1).all()
    places = (symbols < 8).int().argmax(dim=0)
    assert places.unsqueeze(1).tolist() == keys
    assert symbols[places, torch.arange(400)].tolist() == y
    assert set(y) == set(range(8)) and set(symbols.flatten().tolist()) == set(range(16))
    assert set(places.tolist()) == ({0} if task == "delayed-recall" else set(range(20)))


def test_adding_asks_for_the_sum_of_two_marked_values() -> None:
    x, y, keys = sample("adding", 20, 400)
    assert (x[:, 1].sum(dim=0) == 2).all()
    assert set(x[:, 1].flatten().tolist()) == {0.0, 1.0}
    torch.testing.assert_close((x[:, 0] * x[:, 1]).sum(dim=0), torch.tensor(y, dtype=torch.float64))
    assert {t for both in keys for t in both} == set(range(20))
    assert 0.45 < x[:, 0].mean() < 0.55
