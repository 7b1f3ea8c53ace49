"""Many networks in one launch of the Triton kernel, on a GPU or by Triton's interpreter, against the reference."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import pytest
import torch

import carousel
from carousel.common.errors import BadCall, KernelNotice
from carousel.nn.cells import CELLS
from carousel.nn.kernels import KERNELS, Request
from carousel.nn.kernels.base import Refusal
from carousel.nn.kernels.population import PopulationCall
from carousel.nn.kernels.together import run_together
from tests.support.gpu import DEVICE
from tests.support.kernels import close
from tests.support.populations import EVERYTHING, alone, case, loss, on, results, same, some_of


@pytest.fixture(autouse=True)
def only_triton(monkeypatch):
    """The interpreter runs on the CPU, which the kernel itself refuses."""
    monkeypatch.setattr(type(KERNELS["numba"]), "supports", lambda *_: Refusal("not here"))
    monkeypatch.setattr(type(KERNELS["triton"]), "supports", lambda *_: None)


def small(cell_name, option, *, shared=False, networks=3, steps=4, batch=2):
    return on(DEVICE, case(cell_name, option, shared=shared, networks=networks, steps=steps, batch=batch))


OWN = [(name, "reverse resets lengths dropout", False) for name in CELLS]
SHARED = [("rnn-relu", "no state lengths", True), ("lstm", "no bias lengths", True), ("gru", "resets reverse", True)]


@pytest.mark.parametrize(("cell_name", "option", "shared"), OWN + SHARED)
def test_each_gets_what_the_reference_gives_it(cell_name, option, shared):
    whole = small(cell_name, option, shared=shared, networks=2)
    for n, found in enumerate(results(whole, kernel="triton")):
        close(found, alone(whole, n, "reference"), torch.float32, 4)


@pytest.mark.skipif(DEVICE != "cpu", reason="the library's product for so many pairs may differ in the last bits")
@pytest.mark.parametrize("cell_name", ["rnn", "gru", "lstm"])
def test_it_does_not_matter_who_else_is_there(cell_name):
    whole = small(cell_name, "lengths resets", steps=2)
    all_of_them = results(whole, kernel="triton")
    for chosen in ([1], [2, 0]):
        for n, found in zip(chosen, results(some_of(whole, chosen), kernel="triton"), strict=True):
            same(found, all_of_them[n])


@pytest.mark.slow
def test_two_programs_to_a_network():
    whole = small("gru", "plain", networks=2, batch=19)
    for n, found in enumerate(results(whole, kernel="triton")):
        close(found, alone(whole, n, "reference"), torch.float32, 4)


def test_the_gradient_of_a_shared_x_is_the_sum_of_all():
    whole = small("lstm", "plain", shared=True, networks=2)
    x, expected = whole.call.x.clone().requires_grad_(), torch.zeros_like(whole.call.x)
    run = run_together(CELLS["lstm"], whole.tensors, replace(whole.call, x=x), Request())
    loss(run, whole.weight).backward()
    for n, cell in enumerate(whole.cells):
        own = whole.call.x.clone().requires_grad_()
        loss(KERNELS["reference"].run(cell, replace(whole.call.of(n), x=own), Request()), whole.weight[n]).backward()
        expected += own.grad
    close({"x": x.grad}, {"x": expected}, torch.float32, 4)


def test_every_second_step_and_one_name_are_kept_where_that_is_asked():
    whole, request = small("lstm", "lengths"), Request(states=True, gates=True, gradients=True, only=("f",), every=2)
    for n, found in enumerate(results(whole, request, kernel="triton")):
        close(found, alone(whole, n, "reference", request), torch.float32, 4)
        assert found["f"].shape == (2, 2, 7)


def test_second_derivatives_come_from_the_reference_and_say_so():
    whole = small("gru", "lengths", networks=2)
    held, x = whole.tensors, whole.call.x.clone().requires_grad_()
    run = run_together(CELLS["gru"], held, replace(whole.call, x=x), Request())
    with pytest.warns(KernelNotice, match="Triton kernel has none of its own"):
        (first,) = torch.autograd.grad(loss(run, whole.weight), x, create_graph=True)
    found = torch.autograd.grad(first.square().sum(), held["weight_hh"])[0]
    for n, cell in enumerate(whole.cells):
        own = whole.call.x[n].clone().requires_grad_()
        run = KERNELS["reference"].run(cell, replace(whole.call.of(n), x=own), Request())
        (first,) = torch.autograd.grad(loss(run, whole.weight[n]), own, create_graph=True)
        (expected,) = torch.autograd.grad(first.square().sum(), cell.weight_hh)
        close({"weight_hh": found[n]}, {"weight_hh": expected}, torch.float32, 4)


def test_a_population_of_layers_says_what_ran_and_keeps_a_tape_for_each():
    nets = [carousel.GRU(3, 5, bidirectional=True) for _ in range(2)]
    together = carousel.Population(nets).to(DEVICE)
    x = torch.randn(2, 3, 2, 3, device=DEVICE)
    output, _, tapes = together(x, keep=EVERYTHING)
    output.square().sum().backward()
    assert together.kernels == {"l0": "triton", "l0_reverse": "triton"}
    assert together.runs["l0"].refusals == {"numba": "not here"}
    for n, net in enumerate(nets):
        by_reference = carousel.GRU(3, 5, bidirectional=True, kernel="reference").to(DEVICE)
        by_reference.load_state_dict(net.state_dict())
        expected, _, kept = by_reference(x[n], keep=EVERYTHING)
        expected.square().sum().backward()
        for site in ("l0", "l0_reverse"):
            found = {"z": tapes[n][site].z, "dz": tapes[n][site].grad.z}
            close(found, {"z": kept[site].z, "dz": kept[site].grad.z}, torch.float32, 3)


def test_gradients_of_final_states_may_come_in_any_order_of_memory():
    whole = small("lstm", "plain", networks=2)
    weight, found = torch.randn(2, 7, 2, device=DEVICE), whole.tensors["weight_hh"]
    run = run_together(CELLS["lstm"], whole.tensors | {"weight_hh": found}, whole.call, Request())
    sum((field.transpose(1, 2) * weight).sum() for field in run.state).backward()
    for n, cell in enumerate(whole.cells):
        state = KERNELS["reference"].run(cell, whole.call.of(n), Request()).state
        (expected,) = torch.autograd.grad(sum((field.T * weight[n]).sum() for field in state), cell.weight_hh)
        close({"weight_hh": found.grad[n]}, {"weight_hh": expected}, torch.float32, 4)


def test_memory_is_given_back_with_the_results():
    whole = small("lstm", "plain", networks=2)
    run = run_together(CELLS["lstm"], whole.tensors, whole.call, EVERYTHING)
    loss(run, whole.weight).backward()
    left = weakref.ref(run.output), weakref.ref(run.output.grad_fn)
    del run
    gc.collect()
    assert [each() for each in left] == [None, None]


def test_more_networks_than_a_launch_takes_are_refused():
    cell = carousel.nn.cells.ElmanTanh(1, 1)
    held = {name: None if t is None else t.detach().expand(65_536, *t.shape) for name, t in cell.tensors.items()}
    call = PopulationCall(65_536, torch.zeros(1, 1, 1, device=DEVICE))
    with pytest.raises(BadCall, match=r"65535.*65536.*several populations"):
        run_together(type(cell), {n: t if t is None else t.to(DEVICE) for n, t in held.items()}, call, Request())
