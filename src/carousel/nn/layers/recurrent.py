"""`RNN`, `LSTM` and `GRU`: torch.nn's layers on Carousel's kernels."""

from __future__ import annotations

from torch import nn

from carousel.nn.layers.base import Recurrent


class RNN(Recurrent, nn.RNN):
    """Elman network, as torch.nn.RNN; see `forward` for what is new. kernel: force one by name."""


class LSTM(Recurrent, nn.LSTM):
    """Long short-term memory, as torch.nn.LSTM; see `forward` for what is new. kernel: force one by name."""


class GRU(Recurrent, nn.GRU):
    """Gated recurrent unit, as torch.nn.GRU; see `forward` for what is new. kernel: force one by name."""
