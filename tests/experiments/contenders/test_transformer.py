"""The Transformer contender: causal, sized like the others, positions as named, padding ignored, maps exact."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from carousel.common.errors import BadCall
from carousel.experiments.contenders import attention_maps
from carousel.experiments.contenders.matching import count_parameters, match_sizes, nearest_size
from carousel.experiments.contenders.network import build
from carousel.experiments.contenders.positions import rotate
from carousel.experiments.contenders.sizes import Size
from carousel.experiments.contenders.spec import parse_contenders
from carousel.experiments.contenders.transformer import TransformerNetwork

NAMES = ("transformer", "transformer:learned", "transformer,layers=3")
T, B, INPUTS, OUTPUTS = 9, 3, 3, 2


def make(name: str, readout: str = "every", seed: int = 0, length: int = T) -> TransformerNetwork:
    (spec,) = parse_contenders(name)
    size = nearest_size(spec, INPUTS, OUTPUTS, 2000, length)
    generator = torch.Generator().manual_seed(seed)
    shape = {"inputs": INPUTS, "outputs": OUTPUTS, "readout": readout, "length": length}
    network = build(spec, size, **shape, generator=generator)
    assert isinstance(network, TransformerNetwork)
    return network


def sequences(steps: int = T, batch: int = B, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(steps, batch, INPUTS, generator=torch.Generator().manual_seed(1), dtype=dtype)


@pytest.mark.parametrize("name", NAMES)
def test_the_future_changes_nothing(name):
    net, x = make(name).double(), sequences(dtype=torch.float64)
    output = net(x)
    for t in range(T - 1):
        other = x.clone()
        other[t + 1 :] = 100 * torch.randn(other[t + 1 :].shape, generator=torch.Generator().manual_seed(t))
        changed = net(other)
        assert torch.allclose(changed[: t + 1], output[: t + 1], rtol=0, atol=1e-12)
        assert not torch.allclose(changed[t + 1], output[t + 1], atol=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_the_past_reaches_every_later_step(name):
    x = sequences().requires_grad_()
    make(name, "last")(x).sum().backward()
    assert (x.grad.abs().sum(dim=2) > 0).all()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("readout", ["last", "every"])
def test_padding_changes_nothing_whatever_stands_there(name, readout):
    net = make(name, readout, length=T + 20)
    lengths = torch.tensor([9, 1, 5])
    x = torch.cat([sequences(), torch.full((20, B, INPUTS), torch.nan)])
    for b, n in enumerate(lengths):
        x[n:, b] = torch.nan
    output = net(x, lengths)
    for b, n in enumerate(lengths):
        alone = net(x[:n, b : b + 1])[..., 0, :]
        found = output[b] if readout == "last" else output[:n, b]
        assert torch.allclose(found, alone, atol=1e-6)
    (output[lengths - 1, range(B)] if readout == "every" else output).sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in net.parameters())


@pytest.mark.parametrize("steps", [1, 2, 63])
@pytest.mark.parametrize("batch", [1, 3])
def test_shapes_and_longer_sequences(steps, batch):
    x = sequences(steps, batch).transpose(0, 1).contiguous().transpose(0, 1)
    assert make("transformer")(x).shape == (steps, batch, OUTPUTS)
    assert make("transformer", "last")(x).shape == (batch, OUTPUTS)


def test_learned_positions_refuse_what_they_were_not_trained_for():
    (spec,) = parse_contenders("transformer:learned")
    size, shape = Size(8, 16, positions=20), {"inputs": INPUTS, "outputs": OUTPUTS, "readout": "last"}
    net = build(spec, size, **shape, length=T, generator=torch.Generator())
    net(sequences(T))
    with pytest.raises(BadCall, match=r"at most 9 steps.*got: 10 steps; fix: take `transformer`"):
        net(sequences(T + 1))


def test_rotary_logits_depend_on_the_distance_alone():
    generator = torch.Generator().manual_seed(0)
    q, k = (torch.randn(1, 10, generator=generator, dtype=torch.float64).expand(50, 10) for _ in range(2))
    logits = rotate(q) @ rotate(k).T
    assert torch.allclose(logits[:-1, :-1], logits[1:, 1:], rtol=0, atol=1e-12)
    assert logits[:, 0].std() > 0.1
    assert torch.allclose(rotate(q).norm(dim=1), q.norm(dim=1))


def test_only_rotary_positions_ignore_where_a_pattern_stands():
    """The same six steps at the start and three steps later, seen by the first layer: equal weights among themselves
    say that only distances count."""
    block = torch.randn(6, B, INPUTS, generator=torch.Generator().manual_seed(2))
    for name, same in (("transformer", True), ("transformer:learned", False)):
        net = make(name)
        early, late = attention_maps(net, block), attention_maps(net, torch.cat([block[:3], block]))
        window = late[..., 3:, 3:]
        window = window / window.sum(dim=-1, keepdim=True)
        assert torch.allclose(window[0], early[0], atol=1e-6) == same


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("inputs", "outputs"), [(16, 8), (2, 1), (12, 9)])
def test_sized_within_two_percent_of_recurrent_contenders(name, inputs, outputs):
    specs = parse_contenders(f"rnn,lstm,gru,{name}")
    sizes = match_sizes(specs, inputs, outputs, 6600, 30)
    counts = [count_parameters(s, inputs, n, outputs) for s, n in zip(specs, sizes, strict=True)]
    assert max(counts) <= 1.02 * min(counts)
    assert sizes[-1].hidden % 4 == 0
    assert 1.5 < sizes[-1].mlp / sizes[-1].hidden < 7


@pytest.mark.parametrize("name", NAMES)
def test_count_is_that_of_the_network(name):
    (spec,) = parse_contenders(name)
    size = nearest_size(spec, INPUTS, OUTPUTS, 2000, T)
    real = sum(p.numel() for p in make(name).parameters())
    assert count_parameters(spec, INPUTS, size, OUTPUTS) == real
    assert abs(real / 2000 - 1) < 0.02


def test_the_same_seed_gives_the_same_weights_and_another_seed_others():
    one, two, other = make(NAMES[1]), make(NAMES[1]), make(NAMES[1], seed=5)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))
    assert not torch.equal(one.positions.table, other.positions.table)
    assert not torch.equal(one.embedding.weight, other.embedding.weight)


def test_state_size():
    def bits(name: str, length: int) -> int:
        (spec,) = parse_contenders(name)
        size = Size(8, 16)
        shape = {"inputs": INPUTS, "outputs": OUTPUTS, "readout": "last", "length": T}
        return build(spec, size, **shape, generator=torch.Generator()).state_bits(length)

    assert bits("rnn", 100) == bits("rnn", 1) == bits("gru", 100) == 8 * 32
    assert bits("lstm,layers=2", 100) == 2 * 2 * 8 * 32
    assert bits("transformer", 100) == 2 * 8 * 100 * 32
    assert bits("transformer,layers=3", 10) == 3 * 2 * 8 * 10 * 32


@pytest.mark.parametrize("name", NAMES)
def test_attention_maps_are_what_the_network_mixes_with(name):
    """The network, run again with the maps in the place of torch's fused attention, gives the same output."""
    net, x = make(name).double(), sequences(dtype=torch.float64)
    maps = attention_maps(net, x)
    assert maps.shape == (len(net.stack), B, 2, T, T)
    assert torch.allclose(maps.sum(dim=-1), torch.ones(()).double())
    assert (maps.triu(1) == 0).all()
    z = net.embed(x)
    for block, weights in zip(net.stack, maps, strict=True):
        inner = block.attention_norm(z)
        z = z + block.attention.joined(weights @ block.attention.heads(inner)[2])
        z = z + block.narrow(torch.nn.functional.gelu(block.widen(block.mlp_norm(z))))
    assert torch.allclose(net.linear(net.norm(z)).transpose(0, 1), net(x), rtol=0, atol=1e-12)


def test_attention_maps_of_padded_sequences():
    net, x, lengths = make("transformer"), sequences(), torch.tensor([9, 1, 5])
    maps = attention_maps(net, x, lengths)
    for b, n in enumerate(lengths):
        assert maps[:, b, :, n:].isnan().all()
        assert torch.allclose(maps[:, b, :, :n, :n], attention_maps(net, x[:n, b : b + 1])[:, 0], atol=1e-6)
