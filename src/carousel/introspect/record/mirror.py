"""A house layer that computes with the parameters of a torch module: the same numbers, its inside seen."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from carousel.common.errors import BadCall
from carousel.nn.layers import GRU, LSTM, RNN
from carousel.nn.layers.base import Recurrent
from carousel.nn.layers.kernel_report import LastCall


class _Mirror:
    """Whatever it does not hold itself is the original's: sizes, mode, and the parameters as they are at each call."""

    def __init__(self, original: nn.RNNBase):
        own = {"recurrent_dropout": 0.0, "layer_norm": False, "_forced": None, "_last": LastCall()}
        self.__dict__.update(own | {"_original": original})

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_original"], name)


_KINDS: dict[type[nn.RNNBase], Any] = {
    theirs: type(theirs.__name__, (_Mirror, ours), {})
    for theirs, ours in ((nn.RNN, RNN), (nn.LSTM, LSTM), (nn.GRU, GRU))
}


def runner(module: nn.RNNBase) -> Recurrent:
    """What runs in the module's place: itself, if it is one of the house's layers, else its mirror."""
    if isinstance(module, Recurrent):
        return module
    kind = next(kind for theirs, kind in _KINDS.items() if isinstance(module, theirs))
    return kind(module)


def refuse_autocast(name: str, device: str) -> None:
    """Under autocast torch's modules compute in another type than the house's kernels would."""
    if torch.is_autocast_enabled(device):
        raise BadCall(
            f"{name} runs under torch.autocast, which would record other numbers than it computes",
            fix="record outside autocast",
        )
