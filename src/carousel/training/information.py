"""How many bits about a class a linear readout finds in a network's state."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

_RIDGE = 1e-3  # of the mean loss; keeps the weights of separable classes finite
_ROUNDS = 100


def readable_bits(train_NS: Tensor, train_y: Tensor, test_NS: Tensor, test_y: Tensor, classes: int) -> float:
    """Bits about y in a state of S numbers, by multinomial logistic regression fitted on one part and measured on the
    other: what guessing the base rates costs, less what the readout costs; 0 where it costs more.

    A lower bound of the mutual information, and the whole of what a linear readout can use (Xu et al. 2020,
    "A theory of usable information under computational constraints").
    """
    mean, scale = train_NS.double().mean(0), train_NS.double().std(0).clamp(min=1e-9)
    train, test = ((part.double() - mean) / scale for part in (train_NS, test_NS))
    weight, bias = _fitted(train, train_y, classes)
    rates = torch.bincount(train_y, minlength=classes).double().clamp(min=0.5)
    guessed = cross_entropy((rates / rates.sum()).log().expand(len(test_y), -1), test_y)
    read = cross_entropy(test @ weight + bias, test_y)
    return max(0.0, (guessed - read).item() / math.log(2))


def _fitted(states: Tensor, y: Tensor, classes: int) -> tuple[Tensor, Tensor]:
    weight = torch.zeros(states.shape[1], classes, dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(classes, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([weight, bias], max_iter=_ROUNDS, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = cross_entropy(states @ weight + bias, y) + _RIDGE * weight.square().sum()
        loss.backward()
        return loss

    with torch.enable_grad():
        optimiser.step(closure)
    return weight.detach(), bias.detach()
