"""Programs as beginners report them, each with its mended twin: the cause comes first, and the twin has no alarm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence

from carousel import diagnose
from carousel.introspect.diagnosis.finding import Finding

Made = tuple[nn.Module, Any, Callable[[nn.Module, Any], Tensor], dict[str, Any]]
B, T, V = 11, 13, 30


class Net(nn.Module):
    """A layer and a head; forward(net, *inputs) is what the program does with them."""

    def __init__(self, forward: Callable[..., Tensor], inputs: int, answers: int, kind: Any = nn.LSTM, **options: Any):
        super().__init__()
        self.embedding = nn.Embedding(V, 8, padding_idx=0)
        self.rnn = kind(inputs, 12, **{"batch_first": True} | options)
        self.head = nn.Linear(24 if options.get("bidirectional") else 12, answers)
        self.own = forward

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.own(self, *inputs)


def last_step(net: Any, x: Tensor) -> Tensor:
    return net.head(net.rnn(x)[0][:, -1])


def each_step(net: Any, x: Tensor) -> Tensor:
    return net.head(net.rnn(x)[0])


def squared(model: nn.Module, batch: Any) -> Tensor:
    return F.mse_loss(model(*batch[:-1]), batch[-1])


def classified(model: nn.Module, batch: Any) -> Tensor:
    return F.cross_entropy(model(*batch[:-1]), batch[-1])


def sentences() -> tuple[Tensor, Tensor]:
    lengths = torch.randint(3, T + 1, (B,))
    lengths[0] = T
    tokens = torch.randint(1, V, (B, T))
    tokens[torch.arange(T) >= lengths.unsqueeze(1)] = 0
    return tokens, lengths


def windows_as_one_sequence(fixed: bool) -> Made:
    series = torch.sin(torch.arange(400) / 9) + 0.1 * torch.randn(400)
    x, y = series.unfold(0, 21, 1)[torch.randperm(380)[:32]].split([20, 1], 1)
    if fixed:
        return Net(lambda net, x: last_step(net, x.unsqueeze(-1)), 1, 1), (x, y), squared, {}
    return Net(each_step, 20, 1), (x, y), squared, {}


def padded_time_first(fixed: bool) -> Made:
    sequences = [torch.randint(1, V, (int(n),)) for n in torch.randint(3, 14, (10,))]
    x, y = (pad_sequence([f(s) for s in sequences], batch_first=fixed) for f in (lambda s: s, lambda s: s % 4 + 1))
    net = Net(lambda net, x: each_step(net, net.embedding(x)), 8, 5, bidirectional=True)
    return net, (x, y), lambda m, b: F.cross_entropy(m(b[0]).flatten(0, 1), b[1].flatten(), ignore_index=0), {}


def clipped_to_nothing(fixed: bool) -> Made:
    net, batch = Net(last_step, 5, 3), (torch.randn(16, 10, 5), torch.randint(0, 3, (16,)))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)

    def step() -> None:
        optimizer.zero_grad()
        classified(net, batch).backward()
        clip_grad_norm_(net.parameters(), 1.0 if fixed else 1e-6)
        optimizer.step()

    return net, batch, classified, {"optimizer": optimizer, "train_step": step}


def rate_of_nothing(fixed: bool) -> Made:
    net, batch = Net(last_step, 5, 3), (torch.randn(16, 10, 5), torch.randint(0, 3, (16,)))
    return net, batch, classified, {"optimizer": torch.optim.Adam(net.parameters(), 1e-3 if fixed else 1e-9)}


def clip_norm_of_nothing(fixed: bool) -> Made:
    net, batch = Net(last_step, 5, 3), (torch.randn(16, 10, 5), torch.randint(0, 3, (16,)))
    return net, batch, classified, {"learning_rate": 0.1, "clip_norm": 1.0 if fixed else 1e-6}


def one_answer_for_all_steps(fixed: bool) -> Made:
    x = torch.randn(12, 18, 1)
    forward = each_step if fixed else last_step
    return Net(lambda net, x: forward(net, x).squeeze(-1) if fixed else forward(net, x), 1, 1), (
        x, x.squeeze(-1).cumsum(1),
    ), squared, {}  # fmt: skip


def state_never_handed_on(fixed: bool) -> Made:
    def decode(net: Any, source: Tensor, target: Tensor) -> Tensor:
        _, state = net.encoder(net.embedding(source))
        answers = []
        for t in range(target.shape[1]):
            output, new = net.rnn(net.embedding(target[:, t : t + 1]), state)
            state = new if fixed else state
            answers.append(net.head(output))
        return torch.cat(answers, 1).transpose(1, 2)

    net = Net(decode, 8, V, nn.GRU)
    net.encoder = nn.GRU(8, 12, batch_first=True)
    source, target = torch.randint(1, V, (9, 8)), torch.randint(1, V, (9, 7))
    return net, (source, F.pad(target[:, :-1], (1, 0), value=1), target), classified, {}


def rows_viewed(fixed: bool) -> Made:
    def forward(net: Any, images: Tensor) -> Tensor:
        rows = images.squeeze(1)
        return net.head(net.rnn(rows.permute(1, 0, 2) if fixed else rows.reshape(14, -1, 14))[1][-1])

    return Net(forward, 14, 10, nn.RNN, batch_first=False), (torch.rand(20, 1, 14, 14), torch.arange(20) % 10), (
        classified
    ), {}  # fmt: skip


def packed_as_if_full(fixed: bool) -> Made:
    def forward(net: Any, tokens: Tensor) -> Tensor:
        lengths = (tokens != 0).sum(1) if fixed else torch.full((B,), T)
        packed = pack_padded_sequence(net.embedding(tokens), lengths, batch_first=True, enforce_sorted=False)
        return net.head(net.rnn(packed)[1][-1])

    return Net(forward, 8, 3, nn.GRU), (sentences()[0], torch.arange(B) % 3), classified, {}


def labels_left_behind(fixed: bool) -> Made:
    def forward(net: Any, tokens: Tensor, lengths: Tensor) -> Tensor:
        return net.head(net.rnn(pack_padded_sequence(net.embedding(tokens), lengths, batch_first=True))[1][-1])

    def loss(model: nn.Module, batch: Any) -> Tensor:
        lengths, order = batch[1].sort(descending=True)
        return F.cross_entropy(model(batch[0][order], lengths), batch[2][order] if fixed else batch[2])

    return Net(forward, 8, 3, nn.GRU), (*sentences(), torch.arange(B) % 3), loss, {}


def directions_for_layers(fixed: bool) -> Made:
    def forward(net: Any, source: Tensor, previous: Tensor) -> Tensor:
        return each_step_from(net, previous, net.encoder(net.embedding(source))[1]).transpose(1, 2)

    def each_step_from(net: Any, tokens: Tensor, state: Tensor) -> Tensor:
        return net.head(net.rnn(net.embedding(tokens), state)[0])

    net = Net(forward, 8, V, nn.GRU, num_layers=2)
    net.encoder = nn.GRU(8, 12, 2 if fixed else 1, batch_first=True, bidirectional=not fixed)
    source, target = torch.randint(1, V, (9, 8)), torch.randint(1, V, (9, 7))
    return net, (source, F.pad(target[:, :-1], (1, 0), value=1), target), classified, {}


def window_with_its_target(fixed: bool) -> Made:
    windows = torch.randn(200, 4).cumsum(0).div(5).unfold(0, 21, 5).transpose(1, 2)
    return Net(last_step, 4, 1), (windows[:, :20], windows[:, 20 if fixed else 19, :1]), squared, {}


def steps_with_their_targets(fixed: bool) -> Made:
    series = torch.randn(10, 21, 3).cumsum(1) / 4
    return Net(each_step, 3, 1), (series[:, :-1] if fixed else series[:, 1:], series[:, 1:, :1]), squared, {}


def decoder_with_its_targets(fixed: bool) -> Made:
    def forward(net: Any, x: Tensor, y: Tensor) -> Tensor:
        return net.head(net.rnn(y, net.encoder(x)[1])[0])

    net = Net(forward, 1, 1)
    net.encoder = nn.LSTM(2, 12, batch_first=True)
    series = torch.randn(12, 20, 1).cumsum(1) / 3
    x, y = torch.cat([series, series.square()], 2)[:, :12], series[:, 12:]
    return net, (x, series[:, 11:-1] if fixed else y, y), squared, {}


def dead_head(fixed: bool) -> Made:
    net = Net(lambda net, x: net.second(torch.relu(last_step(net, x))), 5, 8)
    net.second = nn.Linear(8, 1)
    nn.init.constant_(net.head.bias, 0.1 if fixed else -5.0)
    x = torch.randn(16, 9, 5)
    return net, (x, x.mean((1, 2)).unsqueeze(1)), squared, {}


def dropout_by_hand(fixed: bool) -> Made:
    def forward(net: Any, x: Tensor) -> Tensor:
        output = net.rnn(x)[0][:, -1]
        keep = (torch.rand_like(output) > 0.5).float() if net.training or not fixed else torch.ones_like(output)
        return net.head(output * keep)

    return Net(forward, 5, 3), (torch.randn(16, 9, 5), torch.arange(16) % 3), classified, {}


CASES: dict[Callable[[bool], Made], tuple[str, str]] = {
    windows_as_one_sequence: ("batch-mixing", "windows"),
    padded_time_first: ("batch-mixing", "padding"),
    clipped_to_nothing: ("train-step", "shrunk"),
    rate_of_nothing: ("unstable-learning-rate", "standstill"),
    clip_norm_of_nothing: ("exploding", "clipped"),
    one_answer_for_all_steps: ("loss-wiring", "stretched"),
    state_never_handed_on: ("recurrence-unused", "kept"),
    rows_viewed: ("batch-mixing", "evidence"),
    packed_as_if_full: ("padded-read", "evidence"),
    labels_left_behind: ("lengths-order", "loss"),
    directions_for_layers: ("state-wiring", "directions"),
    window_with_its_target: ("future-leak", "value_last"),
    steps_with_their_targets: ("future-leak", "value_each"),
    decoder_with_its_targets: ("future-leak", "value_each"),
    dead_head: ("constant-answer", "independent"),
    dropout_by_hand: ("nondeterministic", "noise"),
}


def alarms(made: Made) -> list[Finding]:
    return [f for f in diagnose(*made[:3], **made[3]) if f.severity != "info"]


@pytest.mark.parametrize("program", CASES, ids=lambda program: program.__name__)
def test_the_cause_comes_first_and_the_twin_has_no_alarm(program):
    torch.manual_seed(0)
    first, *_ = alarms(program(False))
    assert (first.symptom, first.form) == CASES[program]
    assert all(first.text(part, lang) for part in ("title", "evidence", "cause", "advice") for lang in ("en", "zh"))
    assert alarms(program(True)) == []


def random_walk() -> Made:
    walks = torch.randn(300).cumsum(0).unfold(0, 31, 7).unsqueeze(-1)
    walks = (walks - walks.mean()) / walks.std()
    return Net(last_step, 1, 1), (walks[:, :30], walks[:, 30]), squared, {}


def noisy_wave() -> Made:
    waves = (torch.sin(torch.arange(300) / 7) + 0.1 * torch.randn(300)).unfold(0, 25, 8).unsqueeze(-1)
    return Net(last_step, 1, 1), (waves[:, :24], waves[:, 24]), squared, {}


def pair() -> Made:
    """An answer of one axis, lengths given."""

    def forward(net: Any, *pair: Tensor) -> Tensor:
        tokens, lengths = pair[::2], pair[1::2]
        packed = [
            pack_padded_sequence(net.embedding(t), n, batch_first=True, enforce_sorted=False)
            for t, n in zip(tokens, lengths, strict=True)
        ]
        first, second = (net.rnn(p)[1][-1] for p in packed)
        return torch.exp(-(first - second).abs().sum(1))

    return Net(forward, 8, 1, nn.GRU), (*sentences(), *sentences(), torch.rand(B)), squared, {}


def frames() -> Made:
    def forward(net: Any, video: Tensor) -> Tensor:
        return last_step(net, video.mean(2).flatten(2))

    return Net(forward, 16, 3), (torch.rand(6, 10, 3, 4, 4), torch.arange(6) % 3), classified, {}


@pytest.mark.parametrize("program", [random_walk, noisy_wave, pair, frames], ids=lambda program: program.__name__)
def test_a_sound_program_has_no_alarm(program):
    torch.manual_seed(0)
    assert alarms(program()) == []


def test_a_schedule_that_warms_up_is_no_standstill():
    torch.manual_seed(0)
    net, batch, loss, _ = rate_of_nothing(True)
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)
    torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1e-6 + step / 1000)
    assert alarms((net, batch, loss, {"optimizer": optimizer})) == []


class Ends(nn.Module):
    """One mistake each, on a line of its own."""

    def __init__(self, mistake: str) -> None:
        super().__init__()
        self.mistake = mistake
        self.both = nn.GRU(5, 8, batch_first=True, bidirectional=True)
        self.along = nn.GRU(5, 16)
        self.low = nn.GRU(5, 16, 2, batch_first=True)
        self.head = nn.Linear(16, 3)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        if self.mistake == "axis":
            return self.head(self.along(x)[0][:, -1])
        if self.mistake == "state":
            return self.head(self.summed(x))
        output, h_n = (self.both if self.mistake in ("end", "view") else self.low)(x)
        if self.mistake == "end":
            return self.head(output[:, -1])
        if self.mistake == "view":
            return self.head(h_n.view(len(x), -1))
        if self.mistake == "lower":
            return self.head(h_n[0])
        return self.head(output[:, -1])

    def summed(self, x: Tensor) -> Tensor:
        state, total = torch.zeros(2, len(x), 16), 0.0
        for t in range(x.shape[1]):
            y, _ = self.low(x[:, t : t + 1], state)
            total = total + y.sum(1)
        return total


@pytest.mark.parametrize(
    ("mistake", "line", "by"),
    [
        ("end", "self.head(output[:, -1])", "self.head(torch.cat([output[:, -1, :8], output[:, 0, 8:]], dim=1))"),
        ("view", "h_n.view(len(x), -1)", "h_n.transpose(0, 1).reshape(len(x), -1)"),
        ("axis", "self.along = nn.GRU(5, 16)", "self.along = nn.GRU(5, 16, batch_first=True)"),
        ("lower", "self.head(h_n[0])", "self.head(h_n[-1])"),
        ("lengths", "self.head(output[:, -1])", "self.head(output[torch.arange(len(output)), lengths - 1])"),
        ("state", "y, _ = self.low(x[:, t : t + 1], state)", "y, state = self.low(x[:, t : t + 1], state)"),
    ],
)
def test_a_fix_is_a_diff_of_the_users_own_line(mistake, line, by):
    torch.manual_seed(0)
    lengths = torch.full((12,), 9) if mistake != "lengths" else torch.arange(12) % 6 + 4
    batch = (torch.randn(12, 9, 5), lengths, torch.arange(12) % 3)
    place, before, after = alarms((Ends(mistake), batch, classified, {}))[0].fix.splitlines()
    assert place.startswith("test_beginners.py:")
    assert (before[0], after[0]) == ("-", "+")
    assert line in before
    assert after[1:] == before[1:].replace(line, by)


def test_the_lines_of_a_training_step_are_put_into_order():
    torch.manual_seed(0)
    net, batch, loss, _ = rate_of_nothing(True)
    adam = torch.optim.Adam(net.parameters(), 1e-3)

    def gathers() -> None:
        loss(net, batch).backward()
        adam.step()

    def clips_late() -> None:
        adam.zero_grad()
        loss(net, batch).backward()
        adam.step()
        clip_grad_norm_(net.parameters(), 0.01)

    first, second = (alarms((net, batch, loss, {"train_step": step}))[0].fix for step in (gathers, clips_late))
    assert first.splitlines()[1:] == ["+ adam.zero_grad()", "  loss(net, batch).backward()"]
    lines = ["+ clip_grad_norm_(net.parameters(), 0.01)", "  adam.step()", "- clip_grad_norm_(net.parameters(), 0.01)"]
    assert [line for line in second.splitlines() if not line.startswith("test_beginners")] == lines
