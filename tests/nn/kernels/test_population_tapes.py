"""Tapes of a population are made late, and are those of the run all the same."""

from __future__ import annotations

import gc
import weakref

import pytest
import torch

from carousel.common.errors import BadCall
from carousel.nn.kernels.together import run_together
from tests.support.populations import EVERYTHING, case


def run(option="plain"):
    whole = case("gru", option, networks=3, steps=4, batch=2)
    held = whole.tensors
    return held, run_together(type(whole.cells[0]), held, whole.call, EVERYTHING)


def test_each_is_made_once_and_found_like_in_a_list():
    _, found = run()
    assert len(found.tapes) == 3
    assert found.tapes[1] is found.tapes[1]
    assert found.tapes[-1] is found.tapes[2]
    assert found.tapes[:2] == [found.tapes[0], found.tapes[1]]
    assert [*found.tapes] == found.tapes[:]
    with pytest.raises(IndexError):
        found.tapes[3]


def test_a_tape_asked_for_after_the_weights_changed_says_so():
    held, found = run()
    before = found.tapes[0]
    assert torch.equal(before.cell.weight_hh, held["weight_hh"][0])
    with torch.no_grad():
        held["weight_hh"].mul_(2)
    for tape in (before, found.tapes[1]):
        with pytest.raises(BadCall, match="weights have been changed"):
            tape.cell  # noqa: B018


def test_what_it_says_of_its_run_is_that_of_its_network():
    whole = case("gru", "reverse resets lengths", networks=3, steps=4, batch=2)
    found = run_together(type(whole.cells[0]), whole.tensors, whole.call, EVERYTHING)
    info, call = found.tapes[2].run, whole.call.of(2)
    assert info.length == 4
    assert torch.equal(info.lengths, call.lengths)
    assert torch.equal(info.reset_mask, call.reset_mask)
    assert torch.equal(info.initial.h, call.state.h)


def test_no_tape_keeps_the_graph_below_x():
    whole = case("gru", "plain", networks=3, steps=4, batch=2)
    x = whole.call.x.clone().requires_grad_() * 1
    left = weakref.ref(x)
    call = whole.call.__class__(3, x)
    tapes = run_together(type(whole.cells[0]), whole.tensors, call, EVERYTHING).tapes
    del x, call
    gc.collect()
    assert left() is None
    assert tapes[0].h.shape == (4, 2, 7)
