"""Modular arithmetic without brackets: the value of an expression modulo 5, as Delétang et al. 2023 define it."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from carousel.experiments.tasks import Batch
from carousel.experiments.tasks.symbols import LastStepClassification, encode, integers

MODULUS = 5
_PLUS, _MINUS, _TIMES = MODULUS, MODULUS + 1, MODULUS + 2


@final
class ModularArithmetic(LastStepClassification):
    """Digits 0..4 with +, - or * between them; * binds first. An even T is shortened by one, as an expression is odd.

    Example (T=5): `1 + 2 * 3` -> 2.
    """

    name = "modular-arithmetic"
    summary = "value of an expression of digits, +, - and * modulo 5"
    shortest = 1

    def __init__(self, length: int):
        super().__init__(length, inputs=MODULUS + 3, classes=MODULUS)

    def sample(self, generator: torch.Generator, n: int) -> Batch:
        digits = integers(MODULUS, ((self.length + 1) // 2, n), generator)
        operators = integers(_TIMES + 1, (len(digits) - 1, n), generator, low=_PLUS)
        symbols = torch.empty(len(digits) + len(operators), n, dtype=torch.int64)
        symbols[::2], symbols[1::2] = digits, operators
        return Batch(encode(symbols, self.inputs), value(digits, operators))


def value(digits_TB: Tensor, operators_TB: Tensor) -> Tensor:
    """[B]: the value modulo 5, read from left to right: `total` is what is added up, `term` the product still open."""
    total, term = torch.zeros_like(digits_TB[0]), digits_TB[0]
    for digit, operator in zip(digits_TB[1:], operators_TB, strict=True):
        closes = operator != _TIMES
        total = torch.where(closes, total + term, total)
        term = torch.where(closes, torch.where(operator == _MINUS, -digit, digit), term * digit) % MODULUS
    return (total + term) % MODULUS
