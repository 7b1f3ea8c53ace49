"""Populations under every option, and what each of their networks gets by name: what the tests of the kernels share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from carousel.nn.cells import PARAMETERS, Cell
from carousel.nn.kernels import KERNELS, Call, Request
from carousel.nn.kernels.population import PopulationCall, PopulationRun
from carousel.nn.kernels.together import run_together
from tests.support.kernels import make, make_call

EVERYTHING = Request(states=True, gates=True, gradients=True)
NETWORKS, STEPS, BATCH, WIDTH, HIDDEN = 5, 9, 19, 3, 7


class Case(NamedTuple):
    """Networks and what they run on."""

    cells: list[Cell]
    call: PopulationCall
    weight: Tensor  # of each number of the output in the loss, [P, T, B, H]

    @property
    def tensors(self) -> dict[str, Tensor | None]:
        """A copy of all parameters, [P, ...] each."""
        return {name: _stacked([cell.tensors[name] for cell in self.cells]) for name in PARAMETERS}


def case(
    cell_name: str, option: str, dtype: torch.dtype = torch.float32, *, shared: bool = False, networks: int = NETWORKS,
    steps: int = STEPS, batch: int = BATCH,
) -> Case:  # fmt: skip
    """Each network has weights, x, states and, where the option says so, lengths, resets and dropout of its own; with
    `shared` the same x, lengths and resets for all."""
    cells = [make(cell_name, dtype, option, HIDDEN, WIDTH, seed) for seed in range(networks)]
    generator = torch.Generator().manual_seed(5)
    drawn = torch.randint(1, steps + 1, (networks, batch), generator=generator)
    cuts = torch.rand(networks, steps, batch, generator=generator) < 0.3
    calls = []
    for n, cell in enumerate(cells):
        own = 0 if shared else n
        call = make_call(cell, _x(own, steps, batch, dtype), option)
        lengths, resets = drawn[own] if "lengths" in option else None, cuts[own] if "resets" in option else None
        state = call.state and type(call.state)(*(torch.rand_like(s, generator=generator) - 0.5 for s in call.state))
        dropout = None if call.dropout is None else call.dropout[:, torch.randperm(HIDDEN, generator=generator)]
        calls.append(replace(call, state=state, lengths=lengths, resets=resets, dropout=dropout))
    weight = torch.randn(networks, steps, batch, HIDDEN, generator=generator).to(dtype)
    return Case(cells, _together(calls, shared), weight)


def _x(seed: int, steps: int, batch: int, dtype: torch.dtype) -> Tensor:
    """Not contiguous, as a user's transposed batch is."""
    x = torch.randn(batch, steps, WIDTH, generator=torch.Generator().manual_seed(10 + seed), dtype=dtype)
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
    """The chosen networks with what is theirs."""
    call, n = whole.call, networks
    given = {name: t[n] if t is not None and t.dim() > rank else t
             for name, rank in (("x", 3), ("lengths", 1), ("resets", 2)) for t in [getattr(call, name)]}  # fmt: skip
    state = call.state and type(call.state)(*(field[n] for field in call.state))
    dropout = None if call.dropout is None else call.dropout[n]
    left = replace(call, networks=len(n), state=state, dropout=dropout, **given)
    return Case([whole.cells[k] for k in n], left, whole.weight[n])


def on(device: str, whole: Case) -> Case:
    """The same on another device."""
    call = whole.call
    state = call.state and type(call.state)(*(field.to(device) for field in call.state))
    given = {name: getattr(call, name) for name in ("x", "lengths", "resets", "dropout")}
    moved = replace(call, state=state, **{name: t if t is None else t.to(device) for name, t in given.items()})
    return Case([cell.to(device) for cell in whole.cells], moved, whole.weight.to(device))


def results(given: Case, request: Request = EVERYTHING, *, kernel: str = "numba") -> list[dict[str, Tensor]]:
    """What each network gets of that kernel: output, final state, gradients, and all that its tape holds. The gradient
    of a shared x is the sum over the networks, and not among them."""
    held, call = given.tensors, given.call
    x = call.x.detach().clone().requires_grad_()
    state = call.state and type(call.state)(*(field.clone().requires_grad_() for field in call.state))
    run = run_together(type(given.cells[0]), held, replace(call, x=x, state=state), request)
    assert run.kernel == kernel
    loss(run, given.weight).backward()
    grads = {name: t.grad for name, t in held.items() if t is not None}
    return [
        _named(lambda t, n=n: t[n], given.cells[0], x if x.dim() == 4 else None, state, run, grads)
        | _taped(run.tapes[n] if run.tapes else None)
        for n in range(len(given.cells))
    ]


def alone(given: Case, network: int, kernel: str, request: Request = EVERYTHING) -> dict[str, Tensor]:
    """The same of one network, by itself."""
    cell, call = given.cells[network], given.call.of(network)
    cell.zero_grad()
    x = call.x.detach().clone().requires_grad_()
    state = call.state and type(call.state)(*(field.clone().requires_grad_() for field in call.state))
    run = KERNELS[kernel].run(cell, replace(call, x=x, state=state), request)
    loss(run, given.weight[network]).backward()
    grads = {name: t.grad.clone() for name, t in cell.tensors.items() if t is not None}
    return _named(lambda t: t, cell, x if given.call.x.dim() == 4 else None, state, run, grads) | _taped(run.tape)


def _stacked(each: list[Tensor | None]) -> Tensor | None:
    return None if each[0] is None else torch.stack(each).detach().requires_grad_()


def loss(run: PopulationRun, weight: Tensor) -> Tensor:
    """Of output and final states."""
    return (run.output * weight).sum() + sum(field.square().sum() for field in run.state or ())


def _named(own: Callable[[Tensor], Tensor], cell, x, state, run, grads) -> dict[str, Tensor]:
    found = {"output": run.output} | grads | ({} if x is None else {"x": x.grad})
    found |= {f"initial {n}": s.grad for n, s in zip(cell.state_names, state or (), strict=False)}
    found |= {f"final {n}": s for n, s in zip(cell.state_names, run.state or (), strict=False)}
    return {name: own(t).detach() for name, t in found.items()}


def _taped(tape) -> dict[str, Tensor]:
    return {} if tape is None else {n: tape[n] for n in tape} | {f"d{n}": tape.gradient(n) for n in tape}


def same(found: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    """Bit for bit; NaN, which marks padding on a tape, is NaN in both."""
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert torch.equal(found[name].isnan(), value.isnan()), name
        assert torch.equal(found[name].nan_to_num(), value.nan_to_num()), name


__all__ = [
    "BATCH", "EVERYTHING", "HIDDEN", "STEPS", "WIDTH", "Case", "alone", "case", "loss", "on", "results", "same",
    "some_of",
]  # fmt: skip
