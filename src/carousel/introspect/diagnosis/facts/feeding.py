"""Which of a model's inputs enter a recurrent module, rather than another one before it."""

from __future__ import annotations

from torch import Tensor

from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.operations import RECURRENT, operations
from carousel.introspect.diagnosis.observe.operations import Operation
from carousel.introspect.diagnosis.observe.perturbation import Refused
from carousel.introspect.diagnosis.observe.trace import ModuleCall


def fed_by(context: Context, call: ModuleCall, inputs: list[Tensor]) -> list[Tensor]:
    """Those of the tensors that the module's x is made of without another recurrent module; all of them where that is
    not seen."""
    try:
        runs = [operation for operation in operations(context) if operation.name in RECURRENT]
    except Refused:
        return inputs
    calls = context.trace.module_calls
    if len(runs) != len(calls):
        return inputs
    run = next(run for run, each in zip(runs, calls, strict=True) if each is call)
    x = run.inputs[0]
    reached = {id(x), x.data_ptr()}
    waiting = [run.made_by[id(x)]] if id(x) in run.made_by else []
    seen: set[Operation] = set()
    while waiting:
        operation = waiting.pop()
        if operation in seen or operation.name in RECURRENT:
            continue
        seen.add(operation)
        reached |= {key for t in operation.inputs for key in (id(t), t.data_ptr())}
        waiting += operation.made_by.values()
    return [t for t in inputs if id(t) in reached or t.data_ptr() in reached] or inputs
