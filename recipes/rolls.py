"""A stack of the package's layers that predicts the next frame of a piano roll, and how one is trained.

Of all cells alike: notes scaled by 4 (a key sounds in one frame of 23, so that is a standard deviation near 1), output
biases that start from each key's share of frames, dropout between the layers and before the output, recurrent dropout
(one mask a sequence; Gal, Ghahramani 2016), Adam on batches of 8 pieces, the gradient clipped at norm 1, a moving
average of the weights, and of it the epoch with the best validation loss.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout

from carousel.experiments.data import DataTask
from carousel.experiments.tasks import Batch
from carousel.experiments.training.learners import snapshot
from carousel.nn.layers import GRU, LSTM, RNN

CELLS = {"rnn": RNN, "lstm": LSTM, "gru": GRU}
LAYERS = 2
_SCALE, _BATCH, _CLIP, _AVERAGE = 4.0, 8, 1.0, 0.99
_SHUFFLE = 0.5  # batches mix pieces up to so much longer than each other


@dataclass(frozen=True)
class Setting:
    """What is tuned, the same choices for every cell."""

    rate: float
    dropout: float
    recurrent_dropout: float


@dataclass(frozen=True)
class Limits:
    """Epochs at most, and without a better validation loss."""

    epochs: int
    patience: int


@dataclass(frozen=True)
class Fit:
    """Nats a frame of the weights chosen on the validation part; `epoch`: when they were taken, of `epochs`."""

    validation: float
    test: float
    test_by_piece: float
    epoch: int
    epochs: int


class NextFrame(nn.Module):
    """x: [T, B, 88] -> logits of the frame after each step, [T, B, 88]."""

    def __init__(self, cell: str, keys: int, hidden: int, setting: Setting):
        super().__init__()
        between, recurrent = setting.dropout, setting.recurrent_dropout
        self.layers = CELLS[cell](keys, hidden, LAYERS, dropout=between, recurrent_dropout=recurrent)
        self.linear = nn.Linear(hidden, keys)
        self.dropout = setting.dropout

    def forward(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """What stands at padded steps changes nothing."""
        output, _ = self.layers(_SCALE * x, lengths=lengths)
        return self.linear(dropout(output, self.dropout, self.training))


def fit(task: DataTask, cell: str, hidden: int, setting: Setting, limits: Limits, seed: int) -> Fit:
    """Train one network; the test part is looked at once, with the weights that the validation part chose."""
    torch.manual_seed(seed)  # the layers' weights and dropout draw from the global generator, as torch's do
    training, validation, test = (task.held_out(part) for part in ("training", "validation", "test"))
    network = NextFrame(cell, task.inputs, hidden, setting)
    _start_from_shares(network.linear, training)
    average = copy.deepcopy(network).eval()
    optimiser = torch.optim.Adam(network.parameters(), lr=setting.rate, fused=True)
    kept, best, chosen, steps = snapshot(average), math.inf, 0, 0
    for epoch in range(1, limits.epochs + 1):
        for batch in _batches(training):
            _step(network, optimiser, task.loss(network(batch.x, batch.lengths), batch))
            steps += 1
            _follow(average, network, steps)
        loss = nats(average, validation)[0]
        if loss < best:
            kept, best, chosen = snapshot(average), loss, epoch
        elif epoch - chosen >= limits.patience:
            break
    average.load_state_dict(kept)
    return Fit(best, *nats(average, test), chosen, epoch)


def nats(network: nn.Module, batch: Batch) -> tuple[float, float]:
    """Negative log-likelihood a frame: over all frames (the published reading), and the mean of the pieces' means."""
    lengths = batch.lengths
    with torch.no_grad():
        logits = network(batch.x, lengths).double()
    losses = nn.functional.binary_cross_entropy_with_logits(logits, batch.y.double(), reduction="none").sum(dim=2)
    true = torch.arange(len(losses)).unsqueeze(1) < lengths
    pieces = (losses * true).sum(dim=0)
    return float(pieces.sum() / lengths.sum()), float((pieces / lengths).mean())


def _start_from_shares(linear: nn.Linear, training: Batch) -> None:
    frames = int(training.lengths.sum())
    share = (training.y.sum(dim=(0, 1)) + 0.5) / (frames + 1)  # half a count each way: no key is impossible
    linear.bias.data.copy_(share.logit())


def _batches(training: Batch) -> Iterator[Batch]:
    """Every piece once, beside others of about its length: what is padded costs time and teaches nothing."""
    about = training.lengths * (1 + _SHUFFLE * torch.rand(len(training.lengths)))
    batches = about.argsort().split(_BATCH)
    for place in torch.randperm(len(batches)).tolist():
        rows = batches[place]
        lengths = training.lengths[rows]
        longest = int(lengths.max())
        yield Batch(training.x[:longest, rows], training.y[:longest, rows], lengths)


def _step(network: nn.Module, optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
    optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(network.parameters(), _CLIP)
    optimiser.step()


def _follow(average: nn.Module, network: nn.Module, steps: int) -> None:
    """An exponential average that is a plain one over the first steps."""
    weight = max(1 - _AVERAGE, 9 / (10 + steps))
    with torch.no_grad():
        torch._foreach_lerp_(list(average.parameters()), list(network.parameters()), weight)
