"""The tutorial's model: which of eight symbols stood in the middle of a sequence? docs/tutorial.md tells its story.

carousel doctor docs/tutorial/train.py:first      as it was written first
carousel doctor docs/tutorial/train.py:second     read where the directions end
carousel doctor docs/tutorial/train.py:third      with forget gates that start open
"""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

KEYS, NOISE = 8, 8  # tokens 1 .. 8 and 9 .. 16; 0 is padding


class Encoder(nn.Module):
    """A stock two-layer bidirectional LSTM on packed sequences."""

    def __init__(self, read: str, forget_bias: bool):
        super().__init__()
        self.embedding = nn.Embedding(1 + KEYS + NOISE, 16, padding_idx=0)
        self.rnn = nn.LSTM(16, 32, num_layers=2, bidirectional=True, batch_first=True)
        self.read = read
        if forget_bias:
            self.open_forget_gates(longest=60)

    def open_forget_gates(self, longest: int) -> None:
        """Chrono initialisation (Tallec, Ollivier 2018): remember for 1 .. T steps."""
        for layer in ("l0", "l0_reverse", "l1", "l1_reverse"):
            first, second = getattr(self.rnn, f"bias_ih_{layer}"), getattr(self.rnn, f"bias_hh_{layer}")
            opened = torch.empty(32).uniform_(1, longest - 1).log()
            with torch.no_grad():
                first[:64], second[:64] = torch.cat([-opened, opened]), 0.0

    def forward(self, tokens: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        packed = pack_padded_sequence(self.embedding(tokens), lengths, batch_first=True, enforce_sorted=False)
        output, (h, _) = self.rnn(packed)
        if self.read == "last step":
            return pad_packed_sequence(output, batch_first=True)[0][:, -1]
        return torch.cat([h[-2], h[-1]], dim=1)  # the forward direction's end, the backward direction's end


class Classifier(nn.Module):
    """The larger model around it."""

    def __init__(self, read: str = "last step", forget_bias: bool = False):
        super().__init__()
        self.encoder = Encoder(read, forget_bias)
        self.head = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, KEYS))

    def forward(self, tokens: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        return self.head(self.encoder(tokens, lengths))


def sample(generator: torch.Generator, count: int = 64) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """tokens [B, 60], lengths [B], keys [B]: one key among noise, in the middle third."""
    lengths = torch.randint(30, 61, (count,), generator=generator)
    tokens = torch.randint(1 + KEYS, 1 + KEYS + NOISE, (count, 60), generator=generator)
    tokens[torch.arange(60) >= lengths.unsqueeze(1)] = 0
    keys = torch.randint(KEYS, (count,), generator=generator)
    place = (lengths * (1 + torch.rand(count, generator=generator)) / 3).long()
    tokens[torch.arange(count), place] = 1 + keys
    return tokens, lengths, keys


def loss_fn(model: nn.Module, batch: tuple[torch.Tensor, torch.Tensor, torch.Tensor]) -> torch.Tensor:
    tokens, lengths, keys = batch
    return nn.functional.cross_entropy(model(tokens, lengths), keys)


def make(read: str, forget_bias: bool):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Classifier(read, forget_bias), sample(torch.Generator().manual_seed(1)), loss_fn


def first():
    return make("last step", False)


def second():
    return make("both ends", False)


def third():
    return make("both ends", True)


def accuracy_after(steps: int, made) -> float:
    """Train with Adam on fresh batches; the share of right answers on 1,000 new sequences (chance: 1 in 8)."""
    model, _, _ = made
    generator, optimiser = torch.Generator().manual_seed(2), torch.optim.Adam(model.parameters(), 3e-3)
    for _ in range(steps):
        optimiser.zero_grad()
        loss_fn(model, sample(generator)).backward()
        optimiser.step()
    tokens, lengths, keys = sample(torch.Generator().manual_seed(3), 1000)
    with torch.no_grad():
        return (model(tokens, lengths).argmax(1) == keys).double().mean().item()


if __name__ == "__main__":
    gates_alone = make("last step", True)
    for name, made in {"first": first(), "second": second(), "gates alone": gates_alone, "third": third()}.items():
        print(f"{name}: {accuracy_after(300, made):.3f}", flush=True)
