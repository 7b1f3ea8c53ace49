"""Cells, calls under every option, and all results of a run by name: what the tests of the kernels share."""

from __future__ import annotations

import copy
from dataclasses import replace

import torch

from carousel.nn.cells import CELLS, Cell
from carousel.nn.kernels import KERNELS, Call, Request

PRECISION = {torch.float32: 2e-5, torch.float64: 1e-12}
OPTIONS = (
    "plain", "no final state", "no state", "no bias", "lengths", "resets", "reverse", "reverse lengths",
    "reverse resets lengths", "dropout", "dropout resets", "norm", "norm no bias",
    "norm dropout resets reverse lengths",
)  # fmt: skip
LENGTHS = {1: [1, 1, 1], 2: [2, 1, 2], 4: [4, 2], 5: [2, 5, 1], 7: [7, 1, 4], 9: [3, 9, 1], 63: [1, 63, 32]}


def make(
    name: str, dtype: torch.dtype = torch.float64, option: str = "", hidden: int = 5, width: int = 3, seed: int = 0
) -> Cell:
    """A cell with torch's initialisation, and gains and biases of a layer norm away from 1 and 0."""
    cell = CELLS[name](width, hidden, bias="no bias" not in option, layer_norm="norm" in option, dtype=dtype)
    generator = torch.Generator().manual_seed(seed)
    bound = hidden**-0.5
    for parameter_name, parameter in cell.named_parameters():
        parameter.data.uniform_(-bound, bound, generator=generator)
        if parameter_name in ("norm_ih", "norm_hh", "norm_c"):
            parameter.data += 1
    return cell


def inputs(steps: int, batch: int, dtype: torch.dtype, width: int = 3) -> torch.Tensor:
    """Non-contiguous, as a user's transposed batch is."""
    generator = torch.Generator().manual_seed(1)
    return torch.randn(batch, steps, width, generator=generator, dtype=dtype).transpose(0, 1)


def make_call(cell: Cell, x: torch.Tensor, option: str) -> Call:
    """A call with the options that its name lists."""
    steps, batch, _ = x.shape
    generator = torch.Generator().manual_seed(2)
    zero = cell.initial_state(batch)
    state = type(zero)(*(torch.rand(s.shape, generator=generator, dtype=s.dtype) - 0.5 for s in zero))
    lengths = torch.tensor((LENGTHS[steps] * batch)[:batch]) if "lengths" in option else None
    resets = torch.rand(steps, batch, generator=generator) < 0.3 if "resets" in option else None
    dropout = None
    if "dropout" in option:
        dropout = (torch.rand(batch, cell.hidden_size, generator=generator) < 0.7).to(x.dtype) / 0.7
    return Call(x, None if option == "no state" else state, lengths, resets, dropout, "reverse" in option)


def results(kernel: str, cell: Cell, call: Call, request: Request) -> dict[str, torch.Tensor]:
    """Outputs, final state and every gradient of one run, by name."""
    x = call.x.clone().requires_grad_()
    cell.zero_grad()
    state = call.state and type(call.state)(*(s.clone().requires_grad_() for s in call.state))
    run = KERNELS[kernel].run(cell, replace(call, x=x, state=state), request)
    weight = torch.linspace(-1, 1, run.output.numel(), dtype=x.dtype, device=x.device).view_as(run.output)
    loss = (run.output * weight).sum()
    for final in run.state or ():
        loss = loss + (final * final).sum()
    loss.backward()
    found = {"output": run.output, "x": x.grad}
    found |= {f"initial {n}": s.grad for n, s in zip(cell.state_names, state or (), strict=False)}
    found |= {name: p.grad.clone() for name, p in cell.named_parameters()}
    found |= {f"final {n}": s for n, s in zip(cell.state_names, run.state or (), strict=False)}
    return {name: value.detach() for name, value in found.items()}


def close(found: dict, expected: dict, dtype: torch.dtype, steps: int) -> None:
    """All by name, within the precision of the type."""
    assert expected.keys() == found.keys()
    for name in expected:
        torch.testing.assert_close(
            found[name], expected[name], rtol=PRECISION[dtype], atol=PRECISION[dtype] * steps, equal_nan=True,
            msg=lambda m, n=name: f"{n}: {m}",
        )  # fmt: skip


def as_exact(found: dict, expected: dict, exact: dict, steps: int) -> None:
    """float32 results by name against float64 ones, relative to the largest number of each: as near as the type allows
    over so many steps, or as near as the reference in float32 is."""
    assert expected.keys() == found.keys()
    for name, truth in exact.items():
        error, reference = ((each[name].double() - truth).abs().max().item() for each in (found, expected))
        scale = max(1.0, truth.abs().max().item())
        assert error <= max(PRECISION[torch.float32] * steps * scale, 2 * reference), (name, error, reference, scale)


def doubled(cell: Cell, call: Call) -> tuple[Cell, Call]:
    """The same in float64."""
    state = call.state and type(call.state)(*(s.double() for s in call.state))
    dropout = None if call.dropout is None else call.dropout.double()
    return copy.deepcopy(cell).double(), replace(call, x=call.x.double(), state=state, dropout=dropout)


def moved(call: Call, device: str) -> Call:
    """The same call on another device."""
    state = call.state and type(call.state)(*(s.to(device) for s in call.state))
    tensors = {name: getattr(call, name) for name in ("x", "lengths", "resets", "dropout")}
    return replace(call, state=state, **{name: t if t is None else t.to(device) for name, t in tensors.items()})


__all__ = [
    "LENGTHS", "OPTIONS", "PRECISION", "as_exact", "close", "doubled", "inputs", "make", "make_call", "moved",
    "results",
]  # fmt: skip
