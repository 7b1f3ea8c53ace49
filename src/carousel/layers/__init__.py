"""Drop-in layers for torch.nn.RNN, LSTM and GRU, and initialisations by name."""

from __future__ import annotations

from carousel.layers.initialisation import INITIALISATIONS, Initialisation, initialisation, initialise
from carousel.layers.recurrent import GRU, LSTM, RNN

__all__ = ["GRU", "INITIALISATIONS", "LSTM", "RNN", "Initialisation", "initialisation", "initialise"]
