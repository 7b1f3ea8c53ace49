"""The same loss computed again: what a model or a loss function carries from one call to the next."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from carousel.introspect.diagnosis.context import Context, fact
from carousel.introspect.diagnosis.observe.passes import ForwardPass, forward_pass
from carousel.introspect.diagnosis.observe.perturbation import as_refusal
from carousel.introspect.diagnosis.observe.snapshot import detach_states, snapshot
from carousel.introspect.diagnosis.observe.state_walk import holders, tensors_of
from carousel.introspect.diagnosis.observe.trace import ModuleCall, by_module

_PASSES = 3  # the least that shows growth rather than one difference


class Holder(NamedTuple):
    """Where a state is kept, as the user's code has it, and whether it is one tensor or a tuple of them."""

    name: str
    single: bool

    @property
    def detached(self) -> str:
        """The line that cuts its history."""
        value = f"{self.name}.detach()" if self.single else f"tuple(s.detach() for s in {self.name})"
        return f"{self.name} = {value}"

    @property
    def emptied(self) -> str:
        """The line that lets what comes next begin from zeros."""
        zeros = "torch.zeros_like({0})" if self.single else "tuple(torch.zeros_like(s) for s in {0})"
        return f"{self.name} = {zeros.format(self.name)}"


class Statefulness(NamedTuple):
    """passes: three forward passes in a row, in which what is carried from call to call shows. holders: where final
    states of recurrent modules are kept between them; hidden, the name that most give it, where that is not found."""

    passes: list[ForwardPass]
    holders: list[Holder]

    @property
    def detached(self) -> str:
        """The line that cuts the history of what is carried."""
        return "; ".join(holder.detached for holder in self.holders)

    @property
    def emptied(self) -> str:
        """The line that lets the next batch begin from zeros."""
        return "; ".join(holder.emptied for holder in self.holders)


@fact
def statefulness(context: Context) -> Statefulness:
    """Raises Refused where the repeated call fails, with the words of its exception."""
    model, batch, loss_fn = context.model, context.batch, context.loss_fn
    with snapshot(model, loss_fn):
        detach_states(model, loss_fn)
        with as_refusal():  # the user's code, called once more than they expected
            passes = [forward_pass(model, batch, loss_fn) for _ in range(_PASSES)]
        return Statefulness(passes, _holders(model, loss_fn, passes[-1].module_calls))


def handed_on(earlier: list[ModuleCall], call: ModuleCall) -> bool:
    """Whether a call begins with a state in which an earlier call of the same module ended; zeros are no state."""
    return any(same_state(before, call) for before in earlier if before.module is call.module)


def same_state(before: ModuleCall, call: ModuleCall) -> bool:
    """Whether `call` begins with the numbers with which `before` ended."""
    given, left = call.states, before.final
    if not given or len(given) != len(left) or any(a.shape != b.shape for a, b in zip(given, left, strict=True)):
        return False
    equal = all(torch.equal(a.detach(), b.detach()) for a, b in zip(given, left, strict=True))
    return equal and any(bool(a.detach().any()) for a in given)


def first_calls(module_calls: list[ModuleCall]) -> list[ModuleCall]:
    """The first call of every module."""
    return [calls[0] for calls in by_module(module_calls)]


def _holders(model: nn.Module, loss_fn: Any, module_calls: list[ModuleCall]) -> list[Holder]:
    found = [
        Holder(name, isinstance(value, Tensor))
        for name, value in holders(model, loss_fn)
        if any(_is_one_of(tensor, call.final) for tensor in tensors_of(value, 2) for call in module_calls)
    ]
    return found or [Holder("hidden", len(module_calls[-1].final) == 1)]


def _is_one_of(tensor: Tensor, states: tuple[Tensor, ...]) -> bool:
    return any(
        tensor.shape == state.shape and bool(state.detach().any()) and torch.equal(tensor.detach(), state.detach())
        for state in states
    )
