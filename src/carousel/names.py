"""The families of contenders, and which cell belongs to which. Plain names, no torch: read by claims and report."""

from __future__ import annotations

FAMILY_OF_CELL = {
    "rnn": "RNN",
    "rnn-relu": "RNN",
    "lstm": "LSTM",
    "lstm-1997": "LSTM",
    "lstm-coupled": "LSTM",
    "gru": "GRU",
    "transformer": "Transformer",
}
RECURRENT = ("RNN", "LSTM", "GRU")
