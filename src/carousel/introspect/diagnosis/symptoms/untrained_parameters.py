"""The loss depends on weights that the training does not change."""

from __future__ import annotations

from typing import final

from torch import Tensor, nn

from carousel.introspect.diagnosis.code_names import code_name
from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.assignments import assignment
from carousel.introspect.diagnosis.facts.leaves import leaves
from carousel.introspect.diagnosis.facts.operations import operations
from carousel.introspect.diagnosis.facts.without_graph import WithoutGraph, without_graph
from carousel.introspect.diagnosis.finding import Confidence, Finding, NotAssessed, Severity
from carousel.introspect.diagnosis.observe.hidden_modules import HiddenModule
from carousel.introspect.diagnosis.symptoms.base import Symptom
from carousel.introspect.diagnosis.user_lines import changed

SHOWN = 3  # names


@final
class UntrainedParameters(Symptom):
    """Measured: the leaves of the loss's graph that ask for a gradient, against model.parameters() and, where it is
    given, against what the optimiser holds. Found where a leaf is in neither: layers in a plain list, tensors made in
    forward (critical where the model itself holds them, a warning elsewhere: they may have an optimiser of their own).
    With an optimiser, also where it holds none of the model's parameters (critical), or not all that get a gradient (a
    warning; critical where it holds others in their place). A recurrent module that runs under no_grad while what
    learns reads its output is a warning; one that gives targets is none. What is frozen, or is data, is none.
    """

    id = "untrained-parameters"

    def examine(self, context: Context) -> list[Finding] | NotAssessed:
        found = leaves(context)
        optimiser = context.known.optimizer
        held = [] if optimiser is None else [p for group in optimiser.param_groups for p in group["params"]]
        known = {id(p) for p in held}
        hidden = _hidden(context, {id(leaf) for leaf in found} - known)
        if hidden:
            return [self._hidden(hidden)]
        own = {id(p): name for name, p in context.model.named_parameters()}
        outside = [leaf for leaf in found if id(leaf) not in own and id(leaf) not in known]
        made = {id(t) for operation in operations(context) for t in operation.outputs}
        outside = [leaf for leaf in outside if isinstance(leaf, nn.Parameter) or id(leaf) not in made]  # no state of 0
        if outside:
            values = {"count": str(len(outside)), "numbers": f"{sum(leaf.numel() for leaf in outside):,}",
                      "shapes": ", ".join(str(list(leaf.shape)) for leaf in outside[:SHOWN])}  # fmt: skip
            fix = "self.weight = torch.nn.Parameter(weight)  # in __init__, used in forward as self.weight"
            return [Finding(self.id, "warning", "medium", fix, values, form="outside")]
        read = {name: own for name, own in without_graph(context).items() if not own.is_target}
        if read:
            return [self._no_grad(context, read)]
        return [] if optimiser is None else self._optimiser(context, held)

    def _hidden(self, hidden: list[HiddenModule]) -> Finding:
        names = [code_name(each.path) for each in hidden]
        numbers = sum(p.numel() for each in hidden for p in each.module.parameters())
        first = hidden[0]
        values = {"names": _listed(names), "count": str(len(names)), "numbers": f"{numbers:,}", "held": first.name}
        kind = "ModuleDict" if isinstance(getattr(first.owner, first.name, None), dict) else "ModuleList"
        plain = f"self.{first.name} = torch.nn.{kind}(self.{first.name})  # at the end of __init__"
        fix = changed(assignment(first.owner, first.name), lambda value: f"torch.nn.{kind}({value})", plain)
        return Finding(self.id, "critical", "high", fix, values, first.path, "hidden")

    def _no_grad(self, context: Context, read: dict[str, WithoutGraph]) -> Finding:
        first, parts = next(iter(read)), dict(context.model.named_modules())
        numbers = sum(p.numel() for name in read for p in _weights(parts[name]))
        place = read[first].place
        values = {"names": _listed([code_name(name) for name in read]), "count": str(len(read)),
                  "numbers": f"{numbers:,}", "place": "?" if place is None else place.shown}  # fmt: skip
        call = (place.expression if place else "") or f"{code_name(first)}(x)"
        where = f" ({place.shown})" if place else ""
        fix = f"{call}  # outside torch.no_grad(){where}"
        return Finding(self.id, "warning", "high", fix, values, first, "no_grad")

    def _optimiser(self, context: Context, held: list[Tensor]) -> list[Finding]:
        known, given = {id(p) for p in held}, context.trace.gradients
        learning = {
            name: p for name, p in context.model.named_parameters()
            if p.requires_grad and (g := given.get(name)) is not None and bool((g != 0).any())
        }  # fmt: skip
        missing = [name for name, p in learning.items() if id(p) not in known]
        if not missing:
            return []
        own = {id(p) for p in context.model.parameters()}
        strangers = [p for p in held if id(p) not in own]
        none = not any(id(p) in own for p in held)
        form = "other_model" if none else "left_out"
        numbers = sum(learning[name].numel() for name in missing)
        values = {
            "names": _listed(missing), "count": str(len(missing)), "numbers": f"{numbers:,}",
            "all": str(len(learning)), "strangers": str(len(strangers)),
        }  # fmt: skip
        severity: Severity = "critical" if none or strangers else "warning"
        sure: Confidence = "high" if none or strangers else "medium"
        kind = type(context.known.optimizer).__name__
        rate = context.known.optimizer.param_groups[0]["lr"] if context.known.optimizer else 1e-3
        fix = f"optimizer = torch.optim.{kind}(model.parameters(), lr={rate:g})  # after the model is complete"
        return [Finding(self.id, severity, sure, fix, values, form=form)]


def _hidden(context: Context, leaf_ids: set[int]) -> list[HiddenModule]:
    """The modules in plain lists and the like whose weights the loss depends on."""
    return [each for each in context.hidden if any(id(p) in leaf_ids for p in _weights(each.module))]


def _weights(module: nn.Module) -> list[nn.Parameter]:
    return [p for p in module.parameters() if p.requires_grad]


def _listed(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
