"""A sequence begins with the state in which an unrelated one ended."""

from __future__ import annotations

from typing import final

from carousel.introspect.diagnosis.code_names import code_name, number
from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.output_usage import output_has_time, read_share
from carousel.introspect.diagnosis.facts.statefulness import first_calls, handed_on, statefulness
from carousel.introspect.diagnosis.finding import Finding, NotAssessed
from carousel.introspect.diagnosis.observe.trace import ModuleCall
from carousel.introspect.diagnosis.symptoms.base import Symptom

EVERY_STEP = 0.5  # a loss that reads this share of the steps may be a language model's, where carrying is right


@final
class StateCarriedOver(Symptom):
    """Measured: whether a call of loss_fn begins with exactly the numbers in which the call before it ended; by chance
    that does not happen. Whether it is wrong depends on the data: with `continues=True` it is right. Where that is not
    given, it is taken for wrong where the loss reads less than half of the steps, as it does where each sequence has a
    label of its own; a loss at every step may be that of a language model on consecutive pieces of one text: nothing is
    said.
    """

    id = "state-carried-over"

    def examine(self, context: Context) -> list[Finding] | NotAssessed:
        passes = statefulness(context).passes
        carried = [v for v in first_calls(passes[1].module_calls) if handed_on(passes[0].module_calls, v)]
        given = context.known.continues
        every_step = output_has_time(context) or read_share(context) >= EVERY_STEP
        if not carried or given or (given is None and every_step):
            return []
        call = carried[0]
        fix = f"{statefulness(context).emptied}  # after each batch of unrelated sequences"
        values = {
            "module": code_name(call.name), "size": number(_size(call)),
            "first": f"{passes[0].loss.item():.4g}", "second": f"{passes[1].loss.item():.4g}",
        }  # fmt: skip
        return [Finding(self.id, "warning", "medium" if given is None else "high", fix, values, call.name)]


def _size(call: ModuleCall) -> float:
    """Root mean square of h."""
    return float(call.states[0].detach().double().square().mean().sqrt())
