"""The numbers by which compiled code knows the equations."""

from __future__ import annotations

ELMAN_TANH, ELMAN_RELU, LSTM, LSTM_1997, LSTM_COUPLED, GRU = range(6)
