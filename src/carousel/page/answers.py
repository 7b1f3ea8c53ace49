"""The answer to each template of the course, computed by this package's cells and torch; the page computes its own."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch

from carousel.nn.cells import CELLS
from carousel.nn.kernels import Request
from carousel.nn.layers.stack import run_stack
from carousel.page.questions import Question, templates
from carousel.page.untrained import NETWORKS, left

_HORIZON = 0.001  # the share that counts as gone
_TENTH = 0.1  # the share of a key that counts as lost
_LONG = 40  # steps of the networks that lose their gradient


def answer_of(question: Question) -> float:
    """A number, the number of the option counted from 0, or the step counted from 1."""
    return float(_ANSWERS[question.template](**question.values))


def is_right(question: Question, given: float | None) -> bool:
    """Whether an answer is right, within the template's tolerance; None: not answered."""
    if given is None:
        return False
    right, tolerance = answer_of(question), templates()[question.template].get("tolerance")
    if tolerance is None:
        return given == right
    return abs(given - right) <= max(tolerance["relative"] * abs(right), tolerance["absolute"])


def _scalar(w: float, u: float, x: Sequence[float]) -> tuple[list[float], list[float]]:
    """h after each step of one unit, and what of a gradient of 1 at the last arrives at each."""
    cell = CELLS["rnn"](1, 1, dtype=torch.float64)
    cell.get_parameter("weight_ih").data.fill_(u)
    cell.get_parameter("weight_hh").data.fill_(w)
    inputs = torch.tensor(x, dtype=torch.float64).view(-1, 1, 1)
    done = run_stack([[cell]], inputs, requests=Request(states=True, gradients=True), kernel="reference")
    done.output[-1].sum().backward()
    (tape,) = done.tapes.values()
    return tape["h"].flatten().tolist(), tape.gradient("h").flatten().tolist()


def _pulse(steps: int, size: float = 1.0) -> list[float]:
    return [size, *[0.0] * (steps - 1)]


def _last(w: float, u: float, x: Sequence[float]) -> float:
    return _scalar(w, u, x)[0][-1]


def _arrived(w: float, x: Sequence[float]) -> float:
    return _scalar(w, 1.0, x)[1][0]


def _largest(values: Sequence[float]) -> int:
    return values.index(max(values))


def _sigmoid(a: float) -> float:
    return 1 / (1 + math.exp(-a))


def _opened(b: float, T: int, seed: int) -> int:
    return 0 if left("lstm", T, seed, b)[T - 1] > _HORIZON else 1


def _lost(network: str, seed: int, share: float) -> int:
    return next(k for k, value in enumerate(left(network, _LONG, seed)) if value < share)


def _partner(gate: str, **_: float) -> int:
    return "ifgoc".index({"i": "g", "f": "c", "g": "i"}[gate])


_ANSWERS: dict[str, Callable[..., Any]] = {
    "forward_last": lambda w, u, T: _last(w, u, _pulse(T)),
    "forward_largest": lambda ws, T: _largest([abs(_last(w, 1.0, _pulse(T))) for w in ws]),
    "backward_edge": lambda w, h: w * (1 - h**2),
    "backward_weakest": lambda w, x: 1 + _largest([abs(h) for h in _scalar(w, 1.0, x)[0]]),
    "backward_left": lambda w, T, x: _arrived(w, x[:T]),
    "length_power": lambda factor, k: factor**k,
    "length_horizon": lambda factor: math.ceil(math.log(_HORIZON) / math.log(factor)),
    "length_explodes": lambda w, pulse, T: 0 if abs(_arrived(w, _pulse(T, pulse))) > 1 else 1,
    "matrix_left": lambda slope, k: slope**k,
    "matrix_axis": lambda W: torch.linalg.svdvals(torch.tensor(W, dtype=torch.float64).view(2, 2))[0].item(),
    "cell_state": lambda f, c, i, g: f * c + i * g,
    "cell_road": lambda fs: math.prod(fs),
    "cell_partner": _partner,
    "trap_gate": lambda b: _sigmoid(b),
    "trap_left": lambda b, k: _sigmoid(b) ** k,
    "trap_both": lambda first, second: _sigmoid(first + second),
    "trap_scale": lambda f: -1 / math.log(f),
    "four_most": lambda T, seed: _largest([left(network, T, seed)[T - 1] for network in NETWORKS]),
    "four_lost": _lost,
    "four_opened": _opened,
    "race_guess": lambda keys: math.log(keys),
    "gates_weight": lambda i, f, k: i * f**k,
    "gates_lost": lambda fs: next(t for t in range(1, len(fs) + 1) if math.prod(fs[:t]) < _TENTH),
    "gates_attention": lambda a, others: torch.tensor([a, *[0.0] * others], dtype=torch.float64).softmax(0)[0].item(),
    "folklore_interval": lambda low, width: 0 if low > 0 else 1 if low + width < 0 else 2,
    "folklore_step": lambda left, k: left ** (1 / k),
    "race_clip": lambda norm, largest: min(1.0, largest / norm),
}
