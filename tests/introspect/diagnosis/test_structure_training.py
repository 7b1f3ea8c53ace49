"""What a structural symptom costs: the faulty model and the fixed one are trained alike, and the fixed one is better.

The task: which of three symbols came first? Noise after it. Each pair is first examined: the finding, and none.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss, one_hot

import carousel

from .dynamics import seeded
from .test_structure import Chunked, Net, Stateful, at_end, every, found, last, padded, plain, tagged, with_lengths

STEPS, COUNT = 200, 24
Batches = Callable[[int], Any]


def first_symbol(seed: int, steps: int = 9, at: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    y = torch.randint(3, (COUNT,), generator=generator)
    x = 0.3 * torch.randn(COUNT, steps, 4, generator=generator)
    x[:, at] += nn.functional.pad(2 * one_hot(y, 3).float(), (0, 1))
    return x, y


def trained(model: nn.Module, loss_fn: Any, batches: Batches, steps: int = STEPS) -> nn.Module:
    """By Adam, on a fresh batch a step."""
    optimiser = torch.optim.Adam(model.parameters(), 5e-3)
    for step in range(steps):
        optimiser.zero_grad()
        loss_fn(model, batches(step)).backward()
        optimiser.step()
    return model.eval()


def right(model: nn.Module, batches: Batches = first_symbol) -> float:
    """Share of right answers on batches that were not trained on."""
    with torch.no_grad():
        return sum((model(b[0]).argmax(-1) == b[1]).float().mean().item() for b in map(batches, range(1000, 1010))) / 10


def test_batch_mixing():
    faulty, fixed = (seeded(lambda f=f: Net(last, batch_first=f)) for f in (False, True))
    assert "batch-mixing" in found(faulty, first_symbol(0), plain)
    assert "batch-mixing" not in found(fixed, first_symbol(0), plain)
    scores = [right(trained(model, plain, first_symbol)) for model in (faulty, fixed)]
    assert scores[1] > 0.95 > 0.6 > scores[0]


def test_reverse_read():
    """The symbol stands first: the backward direction has it at hand, where it is read at its own end."""

    def long(seed: int) -> tuple[Tensor, Tensor]:
        return first_symbol(seed, 40)

    faulty = seeded(lambda: Net(last, bidirectional=True))
    fixed = seeded(lambda: Net(lambda output, h, lengths: torch.cat([h[-2], h[-1]], 1), bidirectional=True))
    assert "reverse-read" in found(faulty, long(0), plain)
    assert "reverse-read" not in found(fixed, long(0), plain)
    scores = [right(trained(model, plain, long, 80), long) for model in (faulty, fixed)]
    assert scores[1] > 0.95 > 0.6 > scores[0]


def test_padded_read():
    """Half of the sequences end long before the last step; what is read there has gone through padding."""

    def short(seed: int) -> tuple[Tensor, Tensor, Tensor]:
        x, y = first_symbol(seed, 40)
        lengths = torch.where(torch.arange(COUNT) % 2 == 0, 40, 4)
        return x * (torch.arange(40) < lengths.unsqueeze(1)).unsqueeze(-1), lengths, y

    def score(model: nn.Module) -> float:
        x, lengths, y = short(1000)
        with torch.no_grad():
            return (model(x, lengths).argmax(-1) == y)[lengths == 4].float().mean().item()

    faulty, fixed = (seeded(lambda read=read: Net(read)) for read in (last, at_end))
    assert "padded-read" in found(faulty, short(0), with_lengths)
    assert "padded-read" not in found(fixed, short(0), with_lengths)
    scores = [score(trained(model, with_lengths, short, 120)) for model in (faulty, fixed)]
    assert scores[1] > 0.95 > 0.7 > scores[0]


def test_padding_in_loss():
    """Padding is nine tenths of the steps, and its label is another: the model learns to name padding."""

    def loss_with(keep: bool) -> Any:
        def loss_fn(model: nn.Module, batch: Any) -> Tensor:
            x, lengths, y = batch
            true = torch.arange(x.shape[1]) < lengths.unsqueeze(1)
            labels = torch.where(true, y.unsqueeze(1), 0)
            each = cross_entropy(model(x, lengths).transpose(1, 2), labels, reduction="none")
            return each.mean() if keep else each[true].mean()

        return loss_fn

    def short(seed: int) -> tuple[Tensor, Tensor, Tensor]:
        x, y = first_symbol(seed, 40)
        lengths = 3 + torch.arange(COUNT) % 3
        return x * (torch.arange(40) < lengths.unsqueeze(1)).unsqueeze(-1), lengths, y

    assert "padding-in-loss" in found(seeded(lambda: Net(every)), padded(), tagged(keep=True))
    losses = []
    for keep in (True, False):
        model = trained(seeded(lambda: Net(every)), loss_with(keep), short, 60)
        losses.append(loss_with(False)(model, short(1000)).item())
    assert losses[1] < 0.5 * losses[0]


def test_future_leak():
    """A forecaster that sees the future is good in training and useless where the future is not there yet."""

    def walk(seed: int) -> tuple[Tensor, Tensor]:
        generator = torch.Generator().manual_seed(seed)
        whole = torch.randn(COUNT, 13, 4, generator=generator)
        for t in range(1, 13):
            whole[:, t] = 0.9 * whole[:, t - 1] + 0.4 * whole[:, t]
        return whole[:, :-1], whole[:, 1:]

    def loss_fn(model: nn.Module, batch: Any) -> Tensor:
        return mse_loss(model(batch[0]), batch[1])

    def deployed(model: nn.Module) -> float:
        """The next value from each past alone."""
        x, y = walk(1000)
        with torch.no_grad():
            return sum(mse_loss(model(x[:, :t])[:, -1], y[:, t - 1]).item() for t in range(1, 13)) / 12

    faulty, fixed = (seeded(lambda b=b: Net(every, 4, bidirectional=b)) for b in (True, False))
    assert "future-leak" in found(faulty, walk(0), loss_fn)
    assert "future-leak" not in found(fixed, walk(0), loss_fn)
    errors = [deployed(trained(model, loss_fn, walk)) for model in (faulty, fixed)]
    assert errors[1] < 0.8 * errors[0]


def test_recurrence_unused():
    faulty = seeded(lambda: Net(lambda output, h, lengths: output[:, -1] * 0))
    fixed = seeded(lambda: Net(last))
    assert "recurrence-unused" in found(faulty, first_symbol(0), plain)
    assert "recurrence-unused" not in found(fixed, first_symbol(0), plain)
    scores = [right(trained(model, plain, first_symbol)) for model in (faulty, fixed)]
    assert scores[1] > 0.95 > 0.6 > scores[0]


def test_short_truncation():
    faulty, fixed = (seeded(lambda cut=cut: Chunked(detach=cut)) for cut in (True, False))
    assert "short-truncation" in found(faulty, first_symbol(0), plain)
    assert "short-truncation" not in found(fixed, first_symbol(0), plain)
    scores = [right(trained(model, plain, first_symbol)) for model in (faulty, fixed)]
    assert scores[1] > 0.95
    assert scores[0] < scores[1] - 0.2


def test_state_not_detached():
    """The faulty one cannot be trained past its first step."""
    faulty, fixed = seeded(lambda: Stateful(detach=False)), seeded(lambda: Stateful(detach=True))
    assert "state-not-detached" in found(faulty, first_symbol(0), plain)
    assert "state-not-detached" not in found(fixed, first_symbol(0), plain)
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        trained(faulty, plain, first_symbol, 3)
    assert right(trained(fixed, plain, first_symbol)) > 0.6


def test_state_carried_over():
    """Sequences that have nothing to do with the ones before them: what is carried over is noise."""

    class Fresh(Stateful):
        def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
            self.hidden = None
            return super().forward(x, lengths)

    faulty, fixed = seeded(lambda: Stateful(detach=True)), seeded(lambda: Fresh(detach=True))
    assert "state-carried-over" in found(faulty, first_symbol(0), plain)
    assert "state-carried-over" not in found(fixed, first_symbol(0), plain)
    scores = [right(trained(model, plain, first_symbol)) for model in (faulty, fixed)]
    assert scores[1] > 0.95 > 0.85 > scores[0]


def test_useless_dropout():
    """Trained on a dozen sequences for long: dropout that acts keeps the network from fitting their noise."""

    class Dropped(nn.Module):
        def __init__(self, acts: bool):
            super().__init__()
            self.rnn = nn.LSTM(4, 24, batch_first=True, dropout=0.0 if acts else 0.5)
            self.drop, self.head = nn.Dropout(0.5 if acts else 0.0), nn.Linear(24, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.head(self.drop(self.rnn(x)[0][:, -1]))

    x, y = first_symbol(0)
    few = x[:12], y[:12]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # torch's own, of the same mistake
        faulty = seeded(lambda: Dropped(False))
        assert "useless-dropout" in {f.symptom for f in carousel.diagnose(faulty, few, plain)}
    fixed = seeded(lambda: Dropped(True))
    assert "useless-dropout" not in found(copy.deepcopy(fixed), few, plain)
    losses = []
    for model in (faulty, fixed):
        seeded(lambda model=model: trained(model, plain, lambda seed: few, 300))
        losses.append(sum(plain(model, first_symbol(s)).item() for s in range(1000, 1010)))
    assert losses[1] < 0.75 * losses[0]
