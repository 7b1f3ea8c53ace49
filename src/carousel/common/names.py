"""The families of contenders, and which cell belongs to which. Plain names, no torch: read by claims and report."""

from __future__ import annotations

CLAIMS = ("vanishing", "exploding", "length", "gates", "generalisation", "stacking", "attention")

TRANSFORMER = "transformer"  # stands where the others name their cell; the one contender without recurrent state
FAMILY_OF_CELL = {
    "rnn": "RNN",
    "rnn-relu": "RNN",
    "lstm": "LSTM",
    "lstm-1997": "LSTM",
    "lstm-coupled": "LSTM",
    "gru": "GRU",
    TRANSFORMER: "TRANSFORMER",
}
RECURRENT = ("RNN", "LSTM", "GRU")
