"""Whether a model's answers go along when its samples are put into another order."""

from __future__ import annotations

from typing import Any, NamedTuple

from torch import Tensor

from carousel.introspect.diagnosis.context import Context, fact
from carousel.introspect.diagnosis.facts.model_probe import NoProbe, model_probe
from carousel.introspect.diagnosis.facts.reordering import Samples, arrangements, orders, reordered
from carousel.introspect.diagnosis.observe.perturbation import Probe, Refused

_TRIES = 2
_ROUNDING = 1e-4  # of the largest answer


class Strayed(NamedTuple):
    """concerned: samples whose answer is another in another order, of `number`."""

    concerned: int
    number: int


@fact
def answers_by_order(context: Context) -> Strayed | None:
    """None where every answer goes along, or where that cannot be said: no answer has an axis for the samples. Raises
    Refused."""
    probe = model_probe(context)
    if isinstance(probe, NoProbe) or probe.base is None:
        raise Refused("the model is not called as a whole")
    call = (context.trace.inputs, context.trace.keywords)
    found: list[Strayed] = []
    for samples in arrangements(context, call):
        if samples.number != context.trace.batch_size or samples.axis(probe.base) is None:
            continue
        strayed = _strayed(context, probe, call, samples)
        if strayed is None:
            return None
        found.append(strayed)
    return found[0] if found else None


def _strayed(context: Context, probe: Probe, call: tuple[Any, Any], samples: Samples) -> Strayed | None:
    base = probe.base
    assert base is not None
    axis = samples.axis(base) or 0
    for order in orders(samples.number, context.generator, _TRIES):
        inputs, keywords = reordered(call[0], order, samples), reordered(call[1], order, samples)
        answer = probe.answer_to(inputs, keywords)
        wanted = base.index_select(axis, order.to(base.device))
        if answer is None or answer.shape != wanted.shape:
            raise Refused("the shape of the answer depends on the order of the samples")
        wrong = _differs(answer, wanted, axis)
        if bool(wrong.any()):
            return Strayed(int(wrong.sum()), samples.number)
    return None


def _differs(answer: Tensor, wanted: Tensor, axis: int) -> Tensor:
    """[B] bool."""
    gap = (answer - wanted).abs().nan_to_num().movedim(axis, 0)
    gap = gap.reshape(len(gap), -1).amax(1)
    return gap > _ROUNDING * wanted.nan_to_num().abs().max().clamp(min=1e-6)
