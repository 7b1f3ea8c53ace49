"""Whether the loss depends on the order of the samples though the model keeps them apart."""

from __future__ import annotations

from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.batch_permutation import BatchPermutation, batch_permutation
from carousel.introspect.diagnosis.facts.layout import layouts
from carousel.introspect.diagnosis.facts.statefulness import first_calls, handed_on, statefulness
from carousel.introspect.diagnosis.observe.perturbation import Refused


def sample_order(context: Context) -> BatchPermutation | None:
    """How the loss moves with the order; None where it does not, or where that would say nothing of the loss: the model
    mixes samples, carries a state on, or cannot be run on another order."""
    try:
        if not layouts(context):
            return None
        passes = statefulness(context).passes
        if any(handed_on(passes[0].module_calls, call) for call in first_calls(passes[1].module_calls)):
            return None
        return batch_permutation(context)
    except Refused:
        return None
