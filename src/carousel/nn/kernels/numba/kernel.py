"""The kernel named `numba`: when it can run a call, and how a call becomes a pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import final

import torch
from torch import Tensor
from torch.autograd import forward_ad

from carousel.nn.cells import Cell, State
from carousel.nn.kernels.base import Call, Refusal, Request, Run, finished
from carousel.nn.kernels.numba.specification import SPECIFICATIONS
from carousel.nn.kernels.partial_recording import as_requested
from carousel.nn.kernels.population import PopulationCall, PopulationKernel, Tensors, view_of
from carousel.nn.kernels.tape import Recording
from carousel.nn.kernels.tracing import is_traced

_DTYPES = (torch.float32, torch.float64)


@final
class NumbaKernel(PopulationKernel):
    """Forward and backward over time in compiled code on the CPU; keeps gates, states and their total derivatives."""

    name = "numba"

    def supports(self, cell: Cell, call: Call, request: Request) -> Refusal | None:
        x, tensors = call.x, [t for t in (call.x, *cell.tensors.values(), *(call.state or ())) if t is not None]
        if type(cell) not in SPECIFICATIONS:
            return Refusal(f"no numba kernel is written for the cell {cell.name!r}")
        if call.intervene is not None:
            return Refusal("interventions act inside a step, which the numba kernel runs in one piece")
        if not all(t.is_cpu for t in tensors):
            return Refusal(f"the numba kernel runs on the CPU, x is on {x.device}")
        types = {t.dtype for t in tensors}
        if len(types) > 1 or x.dtype not in _DTYPES:
            found = ", ".join(sorted(str(t).removeprefix("torch.") for t in types))
            return Refusal(f"the numba kernel takes float32 or float64, the same everywhere, got {found}")
        if torch.jit.is_tracing() or torch.compiler.is_exporting():
            return Refusal("what is exported runs without Carousel, from torch's operators alone")
        traced = is_traced(x, cell.weight_hh)
        if request.records and (traced or not x.shape[1]):
            return Refusal("nothing is kept of a call that is traced, or that has no sequence")
        if not traced and _transformed(tensors):
            return Refusal("torch.func transforms and forward-mode derivatives need a kernel made of torch's operators")
        return None

    def run(self, cell: Cell, call: Call, request: Request) -> Run:
        if is_traced(call.x, cell.weight_hh) or not call.x.shape[1]:
            from carousel.nn.kernels.numba.operation import recur_traced  # numba loads at the first run, not at import

            output, state = recur_traced(cell, call)
            return Run(output, state if request.final_state else None, None)
        from carousel.nn.kernels.numba.autograd import recur

        output, state, recording = recur(cell, call, request)
        return finished(cell, call, request, output, state, as_requested(recording, cell, request))

    def run_population(
        self, cell: type[Cell], tensors: Tensors, call: PopulationCall, request: Request
    ) -> tuple[Tensor, State, Callable[[int], Recording]]:
        from carousel.nn.kernels.numba.autograd import recur_together

        output, state, recordings = recur_together(cell, dict(tensors), call, request)
        first = view_of(cell, tensors, 0)
        held = [as_requested(recording, first, request) for recording in recordings]
        return output, state, held.__getitem__


def _transformed(tensors: list[Tensor]) -> bool:
    if forward_ad._current_level >= 0 and any(forward_ad.unpack_dual(t).tangent is not None for t in tensors):
        return True
    active = torch._C._are_functorch_transforms_active()
    return active and any(torch._C._functorch.is_functorch_wrapped_tensor(t) for t in tensors)
