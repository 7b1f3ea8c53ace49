"""Whether a call is traced rather than run: then tensors may hold no numbers, and only operations leave anything."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_PLAIN = (Tensor, nn.Parameter)
_RUNS_ITSELF = Tensor.__torch_dispatch__
_MODES = tuple(torch._C._TorchDispatchModeKey.__members__.values())  # fake tensors, graphs, functional form


def is_traced(x: Tensor, weight: Tensor) -> bool:
    """Whether torch.compile, torch.export, make_fx or a FakeTensorMode sees the call, or a tensor is a stand-in."""
    if torch.compiler.is_compiling():
        return True
    if torch._C._len_torch_dispatch_stack() and any(torch._C._get_dispatch_mode(mode) for mode in _MODES):
        return True
    return _stands_in(type(x)) or _stands_in(type(weight))


def _stands_in(kind: type[Tensor]) -> bool:
    return kind not in _PLAIN and kind.__torch_dispatch__ is not _RUNS_ITSELF
