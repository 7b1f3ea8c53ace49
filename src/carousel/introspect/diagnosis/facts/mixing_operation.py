"""The operation of the user's own code that puts one sample's numbers among another's, and the line without that."""

from __future__ import annotations

from torch import Tensor, nn

from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.operations import noted
from carousel.introspect.diagnosis.facts.own_lines import indexed, with_option
from carousel.introspect.diagnosis.observe.operations import Operation, OperationLog
from carousel.introspect.diagnosis.observe.perturbation import Probe
from carousel.introspect.diagnosis.user_lines import changed, reshaped, with_keyword

VIEWS = ("view", "reshape")
_OVER_AN_AXIS = ("softmax", "log_softmax", "normalize", "mean", "sum", "cumsum")


def mixing_operation(context: Context, probe: Probe, altered: Tensor, count: int) -> Operation | None:
    """The first operation of the model's call that gets the change of a single sample along one axis of so many, and
    gives it on to several. altered: the input with that sample changed."""
    first, second = (_log(context, probe, x) for x in (probe.x, altered))
    if [each.name for each in first] != [each.name for each in second]:
        return None
    for before, after in zip(first, second, strict=True):
        given = [_axis(a, b, count) for a, b in zip(before.inputs, after.inputs, strict=False)]
        made = [_axis(a, b, count) for a, b in zip(before.outputs, after.outputs, strict=False)]
        if None in made and None not in given and any(axis is not None and axis >= 0 for axis in given):
            return before
    return None


def mended(context: Context, operation: Operation, count: int) -> str:
    """The line with what keeps the samples apart, where that is known; else what it is, and where."""
    place, given = operation.place, operation.inputs[0]
    attention = next((n for n, m in context.model.named_modules() if _is_time_first_attention(m)), "")
    if operation.name.startswith("multi_head_attention") and attention:
        return with_option(context.model, attention, "batch_first", True, _shown(operation))
    plain = _shown(operation)
    made = operation.outputs[0]
    if operation.name in VIEWS and given.dim() > 2 and made.shape[0] == count == given.shape[1]:
        return changed(place, _turned_first, plain)
    if operation.name in VIEWS and made.dim() > 2 and made.shape[:2] == (given.shape[1], count) == given.shape[1::-1]:
        return changed(place, lambda expression: f"{reshaped(expression)}.transpose(0, 1)", plain)
    if operation.name == "getitem" and given.dim() > 1 and isinstance(operation.given[1], int):
        return changed(place, _steps_of, plain)
    if operation.name in _OVER_AN_AXIS and isinstance(operation.keywords.get("dim"), int) and given.dim() > 2:
        return changed(place, with_keyword("dim", 1 if given.shape[0] == count else 0), plain)
    return plain


def _log(context: Context, probe: Probe, x: Tensor) -> list[Operation]:
    log = OperationLog()
    with noted(context.model, log) as watching, watching:
        probe.output(x)
    return [operation for operation in log if operation.inside]


def _axis(before: Tensor, after: Tensor, count: int) -> int | None:
    """The axis of so many along which one slice alone differs; -1 where nothing does, None where several do."""
    if before.shape != after.shape:
        return None
    moved = before.nan_to_num() != after.nan_to_num() if before.is_floating_point() else before != after
    if not bool(moved.any()):
        return -1
    for axis in range(moved.dim()):
        if moved.shape[axis] == count and int(moved.movedim(axis, 0).reshape(count, -1).any(1).sum()) == 1:
            return axis
    return None


def _is_time_first_attention(module: nn.Module) -> bool:
    return isinstance(module, nn.MultiheadAttention) and not module.batch_first


def _turned_first(expression: str) -> str | None:
    """h.view(B, -1) becomes h.transpose(0, 1).reshape(B, -1)."""
    own = reshaped(expression)
    if own is None or not expression.startswith(own):
        return None
    method, _, rest = expression[len(own) :].partition("(")
    return f"{own}.transpose(0, 1).reshape({rest}" if method.strip() in (".view", ".reshape") else None


def _steps_of(expression: str) -> str | None:
    """out[-1] becomes out[:, -1]."""
    name = indexed(expression)
    return None if name is None else f"{name}[:, {expression.partition('[')[2]}"


def _shown(operation: Operation) -> str:
    place = operation.place
    if place is None or not place.expression:
        return "scores = torch.softmax(scores, dim=1)  # over the steps [B, T]; check each axis behind the module"
    return f"{place.expression}  # {place.shown}: this puts samples together; turn or choose its axes"
