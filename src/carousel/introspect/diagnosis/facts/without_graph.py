"""Recurrent modules that run under no_grad: what is made of their output, and where the user's code calls them."""

from __future__ import annotations

from typing import NamedTuple

from carousel.introspect.diagnosis.context import Context, fact
from carousel.introspect.diagnosis.facts.operations import LOSSES, operations
from carousel.introspect.diagnosis.observe.operations import Operation
from carousel.introspect.diagnosis.observe.passes import graph_nodes
from carousel.introspect.diagnosis.observe.places import Place

#: What compares an answer with its target.
_COMPARISONS = {*LOSSES, "sub", "rsub", "subtract", "cosine_similarity"}


class WithoutGraph(NamedTuple):
    """is_target: whether what learns meets its output in a comparison alone, as that of a target network. place: of the
    call in the user's code."""

    is_target: bool
    place: Place | None


@fact
def without_graph(context: Context) -> dict[str, WithoutGraph]:
    """The recurrent modules, by name, whose weights ask for a gradient and whose calls all give outputs without one, as
    far as something that learns reads them. Raises Refused."""
    found = {}
    for calls in context.trace.modules:
        module = calls[0].module
        weights = {id(p) for p in module.parameters() if p.requires_grad}
        if not weights or any(t.requires_grad for call in calls for t in call.returned):
            continue
        made = [op for op in operations(context) if weights & {id(t) for t in op.inputs} and not _has_graph(op)]
        readers = _readers(context, made)
        if readers:
            place = next((op.place for op in made if op.place is not None), None)
            found[calls[0].name] = WithoutGraph(all(op.name in _COMPARISONS for op in readers), place)
    return found


def _readers(context: Context, made: list[Operation]) -> list[Operation]:
    """The first operations behind those that were made without a graph whose own the loss's gradient comes to: what is
    detached later learns nothing."""
    known, own, found, log = set[int](), {id(op) for op in made}, list[Operation](), operations(context)
    learning = graph_nodes(log.loss)
    for operation in log:
        if id(operation) not in own and not known & {id(t) for t in operation.inputs}:
            continue
        if any(t.grad_fn in learning for t in operation.outputs):
            found.append(operation)
        else:
            known |= {id(t) for t in operation.outputs}
    return found


def _has_graph(operation: Operation) -> bool:
    return any(t.requires_grad for t in operation.outputs)
