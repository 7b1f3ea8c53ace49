"""The layers stand in for torch.nn's: arguments, state_dict, outputs, gradients, and how people use modules."""

from __future__ import annotations

import copy
import io

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence
from torch.testing._internal.common_modules import module_db

import carousel
from carousel.common.errors import BadCall, KernelNotice, KernelRefused, UnknownName

NAMES = ["RNN", "LSTM", "GRU"]
INFOS = [info for info in module_db if info.module_cls in (nn.RNN, nn.LSTM, nn.GRU)]
OPTIONS = [
    {},
    {"num_layers": 2, "bidirectional": True, "batch_first": True},
    {"num_layers": 3, "bias": False},
    {"bidirectional": True, "num_layers": 2, "dropout": 0.5},
]


def twins(name: str, dtype: torch.dtype = torch.float64, **options):
    theirs = getattr(nn, name)(3, 5, dtype=dtype, **options)
    ours = getattr(carousel, name)(3, 5, dtype=dtype, **options)
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def fields(state):
    return list(state) if isinstance(state, tuple) else [state]


def data(*shape: int, dtype: torch.dtype = torch.float64, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def same(ours, theirs, tolerance: float = 1e-12):
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_outputs_states_and_gradients_are_torchs(name, options):
    ours, theirs = twins(name, **options)
    ours.eval(), theirs.eval()
    x = data(4, 6, 3)
    found = []
    for net in (ours, theirs):
        given = x.clone().requires_grad_()
        y, h = net(given)
        (y.sin().sum() + sum((s**2).sum() for s in fields(h))).backward()
        found.append([y, *fields(h), given.grad, *(p.grad for p in net.parameters())])
    same(*found)
    assert "numba" in str(ours.kernel)


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_packed_sequences_and_lengths_agree_with_torch(name, batch_first):
    ours, theirs = twins(name, num_layers=2, bidirectional=True, batch_first=batch_first)
    x, lengths = data(4, 7, 3), torch.tensor([2, 7, 4, 7])
    x = x if batch_first else x.transpose(0, 1)
    packed = pack_padded_sequence(x, lengths, batch_first=batch_first, enforce_sorted=False)
    y, h = theirs(packed)
    found, state = ours(packed)
    assert isinstance(found, PackedSequence)
    same([found.data, *fields(state)], [y.data, *fields(h)])
    direct, state = ours(x, lengths=lengths)
    same([direct, *fields(state)], [pad_packed_sequence(y, batch_first=batch_first)[0], *fields(h)])


@pytest.mark.parametrize("info", INFOS, ids=lambda info: info.name)
@pytest.mark.parametrize("training", [False, True])
def test_torchs_own_module_inputs(info, training):
    """What torch.testing calls its recurrent modules with: the same outputs, and gradients that pass its check."""
    cls = getattr(carousel, info.module_cls.__name__)
    inputs = info.module_inputs_func(info, device="cpu", dtype=torch.float64, requires_grad=False, training=training)
    assert inputs
    for each in inputs:
        args, kwargs = each.constructor_input.args, each.constructor_input.kwargs
        if each.forward_input is None:
            continue
        theirs = info.module_cls(*args, **kwargs).double().train(training)
        ours = cls(*args, **kwargs).double().train(training)
        ours.load_state_dict(theirs.state_dict())
        given, named = each.forward_input.args, each.forward_input.kwargs
        (y, h), (a, b) = theirs(*given, **named), ours(*given, **named)
        if isinstance(y, PackedSequence):
            y, a = y.data, a.data
        same([a, *fields(b)], [y, *fields(h)])
        if not isinstance(given[0], PackedSequence):
            x = given[0].detach().clone().requires_grad_()
            assert torch.autograd.gradcheck(lambda x, net=ours, more=given[1:]: net(x, *more)[0], x)


@pytest.mark.parametrize("name", NAMES)
def test_second_derivatives_go_by_the_reference_and_say_so(name):
    ours, theirs = twins(name)
    x = data(5, 2, 3)
    found = []
    for net in (ours, theirs):
        given = x.clone().requires_grad_()
        (first,) = torch.autograd.grad(net(given)[0].sin().sum(), given, create_graph=True) if net is theirs else [None]
        if net is ours:
            with pytest.warns(KernelNotice, match="second derivatives"):
                (first,) = torch.autograd.grad(net(given)[0].sin().sum(), given, create_graph=True)
        (first**2).sum().backward()
        found.append([given.grad, *(p.grad for p in net.parameters())])
    same(*found)


@pytest.mark.parametrize("name", NAMES)
def test_threads_and_repeats_change_no_bit(name):
    net = getattr(carousel, name)(8, 40)
    x, lengths = data(50, 64, 8, dtype=torch.float32), torch.randint(1, 51, (64,))
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 2, 3):
            torch.set_num_threads(threads)
            net.zero_grad()
            given = x.clone().requires_grad_()
            y, _ = net(given, lengths=lengths)
            y.sin().sum().backward()
            found.append([y.detach(), given.grad, *(p.grad.clone() for p in net.parameters())])
    finally:
        torch.set_num_threads(before)
    for other in found[1:]:
        assert all(torch.equal(a, b) for a, b in zip(found[0], other, strict=True))


@pytest.mark.parametrize("hidden", [16, 5])
@pytest.mark.parametrize("name", NAMES)
def test_an_output_changed_in_place_is_refused_not_used(name, hidden):
    """It may share its memory with what the backward pass reads: gradients from a changed one would be wrong."""
    y, _ = getattr(carousel, name)(3, hidden)(data(6, 2, 3, dtype=torch.float32))
    y.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


@pytest.mark.parametrize("name", NAMES)
def test_modules_are_copied_shared_frozen_called_and_saved(name):
    net, x = getattr(carousel, name)(3, 5, num_layers=2), data(6, 2, 3, dtype=torch.float32)
    y = net(x)[0]
    assert torch.equal(copy.deepcopy(net)(x)[0], y)
    held = io.BytesIO()
    torch.save(net.state_dict(), held)
    other = getattr(nn, name)(3, 5, num_layers=2)
    held.seek(0)
    other.load_state_dict(torch.load(held))
    torch.testing.assert_close(other(x)[0], y)
    net.share_memory()
    weights = {k: v.detach() * 2 for k, v in net.named_parameters()}
    called = torch.func.functional_call(net, weights, (x,))[0]
    other.load_state_dict(weights)
    torch.testing.assert_close(called, other(x)[0])
    net.weight_hh_l0.requires_grad_(False)
    net(x)[0].sum().backward()
    assert net.weight_hh_l0.grad is None
    assert net.weight_ih_l0.grad.abs().sum() > 0


def test_gradients_by_torch_func_go_by_another_kernel_and_are_right():
    net = carousel.LSTM(3, 5)
    weights, x = {k: v.detach() for k, v in net.named_parameters()}, data(6, 2, 3, dtype=torch.float32)
    found = torch.func.grad(lambda w: torch.func.functional_call(net, w, (x,))[0].sum())(weights)
    assert "torch.func" in net.kernel.choices["l0"].refusals["numba"]
    net(x)[0].sum().backward()
    for name, parameter in net.named_parameters():
        torch.testing.assert_close(found[name], parameter.grad)


class _Encoded(torch.utils.data.Dataset):
    """Each item is what a network makes of it, in the worker."""

    def __init__(self, net, x):
        self.net, self.x = net, x

    def __len__(self):
        return 4

    def __getitem__(self, index):
        given = self.x + index
        with torch.no_grad():
            return self.net(given)[0][-1]


def test_forked_dataloader_workers():
    """After threads have run here, forked workers (torch gives each one thread) run the kernel too."""
    net, x = carousel.GRU(8, 64), data(100, 64, 8, dtype=torch.float32)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        expected = [net(x + index)[0][-1].detach() for index in range(4)]
    finally:
        torch.set_num_threads(before)
    loader = torch.utils.data.DataLoader(
        _Encoded(net, x), batch_size=None, num_workers=2, multiprocessing_context="fork", timeout=60
    )
    for found, right in zip(loader, expected, strict=True):
        assert torch.equal(found, right)


def test_recurrent_dropout_and_layer_norm_train():
    net = carousel.LSTM(3, 5, num_layers=2, recurrent_dropout=0.5, layer_norm=True, bidirectional=True)
    x = data(6, 2, 3, dtype=torch.float32)
    assert not torch.equal(net(x)[0], net(x)[0])
    net.eval()
    assert torch.equal(net(x)[0], net(x)[0])
    net(x)[0].sum().backward()
    assert all(p.grad is not None for p in net.parameters())
    assert "norm_c_l1_reverse" in net.state_dict()


def test_tapes_are_named_by_layer_and_direction():
    net = carousel.LSTM(3, 5, num_layers=2, bidirectional=True)
    keep = carousel.Request(states=True, gates=True, gradients=True)
    y, _, tapes = net(data(6, 2, 3, dtype=torch.float32), keep=keep)
    y[-1].sum().backward()
    assert list(tapes) == ["l0", "l0_reverse", "l1", "l1_reverse"]
    assert tapes["l0"].gradient("f").shape == (6, 2, 5)


@pytest.mark.parametrize("lengths", [None, []], ids=["full", "lengths"])
@pytest.mark.parametrize("keep", [False, True], ids=["alone", "kept"])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_an_empty_batch_runs_as_in_torch(name, options, keep, lengths):
    ours, theirs = twins(name, **options)
    x, found = torch.zeros((0, 4, 3) if options.get("batch_first") else (4, 0, 3), dtype=torch.float64), []
    extra = {"keep": carousel.Request(states=True, gates=True, gradients=True)} if keep else {}
    for net, more in ((ours, extra | {"lengths": lengths}), (theirs, {})):
        given = x.clone().requires_grad_()
        y, h, *tapes = net(given, **more)
        (y.sum() + sum(s.sum() for s in fields(h))).backward()
        found.append([y, *fields(h), given.grad, *(p.grad for p in net.parameters())])
    same(*found)
    assert all(not p.grad.any() for p in ours.parameters())
    if keep:
        (tapes,) = ours(x, **extra)[2:]
        assert tapes["l0"].h.shape == (4, 0, 5)
    with pytest.raises(RuntimeError, match="larger than 0"):  # torch refuses no time too: see MISTAKES
        theirs(torch.zeros(2, 0, 3, dtype=torch.float64) if options.get("batch_first") else x.transpose(0, 1)[:0])


MISTAKES = {
    "rank": (lambda n: n(torch.zeros(3)), "axes"),
    "width": (lambda n: n(torch.zeros(4, 2, 7)), "input_size"),
    "dtype": (lambda n: n(torch.zeros(4, 2, 3, dtype=torch.float64)), "x.to"),
    "device": (lambda n: n(torch.zeros(4, 2, 3, device="meta")), "different devices"),
    "no step": (lambda n: n(torch.zeros(0, 2, 3)), "empty"),
    "no step of no sequence": (lambda n: n(torch.zeros(0, 0, 3)), "empty"),
    "length of an empty batch": (lambda n: n(torch.zeros(4, 0, 3), lengths=[4]), "one length a sequence"),
    "length 0": (lambda n: n(torch.zeros(4, 2, 3), lengths=[0, 4]), "1 .. 4"),
    "length beyond T": (lambda n: n(torch.zeros(4, 2, 3), lengths=[5, 4]), "1 .. 4"),
    "lengths of another batch": (lambda n: n(torch.zeros(4, 2, 3), lengths=[4]), "one length a sequence"),
    "lengths no numbers": (lambda n: n(torch.zeros(4, 2, 3), lengths=[1.5, 2.0]), "whole numbers"),
    "resets": (lambda n: n(torch.zeros(4, 2, 3), resets=torch.zeros(4, 2)), "bool"),
    "state": (lambda n: n(torch.zeros(4, 2, 3), torch.zeros(1, 2, 4)), "shape|complete"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("name", NAMES)
def test_mistakes_get_one_line(name, mistake):
    call, said = MISTAKES[mistake]
    with pytest.raises(BadCall, match=said) as caught:
        call(getattr(carousel, name)(3, 5))
    assert "\n" not in str(caught.value)


@pytest.mark.filterwarnings("ignore:LSTM with projections:UserWarning")  # torch's own, about oneDNN
def test_forced_kernels_refuse_or_run():
    x = data(4, 2, 3, dtype=torch.float32)
    with pytest.raises(KernelRefused, match="starts anew"):
        carousel.GRU(3, 5, kernel="torch")(x, resets=torch.zeros(4, 2, dtype=torch.bool))
    with pytest.raises(UnknownName, match="did you mean 'numba'"):
        carousel.GRU(3, 5, kernel="numbra")
    net = carousel.LSTM(3, 5, proj_size=2)
    net(x)
    assert "projections" in str(net.kernel)
    with pytest.raises(BadCall, match="proj_size"):
        net(x, lengths=[4, 2])
