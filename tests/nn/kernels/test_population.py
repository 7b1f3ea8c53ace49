"""Many networks in one call: each gets what it gets alone, to the last bit, whoever runs beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from carousel.common.errors import KernelNotice
from carousel.nn.cells import CELLS, PARAMETERS, Cell
from carousel.nn.kernels import KERNELS, Call, Request
from carousel.nn.kernels.population import PopulationCall
from carousel.nn.kernels.together import run_together
from tests.support.kernels import OPTIONS, close, make, make_call

NETWORKS, STEPS, BATCH, WIDTH, HIDDEN = 5, 9, 19, 3, 7
EVERYTHING = Request(states=True, gates=True, gradients=True)


class Case(NamedTuple):
    """Networks and what they run on; `shared`: the same x, lengths and resets for all."""

    cells: list[Cell]
    call: PopulationCall
    weight: Tensor  # of each number of the output in the loss, [P, T, B, H]


def case(cell_name: str, option: str, dtype: torch.dtype = torch.float32, *, shared: bool = False) -> Case:
    """Each network has weights, x, states and, where the option says so, lengths, resets and dropout of its own."""
    cells = [make(cell_name, dtype, option, HIDDEN, WIDTH, seed) for seed in range(NETWORKS)]
    calls = [make_call(cell, _x(0 if shared else n, dtype), option) for n, cell in enumerate(cells)]
    generator = torch.Generator().manual_seed(5)
    if "lengths" in option:
        lengths = torch.randint(1, STEPS + 1, (NETWORKS, BATCH), generator=generator)
        calls = [replace(call, lengths=lengths[0 if shared else n]) for n, call in enumerate(calls)]
    if "resets" in option and not shared:
        resets = torch.rand(NETWORKS, STEPS, BATCH, generator=generator) < 0.3
        calls = [replace(call, resets=resets[n]) for n, call in enumerate(calls)]
    weight = torch.randn(NETWORKS, STEPS, BATCH, HIDDEN, generator=generator).to(dtype)
    return Case(cells, _together(calls, shared), weight)


def _x(seed: int, dtype: torch.dtype) -> Tensor:
    """Not contiguous, as a user's transposed batch is."""
    x = torch.randn(BATCH, STEPS, WIDTH, generator=torch.Generator().manual_seed(10 + seed), dtype=dtype)
    return x.transpose(0, 1)


def _together(calls: list[Call], shared: bool) -> PopulationCall:
    first = calls[0]
    states = [call.state for call in calls if call.state is not None]
    state = type(states[0])(*(torch.stack(field) for field in zip(*states, strict=True))) if states else None
    given = {
        name: None if getattr(first, name) is None
        else getattr(first, name) if shared else torch.stack([getattr(call, name) for call in calls])
        for name in ("x", "lengths", "resets")
    }  # fmt: skip
    masks = [call.dropout for call in calls if call.dropout is not None]
    dropout = torch.stack(masks) if masks else None
    return PopulationCall(len(calls), state=state, dropout=dropout, reverse=first.reverse, **given)


def some_of(whole: Case, networks: list[int]) -> Case:
    call, n = whole.call, networks
    given = {name: t[n] if t is not None and t.dim() > rank else t
             for name, rank in (("x", 3), ("lengths", 1), ("resets", 2)) for t in [getattr(call, name)]}  # fmt: skip
    state = call.state and type(call.state)(*(field[n] for field in call.state))
    dropout = None if call.dropout is None else call.dropout[n]
    left = replace(call, networks=len(n), state=state, dropout=dropout, **given)
    return Case([whole.cells[k] for k in n], left, whole.weight[n])


def results(given: Case, request: Request = EVERYTHING) -> list[dict[str, Tensor]]:
    """What each network gets: output, final state, gradients, and all that its tape holds. The gradient of a shared x
    is the sum over the networks, and not among them."""
    cells, call, weight = given
    held = {name: _stacked(cells, name) for name in PARAMETERS}
    x = call.x.detach().clone().requires_grad_()
    state = call.state and type(call.state)(*(field.clone().requires_grad_() for field in call.state))
    run = run_together(type(cells[0]), held, replace(call, x=x, state=state), request)
    assert run.kernel == "numba"
    _loss(run.output, run.state, weight).backward()
    return [
        _named(n, cells[0], x, state, run.output, run.state, {k: t.grad for k, t in held.items() if t is not None})
        | _taped(run.tapes[n] if run.tapes else None)
        for n in range(len(cells))
    ]


def alone(given: Case, network: int, kernel: str, request: Request = EVERYTHING) -> dict[str, Tensor]:
    """The same of one network, by itself."""
    cell, call = given.cells[network], given.call.of(network)
    cell.zero_grad()
    x = call.x.detach().clone().requires_grad_()
    state = call.state and type(call.state)(*(field.clone().requires_grad_() for field in call.state))
    run = KERNELS[kernel].run(cell, replace(call, x=x, state=state), request)
    _loss(run.output, run.state, given.weight[network]).backward()
    grads = {k: t.grad.clone() for k, t in cell.tensors.items() if t is not None}
    shared = given.call.x.dim() == 3
    return _named(None, cell, None if shared else x, state, run.output, run.state, grads) | _taped(run.tape)


def _stacked(cells: list[Cell], name: str) -> Tensor | None:
    if cells[0].tensors[name] is None:
        return None
    return torch.stack([cell.tensors[name] for cell in cells]).detach().requires_grad_()


def _loss(output: Tensor, state, weight: Tensor) -> Tensor:
    return (output * weight).sum() + sum(field.square().sum() for field in state or ())


def _named(network, cell, x, state, output, final, grads) -> dict[str, Tensor]:
    own = (lambda t: t) if network is None else (lambda t: t[network])
    found = {"output": own(output)} | {name: own(grad) for name, grad in grads.items()}
    if x is not None and (network is None or x.dim() == 4):
        found["x"] = own(x.grad)
    found |= {f"initial {n}": own(s.grad) for n, s in zip(cell.state_names, state or (), strict=False)}
    return {k: t.detach() for k, t in found.items()} | {
        f"final {n}": own(s).detach() for n, s in zip(cell.state_names, final or (), strict=False)
    }


def _taped(tape) -> dict[str, Tensor]:
    return {} if tape is None else {n: tape[n] for n in tape} | {f"d{n}": tape.gradient(n) for n in tape}


def same(found: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    """Bit for bit; NaN, which marks padding on a tape, is NaN in both."""
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert torch.equal(found[name].isnan(), value.isnan()), name
        assert torch.equal(found[name].nan_to_num(), value.nan_to_num()), name


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
    run = run_together(type(whole.cells[0]), {n: _stacked(whole.cells, n) for n in PARAMETERS},
                       replace(whole.call, x=x), Request())  # fmt: skip
    _loss(run.output, run.state, whole.weight).backward()
    expected = torch.zeros_like(x)
    for n, cell in enumerate(whole.cells):
        own = whole.call.x.clone().requires_grad_()
        by_reference = KERNELS["reference"].run(cell, replace(whole.call.of(n), x=own), Request())
        _loss(by_reference.output, by_reference.state, whole.weight[n]).backward()
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
    held = {name: _stacked(whole.cells, name) for name in PARAMETERS}
    x = whole.call.x.clone().requires_grad_()
    run = run_together(type(whole.cells[0]), held, replace(whole.call, x=x), Request())
    asked = [x, *(t for t in held.values() if t is not None)]
    with pytest.warns(KernelNotice, match="reference"):
        grads = torch.autograd.grad(_loss(run.output, run.state, whole.weight), asked, create_graph=True)
    found = torch.autograd.grad(sum(g.square().sum() for g in grads), held["weight_hh"])[0]
    expected = _second(whole)
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9 * expected.abs().max().item())


def _second(whole: Case) -> Tensor:
    """Network by network on the reference kernel; the gradient of a shared x sums over them first."""
    held = {name: _stacked(whole.cells, name) for name in PARAMETERS}
    x, total = whole.call.x.clone().requires_grad_(), torch.zeros((), dtype=torch.float64)
    for n, cell in enumerate(whole.cells):
        view = type(cell).from_tensors({k: None if t is None else t[n] for k, t in held.items()})
        call = replace(whole.call, x=x).of(n)
        run = KERNELS["reference"].run(view, call, Request())
        total = total + _loss(run.output, run.state, whole.weight[n])
    asked = [x, *(t for t in held.values() if t is not None)]
    grads = torch.autograd.grad(total, asked, create_graph=True)
    return torch.autograd.grad(sum(g.square().sum() for g in grads), held["weight_hh"])[0]


def test_only_every_second_step_and_one_name_are_kept_where_that_is_asked():
    whole = case("lstm", "lengths")
    request = Request(states=True, gates=True, gradients=True, only=("f",), every=2)
    for n, found in enumerate(results(whole, request)):
        same(found, alone(whole, n, "numba", request))
        assert found["f"].shape == (5, BATCH, HIDDEN)
