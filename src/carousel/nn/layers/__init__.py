"""Drop-in layers for torch.nn.RNN, LSTM and GRU."""

from __future__ import annotations

from carousel.nn.layers.recurrent import GRU, LSTM, RNN

__all__ = ["GRU", "LSTM", "RNN"]
