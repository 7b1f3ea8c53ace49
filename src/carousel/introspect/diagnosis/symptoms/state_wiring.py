"""A state is given where another belongs, or read of the wrong layer."""

from __future__ import annotations

from typing import NamedTuple, final

import torch
from torch import Tensor, nn

from carousel.introspect.diagnosis.code_names import code_name
from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.output_usage import output_usage
from carousel.introspect.diagnosis.facts.own_lines import indexed, read_at
from carousel.introspect.diagnosis.finding import Confidence, Finding, NotAssessed, Severity
from carousel.introspect.diagnosis.observe.trace import ModuleCall
from carousel.introspect.diagnosis.symptoms.base import Symptom
from carousel.introspect.diagnosis.user_lines import changed


class Miswired(NamedTuple):
    """form: of the evidence. call: that it was found at. other: the module that the state came out of."""

    form: str
    call: ModuleCall
    other: str
    fix: str
    severity: Severity = "critical"


@final
class StateWiring(Symptom):
    """Measured: the initial states of every call, number for number, against the states that earlier calls ended with,
    and which rows of the final states the loss reads. Found where the place of h holds a cell state, or that of c a
    hidden one ("swapped"); where all layers or directions are given one and the same state ("shared"); where a module
    that runs step by step is given another module's state instead of its own last one ("other"); where the state handed
    on, or read, is that of a lower layer while the top one's is not used ("layer"); where the two directions of one
    layer start the two layers of another module and all else of them is dropped ("directions", a warning); and where
    of an LSTM only c is read ("cell", a warning). Zeros are no state.
    """

    id = "state-wiring"

    def examine(self, context: Context) -> list[Finding] | NotAssessed:
        calls = context.trace.module_calls
        for index, call in enumerate(calls):
            earlier = calls[:index]
            found = _swapped(earlier, call) or _other(earlier, call) or _shared(call) or _directions(earlier, call)
            if found is not None:
                return [self._finding(found)]
        read = next((found for call in calls if (found := _read(call, context)) is not None), None)
        return [] if read is None else [self._finding(read)]

    def _finding(self, found: Miswired) -> Finding:
        sure: Confidence = "medium" if found.severity == "warning" else "high"
        values = {"module": code_name(found.call.name), "other": code_name(found.other) if found.other else "model"}
        return Finding(self.id, found.severity, sure, found.fix, values, found.call.name, found.form)


def _swapped(earlier: list[ModuleCall], call: ModuleCall) -> Miswired | None:
    for place, state in enumerate(call.states):
        for before in reversed(earlier):
            own = [_has(final, state) for final in before.final]
            if any(own) and len(before.final) == 2 and not own[place]:
                name = code_name(call.name)
                fix = f"output, (h, c) = {name}(x, (h, c))" if len(call.states) == 2 else f"output, h = {name}(x, h)"
                return Miswired(
                    "swapped", call, before.name, f"{fix}  # an LSTM returns and takes (h, c) in this order"
                )
            if any(own):
                break
    return None


def _other(earlier: list[ModuleCall], call: ModuleCall) -> Miswired | None:
    """Another module's state where the module has one of its own, left by its last call."""
    own = [before for before in earlier if before.module is call.module]
    if not own or not call.states or _is_zero(call.states[0]) or not call.is_cell:
        return None
    state = call.states[0]
    if any(_has(before.final[0], state) for before in own):
        return None
    for before in reversed(earlier):
        if before.module is not call.module and before.is_cell and _has(before.final[0], state):
            name = code_name(call.name)
            fix = f"h_own = {name}(x, h_own)  # each layer keeps its own state"
            return Miswired("other", call, before.name, fix)
    return None


def _shared(call: ModuleCall) -> Miswired | None:
    """Every layer and direction begins with the same numbers, which differ among the sequences or the units."""
    for state in call.states if not call.is_cell else ():
        rows = state.detach()
        if rows.dim() < 2 or len(rows) < 2 or _is_zero(rows) or bool((rows == rows.flatten()[0]).all()):
            continue
        if bool((rows == rows[:1]).all()):
            name = code_name(call.name)
            shape = ", ".join(map(str, rows.shape))
            fix = f"state = torch.zeros({shape})  # of {name}: a row of its own for each layer and direction"
            return Miswired("shared", call, "", fix)
    return None


def _directions(earlier: list[ModuleCall], call: ModuleCall) -> Miswired | None:
    """The two directions of a layer start two layers, and nothing else of that module is read."""
    if not isinstance(call.module, nn.RNNBase) or call.module.bidirectional or call.module.num_layers == 1:
        return None
    if not call.states or call.states[0].dim() < 3 or len(call.states[0]) != 2:
        return None
    state = call.states[0]
    for before in earlier:
        both = not before.is_cell and getattr(before.module, "bidirectional", False)
        if both and _has(before.final[0], state) and not _output_is_read(before):
            name = code_name(before.name)
            last = "torch.cat([h_n[0::2], h_n[1::2]], dim=2)"
            fix = f"h = {last}  # of {name}; then a linear layer to {state.shape[2]}"
            return Miswired("directions", call, before.name, fix, "warning")
    return None


def _read(call: ModuleCall, context: Context) -> Miswired | None:
    """What is read of the final states of a call of a layer whose output is not read."""
    usage = None if call.is_cell else output_usage(call)
    if usage is None or (call.is_cell and len(call.final) < 2) or _output_is_read(call):
        return None
    h = call.final[0]
    read = [_rows_read(state) for state in call.final]
    if len(call.final) == 2 and read[1] is not None and read[0] is None:
        name = code_name(call.name)
        fix = f"_, (h_n, c_n) = {name}(x); features = h_n[-1]"
        return Miswired("cell", call, call.name, fix, "warning")
    if read[0] is None or not isinstance(call.module, nn.RNNBase) or h.dim() < 3:
        return None
    directions = 2 if call.module.bidirectional else 1
    rows, lower = read[0], len(h) - directions
    if not bool(rows[:lower].any()) or bool(rows[lower:].all()):
        return None
    last = "torch.cat([h_n[-2], h_n[-1]], dim=1)" if directions == 2 else "h_n[-1]"
    fix = f"features = {last}  # of {code_name(call.name)}: its top layer"
    own = read_at(context, call, 0, int(rows.nonzero()[0])) if directions == 1 else None
    return Miswired("layer", call, call.name, changed(None if own is None else own.place, _top, fix))


def _top(expression: str) -> str | None:
    """h[0] becomes h[-1]."""
    name = indexed(expression)
    return None if name is None else f"{name}[-1]"


def _output_is_read(call: ModuleCall) -> bool:
    output = call.returned[-1]
    return output.requires_grad and output.grad is not None and bool(output.grad.any())


def _rows_read(state: Tensor) -> Tensor | None:
    """[layers * directions] bool; None where nothing of it is read."""
    if not state.requires_grad or state.grad is None or not bool(state.grad.any()):
        return None
    return (state.grad != 0).flatten(1).any(1).cpu()


def _has(final: Tensor, state: Tensor) -> bool:
    """Whether a state's numbers are those of a final state, or of some of its layers, in whatever shape."""
    if _is_zero(state) or state.shape[-1] != final.shape[-1]:
        return False
    rows, given = final.detach().reshape(-1, final.shape[-1]), state.detach().reshape(-1, state.shape[-1])
    if len(given) > len(rows) or len(rows) % len(given):
        return False
    return any(torch.equal(rows[start : start + len(given)], given) for start in range(0, len(rows), len(given)))


def _is_zero(state: Tensor) -> bool:
    return not bool(state.detach().any())
