"""Many networks in one call: each gets what it gets alone, to the last bit, whoever runs beside it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from carousel.common.errors import KernelNotice
from carousel.nn.cells import CELLS
from carousel.nn.kernels import KERNELS, Request
from carousel.nn.kernels.population import PopulationCall
from carousel.nn.kernels.together import run_together
from tests.support.kernels import OPTIONS, close, make
from tests.support.populations import BATCH, HIDDEN, STEPS, WIDTH, Case, alone, case, loss, results, same, some_of


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("cell_name", CELLS)
def test_each_gets_what_it_gets_alone_and_the_reference_says_so(cell_name, option, dtype):
    whole = case(cell_name, option, dtype)
    for n, found in enumerate(results(whole)):
        same(found, alone(whole, n, "numba"))
        if dtype == torch.float64:
            close(found, alone(whole, n, "reference"), dtype, STEPS)


@pytest.mark.parametrize(
    "option", ["plain", "lengths", "reverse resets lengths", "norm dropout resets reverse lengths"]
)
@pytest.mark.parametrize("cell_name", CELLS)
def test_what_all_share_is_as_if_each_had_a_copy(cell_name, option):
    whole = case(cell_name, option, shared=True)
    for n, found in enumerate(results(whole)):
        same(found, alone(whole, n, "numba"))


@pytest.mark.parametrize("option", ["plain", "lengths", "norm"])
@pytest.mark.parametrize("cell_name", CELLS)
def test_the_gradient_of_a_shared_x_is_the_sum_of_all(cell_name, option):
    whole = case(cell_name, option, torch.float64, shared=True)
    x = whole.call.x.clone().requires_grad_()
    run = run_together(type(whole.cells[0]), whole.tensors,
                       replace(whole.call, x=x), Request())  # fmt: skip
    loss(run, whole.weight).backward()
    expected = torch.zeros_like(x)
    for n, cell in enumerate(whole.cells):
        own = whole.call.x.clone().requires_grad_()
        by_reference = KERNELS["reference"].run(cell, replace(whole.call.of(n), x=own), Request())
        loss(by_reference, whole.weight[n]).backward()
        expected += own.grad
    torch.testing.assert_close(x.grad, expected, rtol=1e-12, atol=1e-11)


@pytest.mark.parametrize("option", ["plain", "lengths", "norm dropout resets reverse lengths"])
@pytest.mark.parametrize("cell_name", CELLS)
def test_it_does_not_matter_who_else_is_there(cell_name, option):
    whole = case(cell_name, option)
    all_of_them = results(whole)
    for chosen in ([3], [4, 1], [2, 2, 0]):
        for n, found in zip(chosen, results(some_of(whole, chosen)), strict=True):
            same(found, all_of_them[n])


@pytest.mark.parametrize("cell_name", ["rnn", "gru", "lstm"])
def test_nan_in_one_network_reaches_no_other(cell_name):
    whole = case(cell_name, "lengths")
    before = results(whole)
    with torch.no_grad():
        whole.cells[2].weight_hh.fill_(torch.nan)
    found = results(whole)
    assert found[2]["output"].isnan().any()
    for n in (0, 1, 3, 4):
        same(found[n], before[n])


@pytest.mark.parametrize("lengths", ["equal", "unequal", "each its own"])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("cell_name", CELLS)
def test_padding_further_than_the_longest_sequence_changes_no_bit(cell_name, reverse, lengths):
    """Chunks of steps are counted from where the sequences end: 200 steps are several, and 37 steps of padding more."""
    steps, further, batch = 200, 37, 5
    cells = [make(cell_name, torch.float32, "", HIDDEN, WIDTH, seed) for seed in range(2)]
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2, steps, batch, WIDTH, generator=generator)
    drawn = torch.randint(1, steps + 1, (2, batch), generator=generator)
    chosen = {"equal": torch.full((batch,), steps), "unequal": drawn[0], "each its own": drawn}[lengths]
    weight = torch.randn(2, steps, batch, HIDDEN, generator=generator)
    call = PopulationCall(2, x, None, chosen, reverse=reverse)
    padded = replace(call, x=torch.nn.functional.pad(x, (0, 0, 0, 0, 0, further), value=torch.nan))
    more = torch.nn.functional.pad(weight, (0, 0, 0, 0, 0, further), value=3.0)
    tight, loose = results(Case(cells, call, weight)), results(Case(cells, padded, more))
    for one, other in zip(tight, loose, strict=True):
        assert not other["output"][steps:].any()
        assert not other["x"][steps:].any()
        cut = {name: value[:steps] if len(value) == steps + further else value for name, value in other.items()}
        same(cut, one)
    if lengths == "equal":  # no lengths at all is the same again
        for one, other in zip(tight, results(Case(cells, replace(call, lengths=None), weight)), strict=True):
            same(other, one)


@pytest.mark.parametrize("option", ["plain", "lengths", "norm dropout resets reverse lengths"])
@pytest.mark.parametrize("cell_name", ["rnn", "gru", "lstm"])
def test_threads_change_no_bit(cell_name, option, monkeypatch):
    """Two threads take the networks between them, even of a population too small to be worth it."""
    from carousel.nn.kernels.numba import threads

    whole = case(cell_name, option)
    by_one = results(whole)
    monkeypatch.setattr(threads, "_WORTH_A_THREAD", 1.0)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)  # of the kernel, not of torch's own projection for a norm
    for found, expected in zip(results(whole), by_one, strict=True):
        same(found, expected)
    (found,) = results(some_of(whole, [1]))  # one network: its slices go to the threads
    same(found, by_one[1])


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("option", ["plain", "norm resets lengths", "reverse dropout"])
@pytest.mark.parametrize("cell_name", CELLS)
def test_second_derivatives_are_the_references(cell_name, option, shared):
    whole = case(cell_name, option, torch.float64, shared=shared)
    held = whole.tensors
    x = whole.call.x.clone().requires_grad_()
    run = run_together(type(whole.cells[0]), held, replace(whole.call, x=x), Request())
    asked = [x, *(t for t in held.values() if t is not None)]
    with pytest.warns(KernelNotice, match="reference"):
        grads = torch.autograd.grad(loss(run, whole.weight), asked, create_graph=True)
    found = torch.autograd.grad(sum(g.square().sum() for g in grads), held["weight_hh"])[0]
    expected = _second(whole)
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9 * expected.abs().max().item())


def _second(whole: Case) -> Tensor:
    """Network by network on the reference kernel; the gradient of a shared x sums over them first."""
    held = whole.tensors
    x, total = whole.call.x.clone().requires_grad_(), torch.zeros((), dtype=torch.float64)
    for n, cell in enumerate(whole.cells):
        view = type(cell).from_tensors({k: None if t is None else t[n] for k, t in held.items()})
        call = replace(whole.call, x=x).of(n)
        run = KERNELS["reference"].run(view, call, Request())
        total = total + loss(run, whole.weight[n])
    asked = [x, *(t for t in held.values() if t is not None)]
    grads = torch.autograd.grad(total, asked, create_graph=True)
    return torch.autograd.grad(sum(g.square().sum() for g in grads), held["weight_hh"])[0]


def test_only_every_second_step_and_one_name_are_kept_where_that_is_asked():
    whole = case("lstm", "lengths")
    request = Request(states=True, gates=True, gradients=True, only=("f",), every=2)
    for n, found in enumerate(results(whole, request)):
        same(found, alone(whole, n, "numba", request))
        assert found["f"].shape == (5, BATCH, HIDDEN)
