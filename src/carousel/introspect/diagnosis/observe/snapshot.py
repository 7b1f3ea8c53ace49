"""A diagnosis leaves no trace in the model: everything it may change is put back."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map

from carousel.introspect.diagnosis.observe.state_walk import REGISTERED, StateSlot, is_record, state_slots

Undo = Callable[[], object]
_LARGE = 1_000  # items of a container, and
_MANY = 10_000_000  # numbers of a tensor, above which it is a data set and no state; it is not copied


@contextmanager
def snapshot(model: nn.Module, loss_fn: Any = None) -> Iterator[None]:
    """Parameters, buffers, gradients, modes, the modules' own attributes (a carried hidden state), what loss_fn keeps
    between its calls, and the random generators are afterwards what they were before, also where the block raises."""
    values = [p.detach().clone() for p in model.parameters()]
    gradients = [None if p.grad is None else p.grad.clone() for p in model.parameters()]
    seen: set[int] = set()
    undo = [_kept(module.__dict__, seen) for module in model.modules()]
    undo += [_kept_variable(variable, seen) for variable in state_slots(loss_fn)]
    undo.append(_generators())
    try:
        yield
    finally:
        for put_back in undo:
            put_back()
        with torch.no_grad():
            for parameter, value in zip(model.parameters(), values, strict=True):
                if not torch.equal(parameter, value):
                    parameter.copy_(value)
        for parameter, gradient in zip(model.parameters(), gradients, strict=True):
            parameter.grad = gradient


def detach_states(model: nn.Module, loss_fn: Any) -> None:
    """Detach the hidden states kept in the model or in loss_fn: their history is that of a pass made before the
    examination, whose graph may be gone."""
    for module in model.modules():
        for name, value in module.__dict__.items():
            if name not in REGISTERED:
                module.__dict__[name] = _cut(value)
        _cut(module._buffers)
    for variable in state_slots(loss_fn):
        variable.put(_cut(variable.value))


def _cut(value: Any) -> Any:
    """Without history; the same object where nothing in it has any."""
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            value[key] = _cut(value[key])
        return value
    if isinstance(value, Tensor | tuple):
        return tree_map(lambda v: v.detach() if isinstance(v, Tensor) and v.grad_fn is not None else v, value)
    return value


def _kept_variable(variable: StateSlot, seen: set[int]) -> Undo:
    inner = _kept(variable.value, seen)
    return lambda: (variable.put(variable.value), inner())


def _kept(value: Any, seen: set[int]) -> Undo:
    """What puts back the content of a container, at any depth, or the numbers of a tensor that was written to."""
    if id(value) in seen or isinstance(value, nn.Parameter):
        return _nothing
    seen.add(id(value))
    if isinstance(value, Tensor):
        return _kept_tensor(value)
    if isinstance(value, dict | list | set):
        if len(value) > _LARGE:
            return _nothing
        parts = value.values() if isinstance(value, dict) else value
        return _kept_container(value, value.copy(), list(parts), seen)
    if isinstance(value, tuple):
        return _all([_kept(part, seen) for part in value])
    return _kept(vars(value), seen) if is_record(value) else _nothing


def _kept_container(value: Any, content: Any, parts: list[Any], seen: set[int]) -> Undo:
    inner = _all([_kept(part, seen) for part in parts])

    def put_back() -> None:
        if isinstance(value, list):
            value[:] = content
        else:
            value.clear()
            value.update(content)
        inner()

    return put_back


def _kept_tensor(value: Tensor) -> Undo:
    if value.numel() > _MANY or value.is_sparse:
        return _nothing
    numbers = value.detach().clone()

    def put_back() -> None:
        same = (value == numbers) | ((value != value) & (numbers != numbers))  # NaN is left alone
        if not bool(same.all()):
            with torch.no_grad():
                value.copy_(numbers)

    return put_back


def _generators() -> Undo:
    """torch's, numpy's and Python's own."""
    own, numpys, torchs = random.getstate(), np.random.get_state(), torch.get_rng_state()
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []

    def put_back() -> None:
        random.setstate(own)
        np.random.set_state(numpys)
        torch.set_rng_state(torchs)
        if cuda:
            torch.cuda.set_rng_state_all(cuda)

    return put_back


def draw_anew(seed: int) -> None:
    """Inside a `snapshot`: torch's random numbers are others from here on."""
    torch.set_rng_state(torch.Generator().manual_seed(seed).get_state())


def _all(undo: list[Undo]) -> Undo:
    useful = [put_back for put_back in undo if put_back is not _nothing]
    return (lambda: [put_back() for put_back in useful]) if useful else _nothing


def _nothing() -> None:
    """Nothing to put back."""
