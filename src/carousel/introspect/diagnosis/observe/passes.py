"""Passes through a model with its batch and loss: one recorded, forward and backward, and others forward alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from carousel.common.errors import BadCall
from carousel.introspect.diagnosis.observe.snapshot import detach_states
from carousel.introspect.diagnosis.observe.trace import ModuleCall, Trace
from carousel.introspect.record import ModelTape, record
from carousel.introspect.record.in_place import forward_of, in_place_of
from carousel.introspect.record.targets import Target, is_cell, targets

LossFunction = Callable[[nn.Module, Any], Tensor]


@dataclass
class ForwardPass:
    """A pass without a recording. loss: with its graph."""

    loss: Tensor
    module_calls: list[ModuleCall]


def recorded_pass(model: nn.Module, batch: Any, loss_fn: LossFunction) -> Trace:
    """Record `loss_fn(model, batch)` and its backward pass. Raises BadCall where the loss is none."""
    model.zero_grad(set_to_none=True)
    detach_states(model, loss_fn)
    found, _ = targets(model)
    with record(model) as tape:
        trace = Trace(tape)
        with _watched(model, found, trace):
            loss = loss_fn(model, batch)
        trace.loss = checked_loss(loss).item()
        loss.backward()
    trace.gradients = {name: None if p.grad is None else p.grad.clone() for name, p in model.named_parameters()}
    return trace


def forward_pass(model: nn.Module, batch: Any, loss_fn: LossFunction) -> ForwardPass:
    """`loss_fn(model, batch)` once more, forward alone, by the model's own modules."""
    found, _ = targets(model)
    trace = Trace(ModelTape({}))
    with _watched(model, found, trace):
        loss = checked_loss(loss_fn(model, batch))
    return ForwardPass(loss, trace.module_calls)


def checked_loss(loss: Any) -> Tensor:
    """The loss, if it is one. Raises BadCall."""
    if not isinstance(loss, Tensor):
        raise BadCall("loss_fn did not return a loss", allowed="a scalar tensor", got=type(loss).__name__,
                      fix="return the loss itself, not .item()")  # fmt: skip
    if loss.numel() != 1:
        raise BadCall("loss_fn returned more than one number", allowed="a scalar tensor", got=tuple(loss.shape),
                      fix="take its mean")  # fmt: skip
    if not loss.requires_grad:
        raise BadCall("the loss does not require a gradient", allowed="a loss that depends on the parameters",
                      fix="take .detach(), .item(), .argmax() and torch.no_grad() out of loss_fn")  # fmt: skip
    return loss


@contextmanager
def _watched(model: nn.Module, found: list[Target], trace: Trace) -> Iterator[None]:
    """Note what passes through the model and its recurrent modules. Their forward is wrapped rather than hooked, so
    that `model.forward(x)`, which skips hooks, is noted too."""
    with ExitStack() as undo:
        for target in found:
            undo.enter_context(wrapped(target.module, _note_module_call(target, trace)))
        undo.enter_context(wrapped(model, _note_model_call(trace)))
        yield


@contextmanager
def wrapped(module: nn.Module, note: Callable[..., None]) -> Iterator[None]:
    """Call note(inputs, keywords, returned) after each call of a module's forward."""
    forward = forward_of(module)

    def noted(*inputs: Any, **keywords: Any) -> Any:
        returned = forward(*inputs, **keywords)
        note(inputs, keywords, returned)
        return returned

    with in_place_of(module, noted):
        yield


def _note_module_call(target: Target, trace: Trace) -> Callable[..., None]:
    def note(inputs: tuple[Any, ...], keywords: dict[str, Any], returned: Any) -> None:
        x = inputs[0] if inputs else keywords.get("input")
        hx = inputs[1] if len(inputs) > 1 else keywords.get("hx")
        output, final = (None, returned) if is_cell(target.module) else returned
        states = (final,) if isinstance(final, Tensor) else tuple(final)
        _keep_gradients(output.data if isinstance(output, PackedSequence) else output, *states)
        trace.module_calls.append(ModuleCall(target, x, hx, output, states, keywords.get("lengths")))

    return note


def _note_model_call(trace: Trace) -> Callable[..., None]:
    def note(inputs: tuple[Any, ...], keywords: dict[str, Any], output: Any) -> None:
        trace.inputs, trace.keywords, trace.output = inputs, keywords, output
        trace.model_calls += 1
        _keep_gradients(*trace.answers)

    return note


def _keep_gradients(*tensors: Any) -> None:
    for tensor in tensors:
        if isinstance(tensor, Tensor) and tensor.requires_grad:
            tensor.retain_grad()


def graph_nodes(*tensors: Tensor) -> set[torch.autograd.graph.Node]:
    """The nodes of the graph that tensors depend on; the parameters' own, which every graph shares, are left out."""
    found, waiting = set(), [tensor.grad_fn for tensor in tensors]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in found and not hasattr(node, "variable"):
            found.add(node)
            waiting.extend(parent for parent, _ in node.next_functions)
    return found
