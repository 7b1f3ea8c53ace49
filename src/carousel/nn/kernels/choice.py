"""Which kernel runs a call, and why the others did not."""

from __future__ import annotations

from dataclasses import dataclass

from carousel.common.errors import KernelRefused, UnknownName
from carousel.nn.cells import Cell
from carousel.nn.kernels.base import Call, Kernel, Request
from carousel.nn.kernels.numba import NumbaKernel
from carousel.nn.kernels.reference import ReferenceKernel
from carousel.nn.kernels.replay import ReplayKernel
from carousel.nn.kernels.torch_library import TorchKernel
from carousel.nn.kernels.triton import TritonKernel

#: Most wanted first. On a GPU torch's cuDNN runs what it can; Triton what must be recorded, or what torch lacks; a
#: replay of torch's run what must be recorded where Triton cannot.
KERNELS: dict[str, Kernel] = {
    k.name: k for k in (NumbaKernel(), TorchKernel(), TritonKernel(), ReplayKernel(), ReferenceKernel())
}
"""The kernels by name, the preferred ones first."""


@dataclass(frozen=True)
class Choice:
    """The kernel that runs a call, and the reasons of those that were preferred but refused."""

    kernel: Kernel
    refusals: dict[str, str]

    def __str__(self) -> str:
        reasons = "".join(f"; not {name}: {reason}" for name, reason in self.refusals.items())
        return f"{self.kernel.name}{reasons}"


def choose(cell: Cell, call: Call, request: Request, forced: str | None = None) -> Choice:
    """The first kernel that supports the call; `forced` names the only one allowed.

    Raises KernelRefused where a forced kernel cannot run the call, UnknownName where there is none of that name.
    """
    if forced is not None and forced not in KERNELS:
        raise UnknownName("kernel", forced, KERNELS)
    refusals: dict[str, str] = {}
    for kernel in [KERNELS[forced]] if forced else KERNELS.values():
        refusal = kernel.supports(cell, call, request)
        if refusal is None:
            return Choice(kernel, refusals)
        refusals[kernel.name] = refusal.reason
    raise KernelRefused("; ".join(f"kernel {name!r}: {reason}" for name, reason in refusals.items()))
