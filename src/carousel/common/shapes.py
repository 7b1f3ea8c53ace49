"""The letters used everywhere for the axes of an array.

    T  time, first inside the library        I  input channels        G  gates (rows of the projection, G = gates x H)
    B  batch                                 H  hidden units          O  outputs of the readout
    L  layers

A tensor is suffixed with them at a boundary (`x_TBI`); bare symbols stand inside an equation.
"""

from __future__ import annotations

import torch
from torch import Tensor


def valid_steps(lengths: Tensor, steps: int) -> Tensor:
    """[..., T, B] bool of lengths [..., B]: True where a step belongs to its sequence, False at padding."""
    return torch.arange(steps, device=lengths.device).unsqueeze(1) < lengths.unsqueeze(-2)


def at_last_step(values_TB: Tensor, lengths: Tensor | None) -> Tensor:
    """[B, ...]: the values at the last true step of each sequence (the last of all where `lengths` is None)."""
    if lengths is None:
        return values_TB[-1]
    return values_TB[lengths - 1, torch.arange(values_TB.shape[1], device=values_TB.device)]
