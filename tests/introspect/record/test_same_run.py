"""The recorded run is the run that makes the loss: outputs, gradients and model, against the model alone."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

import carousel

from .models import KINDS, STATES, Stepper, Tagger, Twice, data, loss_of

TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-12}
OPTIONS = {
    "plain": {}, "two layers": {"num_layers": 2}, "both directions": {"bidirectional": True}, "batch first":
    {"batch_first": True}, "no bias": {"bias": False}, "dropout": {"num_layers": 3, "dropout": 0.4},
    "everything": {"num_layers": 2, "bidirectional": True, "batch_first": True, "dropout": 0.3, "bias": False},
}  # fmt: skip


def built(make, dtype):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return make().to(dtype)


def run(model, arguments, seed=7):
    """Everything a run gives, by name: outputs, gradients of inputs and parameters. The seed is of dropout."""
    given = [a.clone().requires_grad_() if torch.is_tensor(a) and a.is_floating_point() else a for a in arguments]
    model.zero_grad(set_to_none=True)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        found = model(*given)
    loss_of(found).backward()
    results = {f"output {k}": leaf.detach() for k, leaf in enumerate(torch.utils._pytree.tree_leaves(found))}
    results |= {f"input {k}": a.grad for k, a in enumerate(given) if torch.is_tensor(a) and a.requires_grad}
    return results | {name: p.grad.clone() for name, p in model.named_parameters()}


def same(model, arguments, dtype, **options):
    """Recorded against alone, from one seed; and the model is as it was."""
    expected, before = run(model, arguments), vars_of(model)
    with carousel.record(model, **options) as tape:
        found = run(model, arguments)
    assert vars_of(model) == before
    assert expected.keys() == found.keys()
    for name in expected:
        torch.testing.assert_close(found[name], expected[name], rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype] * 10)
    return tape


def vars_of(model):
    return [[*sorted(module.__dict__), type(module)] for module in model.modules()]


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_layers(kind, options, dtype):
    model = built(lambda: Tagger(kind, **options), dtype)
    shape = (4, 7, 3) if options.get("batch_first") else (7, 4, 3)
    for mode in (True, False):
        model.train(mode)
        tape = same(model, [data(*shape, dtype=dtype)], dtype)
    sites = options.get("num_layers", 1) * (2 if options.get("bidirectional") else 1)
    assert len(tape) == sites
    assert tape["encoder.rnn.l0"].h.shape == (7, 4, 5)


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_packed_sequences_and_given_states(kind, options, dtype):
    """Dropout too: torch draws for the packed steps, in their order."""
    model = built(lambda: Tagger(kind, **options), dtype)
    sites = options.get("num_layers", 1) * (2 if options.get("bidirectional") else 1)
    state = tuple(data(sites, 4, 5, dtype=dtype, seed=k) for k in range(STATES[kind]))
    x = data(*((4, 7, 3) if options.get("batch_first") else (7, 4, 3)), dtype=dtype)
    lengths = torch.tensor([3, 7, 1, 5])
    tape = same(model, [x, state if len(state) > 1 else state[0], lengths], dtype)
    track = tape["encoder.rnn.l0"]
    padded = torch.arange(7).unsqueeze(1) >= lengths
    for values in (*track.values(), *track.grad.values()):
        assert values[padded].isnan().all()
        assert values[~padded].isfinite().all()


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
def test_projections(dtype, bidirectional):
    model = built(lambda: Tagger("LSTM", proj_size=2, num_layers=2, bidirectional=bidirectional), dtype)
    tape = same(model, [data(6, 3, 3, dtype=dtype)], dtype)
    assert tape["encoder.rnn.l1"].h.shape == (6, 3, 2)
    assert tape["encoder.rnn.l1"].c.shape == (6, 3, 5)
    state = tuple(data(2 * (1 + bidirectional), 3, width, dtype=dtype) for width in (2, 5))
    same(model, [data(6, 3, 3, dtype=dtype), state, torch.tensor([6, 2, 4])], dtype)


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_cells(kind, bias, dtype):
    model = built(lambda: Stepper(kind, bias=bias), dtype)
    tape = same(model, [data(6, 4, 3, dtype=dtype)], dtype)
    assert tape["cell"].h.shape == (6, 4, 5)
    assert len(tape["cell"].calls) == 6


def test_relu_and_unbatched():
    model = built(lambda: nn.RNN(3, 5, nonlinearity="relu", bidirectional=True), torch.float64)
    tape = same(model, [data(6, 3)], torch.float64)
    assert tape["l0_reverse"].h.shape == (6, 1, 5)


def test_a_module_called_twice_stands_one_after_the_other():
    model = built(Twice, torch.float64)
    a, b = data(6, 4, 3), data(3, 4, 3, seed=1)
    tape = same(model, [a, b], torch.float64)
    track = tape["rnn.l0"]
    assert track.h.shape == (9, 4, 5)
    assert track.starts == [0, 6]
    torch.testing.assert_close(track.h[6:], model.rnn(b)[0].detach())
    assert torch.equal(track.grad.h[:6], track.calls[0].grad.h)


def test_calls_of_unequal_batches_have_no_common_time():
    model = built(Twice, torch.float64)
    with carousel.record(model) as tape:
        model.rnn(data(6, 4, 3)), model.rnn(data(6, 2, 3))
    with pytest.raises(carousel.common.errors.BadCall, match="calls"):
        _ = tape["rnn.l0"].h
    assert tape["rnn.l0"].calls[1].h.shape == (6, 2, 5)


def test_own_layers_with_their_own_options():
    model = nn.ModuleDict({"net": carousel.LSTM(3, 5, layer_norm=True, dtype=torch.float64)})
    with carousel.record(model) as tape:
        y, _ = model["net"](data(6, 4, 3), lengths=[6, 2, 3, 1])
        y.sum().backward()
    assert tape["net.l0"].grad.c[5, 1].isnan().all()
    assert tape["net.l0"].grad.c[5, 0].isfinite().all()


def test_parametrized_weights():
    model = nn.utils.parametrizations.weight_norm(built(lambda: nn.LSTM(3, 5), torch.float64), "weight_hh_l0")
    same(model, [data(6, 4, 3)], torch.float64)


def test_functional_call_and_frozen_weights():
    model = built(lambda: Tagger("GRU"), torch.float64)
    other = {name: p.detach() * 2 for name, p in model.named_parameters()}
    x = data(6, 4, 3)
    expected = torch.func.functional_call(model, other, (x,))[0]
    with carousel.record(model) as tape:
        found = torch.func.functional_call(model, other, (x,))[0]
    torch.testing.assert_close(found, expected)
    model.requires_grad_(False)
    model.head.requires_grad_(True)
    with carousel.record(model) as tape:
        loss_of(model(x)[0]).backward()
    with pytest.raises(carousel.common.errors.NotRecorded):
        _ = tape["encoder.rnn.l0"].grad.h


def test_the_model_is_untouched_when_the_block_raises():
    model = built(lambda: Tagger("LSTM"), torch.float32)
    before = vars_of(model)
    with pytest.raises(ZeroDivisionError), carousel.record(model):
        model(data(6, 4, 3, dtype=torch.float32))
        raise ZeroDivisionError
    assert vars_of(model) == before
    copy.deepcopy(model)
