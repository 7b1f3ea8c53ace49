"""Whether the scores that a loss takes for one answer's classes are those of one row of the head."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from carousel.introspect.diagnosis.facts.operations import LossCall
from carousel.introspect.diagnosis.observe.operations import Operation
from carousel.introspect.diagnosis.observe.perturbation import Refused, as_refusal

_HEADS = ("linear", "addmm", "matmul", "mm")
_JOINS = ("stack", "cat", "concat")
#: They give each number another value, and leave it where it is.
_EACH = ("log_softmax", "softmax", "dropout", "logsigmoid", "clamp", "relu", "tanh")
_RESHAPES = ("view", "reshape", "view_as", "reshape_as")


class TornRows(NamedTuple):
    """head, taken: shapes of the scores as the head gives them and as the loss takes them. operation: the reshape."""

    head: torch.Size
    taken: torch.Size
    operation: Operation | None


def torn_rows(call: LossCall) -> TornRows | None:
    """The way from the head to the loss, followed with numbered places; None where each answer's classes are still the
    numbers of one row, and where the way cannot be followed."""
    answer = call.answer
    way, root = _way(call)
    if root is None or answer.dim() < 2 or answer.shape[1] < 2 or root.shape[-1] != answer.shape[1]:
        return None
    try:
        with as_refusal():
            places = _followed(way, root)
    except Refused:  # an operation that takes no whole numbers
        return None
    if places.shape != answer.shape:
        return None
    rows = places.movedim(1, -1).reshape(-1, answer.shape[1]) // answer.shape[1]
    if bool((rows == rows[:, :1]).all()):
        return None
    reshape = next((operation for operation, _, _ in way if operation.name in _RESHAPES), None)
    return TornRows(root.shape, answer.shape, reshape)


def _way(call: LossCall) -> tuple[list[tuple[Operation, Tensor, Tensor]], Tensor | None]:
    """(operation, its input, its output), the last first, back to the head's output or to the heads' outputs joined."""
    way: list[tuple[Operation, Tensor, Tensor]] = []
    tensor, operation = call.answer, call.operation.made_by.get(id(call.answer))
    while operation is not None:
        if operation.name in _HEADS:
            return way, tensor
        if operation.name in _JOINS and operation.inputs:
            heads = [operation.source(part) for part in operation.inputs]
            joined = all(head is not None and head.name in _HEADS for head in heads)
            own_axis = operation.inputs[0].shape[-1] == tensor.shape[-1]
            return way, tensor if joined and own_axis else None
        if not (operation.is_move or operation.name in _EACH) or not operation.inputs:
            return way, None
        way.append((operation, operation.inputs[0], tensor))
        tensor = operation.inputs[0]
        operation = operation.made_by.get(id(tensor))
    return way, None


def _followed(way: list[tuple[Operation, Tensor, Tensor]], root: Tensor) -> Tensor:
    """The number of each place of `root`, where the operations have brought it."""
    places = torch.arange(root.numel(), device=root.device).view(root.shape)
    for operation, given, output in reversed(way):
        if operation.is_move:
            arguments = tuple(places if value is given else value for value in operation.given)
            places = _same_part(operation, operation.function(*arguments, **operation.keywords), output).long()
    return places


def _same_part(operation: Operation, found: Any, output: Tensor) -> Tensor:
    """Of an operation that gives several tensors the one at the place of `output`."""
    index = next(k for k, part in enumerate(operation.outputs) if part is output)
    part: Tensor = found if isinstance(found, Tensor) else found[index]
    return part
