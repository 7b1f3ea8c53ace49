"""Ways to run a cell over time, behind one contract. `choose` says which runs and why the others did not."""

from __future__ import annotations

from carousel.kernels.base import Call, Kernel, Refusal, Request, Run
from carousel.kernels.choice import KERNELS, Choice, choose
from carousel.kernels.tape import Tape

__all__ = ["KERNELS", "Call", "Choice", "Kernel", "Refusal", "Request", "Run", "Tape", "choose"]
