"""Ways to run a cell over time, behind one contract. `choose` says which runs and why the others did not."""

from __future__ import annotations

from carousel.nn.kernels.base import Call, Kernel, Refusal, Request, Run
from carousel.nn.kernels.choice import KERNELS, Choice, choose
from carousel.nn.kernels.tape import Tape

__all__ = ["KERNELS", "Call", "Choice", "Kernel", "Refusal", "Request", "Run", "Tape", "choose"]
