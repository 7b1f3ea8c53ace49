"""How many bits about a class a linear readout finds in a network's state."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

Floats = NDArray[np.float64]

_RIDGES = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2)  # tried on a third of the first part
_ROUNDS = 200
_FLAT = 1e-10  # of the largest variance: what varies less is rounding


def readable_bits(train_NS: Tensor, train_y: Tensor, test_NS: Tensor, test_y: Tensor) -> float:
    """Bits about y in a state of S numbers, by multinomial logistic regression fitted on one part and measured on the
    other: what guessing the base rates costs, less what the readout costs; 0 where it costs more. Classes are those
    that occur: one that never does has no best weights.

    States are whitened, since what is read may be in directions that hardly vary. A lower bound of the mutual
    information: what a linear readout can use (Xu et al. 2020, "A theory of usable information under computational
    constraints").
    """
    mean, turn = _whitening(train_NS.double())
    train, test = ((part.double() - mean) @ turn for part in (train_NS, test_NS))
    occurring, y = torch.cat([train_y, test_y]).unique(return_inverse=True)
    (train_y, test_y), classes = y.split([len(train_y), len(test_y)]), len(occurring)
    weight, bias = _chosen(train, train_y, classes)
    rates = torch.bincount(train_y, minlength=classes).double().clamp(min=0.5)
    guessed = cross_entropy((rates / rates.sum()).log().expand(len(test_y), -1), test_y)
    read = cross_entropy(test @ weight + bias, test_y)
    return max(0.0, (guessed - read).item() / math.log(2))


def _whitening(states: Tensor) -> tuple[Tensor, Tensor]:
    """The mean, and the matrix [S, S'] after which all S' directions have variance 1."""
    mean = states.mean(0)
    values, vectors = torch.linalg.eigh(torch.atleast_2d((states - mean).T.cov()))
    kept = values > _FLAT * values.max().clamp(min=1e-300)
    return mean, vectors[:, kept] / values[kept].sqrt()


def _chosen(states: Tensor, y: Tensor, classes: int) -> tuple[Tensor, Tensor]:
    """Fitted with the ridge that costs least on a third that was held back."""
    held = len(y) // 3
    fits, flat = [], np.zeros((states.shape[1] + 1) * classes)
    for ridge in sorted(_RIDGES, reverse=True):  # each from where the one before ended, which is near
        flat = _fitted(states[held:], y[held:], classes, ridge, flat)
        both = torch.from_numpy(flat).view(-1, classes)
        fits.append((both[:-1], both[-1]))
    return min(fits, key=lambda fit: cross_entropy(states[:held] @ fit[0] + fit[1], y[:held]).item())


def _fitted(states: Tensor, y: Tensor, classes: int, ridge: float, start: Floats) -> Floats:
    """Weights [S, K] and under them the bias [K], flat, by L-BFGS: the loss is convex."""
    from scipy.optimize import minimize  # here: a worker that measures no gates does not wait for it

    ones = torch.cat([states, states.new_ones(len(states), 1)], dim=1)
    hit = one_hot(y, classes).double()

    def loss_and_gradient(flat: Floats) -> tuple[float, Floats]:
        both = torch.from_numpy(flat).view(-1, classes)
        logits = ones @ both
        logits -= logits.amax(1, keepdim=True)
        odds = logits.exp()  # taken once: torch's log_softmax takes it again, in more time than all the rest
        total = odds.sum(1, keepdim=True)
        gradient = ones.T @ (odds / total - hit) / len(y)
        gradient[:-1] += 2 * ridge * both[:-1]
        loss = (total.log().sum() - (logits * hit).sum()) / len(y) + ridge * both[:-1].square().sum()
        return loss.item(), gradient.numpy().ravel()

    options = {"maxiter": _ROUNDS, "maxcor": 20, "ftol": 1e-12, "gtol": 1e-7}
    found: Floats = minimize(loss_and_gradient, start, jac=True, method="L-BFGS-B", options=options).x
    return found
