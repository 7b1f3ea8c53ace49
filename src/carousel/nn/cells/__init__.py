"""The recurrences: one file each, parameters and equation, no loop over time.

`CELLS` is the public list: contender names to classes.
"""

from __future__ import annotations

from carousel.nn.cells.base import PARAMETERS, Cell, Gates, Intervene, State, unchanged
from carousel.nn.cells.elman import ElmanReLU, ElmanTanh
from carousel.nn.cells.gru import GRU
from carousel.nn.cells.lstm import LSTM, LSTM1997, CoupledLSTM
from carousel.nn.cells.projected import ProjectedLSTM

CELLS: dict[str, type[Cell]] = {cell.name: cell for cell in (ElmanTanh, ElmanReLU, LSTM, LSTM1997, CoupledLSTM, GRU)}

__all__ = [
    "CELLS",
    "GRU",
    "LSTM",
    "LSTM1997",
    "PARAMETERS",
    "Cell",
    "CoupledLSTM",
    "ElmanReLU",
    "ElmanTanh",
    "Gates",
    "Intervene",
    "ProjectedLSTM",
    "State",
    "unchanged",
]
