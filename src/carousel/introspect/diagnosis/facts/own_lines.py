"""The lines of the user's own code that a finding is about, as diffs: where a layer is made, called, read, detached."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from torch import Tensor, nn

from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.assignments import made_at
from carousel.introspect.diagnosis.facts.operations import RECURRENT, operations
from carousel.introspect.diagnosis.observe.operations import Operation
from carousel.introspect.diagnosis.observe.perturbation import Refused
from carousel.introspect.diagnosis.observe.trace import ModuleCall
from carousel.introspect.diagnosis.user_lines import changed, handed_on, with_keyword, without_call


def with_option(model: nn.Module, path: str, option: str, value: object, otherwise: str) -> str:
    """The line that makes a part of the model, with another value of an option."""
    return changed(made_at(model, path), with_keyword(option, value), otherwise)


def with_state_handed_on(context: Context, call: ModuleCall, otherwise: str) -> str:
    """The line that calls a recurrent module, with its new state kept."""
    own = next(_calls_of(context, call.module), None)
    return otherwise if own is None else handed_on(own.place, call.is_cell, otherwise)


def without_detach(context: Context, call: ModuleCall, otherwise: str) -> str:
    """The line that detaches what a recurrent module returns, without that."""
    made = {id(t) for own in _calls_of(context, call.module) for t in own.outputs}
    for operation in _operations(context):
        if operation.name == "detach" and operation.inputs:
            source = operation.source(operation.inputs[0])
            if id(operation.inputs[0]) in made or (source is not None and id(source.tensor) in made):
                return changed(operation.place, without_call, otherwise)
    return otherwise


def read_at(context: Context, call: ModuleCall, axis: int, index: int) -> Operation | None:
    """Where the model takes one index along an axis of what a recurrent module returns: output[:, -1]."""
    made = {id(t) for own in _calls_of(context, call.module) for t in own.outputs}
    for operation in _operations(context):
        if operation.name != "getitem" or not operation.inside or len(operation.given) < 2:
            continue
        at = operation.given[1] if isinstance(operation.given[1], tuple) else (operation.given[1],)
        source = operation.source(operation.inputs[0])
        is_own = id(operation.inputs[0]) in made or (source is not None and id(source.tensor) in made)
        if is_own and len(at) > axis and isinstance(at[axis], int) and at[axis] == index:
            return operation
    return None


def indexed(expression: str) -> str | None:
    """What is indexed, where that is a name: "out" of out[:, -1, :]."""
    try:
        node = ast.parse(expression, mode="eval").body
    except SyntaxError:
        return None
    return node.value.id if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) else None


def lengths_name(context: Context) -> str | None:
    """What the model's forward calls the lengths of its sequences; None where it takes no such tensor."""
    code = getattr(type(context.model).forward, "__code__", None)
    names = code.co_varnames[1 : code.co_argcount] if code is not None else ()
    called = dict(zip(names, context.trace.inputs, strict=False)) | context.trace.keywords
    found = (n for n, t in called.items() if "len" in n and isinstance(t, Tensor) and t.dim() == 1)
    return next(found, None)


def _calls_of(context: Context, module: nn.Module) -> Iterator[Operation]:
    weights = {id(p) for p in module.parameters()}
    return (op for op in _operations(context) if op.name in RECURRENT and weights & {id(t) for t in op.inputs})


def _operations(context: Context) -> Iterator[Operation]:
    """Of the pass; none where it cannot be watched."""
    try:
        yield from operations(context)
    except Refused:
        return
