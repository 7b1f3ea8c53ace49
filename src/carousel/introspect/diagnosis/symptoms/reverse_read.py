"""Half of a bidirectional network is read where it has only begun."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor, nn

from carousel.common.shapes import valid_steps
from carousel.introspect.diagnosis.code_names import code_name
from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.lengths import lengths_of
from carousel.introspect.diagnosis.facts.output_usage import output_usage
from carousel.introspect.diagnosis.facts.own_lines import indexed, read_at
from carousel.introspect.diagnosis.finding import Finding, NotAssessed
from carousel.introspect.diagnosis.observe.trace import ModuleCall
from carousel.introspect.diagnosis.symptoms.base import Symptom
from carousel.introspect.diagnosis.user_lines import changed, imports_torch

LEAST = 3  # steps: of two, each half has seen at least half
BEGUN = 0.1  # of the sequence: a half that has seen no more of it, wherever it is read, has only begun


@final
class ReverseRead(Symptom):
    """Measured: how many true steps a direction has seen where the loss reads it, at the best of its sites. The
    backward direction at the last step has seen one step of T. Found where that is one step, or at most a tenth of the
    median sequence: between these and a tagger, which reads each direction also where it has seen all, lies nothing
    that people write. A warning: the other direction has seen everything.
    """

    id = "reverse-read"

    def examine(self, context: Context) -> list[Finding] | NotAssessed:
        calls = [c for c in context.trace.module_calls if isinstance(c.module, nn.RNNBase) and c.module.bidirectional]
        if calls and all(len(call.input_TBI) < LEAST for call in calls):
            return self.not_assessed("one_step")
        found: dict[str, Finding] = {}
        for call in calls:
            for finding in self._of(context, call):
                found.setdefault(call.name, finding)
        return list(found.values())

    def _of(self, context: Context, call: ModuleCall) -> list[Finding]:
        usage = output_usage(call)
        if usage is None or usage.backward is None or len(usage.forward) < LEAST:
            return []
        steps, batch = usage.forward.shape
        own, known = call.own_lengths, lengths_of(context, [call])
        lengths = own if own is not None else known.values if known is not None else torch.full((batch,), steps)
        valid = valid_steps(lengths, steps)
        ahead = torch.arange(1, steps + 1).unsqueeze(1).expand(steps, batch)
        forward = _begun(usage.forward, torch.minimum(ahead, lengths), lengths)
        backward = _begun(usage.backward, ((lengths - ahead + 1) * valid).clamp(min=0), lengths)
        if backward is None and forward is None:
            return []
        form, seen = ("evidence", backward) if backward is not None else ("forward", forward)
        values = {"seen": str(seen), "steps": str(int(lengths.median())), "module": code_name(call.name)}
        return [Finding(self.id, "warning", "high", _fix(context, call), values, call.name, form)]


def _begun(usage_TB: Tensor, seen_TB: Tensor, lengths: Tensor) -> int | None:
    """The steps that a direction has seen where it is read best, median over the sequences; None where that is enough
    or where it is not read at all."""
    read = usage_TB.any(0) & (lengths >= LEAST)
    if not bool(read.any()):
        return None
    best = (seen_TB * usage_TB).amax(0)[read]
    middle = int(best.median())
    return middle if middle <= max(1, BEGUN * int(lengths[read].median())) else None


def _fix(context: Context, call: ModuleCall) -> str:
    """The output read at the last step becomes each direction read at its own end; else the final states."""
    size = int(call.final[0].shape[-1])
    read = None if call.own_lengths is not None else read_at(context, call, 1 if call.batch_first else 0, -1)
    place = read.place if read is not None and imports_torch(read.place) else None
    ends = ("{0}[:, -1, :{1}]", "{0}[:, 0, {1}:]") if call.batch_first else ("{0}[-1, :, :{1}]", "{0}[0, :, {1}:]")

    def both(expression: str) -> str | None:
        name = indexed(expression)
        return None if name is None else f"torch.cat([{', '.join(e.format(name, size) for e in ends)}], dim=1)"

    return changed(place, both, _final(call))


def _final(call: ModuleCall) -> str:
    output = f"_, {'(h_n, _)' if isinstance(call.module, nn.LSTM) else 'h_n'} = {code_name(call.name)}(x)"
    return f"{output}; features = torch.cat([h_n[-2], h_n[-1]], dim=1)"
