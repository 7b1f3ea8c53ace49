"""Contender texts, parameter matching, networks."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from carousel.common.errors import BadPlan, UserError
from carousel.experiments.contenders.matching import count_parameters, match_sizes
from carousel.experiments.contenders.network import build
from carousel.experiments.contenders.sizes import Size
from carousel.experiments.contenders.spec import SUGGESTED, ContenderSpec, parse_contenders

FAIR = "rnn,rnn:orthogonal,rnn-relu:identity,lstm,lstm:chrono,gru,gru:chrono,transformer,transformer:learned"


def test_parse():
    text = "rnn:orthogonal, lstm:chrono,layers=2,gru"
    assert parse_contenders(text) == [
        ContenderSpec("rnn", "orthogonal"),
        ContenderSpec("lstm", "chrono", 2),
        ContenderSpec("gru"),
    ]
    assert [str(s) for s in parse_contenders(text)] == ["rnn:orthogonal", "lstm:chrono,layers=2", "gru"]


@pytest.mark.parametrize("name", SUGGESTED)
def test_every_suggested_name_is_its_own_normal_form(name):
    assert [str(s) for s in parse_contenders(name)] == [name]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("lstmm", "did you mean 'lstm'"),
        ("lstm:chorno", "did you mean 'chrono'"),
        ("rnn:chrono", "not defined for 'rnn'"),
        ("gru,layers=0", "1 to 16"),
        ("gru,layers=two", "1 to 16"),
        ("gru,depth=2", "contender option 'depth'"),
        ("gru,gru", "named twice"),
        ("", "no contender"),
        ("lstm:orthogonal-2", "takes no number"),
        ("transformr", "did you mean 'transformer'"),
        ("transformer:orthogonal", "allowed: default, learned"),
        ("transformer,heads=8", "contender option 'heads'"),
    ],
)
def test_bad_texts(text, says):
    with pytest.raises(UserError, match=says):
        parse_contenders(text)


@settings(max_examples=40, deadline=None)
@given(st.integers(3000, 300_000), st.integers(1, 40), st.integers(1, 20))
def test_parameters_equal_within_two_percent(budget, inputs, outputs):
    specs = parse_contenders(FAIR)
    try:
        sizes = match_sizes(specs, inputs, outputs, budget, 30)
    except BadPlan as error:
        assert "at best" in str(error)
        return
    counts = [count_parameters(s, inputs, h, outputs) for s, h in zip(specs, sizes, strict=True)]
    assert max(counts) / min(counts) <= 1.02
    assert all(abs(c / budget - 1) <= 0.05 for c in counts)


def test_default_budget_is_met_within_two_percent():
    specs = parse_contenders(FAIR)
    for inputs, outputs in ((16, 8), (2, 1), (12, 9)):
        sizes = match_sizes(specs, inputs, outputs, 6600, 30)
        assert all(
            abs(count_parameters(s, inputs, h, outputs) / 6600 - 1) <= 0.02 for s, h in zip(specs, sizes, strict=True)
        )


def test_tiny_budget_is_refused_with_the_cure():
    with pytest.raises(BadPlan, match="raise --parameters"):
        match_sizes(parse_contenders(FAIR), 16, 8, 150, 30)


@pytest.mark.parametrize("name", ["rnn", "lstm:chrono,layers=2", "gru,layers=3"])
def test_count_is_that_of_the_network_with_one_bias(name):
    (spec,) = parse_contenders(name)
    net = make(spec)
    real = sum(p.numel() for n, p in net.named_parameters() if not n.endswith("bias_hh"))
    assert count_parameters(spec, 3, Size(7), 2) == real


def make(spec, readout="last"):
    generator = torch.Generator().manual_seed(0)
    return build(spec, Size(7), inputs=3, outputs=2, readout=readout, length=9, generator=generator)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "lstm-1997", "gru,layers=2"])
@pytest.mark.parametrize("readout", ["last", "every"])
def test_network_ignores_padding(cell, readout):
    net = make(parse_contenders(cell)[0], readout)
    x = torch.randn(9, 3, 3, generator=torch.Generator().manual_seed(1))
    lengths = torch.tensor([9, 1, 5])
    longer = torch.cat([x, torch.full((20, 3, 3), torch.nan)])
    for b, n in enumerate(lengths):
        longer[n:, b] = torch.nan
    short, long = net(x, lengths), net(longer, lengths)
    if readout == "last":
        assert torch.equal(short, long)
    else:
        for b, n in enumerate(lengths):
            assert torch.equal(short[:n, b], long[:n, b])
    assert len(net.kernels) == len(net.cells)
