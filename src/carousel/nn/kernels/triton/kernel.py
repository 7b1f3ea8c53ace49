"""The kernel named `triton`: when it can run a call."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import final

import torch
from torch import Tensor

from carousel.nn.cells import Cell, State
from carousel.nn.kernels.base import Call, Refusal, Request, Run, finished
from carousel.nn.kernels.numba.specification import SPECIFICATIONS
from carousel.nn.kernels.partial_recording import as_requested
from carousel.nn.kernels.population import PopulationCall, PopulationKernel, Tensors, view_of
from carousel.nn.kernels.tape import Recording
from carousel.nn.kernels.triton.recording import of_network


@final
class TritonKernel(PopulationKernel):
    """Forward and backward over time on a GPU; keeps gates, states and their total derivatives. float32."""

    name = "triton"

    def supports(self, cell: Cell, call: Call, request: Request) -> Refusal | None:
        tensors = [t for t in (call.x, *cell.tensors.values(), *(call.state or ())) if t is not None]
        if type(cell) not in SPECIFICATIONS:
            return Refusal(f"no Triton kernel is written for the cell {cell.name!r}")
        if not call.x.shape[1]:
            return Refusal("an empty batch has no step to run")
        if call.intervene is not None:
            return Refusal("interventions act inside a step, which the Triton kernel runs in one piece")
        if not all(t.is_cuda for t in tensors):
            return Refusal(f"the Triton kernel runs on a GPU, x is on {call.x.device}")
        if find_spec("triton") is None:
            return Refusal("the package triton is not installed")
        if any(t.dtype != torch.float32 for t in tensors):
            return Refusal(f"the Triton kernel takes float32, got {call.x.dtype}")
        if cell.layer_norm:
            return Refusal("the Triton kernel knows no layer normalisation in the cell")
        if torch._C._are_functorch_transforms_active() or torch.compiler.is_compiling() or torch.jit.is_tracing():
            return Refusal("code that is transformed, traced or compiled cannot hold a Triton kernel")
        return None

    def run(self, cell: Cell, call: Call, request: Request) -> Run:
        from carousel.nn.kernels.triton.autograd import recur  # triton is no dependency of the package

        output, state, recording = recur(cell, call, request)
        held = of_network(as_requested(recording, cell, request), 0)
        return finished(cell, call, request, output, state, held)

    def run_population(
        self, cell: type[Cell], tensors: Tensors, call: PopulationCall, request: Request
    ) -> tuple[Tensor, State, Callable[[int], Recording]]:
        from carousel.nn.kernels.triton.autograd import recur_together

        output, state, recording = recur_together(cell, tensors, call, request)
        held = as_requested(recording, view_of(cell, tensors, 0), request)
        return output, state, partial(of_network, held)
