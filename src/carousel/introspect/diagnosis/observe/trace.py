"""One recorded forward and backward pass: what went in and out of a model and of its recurrent parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from carousel.common.errors import BadCall
from carousel.introspect.diagnosis.observe.snapshot import cut_history
from carousel.introspect.diagnosis.observe.state_walk import tensors_of
from carousel.introspect.record import ModelTape, record
from carousel.introspect.record.recording import in_place_of
from carousel.introspect.record.targets import Target, targets

LossFunction = Callable[[nn.Module, Any], Tensor]


@dataclass
class Visit:
    """One call of a recurrent module. x: its input as given; hx: the initial state as given, or None. output: what it
    returned first (a Tensor or PackedSequence; None of a *Cell); final: the states it returned, h first. Gradients that
    reach them directly, from outside the module, lie in their `.grad`. lengths: as given to a layer of the house."""

    name: str
    module: nn.Module
    x: Any
    hx: Any
    output: Any
    final: tuple[Tensor, ...]
    lengths: Any = None

    @property
    def is_cell(self) -> bool:
        """Whether the module is a *Cell: one step a call."""
        return isinstance(self.module, nn.RNNCellBase)

    @property
    def states(self) -> tuple[Tensor, ...]:
        """The initial states as given, h first; empty for zeros."""
        return () if self.hx is None else (self.hx,) if isinstance(self.hx, Tensor) else tuple(self.hx)


@dataclass
class Observation:
    """loss: a number. gradients: of the parameters by name, None where none arrived. inputs, keywords, output: of the
    model's own call (the last, if several: model_calls). visits: the calls of its recurrent modules in order."""

    tape: ModelTape
    loss: float = float("nan")
    gradients: dict[str, Tensor | None] = field(default_factory=dict)
    inputs: tuple[Any, ...] = ()
    keywords: dict[str, Any] = field(default_factory=dict)
    output: Any = None
    visits: list[Visit] = field(default_factory=list)
    model_calls: int = 0

    @property
    def answers(self) -> list[Tensor]:
        """The tensors of numbers in the model's output."""
        return [t for t in tensors_of(self.output) if t.is_floating_point() and t.dim()]

    @property
    def answer(self) -> Tensor | None:
        """The one that the loss is made of: the first that a gradient reached; the first of all where none did."""
        return next((t for t in self.answers if t.requires_grad and t.grad is not None), next(iter(self.answers), None))


@dataclass
class Glimpse:
    """A forward pass without a recording. loss: with its graph."""

    loss: Tensor
    visits: list[Visit]


def observe(model: nn.Module, batch: Any, loss_fn: LossFunction) -> Observation:
    """Record `loss_fn(model, batch)` and its backward pass. Raises BadCall where the loss is none."""
    model.zero_grad(set_to_none=True)
    cut_history(model, loss_fn)
    found, _ = targets(model)
    with record(model) as tape:
        seen = Observation(tape)
        with _watched(model, found, seen):
            loss = loss_fn(model, batch)
        seen.loss = checked(loss).item()
        loss.backward()
    seen.gradients = {name: None if p.grad is None else p.grad.clone() for name, p in model.named_parameters()}
    return seen


def glimpse(model: nn.Module, batch: Any, loss_fn: LossFunction) -> Glimpse:
    """`loss_fn(model, batch)` once more, forward alone, by torch's own modules."""
    found, _ = targets(model)
    seen = Observation(ModelTape({}))
    with _watched(model, found, seen):
        loss = checked(loss_fn(model, batch))
    return Glimpse(loss, seen.visits)


def checked(loss: Any) -> Tensor:
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
def _watched(model: nn.Module, found: list[Target], seen: Observation) -> Iterator[None]:
    """Note what passes through the model and its recurrent modules. Their forward is wrapped rather than hooked, so
    that `model.forward(x)`, which skips hooks, is seen too."""
    with ExitStack() as undo:
        for target in found:
            undo.enter_context(wrapped(target.module, _visitor(target.name, target.module, seen)))
        undo.enter_context(wrapped(model, _caller(seen)))
        yield


@contextmanager
def wrapped(module: nn.Module, note: Callable[..., None]) -> Iterator[None]:
    """Tell note(inputs, keywords, returned) of each call of a module's forward."""
    forward = module.forward

    def noted(*inputs: Any, **keywords: Any) -> Any:
        returned = forward(*inputs, **keywords)
        note(inputs, keywords, returned)
        return returned

    with in_place_of(module, noted):
        yield


def _visitor(name: str, module: nn.Module, seen: Observation) -> Callable[..., None]:
    def note(inputs: tuple[Any, ...], keywords: dict[str, Any], returned: Any) -> None:
        x = inputs[0] if inputs else keywords.get("input")
        hx = inputs[1] if len(inputs) > 1 else keywords.get("hx")
        output, final = (None, returned) if isinstance(module, nn.RNNCellBase) else returned
        states = (final,) if isinstance(final, Tensor) else tuple(final)
        _keep_gradients(output.data if isinstance(output, PackedSequence) else output, *states)
        seen.visits.append(Visit(name, module, x, hx, output, states, keywords.get("lengths")))

    return note


def _caller(seen: Observation) -> Callable[..., None]:
    def note(inputs: tuple[Any, ...], keywords: dict[str, Any], output: Any) -> None:
        seen.inputs, seen.keywords, seen.output = inputs, keywords, output
        seen.model_calls += 1
        _keep_gradients(*seen.answers)

    return note


def _keep_gradients(*tensors: Any) -> None:
    for tensor in tensors:
        if isinstance(tensor, Tensor) and tensor.requires_grad:
            tensor.retain_grad()


def by_module(visits: list[Visit]) -> list[list[Visit]]:
    """The calls of each module, in the order of the modules' first calls."""
    calls: dict[int, list[Visit]] = {}
    for visit in visits:
        calls.setdefault(id(visit.module), []).append(visit)
    return list(calls.values())


def nodes(*tensors: Tensor) -> set[torch.autograd.graph.Node]:
    """The nodes of the graph that tensors hang on; the parameters' own, which every graph shares, are left out."""
    found, waiting = set(), [tensor.grad_fn for tensor in tensors]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in found and not hasattr(node, "variable"):
            found.add(node)
            waiting.extend(parent for parent, _ in node.next_functions)
    return found


__all__ = [
    "Glimpse",
    "LossFunction",
    "Observation",
    "Visit",
    "by_module",
    "checked",
    "glimpse",
    "nodes",
    "observe",
    "wrapped",
]
