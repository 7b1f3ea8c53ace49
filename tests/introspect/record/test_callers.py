"""Foreign callers: several threads with one model, blocks in blocks, and scripted modules."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import nn

import carousel
from carousel.common.errors import BadCall

from .models import KINDS, Stepper, Tagger, data, loss_of

THREADS, RUNS = 8, 20


def recorded(model, x):
    """Output, and every value and total derivative of the tape."""
    with carousel.record(model) as tape:
        y = model(x)
        y = y[0] if isinstance(y, tuple) else y
        loss_of(y).backward()
    found = {"output": y.detach()}
    for name, track in tape.items():
        assert len(track.calls) == (len(x) if name == "cell" else 1)
        found |= {f"{name}.{value}": track[value] for value in track.names}
        found |= {f"{name}.grad.{value}": track.grad[value] for value in track.names}
    return found


@pytest.mark.parametrize("make", [lambda: Tagger("LSTM", num_layers=2, bidirectional=True), lambda: Stepper("GRU")],
                         ids=["layers", "cells"])  # fmt: skip
def test_threads_that_record_one_model_each_get_their_own_run(make):
    model = make().double()
    inputs = [data(6, 4, 3, seed=k) for k in range(THREADS)]
    expected, alone = [recorded(model, x) for x in inputs], [list(vars(m)) for m in model.modules()]
    begin = threading.Barrier(THREADS)

    def work(k):
        begin.wait()
        return [recorded(model, inputs[k]) for _ in range(RUNS)]

    with ThreadPoolExecutor(THREADS) as pool:
        for runs, right in zip(pool.map(work, range(THREADS)), expected, strict=True):
            for found in runs:
                assert found.keys() == right.keys()
                assert all(torch.equal(found[name], right[name]) for name in right)
    assert [list(vars(m)) for m in model.modules()] == alone


def test_a_thread_without_a_block_runs_unrecorded():
    model, x = Tagger("GRU").double(), data(6, 4, 3)
    right = model(x)[0]
    with carousel.record(model) as tape, ThreadPoolExecutor(1) as pool:
        assert torch.equal(pool.submit(lambda: model(x)[0]).result(), right)
        assert not tape["encoder.rnn.l0"].calls
        model(x)
    assert len(tape["encoder.rnn.l0"].calls) == 1


def test_a_block_in_a_block_is_refused_for_the_same_module_alone():
    model = nn.ModuleDict({"a": nn.GRU(3, 5), "b": nn.LSTM(3, 5)}).double()
    with carousel.record(model, "a.*") as outer:
        with pytest.raises(BadCall, match=r"a is being recorded already by this thread.*leave the inner"):
            carousel.record(model).__enter__()
        with carousel.record(model, "b.*") as inner:
            model["a"](data(6, 4, 3)), model["b"](data(6, 4, 3))
    assert len(outer["a.l0"].calls) == len(inner["b.l0"].calls) == 1
    assert not any("forward" in vars(module) for module in model.modules())


def test_a_forward_set_on_a_module_is_there_again():
    net = nn.Sequential(nn.GRU(3, 5))
    net.forward = own = lambda x: net[0](x)[0]
    with carousel.record(net) as tape:
        net(data(6, 4, 3, dtype=torch.float32))
    assert net.forward is own
    assert tape["0.l0"].calls


@pytest.mark.parametrize("kind", [*KINDS, "LSTMCell"])
@pytest.mark.parametrize("see", ["record", "diagnose"])
def test_a_scripted_module_is_named_with_the_fix(see, kind):
    model = nn.ModuleDict({"rnn": torch.jit.script(getattr(nn, kind)(3, 5)), "head": nn.LSTM(3, 5)})
    with pytest.raises(BadCall, match=r"rnn is TorchScript.*fix: put the module that it was made from") as caught:
        if see == "record":
            carousel.record(model).__enter__()
        else:
            carousel.diagnose(model, data(6, 4, 3), lambda m, x: m["head"](x)[0].sum())
    assert "\n" not in str(caught.value)
