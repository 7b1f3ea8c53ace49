"""Healthy models of many shapes, each with a batch and a loss: a diagnosis must find nothing in them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

B, T, I, H, C = 6, 10, 4, 12, 3  # noqa: E741


class Case(NamedTuple):
    """What is examined, and what is given beyond."""

    model: nn.Module
    batch: Any
    loss_fn: Callable[[nn.Module, Any], Tensor]
    known: dict[str, Any] = {}  # noqa: RUF012  (a NamedTuple's default is never written to)


def classes(model: nn.Module, batch: Any) -> Tensor:
    return cross_entropy(model(batch[0]), batch[1])


def with_lengths(model: nn.Module, batch: Any) -> Tensor:
    return cross_entropy(model(batch[0], batch[1]), batch[2])


def each_step(model: nn.Module, batch: Any) -> Tensor:
    return cross_entropy(model(batch[0]).flatten(0, 1), batch[1].flatten())


class Classifier(nn.Module):
    """How a recurrent module is read is the point: `read(rnn, x)`, features [B, F]."""

    def __init__(self, rnn: nn.Module, read: Callable[..., Tensor], width: int = H, outputs: int = C):
        super().__init__()
        self.rnn, self._read, self.head = rnn, read, nn.Linear(width, outputs)

    def forward(self, x: Tensor, *more: Tensor) -> Tensor:
        return self.head(self._read(self.rnn, x, *more))


class Tagger(nn.Module):
    """An answer for every step."""

    def __init__(self, rnn: nn.Module, width: int = H, outputs: int = C):
        super().__init__()
        self.rnn, self.norm, self.head = rnn, nn.LayerNorm(width), nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.norm(self.rnn(x)[0]))


def x_of(*shape: int) -> Tensor:
    return torch.randn(*shape)


def labels(*shape: int, count: int = C) -> Tensor:
    return torch.randint(count, shape)


def padded(batch: int = B, steps: int = T, inputs: int = I) -> tuple[Tensor, Tensor, Tensor]:
    """x [B, T, I] with zeros at padding, lengths, labels."""
    lengths = torch.tensor([steps, *(steps - 2 - k % (steps - 3) for k in range(batch - 1))])
    x = torch.randn(batch, steps, inputs) * (torch.arange(steps) < lengths[:, None])[..., None]
    return x, lengths, labels(batch)


def last(rnn: nn.Module, x: Tensor) -> Tensor:
    return rnn(x)[0][:, -1]


def plain(kind: Any, steps: int, **options: Any) -> Case:
    rnn = kind(I, H, batch_first=True, **options)
    return Case(Classifier(rnn, last), (x_of(B, steps, I), labels(B)), classes)


def long_lstm(steps: int, bias: float | None) -> Case:
    made = plain(nn.LSTM, steps)
    with torch.no_grad():
        rnn = made.model.rnn
        gate = math.log(steps - 1) if bias is None else bias
        spans = torch.empty(H).uniform_(1, steps - 1).log() if bias is None else torch.full((H,), gate)
        rnn.bias_ih_l0[H : 2 * H], rnn.bias_hh_l0[H : 2 * H] = spans, 0
        if bias is None:
            rnn.bias_ih_l0[:H], rnn.bias_hh_l0[:H] = -spans, 0
    return made


def recurrent_start(matrix: Callable[[Tensor], Any], steps: int, nonlinearity: str) -> Case:
    made = plain(nn.RNN, steps, nonlinearity=nonlinearity)
    with torch.no_grad():
        rnn = made.model.rnn
        matrix(rnn.weight_hh_l0)
        rnn.weight_ih_l0.normal_(0, 0.05)
        rnn.bias_ih_l0.zero_(), rnn.bias_hh_l0.zero_()
    return made


def joined(rnn: nn.Module, x: Tensor) -> Tensor:
    """Forward last, backward first."""
    output = rnn(x)[0]
    return torch.cat([output[:, -1, :H], output[:, 0, H:]], 1)


def packed_gather(rnn: nn.Module, x: Tensor, lengths: Tensor) -> Tensor:
    output, _ = pad_packed_sequence(
        rnn(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False))[0], batch_first=True
    )
    return output[torch.arange(len(x)), lengths - 1]


def packed_state(rnn: nn.Module, x: Tensor, lengths: Tensor) -> Tensor:
    _, (h, _) = rnn(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False))
    return torch.cat([h[-2], h[-1]], 1)


def gathered(rnn: nn.Module, x: Tensor, lengths: Tensor) -> Tensor:
    return rnn(x)[0][torch.arange(len(x)), lengths - 1]


def masked_mean(rnn: nn.Module, x: Tensor, lengths: Tensor) -> Tensor:
    mask = (torch.arange(x.shape[1]) < lengths[:, None])[..., None]
    return (rnn(x)[0] * mask).sum(1) / lengths[:, None]


class Language(nn.Module):
    """Next-token prediction."""

    def __init__(self, vocabulary: int = 20):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, I)
        self.lstm, self.head = nn.LSTM(I, H, 2, batch_first=True, dropout=0.2), nn.Linear(H, vocabulary)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.head(self.lstm(self.embedding(tokens))[0])


def next_token(model: nn.Module, tokens: Tensor) -> Tensor:
    return cross_entropy(model(tokens[:, :-1]).flatten(0, 1), tokens[:, 1:].flatten())


class Stateful(nn.Module):
    """Goes on where the last piece ended, without its history."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.lstm = nn.Embedding(20, I), nn.LSTM(I, H, batch_first=True)
        self.head, self.hidden = nn.Linear(H, 20), None

    def forward(self, tokens: Tensor) -> Tensor:
        output, state = self.lstm(self.embedding(tokens), self.hidden)
        self.hidden = tuple(s.detach() for s in state)
        return self.head(output)


class Attentive(nn.Module):
    """Attention pooling over the steps."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm, self.score, self.head = nn.LSTM(I, H, batch_first=True), nn.Linear(H, 1), nn.Linear(H, C)

    def forward(self, x: Tensor) -> Tensor:
        output, _ = self.lstm(x)
        return self.head((torch.softmax(self.score(output), dim=1) * output).sum(1))


class Convolved(nn.Module):
    """A convolution over time, batch norm, then a GRU."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv1d(I, 8, 3, padding=1), nn.BatchNorm1d(8)
        self.gru, self.head = nn.GRU(8, H, batch_first=True), nn.Linear(H, C)

    def forward(self, x_BIT: Tensor) -> Tensor:
        features = torch.relu(self.norm(self.conv(x_BIT))).transpose(1, 2)
        return self.head(self.gru(features)[1][-1])


class Translator(nn.Module):
    """Encoder and decoder of *Cell modules, teacher forcing."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.head = nn.Embedding(15, I), nn.Linear(H, 15)
        self.encoder, self.decoder = nn.LSTMCell(I, H), nn.LSTMCell(I, H)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        state = None
        for step in self.embedding(source).unbind(1):
            state = self.encoder(step, state)
        answers = []
        for step in self.embedding(target).unbind(1):
            state = self.decoder(step, state)
            answers.append(self.head(state[0]))
        return torch.stack(answers, 1)


def translation(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    target = batch["target"]
    return cross_entropy(model(batch["source"], target[:, :-1]).flatten(0, 1), target[:, 1:].flatten())


class Siamese(nn.Module):
    """One encoder for two inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.gru, self.head = nn.GRU(I, H, batch_first=True), nn.Linear(H, 1)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return self.head((self.gru(a)[1][-1] - self.gru(b)[1][-1]).abs()).squeeze(1)


def contrast(model: nn.Module, batch: Any) -> Tensor:
    return nn.functional.binary_cross_entropy_with_logits(model(batch[0], batch[1]), batch[2])


def twice(model: nn.Module, batch: Any) -> Tensor:
    """The model itself is called twice."""
    return nn.functional.triplet_margin_loss(model(batch[0]), model(batch[1]), model(batch[2]))


def tagging_padded(model: nn.Module, batch: Any) -> Tensor:
    return cross_entropy(model(batch["x"]).transpose(1, 2), batch["y"], ignore_index=-100)


def padded_tags() -> dict[str, Tensor]:
    x, lengths, _ = padded()
    y = labels(B, T).masked_fill(torch.arange(T) >= lengths[:, None], -100)
    return {"x": x, "y": y, "lengths": lengths}


def trained() -> Case:
    """After two hundred steps on which symbol came first."""
    made = plain(nn.LSTM, 8)
    optimiser = torch.optim.Adam(made.model.parameters(), 1e-2)
    for _ in range(200):
        x = torch.randn(16, 8, I)
        loss = cross_entropy(made.model(x), x[:, 0, :C].argmax(1))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return made


CASES: dict[str, Callable[[], Case]] = {
    "lstm": lambda: plain(nn.LSTM, 8),
    "gru": lambda: plain(nn.GRU, 12),
    "rnn": lambda: plain(nn.RNN, 10),
    "gru, evaluation mode": lambda: _evaluated(plain(nn.GRU, 9)),
    "lstm, float64": lambda: _double(plain(nn.LSTM, 9)),
    "lstm, T = B": lambda: plain(nn.LSTM, B),
    "lstm, two layers with dropout": lambda: plain(nn.LSTM, 10, num_layers=2, dropout=0.3),
    "lstm, chrono": lambda: long_lstm(100, None),
    "lstm, forget bias 2": lambda: long_lstm(50, 2.0),
    "lstm, forget bias 3": lambda: long_lstm(100, 3.0),
    "orthogonal rnn": lambda: recurrent_start(nn.init.orthogonal_, 60, "tanh"),
    "identity rnn": lambda: recurrent_start(nn.init.eye_, 60, "relu"),
    "time first": lambda: Case(
        Classifier(nn.GRU(I, H), lambda rnn, x: rnn(x)[0][-1]), (x_of(T, B, I), labels(B)), classes
    ),
    "time first, h_n": lambda: Case(
        Classifier(nn.LSTM(I, H), lambda rnn, x: rnn(x)[1][0][-1]), (x_of(T, T, I), labels(T)), classes
    ),
    "gru tagger": lambda: Case(Tagger(nn.GRU(I, H, batch_first=True)), (x_of(B, T, I), labels(B, T)), each_step),
    "time-first tagger": lambda: Case(Tagger(nn.GRU(I, H)), (x_of(T, B, I), labels(T, B)), each_step),
    "bidirectional tagger": lambda: Case(
        Tagger(nn.LSTM(I, H, batch_first=True, bidirectional=True), 2 * H), (x_of(B, T, I), labels(B, T)), each_step
    ),
    "bidirectional, joined": lambda: Case(
        Classifier(nn.LSTM(I, H, batch_first=True, bidirectional=True), joined, 2 * H),
        (x_of(B, T, I), labels(B)), classes,
    ),
    "bidirectional, mean": lambda: Case(
        Classifier(nn.GRU(I, H, batch_first=True, bidirectional=True), lambda rnn, x: rnn(x)[0].mean(1), 2 * H),
        (x_of(B, T, I), labels(B)), classes,
    ),
    "bidirectional, h_n": lambda: Case(
        Classifier(nn.LSTM(I, H, batch_first=True, bidirectional=True), packed_state, 2 * H), padded(), with_lengths
    ),
    "packed, gathered": lambda: Case(
        Classifier(nn.GRU(I, H, batch_first=True), packed_gather), padded(), with_lengths
    ),
    "padded, gathered": lambda: Case(Classifier(nn.LSTM(I, H, batch_first=True), gathered), padded(), with_lengths),
    "padded, masked mean": lambda: Case(
        Classifier(nn.GRU(I, H, batch_first=True), masked_mean), padded(), with_lengths
    ),
    "padded tags": lambda: Case(Tagger(nn.GRU(I, H, batch_first=True)), padded_tags(), tagging_padded),
    "language model": lambda: Case(Language(), labels(B, T + 1, count=20), next_token),
    "large vocabulary": lambda: Case(Language(2000), labels(3, T + 1, count=2000), next_token),
    "stateful language model": lambda: Case(
        Stateful(), labels(B, T + 1, count=20), next_token, {"continues": True}
    ),
    "stateful language model, continues not given": lambda: Case(Stateful(), labels(B, T + 1, count=20), next_token),
    "attention": lambda: Case(Attentive(), (x_of(B, T, I), labels(B)), classes),
    "convolution": lambda: Case(Convolved(), (x_of(B, I, T), labels(B)), classes),
    "translator": lambda: Case(
        Translator(), {"source": labels(B, 9, count=15), "target": labels(B, 8, count=15)}, translation
    ),
    "siamese": lambda: Case(Siamese(), (x_of(B, T, I), x_of(B, T, I), torch.rand(B).round()), contrast),
    "triplets": lambda: Case(
        Classifier(nn.GRU(I, H, batch_first=True), last), [x_of(B, T, I) for _ in range(3)], twice
    ),
    "regression": lambda: Case(
        Classifier(nn.LSTM(I, H, batch_first=True), last, outputs=1), (torch.rand(B, T, I), torch.rand(B, 1)),
        lambda model, batch: mse_loss(model(batch[0]), batch[1]),
    ),
    "one-hot": lambda: Case(
        Classifier(nn.GRU(I, H, batch_first=True), last),
        (nn.functional.one_hot(labels(B, T, count=I), I).float(), labels(B)), classes,
    ),
    "trained": trained,
    "answer layer at zero": lambda: _zeroed(plain(nn.LSTM, 9)),
}  # fmt: skip


def _evaluated(case: Case) -> Case:
    case.model.eval()
    return case


def _double(case: Case) -> Case:
    return case._replace(model=case.model.double(), batch=(case.batch[0].double(), case.batch[1]))


def _zeroed(case: Case) -> Case:
    nn.init.zeros_(case.model.head.weight)
    return case
