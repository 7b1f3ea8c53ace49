"""What a loss is differentiated with respect to: the ends of its graph."""

from __future__ import annotations

from torch import Tensor

from carousel.introspect.diagnosis.context import Context, fact
from carousel.introspect.diagnosis.facts.operations import operations
from carousel.introspect.diagnosis.observe.state_walk import tensors_of


@fact
def leaves(context: Context) -> list[Tensor]:
    """The leaves of the loss's graph, but for the batch's own tensors. Raises Refused."""
    loss = operations(context).loss
    data = {id(t) for t in tensors_of(context.batch)}
    found: dict[int, Tensor] = {}
    waiting, seen = [loss.grad_fn], set()
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        variable = getattr(node, "variable", None)
        if variable is not None and id(variable) not in data:
            found[id(variable)] = variable
        waiting.extend(parent for parent, _ in node.next_functions)
    return list(found.values())
