"""Small models and tasks for the symptoms of dynamics, and their training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

import carousel
from carousel.introspect.diagnosis import Finding


class Last(nn.Module):
    """A recurrent module, its last output, a linear answer."""

    def __init__(self, rnn: nn.Module, outputs: int = 4):
        super().__init__()
        self.rnn = rnn
        self.head = nn.Linear(rnn.hidden_size, outputs)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.rnn(x)[0][-1])


def seeded(make: Callable[[], Any], seed: int = 0) -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return make()


def recall(steps: int, count: int = 32, symbols: int = 4, seed: int = 0) -> tuple[Tensor, Tensor]:
    """[T, B, symbols + 1]: which of the symbols came first? Noise after it."""
    generator = torch.Generator().manual_seed(seed)
    keys = torch.randint(symbols, (count,), generator=generator)
    x = torch.randn(steps, count, symbols + 1, generator=generator) * 0.1
    x[0, :, :symbols] = nn.functional.one_hot(keys, symbols).float()
    x[:, :, -1] = 0
    x[0, :, -1] = 1
    return x, keys


def loss_fn(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
    return nn.functional.cross_entropy(model(batch[0]), batch[1])


def trained_loss(model: nn.Module, steps: int, made: Callable[[int], Any], rate: float = 5e-3) -> float:
    """Mean loss of the last tenth of so many Adam steps on fresh batches."""
    optimiser, losses = torch.optim.Adam(model.parameters(), rate), []
    for step in range(steps):
        optimiser.zero_grad()
        loss = loss_fn(model, made(step))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        losses.append(loss.item())
    return sum(losses[-steps // 10 :]) / (steps // 10)


def diagnosed(model: nn.Module, batch: Any, **known: Any) -> dict[str, Finding]:
    """Findings by symptom, those that follow from others too."""
    found = carousel.diagnose(model, batch, loss_fn, **known)
    return {each.symptom: each for finding in found for each in (finding, *finding.follows)}


def fix(finding: Finding, **names: Any) -> dict[str, Any]:
    """Run the finding's line of code, as a user would paste it."""
    space = {"torch": torch, **names}
    with torch.no_grad():
        exec(finding.fix, space)
    return space


def speaks(finding: Finding, *numbers: str) -> None:
    """Both languages say every part, and the evidence holds the numbers."""
    for lang in ("en", "zh"):
        for part in ("title", "cause", "advice", "limits"):
            assert finding.text(part, lang)
        assert all(number in finding.text("evidence", lang) for number in numbers)
