"""Parity: is the number of ones odd? Every step matters, none can be forgotten."""

from __future__ import annotations

from typing import final

import torch

from carousel.experiments.tasks.base import Batch
from carousel.experiments.tasks.symbols import LastStepClassification, encode, integers


@final
class Parity(LastStepClassification):
    """T bits; the class is their sum modulo 2. Delétang et al. 2023. Example (T=5): `1 0 1 1 0` -> odd."""

    name = "parity"
    shortest = 1

    def __init__(self, length: int):
        super().__init__(length, inputs=2, classes=2)

    def sample(self, generator: torch.Generator, n: int) -> Batch:
        bits = integers(2, (self.length, n), generator)
        return Batch(encode(bits, 2), bits.sum(dim=0) % 2)
